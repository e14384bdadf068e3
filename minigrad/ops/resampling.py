"""Resampling by a filter: enlarge, blur and shrink images without aliasing.

Along one axis all of it is one banded matrix, so that both axes are two matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..backend import Array, backend
from ..engine.autograd import composite
from ..engine.dtypes import real
from .matmul import matmul
from .shapes import reshape
from .windows import Pair, check_images, pair

Filter = Sequence[float]


@composite
@real
def upfirdn2d(x: Any, *, filter: Filter, up: Any = 1, down: Any = 1, padding: Any = 0) -> Any:
    """Images enlarged with zeros, padded, convolved with a filter, and shrunk: in this order.

    Along each axis, u has x[i] at up * i and zeros between, v is u with zeros around it, and
    y[o] = sum over k of filter[K - 1 - k] * v[down * o + k].

    Args:
        x: Images (N, H, W, C).
        filter: K numbers, applied along both axes.
        up: up - 1 zeros follow each pixel: a number or (vertical, horizontal).
        down: Every how many pixels one is kept: a number or (vertical, horizontal).
        padding: Zeros around the enlarged images: a number or (before, after), equal for both
            axes. A negative one removes pixels.

    Shape:
        (N, H, W, C) -> (N, OH, OW, C) with OH = (up * H + before + after - K) // down + 1

    Raises:
        ValueError: If an argument is of another form, or the filter is longer than the padded
            images.

    References:
        Karras et al. 2019, arXiv:1912.04958.

    Example:
        >>> row = np.array([1.0, 2.0]).reshape(1, 1, 2, 1)
        >>> y = minigrad.ops.upfirdn2d(row, filter=[1, 1], up=(1, 2), padding=(1, 0))
        >>> y.ravel().tolist()
        [1.0, 1.0, 2.0, 2.0]
    """
    check_images(x)
    coefficients = _coefficients(filter)
    enlarged, kept = pair(up, "up"), pair(down, "down")
    before, after = _both_ends(padding)
    n, height, width, channels = x.shape
    rows, columns = (
        _matrix(x, length, coefficients, (enlarged[i], kept[i]), (before, after))
        for i, length in enumerate((height, width))
    )
    y = matmul(rows, reshape(x, shape=(n, height, width * channels)))
    return matmul(columns, reshape(y, shape=(n, len(rows), width, channels)))


@composite
def upsample2d(x: Any, *, filter: Filter = (1, 3, 3, 1), factor: int = 2) -> Any:
    """Images enlarged by a whole factor and smoothed by a filter.

    Args:
        x: Images (N, H, W, C).
        filter: Numbers, applied along both axes; they are scaled so that brightness stays.
        factor: The factor.

    Shape:
        (N, H, W, C) -> (N, factor * H, factor * W, C)

    Raises:
        ValueError: If an argument is of another form.

    Example:
        >>> minigrad.ops.upsample2d(np.ones((1, 4, 4, 3))).shape
        (1, 8, 8, 3)
    """
    size = len(_coefficients(filter))
    padding = (size + factor - 1) // 2, (size - factor) // 2
    return upfirdn2d(x, filter=scale_filter(filter, factor), up=factor, padding=padding)


@composite
def downsample2d(x: Any, *, filter: Filter = (1, 3, 3, 1), factor: int = 2) -> Any:
    """Images smoothed by a filter and shrunk by a whole factor.

    Args:
        x: Images (N, H, W, C).
        filter: Numbers, applied along both axes; they are scaled so that brightness stays.
        factor: The factor.

    Shape:
        (N, H, W, C) -> (N, H / factor, W / factor, C)

    Raises:
        ValueError: If an argument is of another form.

    Example:
        >>> minigrad.ops.downsample2d(np.ones((1, 8, 8, 3))).shape
        (1, 4, 4, 3)
    """
    size = len(_coefficients(filter))
    padding = (size - factor + 1) // 2, (size - factor) // 2
    return upfirdn2d(x, filter=scale_filter(filter), down=factor, padding=padding)


# ---- filters -------------------------------------------------------------------------------------


def _coefficients(filter: Filter) -> tuple[float, ...]:
    """The numbers of a filter; ValueError unless there are some, in one row."""
    coefficients = np.asarray(filter, float)
    if coefficients.ndim != 1 or not coefficients.size:
        raise ValueError(
            f"filter must be numbers in one row, such as (1, 3, 3, 1), not {filter!r}: one row "
            "serves both axes"
        )
    return tuple(coefficients.tolist())


def scale_filter(filter: Filter, total: float = 1) -> tuple[float, ...]:
    """The filter times what makes its sum `total`; ValueError if the sum is 0."""
    coefficients = _coefficients(filter)
    if not sum(coefficients):
        raise ValueError(f"filter {filter!r} cannot keep the brightness: its sum is 0")
    return tuple(total * coefficient / sum(coefficients) for coefficient in coefficients)


def _both_ends(padding: Any) -> Pair:
    ends = tuple(padding) if isinstance(padding, (tuple, list)) else (padding, padding)
    if len(ends) != 2 or not all(hasattr(n, "__index__") for n in ends):
        raise ValueError(f"padding must be a whole number or (before, after), not {padding!r}")
    return ends


def _matrix(
    x: Any, length: int, coefficients: tuple[float, ...], factors: Pair, padding: Pair
) -> Array:
    """The matrix (new length, length) for an axis of x, in its dtype and on its device."""
    return backend(x).asarray(_host_matrix(length, coefficients, factors, padding).astype(x.dtype))


@lru_cache(256)
def _host_matrix(
    length: int, coefficients: tuple[float, ...], factors: Pair, padding: Pair
) -> np.ndarray:
    """matrix[o, i]: the weight of pixel i in output o."""
    (up, down), (before, after), size = factors, padding, len(coefficients)
    padded = up * length + before + after
    if padded < size:
        raise ValueError(
            f"the filter of {size} numbers is longer than the {padded} pixels that an axis of "
            f"{length} has when it is enlarged by {up} and padded by {padding}"
        )
    outputs = np.arange((padded - size) // down + 1)
    # which coefficient meets the pixel
    k = before + up * np.arange(length) - down * outputs[:, None]
    inside = (k >= 0) & (k < size)
    return np.where(inside, np.array(coefficients[::-1])[k.clip(0, size - 1)], 0.0)
