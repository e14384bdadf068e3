"""Where values stand: among sorted ones, in bins, in a set, among the largest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..backend import backend
from ..config import settings
from ..engine.autograd import composite, primitive
from ..engine.tensor import TensorLike
from ..utils.registry import check_choice
from .creation import as_shape
from .elementwise import _module, where
from .indexing import take_along_axis
from .losses import as_labels
from .reductions import sum
from .shapes import _sequence, are_several, whole_number
from .statistics import _as_given


@primitive
def searchsorted(
    sorted_sequence: TensorLike, values: TensorLike, *, side: str = "left"
) -> TensorLike:
    """The places where values would go into a sorted sequence so that it stays sorted.

    Args:
        sorted_sequence: Numbers along one axis, ascending.
        values: Tensor, array or number.
        side: "left" before equal numbers, "right" behind them.

    Raises:
        ValueError: If the sequence has not one axis, or the side is unknown.

    Example:
        >>> searchsorted(np.array([1, 2, 3]), np.array([0, 2, 5]))
        array([0, 1, 3])
    """
    check_choice(side, ("left", "right"), "side of searchsorted")
    if getattr(sorted_sequence, "ndim", 0) != 1:
        raise ValueError("the sorted sequence must have one axis")
    xp = backend(sorted_sequence)
    return xp.searchsorted(sorted_sequence, xp.asarray(values), side)


@primitive
def isin(
    a: TensorLike, b: TensorLike, *, assume_unique: bool = False, invert: bool = False
) -> TensorLike:
    """True where an element of a is one of b.

    Args:
        a: Tensor, array or number.
        b: Tensor or array.
        assume_unique: True promises that neither has an element twice.
        invert: True asks where it is none of b.

    Example:
        >>> isin(np.array([1, 2, 3]), np.array([2, 5]))
        array([False,  True, False])
    """
    return _module(a, b).isin(a, b, assume_unique, invert)


for _op in (searchsorted, isin):
    _op.gradients(None)


@composite
def digitize(x: TensorLike, bins: TensorLike) -> TensorLike:
    """The number of the bin of each element: i where bins[i - 1] <= x < bins[i].

    Args:
        x: Tensor or array.
        bins: The edges, ascending; below the first is bin 0.

    Example:
        >>> digitize(np.array([0.0, 1.0, 2.5, 9.0]), np.array([1.0, 2.0, 3.0]))
        array([0, 1, 2, 3])
    """
    return searchsorted(bins, x, side="right")


@composite
def histogram(
    x: TensorLike, *, bins: Any = 10, range: tuple[float, float] | None = None
) -> tuple[TensorLike, TensorLike]:
    """(the number of elements in each bin, the edges of the bins).

    Args:
        x: Tensor or array.
        bins: The number of bins of equal width, or the edges, ascending.
        range: The outermost edges; None for the smallest element and the largest.

    Raises:
        ValueError: If the edges do not ascend, or there are no bins.

    Example:
        >>> histogram(np.array([1.0, 2.0, 9.0]), bins=2)
        (array([2, 1]), array([1., 5., 9.]))
    """
    array = getattr(x, "_array", x)
    edges = getattr(bins, "_array", bins)
    if are_several(edges):
        edges = backend(array).asarray(edges)
    elif whole_number(edges, "bins") < 1:
        raise ValueError(f"bins must be at least 1, not {edges}")
    counts, edges = backend(array).histogram(array, edges, range)
    dtype = array.dtype if array.dtype.kind == "f" else settings.default_dtype
    return _as_given(x, counts), _as_given(x, edges.astype(dtype))


@composite
def unravel_index(indices: TensorLike, shape: Any) -> tuple[TensorLike, ...]:
    """The indices along each axis for places in a flattened array.

    Args:
        indices: Integers, from the end if negative.
        shape: The shape of the array.

    Raises:
        IndexError: If a place is outside the shape.

    Example:
        >>> unravel_index(np.array([0, 5]), (2, 3))
        (array([0, 1]), array([0, 2]))
    """
    lengths = as_shape(shape)
    places = _places(indices, math.prod(lengths))
    found: list[Any] = []
    for n in lengths[::-1]:
        found.insert(0, _as_given(indices, places % n))
        places = places // n
    return tuple(found)


def _places(indices: Any, count: int) -> Any:
    """Indices of a flattened array, counted from 0; IndexError outside it."""
    places = getattr(indices, "_array", indices)
    if getattr(getattr(places, "dtype", None), "kind", "i") not in "iu":
        raise TypeError(f"the indices must be integers, not {places.dtype}")
    places = backend(places).asarray(places)
    if places.size and not -count <= int(places.min()) <= int(places.max()) < count:
        raise IndexError(f"an index is outside the {count} elements of the shape")
    return places % count if count else places


@composite
def in_top_k(targets: TensorLike, predictions: TensorLike, k: int) -> TensorLike:
    """True for a row whose target is among its k largest scores; equal scores count as one place.

    Args:
        targets: Class numbers, one per row.
        predictions: A score for each class.
        k: The number of scores that count.

    Shape:
        (N,), (N, classes) -> (N,)

    Raises:
        ValueError: If there is not one target per row, or k is below 1.
        IndexError: If a target is no class.

    Example:
        >>> in_top_k(np.array([1, 0]), np.array([[0.1, 0.9, 0.3], [0.2, 0.3, 0.5]]), 2)
        array([ True, False])
    """
    if whole_number(k, "k") < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    labels = as_labels(targets, predictions)
    own = take_along_axis(predictions, labels[..., None], axis=-1)
    return sum(predictions > own, axis=-1) < k


@composite
def select(
    condlist: Sequence[TensorLike], choicelist: Sequence[TensorLike], *, default: Any = 0
) -> TensorLike:
    """Each element from the choice whose condition is the first to hold there.

    Args:
        condlist: Tensors or arrays of bools.
        choicelist: A choice for each: Tensors, arrays or numbers that broadcast with it.
        default: The element where none holds.

    Raises:
        ValueError: If there is not one choice per condition.

    Example:
        >>> x = np.array([-2.0, 1.0, 7.0])
        >>> select([x < 0, x > 5], [0.0, 5.0], default=x)
        array([0., 1., 5.])
    """
    conditions, choices = _sequence(condlist, "select"), _sequence(choicelist, "select")
    if len(conditions) != len(choices):
        raise ValueError(f"{len(conditions)} conditions do not fit {len(choices)} choices")
    y = default
    for condition, choice in zip(reversed(conditions), reversed(choices)):
        y = where(condition, choice, y)
    return y
