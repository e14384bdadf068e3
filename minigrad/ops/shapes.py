"""Ops that move elements without changing them: each is linear, its gradient the move back."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..backend import Array, Axis, Shape, backend, filled, to_cpu
from ..engine.autograd import VariadicRule, composite, primitive
from ..engine.dtypes import accumulates
from ..engine.promotion import NUMBERS_AND_LISTS, as_arrays
from ..engine.tensor import TensorLike
from ..utils.registry import check_choice
from .elementwise import broadcast_to, sum_to

# ---- axes ----------------------------------------------------------------------------------------


def normalize_axis(axis: int, ndim: int) -> int:
    """`axis` counted from 0. A 0-d array has the axes 0 and -1, as in PyTorch: its one element.

    Args:
        axis: The axis, from the end if negative.
        ndim: The number of axes of the array.

    Raises:
        TypeError: If it is not a whole number.
        ValueError: If an array of `ndim` axes has none like it.
    """
    if not hasattr(axis, "__index__"):
        raise TypeError(f"an axis is a whole number, not {axis!r}")
    index, count = operator.index(axis), max(ndim, 1)
    if not -count <= index < count:
        raise ValueError(
            f"there is no axis {axis} in an array of {ndim} axes: choose from {-count} to "
            f"{count - 1}"
        )
    return index % count


def are_several(numbers: Any) -> bool:
    """True for a tuple, a list or an array with axes, False for one number."""
    return isinstance(numbers, (tuple, list)) or getattr(numbers, "ndim", 0) > 0


def normalize_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """`axis`, one or several, as a tuple of those that the array has, counted from 0.

    Args:
        axis: An axis, a tuple or list of axes, or None for all.
        ndim: The number of axes of the array; of a 0-d one the result is ().

    Raises:
        TypeError: If one of them is not a whole number.
        ValueError: If an array of `ndim` axes has none like it, or one is named twice.
    """
    if axis is None:
        return tuple(range(ndim))
    named = axis if are_several(axis) else (axis,)
    axes = tuple(normalize_axis(a, ndim) for a in named)
    if len(set(axes)) < len(axes):
        raise ValueError(f"axis {axis} names one axis twice")
    return axes if ndim else ()


def array_axis(axis: Any, ndim: int) -> Axis:
    """`axis` as the methods of arrays take it: None, a number or a tuple."""
    if axis is None or (axis.__class__ is int and -ndim <= axis < ndim):
        return axis
    return normalize_axes(axis, ndim)


# ---- the same elements in another order ----------------------------------------------------------


@primitive
def reshape(x: TensorLike, *, shape: int | Shape) -> TensorLike:
    """x in another shape, elements in the same order.

    Args:
        x: Tensor or array.
        shape: The shape of the result; one length may be -1, which is then inferred.

    Raises:
        ValueError: If the shape does not hold as many elements as x.

    Example:
        >>> reshape(np.arange(4), shape=(2, -1))
        array([[0, 1],
               [2, 3]])
    """
    try:
        return x.reshape(shape)
    except TypeError:
        raise TypeError(f"a shape is a tuple of whole numbers, not {shape!r}") from None
    except ValueError:
        hint = " (one length may be -1)" if str(shape).count("-1") > 1 else ""
        raise ValueError(
            f"the {x.size} elements of shape {x.shape} do not fill the shape {shape}{hint}"
        ) from None


reshape.gradients(lambda g, y, x, shape: reshape(g, shape=x.shape), needs="x.shape")


@primitive
def transpose(x: TensorLike, *, axes: Sequence[int] | None = None) -> TensorLike:
    """x with its axes permuted.

    Args:
        x: Tensor or array.
        axes: The axis of x that stands at each place; None reverses all.

    Raises:
        ValueError: If they are not all axes of x, each once.

    Example:
        >>> transpose(np.ones((2, 3, 4)), axes=(0, 2, 1)).shape
        (2, 4, 3)
    """
    try:
        return x.transpose(axes)
    except ValueError:
        every = tuple(range(x.ndim))
        raise ValueError(
            f"axes {axes} must be all {x.ndim} axes of shape {x.shape}, {every}, in some order"
        ) from None


def inverse_permutation(axes: Sequence[int] | None) -> tuple[int, ...] | None:
    """The permutation that undoes `axes`."""
    if axes is None:
        return None
    positive = [axis % len(axes) for axis in axes]
    return tuple(positive.index(i) for i in range(len(axes)))


transpose.gradients(
    lambda g, y, x, axes=None: transpose(g, axes=inverse_permutation(axes)), needs=""
)


@primitive
def swapaxes(x: TensorLike, *, axis1: int, axis2: int) -> TensorLike:
    """x with two axes exchanged.

    Args:
        x: Tensor or array.
        axis1: One axis.
        axis2: The other.

    Raises:
        ValueError: If x does not have them.

    Example:
        >>> swapaxes(np.ones((2, 3, 4)), axis1=0, axis2=-1).shape
        (4, 3, 2)
    """
    first, second = normalize_axis(axis1, x.ndim), normalize_axis(axis2, x.ndim)
    return x.swapaxes(first, second) if x.ndim else x


swapaxes.gradients(lambda g, y, x, axis1, axis2: swapaxes(g, axis1=axis1, axis2=axis2), needs="")


@composite
def moveaxis(x: TensorLike, *, source: Any, destination: Any) -> TensorLike:
    """x with axes moved elsewhere; the others keep their order.

    Args:
        x: Tensor or array.
        source: The axis of x, or several.
        destination: Its place in the result, or theirs.

    Raises:
        ValueError: If x does not have such axes, or their numbers differ.

    Example:
        >>> moveaxis(np.ones((2, 3, 4)), source=0, destination=-1).shape
        (3, 4, 2)
    """
    old, new = normalize_axes(source, x.ndim), normalize_axes(destination, x.ndim)
    if len(old) != len(new):
        raise ValueError(f"source {source} and destination {destination} differ in length")
    axes = [i for i in range(x.ndim) if i not in old]
    for place, axis in sorted(zip(new, old)):
        axes.insert(place, axis)
    return transpose(x, axes=tuple(axes))


@composite
def expand_dims(x: TensorLike, *, axis: Any) -> TensorLike:
    """x with new axes of length 1.

    Args:
        x: Tensor or array.
        axis: The place of the new axis in the result, or of several.

    Raises:
        ValueError: If the result has no such axis.

    Example:
        >>> expand_dims(np.ones((2, 3)), axis=1).shape
        (2, 1, 3)
    """
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    axes = normalize_axes(axis, x.ndim + count)
    lengths = iter(x.shape)
    shape = [1 if i in axes else next(lengths) for i in range(x.ndim + count)]
    return reshape(x, shape=tuple(shape))


@composite
def squeeze(x: TensorLike, *, axis: Any = None) -> TensorLike:
    """x without axes of length 1.

    Args:
        x: Tensor or array.
        axis: The axis or axes to remove; None for all of length 1.

    Raises:
        ValueError: If an axis that is named is longer than 1.

    Example:
        >>> squeeze(np.ones((2, 1, 3))).shape
        (2, 3)
    """
    if axis is None:
        removed = tuple(i for i, n in enumerate(x.shape) if n == 1)
    else:
        removed = normalize_axes(axis, x.ndim)
    if any(x.shape[a] != 1 for a in removed):
        raise ValueError(f"axis {axis} of shape {x.shape} is not 1 long")
    lengths = [n for i, n in enumerate(x.shape) if i not in removed]
    return reshape(x, shape=tuple(lengths))


@composite
def flatten(x: TensorLike) -> TensorLike:
    """x with one axis.

    Args:
        x: Tensor or array.

    Example:
        >>> flatten(np.ones((2, 3))).shape
        (6,)
    """
    return reshape(x, shape=(-1,))


def merge_rows(x: TensorLike) -> TensorLike:
    """x with all leading axes as one: (..., n) -> (rows, n)."""
    return x if x.ndim == 2 else x.reshape((-1, x.shape[-1]))


@primitive
def flip(x: TensorLike, *, axis: Any = None) -> TensorLike:
    """x with the elements along `axis` in reverse order.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.

    Example:
        >>> flip(np.array([1, 2, 3]))
        array([3, 2, 1])
    """
    return backend(x).flip(x, normalize_axes(axis, x.ndim))


flip.gradients(lambda g, y, x, axis=None: flip(g, axis=axis), needs="")


@primitive
def roll(x: TensorLike, *, shift: int | Sequence[int], axis: Any = None) -> TensorLike:
    """x with the elements along `axis` moved on by `shift`, the last ones to the beginning.

    Args:
        x: Tensor or array.
        shift: The number of places, one per axis where several are named.
        axis: Axis or axes; None rolls the flattened array.

    Example:
        >>> roll(np.array([1, 2, 3]), shift=1)
        array([3, 1, 2])
    """
    if axis is None:
        return backend(x).roll(x, whole_number(shift, "shift"))
    named = axis if isinstance(axis, (tuple, list)) else (axis,)  # one axis may stand there twice
    axes = tuple(normalize_axis(a, x.ndim) for a in named)
    return backend(x).roll(x, _shifts(shift, len(axes)), axes) if x.ndim else x


def _shifts(shift: Any, count: int) -> tuple[int, ...]:
    """One shift per axis."""
    if not isinstance(shift, (tuple, list)):
        return (whole_number(shift, "shift"),) * count
    if len(shift) != count:
        raise ValueError(f"shift {shift} has {len(shift)} numbers for {count} axes")
    return tuple(whole_number(s, "shift") for s in shift)


def whole_number(n: Any, what: str) -> int:
    """n as an int. Raises TypeError unless it is a whole number."""
    if not hasattr(n, "__index__"):
        raise TypeError(f"{what} must be a whole number, not {n!r}")
    return operator.index(n)


def _opposite(shift: Any) -> Any:
    return [-s for s in shift] if isinstance(shift, (tuple, list)) else -shift


roll.gradients(
    lambda g, y, x, shift, axis=None: roll(g, shift=_opposite(shift), axis=axis), needs=""
)

# ---- padding: an adjoint pair --------------------------------------------------------------------

Width = int | Sequence[int] | Sequence[Sequence[int]]


def _width_per_axis(width: Any, ndim: int) -> list[tuple[int, int]]:
    """A pad width n, (before, after) or one of these per axis, as (before, after) per axis."""
    if hasattr(width, "__index__") and not getattr(width, "ndim", 0):
        return [_both_sides(width)] * ndim
    if not hasattr(width, "__len__"):
        raise TypeError(f"width must be whole numbers, not {width!r}")
    if len(width) == 2 and not hasattr(width[0], "__len__"):
        return [_both_sides(width)] * ndim
    if len(width) != ndim:
        raise ValueError(f"pad width {width} has {len(width)} pairs for {ndim} axes")
    return [_both_sides(w) for w in width]


def _both_sides(width: Any) -> tuple[int, int]:
    """(before, after) of one axis."""
    before, after = width if hasattr(width, "__len__") else (width, width)
    return whole_number(before, "width"), whole_number(after, "width")


@primitive
def pad(
    x: TensorLike, *, pad_width: Width, mode: str = "constant", constant_values: float = 0
) -> TensorLike:
    """x with a border around it.

    Args:
        x: Tensor or array.
        pad_width: The number of elements to add: n, (before, after), or one such pair per axis. A
            negative one removes elements, as in PyTorch and ONNX.
        mode: "constant", "reflect" (c b | a b c | b a), "symmetric" (b a | a b c | c b), "edge"
            (a a | a b c | c c) or "wrap" (b c | a b c | a b).
        constant_values: The value of the new elements, in the mode "constant"; the dtype of x stays
            if it holds this.

    Raises:
        ValueError: If more is removed than there is, the mode is unknown, or an axis is too short
            for its border.

    Example:
        >>> pad(np.array([1, 2]), pad_width=(1, 2))
        array([0, 1, 2, 0, 0])
        >>> pad(np.array([1, 2, 3]), pad_width=2, mode="reflect")
        array([3, 2, 1, 2, 3, 2, 1])
    """
    pairs = _width_per_axis(pad_width, x.ndim)
    if mode != "constant":
        return _pad_from_inside(x, pairs, mode)
    shape, kept, center = [], [], []
    for n, (before, after) in zip(x.shape, pairs):
        if before + n + after < 0 or -min(before, after) > n:
            raise ValueError(f"width {pad_width} removes more than there is in shape {x.shape}")
        shape.append(before + n + after)
        kept.append(slice(max(-before, 0), n - max(-after, 0)))
        center.append(slice(max(before, 0), before + n + min(after, 0)))
    y = filled(tuple(shape), constant_values, like=x)
    y[tuple(center)] = x[tuple(kept)]
    return y


# by the mode of padding: the longest border that an axis of n elements gives
LONGEST_BORDER: dict[str, Callable[[int], float]] = {
    "reflect": lambda n: max(n - 1, 0),
    "symmetric": lambda n: n,
    "edge": lambda n: math.inf if n else 0,
    "wrap": lambda n: n,
}


def _pad_from_inside(x: Array, pairs: list[tuple[int, int]], mode: str) -> Array:
    """x with a border of its own elements; ValueError where it has too few."""
    check_choice(mode, ("constant", *LONGEST_BORDER), "mode of pad")
    for axis, (n, widths) in enumerate(zip(x.shape, pairs)):
        if min(widths) < 0:
            raise ValueError(
                f"mode {mode!r} adds elements, and a width of {min(widths)} removes some: crop it"
            )
        longest = LONGEST_BORDER[mode](n)
        if max(widths) > longest:
            raise ValueError(
                f"mode {mode!r} cannot add {max(widths)} elements to axis {axis} of shape "
                f"{x.shape}: its {n} allow at most {longest}"
            )
    return backend(x).pad(x, pairs, mode) if x.ndim else x


@accumulates
@primitive
def pad_grad(grad_output: TensorLike, *, pad_width: Width, mode: str = "constant") -> TensorLike:
    """The gradient of pad: the border is added to the elements it was copied from.

    Args:
        grad_output: Tensor or array of the shape that pad gave.
        pad_width: The width of pad.
        mode: The mode of pad.

    Raises:
        ValueError: If the width is larger than the array.

    Example:
        >>> pad_grad(np.array([1.0, 2.0, 3.0, 4.0]), pad_width=(0, 1), mode="edge")
        array([1., 2., 7.])
    """
    if mode == "constant":
        return crop(grad_output, width=pad_width)
    y = grad_output
    for axis, (before, after) in enumerate(_width_per_axis(pad_width, y.ndim)):
        if before or after:
            y = _fold_border(y.swapaxes(0, axis), before, after, mode).swapaxes(0, axis)
    return y


def _fold_border(g: Array, before: int, after: int, mode: str) -> Array:
    """The elements of g within its border along axis 0, each with those that were its copies."""
    n = len(g) - before - after
    x = g[before : before + n].copy()
    above, below = g[:before], g[before + n :]
    if mode == "edge":
        x[:1] += above.sum(0)
        x[n - 1 :] += below.sum(0)
    elif mode == "wrap":
        x[n - before :] += above
        x[:after] += below
    else:
        skipped = 1 if mode == "reflect" else 0  # the outermost element is not repeated
        x[skipped : skipped + before] += above[::-1]
        x[n - skipped - after : n - skipped] += below[::-1]
    return x


@primitive
def crop(x: TensorLike, *, width: Width) -> TensorLike:
    """x without its outermost elements; the adjoint of `pad` in the mode "constant".

    Args:
        x: Tensor or array.
        width: The number of elements to remove: n, (before, after), or one such pair per axis.

    Raises:
        ValueError: If more is removed than there is.

    Example:
        >>> crop(np.array([0, 1, 2, 0, 0]), width=(1, 2))
        array([1, 2])
    """
    pairs = _width_per_axis(width, x.ndim)
    if any(sum(pair) > n for pair, n in zip(pairs, x.shape)):
        raise ValueError(f"width {width} removes more than there is in shape {x.shape}")
    if any(min(pair) < 0 for pair in pairs):
        return pad(x, pad_width=[(-before, -after) for before, after in pairs])
    return x[tuple(slice(before, n - after) for n, (before, after) in zip(x.shape, pairs))]


pad.gradients(
    lambda g, y, x, pad_width, mode="constant", constant_values=0: pad_grad(
        g, pad_width=pad_width, mode=mode
    ),
    needs="",
)
pad_grad.gradients(
    lambda g, y, grad_output, pad_width, mode="constant": pad(g, pad_width=pad_width, mode=mode),
    needs="",
)
crop.gradients(lambda g, y, x, width: pad(g, pad_width=width), needs="")

# ---- joining and splitting -----------------------------------------------------------------------


@primitive(kernel="concatenate")
def _concatenate(*xs: TensorLike, axis: int) -> TensorLike:
    ndim = getattr(xs[0], "ndim", 1)
    if not ndim:
        raise ValueError("arrays without axes have none to join along: stack gives them one")
    axis = normalize_axis(axis, ndim)
    try:
        return backend(xs[0]).concatenate(xs, axis)
    except ValueError:
        raise ValueError(f"the shapes may differ along axis {axis} alone") from None


def _input_slice(g: Any, y: Any, *xs: Any, axis: int, i: int) -> Any:
    """The part of g that belongs to the i-th input."""
    lengths = [x.shape[axis] for x in xs]
    start = sum(lengths[:i])
    index = [slice(None)] * g.ndim
    index[axis] = slice(start, start + lengths[i])
    return g[tuple(index)]


_concatenate.gradients(VariadicRule(_input_slice), needs="xs.shape")


def _sequence(xs: Any, op: str) -> list[TensorLike]:
    """The arrays to join as a list. Raises unless there is at least one."""
    if not hasattr(xs, "__iter__") or isinstance(xs, (str, dict)):
        raise TypeError(f"{op} takes a list of arrays: {op}([a, b]), not {xs!r}")
    found = list(xs)
    if not found:
        raise ValueError(f"{op} needs at least one array")
    return found


@composite
def concatenate(xs: Sequence[TensorLike], *, axis: int | None = 0) -> TensorLike:
    """The arrays joined along an axis they have.

    Args:
        xs: Tensors or arrays of equal shapes, except along `axis`.
        axis: The axis that grows; None joins the flattened arrays.

    Raises:
        ValueError: If xs is empty or shapes differ.

    Example:
        >>> concatenate([np.array([1, 2]), np.array([3])])
        array([1, 2, 3])
    """
    arrays = _sequence(xs, "concatenate")
    if axis is None:
        return _concatenate(*map(flatten, arrays), axis=0)
    return _concatenate(*arrays, axis=axis)


@composite
def stack(xs: Sequence[TensorLike], *, axis: int = 0) -> TensorLike:
    """The arrays joined along a new axis.

    Args:
        xs: Tensors or arrays of one shape, or numbers.
        axis: The place of the new axis in the result.

    Raises:
        ValueError: If xs is empty or shapes differ.

    Example:
        >>> stack([np.array([1, 2]), np.array([3, 4])])
        array([[1, 2],
               [3, 4]])
    """
    arrays = as_arrays(_sequence(xs, "stack"), NUMBERS_AND_LISTS)
    if len({x.shape for x in arrays}) > 1:
        raise ValueError("all arrays must have one shape; concatenate joins those that differ")
    expanded = [expand_dims(x, axis=axis) for x in arrays]
    return _concatenate(*expanded, axis=axis)


@composite
def hstack(xs: Sequence[TensorLike]) -> TensorLike:
    """The arrays side by side: joined along their second axis, vectors along their only one.

    Args:
        xs: Tensors or arrays of equal shapes, except along that axis, or numbers.

    Raises:
        ValueError: If xs is empty or shapes differ.

    Example:
        >>> hstack([np.array([[1], [2]]), np.array([[3], [4]])])
        array([[1, 3],
               [2, 4]])
    """
    arrays = as_arrays(_sequence(xs, "hstack"), NUMBERS_AND_LISTS)
    vectors = [x if x.ndim else reshape(x, shape=(1,)) for x in arrays]
    return _concatenate(*vectors, axis=0 if vectors[0].ndim == 1 else 1)


@composite
def vstack(xs: Sequence[TensorLike]) -> TensorLike:
    """The arrays one below the other: joined along their first axis, a vector as a row.

    Args:
        xs: Tensors or arrays of equal shapes, except along that axis, or numbers.

    Raises:
        ValueError: If xs is empty or shapes differ.

    Example:
        >>> vstack([np.array([1, 2]), np.array([3, 4])])
        array([[1, 2],
               [3, 4]])
    """
    arrays = as_arrays(_sequence(xs, "vstack"), NUMBERS_AND_LISTS)
    rows = [x if x.ndim > 1 else reshape(x, shape=(1, -1)) for x in arrays]
    return _concatenate(*rows, axis=0)


@composite
def meshgrid(*xs: TensorLike, indexing: str = "xy") -> list[TensorLike]:
    """The coordinates of the points of a grid: for each axis an array of the shape of the grid.

    Args:
        xs: The coordinates along each axis: vectors, one by one.
        indexing: "xy" for rows that follow the second vector and columns that follow the first, as
            in a picture, "ij" for axes in the order of the vectors.

    Raises:
        ValueError: If indexing is unknown.

    Example:
        >>> meshgrid(np.array([1, 2, 3]), np.array([4, 5]))
        [array([[1, 2, 3],
               [1, 2, 3]]), array([[4, 4, 4],
               [5, 5, 5]])]
    """
    check_choice(indexing, ("xy", "ij"), "indexing of meshgrid")
    vectors = [flatten(x) for x in xs]
    axes = list(range(len(vectors)))
    if indexing == "xy":
        axes[:2] = axes[:2][::-1]
    lengths = [len(vectors[axis]) for axis in axes]
    found = []
    for axis, x in zip(axes, vectors):
        column = reshape(x, shape=(-1,) + (1,) * (len(vectors) - axis - 1))
        found.append(broadcast_to(column, shape=tuple(lengths)))
    return found


@composite
def split(x: TensorLike, *, indices_or_sections: Any, axis: int = 0) -> list[TensorLike]:
    """x cut along `axis`.

    Args:
        x: Tensor or array.
        indices_or_sections: The number of equal parts, or the positions to cut before.
        axis: The axis to cut.

    Raises:
        ValueError: If the axis does not divide into so many equal parts.

    Example:
        >>> split(np.arange(4), indices_or_sections=2)
        [array([0, 1]), array([2, 3])]
    """
    if not x.ndim:
        raise ValueError("an array without axes cannot be cut")
    axis = normalize_axis(axis, x.ndim)
    n = x.shape[axis]
    if are_several(indices_or_sections):
        cuts = [whole_number(place, "a position to cut at") for place in indices_or_sections]
    else:
        cuts = _equal_cuts(n, whole_number(indices_or_sections, "the number of sections"), axis)
    before = (slice(None),) * axis
    parts = []
    for start, stop in pairwise([0, *cuts, n]):
        parts.append(x[(*before, slice(start, stop))])
    return parts


def _equal_cuts(n: int, sections: int, axis: int) -> list[int]:
    """The positions that cut n elements into equal sections; ValueError where there are none."""
    if sections < 1 or n % sections:
        raise ValueError(
            f"axis {axis} of length {n} does not divide into {sections} equal sections"
        )
    size = n // sections
    return [k * size for k in range(1, sections)]


@composite
def repeat(x: TensorLike, *, repeats: Any, axis: int | None = None) -> TensorLike:
    """Each element along `axis` repeated in place.

    Args:
        x: Tensor or array.
        repeats: The number of copies of each element, or a list of one number per element.
        axis: The axis that grows; None repeats the elements of the flattened array.

    Raises:
        ValueError: If a number is negative, or there are not as many as elements.

    Example:
        >>> repeat(np.array([1, 2]), repeats=2, axis=0)
        array([1, 1, 2, 2])
        >>> repeat(np.array([1, 2]), repeats=[0, 3], axis=0)
        array([2, 2, 2])
    """
    if axis is None or not x.ndim:
        x, axis = flatten(x), 0
    axis = normalize_axis(axis, x.ndim)
    before, n, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    if are_several(repeats):
        return x[(slice(None),) * axis + (backend(x).asarray(_positions(repeats, n)),)]
    count = _count_of_copies(repeats)
    expanded = expand_dims(x, axis=axis + 1)
    copies = broadcast_to(expanded, shape=(*before, n, count, *after))
    return reshape(copies, shape=(*before, n * count, *after))


def _count_of_copies(n: Any) -> int:
    count = whole_number(n, "the number of copies")
    if count < 0:
        raise ValueError(f"the number of copies must be at least 0, not {n}")
    return count


def _positions(repeats: Any, n: int) -> Any:
    """The position of each copy's original among n elements."""
    counts = [_count_of_copies(k) for k in to_cpu(getattr(repeats, "_array", repeats))]
    if len(counts) not in (1, n):
        raise ValueError(f"repeats has {len(counts)} numbers for {n} elements")
    return np.repeat(np.arange(n), counts)


