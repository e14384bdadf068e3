"""Ops that move elements without changing them: each is linear, its gradient the move back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ..backend import Axis, Shape, backend
from ..engine.autograd import VariadicRule, primitive
from ..engine.tensor import TensorLike
from .elementwise import broadcast_to

# ---- the same elements in another order ----------------------------------------------------------


@primitive
def reshape(x: TensorLike, *, shape: int | Shape) -> TensorLike:
    """x in another shape, elements in the same order.

    Args:
        x: Tensor or array.
        shape: The shape of the result; one length may be -1, which is then inferred.

    Example:
        >>> reshape(np.arange(4), shape=(2, -1))
        array([[0, 1],
               [2, 3]])
    """
    return x.reshape(shape)


reshape.gradients(lambda g, y, x, shape: reshape(g, shape=x.shape), needs="x.shape")


@primitive
def transpose(x: TensorLike, *, axes: tuple[int, ...] | None = None) -> TensorLike:
    """x with its axes permuted.

    Args:
        x: Tensor or array.
        axes: The axis of x that stands at each place; None reverses all.

    Example:
        >>> transpose(np.ones((2, 3, 4)), axes=(0, 2, 1)).shape
        (2, 4, 3)
    """
    return x.transpose(axes)


def inverse_permutation(axes: tuple[int, ...] | None) -> tuple[int, ...] | None:
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

    Example:
        >>> swapaxes(np.ones((2, 3, 4)), axis1=0, axis2=-1).shape
        (4, 3, 2)
    """
    return x.swapaxes(axis1, axis2)


swapaxes.gradients(lambda g, y, x, axis1, axis2: swapaxes(g, axis1=axis1, axis2=axis2), needs="")


def normalize_axis(axis: int, ndim: int, op: str) -> int:
    """`axis` counted from 0. Raises ValueError where an array of `ndim` axes has none like it."""
    if not -ndim <= axis < ndim:
        raise ValueError(f"{op}: there is no axis {axis} in an array of {ndim} axes")
    return axis % ndim


def moveaxis(x: TensorLike, *, source: int, destination: int) -> TensorLike:
    """x with one axis moved elsewhere.

    Args:
        x: Tensor or array.
        source: The axis of x.
        destination: Its place in the result.

    Example:
        >>> moveaxis(np.ones((2, 3, 4)), source=0, destination=-1).shape
        (3, 4, 2)
    """
    axes = list(range(x.ndim))
    old = normalize_axis(source, x.ndim, "moveaxis")
    new = normalize_axis(destination, x.ndim, "moveaxis")
    axes.insert(new, axes.pop(old))
    return transpose(x, axes=tuple(axes))


def expand_dims(x: TensorLike, *, axis: int) -> TensorLike:
    """x with a new axis of length 1.

    Args:
        x: Tensor or array.
        axis: The place of the new axis in the result.

    Example:
        >>> expand_dims(np.ones((2, 3)), axis=1).shape
        (2, 1, 3)
    """
    axis = normalize_axis(axis, x.ndim + 1, "expand_dims")
    before, after = x.shape[:axis], x.shape[axis:]
    return reshape(x, shape=(*before, 1, *after))


def squeeze(x: TensorLike, *, axis: Axis = None) -> TensorLike:
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
        removed = [i for i, n in enumerate(x.shape) if n == 1]
    else:
        named = axis if isinstance(axis, tuple) else (axis,)
        removed = [normalize_axis(a, x.ndim, "squeeze") for a in named]
    if any(x.shape[a] != 1 for a in removed):
        raise ValueError(f"squeeze: axis {axis} of shape {x.shape} is not 1 long")
    lengths = [n for i, n in enumerate(x.shape) if i not in removed]
    return reshape(x, shape=tuple(lengths))


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
def flip(x: TensorLike, *, axis: Axis = None) -> TensorLike:
    """x with the elements along `axis` in reverse order.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.

    Example:
        >>> flip(np.array([1, 2, 3]))
        array([3, 2, 1])
    """
    return backend(x).flip(x, axis)


flip.gradients(lambda g, y, x, axis=None: flip(g, axis=axis), needs="")


