"""Reductions of what is known: NaN stands for a missing element and is left out."""

from __future__ import annotations

import math
from typing import Any

from ..engine.autograd import composite
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import astype, isnan, logical_not, sqrt, square, where
from .reductions import all, max, min, prod, sum


@composite
def nansum(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The sum over `axis` without NaN.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> nansum(np.array([1.0, np.nan, 3.0]))
        np.float64(4.0)
    """
    return sum(where(isnan(x), 0, x), axis=axis, keepdims=keepdims)


@composite
def nanprod(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The product over `axis` without NaN.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> nanprod(np.array([2.0, np.nan, 3.0]))
        np.float64(6.0)
    """
    return prod(where(isnan(x), 1, x), axis=axis, keepdims=keepdims)


@composite
def nanmax(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The largest element over `axis` without NaN; NaN where there is no other.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> nanmax(np.array([1.0, np.nan, 3.0]))
        array(3.)
    """
    return _extreme(max, x, -math.inf, axis, keepdims)


@composite
def nanmin(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The smallest element over `axis` without NaN; NaN where there is no other.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> nanmin(np.array([1.0, np.nan, 3.0]))
        array(1.)
    """
    return _extreme(min, x, math.inf, axis, keepdims)


def _extreme(reduce: Any, x: Any, last: float, axis: Any, keepdims: bool) -> Any:
    """An extreme of the elements, where `last` stands for NaN."""
    if x.dtype.kind != "f":
        return reduce(x, axis=axis, keepdims=keepdims)
    is_missing = isnan(x)
    found = reduce(where(is_missing, last, x), axis=axis, keepdims=keepdims)
    return where(all(is_missing, axis=axis, keepdims=keepdims), math.nan, found)


@composite
@real
def nanmean(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The mean over `axis` without NaN; NaN where there is nothing else.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> nanmean(np.array([1.0, np.nan, 3.0]))
        array(2.)
    """
    return _per_known(nansum(x, axis=axis, keepdims=keepdims), x, axis, keepdims)


def _per_known(total: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A sum over `axis`, divided by the number of elements of x there that are not NaN."""
    is_known = astype(logical_not(isnan(x)), dtype=x.dtype)
    count = sum(is_known, axis=axis, keepdims=keepdims)
    return where(count == 0, math.nan, total / where(count == 0, 1, count))


@composite
@real
def nanvar(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The variance over `axis` without NaN; NaN where there is nothing else.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> nanvar(np.array([1.0, np.nan, 3.0]))
        array(1.)
    """
    deviations = where(isnan(x), 0, x - nanmean(x, axis=axis, keepdims=True))
    total = sum(square(deviations), axis=axis, keepdims=keepdims)
    return _per_known(total, x, axis, keepdims)


@composite
@real
def nanstd(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """The standard deviation over `axis` without NaN: sqrt(nanvar).

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> nanstd(np.array([1.0, np.nan, 3.0]))
        array(1.)
    """
    variance = nanvar(x, axis=axis, keepdims=keepdims)
    is_zero = variance == 0  # where sqrt has no slope
    return where(is_zero, 0, sqrt(where(is_zero, 1, variance)))
