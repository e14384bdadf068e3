"""Einstein sums, and sums of products over named axes."""

from __future__ import annotations

import math
import string
from typing import Any

from ..backend import backend
from ..engine.autograd import VariadicRule, composite, primitive
from ..engine.dtypes import accumulates
from ..engine.promotion import NUMBERS_AND_LISTS, as_arrays
from ..engine.tensor import TensorLike
from .elementwise import multiply
from .matmul import _matmul
from .shapes import are_several, normalize_axes, transpose, whole_number


@accumulates
@primitive
def _einsum(*operands: TensorLike, subscripts: str) -> TensorLike:
    """The sum, for subscripts with an arrow, without "...", no letter twice in a term."""
    xp = backend(operands[0])
    if len(operands) > 2:
        return xp.einsum(subscripts, *operands, optimize=True)
    return xp.einsum(subscripts, *operands)


def _einsum_rule(g: Any, y: Any, *operands: Any, subscripts: str, i: int) -> Any:
    """The i-th operand's gradient contracts g with all the others."""
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    new_terms, new_operands = [output], [g]
    for j, (term, operand) in enumerate(zip(terms, operands)):
        if j != i:
            new_terms.append(term)
            new_operands.append(operand)
    # The gradient is constant along an axis that is summed away and that only this operand has.
    known = set("".join(new_terms))
    for letter, n in zip(terms[i], operands[i].shape):
        if letter not in known:
            new_terms.append(letter)
            new_operands.append(backend(g).ones((n,), operands[i].dtype))
    return _einsum(*new_operands, subscripts=f"{','.join(new_terms)}->{terms[i]}")


_einsum.gradients(VariadicRule(_einsum_rule), needs="operands")


@composite
def einsum(subscripts: str, *operands: TensorLike) -> TensorLike:
    """Einstein's sum of products.

    Args:
        subscripts: A letter per axis, as in NumPy: "ij,jk->ik". "..." stands for further axes; a
            letter twice in one term for a diagonal. Lengths of 1 broadcast.
        operands: Tensors or arrays, one per term.

    Raises:
        ValueError: If a term does not fit its operand, or two lengths of one axis differ.

    Example:
        >>> einsum("ij,j->i", np.array([[1, 2], [3, 4]]), np.array([1, 1]))
        array([3, 7])
    """
    if not isinstance(subscripts, str):
        raise TypeError(f'subscripts come first: einsum("ij,jk->ik", a, b), not {subscripts!r}')
    arrays: list[Any] = as_arrays(operands, NUMBERS_AND_LISTS)
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(arrays):
        raise ValueError(f"{subscripts!r} names {len(terms)} operands, but got {len(arrays)}")
    if not arrow:
        output = _implicit_output(inputs)
    _check_letters(subscripts, terms, output)
    unused = [letter for letter in string.ascii_letters if letter not in subscripts]
    longest = max(0, *map(_ellipsis_ndim, terms, arrays))
    ellipsis = "".join(unused.pop() for _ in range(longest))
    for k, x in enumerate(arrays):
        terms[k] = _expand_ellipsis(subscripts, k, terms[k], x, ellipsis)
    length = _lengths(subscripts, terms, arrays)
    for k, term in enumerate(list(terms)):
        terms[k], arrays[k] = _without_broadcast_axes(term, arrays[k], length)
        _split_repeated_letters(k, terms, arrays, unused)
    output = output.replace("...", ellipsis)
    return _einsum(*arrays, subscripts=f"{','.join(terms)}->{output}")


def _check_letters(subscripts: str, terms: list[str], output: str) -> None:
    """Raise ValueError unless terms and output are letters, those of the output known and once."""
    letters = [part.replace("...", "", 1) for part in (*terms, output)]
    wrong = set("".join(letters)) - set(string.ascii_letters)
    if wrong:
        raise ValueError(
            f"{subscripts!r} has {''.join(sorted(wrong))!r} in it: an axis is a letter, and ... "
            "may stand once in a term"
        )
    *inputs, kept = letters
    unknown = set(kept) - set("".join(inputs))
    if unknown or len(set(kept)) < len(kept):
        raise ValueError(
            f"{subscripts!r}: the output {output!r} may have each letter of the inputs once, and "
            "no other"
        )


def _implicit_output(inputs: str) -> str:
    """NumPy's output without an arrow: the ellipsis, then the letters that occur once."""
    letters = sorted(set(inputs) - set(",."))
    once = [letter for letter in letters if inputs.count(letter) == 1]
    return "..." * ("..." in inputs) + "".join(once)


def _ellipsis_ndim(term: str, x: Any) -> int:
    """The number of axes that the ellipsis of a term stands for; 0 without one."""
    return x.ndim - len(term.replace("...", "")) if "..." in term else 0


