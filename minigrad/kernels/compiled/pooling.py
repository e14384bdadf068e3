"""Pooling of images (N, H, W, C), which loops read as rows (N * H, W * C).

The loops over channels count with unsigned numbers: an index that may be negative would be looked
at each time, and nothing would be vectorized.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import Array
from ...ops.windows import Window, check_images
from .direct import copy
from .loops import Loop, as_carray, inlined, loop, run_blocks

BLOCK_PIXELS = 1 << 13  # numbers of an image that a block of output rows reads
FEW_CHANNELS = 4  # with fewer, nothing is vectorized
U = np.uint64

# H, W, C, OH, OW, KH, KW, strides, padding before: what every loop gets behind its arrays
GEOMETRY = ", ".join(["i8"] * 11)


def _geometry(window: Window, channels: int) -> tuple[int, ...]:
    (top, _), (left, _) = window.pads
    sizes = *window.image_size, channels, *window.output_shape, *window.kernel
    return *sizes, *window.strides, top, left


def _run(kernel: Loop, window: Window, shape: tuple[int, ...], *arrays: Array) -> Any:
    """A new array of images that a loop fills; NotImplemented if it does not take the arrays."""
    dtype = arrays[0].dtype
    if dtype.char not in "fd" or any(x.dtype != dtype for x in arrays) or window.dilation != (1, 1):
        return NotImplemented
    y = np.empty(shape, dtype)
    if not y.size or not arrays[0].size or shape[3] < FEW_CHANNELS:
        return NotImplemented
    rows = [as_carray(x).reshape(-1, x.shape[2] * x.shape[3]) for x in (*arrays, y)]
    work = max(y.size, arrays[0].size) * math.prod(window.kernel) // math.prod(window.strides)
    kernel(work, *rows, *_geometry(window, shape[3]))
    return y


def _pooled_shape(x: Array, window: Window) -> tuple[int, ...]:
    check_images(x, window)
    return len(x), *window.output_shape, x.shape[3]


def _images_shape(g: Array, window: Window) -> tuple[int, ...]:
    check_images(g)
    return len(g), *window.image_size, g.shape[3]


# ---- blocks and windows --------------------------------------------------------------------------


@inlined
def _rows_per_block(width, c, kh):
    return max(1, BLOCK_PIXELS // (width * c * kh))


@inlined
def _count_blocks(rows, width, c, kh):
    size = _rows_per_block(width, c, kh)
    return (rows + size - 1) // size


@inlined
def _block_rows(block, rows, width, c, kh):
    size = _rows_per_block(width, c, kh)
    return block * size, min(rows, (block + 1) * size)


@inlined
def _held(i, stride, before, kernel, length):
    """The first pixel that window i holds, and the one behind its last."""
    start = i * stride - before
    return max(0, start), min(length, start + kernel)


# ---- the largest ---------------------------------------------------------------------------------


@inlined
def _larger(a, b):
    """max(a, b); NaN is the largest."""
    return b if b > a or b != b else a


@inlined
def _max_down(columns, x, first, stop):
    """The largest of some rows, column by column."""
    above, below = x[first], x[min(first + 1, stop - 1)]
    for i in range(columns.size):
        columns[i] = _larger(above[i], below[i])
    for p in range(first + 2, stop):
        row = x[p]
        for i in range(columns.size):
            columns[i] = _larger(columns[i], row[i])


@inlined
def _max_pool(block, x, y, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    columns, channels = np.empty(width * c, x.dtype), U(c)
    start, end = _block_rows(block, len(y), width, c, kh)
    for row in range(start, end):
        first, stop = _held(row % oh, sh, top, kh, height)
        image = row // oh * height
        _max_down(columns, x, image + first, image + stop)
        largest = y[row]
        for k in range(ow):
            first, stop = _held(k, sw, left, kw, width)
            at, a, b = U(k * c), U(first * c), U(min(first + 1, stop - 1) * c)
            for i in range(channels):
                largest[at + i] = _larger(columns[a + i], columns[b + i])
            for j in range(first + 2, stop):
                b = U(j * c)
                for i in range(channels):
                    largest[at + i] = _larger(largest[at + i], columns[b + i])


@loop(f"T[:, ::1], T[:, ::1], {GEOMETRY}")
def _run_max_pool(pool, x, y, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    geometry = height, width, c, oh, ow, kh, kw, sh, sw, top, left
    run_blocks(pool, _count_blocks(len(y), width, c, kh), _max_pool, (x, y, *geometry))


def max_pool_forward(x: Array, *, window: Window) -> Any:
    """The largest pixel of each window."""
    return _run(_run_max_pool, window, _pooled_shape(x, window), x)


@inlined
def _max_pool_grad(block, g, x, y, grad, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    rest, channels = np.empty(ow * c, x.dtype), U(c)  # gradients that have no pixel yet
    image = block * height
    grad[image : image + height] = 0
    for row in range(block * oh, (block + 1) * oh):
        copy(rest, 0, g[row], 0, rest.size)
        maxima = y[row]
        first, stop = _held(row % oh, sh, top, kh, height)
        for p in range(image + first, image + stop):
            pixels, out = x[p], grad[p]
            for k in range(ow):
                first, stop = _held(k, sw, left, kw, width)
                at = U(k * c)
                for j in range(first, stop):
                    to = U(j * c)
                    for i in range(channels):
                        found, part = pixels[to + i] == maxima[at + i], rest[at + i]
                        none = part - part
                        out[to + i] += part if found else none
                        rest[at + i] = none if found else part


@loop(f"T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], {GEOMETRY}")
def _run_max_pool_grad(pool, g, x, y, grad, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    geometry = height, width, c, oh, ow, kh, kw, sh, sw, top, left
    run_blocks(pool, len(x) // height, _max_pool_grad, (g, x, y, grad, *geometry))


def max_pool_grad(grad_output: Array, x: Array, maxima: Array, *, window: Window) -> Any:
    """Each gradient at the first pixel of its window that is the largest."""
    check_images(x, window)
    return _run(_run_max_pool_grad, window, x.shape, grad_output, x, maxima)


@inlined
def _gather_at_argmax(block, v, x, y, out, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    free, channels = np.empty(ow * c, x.dtype), U(c)  # 1 where no pixel has been found yet
    start, end = _block_rows(block, len(y), width, c, kh)
    out[start:end] = 0
    for row in range(start, end):
        free[:] = 1
        maxima, found_at = y[row], out[row]
        first, stop = _held(row % oh, sh, top, kh, height)
        image = row // oh * height
        for p in range(image + first, image + stop):
            pixels, values = x[p], v[p]
            for k in range(ow):
                first, stop = _held(k, sw, left, kw, width)
                at = U(k * c)
                for j in range(first, stop):
                    a = U(j * c)
                    for i in range(channels):
                        is_first = pixels[a + i] == maxima[at + i] and free[at + i] > 0
                        found_at[at + i] = values[a + i] if is_first else found_at[at + i]
                        free[at + i] = -1 if is_first else free[at + i]


@loop(f"T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], {GEOMETRY}")
def _run_gather_at_argmax(pool, v, x, y, out, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    geometry = height, width, c, oh, ow, kh, kw, sh, sw, top, left
    blocks = _count_blocks(len(y), width, c, kh)
    run_blocks(pool, blocks, _gather_at_argmax, (v, x, y, out, *geometry))


def gather_at_argmax(v: Array, x: Array, maxima: Array, *, window: Window) -> Any:
    """In each window the pixel of v where x has its first largest."""
    check_images(v, window)
    check_images(x, window)
    return _run(_run_gather_at_argmax, window, maxima.shape, v, x, maxima)


# ---- the mean ------------------------------------------------------------------------------------


@inlined
def _sum_down(columns, x, first, stop):
    """The sum of some rows, column by column."""
    copy(columns, 0, x[first], 0, columns.size)
    for p in range(first + 1, stop):
        row = x[p]
        for i in range(columns.size):
            columns[i] += row[i]


@inlined
def _avg_pool(block, x, y, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    columns, channels, T = np.empty(width * c, x.dtype), U(c), x.dtype.type
    start, end = _block_rows(block, len(y), width, c, kh)
    for row in range(start, end):
        first, stop = _held(row % oh, sh, top, kh, height)
        image, high = row // oh * height, stop - first
        _sum_down(columns, x, image + first, image + stop)
        mean = y[row]
        for k in range(ow):
            first, stop = _held(k, sw, left, kw, width)
            at, a, count = U(k * c), U(first * c), T(high * (stop - first))
            for i in range(channels):
                mean[at + i] = columns[a + i]
            for j in range(first + 1, stop):
                a = U(j * c)
                for i in range(channels):
                    mean[at + i] += columns[a + i]
            for i in range(channels):
                mean[at + i] /= count


@loop(f"T[:, ::1], T[:, ::1], {GEOMETRY}")
def _run_avg_pool(pool, x, y, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    geometry = height, width, c, oh, ow, kh, kw, sh, sw, top, left
    run_blocks(pool, _count_blocks(len(y), width, c, kh), _avg_pool, (x, y, *geometry))


def avg_pool_forward(x: Array, *, window: Window) -> Any:
    """The mean of the pixels of each window."""
    return _run(_run_avg_pool, window, _pooled_shape(x, window), x)


@inlined
def _avg_pool_grad(block, g, grad, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    columns, channels, T = np.empty(width * c, g.dtype), U(c), g.dtype.type
    image = block * height
    grad[image : image + height] = 0
    for row in range(block * oh, (block + 1) * oh):
        columns[:] = 0
        above, below = _held(row % oh, sh, top, kh, height)
        parts = g[row]
        for k in range(ow):
            first, stop = _held(k, sw, left, kw, width)
            at, count = U(k * c), T((below - above) * (stop - first))
            for j in range(first, stop):
                a = U(j * c)
                for i in range(channels):
                    columns[a + i] += parts[at + i] / count
        for p in range(image + above, image + below):
            out = grad[p]
            for i in range(out.size):
                out[i] += columns[i]


@loop(f"T[:, ::1], T[:, ::1], {GEOMETRY}")
def _run_avg_pool_grad(pool, g, grad, height, width, c, oh, ow, kh, kw, sh, sw, top, left):
    geometry = height, width, c, oh, ow, kh, kw, sh, sw, top, left
    run_blocks(pool, len(grad) // height, _avg_pool_grad, (g, grad, *geometry))


def avg_pool_grad(grad_output: Array, *, window: Window) -> Any:
    """Each gradient in equal parts at all pixels of its window."""
    return _run(_run_avg_pool_grad, window, _images_shape(grad_output, window), grad_output)