@composite
def tile(x: TensorLike, *, repeats: Any) -> TensorLike:
    """Copies of x side by side.

    Args:
        x: Tensor or array.
        repeats: The number of copies along each axis, the last axes if there are fewer.

    Raises:
        ValueError: If a number is negative.

    Example:
        >>> tile(np.array([1, 2]), repeats=(2,))
        array([1, 2, 1, 2])
    """
    listed = [_count_of_copies(n) for n in (repeats if are_several(repeats) else (repeats,))]
    counts = [1] * (x.ndim - len(listed)) + listed
    lengths = (1,) * (len(counts) - x.ndim) + x.shape
    pairs = [size for pair in zip(counts, lengths) for size in pair]
    expanded = reshape(x, shape=tuple(n for length in lengths for n in (1, length)))
    copies = broadcast_to(expanded, shape=tuple(pairs))
    return reshape(copies, shape=tuple(n * k for n, k in zip(lengths, counts)))


# ---- diagonals -----------------------------------------------------------------------------------


@primitive
def tril(x: TensorLike, *, k: int = 0) -> TensorLike:
    """The last two axes of x with zeros above a diagonal; a vector stands in every row.

    Args:
        x: Tensor or array of one axis or more.
        k: The last diagonal that stays: 0 the main one, 1 the one above it.

    Raises:
        ValueError: If x has no axis.

    Example:
        >>> tril(np.ones((2, 2)))
        array([[1., 0.],
               [1., 1.]])
    """
    return backend(x).tril(_with_rows(x), whole_number(k, "k"))


