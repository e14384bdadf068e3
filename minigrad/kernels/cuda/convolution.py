"""Convolution on a GPU: one kernel lays out the patches, cuBLAS multiplies them.

The input gradient is the product first, then one kernel adds up for each pixel the patches that
hold it. Groups are one batch of products. Depthwise convolution needs no patches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ...backend import Array, backend, chunks
from ...ops.convolution import conv2d_shape, input_grad_shape, kernel_grad_shape
from ...ops.windows import Window, check_images
from .. import blocks, convolution
from ..windows import im2col_is_reshape
from .launch import THREADS, WARP, contiguous, launch, launch_rows, on_reals, window_args

# ---- patches -------------------------------------------------------------------------------------


def im2col(x: Array, window: Window, groups: int) -> Array:
    """(N, H, W, C) -> (groups, N * OH * OW, KH * KW * C / groups), the patches of each group."""
    n, channels = len(x), x.shape[3]
    positions = n * math.prod(window.output_shape)
    offsets = math.prod(window.kernel)
    shape = groups, positions, offsets * channels // groups
    if groups == 1 and im2col_is_reshape(window):
        return x.reshape(shape)
    patches = backend(x).empty(shape, x.dtype)
    rows = positions * offsets
    args = patches, contiguous(x), rows, channels, groups, *window_args(window)
    launch_rows("im2col", rows, channels, args)
    return patches


def col2im(patches: Array, images: Array, window: Window) -> None:
    """Write images (N, H, W, C) of the patches added up: the adjoint of im2col."""
    groups, positions, _ = patches.shape
    rows = images.size // images.shape[3]
    args = images, patches, rows, positions, images.shape[3], groups, *window_args(window)
    launch_rows("col2im", rows, images.shape[3], args)


def image_chunks(n: int, channels: int, window: Window) -> Iterator[slice]:
    """Slices of images whose patches fit in one buffer."""
    patches = math.prod(window.output_shape) * math.prod(window.kernel) * channels
    return chunks(n, max(1, blocks.DEVICE_BLOCK // max(1, patches)))


def kernel_matrices(w: Array, groups: int) -> Array:
    """(KH, KW, C / groups, F) -> (groups, KH * KW * C / groups, F / groups)."""
    filters = w.shape[3]
    return w.reshape((-1, groups, filters // groups)).swapaxes(0, 1)


def split_groups(a: Array, groups: int) -> Array:
    """(..., F) -> (groups, positions, F / groups), a view."""
    return a.reshape((-1, groups, a.shape[-1] // groups)).swapaxes(0, 1)


def products(a: Array, b: Array) -> Array:
    """a @ b of each group. For one alone cuBLAS reads a transposed matrix where it lies."""
    return a[0].dot(b[0])[None] if len(a) == 1 else backend(a).matmul(a, b)


# ---- the three ops -------------------------------------------------------------------------------


@on_reals(convolution.conv2d_forward)
def conv2d_forward(
    x: Array, w: Array, b: Array | None, *, window: Window, groups: int = 1
) -> Array:
    """conv2d(x, w) + b."""
    check_images(x, window)
    shape = conv2d_shape(x.shape, w.shape, window, groups)
    xp, channels = backend(x), x.shape[3]
    y = xp.empty(shape, x.dtype)
    if groups == channels:
        _depthwise(y, x, w, b, window)
        return y
    matrices = kernel_matrices(w, groups)
    for images in image_chunks(len(x), channels, window):
        patches, out = im2col(x[images], window, groups), y[images]
        if groups == 1:
            xp.dot(patches[0], matrices[0], out=out.reshape((-1, shape[3])))
        else:
            split_groups(out, groups)[...] = products(patches, matrices)
    if b is not None:
        y += b
    return y


@on_reals(convolution.conv2d_input_grad)
def conv2d_input_grad(grad_output: Array, w: Array, *, window: Window, groups: int = 1) -> Array:
    """The gradient for the images."""
    shape = input_grad_shape(grad_output.shape, w.shape, window, groups)
    xp, channels = backend(w), shape[3]
    if groups == 1 and im2col_is_reshape(window):
        return grad_output.reshape((-1, w.shape[3])).dot(kernel_matrices(w, 1)[0].T).reshape(shape)
    x = xp.empty(shape, w.dtype)
    if groups == channels:
        filters = w.shape[3]
        rows = x.size // channels
        arrays = x, contiguous(grad_output), contiguous(w)
        args = *arrays, rows, filters, filters // channels, *window_args(window)
        launch_rows("depthwise_input_grad", rows, channels, args)
        return x
    transposed = kernel_matrices(w, groups).swapaxes(1, 2)
    for images in image_chunks(len(x), channels, window):
        outputs = split_groups(grad_output[images], groups)
        col2im(products(outputs, transposed), x[images], window)
    return x


@on_reals(convolution.conv2d_kernel_grad)
def conv2d_kernel_grad(x: Array, grad_output: Array, *, window: Window, groups: int = 1) -> Array:
    """The gradient for the kernel."""
    check_images(x, window)
    shape = kernel_grad_shape(x.shape, grad_output.shape, window, groups)
    channels = x.shape[3]
    if groups == channels:
        return _depthwise_kernel_grad(x, grad_output, window).reshape(shape)
    total: Any = 0
    for images in image_chunks(len(x), channels, window):
        patches = im2col(x[images], window, groups)
        outputs = split_groups(grad_output[images], groups)
        w = products(patches.swapaxes(1, 2), outputs)
        total = w if images.start == 0 else total + w
    return total.swapaxes(0, 1).reshape(shape)


# ---- depthwise -----------------------------------------------------------------------------------

RUN = 1 << 9  # output positions that one block adds up, at least
RUNS = 1 << 9  # at most so many sums for one element of the kernel


def _depthwise(y: Array, x: Array, w: Array, b: Array | None, window: Window) -> None:
    """Write y = conv2d(x, w) + b."""
    filters = y.shape[3]
    rows = y.size // filters
    arrays = y, contiguous(x), contiguous(w), None if b is None else contiguous(b)
    args = *arrays, rows, filters, filters // x.shape[3], *window_args(window)
    launch_rows("depthwise", rows, filters, args)


def _depthwise_kernel_grad(x: Array, grad_output: Array, window: Window) -> Array:
    """(KH, KW, F), first summed over runs of output positions, then over the runs."""
    filters = grad_output.shape[3]
    positions = grad_output.size // filters
    run = max(RUN, -(-positions // RUNS))
    runs = -(-positions // run)
    offsets = math.prod(window.kernel)
    parts = backend(x).empty((runs, *window.kernel, filters), x.dtype)
    across = min(WARP, 1 << (filters - 1).bit_length())
    arrays = parts, contiguous(x), contiguous(grad_output)
    args = *arrays, positions, run, filters, filters // x.shape[3], *window_args(window)
    grid = -(-filters // across), offsets, runs
    launch("depthwise_kernel_grad", grid, (across, THREADS // across), args)
    return parts[0] if runs == 1 else parts.sum(0)
