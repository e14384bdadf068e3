"""Joining, cutting and turning arrays, and diagonals made: further forms of what `shapes` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..backend import backend
from ..engine.autograd import composite
from ..engine.promotion import NUMBERS_AND_LISTS, as_arrays
from ..engine.tensor import TensorLike
from .indexing import put
from .shapes import (
    _sequence,
    are_several,
    concatenate,
    diagonal,
    flatten,
    flip,
    normalize_axes,
    normalize_axis,
    reshape,
    split,
    swapaxes,
    whole_number,
)

# ---- joining -------------------------------------------------------------------------------------


@composite
def ravel(x: TensorLike) -> TensorLike:
    """`flatten` under NumPy's name: x with one axis.

    Args:
        x: Tensor or array.

    Example:
        >>> ravel(np.ones((2, 3))).shape
        (6,)
    """
    return flatten(x)


@composite
def append(a: TensorLike, b: TensorLike, *, axis: int | None = None) -> TensorLike:
    """a with b behind it.

    Args:
        a: Tensor or array.
        b: Tensor or array.
        axis: The axis that grows; None joins the flattened arrays.

    Raises:
        ValueError: If the shapes differ elsewhere.

    Example:
        >>> append(np.array([1, 2]), np.array([3]))
        array([1, 2, 3])
    """
    return concatenate([a, b], axis=axis)


@composite
def dstack(xs: Sequence[TensorLike]) -> TensorLike:
    """The arrays one behind the other: joined along their third axis, a matrix as a layer.

    Args:
        xs: Tensors or arrays of equal shapes, except along that axis, or numbers.

    Raises:
        ValueError: If xs is empty or shapes differ.

    Example:
        >>> dstack([np.array([1, 2]), np.array([3, 4])]).tolist()
        [[[1, 3], [2, 4]]]
    """
    layers = []
    for x in as_arrays(_sequence(xs, "dstack"), NUMBERS_AND_LISTS):
        rows = x if x.ndim > 1 else reshape(x, shape=(1, -1))
        layers.append(rows if rows.ndim > 2 else reshape(rows, shape=(*rows.shape, 1)))
    return concatenate(layers, axis=2)


# ---- cutting -------------------------------------------------------------------------------------


@composite
def array_split(x: TensorLike, *, indices_or_sections: Any, axis: int = 0) -> list[TensorLike]:
    """x cut along `axis` into parts that need not be equal: the first ones are longer by one.

    Args:
        x: Tensor or array.
        indices_or_sections: The number of parts, or the positions to cut before.
        axis: The axis to cut.

    Raises:
        ValueError: If there are to be no parts.

    Example:
        >>> array_split(np.arange(5), indices_or_sections=2)
        [array([0, 1, 2]), array([3, 4])]
    """
    if are_several(indices_or_sections) or not x.ndim:
        return split(x, indices_or_sections=indices_or_sections, axis=axis)
    sections = whole_number(indices_or_sections, "the number of sections")
    if sections < 1:
        raise ValueError(f"the number of sections must be at least 1, not {sections}")
    size, longer = divmod(x.shape[normalize_axis(axis, x.ndim)], sections)
    cuts = [k * size + min(k, longer) for k in range(1, sections)]
    return split(x, indices_or_sections=cuts, axis=axis)


@composite
def hsplit(x: TensorLike, *, indices_or_sections: Any) -> list[TensorLike]:
    """x cut into parts side by side: along its second axis, a vector along its only one.

    Args:
        x: Tensor or array.
        indices_or_sections: The number of equal parts, or the positions to cut before.

    Raises:
        ValueError: If x has too few axes, or its axis does not divide into so many equal parts.

    Example:
        >>> hsplit(np.array([[1, 2]]), indices_or_sections=2)
        [array([[1]]), array([[2]])]
    """
    return split(x, indices_or_sections=indices_or_sections, axis=1 if x.ndim > 1 else 0)


@composite
def vsplit(x: TensorLike, *, indices_or_sections: Any) -> list[TensorLike]:
    """x cut into parts one below the other: along its first axis.

    Args:
        x: Tensor or array.
        indices_or_sections: The number of equal parts, or the positions to cut before.

    Raises:
        ValueError: If x has too few axes, or its axis does not divide into so many equal parts.

    Example:
        >>> vsplit(np.array([[1], [2]]), indices_or_sections=2)
        [array([[1]]), array([[2]])]
    """
    return split(x, indices_or_sections=indices_or_sections, axis=0)


@composite
def dsplit(x: TensorLike, *, indices_or_sections: Any) -> list[TensorLike]:
    """x cut into parts one behind the other: along its third axis.

    Args:
        x: Tensor or array.
        indices_or_sections: The number of equal parts, or the positions to cut before.

    Raises:
        ValueError: If x has too few axes, or its axis does not divide into so many equal parts.

    Example:
        >>> dsplit(np.array([[[1, 2]]]), indices_or_sections=2)
        [array([[[1]]]), array([[[2]]])]
    """
    return split(x, indices_or_sections=indices_or_sections, axis=2)


@composite
def unstack(x: TensorLike, *, num: int | None = None, axis: int = 0) -> list[TensorLike]:
    """The slices of x along `axis`, which the results no longer have.

    Args:
        x: Tensor or array.
        num: The number of slices, if the axis is to be checked; None for its length.
        axis: The axis.

    Raises:
        ValueError: If the axis is not `num` long, or x has no axis.

    Example:
        >>> unstack(np.array([[1, 2], [3, 4]]), axis=1)
        [array([1, 3]), array([2, 4])]
    """
    if not x.ndim:
        raise ValueError("an array without axes has no slices")
    place = normalize_axis(axis, x.ndim)
    if num not in (None, x.shape[place]):
        raise ValueError(f"num is {num!r}, and axis {axis} of shape {x.shape} is not as long")
    before = (slice(None),) * place
    return [x[(*before, i)] for i in range(x.shape[place])]


# ---- turning -------------------------------------------------------------------------------------


@composite
def fliplr(x: TensorLike) -> TensorLike:
    """x with its columns in reverse order: mirrored from left to right.

    Args:
        x: Tensor or array of two axes or more.

    Raises:
        ValueError: If x has fewer axes.

    Example:
        >>> fliplr(np.array([[1, 2], [3, 4]]))
        array([[2, 1],
               [4, 3]])
    """
    return flip(x, axis=1)


@composite
def flipud(x: TensorLike) -> TensorLike:
    """x with its rows in reverse order: mirrored from top to bottom.

    Args:
        x: Tensor or array of one axis or more.

    Example:
        >>> flipud(np.array([[1, 2], [3, 4]]))
        array([[3, 4],
               [1, 2]])
    """
    return flip(x, axis=0)


@composite
def rot90(x: TensorLike, *, k: int = 1, axes: Sequence[int] = (0, 1)) -> TensorLike:
    """x turned by k times 90 degrees, from the first of two axes towards the second.

    Args:
        x: Tensor or array of two axes or more.
        k: The number of turns; negative ones go the other way.
        axes: The two axes, by default rows and columns: a picture turns to the left.

    Raises:
        ValueError: If there are not two such axes.

    Example:
        >>> rot90(np.array([[1, 2], [3, 4]]))
        array([[2, 4],
               [1, 3]])
    """
    found = normalize_axes(axes, x.ndim)
    if len(found) != 2:
        raise ValueError(f"axes must be two axes of x, shape {x.shape}, not {axes!r}")
    rows, columns = found
    turns = whole_number(k, "k") % 4
    if turns == 2:
        return flip(x, axis=found)
    if turns == 1:
        x = flip(x, axis=columns)
    y = x if turns == 0 else swapaxes(x, axis1=rows, axis2=columns)
    return flip(y, axis=columns) if turns == 3 else y


# ---- diagonals -----------------------------------------------------------------------------------


@composite
def diag(x: TensorLike, *, k: int = 0) -> TensorLike:
    """A matrix with a vector on its diagonal; of a matrix the vector that is there.

    Args:
        x: Tensor or array of one axis or two.
        k: The diagonal: 0 the main one, 1 the one above it.

    Raises:
        ValueError: If x has another number of axes.

    Example:
        >>> diag(np.array([1, 2]))
        array([[1, 0],
               [0, 2]])
    """
    if x.ndim == 2:
        return diagonal(x, offset=k)
    if x.ndim != 1:
        raise ValueError(f"x must be a vector or a matrix, not of shape {x.shape}")
    offset = whole_number(k, "k")
    rows = backend(x).arange(len(x)) + max(-offset, 0)
    n = len(x) + abs(offset)
    return put(x, index=(rows, rows + offset), shape=(n, n))


@composite
def diagflat(x: TensorLike, *, k: int = 0) -> TensorLike:
    """A matrix with all elements of x on its diagonal.

    Args:
        x: Tensor or array.
        k: The diagonal: 0 the main one, 1 the one above it.

    Example:
        >>> diagflat(np.array([[1], [2]]))
        array([[1, 0],
               [0, 2]])
    """
    return diag(flatten(x), k=k)
