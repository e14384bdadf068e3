"""Convolution: patches laid out for a few rows of outputs, one product with the kernel.

Rows of outputs are counted through all images, (N * OH) of them. A block takes as many as their
patches fit in the cache; nothing is padded: what lies outside of an image is zero in its patches.
`shape` is (H, W, OH, OW, KH, KW, vertical and horizontal stride, dilation, top and left padding).
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from ... import threads
from ...backend import Array
from ...ops.convolution import conv2d_shape, input_grad_shape, kernel_grad_shape
from ...ops.windows import NO_PADS, Window, check_images, shared_window
from ..convolution import repeat_channels, sum_repeated_channels
from .direct import copy, fill, run_direct, run_direct_kernel_grad
from .loops import as_carray, count_blocks, inlined, lend, loop, run_blocks
from .matmul import add_product
from .positions import run_positions, run_positions_input_grad, run_positions_kernel_grad
from .products import multiply, multiply_by_transposed, multiply_transposed
from .tiles import ROWS, TALL, VECTOR_BYTES, sum_parts
from .winograd import run_winograd, run_winograd_kernel_grad

PATCHES = 1 << 17  # elements of patches that a block lays out
LEAST_POSITIONS = 128  # and of so few positions, products would be slow
BLOCKS = 16  # blocks at least, where there are rows enough, so that threads end together
SHORT_RUN = 10  # below so many elements a run is copied faster across than along


# ---- patches -------------------------------------------------------------------------------------


@inlined
def _im2col(pixels, patches, first, last, channels, start, size, shape):
    """Rows first..last of outputs: their patches, of `size` channels from `start` on."""
    h, w, oh, ow, kh, kw, sh, sw, dh, dw, top, left = shape
    zero = pixels.dtype.type(0)
    together = dw == 1 and size == channels  # then a row of the kernel is one run
    run, runs = (kw * size, 1) if together else (size, kw)
    target = 0
    for r in range(first, last):
        image, row = r // oh, r % oh
        for col in range(ow):
            for u in range(kh):
                i = row * sh + u * dh - top
                line = (image * h + i) * w
                for v in range(runs):
                    j = col * sw + v * dw - left
                    if i < 0 or i >= h:
                        fill(patches, target, target + run, zero)
                    elif together:
                        before, behind = max(0, -j), max(0, j + kw - w)
                        inside = max(0, kw - before - behind)
                        if inside < kw:
                            fill(patches, target, target + run, zero)
                        if inside > 0:
                            at = (line + j + before) * channels
                            copy(patches, target + before * size, pixels, at, inside * size)
                    elif j < 0 or j >= w:
                        fill(patches, target, target + run, zero)
                    else:
                        copy(patches, target, pixels, (line + j) * channels + start, run)
                    target += run


@inlined
def _columns_inside(w, ow, stride, offset):
    """The columns of outputs from first to last - 1 that see a column of the image, not padding."""
    first = max(0, (stride - 1 - offset) // stride)
    return first, max(first, min(ow, (w - 1 - offset) // stride + 1))


@inlined
def _im2col_across(pixels, patches, first, last, channels, start, size, shape):
    """The same patches, one position per column: faster where a row of the kernel is short."""
    h, w, oh, ow, kh, kw, sh, sw, dh, dw, top, left = shape
    zero = pixels.dtype.type(0)
    for k in range(patches.shape[0]):
        u, v, channel = k // (kw * size), k // size % kw, start + k % size
        begin, end = _columns_inside(w, ow, sw, v * dw - left)
        for r in range(first, last):
            i = r % oh * sh + u * dh - top
            target = patches[k, (r - first) * ow : (r - first + 1) * ow]
            if i < 0 or i >= h:
                fill(target, 0, ow, zero)
                continue
            fill(target, 0, begin, zero)
            fill(target, end, ow, zero)
            at = ((r // oh * h + i) * w + begin * sw + v * dw - left) * channels + channel
            some, step = target[begin:end], sw * channels
            if step == 1:
                copy(some, 0, pixels, at, some.size)
            else:
                source = pixels[at:]
                for col in range(some.size):
                    some[col] = source[col * step]


# ---- forward -------------------------------------------------------------------------------------


@inlined
def _is_short(shape, size):
    """True if the row of a kernel is so short that patches are laid out across."""
    return shape[5] * size < SHORT_RUN


@inlined
def _is_pointwise(shape):
    """True if pixels are patches: a kernel of 1 x 1 on every pixel."""
    h, w, oh, ow, kh, kw, sh, sw = shape[:8]
    is_one = kh == 1 and kw == 1 and sh == 1 and sw == 1
    return is_one and h == oh and w == ow and shape[10] == 0 and shape[11] == 0


@inlined
def _forward(block, x, w, b, y, rows, groups, shape):
    ow = shape[3]
    total, filters = y.shape[0] // ow, y.shape[1]
    first, last = block * rows, min((block + 1) * rows, total)
    out = y[first * ow : last * ow]
    depth, width, channels = w.shape[0], filters // groups, x.shape[1]
    size = channels // groups
    pixels = x.reshape(-1)
    patches = np.empty((0 if _is_pointwise(shape) else out.shape[0]) * depth, x.dtype)
    for group in range(groups):
        part, start = slice(group * width, (group + 1) * width), group * size
        if _is_pointwise(shape):
            rows_of_x = x[first * ow : last * ow, start : start + size]
            multiply(rows_of_x, w[:, part], out[:, part], False)
        elif _is_short(shape, size):
            across = patches.reshape((depth, -1))
            lend(_im2col_across, (pixels, across, first, last, channels, start, size, shape))
            multiply_transposed(across, w[:, part], out[:, part], False)
        else:
            _im2col(pixels, patches, first, last, channels, start, size, shape)
            multiply(patches.reshape((-1, depth)), w[:, part], out[:, part], False)
    _add_bias(out, b)


@inlined
def _add_bias(out, b):
    if b.size == 0:
        return
    for i in range(out.shape[0]):
        row = out[i]
        for j in range(b.size):
            row[j] += b[j]


@loop("T[:, ::1], T[:, ::1], T[::1], T[:, ::1], i8, i8, i8[::1]")
def _run_forward(pool, x, w, b, y, rows, groups, shape):
    blocks = (y.shape[0] // shape[3] + rows - 1) // rows
    run_blocks(pool, blocks, _forward, (x, w, b, y, rows, groups, _as_tuple(shape)))


@inlined
def _as_tuple(s):
    return s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]


# ---- input gradient ------------------------------------------------------------------------------


@inlined
def _col2im(patches, pixels, place, channels, start, size, shape):
    """Add the patches of rows first..last of an image to the rows of a band: im2col's adjoint."""
    h, w, oh, ow, kh, kw, sh, sw, dh, dw, top, left = shape
    image, first, last, band = place
    together = dw == 1 and size == channels
    run, runs = (kw * size, 1) if together else (size, kw)
    at = 0
    for row in range(first, last):
        for col in range(ow):
            for u in range(kh):
                i = row * sh + u * dh - top
                line = (image * h + i) * w
                for v in range(runs):
                    j = col * sw + v * dw - left
                    before, n = 0, run
                    if together:
                        before = max(0, -j)
                        n = max(0, kw - before - max(0, j + kw - w)) * size
                    elif j < 0 or j >= w:
                        n = 0
                    if band[0] <= i < band[1] and n > 0:
                        to = (line + j + before) * channels + start
                        target = pixels[to : to + n]
                        source = patches[at + before * size : at + before * size + n]
                        for k in range(target.size):
                            target[k] += source[k]
                    at += run


