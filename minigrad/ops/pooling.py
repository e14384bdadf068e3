"""Pooling of images (N, H, W, C): the largest pixel or the mean of each window.

The definitions read the patches of im2col. max_pool_grad and gather_at_argmax are adjoint in their
first input, and so are average_pool and avg_pool_grad.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import Array, backend
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from .shapes import expand_dims, squeeze
from .windows import Window, as_row, check_data_format, check_images, col2im, im2col

OVER_WINDOW = 3, 4  # the axes KH and KW of patches


def lowest(dtype: Any) -> float:
    """What no number of the dtype is below."""
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).min)
    return False if dtype.kind == "b" else -math.inf


# ---- the largest ---------------------------------------------------------------------------------


@primitive(kernel="max_pool")
def _max_pool(x: Array, *, window: Window) -> Array:
    """The largest pixel of each window; padding is never the largest."""
    patches = im2col(x, window=window, fill=lowest(x.dtype))
    return patches.max(OVER_WINDOW)


@primitive(kernel="max_pool_grad")
def max_pool_grad(grad_output: Array, x: Array, maxima: Array, *, window: Window) -> Array:
    """The gradient of max pooling: that of each window goes to the first pixel that is the largest.

    Args:
        grad_output: (N, OH, OW, C).
        x: The images (N, H, W, C) that were pooled.
        maxima: What pooling gave: (N, OH, OW, C).
        window: The geometry.

    Shape:
        (N, OH, OW, C) -> (N, H, W, C)
    """
    mask = _argmax_mask(x, maxima, window)
    patches = grad_output[:, :, :, None, None] * mask
    return col2im(patches, window=window)


@primitive(kernel="gather_at_argmax")
def gather_at_argmax(v: Array, x: Array, maxima: Array, *, window: Window) -> Array:
    """In each window the pixel of v where x has its first largest: the adjoint of max_pool_grad.

    Args:
        v: Images (N, H, W, C) to read.
        x: The images (N, H, W, C) that were pooled.
        maxima: What pooling gave: (N, OH, OW, C).
        window: The geometry.

    Shape:
        (N, H, W, C) -> (N, OH, OW, C)
    """
    mask = _argmax_mask(x, maxima, window)
    patches = im2col(v, window=window)
    return (patches * mask).sum(OVER_WINDOW)


def _argmax_mask(x: Array, maxima: Array, window: Window) -> Array:
    """True at the first pixel of each patch, row by row, that is its maximum."""
    patches = im2col(x, window=window, fill=lowest(x.dtype))
    matches = patches == maxima[:, :, :, None, None]
    n, rows, columns, kh, kw, channels = matches.shape
    flat = matches.reshape((n, rows, columns, kh * kw, channels))
    first = flat & (flat.cumsum(3) == 1)
    return first.reshape(matches.shape)


_max_pool.gradients(lambda g, y, x, window: max_pool_grad(g, x, y, window=window), needs="y x")
max_pool_grad.gradients(
    lambda g, y, grad_output, x, maxima, window: gather_at_argmax(g, x, maxima, window=window),
    None,
    None,
    needs="x maxima",
)
gather_at_argmax.gradients(
    lambda g, y, v, x, maxima, window: max_pool_grad(g, x, maxima, window=window),
    None,
    None,
    needs="x maxima",
)


# ---- the mean ------------------------------------------------------------------------------------


@real
@primitive(kernel="avg_pool")
def _average_pool(x: Array, *, window: Window) -> Array:
    """The mean of the pixels of each window; padding does not count."""
    patches = im2col(x, window=window)
    return patches.sum(OVER_WINDOW) / _count_pixels(x, window)


@real
@primitive(kernel="avg_pool_grad")
def avg_pool_grad(grad_output: Array, *, window: Window) -> Array:
    """The gradient of average pooling: that of each window in equal parts to all its pixels.

    Args:
        grad_output: (N, OH, OW, C).
        window: The geometry.

    Shape:
        (N, OH, OW, C) -> (N, H, W, C)
    """
    xp = backend(grad_output)
    parts = grad_output / _count_pixels(grad_output, window)
    n, rows, columns, channels = grad_output.shape
    shape = (n, rows, columns, *window.kernel, channels)
    patches = xp.broadcast_to(parts[:, :, :, None, None], shape)
    return col2im(patches, window=window)


def _count_pixels(like: Array, window: Window) -> Array:
    """The number of pixels in each window, without padding: (1, OH, OW, 1)."""
    shape = (1, *window.image_size, 1)
    ones = backend(like).ones(shape, like.dtype)
    patches = im2col(ones, window=window)
    return patches.sum(OVER_WINDOW)


_average_pool.gradients(lambda g, y, x, window: avg_pool_grad(g, window=window), needs="")
avg_pool_grad.gradients(lambda g, y, grad_output, window: _average_pool(g, window=window), needs="")


# ---- as they are called --------------------------------------------------------------------------


@composite
def max_pool(
    x: Any,
    *,
    pool_size: Any = 2,
    strides: Any = None,
    padding: Any = "valid",
    data_format: str | None = None,
) -> Any:
    """The largest pixel of each window; among equals the first, row by row, has the gradient.

    Args:
        x: Images (N, H, W, C), or sequences (N, T, C).
        pool_size: The window: a number or (height, width).
        strides: Steps of the window: a number or (vertical, horizontal); None for the size.
        padding: "valid", "same" (TensorFlow's rule), a number, (vertical, horizontal) or
            ((top, bottom), (left, right)). Padding is never the largest.
        data_format: None or "channels_last".

    Shape:
        (N, H, W, C) -> (N, OH, OW, C)

    Raises:
        ValueError: If the window is larger than the padded images, or padding as large as it.

    Example:
        >>> minigrad.ops.max_pool(np.arange(16).reshape(1, 4, 4, 1)).ravel()
        array([ 5,  7, 13, 15])
    """
    check_data_format(data_format)
    return _pooled(_max_pool, x, pool_size, strides, padding)


@composite
def average_pool(
    x: Any,
    *,
    pool_size: Any = 2,
    strides: Any = None,
    padding: Any = "valid",
    data_format: str | None = None,
) -> Any:
    """The mean of the pixels of each window.

    Args:
        x: Images (N, H, W, C), or sequences (N, T, C).
        pool_size: The window: a number or (height, width).
        strides: Steps of the window: a number or (vertical, horizontal); None for the size.
        padding: "valid", "same" (TensorFlow's rule), a number, (vertical, horizontal) or
            ((top, bottom), (left, right)). Padding does not count.
        data_format: None or "channels_last".

    Shape:
        (N, H, W, C) -> (N, OH, OW, C)

    Raises:
        ValueError: If the window is larger than the padded images, or padding as large as it.

    Example:
        >>> minigrad.ops.average_pool(np.arange(16.0).reshape(1, 4, 4, 1)).ravel()
        array([ 2.5,  4.5, 10.5, 12.5])
    """
    check_data_format(data_format)
    return _pooled(_average_pool, x, pool_size, strides, padding)


def _pooled(op: Any, x: Any, size: Any, strides: Any, padding: Any) -> Any:
    """The op on images, or on sequences as images of one row."""
    steps = size if strides is None else strides
    if x.ndim == 3:
        rows = as_row(size, 1), as_row(steps, 1), as_row(padding, 0)
        return squeeze(_pooled(op, expand_dims(x, axis=1), *rows), axis=1)
    window = _pooling_window(x, size, steps, padding)
    y = x
    for one_pass in window.separable_passes:
        y = op(y, window=one_pass)
    return y


def _pooling_window(x: Any, size: Any, steps: Any, padding: Any) -> Window:
    """The window, each of whose positions has at least one pixel; ValueError otherwise."""
    check_images(x)
    window = Window.of(x.shape[1:3], size, steps, padding, name="window")
    for n, k, pads in zip(window.image_size, window.kernel, window.pads):
        if max(pads) >= k or n < 1:
            raise ValueError(
                f"padding {padding!r} must be less than the window of {k}: each window holds "
                f"pixels of the image of {window.image_size[0]} x {window.image_size[1]}"
            )
    return window