@primitive
def roll(x: TensorLike, *, shift: int | tuple[int, ...], axis: Axis = None) -> TensorLike:
    """x with the elements along `axis` moved on by `shift`, the last ones to the beginning.

    Args:
        x: Tensor or array.
        shift: The number of places, one per axis where several are named.
        axis: Axis or axes; None rolls the flattened array.

    Example:
        >>> roll(np.array([1, 2, 3]), shift=1)
        array([3, 1, 2])
    """
    return backend(x).roll(x, shift, axis)


def _opposite(shift: int | tuple[int, ...]) -> int | tuple[int, ...]:
    if isinstance(shift, int):
        return -shift
    return tuple(-s for s in shift)


roll.gradients(
    lambda g, y, x, shift, axis=None: roll(g, shift=_opposite(shift), axis=axis), needs=""
)

# ---- padding: an adjoint pair --------------------------------------------------------------------

Width = int | Sequence[int] | Sequence[Sequence[int]]


def _width_per_axis(width: Any, ndim: int) -> list[tuple[int, int]]:
    """A pad width n, (before, after) or one of these per axis, as (before, after) per axis."""
    if isinstance(width, int):
        return [(width, width)] * ndim
    if len(width) == 2 and isinstance(width[0], int):
        return [tuple(width)] * ndim
    if len(width) != ndim:
        raise ValueError(f"pad width {width} has {len(width)} pairs for {ndim} axes")
    return [(w, w) if isinstance(w, int) else tuple(w) for w in width]


@primitive
def pad(x: TensorLike, *, width: Width, value: float = 0) -> TensorLike:
    """x with `value` added around it.

    Args:
        x: Tensor or array.
        width: The number of elements to add: n, (before, after), or one such pair per axis.
        value: The value of the new elements.

    Example:
        >>> pad(np.array([1, 2]), width=(1, 2))
        array([0, 1, 2, 0, 0])
    """
    shape, center = [], []
    for n, (before, after) in zip(x.shape, _width_per_axis(width, x.ndim)):
        shape.append(before + n + after)
        center.append(slice(before, before + n))
    y = backend(x).full(tuple(shape), value, x.dtype)
    y[tuple(center)] = x
    return y


@primitive
def crop(x: TensorLike, *, width: Width) -> TensorLike:
    """x without its outermost elements; the adjoint of `pad`.

    Args:
        x: Tensor or array.
        width: The number of elements to remove: n, (before, after), or one such pair per axis.

    Example:
        >>> crop(np.array([0, 1, 2, 0, 0]), width=(1, 2))
        array([1, 2])
    """
    center = []
    for n, (before, after) in zip(x.shape, _width_per_axis(width, x.ndim)):
        center.append(slice(before, n - after))
    return x[tuple(center)]


pad.gradients(lambda g, y, x, width, value=0: crop(g, width=width), needs="")
crop.gradients(lambda g, y, x, width: pad(g, width=width), needs="")

# ---- joining and splitting -----------------------------------------------------------------------


@primitive
def _concatenate(*xs: TensorLike, axis: int) -> TensorLike:
    return backend(xs[0]).concatenate(xs, axis)


def _input_slice(g: Any, y: Any, *xs: Any, axis: int, i: int) -> Any:
    """The part of g that belongs to the i-th input."""
    lengths = [x.shape[axis] for x in xs]
    start = sum(lengths[:i])
    index = [slice(None)] * g.ndim
    index[axis] = slice(start, start + lengths[i])
    return g[tuple(index)]


_concatenate.gradients(VariadicRule(_input_slice), needs="xs.shape")


def concatenate(xs: Sequence[TensorLike], *, axis: int = 0) -> TensorLike:
    """The arrays joined along an axis they have.

    Args:
        xs: Tensors or arrays of equal shapes, except along `axis`.
        axis: The axis that grows.

    Raises:
        ValueError: If xs is empty or shapes differ.

    Example:
        >>> concatenate([np.array([1, 2]), np.array([3])])
        array([1, 2, 3])
    """
    if len(xs) == 0:
        raise ValueError("concatenate needs at least one array")
    return _concatenate(*xs, axis=axis)