@primitive
def triu(x: TensorLike, *, k: int = 0) -> TensorLike:
    """The last two axes of x with zeros below a diagonal; a vector stands in every row.

    Args:
        x: Tensor or array of one axis or more.
        k: The first diagonal that stays: 0 the main one, 1 the one above it.

    Raises:
        ValueError: If x has no axis.

    Example:
        >>> triu(np.ones((2, 2)))
        array([[1., 1.],
               [0., 1.]])
    """
    return backend(x).triu(_with_rows(x), whole_number(k, "k"))


def _with_rows(x: Any) -> Any:
    if not x.ndim:
        raise ValueError("a number has no diagonal: expected a matrix (..., n, m)")
    return x


tril.gradients(lambda g, y, x, k=0: sum_to(tril(g, k=k), shape=x.shape), needs="x.shape")
triu.gradients(lambda g, y, x, k=0: sum_to(triu(g, k=k), shape=x.shape), needs="x.shape")


@composite
def diagonal(x: TensorLike, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorLike:
    """The elements of a diagonal, along a last axis in place of two axes of x.

    Args:
        x: Tensor or array of two axes or more.
        offset: The diagonal: 0 the main one, 1 the one above it.
        axis1: The axis of the rows.
        axis2: The axis of the columns.

    Raises:
        ValueError: If x does not have two such axes.

    Example:
        >>> diagonal(np.array([[1, 2], [3, 4]]))
        array([1, 4])
    """
    if x.ndim < 2:
        raise ValueError(f"an array of shape {x.shape} has no diagonal: it needs two axes")
    moved = moveaxis(x, source=(axis1, axis2), destination=(-2, -1))
    *leading, n, m = moved.shape
    below, above = max(-whole_number(offset, "offset"), 0), max(offset, 0)
    count = max(min(n - below, m - above), 0)
    start = min(below * m + above, n * m)
    in_a_row = reshape(moved, shape=(*leading, n * m))
    return in_a_row[..., start : start + count * (m + 1) : m + 1]
