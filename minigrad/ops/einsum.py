"""Einstein sums."""

from __future__ import annotations

import string

from ..backend import backend
from ..engine.autograd import VariadicRule, primitive


@primitive
def _einsum(*operands, subscripts):
    return backend(operands[0]).einsum(
        subscripts, *operands, **({"optimize": True} if len(operands) > 2 else {})
    )


def _einsum_rule(g, y, *operands, subscripts, i):
    """The i-th operand's gradient contracts g with all the others."""
    terms, out = subscripts.split("->")
    names = terms.split(",")
    others = [(n, o) for j, (n, o) in enumerate(zip(names, operands)) if j != i]
    known = set(out).union(*(n for n, _ in others))
    # An axis summed away that only this operand has: its gradient is the same all along, so g is multiplied by ones.
    xp, x = backend(g), operands[i]
    ones = [(c, xp.ones((x.shape[k],), x.dtype)) for k, c in enumerate(names[i]) if c not in known]
    pairs = [(out, g), *others, *ones]
    return _einsum(
        *(o for _, o in pairs), subscripts=",".join(n for n, _ in pairs) + "->" + names[i]
    )


_einsum.gradients(VariadicRule(_einsum_rule), needs="operands")


def _lengths(subscripts, names, operands, dots):
    """The length of each letter's axis; one that "..." stands for may be 1 in some operands and is broadcast."""
    length = {}
    for name, x in zip(names, operands):
        for c, n in zip(name, x.shape):
            known = length.setdefault(c, n)
            if known != n and (c not in dots or 1 not in (known, n)):
                raise ValueError(
                    f"einsum {subscripts!r}: one axis is {known} long in one place and {n} in another; the operands "
                    f"have shapes {', '.join(str(o.shape) for o in operands)}"
                )
            length[c] = n if known == 1 else known
    return length


def einsum(subscripts, *operands):
    """Einstein's sums: einsum("bij,bjk->bik", a, b). Ellipsis and repeated letters (diagonals, traces) as in NumPy.

    Raises ValueError for a subscript that does not fit its operand.
    """
    terms, arrow, out = subscripts.replace(" ", "").partition("->")
    names = terms.split(",")
    if len(names) != len(operands):
        raise ValueError(
            f"einsum {subscripts!r} names {len(names)} operands, but got {len(operands)}"
        )
    free = [c for c in string.ascii_letters if c not in subscripts]
    if not arrow:
        out = "..." * ("..." in terms) + "".join(
            sorted(c for c in set(terms) - set(",.") if terms.count(c) == 1)
        )
    widest = max(
        [x.ndim - len(n.replace("...", "")) for n, x in zip(names, operands) if "..." in n],
        default=0,
    )
    dots = "".join(free.pop() for _ in range(widest))
    for k, (name, x) in enumerate(zip(names, operands)):
        count = x.ndim - len(name.replace("...", ""))
        names[k] = name.replace("...", dots[len(dots) - count :] if count > 0 else "")
        if len(names[k]) != x.ndim:
            raise ValueError(
                f"einsum {subscripts!r}: {name!r} does not fit operand {k} of shape {x.shape}"
            )
    length = _lengths(subscripts, names, operands, dots)
    arrays = list(operands)
    for k, (name, x) in enumerate(zip(names, operands)):
        stay = [i for i, c in enumerate(name) if x.shape[i] == length[c]]
        if len(stay) < x.ndim:  # a broadcast axis of length 1 is left out: others supply its length
            arrays[k] = x = x.reshape(tuple(x.shape[i] for i in stay))
            name = "".join(name[i] for i in stay)
        for c in sorted(set(name)):
            while (
                name.count(c) > 1
            ):  # a repeated letter: two letters and an identity matrix between them
                new = free.pop()
                position = name.rindex(c)
                name = name[:position] + new + name[position + 1 :]
                names.append(c + new)
                arrays.append(backend(x).eye(x.shape[position], dtype=x.dtype))
        names[k] = name
    return _einsum(*arrays, subscripts=",".join(names) + "->" + out.replace("...", dots))