def _expand_ellipsis(subscripts: str, k: int, term: str, x: Any, ellipsis: str) -> str:
    """The term with letters for its ellipsis, the last of those that stand for the longest."""
    count = max(0, _ellipsis_ndim(term, x))
    letters = ellipsis[len(ellipsis) - count :]
    expanded = term.replace("...", letters)
    if len(expanded) != x.ndim:
        raise ValueError(f"{subscripts!r}: {term!r} does not fit operand {k} of shape {x.shape}")
    return expanded


def _lengths(subscripts: str, terms: list[str], operands: list[Any]) -> dict[str, int]:
    """The length of each letter's axis; it may be 1 in some operands, which broadcast."""
    length: dict[str, int] = {}
    for term, x in zip(terms, operands):
        for letter, n in zip(term, x.shape):
            known = length.setdefault(letter, n)
            is_diagonal = term.count(letter) > 1
            if known != n and (is_diagonal or 1 not in (known, n)):
                shapes = ", ".join(str(operand.shape) for operand in operands)
                raise ValueError(
                    f"{subscripts!r}: one axis is {known} long in one place and {n} in another; "
                    f"the operands have shapes {shapes}"
                )
            length[letter] = n if known == 1 else known
    return length


def _without_broadcast_axes(term: str, x: Any, length: dict[str, int]) -> tuple[str, Any]:
    """Term and operand without axes of length 1 that are longer in other operands."""
    letters, shape = "", []
    for letter, n in zip(term, x.shape):
        if n == length[letter]:
            letters += letter
            shape.append(n)
    if letters == term:
        return term, x
    return letters, x.reshape(tuple(shape))


def _split_repeated_letters(k: int, terms: list[str], arrays: list[Any], unused: list[str]) -> None:
    """Replace a letter that the k-th term repeats by two, and an identity matrix between them."""
    x = arrays[k]
    for letter in sorted(set(terms[k])):
        while terms[k].count(letter) > 1:
            new = unused.pop()
            axis = terms[k].rindex(letter)
            terms[k] = terms[k][:axis] + new + terms[k][axis + 1 :]
            terms.append(letter + new)
            arrays.append(backend(x).eye(x.shape[axis], dtype=x.dtype))


# ---- over named axes ----------------------------------------------------------------------------


@composite
def tensordot(a: TensorLike, b: TensorLike, *, axes: Any = 2) -> TensorLike:
    """The sum of products over axes of a and axes of b; the others of a, then of b, remain.

    Args:
        a: Tensor or array.
        b: Tensor or array.
        axes: The axes of a and those of b, as in ((1, 2), (0, 1)) or (1, 0); a number n for the
            last n of a and the first n of b.

    Raises:
        ValueError: If the axes are not as many, or not as long, in a as in b.

    Example:
        >>> tensordot(np.ones((2, 3)), np.ones((3, 4)), axes=1).shape
        (2, 4)
    """
    of_a, of_b = _summed_axes(axes, a.ndim, b.ndim)
    lengths = [a.shape[i] for i in of_a], [b.shape[i] for i in of_b]
    if lengths[0] != lengths[1]:
        raise ValueError(
            f"axes {of_a} of a, shape {a.shape}, must be as long as axes {of_b} of b, shape "
            f"{b.shape}: {lengths[0]} is not {lengths[1]}"
        )
    free_a = [i for i in range(a.ndim) if i not in of_a]
    free_b = [i for i in range(b.ndim) if i not in of_b]
    shape = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    size = math.prod(lengths[0])
    rows = transpose(a, axes=(*free_a, *of_a)).reshape((math.prod(shape[0]), size))
    columns = transpose(b, axes=(*of_b, *free_b)).reshape((size, math.prod(shape[1])))
    return _matmul(rows, columns).reshape((*shape[0], *shape[1]))


def _summed_axes(axes: Any, ndim: int, other_ndim: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes of either array that tensordot sums over."""
    if are_several(axes):
        if len(axes) != 2:
            raise ValueError(f"axes must be those of a and those of b: (1, 0), not {axes}")
        found = normalize_axes(axes[0], ndim), normalize_axes(axes[1], other_ndim)
        if len(found[0]) != len(found[1]):
            raise ValueError(f"axes {axes} are {len(found[0])} of a and {len(found[1])} of b")
        return found
    count = whole_number(axes, "axes")
    if not 0 <= count <= min(ndim, other_ndim):
        raise ValueError(
            f"axes={count} must be from 0 to {min(ndim, other_ndim)}, the axes that both have"
        )
    return tuple(range(ndim - count, ndim)), tuple(range(count))


@composite
def inner(a: TensorLike, b: TensorLike) -> TensorLike:
    """The sum of products over the last axes of both; a number multiplies.

    Args:
        a: Tensor, array or number.
        b: Tensor, array or number.

    Shape:
        (..., k), (..., k) -> (..., ...)

    Raises:
        ValueError: If the last axes differ in length.

    Example:
        >>> inner(np.array([1, 2]), np.array([3, 4]))
        array(11)
    """
    is_product = getattr(a, "ndim", 0) and getattr(b, "ndim", 0)
    return tensordot(a, b, axes=(-1, -1)) if is_product else multiply(a, b)
