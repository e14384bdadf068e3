"""Convolution made fast: patches laid out block by block and multiplied by BLAS.

Each of the three ops has three forms: dense (one group), depthwise (a group per channel), and
grouped, which is dense for each group.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..backend import Array, backend
from ..ops.convolution import conv2d_shape, input_grad_shape, kernel_grad_shape
from ..ops.windows import Pads, Window, check_images, shared_window
from .blocks import row_sums
from .windows import disjoint_offsets, im2col_is_reshape, iter_blocks, iter_im2col

# ---- the three ops -------------------------------------------------------------------------------


def conv2d_forward(
    x: Array, w: Array, b: Array | None, *, window: Window, groups: int = 1
) -> Array:
    """conv2d(x, w) + b."""
    check_images(x, window)
    filters = conv2d_shape(x.shape, w.shape, window, groups)[3]
    if groups == 1:
        return _dense_forward(x, w, window, b)
    if groups == x.shape[3]:
        repeated = repeat_channels(x, filters // groups)
        y = _depthwise_forward(repeated, w, window)
    else:
        y = _for_each_group(lambda x, w: _dense_forward(x, w, window), x, w, groups)
    return y if b is None else y + b


def conv2d_input_grad(grad_output: Array, w: Array, *, window: Window, groups: int = 1) -> Array:
    """The gradient for the images."""
    channels = input_grad_shape(grad_output.shape, w.shape, window, groups)[3]
    if groups == 1:
        return _dense_input_grad(grad_output, w, window)
    if groups == channels:
        x = _depthwise_input_grad(grad_output, w, window)
        return sum_repeated_channels(x, w.shape[3] // groups)
    return _for_each_group(lambda g, w: _dense_input_grad(g, w, window), grad_output, w, groups)


def conv2d_kernel_grad(x: Array, grad_output: Array, *, window: Window, groups: int = 1) -> Array:
    """The gradient for the kernel."""
    check_images(x, window)
    filters = kernel_grad_shape(x.shape, grad_output.shape, window, groups)[3]
    if groups == 1:
        return _dense_kernel_grad(x, grad_output, window)
    if groups == x.shape[3]:
        repeated = repeat_channels(x, filters // groups)
        return _depthwise_kernel_grad(repeated, grad_output, window)
    return _for_each_group(lambda x, g: _dense_kernel_grad(x, g, window), x, grad_output, groups)


def _for_each_group(op: Callable[..., Array], a: Array, b: Array, groups: int) -> Array:
    """op(part of a, part of b) for each group of their channels, joined."""
    xp = backend(a)
    parts = zip(xp.split(a, groups, -1), xp.split(b, groups, -1))
    return xp.concatenate([op(*part) for part in parts], -1)


# ---- dense ---------------------------------------------------------------------------------------


def _dense_forward(x: Array, w: Array, window: Window, b: Array | None = None) -> Array:
    """Patches times the kernel; the bias is added to each block while it is in the cache."""
    xp = backend(x)
    filters = w.shape[3]
    matrix = w.reshape((-1, filters))
    # a row of positions in one run: NumPy is slow where runs are only F long
    biases = None if b is None else b[None].repeat(window.output_shape[1], 0).reshape(-1)
    shape = (len(x), *window.output_shape, filters)
    y = xp.empty(shape, xp.result_type(x, w))
    for images, rows, patches in iter_im2col(x, window):
        out = y[images, rows]
        xp.dot(patches, matrix, out=out.reshape((-1, filters)))
        if biases is not None:
            row_by_row = out.reshape((-1, len(biases)))
            row_by_row += biases
    return y


def _dense_kernel_grad(x: Array, grad_output: Array, window: Window) -> Array:
    """Transposed patches times the outputs' gradients, added up over the blocks."""
    xp = backend(x)
    channels = x.shape[3]
    filters = grad_output.shape[3]
    size = math.prod(window.kernel) * channels
    w = xp.zeros((size, filters), xp.result_type(x, grad_output))
    product = xp.empty_like(w)
    for images, rows, patches in iter_im2col(x, window):
        block = grad_output[images, rows]
        w += xp.dot(patches.T, block.reshape((-1, filters)), out=product)
    return w.reshape((*window.kernel, channels, filters))


def _dense_input_grad(grad_output: Array, w: Array, window: Window) -> Array:
    """A reshaped product, a convolution with the flipped kernel, or sums: the fastest that fits."""
    xp = backend(w)
    channels, filters = w.shape[2:]
    if im2col_is_reshape(window):
        outputs = grad_output.reshape((-1, filters))
        x = xp.dot(outputs, w.reshape((-1, filters)).T)
        return x.reshape((len(grad_output), *window.image_size, channels))
    pads = flipped_kernel_padding(window, channels, filters)
    if pads is None:
        return _dense_input_grad_by_sums(grad_output, w, window)
    flipped = xp.ascontiguousarray(w[::-1, ::-1].swapaxes(2, 3))
    over_outputs = shared_window(window.output_shape, window.kernel, (1, 1), window.dilation, pads)
    return _dense_forward(grad_output, flipped, over_outputs)