@inlined
def _input_grad(block, g, w, x, bands, rows, groups, shape):
    h, width, oh, ow, kh = shape[0], shape[1], shape[2], shape[3], shape[4]
    sh, dh, top = shape[6], shape[8], shape[10]
    image, part = block // bands, block % bands
    band = part * h // bands, (part + 1) * h // bands
    channels, pixels = x.shape[1], x.reshape(-1)
    fill(
        pixels,
        (image * h + band[0]) * width * channels,
        (image * h + band[1]) * width * channels,
        x.dtype.type(0),
    )
    # the rows of outputs whose patches reach the band
    first = max(0, -((dh * (kh - 1) - band[0] - top) // sh))
    stop = min(oh, (band[1] - 1 + top) // sh + 1)
    patches = np.empty((rows * ow, w.shape[0]), x.dtype)
    lend(_add_patches, (image, band, first, stop, g, w, pixels, patches, channels, groups, shape))


@inlined
def _add_patches(image, band, first, stop, g, w, pixels, patches, channels, groups, shape):
    """The patches of rows first..stop of outputs, of which some lie in `patches` at a time."""
    oh, ow = shape[2], shape[3]
    rows, size, count = len(patches) // ow, channels // groups, g.shape[1] // groups
    while first < stop:
        last = min(first + rows, stop)
        outputs = g[(image * oh + first) * ow : (image * oh + last) * ow]
        some = patches[: outputs.shape[0]]
        for group in range(groups):
            filters = slice(group * count, (group + 1) * count)
            multiply_by_transposed(outputs[:, filters], w[:, filters], some, False)
            start = group * size
            place = image, first, last, band
            _col2im(some.reshape(-1), pixels, place, channels, start, size, shape)
        first = last


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8, i8, i8, i8, i8[::1]")
def _run_input_grad(pool, g, w, x, images, bands, rows, groups, shape):
    args = g, w, x, bands, rows, groups, _as_tuple(shape)
    run_blocks(pool, images * bands, _input_grad, args)


# ---- kernel gradient -----------------------------------------------------------------------------


@inlined
def _kernel_grad(block, x, g, sums, slices, rows, groups, shape):
    """Some of the rows of outputs, for some of the filters."""
    ow = shape[3]
    part, piece = block // slices, block % slices
    parts, depth, filters = sums.shape
    total, channels = g.shape[0] // ow, x.shape[1]
    size, width = channels // groups, filters // groups
    first, stop = part * total // parts, (part + 1) * total // parts
    pixels = x.reshape(-1)
    patches = np.empty((0 if _is_pointwise(shape) else rows * ow) * depth, x.dtype)
    begun = False
    while first < stop:
        last = min(first + rows, stop)
        some = patches[: (last - first) * ow * depth]
        for group in range(groups):
            begin, end = piece * width // slices, (piece + 1) * width // slices
            here, start = slice(group * width + begin, group * width + end), group * size
            outputs, sum_here = g[first * ow : last * ow, here], sums[part, :, here]
            if _is_pointwise(shape):
                rows_of_x = x[first * ow : last * ow, start : start + size]
                multiply_transposed(rows_of_x, outputs, sum_here, begun)
            elif _is_short(shape, size):
                across = some.reshape((depth, -1))
                lend(_im2col_across, (pixels, across, first, last, channels, start, size, shape))
                multiply(across, outputs, sum_here, begun)
            else:
                _im2col(pixels, some, first, last, channels, start, size, shape)
                multiply_transposed(some.reshape((-1, depth)), outputs, sum_here, begun)
        begun = True
        first = last


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8, i8, i8, i8, i8[::1]")
def _run_kernel_grad(pool, x, g, w, parts, slices, rows, groups, shape):
    depth, filters = w.shape
    sums = w.reshape((1, depth, filters))
    if parts > 1:
        sums = np.empty((parts, depth, filters), w.dtype)
    args = x, g, sums, slices, rows, groups, _as_tuple(shape)
    run_blocks(pool, parts * slices, _kernel_grad, args)
    if parts > 1:
        flat = sums.reshape((parts, -1))
        run_blocks(pool, count_blocks(w.size), sum_parts, (flat, w.reshape(-1)))


# ---- depthwise: each channel has one filter ------------------------------------------------------


@inlined
def _depthwise(block, x, w, b, y, shape):
    """One row of outputs: pixels times kernel elements, added up."""
    h, width, oh, ow, kh, kw, sh, sw, dh, dw, top, left = shape
    channels = x.shape[1]
    out = y[block * ow : (block + 1) * ow]
    out[:] = 0
    _add_bias(out, b)
    for u in range(kh):
        i = block % oh * sh + u * dh - top
        if i < 0 or i >= h:
            continue
        line = x[(block // oh * h + i) * width : (block // oh * h + i + 1) * width]
        for v in range(kw):
            begin, end = _columns_inside(width, ow, sw, v * dw - left)
            for col in range(begin, end):
                pixel, filters, target = line[col * sw + v * dw - left], w[u * kw + v], out[col]
                for c in range(channels):
                    target[c] += pixel[c] * filters[c]


@loop("T[:, ::1], T[:, ::1], T[::1], T[:, ::1], i8[::1]")
def _run_depthwise(pool, x, w, b, y, shape):
    run_blocks(pool, y.shape[0] // shape[3], _depthwise, (x, w, b, y, _as_tuple(shape)))


@inlined
def _depthwise_input_grad(block, g, w, x, shape):
    """One row of images: gradients of the outputs that see it times kernel elements."""
    h, width, oh, ow, kh, kw, sh, sw, dh, dw, top, left = shape
    image, channels = block // h, x.shape[1]
    line = x[block * width : (block + 1) * width]
    line[:] = 0
    for u in range(kh):
        i = block % h + top - u * dh
        if i % sh != 0 or i < 0 or i // sh >= oh:
            continue
        row = image * oh + i // sh
        outputs = g[row * ow : (row + 1) * ow]
        for v in range(kw):
            begin, end = _columns_inside(width, ow, sw, v * dw - left)
            for col in range(begin, end):
                output, filters = outputs[col], w[u * kw + v]
                target = line[col * sw + v * dw - left]
                for c in range(channels):
                    target[c] += output[c] * filters[c]


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8[::1]")
def _run_depthwise_input_grad(pool, g, w, x, shape):
    blocks = x.shape[0] // shape[1]
    run_blocks(pool, blocks, _depthwise_input_grad, (g, w, x, _as_tuple(shape)))


@inlined
def _depthwise_kernel_grad(block, x, g, sums, shape):
    """Some of the rows of outputs: pixels times gradients, added up."""
    h, width, oh, ow, kh, kw, sh, sw, dh, dw, top, left = shape
    total, channels = g.shape[0] // ow, x.shape[1]
    parts = sums.shape[0]
    sums[block] = 0
    for r in range(block * total // parts, (block + 1) * total // parts):
        outputs = g[r * ow : (r + 1) * ow]
        for u in range(kh):
            i = r % oh * sh + u * dh - top
            if i < 0 or i >= h:
                continue
            line = x[(r // oh * h + i) * width : (r // oh * h + i + 1) * width]
            for v in range(kw):
                target = sums[block, u * kw + v]
                begin, end = _columns_inside(width, ow, sw, v * dw - left)
                for col in range(begin, end):
                    pixel, output = line[col * sw + v * dw - left], outputs[col]
                    for c in range(channels):
                        target[c] += pixel[c] * output[c]


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8, i8[::1]")
def _run_depthwise_kernel_grad(pool, x, g, w, parts, shape):
    sums = np.empty((parts, *w.shape), w.dtype)
    run_blocks(pool, parts, _depthwise_kernel_grad, (x, g, sums, _as_tuple(shape)))
    flat = sums.reshape((parts, -1))
    run_blocks(pool, count_blocks(w.size), sum_parts, (flat, w.reshape(-1)))


# ---- the three ops -------------------------------------------------------------------------------


def conv2d_forward(x: Array, w: Array, b: Array | None, *, window: Window, groups: int = 1) -> Any:
    """conv2d(x, w) + b."""
    check_images(x, window)
    shape = conv2d_shape(x.shape, w.shape, window, groups)
    bias = np.empty(0, x.dtype) if b is None else b
    if not _fit(x, w, bias) or not math.prod(shape) or not w.size:
        return NotImplemented
    depth = math.prod(w.shape[:3])
    channels, filters = w.shape[2:]
    if groups == 1 and _is_pointwise_window(window) and _fill_tiles(channels, filters, x):
        return add_product(_matrix(x), w[0, 0], b).reshape(shape)
    if groups == 1 and _is_by_positions(window, len(x), shape[1:3], channels, filters, x):
        y = np.empty(shape, x.dtype)
        row = np.zeros((1, shape[3]), x.dtype) if b is None else as_carray(b).reshape(1, -1)
        work = math.prod(shape[:3]) * _in_vectors(filters, x) * depth
        run_positions(work, _rows(x), _matrix(w), row, _rows(y), _geometry(window))
        return y
    if groups == 1 and _is_direct(window, _with_vectors(w.shape, x.itemsize), x):
        return _direct(x, w, b, shape, window)
    y = np.empty((math.prod(shape[:3]), shape[3]), x.dtype)
    if 1 < groups == x.shape[3]:
        repeated = repeat_channels(x, shape[3] // groups)
        arrays = _matrix(repeated), _matrix(w), as_carray(bias), y
        _run_depthwise(y.size * depth, *arrays, _geometry(window))
        return y.reshape(shape)
    has_tiles = groups == 1 and _has_tiles(window, channels, filters)
    if has_tiles and _by_tiles(x, w, b, y, window, False):
        return y.reshape(shape)
    rows = _rows_per_block(shape[0] * shape[1], shape[2], depth)
    arrays = _matrix(x), _matrix(w), as_carray(bias), y
    with threads.single_threaded_blas():
        _run_forward(y.size * depth, *arrays, rows, groups, _geometry(window))
    return y.reshape(shape)


def _direct(x: Array, w: Array, b: Array | None, shape: Any, window: Window) -> Array:
    """conv2d(x, w) + b by products that read the padded rows."""
    width = _with_vectors(w.shape, x.itemsize)[3]
    row = np.zeros((1, width), x.dtype)
    if b is not None:
        row[0, : len(b)] = b
    if width > w.shape[3]:  # filters of zeros fill a vector
        w = np.pad(w, ((0, 0), (0, 0), (0, 0), (0, width - w.shape[3])))
    across = _padded_row(window, x.shape[3])
    enough, least = -(-shape[1] * window.strides[0] * across // BAND), -(-BLOCKS // shape[0])
    bands = max(1, min(max(enough, least), shape[1] // 4))
    y = np.empty((math.prod(shape[:3]), width), x.dtype)
    work = y.size * math.prod(w.shape[:3])
    run_direct(work, _matrix(x), _matrix(w), row, y, bands, _geometry(window))
    return np.ascontiguousarray(y[:, : shape[3]]).reshape(shape)


def conv2d_input_grad(grad_output: Array, w: Array, *, window: Window, groups: int = 1) -> Any:
    """The gradient for the images."""
    shape = input_grad_shape(grad_output.shape, w.shape, window, groups)
    if not _fit(grad_output, w) or not math.prod(shape) or not w.size or not grad_output.size:
        return NotImplemented
    depth = math.prod(w.shape[:3])
    if 1 < groups == shape[3]:
        repeats = w.shape[3] // groups
        x = np.empty((*shape[:3], w.shape[3]), w.dtype)
        arrays = _matrix(grad_output), _matrix(w), _matrix(x)
        _run_depthwise_input_grad(grad_output.size * depth, *arrays, _geometry(window))
        return sum_repeated_channels(x, repeats)
    if groups == 1 and (x := _input_grad_in_place(grad_output, w, shape, window)) is not None:
        return x
    is_dense = window.strides == (1, 1)
    turned = _with_vectors((*window.kernel, *w.shape[:1:-1]), w.itemsize)
    is_whole = 2 * math.prod(window.output_shape) >= math.prod(window.image_size)
    is_simple = groups == 1 and is_dense and is_whole
    if is_simple and _is_direct(_flipped_window(window), turned, grad_output):
        over_outputs = _flipped_window(window)
        return conv2d_forward(grad_output, _flipped(w, 1), None, window=over_outputs)
    if groups == 1 and is_dense and _has_tiles(_flipped_window(window), *w.shape[2:]):
        x = np.empty((math.prod(shape[:3]), shape[3]), w.dtype)
        if _by_tiles(grad_output, w, None, x, _flipped_window(window), True):
            return x.reshape(shape)
    if is_dense and _is_less_flipped(window, w):
        flipped = _flipped(w, groups)
        over_outputs = _flipped_window(window)
        return conv2d_forward(grad_output, flipped, None, window=over_outputs, groups=groups)
    is_wide = w.shape[2] * w.shape[3] >= LEAST_FOR_PHASES
    if groups == 1 and is_wide and not is_dense and window.dilation == (1, 1):
        *_, over_outputs = _phases(window)[0]
        if _is_direct(over_outputs, (*over_outputs.kernel, *w.shape[:1:-1]), grad_output):
            return _input_grad_by_phases(grad_output, w, shape, window)
    n, rows, columns, _ = grad_output.shape
    x = np.empty((math.prod(shape[:3]), shape[3]), w.dtype)
    most = min(_rows_per_block(rows, columns, depth, 1), rows)
    bands = min(-(-BLOCKS // n), max(1, rows // 4))
    arrays = _matrix(grad_output), _matrix(w), x
    with threads.single_threaded_blas():
        _run_input_grad(
            grad_output.size * depth, *arrays, n, bands, most, groups, _geometry(window)
        )
    return x.reshape(shape)


def conv2d_kernel_grad(x: Array, grad_output: Array, *, window: Window, groups: int = 1) -> Any:
    """The gradient for the kernel."""
    check_images(x, window)
    shape = kernel_grad_shape(x.shape, grad_output.shape, window, groups)
    if not _fit(x, grad_output) or not math.prod(shape) or not grad_output.size:
        return NotImplemented
    depth, filters = math.prod(shape[:3]), shape[3]
    w = np.empty((depth, filters), x.dtype)
    n, rows, columns, _ = grad_output.shape
    if groups == 1 and _is_pointwise_window(window) and _fill_tiles(x.shape[3], filters, x):
        return add_product(_matrix(x).T, _matrix(grad_output)).reshape(shape)
    if 1 < groups == x.shape[3]:
        repeated = repeat_channels(x, filters // groups)
        arrays = _matrix(repeated), _matrix(grad_output), w
        parts = max(1, min(BLOCKS, n * rows, PARTIAL_SUMS // w.size))
        _run_depthwise_kernel_grad(grad_output.size * depth, *arrays, parts, _geometry(window))
        return w.reshape(shape)
    if groups == 1 and _is_kernel_by_positions(window, shape, x):
        arrays = _rows(x), _matrix(grad_output), w
        run_positions_kernel_grad(grad_output.size * depth, *arrays, _geometry(window))
        return w.reshape(shape)
    has_many = rows * columns >= LEAST_OUTPUTS
    if groups == 1 and has_many and _is_direct(window, shape, x, is_gradient=True):
        band = BAND // (window.strides[0] * _padded_row(window, x.shape[3]))
        parts = max(1, min(BLOCKS // 2, n, PARTIAL_SUMS // w.size))
        slices = max(1, min(BLOCKS // 2 // parts, filters // LEAST_SLICE))
        cut = parts, slices, max(1, min(rows, band))
        arrays = _matrix(x), _matrix(grad_output), w
        height = shape[0] * max(shape[1] * shape[2], TALL)
        work = n * rows * columns * _in_vectors(filters, x) * height
        run_direct_kernel_grad(work, *arrays, *cut, _geometry(window))
        return w.reshape(shape)
    if groups == 1 and _has_tiles(window, *shape[2:]):
        _kernel_grad_by_tiles(x, grad_output, w.reshape((9, *shape[2:])), window)
        if math.isfinite(w.sum()):
            return w.reshape(shape)
    parts = max(1, min(BLOCKS // 2, n * rows, PARTIAL_SUMS // w.size))
    slices = max(1, min(BLOCKS // 2 // parts, filters // groups // LEAST_SLICE))
    most = _rows_per_block(-(-n * rows // parts), columns, depth, 1)
    with threads.single_threaded_blas():
        _run_kernel_grad(
            grad_output.size * depth,
            _matrix(x),
            _matrix(grad_output),
            w,
            parts,
            slices,
            most,
            groups,
            _geometry(window),
        )
    return w.reshape(shape)


def _is_pointwise_window(window: Window) -> bool:
    """True if pixels are patches: a kernel of 1 x 1 on every pixel."""
    is_one = window.kernel == window.strides == (1, 1)
    return is_one and window.pads == NO_PADS


def _fill_tiles(inputs: int, outputs: int, x: Array) -> bool:
    """True if a product over so many inputs gives outputs that fill vectors."""
    return inputs >= FEW_CHANNELS and outputs * x.itemsize >= VECTOR_BYTES


def _is_by_positions(
    window: Window, images: int, size: tuple[int, ...], inputs: int, outputs: int, x: Array
) -> bool:
    """True if products over all images win at the positions of a convolution with such a result.

    There have to be images enough for that, and Winograd's tiles multiply less where few of them
    lie across an edge.
    """
    many_images = images >= TALL and 2 * images >= size[1]
    is_tiny = math.prod(size) <= FEWEST_OUTPUTS
    if math.prod(size) <= FEW_OUTPUTS and (
        is_tiny or not _has_whole_tiles(window, inputs, outputs)
    ):
        fills = 4 * outputs * x.itemsize >= VECTOR_BYTES
    else:
        fills = _fill_tiles(window.kernel[1] * inputs, outputs, x)
        fills = fills and not _has_tiles(window, inputs, outputs)
    return many_images and fills and window.dilation == (1, 1)


def _is_kernel_by_positions(window: Window, kernel: tuple[int, ...], x: Array) -> bool:
    """True if the products of an element of the kernel over all images win."""
    outputs = window.output_shape
    is_small = LEAST_OUTPUTS // 2 <= math.prod(outputs) <= MOST_OUTPUTS
    saves = window.strides != (1, 1) or min(outputs) <= 3 * window.kernel[1]
    fills = _fill_tiles(kernel[2], kernel[3], x) and len(x) >= TALL
    several = math.prod(window.kernel) > 1 and window.dilation == (1, 1)
    has_tiles = _has_whole_tiles(window, *kernel[2:])
    return is_small and saves and fills and several and not has_tiles


def _is_direct(
    window: Window, kernel: tuple[int, ...], x: Array, is_gradient: bool = False
) -> bool:
    """True if products that read the padded rows win over patches and over Winograd's tiles, for
    the outputs or the gradient of the kernel.

    Registers have to be filled, and the kernel has to fit the cache that all rows read it from.
    """
    kh, kw, channels, filters = kernel
    itemsize = x.itemsize
    rows = TALL if is_gradient else window.output_shape[1]  # of a product
    return (
        kh * kw > 1
        and window.dilation[1] == 1
        and rows >= (ROWS if filters * itemsize >= VECTOR_BYTES else TALL)
        and 4 * filters * itemsize >= VECTOR_BYTES
        and (filters % 4 == 0 or kw * channels < 16)
        and math.prod(kernel) * itemsize <= CACHED_KERNEL
        and (channels * filters < LEAST_FOR_TILES or not _has_tiles(window, channels, filters))
    )


def _in_vectors(columns: int, x: Array) -> int:
    """The columns that a product computes: those of whole vectors."""
    lanes = VECTOR_BYTES // x.itemsize
    return -(-columns // lanes) * lanes


def _with_vectors(kernel: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """The shape of a kernel with filters of zeros, where a part of a vector would be left over."""
    *size, channels, filters = kernel
    lanes = VECTOR_BYTES // itemsize
    if filters >= lanes or 4 * filters < lanes or size[1] * channels < 16:
        return kernel
    return *size, channels, next(n for n in (lanes // 4, lanes // 2, lanes) if n >= filters)


def _padded_row(window: Window, channels: int) -> int:
    """Elements of a row of an image with its padding."""
    return ((window.output_shape[1] - 1) * window.strides[1] + window.kernel[1]) * channels


def _has_tiles(window: Window, channels: int, filters: int) -> bool:
    """True if Winograd's tiles of 2 x 2 outputs win: enough channels, few tiles over the edge."""
    if window.kernel != (3, 3) or window.strides != (1, 1) or window.dilation != (1, 1):
        return False
    rows, columns = window.output_shape
    covered = (rows + rows % 2) * (columns + columns % 2)
    return 2 * covered <= 3 * rows * columns and min(channels, filters) >= 16


def _has_whole_tiles(window: Window, channels: int, filters: int) -> bool:
    """True if none of Winograd's tiles lies across an edge, and there is much to multiply."""
    is_whole = window.output_shape[0] % 2 == window.output_shape[1] % 2 == 0
    is_wide = channels * filters >= 2 * LEAST_FOR_TILES
    return is_whole and is_wide and _has_tiles(window, channels, filters)


def _by_tiles(
    x: Array, w: Array, b: Array | None, y: Array, window: Window, transposed: bool
) -> bool:
    """Write y by Winograd's tiles; False if a NaN or an infinity has spread over a tile."""
    kernel = as_carray(w).reshape((9, *w.shape[2:]))
    bias = np.zeros(y.shape[1], x.dtype) if b is None else as_carray(b)
    tall, wide = (-(-n // 2) for n in window.output_shape)
    rows = _rows_of_tiles(len(x) * tall, wide)
    work = 16 * len(x) * tall * wide * w.shape[2] * w.shape[3]
    total = run_winograd(work, _matrix(x), kernel, bias, y, rows, transposed, _geometry(window))
    return math.isfinite(total)


def _kernel_grad_by_tiles(x: Array, grad_output: Array, w: Array, window: Window) -> None:
    tall, wide = (-(-n // 2) for n in window.output_shape)
    tiles = len(x) * tall * wide
    sums = 16 * w.shape[1] * w.shape[2]
    parts = max(1, min(BLOCKS // 2, tiles // 64, PARTIAL_SUMS // 2 // sums))
    slices = max(1, min(BLOCKS // 2 // parts, w.shape[2] // 64))
    arrays = _matrix(x), _matrix(grad_output), w
    cut = parts, slices, max(1, TILES // wide)
    run_winograd_kernel_grad(tiles * sums, *arrays, *cut, _geometry(window))


def _rows_of_tiles(rows: int, columns: int) -> int:
    """The number of rows of tiles in a block."""
    blocks = max(1, min(BLOCKS, rows * columns // 32), rows * columns // TILES)
    return -(-rows // min(rows, blocks))


FEW_CHANNELS = 16  # over fewer, a tile of a product is done before it has begun
# outputs of an image, for products over all images
FEWEST_OUTPUTS, FEW_OUTPUTS, MOST_OUTPUTS = 16, 64, 256
BAND = 1 << 15  # elements of padded rows that a block keeps in the cache
CACHED_KERNEL = 1 << 20  # bytes of a kernel that every row of outputs reads
LEAST_FOR_TILES = 1 << 11  # channels * filters, for which Winograd's tiles win
LEAST_FOR_PHASES = 1 << 10  # channels * filters, for which strides are worth several convolutions
LEAST_OUTPUTS = 32  # of an image, for a kernel gradient by direct products
LEAST_SLICE = 32  # filters
PARTIAL_SUMS = 1 << 22  # elements of all partial sums of a kernel gradient together
TILES = 128  # per block: fewer make products slow, more do not fit the cache


def _rows_per_block(rows: int, columns: int, depth: int, blocks: int = BLOCKS) -> int:
    """The number of rows of outputs in a block."""
    most = max(PATCHES // depth, LEAST_POSITIONS) // columns
    enough = max(most, 1)
    even = -(-rows // max(blocks, -(-rows // enough)))
    return max(even, min(enough, -(-64 // columns)))


def _fit(*arrays: Array) -> bool:
    return {a.dtype.char for a in arrays} in ({"f"}, {"d"})


def _rows(images: Array) -> Array:
    return as_carray(images).reshape((len(images), -1))


def _matrix(a: Array) -> Array:
    return as_carray(a).reshape((-1, a.shape[-1]))


@lru_cache(1024)
def _geometry(window: Window) -> Array:
    sizes = *window.image_size, *window.output_shape, *window.kernel
    (top, _), (left, _) = window.pads
    return np.array([*sizes, *window.strides, *window.dilation, top, left])


@lru_cache(1024)
def _flipped_window(window: Window) -> Window:
    """A window over the outputs, under which the flipped kernel gives the input gradient."""
    axes = zip(window.extent, window.pads)
    pads = tuple((n - 1 - before, n - 1 - after) for n, (before, after) in axes)
    return shared_window(window.output_shape, window.kernel, (1, 1), window.dilation, pads)


def _input_grad_in_place(g: Array, w: Array, shape: tuple[int, ...], window: Window) -> Any:
    """The input gradient by products that read g where it lies; None where others win."""
    filters, channels = w.shape[3], w.shape[2]
    if _is_pointwise_window(window) and _fill_tiles(filters, channels, w):
        return add_product(_matrix(g), np.ascontiguousarray(w[0, 0].T)).reshape(shape)
    if not _is_by_positions(window, shape[0], shape[1:3], filters, channels, w):
        return None
    x = np.empty(shape, w.dtype)
    arrays = _rows(g), _matrix(w), _rows(x)
    run_positions_input_grad(g.size * math.prod(w.shape[:3]), *arrays, _geometry(window))
    return x


def _input_grad_by_phases(g: Array, w: Array, shape: Any, window: Window) -> Array:
    """The input gradient with strides: pixels that meet the same kernel elements are one image."""
    phases = _phases(window)
    x = (np.zeros if len(phases) < math.prod(window.strides) else np.empty)(shape, w.dtype)
    for pixels, elements, over_outputs in phases:
        flipped = _flipped(w[elements], 1)
        x[:, *pixels] = conv2d_forward(g, flipped, None, window=over_outputs)
    return x


@lru_cache(1024)
def _phases(window: Window) -> tuple[tuple[tuple[slice, ...], tuple[slice, ...], Window], ...]:
    """Which pixels meet which kernel elements, and the window over the outputs under which these,
    flipped, give them; the one with the most elements first. Pixels that meet none are left out."""
    axes: list[list[Any]] = []
    sizes = zip(window.image_size, window.kernel, window.strides, window.pads, window.output_shape)
    for n, k, stride, (before, _), outputs in sizes:
        axes.append([])
        for first in range(min(stride, n)):
            output, offset = divmod(first + before, stride)
            count, elements = len(range(first, n, stride)), len(range(offset, k, stride))
            pads = elements - 1 - output, output + count - outputs
            if elements:
                slices = slice(first, None, stride), slice(offset, None, stride)
                axes[-1].append((*slices, elements, pads))
        axes[-1].sort(key=lambda phase: -phase[2])
    found = []
    for both in product(*axes):
        pixels, of_kernel, kernel, padding = map(tuple, zip(*both))
        over = shared_window(window.output_shape, kernel, (1, 1), (1, 1), padding)
        found.append((pixels, of_kernel, over))
    return tuple(found)


def _is_less_flipped(window: Window, w: Array) -> bool:
    """True if fewer filters are laid out per offset than channels would be added up."""
    laid_out = math.prod(window.image_size) * w.shape[3]
    return laid_out <= 2 * math.prod(window.output_shape) * w.shape[2]


def _flipped(w: Array, groups: int) -> Array:
    kh, kw, channels, filters = w.shape
    split = w[::-1, ::-1].reshape((kh, kw, channels, groups, filters // groups))
    swapped = split.transpose(0, 1, 4, 3, 2)
    return np.ascontiguousarray(swapped).reshape((kh, kw, filters // groups, groups * channels))
