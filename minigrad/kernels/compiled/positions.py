"""Convolution of small images, position by position: what lies outside of an image is not computed.

Under a kernel of 5 x 5 a third of all products at the outputs of a 7 x 7 image would be with zeros
of the padding. One position of all images is a product of its own, of the pixels that are there
with the rows of the kernel that meet them. Images are read where they lie; nothing is laid out.

Images are rows here, (N, H * W * C). `shape` is as in convolution.py, without dilation.
"""

from __future__ import annotations

import numpy as np

from .direct import fill
from .loops import inlined, lend, loop, run_blocks
from .panels import COLUMNS, copy_into, count_panels, panel_of, turn_into
from .tiles import TALL, VECTOR_BYTES, add_to, aligned_space, product_of_runs

IMAGES = 64  # of a block
# rows of gradients that stay in the cache while so many channels, or more, meet them
RUNS, CHANNELS = 128, 64


@inlined
def _sizes(s):
    """`shape` as a tuple, without the dilation."""
    return s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[10], s[11]


@inlined
def _range_inside(start, step, size, count):
    """The k from first to last - 1, of `count`, for which 0 <= start + k * step < size."""
    first = max(0, (step - 1 - start) // step)
    return first, max(first, min(count, (size - 1 - start) // step + 1))


@inlined
def _place(block, positions, n):
    """(panel, position, first image, the one behind its last) of a block."""
    parts = (n + IMAGES - 1) // IMAGES
    k, rest = block // (positions * parts), block % (positions * parts)
    part = rest // positions
    return k, rest % positions, part * IMAGES, min(n, (part + 1) * IMAGES)


@inlined
def _count_blocks(positions, n, columns):
    return positions * ((n + IMAGES - 1) // IMAGES) * count_panels(columns)


@inlined
def _outputs(y, position, columns, k, start, stop):
    """Of some images, the columns of a panel at one position."""
    begin = position * columns + k * COLUMNS
    return y[start:stop, begin : begin + min(COLUMNS, columns - k * COLUMNS)]


# ---- forward -------------------------------------------------------------------------------------


@inlined
def _copy(block, w, panels, size):
    """So many rows, those of an element of the kernel or of an image, in all panels."""
    rows = slice(block * size, (block + 1) * size)
    for k in range(count_panels(w.shape[1])):
        copy_into(panel_of(panels, k, len(w), w.shape[1])[rows], w[rows], k * COLUMNS)


@inlined
def _forward(block, x, panels, b, y, shape):
    h, width, oh, ow, kh, kw, sh, sw, top, left = shape
    filters, channels = b.shape[1], x.shape[1] // (h * width)
    k, position, start, stop = _place(block, oh * ow, len(x))
    i, j = position // ow * sh - top, position % ow * sw - left
    u, end_u = _range_inside(i, 1, h, kh)
    v, end_v = _range_inside(j, 1, width, kw)
    at = start * x.shape[1] + ((i + u) * width + j + v) * channels
    steps = x.shape[1], 1, width * channels, kw * channels
    rows = panel_of(panels, k, kh * kw * channels, filters)[(u * kw + v) * channels :]
    bias, out = b[:, k * COLUMNS :], _outputs(y, position, filters, k, start, stop)
    length = (end_v - v) * channels
    product_of_runs(x.reshape(-1), at, steps, end_u - u, length, rows, bias, out)


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], i8[::1]")
def run_positions(pool, x, w, b, y, s):
    """y (N, OH * OW * F) of x (N, H * W * C), w (KH * KW * C, F) and b (1, F)."""
    shape = _sizes(s)
    panels, elements = aligned_space(w.size, w), s[4] * s[5]
    run_blocks(pool, elements, _copy, (w, panels, len(w) // elements))
    blocks = _count_blocks(s[2] * s[3], len(x), w.shape[1])
    run_blocks(pool, blocks, _forward, (x, panels, b, y, shape))


# ---- input gradient ------------------------------------------------------------------------------


@inlined
def _turn(block, w, panels, kh, kw, sw):
    """The kernel (C, F) of an element as (F, C): the last row and column come first, and then
    all columns that a step of the stride leads to.
    """
    u, v = block // kw, block % kw
    channels, filters = len(w) // (kh * kw), w.shape[1]
    back = kw - 1 - v
    place = (kh - 1 - u) * kw + _first_of_phase(back % sw, kw, sw) + back // sw
    source = w[block * channels : (block + 1) * channels]
    for k in range(count_panels(channels)):
        panel = panel_of(panels, k, kh * kw * filters, channels)
        turn_into(panel[place * filters : (place + 1) * filters], source, k * COLUMNS)


@inlined
def _first_of_phase(phase, kw, sw):
    """The number of columns, of kw, that are at smaller phases of the stride."""
    return phase * (kw // sw) + min(phase, kw % sw)


@inlined
def _input_grad(block, g, panels, zeros, x, shape):
    h, width, oh, ow, kh, kw, sh, sw, top, left = shape
    filters, channels = g.shape[1] // (oh * ow), x.shape[1] // (h * width)
    k, position, start, stop = _place(block, h * width, len(x))
    # an output i meets row u + i * sh of the turned kernel, and one j column v + j * sw
    u, v = kh - 1 - position // width - top, kw - 1 - position % width - left
    i, end_i = _range_inside(u, sh, kh, oh)
    j, end_j = _range_inside(v, sw, kw, ow)
    column = v + j * sw
    at = start * g.shape[1] + (i * ow + j) * filters
    steps = g.shape[1], 1, ow * filters, sh * kw * filters
    first = (u + i * sh) * kw + _first_of_phase(column % sw, kw, sw) + column // sw
    length = kh * kw * filters
    rows = panel_of(panels, k, length, channels)[min(first * filters, length) :]
    out = _outputs(x, position, channels, k, start, stop)
    run = (end_j - j) * filters
    product_of_runs(g.reshape(-1), at, steps, end_i - i, run, rows, zeros, out)


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8[::1]")
def run_positions_input_grad(pool, g, w, x, s):
    """x (N, H * W * C) of g (N, OH * OW * F) and w (KH * KW * C, F)."""
    shape = _sizes(s)
    panels, channels = aligned_space(w.size, w), x.shape[1] // (s[0] * s[1])
    run_blocks(pool, s[4] * s[5], _turn, (w, panels, s[4], s[5], s[7]))
    blocks = _count_blocks(s[0] * s[1], len(x), channels)
    zeros = np.zeros((1, COLUMNS), w.dtype)
    run_blocks(pool, blocks, _input_grad, (g, panels, zeros, x, shape))


# ---- kernel gradient -----------------------------------------------------------------------------


@inlined
def _kernel_grad(block, x, panels, w, shape):
    """One element of the kernel, for the filters of a panel."""
    h, width, oh, ow, kh, kw, sh, sw, top, left = shape
    element, k = block % (kh * kw), block // (kh * kw)
    channels, filters = len(w) // (kh * kw), w.shape[1]
    begin, end = k * COLUMNS, min(filters, (k + 1) * COLUMNS)
    sums = w[element * channels : (element + 1) * channels]
    some, zeros = np.empty((channels, end - begin), w.dtype), np.zeros((1, end - begin), w.dtype)
    for c in range(channels):
        fill(sums[c], begin, end, w.dtype.type(0))
    u, v = element // kw - top, element % kw - left
    i, end_i = _range_inside(u, sh, h, oh)
    j, end_j = _range_inside(v, sw, width, ow)
    panel = panel_of(panels, k, len(x) * oh * ow, filters)
    for row in range(i, end_i):
        at = ((u + row * sh) * width + v + j * sw) * channels
        place = at, (1, sw * channels, x.shape[1], oh * ow), end_j - j
        _sum_of_images(x, place, panel[row * ow + j :], zeros, some)
        lend(add_to, (sums, begin, end, some))


@inlined
def _sum_of_images(x, place, g, zeros, y):
    """y = A @ g, of so many images at a time as leave room in the cache for those of A."""
    at, steps, length = place
    lies_apart = len(y) % TALL == 0 and y.shape[1] * y.itemsize % VECTOR_BYTES == 0  # each tile
    is_cut = lies_apart and len(y) >= CHANNELS
    images = max(1, RUNS // max(1, length)) if is_cut else len(x)
    for first in range(0, len(x), images):
        last, begin = min(first + images, len(x)), at + first * x.shape[1]
        before = zeros if first == 0 else y
        rows = g[first * steps[3] :]
        product_of_runs(x.reshape(-1), begin, steps, last - first, length, rows, before, y)


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8[::1]")
def run_positions_kernel_grad(pool, x, g, w, s):
    """w (KH * KW * C, F) of x (N, H * W * C) and g (N * OH * OW, F)."""
    shape, panels, rows = _sizes(s), aligned_space(g.size, g), s[2] * s[3]
    run_blocks(pool, len(x), _copy, (g, panels, rows))
    blocks = s[4] * s[5] * count_panels(w.shape[1])
    run_blocks(pool, blocks, _kernel_grad, (x, panels, w, shape))
