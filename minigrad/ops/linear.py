"""Matrix products and einsum."""
from __future__ import annotations

import string

from ..autograd import Each, fused, primitive
from ..backend import backend
from .activations import relu
from .elementwise import sum_to


def _t(x):
    """The last two axes exchanged."""
    return x.swapaxes(-1, -2)


@primitive
def _matmul(a, b):
    return a @ b


_matmul.gradients(lambda g, y, a, b: sum_to(g @ _t(b), shape=a.shape),
                  lambda g, y, a, b: sum_to(_t(a) @ g, shape=b.shape), needs="a b")


def matmul(a, b):
    """Matrix product of the last two axes; leading axes broadcast, and a vector counts as a row or a column, as in NumPy."""
    if not getattr(a, "ndim", 0) or not getattr(b, "ndim", 0):
        raise ValueError(f"matmul needs arrays of one axis or more, got shapes {getattr(a, 'shape', ())} and "
                         f"{getattr(b, 'shape', ())}: a scalar is multiplied with *")
    if a.ndim >= 2 and b.ndim >= 2:
        return _matmul(a, b)
    y = _matmul(a.reshape((1,) * (2 - a.ndim) + a.shape), b.reshape(b.shape + (1,) * (2 - b.ndim)))
    shape = y.shape
    return y.reshape(shape[:-2] + (shape[-2:-1] if a.ndim > 1 else ()) + (shape[-1:] if b.ndim > 1 else ()))


def _rows(x):
    """All leading axes as one."""
    return x if x.ndim == 2 else x.reshape((-1, x.shape[-1]))


@primitive
def linear(x, w, b):
    """x @ w + b over the last axis of x: (..., in), (in, out), (out,) -> (..., out)."""
    y = _rows(x) @ w
    y += b
    return y if x.ndim == 2 else y.reshape(x.shape[:-1] + y.shape[-1:])


def _total(g):
    """The sum over all rows; over many as a product with ones, which is several times faster."""
    return g.sum(0) if len(g) < 128 else backend(g).ones(len(g), g.dtype) @ g


linear.gradients(lambda g, y, x, w, b: g @ _t(w),
                 lambda g, y, x, w, b: _t(_rows(x)) @ _rows(g),
                 lambda g, y, x, w, b: _total(_rows(g)), needs="x w")


def linear_relu_definition(x, w, b):
    """relu(x @ w + b) over the last axis of x."""
    return relu(linear(x, w, b))


@fused(linear_relu_definition)
def linear_relu(x, w, b):
    """linear_relu_definition in one array."""
    y = linear.forward(x, w, b)
    xp = backend(y)
    xp.maximum(y, xp.zeros(y.shape[1:], y.dtype), out=y)
    return y, y


@linear_relu.backward
def _(g, y, x, w, b):
    g = g * (y > 0)
    return (lambda: g @ _t(w)), (lambda: _t(_rows(x)) @ _rows(g)), (lambda: _total(_rows(g)))


@primitive
def _einsum(*operands, subscripts):
    return backend(operands[0]).einsum(subscripts, *operands, **({"optimize": True} if len(operands) > 2 else {}))


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
    return _einsum(*(o for _, o in pairs), subscripts=",".join(n for n, _ in pairs) + "->" + names[i])


_einsum.gradients(Each(_einsum_rule), needs="operands")


def _lengths(subscripts, names, operands, dots):
    """The length of each letter's axis; one that "..." stands for may be 1 in some operands and is broadcast."""
    length = {}
    for name, x in zip(names, operands):
        for c, n in zip(name, x.shape):
            known = length.setdefault(c, n)
            if known != n and (c not in dots or 1 not in (known, n)):
                raise ValueError(f"einsum {subscripts!r}: one axis is {known} long in one place and {n} in another; the operands "
                                 f"have shapes {', '.join(str(o.shape) for o in operands)}")
            length[c] = n if known == 1 else known
    return length


def einsum(subscripts, *operands):
    """Einstein's sums: einsum("bij,bjk->bik", a, b). Ellipsis and repeated letters (diagonals, traces) as in NumPy.

    Raises ValueError for a subscript that does not fit its operand.
    """
    terms, arrow, out = subscripts.replace(" ", "").partition("->")
    names = terms.split(",")
    if len(names) != len(operands):
        raise ValueError(f"einsum {subscripts!r} names {len(names)} operands, but got {len(operands)}")
    free = [c for c in string.ascii_letters if c not in subscripts]
    if not arrow:
        out = "..." * ("..." in terms) + "".join(sorted(c for c in set(terms) - set(",.") if terms.count(c) == 1))
    widest = max([x.ndim - len(n.replace("...", "")) for n, x in zip(names, operands) if "..." in n], default=0)
    dots = "".join(free.pop() for _ in range(widest))
    for k, (name, x) in enumerate(zip(names, operands)):
        count = x.ndim - len(name.replace("...", ""))
        names[k] = name.replace("...", dots[len(dots) - count:] if count > 0 else "")
        if len(names[k]) != x.ndim:
            raise ValueError(f"einsum {subscripts!r}: {name!r} does not fit operand {k} of shape {x.shape}")
    length = _lengths(subscripts, names, operands, dots)
    arrays = list(operands)
    for k, (name, x) in enumerate(zip(names, operands)):
        stay = [i for i, c in enumerate(name) if x.shape[i] == length[c]]
        if len(stay) < x.ndim:      # a broadcast axis of length 1 is left out: others supply its length
            arrays[k] = x = x.reshape(tuple(x.shape[i] for i in stay))
            name = "".join(name[i] for i in stay)
        for c in sorted(set(name)):
            while name.count(c) > 1:    # a repeated letter: two letters and an identity matrix between them
                new = free.pop()
                position = name.rindex(c)
                name = name[:position] + new + name[position + 1:]
                names.append(c + new)
                arrays.append(backend(x).eye(x.shape[position], dtype=x.dtype))
        names[k] = name
    return _einsum(*arrays, subscripts=",".join(names) + "->" + out.replace("...", dots))


def dot(a, b):
    """The product of two matrices or vectors: matmul, except that a scalar multiplies."""
    return matmul(a, b) if getattr(a, "ndim", 0) and getattr(b, "ndim", 0) else a * b


def outer(a, b):
    """The products of every element of a with every element of b: (m,), (n,) -> (m, n)."""
    return a.reshape((-1, 1)) * b.reshape((1, -1))