def _dense_input_grad_by_sums(grad_output: Array, w: Array, window: Window) -> Array:
    """Added up over sets of offsets under which positions share no pixel: one product for each."""
    xp = backend(w)
    channels, filters = w.shape[2:]
    x = _new_images(grad_output, w, window, channels)
    offsets = disjoint_offsets(window)
    matrices = [w[i, j].reshape((-1, filters)).T for i, j in offsets]
    width = filters + matrices[0].shape[1]
    for images, rows, patches in iter_blocks(x, window, width, accumulate=True):
        block = grad_output[images, rows]
        outputs = block.reshape((-1, filters))
        for (i, j), matrix in zip(offsets, matrices):
            pixels = patches[:, :, :, i, j]
            product = xp.dot(outputs, matrix)
            pixels += product.reshape(pixels.shape)
    return x


def _new_images(grad_output: Array, w: Array, window: Window, channels: int) -> Array:
    """Images of zeros to add gradients to."""
    xp = backend(w)
    shape = (len(grad_output), *window.image_size, channels)
    dtype = xp.result_type(grad_output, w)
    return xp.zeros(shape, dtype)


def flipped_kernel_padding(window: Window, channels: int, filters: int) -> Pads | None:
    """The padding with which a convolution with the flipped kernel is the input gradient.

    None where there is none (strides above 1, padding beyond the kernel), or where it takes longer:
    per offset it lays out filters for every pixel, sums add channels for every position. It takes
    half the time where these are equally many, and longer where they are more than twice as many.
    """
    height, width = window.extent
    (top, bottom), (left, right) = window.pads
    rows = height - 1 - top, height - 1 - bottom
    columns = width - 1 - left, width - 1 - right
    if window.strides != (1, 1) or min(*rows, *columns) < 0:
        return None
    laid_out = math.prod(window.image_size) * filters
    added = math.prod(window.output_shape) * channels
    return (rows, columns) if laid_out <= 2 * added else None


# ---- depthwise: each channel has one filter ------------------------------------------------------


def _depthwise_forward(x: Array, w: Array, window: Window) -> Array:
    """Pixels times kernel elements, added up over the offsets."""
    xp = backend(x)
    channels = x.shape[3]
    tiled = tile_kernel(w, window)
    shape = (len(x), *window.output_shape, channels)
    dtype = xp.result_type(x, w)
    y = xp.zeros(shape, dtype)
    for images, rows, patches in iter_blocks(x, window, 2 * channels):
        out = y[images, rows]
        product = xp.empty_like(out)
        for i, j in window.kernel_offsets:
            pixels = patches[:, :, :, i, j]
            xp.multiply(pixels, tiled[i, j], out=product)
            out += product
    return y


def _depthwise_kernel_grad(x: Array, grad_output: Array, window: Window) -> Array:
    """Pixels times outputs' gradients, added up over the positions."""
    xp = backend(x)
    channels = x.shape[3]
    dtype = xp.result_type(x, grad_output)
    w = xp.zeros((*window.kernel, 1, channels), dtype)
    for images, rows, patches in iter_blocks(x, window, 2 * channels):
        block = grad_output[images, rows]
        product = xp.empty(block.shape, w.dtype)
        for i, j in window.kernel_offsets:
            pixels = patches[:, :, :, i, j]
            xp.multiply(pixels, block, out=product)
            w[i, j] += row_sums(product)
    return w


def _depthwise_input_grad(grad_output: Array, w: Array, window: Window) -> Array:
    """Outputs' gradients times kernel elements, added to the images under each offset."""
    xp = backend(w)
    channels = w.shape[3]
    tiled = tile_kernel(w, window)
    x = _new_images(grad_output, w, window, channels)
    for images, rows, patches in iter_blocks(x, window, 2 * channels, accumulate=True):
        block = grad_output[images, rows]
        product = xp.empty(block.shape, x.dtype)
        for i, j in window.kernel_offsets:
            pixels = patches[:, :, :, i, j]
            xp.multiply(block, tiled[i, j], out=product)
            pixels += product
    return x


def tile_kernel(w: Array, window: Window) -> Array:
    """(KH, KW, 1, C) -> (KH, KW, OW, C): NumPy is fast where a row of positions is one run."""
    return w.repeat(window.output_shape[1], 2)


def repeat_channels(x: Array, n: int) -> Array:
    """Each channel n times in a row: once for each of its filters."""
    if n == 1:
        return x
    repeated = backend(x).empty((*x.shape[:3], n * x.shape[3]), x.dtype)
    for i in range(n):
        repeated[..., i::n] = x
    return repeated


def sum_repeated_channels(x: Array, n: int) -> Array:
    """The sum of each n channels in a row: the adjoint of repeat_channels."""
    if n == 1:
        return x
    return x.reshape((*x.shape[:3], x.shape[3] // n, n)).sum(4)
