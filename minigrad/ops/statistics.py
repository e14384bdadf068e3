"""Averages, quantiles, norms and counts, each the formula made of other ops."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

from ..backend import backend, to_cpu
from ..config import EPSILON
from ..engine.autograd import composite
from ..engine.dtypes import real
from ..engine.tensor import Tensor, TensorLike, wrap
from ..utils.registry import check_choice
from .creation import ones_like
from .elementwise import absolute, broadcast_to, isnan, maximum, sqrt, square, where
from .indexing import getitem, put, sort
from .reductions import (
    _axes_last,
    _check_elements,
    _count,
    _keepdims_shape,
    max,
    mean,
    min,
    sum,
    var,
)
from .shapes import (
    are_several,
    flatten,
    normalize_axes,
    normalize_axis,
    reshape,
    stack,
    transpose,
    whole_number,
)

# ---- averages and quantiles ----------------------------------------------------------------------


@composite
def average(
    x: TensorLike, axis: Any = None, weights: TensorLike | None = None, *, keepdims: bool = False
) -> TensorLike:
    """The mean over `axis`, each element counted by its weight: sum(x * weights) / sum(weights).

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        weights: An array of the shape of x, or of one number per element along `axis`; None for
            equal weights.
        keepdims: True keeps the reduced axes with length 1.

    Raises:
        ValueError: If weights have another shape.

    Example:
        >>> average(np.array([1.0, 4.0]), weights=np.array([2.0, 1.0]))
        np.float64(2.0)
    """
    axis = to_cpu(axis).tolist() if are_several(axis) and hasattr(axis, "dtype") else axis
    if weights is None:
        return mean(x, axis=axis, keepdims=keepdims)
    return _weighted_mean(x, weights, axis=axis, keepdims=keepdims)


@composite
@real
def _weighted_mean(x: TensorLike, weights: TensorLike, *, axis: Any, keepdims: bool) -> TensorLike:
    spread = broadcast_to(_along(weights, x, axis), shape=x.shape)
    total = sum(spread, axis=axis, keepdims=keepdims)
    return sum(x * spread, axis=axis, keepdims=keepdims) / total


def _along(weights: Any, x: Any, axis: Any) -> Any:
    """The weights in a shape that broadcasts to that of x."""
    if weights.shape == x.shape:
        return weights
    if axis is None or are_several(axis) or weights.ndim != 1:
        raise ValueError(
            f"weights of shape {weights.shape} need the shape of x, {x.shape}, or one axis: "
            "average(x, axis=0, weights=weights)"
        )
    place = normalize_axis(axis, x.ndim)
    n = x.shape[place]
    if len(weights) != n:
        raise ValueError(f"{len(weights)} weights do not fit axis {axis} of length {n}")
    return reshape(weights, shape=(n,) + (1,) * (x.ndim - place - 1))


@composite
@real
def quantile(
    x: TensorLike, *, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> TensorLike:
    """The number that a share q of the elements over `axis` does not exceed.

    With NaN among the elements it is NaN.

    Args:
        x: Tensor or array.
        q: A number from 0 to 1, where 0.5 is the median. The results of a list of such stand along
            a new first axis.
        axis: Axis or axes; None for all.
        method: What it is between two elements: "linear" interpolates, "lower", "higher" and
            "nearest" choose one, "midpoint" is their mean.
        keepdims: True keeps the reduced axes with length 1.

    Raises:
        ValueError: If q is not between 0 and 1, the method is unknown, or there are no elements.

    Example:
        >>> quantile(np.array([1.0, 2.0, 4.0]), q=0.75)
        array(3.)
    """
    check_choice(method, PLACES, "method of quantile")
    _check_elements(x, axis)
    axes = normalize_axes(axis, x.ndim)
    shape = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    rows = transpose(x, axes=_axes_last(axis, x.ndim)).reshape((*shape, _count(x.shape, axis)))
    ordered = sort(rows)
    if keepdims:
        shape = _keepdims_shape(x.shape, axis)
    several = are_several(q)
    numbers = to_cpu(getattr(q, "_array", q)) if several else [q]
    found = [_interpolated(ordered, number, method).reshape(shape) for number in numbers]
    return stack(found) if several else found[0]


# by method: the place among sorted elements for one between two of them
PLACES: dict[str, Callable[[float], float]] = {
    "linear": lambda place: place,
    "lower": math.floor,
    "higher": math.ceil,
    "nearest": builtins.round,  # halves to even, as NumPy
    "midpoint": lambda place: (math.floor(place) + math.ceil(place)) / 2,
}


def _interpolated(ordered: Any, q: Any, method: str) -> Any:
    """The element at the place q * (n - 1) along the last axis; NaN counts as the largest."""
    if not (hasattr(q, "__float__") and 0 <= float(q) <= 1):
        raise ValueError(f"q must be a number from 0 to 1, not {q!r}: 0.5 is the median")
    n = ordered.shape[-1]
    place = PLACES[method](float(q) * (n - 1))
    low = math.floor(place)
    fraction = place - low
    y, last = ordered[..., low], ordered[..., -1]
    if fraction:
        y = y * (1 - fraction) + ordered[..., low + 1] * fraction
    return where(isnan(last), last, y)


@composite
def median(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The middle one of the elements over `axis`; of an even number the mean of the two.

    With NaN among the elements it is NaN.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Raises:
        ValueError: If there are no elements.

    Example:
        >>> median(np.array([[1.0, 9.0], [3.0, 4.0], [2.0, 5.0]]), axis=0)
        array([2., 5.])
    """
    return quantile(x, q=0.5, axis=axis, keepdims=keepdims)


