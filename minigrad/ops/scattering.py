"""Reading and writing at places as Keras numbers them: blocks, rows of indices, segments."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from ..backend import Array, backend, to_cpu
from ..engine.autograd import composite
from ..engine.tensor import TensorLike
from ..utils.registry import check_choice
from .creation import as_shape
from .elementwise import where
from .indexing import getitem, one_hot, put, segment_rows
from .pooling import lowest
from .reductions import max, min
from .shapes import moveaxis, stack, whole_number

# ---- blocks --------------------------------------------------------------------------------------


def _block(x: Any, start_indices: Any, lengths: Any) -> tuple[builtins.slice, ...]:
    """The index of a block of x, which ends where x does."""
    given = to_cpu(getattr(start_indices, "_array", start_indices))
    starts = [whole_number(i, "a start") for i in given]
    if not len(starts) == len(lengths) == x.ndim:
        raise ValueError(
            f"{len(starts)} starts and {len(lengths)} lengths do not fit the axes of shape "
            f"{x.shape}: give one per axis"
        )
    if any(not 0 <= i <= n for i, n in zip(starts, x.shape)):
        raise ValueError(f"a block that starts at {starts} is outside shape {x.shape}")
    return tuple(builtins.slice(i, i + n) for i, n in zip(starts, lengths))


@composite
def slice(x: TensorLike, start_indices: Any, shape: Any) -> TensorLike:
    """The block of x that starts at an element: x[i : i + n, j : j + m].

    Args:
        x: Tensor or array.
        start_indices: Where it starts along each axis.
        shape: Its lengths; beyond the end of x it is shorter.

    Raises:
        ValueError: If there is not one start and length per axis, or a start is outside x.

    Example:
        >>> minigrad.ops.slice(np.arange(12).reshape(3, 4), (1, 1), (2, 2))
        array([[ 5,  6],
               [ 9, 10]])
    """
    return getitem(x, index=_block(x, start_indices, as_shape(shape)))


@composite
def slice_update(x: TensorLike, start_indices: Any, updates: TensorLike) -> TensorLike:
    """x with other values in the block that starts at an element.

    Args:
        x: Tensor or array.
        start_indices: Where the block starts along each axis.
        updates: Its values.

    Raises:
        ValueError: If the block is not within x, or there is not one start per axis.

    Example:
        >>> slice_update(np.zeros((2, 3)), (0, 1), np.ones((2, 2)))
        array([[0., 1., 1.],
               [0., 1., 1.]])
    """
    index = _block(x, start_indices, updates.shape)
    if any(part.stop > n for part, n in zip(index, x.shape)):
        raise ValueError(f"updates of shape {updates.shape} reach beyond shape {x.shape}")
    return _replaced(x, index, updates)


def _replaced(x: Any, index: Any, values: Any) -> Any:
    """x with values at an index that names no element twice."""
    is_new = backend(x).zeros(x.shape, bool)
    is_new[index] = True
    return where(is_new, put(values, index=index, shape=x.shape), x)


# ---- rows of indices -----------------------------------------------------------------------------


def _columns(indices: Any, ndim: int) -> tuple[Array, ...]:
    """Indices (..., d) as an index of d axes."""
    found = getattr(indices, "_array", indices)
    if found.dtype.kind not in "iu" or not found.ndim or not 0 < found.shape[-1] <= ndim:
        raise ValueError(
            f"the indices must be integers (..., d) with d from 1 to {ndim}, one per axis, not "
            f"{found.dtype} of shape {found.shape}"
        )
    return tuple(found[..., i] for i in range(found.shape[-1]))


@composite
def scatter(indices: TensorLike, values: TensorLike, shape: Any) -> TensorLike:
    """Zeros with values at places; a place that is named several times is the sum of its values.

    Args:
        indices: Integers; each row names an element, or with fewer numbers than axes a part.
        values: A value, or a part, for each row.
        shape: The shape of the result.

    Shape:
        (..., d), (..., *shape[d:]) -> shape

    Raises:
        ValueError: If a row has more numbers than the shape.
        IndexError: If a place is outside the shape.

    Example:
        >>> scatter(np.array([[0], [2], [2]]), np.array([1.0, 2.0, 3.0]), (4,))
        array([1., 0., 5., 0.])
    """
    lengths = as_shape(shape)
    return put(values, index=_columns(indices, len(lengths)), shape=lengths)


@composite
def scatter_update(
    x: TensorLike, indices: TensorLike, updates: TensorLike, *, reduction: str | None = None
) -> TensorLike:
    """x with other values at places.

    Args:
        x: Tensor or array.
        indices: Integers; each row names an element of x, or with fewer numbers than axes a part.
        updates: A value, or a part, for each row.
        reduction: None for the last one where a place is named several times, "add" for the sum of
            what was there and all of them.

    Shape:
        S, (..., d), (..., *S[d:]) -> S

    Raises:
        ValueError: If a row has more numbers than x has axes, or the reduction is unknown.
        IndexError: If a place is outside x.

    Example:
        >>> scatter_update(np.zeros(4), np.array([[0], [2]]), np.array([5.0, 7.0]))
        array([5., 0., 7., 0.])
    """
    check_choice(reduction or "none", ("none", "add"), "reduction of scatter_update")
    index = _columns(indices, x.ndim)
    if reduction == "add":
        return x + put(updates, index=index, shape=x.shape)
    last = _last_of_equals(index, x)
    rows = updates.reshape((-1, *x.shape[len(index) :]))
    places = tuple(part.reshape(-1)[last] for part in index)
    return _replaced(x, places, getitem(rows, index=last))


def _last_of_equals(index: tuple[Array, ...], x: Any) -> Array:
    """The number of the last row for each place that an index names."""
    xp = backend(index[0])
    flat = xp.zeros(index[0].shape, int)
    for part, n in zip(index, x.shape):
        flat = flat * n + part % n
    _, first_from_the_end = xp.unique(flat.reshape(-1)[::-1], return_index=True)
    return flat.size - 1 - first_from_the_end


@composite
def multi_hot(
    labels: TensorLike, *, num_classes: int, axis: int = -1, dtype: Any = None
) -> TensorLike:
    """Rows of zeros with a 1 at each of several labels.

    Args:
        labels: Integers, the labels of a row along the last axis.
        num_classes: The number of classes.
        axis: The place of the axis of the classes in the result.
        dtype: The dtype of the result; None for the default one.

    Shape:
        (N, labels) -> (N, num_classes), or (labels,) -> (num_classes,)

    Raises:
        IndexError: If a label is outside 0..num_classes-1.
        ValueError: If a label is no whole number, or labels has another number of axes.

    Example:
        >>> multi_hot(np.array([[0, 1], [2, 2]]), num_classes=3)
        array([[1., 1., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    if labels.ndim not in (1, 2):
        raise ValueError(f"labels must be (labels,) or (N, labels), not of shape {labels.shape}")
    rows = one_hot(labels, num_classes=num_classes, dtype=dtype)
    return moveaxis(max(rows, axis=-2), source=-1, destination=axis)


# ---- segments ------------------------------------------------------------------------------------


@composite
def segment_max(
    data: TensorLike,
    segment_ids: TensorLike,
    *,
    num_segments: int | None = None,
    sorted: bool = False,
) -> TensorLike:
    """The largest of the rows of each segment; of a segment without rows -inf.

    Args:
        data: Tensor or array of one axis or more.
        segment_ids: Integers, the segment of each row, in any order.
        num_segments: The number of segments; None for the largest id + 1.
        sorted: True promises that the ids ascend, of which no use is made.

    Shape:
        (n, ...), (n,) -> (num_segments, ...)

    Raises:
        ValueError: If there is not one id per row.
        IndexError: If an id is negative or not below num_segments.

    Example:
        >>> segment_max(np.array([1.0, 2.0, 3.0]), np.array([0, 0, 1]))
        array([2., 3.])
    """
    return _of_segments(max, data, segment_ids, num_segments, lowest(data.dtype))


@composite
def segment_min(
    data: TensorLike,
    segment_ids: TensorLike,
    *,
    num_segments: int | None = None,
    sorted: bool = False,
) -> TensorLike:
    """The smallest of the rows of each segment; of a segment without rows inf.

    Args:
        data: Tensor or array of one axis or more.
        segment_ids: Integers, the segment of each row, in any order.
        num_segments: The number of segments; None for the largest id + 1.
        sorted: True promises that the ids ascend, of which no use is made.

    Shape:
        (n, ...), (n,) -> (num_segments, ...)

    Raises:
        ValueError: If there is not one id per row.
        IndexError: If an id is negative or not below num_segments.

    Example:
        >>> segment_min(np.array([1.0, 2.0, 3.0]), np.array([0, 0, 1]))
        array([1., 3.])
    """
    highest = np.iinfo(data.dtype).max if data.dtype.kind in "iu" else math.inf
    return _of_segments(min, data, segment_ids, num_segments, highest)


def _of_segments(reduce: Any, data: Any, segment_ids: Any, count: int | None, empty: float) -> Any:
    """A reduction of the rows of each segment, `empty` for one without rows."""
    ids, count = segment_rows(data, segment_ids, count)
    found = []
    for k in range(count):
        rows = data[ids == k]
        nothing = backend(data).full(data.shape[1:], empty, data.dtype)
        found.append(reduce(rows, axis=0) if len(rows) else nothing)
    return stack(found) if found else data[:0]
