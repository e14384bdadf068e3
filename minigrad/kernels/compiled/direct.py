"""Convolution without patches: the rows of a padded image are what a product reads.

Along a row of outputs the windows overlap. A row of the kernel sees kw * C numbers that lie side by
side, and those of the next output begin `stride` pixels later: so a row of outputs is

    y[col] = bias + sum over u of padded[row * stride + u * dilation, col * stride :][: kw * C] @ w[u]

one product whose left side is read where it lies, kh runs of kw * C numbers (that convolution needs
no patches: Georganas et al. 2018, arXiv:1808.05567). The kernel gradient is such a product too, over
all outputs of a band of rows: a run for each row of outputs.
`shape` is that of convolution.py.
"""

from __future__ import annotations

import numpy as np

from .loops import count_blocks, inlined, lend, loop, run_blocks
from .tiles import TALL, add_to, aligned_columns, product_of_runs, sum_parts


@inlined
def fill(target, start, stop, value):
    """target[start:stop] = value."""
    part = target[start:stop]
    for i in range(part.size):
        part[i] = value


@inlined
def copy(target, t, source, s, n):
    """target[t : t + n] = source[s : s + n]."""
    to, of = target[t : t + n], source[s : s + n]
    for i in range(to.size):
        to[i] = of[i]


@inlined
def _sides(channels, shape):
    """(numbers in a padded row, rows between two rows of outputs, rows of a window)."""
    ow, kh, kw, sh, sw, dh = shape[3], shape[4], shape[5], shape[6], shape[7], shape[8]
    return ((ow - 1) * sw + kw) * channels, sh, (kh - 1) * dh + 1


@inlined
def _pad(pixels, image, first, last, channels, shape, padded):
    """The rows of an image that the rows first..last of outputs see, zeros around them."""
    h, width, sh, top, left = shape[0], shape[1], shape[6], shape[10], shape[11]
    across, _, window = _sides(channels, shape)
    zero = pixels.dtype.type(0)
    before, skipped = min(across, max(0, left) * channels), max(0, -left)  # or the image is cropped
    inside = max(0, min(across - before, (width - skipped) * channels))
    for k in range((last - 1 - first) * sh + window):
        i, at = first * sh + k - top, k * across
        if i < 0 or i >= h:
            fill(padded, at, at + across, zero)
            continue
        fill(padded, at, at + before, zero)
        start = ((image * h + i) * width + skipped) * channels
        copy(padded, at + before, pixels, start, inside)
        fill(padded, at + before + inside, at + across, zero)


# ---- forward -------------------------------------------------------------------------------------


@inlined
def _forward(block, x, w, b, y, bands, shape):
    """A band of rows of outputs of one image."""
    oh, ow, kh, kw, sw, dh = shape[2], shape[3], shape[4], shape[5], shape[7], shape[8]
    channels = x.shape[1]
    image, band = block // bands, block % bands
    first, last = band * oh // bands, (band + 1) * oh // bands
    across, sh, window = _sides(channels, shape)
    padded = np.empty(((last - 1 - first) * sh + window) * across, x.dtype)
    _pad(x.reshape(-1), image, first, last, channels, shape, padded)
    length = kw * channels
    steps = sw * channels, 1, dh * across, length
    for row in range(first, last):
        start, at = (image * oh + row) * ow, (row - first) * sh * across
        product_of_runs(padded, at, steps, kh, length, w, b, y[start : start + ow])


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], i8, i8[::1]")
def run_direct(pool, x, w, b, y, bands, s):
    """y (N * OH * OW, F) of x (N * H * W, C), w (KH * KW * C, F) and b (1, F)."""
    shape = s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]
    images = y.shape[0] // (s[2] * s[3])
    columns = aligned_columns(w[:, : w.shape[1]], y.shape[0])
    run_blocks(pool, images * bands, _forward, (x, columns, b, y, bands, shape))


# ---- kernel gradient -----------------------------------------------------------------------------


@inlined
def _kernel_sums(block, x, g, sums, slices, rows, shape):
    """Some of the images, for some of the filters."""
    oh, ow, kh, kw, sw, dh = shape[2], shape[3], shape[4], shape[5], shape[7], shape[8]
    channels, pixels = x.shape[1], x.reshape(-1)
    part, piece = block // slices, block % slices
    images, parts, filters = g.shape[0] // (oh * ow), sums.shape[0], g.shape[1]
    begin, end = piece * filters // slices, (piece + 1) * filters // slices
    across, sh, window = _sides(channels, shape)
    length = kw * channels
    tall = max(length, TALL)  # of too few numbers, also the products with those behind
    padded = np.zeros(((rows - 1) * sh + window) * across + tall - length, x.dtype)
    zeros, some = np.zeros((1, end - begin), g.dtype), np.empty((tall, end - begin), g.dtype)
    steps = 1, sw * channels, sh * across, ow
    for i in range(sums.shape[1]):
        fill(sums[part, i], begin, end, x.dtype.type(0))
    for image in range(part * images // parts, (part + 1) * images // parts):
        for first in range(0, oh, rows):
            last = min(first + rows, oh)
            _pad(pixels, image, first, last, channels, shape, padded)
            outputs = g[(image * oh + first) * ow : (image * oh + last) * ow, begin:end]
            columns = aligned_columns(outputs, tall)
            for u in range(kh):
                at = u * dh * across
                product_of_runs(padded, at, steps, last - first, ow, columns, zeros, some)
                lend(add_to, (sums[part, u * length : (u + 1) * length], begin, end, some))


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8, i8, i8, i8[::1]")
def run_direct_kernel_grad(pool, x, g, w, parts, slices, rows, s):
    """w (KH * KW * C, F) of x (N * H * W, C) and g (N * OH * OW, F)."""
    shape = s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8], s[9], s[10], s[11]
    sums = np.empty((parts, *w.shape), w.dtype)
    run_blocks(pool, parts * slices, _kernel_sums, (x, g, sums, slices, rows, shape))
    run_blocks(pool, count_blocks(w.size), sum_parts, (sums.reshape((parts, -1)), w.reshape(-1)))