@composite
def percentile(
    x: TensorLike, *, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> TensorLike:
    """The number that q of a hundred elements over `axis` do not exceed: quantile(x, q=q / 100).

    Args:
        x: Tensor or array.
        q: A number from 0 to 100, or a list of such.
        axis: Axis or axes; None for all.
        method: What it is between two elements; see `quantile`.
        keepdims: True keeps the reduced axes with length 1.

    Raises:
        ValueError: If q is not between 0 and 100, the method is unknown, or there are no elements.

    Example:
        >>> percentile(np.array([1.0, 2.0, 9.0]), q=75)
        array(5.5)
    """
    listed = to_cpu(getattr(q, "_array", q)) if are_several(q) else [q]
    shares = [n / 100 if hasattr(n, "__float__") else n for n in listed]
    found = shares if are_several(q) else shares[0]
    return quantile(x, q=found, axis=axis, method=method, keepdims=keepdims)


@composite
def moments(x: TensorLike, *, axes: Any, keepdims: bool = False) -> tuple[TensorLike, TensorLike]:
    """(mean, variance) over `axes`.

    Args:
        x: Tensor or array.
        axes: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> moments(np.array([[3.0, 4.0], [1.0, 0.0]]), axes=0)
        (array([2., 2.]), array([1., 4.]))
    """
    return mean(x, axis=axes, keepdims=keepdims), var(x, axis=axes, keepdims=keepdims)


# ---- norms ---------------------------------------------------------------------------------------


@composite
@real
def norm(
    x: TensorLike, *, ord: float | str | None = None, axis: Any = None, keepdims: bool = False
) -> TensorLike:
    """sum(|x| ** p) ** (1 / p) over `axis`; where it is 0 its gradient counts as 0.

    Args:
        x: Tensor or array.
        ord: p: 2 or None for the Euclidean norm, "fro" for the same of a matrix, 1 for the sum of
            absolute values, inf for the largest of them and -inf for the smallest, or any p > 0.
        axis: The axis of the vectors; several axes (None: all), of a matrix for one, need an ord
            of None or "fro".
        keepdims: True keeps the reduced axes with length 1.

    Raises:
        ValueError: If ord is unknown or one of vectors alone.

    Example:
        >>> norm(np.array([[3.0, 4.0], [0.0, 2.0]]), axis=1)
        array([5., 2.])
    """
    _check_order(ord, len(normalize_axes(axis, x.ndim)))
    if ord in (None, 2, "fro"):
        total = sum(square(x), axis=axis, keepdims=keepdims)
        is_zero = total == 0  # where sqrt has no slope
        return where(is_zero, 0, sqrt(where(is_zero, 1, total)))
    if ord in (1, math.inf, -math.inf):
        reduce = {1: sum, math.inf: max, -math.inf: min}[ord]
        return reduce(absolute(x), axis=axis, keepdims=keepdims)
    return _norm_of_power(absolute(x), ord, axis, keepdims)


def _check_order(ord: Any, count: int) -> None:
    """Raise ValueError unless there is such a norm over so many axes."""
    is_number = isinstance(ord, (int, float)) and (ord > 0 or ord == -math.inf)
    if ord not in (None, "fro") and not is_number:
        raise ValueError(
            f'ord must be a number above 0, inf, -inf, "fro" or None, not {ord!r}; count_nonzero '
            "counts what is not 0"
        )
    if is_number and count > 1:
        raise ValueError(
            f"ord={ord} is a norm of vectors, and {count} axes are reduced: name one, as in "
            "norm(x, ord=1, axis=-1), or flatten x"
        )


def _norm_of_power(magnitudes: Any, p: Any, axis: Any, keepdims: bool) -> Any:
    """The norm of order p, without the slopes that powers do not have at 0."""
    is_zero = magnitudes == 0
    powers = where(is_zero, 0, where(is_zero, 1, magnitudes) ** p)
    total = sum(powers, axis=axis, keepdims=keepdims)
    is_zero = total == 0
    return where(is_zero, 0, where(is_zero, 1, total) ** (1 / p))


@composite
@real
def normalize(
    x: TensorLike, *, axis: Any = -1, order: float | str = 2, epsilon: float | None = None
) -> TensorLike:
    """x divided by its norm over `axis`; zeros stay zeros.

    Args:
        x: Tensor or array.
        axis: The axis of the vectors; None for all of x as one.
        order: The order of the norm; see `norm`.
        epsilon: The smallest number that is divided by; None for 1e-7.

    Raises:
        ValueError: If the order is unknown.

    Example:
        >>> minigrad.ops.normalize(np.array([[3.0, 4.0], [0.0, 0.0]]))
        array([[0.6, 0.8],
               [0. , 0. ]])
    """
    smallest = EPSILON if epsilon is None else epsilon
    return x / maximum(norm(x, ord=order, axis=axis, keepdims=True), smallest)


# ---- counts --------------------------------------------------------------------------------------


@composite
def count_nonzero(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The number of elements over `axis` that are not 0.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> count_nonzero(np.array([[0, 3], [1, 2]]), axis=1)
        array([1, 2])
    """
    return sum(x != 0, axis=axis, keepdims=keepdims)


@composite
@real(keeps="x")
def bincount(x: TensorLike, weights: TensorLike | None = None, *, minlength: int = 0) -> TensorLike:
    """The number of times that each of 0, 1, 2 and so on stands in x, or the sum of its weights.

    Args:
        x: Integers of at least 0, along one axis.
        weights: A number for each of them; None for ones.
        minlength: The smallest length of the result.

    Raises:
        TypeError: If x is not of integers.
        ValueError: If one is negative, x has not one axis, or the weights another shape.

    Example:
        >>> bincount(np.array([0, 2, 2]), minlength=4)
        array([1, 0, 2, 0])
    """
    numbers = getattr(x, "_array", x)
    if numbers.dtype.kind not in "iu" or numbers.ndim != 1:
        raise TypeError("x must be integers along one axis: flatten(x).astype(int) makes such")
    length = whole_number(minlength, "minlength")
    if len(numbers):
        if numbers.min() < 0:
            raise ValueError(f"x must be at least 0, and holds {int(numbers.min())}")
        length = builtins.max(length, int(numbers.max()) + 1)
    if weights is None:
        weights = ones_like(x, dtype="int64")
    if weights.shape != x.shape:
        raise ValueError(f"weights of shape {weights.shape} need the shape of x, {x.shape}")
    return put(weights, index=numbers, shape=(length,))


@composite
def unique(
    x: TensorLike,
    *,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
) -> Any:
    """The distinct elements of x, sorted; among equals the first has the gradient.

    Args:
        x: Tensor or array.
        sorted: False asks for no order; they are sorted all the same.
        return_index: True adds the places in the flattened x where they stand first.
        return_inverse: True adds the places among them where each element of x is.
        return_counts: True adds how often each stands in x.

    Example:
        >>> unique(np.array([3, 1, 3]))
        array([1, 3])
    """
    array = getattr(x, "_array", x)
    _, first, inverse, counts = backend(array).unique(array, True, True, True)
    parts = [getitem(flatten(x), index=first)]
    if return_index:
        parts.append(_as_given(x, first))
    if return_inverse:
        parts.append(_as_given(x, inverse.reshape(array.shape)))
    if return_counts:
        parts.append(_as_given(x, counts))
    return tuple(parts) if len(parts) > 1 else parts[0]


@composite
def nonzero(x: TensorLike) -> tuple[TensorLike, ...]:
    """The places of the elements that are not 0: for each axis the indices along it.

    Args:
        x: Tensor or array of one axis or more.

    Raises:
        ValueError: If x has no axis.

    Example:
        >>> nonzero(np.array([[0, 5], [7, 0]]))
        (array([0, 1]), array([1, 0]))
    """
    array = getattr(x, "_array", x)
    if not array.ndim:
        raise ValueError("a number has no axis to stand along: reshape it to (1,)")
    return tuple(_as_given(x, indices) for indices in backend(array).nonzero(array))


def _as_given(x: Any, array: Any) -> Any:
    """The array as a Tensor where x is one."""
    return wrap(array, None) if isinstance(x, Tensor) else array