def stack(xs: Sequence[TensorLike], *, axis: int = 0) -> TensorLike:
    """The arrays joined along a new axis.

    Args:
        xs: Tensors or arrays of one shape.
        axis: The place of the new axis in the result.

    Raises:
        ValueError: If xs is empty or shapes differ.

    Example:
        >>> stack([np.array([1, 2]), np.array([3, 4])])
        array([[1, 2],
               [3, 4]])
    """
    if len(xs) == 0:
        raise ValueError("stack needs at least one array")
    expanded = [expand_dims(x, axis=axis) for x in xs]
    return concatenate(expanded, axis=axis)


def split(x: TensorLike, *, sections: int | Sequence[int], axis: int = 0) -> list[TensorLike]:
    """x cut along `axis`.

    Args:
        x: Tensor or array.
        sections: The number of equal parts, or the positions to cut before.
        axis: The axis to cut.

    Raises:
        ValueError: If the axis does not divide into so many equal parts.

    Example:
        >>> split(np.arange(4), sections=2)
        [array([0, 1]), array([2, 3])]
    """
    axis = normalize_axis(axis, x.ndim, "split")
    n = x.shape[axis]
    cuts = _equal_cuts(n, sections, axis) if isinstance(sections, int) else sections
    before = (slice(None),) * axis
    parts = []
    for start, stop in pairwise([0, *cuts, n]):
        parts.append(x[(*before, slice(start, stop))])
    return parts


def _equal_cuts(n: int, sections: int, axis: int) -> Sequence[int]:
    """The positions that cut n elements into equal sections; ValueError where there are none."""
    if sections < 1 or n % sections:
        raise ValueError(
            f"split: axis {axis} of length {n} does not divide into {sections} equal sections"
        )
    size = n // sections
    return [k * size for k in range(1, sections)]


def repeat(x: TensorLike, *, repeats: int, axis: int) -> TensorLike:
    """Each element along `axis` repeated in place.

    Args:
        x: Tensor or array.
        repeats: The number of copies of each element.
        axis: The axis that grows.

    Example:
        >>> repeat(np.array([1, 2]), repeats=2, axis=0)
        array([1, 1, 2, 2])
    """
    axis = normalize_axis(axis, x.ndim, "repeat")
    before, n, after = x.shape[:axis], x.shape[axis], x.shape[axis + 1 :]
    expanded = expand_dims(x, axis=axis + 1)
    copies = broadcast_to(expanded, shape=(*before, n, repeats, *after))
    return reshape(copies, shape=(*before, n * repeats, *after))


def tile(x: TensorLike, *, reps: Sequence[int]) -> TensorLike:
    """Copies of x side by side.

    Args:
        x: Tensor or array.
        reps: The number of copies along each axis, the last axes if there are fewer.

    Example:
        >>> tile(np.array([1, 2]), reps=(2,))
        array([1, 2, 1, 2])
    """
    counts = (1,) * (x.ndim - len(reps)) + tuple(reps)
    new_axes = (1,) * (len(counts) - x.ndim)
    y = reshape(x, shape=new_axes + x.shape)
    for axis, n in enumerate(counts):
        if n != 1:
            y = concatenate([y] * n, axis=axis)
    return y


@primitive
def tril(x: TensorLike, *, k: int = 0) -> TensorLike:
    """The last two axes of x with zeros above a diagonal.

    Args:
        x: Tensor or array.
        k: The last diagonal that stays: 0 the main one, 1 the one above it.

    Example:
        >>> tril(np.ones((2, 2)))
        array([[1., 0.],
               [1., 1.]])
    """
    return backend(x).tril(x, k)


@primitive
def triu(x: TensorLike, *, k: int = 0) -> TensorLike:
    """The last two axes of x with zeros below a diagonal.

    Args:
        x: Tensor or array.
        k: The first diagonal that stays: 0 the main one, 1 the one above it.

    Example:
        >>> triu(np.ones((2, 2)))
        array([[1., 1.],
               [0., 1.]])
    """
    return backend(x).triu(x, k)


tril.gradients(lambda g, y, x, k=0: tril(g, k=k), needs="")
triu.gradients(lambda g, y, x, k=0: triu(g, k=k), needs="")
