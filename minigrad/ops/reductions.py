"""Ops that reduce axes: sums, products, extremes."""

from __future__ import annotations

import math
from typing import Any

from ..backend import Array, Axis, Shape, backend, mean_axes, sum_axes
from ..engine.autograd import composite, primitive
from ..engine.dtypes import accumulates, real
from ..engine.tensor import TensorLike
from .elementwise import broadcast_to, sqrt, square, where
from .shapes import (
    array_axis,
    concatenate,
    diagonal,
    flatten,
    flip,
    inverse_permutation,
    normalize_axes,
    normalize_axis,
    swapaxes,
    triu,
    whole_number,
)

# ---- axes ----------------------------------------------------------------------------------------


def _axes_last(axis: Any, ndim: int) -> tuple[int, ...]:
    """The permutation that puts the reduced axes last."""
    axes = normalize_axes(axis, ndim)
    others = [i for i in range(ndim) if i not in axes]
    return (*others, *axes)


def _keepdims_shape(shape: Shape, axis: Axis) -> Shape:
    """The shape of a reduction over `axis` with keepdims."""
    axes = normalize_axes(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def expand_reduced(g: Any, x: Any, axis: Axis) -> Any:
    """The gradient of a reduction with 1s for the reduced axes, so that it broadcasts against x."""
    return g.reshape(_keepdims_shape(x.shape, axis))


def _count(shape: Shape, axis: Axis) -> int:
    """The number of elements that are reduced to one."""
    return math.prod(shape[a] for a in normalize_axes(axis, len(shape)))


# ---- sums ----------------------------------------------------------------------------------------


@accumulates
@primitive
def sum(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The sum over `axis`.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> sum(np.ones((2, 3)), axis=0)
        array([2., 2., 2.])
    """
    return sum_axes(x, array_axis(axis, x.ndim), keepdims)


def _sum_rule(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return broadcast_to(expand_reduced(g, x, axis), shape=x.shape)


sum.gradients(_sum_rule, needs="x.shape")


@real
@primitive
def mean(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The mean over `axis`.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> mean(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        array([2., 3.])
    """
    return mean_axes(x, array_axis(axis, x.ndim), keepdims)


def _mean_rule(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    parts = expand_reduced(g, x, axis) / _count(x.shape, axis)
    return broadcast_to(parts, shape=x.shape)


mean.gradients(_mean_rule, needs="x.shape")


@composite
@real
def var(x: TensorLike, *, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> TensorLike:
    """The variance over `axis`: the mean squared distance from the mean.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.
        ddof: The sum of squares of n elements is divided by n - ddof.

    Example:
        >>> var(np.array([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        array([1., 1.])
    """
    deviations = x - mean(x, axis=axis, keepdims=True)
    sum_of_squares = sum(square(deviations), axis=axis, keepdims=keepdims)
    return sum_of_squares / (_count(x.shape, axis) - ddof)


@composite
@real
def std(x: TensorLike, *, axis: Any = None, keepdims: bool = False, ddof: int = 0) -> TensorLike:
    """The standard deviation over `axis`, sqrt(var); of equal elements the gradient is 0.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.
        ddof: The sum of squares of n elements is divided by n - ddof.

    Example:
        >>> std(np.array([[1.0, 2.0], [5.0, 4.0]]), axis=0)
        array([2., 1.])
    """
    variance = var(x, axis=axis, keepdims=keepdims, ddof=ddof)
    is_zero = variance == 0  # where sqrt has no slope
    return where(is_zero, 0, sqrt(where(is_zero, 1, variance)))


@accumulates
@primitive
def cumsum(x: TensorLike, *, axis: int | None = None) -> TensorLike:
    """Running sums along `axis`.

    Args:
        x: Tensor or array.
        axis: The axis; None for the flattened array.

    Example:
        >>> cumsum(np.array([1, 2, 3]))
        array([1, 3, 6])
    """
    if axis is None:
        return x.cumsum()
    axis = normalize_axis(axis, x.ndim)
    return x.cumsum(axis) if x.ndim else x


def _cumsum_rule(g: Any, y: Any, x: Any, axis: int | None = None) -> Any:
    """The sum of g at and after each element."""
    from_the_end = cumsum(flip(g, axis=axis), axis=axis)
    return flip(from_the_end, axis=axis).reshape(x.shape)


cumsum.gradients(_cumsum_rule, needs="x.shape")


@composite
def diff(x: TensorLike, *, n: int = 1, axis: int = -1) -> TensorLike:
    """The difference of each element and the one before it; of bools whether they differ.

    Args:
        x: Tensor or array of one axis or more.
        n: The number of times that differences are taken.
        axis: The axis, which gets n shorter.

    Raises:
        ValueError: If n is negative, or x has no axis.

    Example:
        >>> diff(np.array([1, 4, 9, 16]))
        array([3, 5, 7])
        >>> diff(np.array([1, 4, 9, 16]), n=2)
        array([2, 2])
    """
    if whole_number(n, "n") < 0 or not x.ndim:
        raise ValueError(f"n must be at least 0, not {n}, and x have an axis, shape {x.shape}")
    before = (slice(None),) * normalize_axis(axis, x.ndim)
    for _ in range(n):
        later, earlier = x[(*before, slice(1, None))], x[(*before, slice(None, -1))]
        x = later != earlier if x.dtype.kind == "b" else later - earlier
    return x


@composite
@real
def trapezoid(
    y: TensorLike, x: TensorLike | None = None, *, dx: float = 1.0, axis: int = -1
) -> TensorLike:
    """The integral of samples along `axis`, by straight lines between neighbors.

    Args:
        y: Samples of a function.
        x: Where they are taken, of the shape of y or along `axis` alone; None for places `dx`
            apart.
        dx: The distance of neighbors if there is no x.
        axis: The axis of the samples.

    Raises:
        ValueError: If y has no axis.

    Example:
        >>> trapezoid(np.array([1.0, 2.0, 3.0]))
        np.float64(4.0)
    """
    last = swapaxes(y, axis1=axis, axis2=-1)
    sums = diff(last, axis=-1) + 2 * last[..., :-1]
    if x is None:
        return sum(sums, axis=-1) * (dx / 2)
    places = x if x.ndim == 1 else swapaxes(x, axis1=axis, axis2=-1)
    return sum(sums * diff(places, axis=-1), axis=-1) / 2


@composite
def trace(x: TensorLike, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorLike:
    """The sum of a diagonal.

    Args:
        x: Tensor or array of two axes or more.
        offset: The diagonal: 0 the main one, 1 the one above it.
        axis1: The axis of the rows.
        axis2: The axis of the columns.

    Raises:
        ValueError: If x does not have two such axes.

    Example:
        >>> trace(np.array([[1, 2], [3, 4]]))
        np.int64(5)
    """
    return sum(diagonal(x, offset=offset, axis1=axis1, axis2=axis2), axis=-1)


# ---- products ------------------------------------------------------------------------------------


@accumulates
@primitive
def prod(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The product over `axis`; its gradient is right where factors are 0.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> prod(np.array([[1, 2], [3, 4]]), axis=0)
        array([3, 8])
    """
    return x.prod(array_axis(axis, x.ndim), keepdims=keepdims)


def _prod_rule(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """g times the product of the other factors, without dividing by a factor that may be 0."""
    is_zero = x == 0
    if is_zero.any():
        others = _other_factors(x, axis)
    else:
        others = prod(x, axis=axis, keepdims=True) / x
    return expand_reduced(g, x, axis) * others


def _other_factors(x: Any, axis: Axis) -> Any:
    """For each element the product of the others along `axis`: those before it and those after."""
    order = _axes_last(axis, x.ndim)
    n = _count(x.shape, axis)
    moved = x.transpose(order)
    rows = moved.reshape((-1, n))
    ones = backend(x).ones((len(rows), 1), x.dtype)
    before, after = [ones], [ones]
    for i in range(n - 1):
        column = rows[:, i : i + 1]
        column_from_end = rows[:, n - 1 - i : n - i]
        before.append(before[-1] * column)
        after.append(after[-1] * column_from_end)
    columns = [a * b for a, b in zip(before, reversed(after))]
    others = concatenate(columns, axis=1).reshape(moved.shape)
    return others.transpose(inverse_permutation(order))


prod.gradients(_prod_rule, needs="x")


@accumulates
@primitive
def _cumprod(x: TensorLike) -> TensorLike:
    """Running products along the last axis."""
    return x.cumprod(-1)


def _cumprod_rule(g: Any, y: Any, x: Any) -> Any:
    """The sum of g times the product of the other factors, at and after each element."""
    if (x == 0).any():
        n = x.shape[-1]
        is_own = backend(x).eye(n, dtype=bool)
        others = triu(_cumprod(where(is_own, 1, x[..., None, :])))  # (..., own, last factor)
        return sum(g[..., None, :] * others, axis=-1)
    from_the_end = cumsum(flip(g * y, axis=-1), axis=-1)
    return flip(from_the_end, axis=-1) / x


_cumprod.gradients(_cumprod_rule, needs="y x")


@composite
def cumprod(x: TensorLike, *, axis: int | None = None) -> TensorLike:
    """Running products along `axis`; the gradient is right where factors are 0.

    Args:
        x: Tensor or array.
        axis: The axis; None for the flattened array.

    Example:
        >>> cumprod(np.array([1, 2, 3]))
        array([1, 2, 6])
    """
    if axis is None:
        return _cumprod(flatten(x))
    axis = normalize_axis(axis, x.ndim)
    if not x.ndim:
        return x
    return swapaxes(_cumprod(swapaxes(x, axis1=axis, axis2=-1)), axis1=axis, axis2=-1)


# ---- extremes ------------------------------------------------------------------------------------


def _check_elements(x: Any, axis: Any) -> None:
    """Raise ValueError if there is nothing to compare along `axis`."""
    if not x.size and not _count(x.shape, axis):
        raise ValueError(f"there are no elements to compare along axis {axis} of shape {x.shape}")


@primitive
def max(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The largest element over `axis`; among equals the first has the gradient.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> max(np.array([[1, 5], [3, 4]]), axis=0)
        array([3, 5])
    """
    _check_elements(x, axis)
    return x.max(array_axis(axis, x.ndim), keepdims=keepdims)


@primitive
def min(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The smallest element over `axis`; among equals the first has the gradient.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> min(np.array([[1, 5], [3, 4]]), axis=0)
        array([1, 4])
    """
    _check_elements(x, axis)
    return x.min(array_axis(axis, x.ndim), keepdims=keepdims)


def _first_match(x: Any, y: Any, axis: Axis) -> Any:
    """True at the first element along `axis` that equals the extreme y."""
    values = getattr(x, "_array", x)
    extreme = getattr(y, "_array", y)
    order = _axes_last(axis, x.ndim)
    is_equal = values == expand_reduced(extreme, x, axis)
    matches = is_equal.transpose(order)
    rows = matches.reshape((-1, _count(x.shape, axis)))
    first = rows & (rows.cumsum(1) == 1)
    mask = first.reshape(matches.shape).transpose(inverse_permutation(order))
    return mask.copy()


def _extreme_rule(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    mask = _first_match(x, y, axis)
    return where(mask, expand_reduced(g, x, axis), 0)


max.gradients(_extreme_rule, needs="y x")
min.gradients(_extreme_rule, needs="y x")


@composite
def amax(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """`max` under its longer name.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> amax(np.array([[1, 5], [3, 4]]), axis=0)
        array([3, 5])
    """
    return max(x, axis=axis, keepdims=keepdims)


@composite
def amin(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """`min` under its longer name.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> amin(np.array([[1, 5], [3, 4]]), axis=0)
        array([1, 4])
    """
    return min(x, axis=axis, keepdims=keepdims)


@composite
def ptp(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The largest element over `axis` minus the smallest: peak to peak.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> ptp(np.array([[1, 5], [3, 4]]), axis=0)
        array([2, 1])
    """
    return max(x, axis=axis, keepdims=keepdims) - min(x, axis=axis, keepdims=keepdims)


@primitive
def argmax(x: TensorLike, *, axis: int | None = None, keepdims: bool = False) -> TensorLike:
    """The index of the largest element along `axis`, the first among equals.

    Args:
        x: Tensor or array.
        axis: The axis; None for the flattened array.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> argmax(np.array([[1, 5], [3, 4]]), axis=0)
        array([1, 0])
    """
    _check_elements(x, axis)
    found = x.argmax(_axis_of_index(x, axis))
    return found.reshape(_keepdims_shape(x.shape, axis)) if keepdims else found


@primitive
def argmin(x: TensorLike, *, axis: int | None = None, keepdims: bool = False) -> TensorLike:
    """The index of the smallest element along `axis`, the first among equals.

    Args:
        x: Tensor or array.
        axis: The axis; None for the flattened array.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> argmin(np.array([[1, 5], [3, 4]]), axis=0)
        array([0, 1])
    """
    _check_elements(x, axis)
    found = x.argmin(_axis_of_index(x, axis))
    return found.reshape(_keepdims_shape(x.shape, axis)) if keepdims else found


def _axis_of_index(x: Array, axis: int | None) -> int | None:
    """The axis of argmax and argmin; None for a number, of which CuPy takes no other."""
    axis = axis if axis is None else normalize_axis(axis, x.ndim)
    return axis if x.ndim else None


# ---- truth ---------------------------------------------------------------------------------------


@primitive
def any(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """True where some element along `axis` is not zero.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> any(np.array([[0, 1], [0, 0]]), axis=0)
        array([False,  True])
    """
    return backend(x).any(x, array_axis(axis, x.ndim), keepdims=keepdims)


@primitive
def all(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """True where every element along `axis` is not zero.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> all(np.array([[0, 1], [1, 1]]), axis=0)
        array([False,  True])
    """
    return backend(x).all(x, array_axis(axis, x.ndim), keepdims=keepdims)


for _op in (argmax, argmin, any, all):
    _op.gradients(None)
