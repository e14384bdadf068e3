"""Convolution made fast: patches laid out block by block and multiplied by BLAS.

Each of the three ops has three forms: dense (one group), depthwise (a group per channel), and grouped,
which is dense for each group.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..backend import Array, backend
from ..ops.convolution import conv2d_shape, input_grad_shape, kernel_grad_shape
from ..ops.windows import Pads, Window, shared_window
from .blocks import row_sums
from .windows import disjoint_offsets, im2col_is_reshape, iter_blocks, iter_im2col

# ---- the three ops -------------------------------------------------------------------------------


def conv2d_forward(
    x: Array, w: Array, b: Array | None, *, window: Window, groups: int = 1
) -> Array:
    """conv2d(x, w) + b."""
    shape = conv2d_shape(x, w, window, groups)
    if groups == 1:
        return _dense(x, w, b, window)
    if groups == x.shape[3]:
        y = _depthwise(_repeat_channels(x, shape[3] // groups), w, window)
    else:
        parts = _iter_groups(groups, x.shape[3], w.shape[3])
        y = _concatenate(_dense(x[..., c], w[..., f], None, window) for c, f in parts)
    return y if b is None else y + b


def conv2d_input_grad(grad_output: Array, w: Array, *, window: Window, groups: int = 1) -> Array:
    """The gradient for the images."""
    shape = input_grad_shape(grad_output, w, window, groups)
    if groups == 1:
        return _dense_input_grad(grad_output, w, window)
    if groups == shape[3]:
        x = _depthwise_input_grad(grad_output, w, window)
        return _sum_repeated_channels(x, w.shape[3] // groups)
    parts = _iter_groups(groups, w.shape[3])
    return _concatenate(_dense_input_grad(grad_output[..., f], w[..., f], window) for (f,) in parts)


def conv2d_kernel_grad(x: Array, grad_output: Array, *, window: Window, groups: int = 1) -> Array:
    """The gradient for the kernel."""
    shape = kernel_grad_shape(x, grad_output, window, groups)
    if groups == 1:
        return _dense_kernel_grad(x, grad_output, window)
    if groups == x.shape[3]:
        repeated = _repeat_channels(x, shape[3] // groups)
        return _depthwise_kernel_grad(repeated, grad_output, window)
    parts = _iter_groups(groups, x.shape[3], shape[3])
    return _concatenate(
        _dense_kernel_grad(x[..., c], grad_output[..., f], window) for c, f in parts
    )


def _iter_groups(groups: int, *lengths: int) -> Iterator[list[slice]]:
    """For each group the part of each axis, given by its length, that belongs to it."""
    for i in range(groups):
        yield [slice(i * n // groups, (i + 1) * n // groups) for n in lengths]


def _concatenate(parts: Iterator[Array]) -> Array:
    arrays = list(parts)
    return backend(arrays[0]).concatenate(arrays, -1)


# ---- dense ---------------------------------------------------------------------------------------


def _dense(x: Array, w: Array, b: Array | None, window: Window) -> Array:
    """Patches times the kernel; the bias is added to each block while it is in the cache."""
    xp, filters = backend(x), w.shape[3]
    y = xp.empty((len(x), *window.output_shape, filters), xp.result_type(x, w))
    matrix = w.reshape((-1, filters))
    row_of_biases = None if b is None else _repeat(b, window.output_shape[1]).reshape(-1)
    for images, rows, patches in iter_im2col(x, window):
        out = y[images, rows]
        xp.dot(patches, matrix, out=out.reshape((-1, filters)))
        if row_of_biases is not None:
            out = out.reshape((-1, len(row_of_biases)))
            out += row_of_biases
    return y


def _dense_kernel_grad(x: Array, grad_output: Array, window: Window) -> Array:
    """Transposed patches times the outputs' gradients, added up over the blocks."""
    xp, channels, filters = backend(x), x.shape[3], grad_output.shape[3]
    size = math.prod(window.kernel) * channels
    w = xp.zeros((size, filters), xp.result_type(x, grad_output))
    product = xp.empty_like(w)
    for images, rows, patches in iter_im2col(x, window):
        block = grad_output[images, rows].reshape((-1, filters))
        w += xp.dot(patches.T, block, out=product)
    return w.reshape((*window.kernel, channels, filters))


def _dense_input_grad(grad_output: Array, w: Array, window: Window) -> Array:
    """A reshaped product, a convolution with the flipped kernel, or sums: the fastest that fits."""
    xp, (_, _, channels, filters) = backend(w), w.shape
    if im2col_is_reshape(window):
        x = xp.dot(grad_output.reshape((-1, filters)), w.reshape((-1, filters)).T)
        return x.reshape((len(grad_output), *window.image_size, channels))
    pads = flipped_kernel_padding(window, channels, filters)
    if pads is not None:
        flipped = xp.ascontiguousarray(w[::-1, ::-1].swapaxes(2, 3))
        outputs = shared_window(window.output_shape, window.kernel, (1, 1), window.dilation, pads)
        return _dense(grad_output, flipped, None, outputs)
    return _dense_input_grad_by_sums(grad_output, w, window)


