"""Pooling on a GPU: one kernel for each direction, which lays out no window."""

from __future__ import annotations

from ...backend import Array, backend
from ...ops.pooling import lowest
from ...ops.windows import Window, check_images
from .. import pooling
from .launch import contiguous, launch_rows, on_reals, window_args


def _launch_windows(kernel: str, out: Array, arrays: tuple[Array, ...], window: Window) -> None:
    """Launch a kernel that writes `out` row by row, where a row is an output position or a pixel."""
    channels = out.shape[3]
    rows = out.size // channels
    read = [contiguous(a) if hasattr(a, "flags") else a for a in arrays]
    launch_rows(kernel, rows, channels, (out, *read, rows, channels, *window_args(window)))


@on_reals(pooling.max_pool_forward)
def max_pool_forward(x: Array, *, window: Window) -> Array:
    """The largest pixel of each window."""
    check_images(x, window)
    y = backend(x).empty((len(x), *window.output_shape, x.shape[3]), x.dtype)
    _launch_windows("max_pool", y, (x, lowest(x.dtype)), window)
    return y


@on_reals(pooling.max_pool_grad)
def max_pool_grad(grad_output: Array, x: Array, maxima: Array, *, window: Window) -> Array:
    """Each gradient at the first pixel of its window that is the largest."""
    check_images(x, window)
    grad = backend(x).empty(x.shape, x.dtype)
    _launch_windows("max_pool_grad", grad, (grad_output, x, maxima), window)
    return grad


@on_reals(pooling.gather_at_argmax)
def gather_at_argmax(v: Array, x: Array, maxima: Array, *, window: Window) -> Array:
    """In each window the pixel of v where x has its first largest."""
    check_images(v, window)
    check_images(x, window)
    y = backend(v).empty(maxima.shape, v.dtype)
    _launch_windows("gather_at_argmax", y, (v, x, maxima), window)
    return y


@on_reals(pooling.avg_pool_forward)
def avg_pool_forward(x: Array, *, window: Window) -> Array:
    """The mean of the pixels of each window."""
    check_images(x, window)
    y = backend(x).empty((len(x), *window.output_shape, x.shape[3]), x.dtype)
    _launch_windows("avg_pool", y, (x,), window)
    return y


@on_reals(pooling.avg_pool_grad)
def avg_pool_grad(grad_output: Array, *, window: Window) -> Array:
    """Each gradient in equal parts at all pixels of its window."""
    check_images(grad_output)
    n, *_, channels = grad_output.shape
    grad = backend(grad_output).empty((n, *window.image_size, channels), grad_output.dtype)
    _launch_windows("avg_pool_grad", grad, (grad_output,), window)
    return grad