def _dense_input_grad_by_sums(grad_output: Array, w: Array, window: Window) -> Array:
    """For each set of offsets under which positions share no pixel, one product added to the images."""
    xp, (_, _, channels, filters) = backend(w), w.shape
    shape = (len(grad_output), *window.image_size, channels)
    x = xp.zeros(shape, xp.result_type(grad_output, w))
    offsets = [(i, j, w[i, j].reshape((-1, filters)).T) for i, j in disjoint_offsets(window)]
    width = filters + offsets[0][2].shape[1]
    for images, rows, patches in iter_blocks(x, window, width, accumulate=True):
        block = grad_output[images, rows].reshape((-1, filters))
        for i, j, matrix in offsets:
            pixels = patches[:, :, :, i, j]
            pixels += xp.dot(block, matrix).reshape(pixels.shape)
    return x


def flipped_kernel_padding(window: Window, channels: int, filters: int) -> Pads | None:
    """The padding with which a convolution with the flipped kernel is the input gradient.

    None where there is none (strides above 1, padding beyond the kernel), or where it takes longer:
    it lays out every output once per offset, sums add every pixel once per offset. It takes half the
    time with as many outputs as pixels, and longer with more than twice as many.
    """
    (eh, ew), ((top, bottom), (left, right)) = window.extent, window.pads
    pads = (eh - 1 - top, eh - 1 - bottom), (ew - 1 - left, ew - 1 - right)
    if window.strides != (1, 1) or min(map(min, pads)) < 0:
        return None
    outputs = math.prod(window.image_size) * filters
    pixels = math.prod(window.output_shape) * channels
    return pads if outputs <= 2 * pixels else None


# ---- depthwise: each channel has one filter ------------------------------------------------------


def _depthwise(x: Array, w: Array, window: Window) -> Array:
    """Pixels times kernel elements, added up over the offsets."""
    xp, channels = backend(x), x.shape[3]
    shape = (len(x), *window.output_shape, channels)
    y = xp.zeros(shape, xp.result_type(x, w))
    tiled = tile_kernel(w, window)
    for images, rows, patches in iter_blocks(x, window, 2 * channels):
        out = y[images, rows]
        product = xp.empty_like(out)
        for i, j in window.kernel_offsets():
            out += xp.multiply(patches[:, :, :, i, j], tiled[i, j], out=product)
    return y


def _depthwise_kernel_grad(x: Array, grad_output: Array, window: Window) -> Array:
    """Pixels times outputs' gradients, added up over the positions."""
    xp, channels = backend(x), x.shape[3]
    w = xp.zeros((*window.kernel, 1, channels), xp.result_type(x, grad_output))
    for images, rows, patches in iter_blocks(x, window, 2 * channels):
        block = grad_output[images, rows]
        product = xp.empty(block.shape, w.dtype)
        for i, j in window.kernel_offsets():
            w[i, j] += row_sums(xp.multiply(patches[:, :, :, i, j], block, out=product))
    return w


def _depthwise_input_grad(grad_output: Array, w: Array, window: Window) -> Array:
    """Outputs' gradients times kernel elements, added to the images under each offset."""
    xp, channels = backend(w), w.shape[3]
    shape = (len(grad_output), *window.image_size, channels)
    x = xp.zeros(shape, xp.result_type(grad_output, w))
    tiled = tile_kernel(w, window)
    for images, rows, patches in iter_blocks(x, window, 2 * channels, accumulate=True):
        block = grad_output[images, rows]
        product = xp.empty(block.shape, x.dtype)
        for i, j in window.kernel_offsets():
            pixels = patches[:, :, :, i, j]
            pixels += xp.multiply(block, tiled[i, j], out=product)
    return x


def tile_kernel(w: Array, window: Window) -> Array:
    """(KH, KW, 1, C) -> (KH, KW, OW, C): NumPy is fast where a row of positions is one run."""
    xp, (kh, kw, _, channels) = backend(w), w.shape
    return xp.ascontiguousarray(xp.broadcast_to(w, (kh, kw, window.output_shape[1], channels)))


def _repeat(b: Array, n: int) -> Array:
    """(C,) -> (n, C), in memory."""
    xp = backend(b)
    return xp.ascontiguousarray(xp.broadcast_to(b, (n, len(b))))


def _repeat_channels(x: Array, n: int) -> Array:
    """Each channel n times in a row: once for each of its filters."""
    if n == 1:
        return x
    repeated = backend(x).broadcast_to(x[..., None], (*x.shape, n))
    return repeated.reshape((*x.shape[:3], n * x.shape[3]))


def _sum_repeated_channels(x: Array, n: int) -> Array:
    return x if n == 1 else x.reshape((*x.shape[:3], x.shape[3] // n, n)).sum(4)
