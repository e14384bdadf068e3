"""Convolution of 3 x 3 at stride 1 with 16 multiplications for four outputs, in place of 36.

Winograd's F(2 x 2, 3 x 3): tiles of 2 x 2 outputs y see 4 x 4 pixels d; with the matrices B, G, A

    y = A.T ((G w G.T) * (B.T d B)) A

elementwise in the middle, summed over channels: for each of the 16 elements one matrix product,
tiles times filters. Errors are some 1e-6 of the largest output. A NaN or an infinity in a tile
makes all four of its outputs NaN, so the sum of all outputs is returned: where it is not finite,
the caller computes in the ordinary way.

References:
    Lavin and Gray, 2015, arXiv:1509.09308.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from .loops import OPTIONS, inlined, lend, loop, run_blocks
from .panels import turn_into
from .tiles import add_to, aligned_space, long_product, product


def apart(function: Any) -> Any:
    """Like `inlined`, for arrays that do not overlap: LLVM need not check it, and vectorizes.

    Args:
        function: The function, in the part of Python that Numba compiles.
    """

    def customize(flags: Any) -> Any:
        flags.noalias = True
        return flags

    dispatcher = numba.njit(function, **OPTIONS)
    dispatcher._compiler._customize_flags = customize
    return dispatcher


# ---- the three transforms, a row of the 4 x 4 at a time ------------------------------------------


@apart
def _transform_pixels(x, first, second, sign, out_0, out_1, out_2, out_3):
    """A row of B.T d B; rows `first` and `second` of d make a row of B.T d."""
    a0, a1, a2, a3 = x[first], x[first + 1], x[first + 2], x[first + 3]
    b0, b1, b2, b3 = x[second], x[second + 1], x[second + 2], x[second + 3]
    for c in range(out_0.size):
        t1, t2 = a1[c] + sign * b1[c], a2[c] + sign * b2[c]
        out_0[c] = (a0[c] + sign * b0[c]) - t2
        out_1[c] = t1 + t2
        out_2[c] = t2 - t1
        out_3[c] = t1 - (a3[c] + sign * b3[c])


@apart
def _transform_products(m, tile, b, y_0, y_1, y_2, y_3):
    """A.T m A, plus the bias: the outputs of a tile. Returns their sum."""
    m00, m01, m02, m03 = m[0, tile], m[1, tile], m[2, tile], m[3, tile]
    m10, m11, m12, m13 = m[4, tile], m[5, tile], m[6, tile], m[7, tile]
    m20, m21, m22, m23 = m[8, tile], m[9, tile], m[10, tile], m[11, tile]
    m30, m31, m32, m33 = m[12, tile], m[13, tile], m[14, tile], m[15, tile]
    total = m.dtype.type(0)
    for f in range(b.size):
        s1, s2 = m01[f] + m11[f] + m21[f], m02[f] + m12[f] + m22[f]
        d1, d2 = m11[f] - m21[f] - m31[f], m12[f] - m22[f] - m32[f]
        out_0 = m00[f] + m10[f] + m20[f] + s1 + s2 + b[f]
        out_1 = s1 - s2 - (m03[f] + m13[f] + m23[f]) + b[f]
        out_2 = m10[f] - m20[f] - m30[f] + d1 + d2 + b[f]
        out_3 = d1 - d2 - (m13[f] - m23[f] - m33[f]) + b[f]
        y_0[f], y_1[f], y_2[f], y_3[f] = out_0, out_1, out_2, out_3
        total += (out_0 + out_1) + (out_2 + out_3)
    return total


@apart
def _transform_kernel(w, channel, start, step, first, middle, last, out_0, out_1, out_2, out_3):
    """A row of G w G.T at one channel; `first`, `middle` and `last` are a row of G."""
    half = w.dtype.type(0.5)
    w00, w01, w02 = w[start, channel], w[start + step, channel], w[start + 2 * step, channel]
    start += 3 * step
    w10, w11, w12 = w[start, channel], w[start + step, channel], w[start + 2 * step, channel]
    start += 3 * step
    w20, w21, w22 = w[start, channel], w[start + step, channel], w[start + 2 * step, channel]
    for f in range(out_0.size):
        t0 = first * w00[f] + middle * w10[f] + last * w20[f]
        t1 = first * w01[f] + middle * w11[f] + last * w21[f]
        t2 = first * w02[f] + middle * w12[f] + last * w22[f]
        even, odd = half * (t0 + t2), half * t1
        out_0[f] = t0
        out_1[f] = even + odd
        out_2[f] = even - odd
        out_3[f] = t2


@apart
def _transform_gradient(y_0, y_1, y_2, y_3, first, second, out_0, out_1, out_2, out_3):
    """A row of A g A.T; `first` and `second` are a row of A."""
    for f in range(out_0.size):
        t0 = first * y_0[f] + second * y_2[f]
        t1 = first * y_1[f] + second * y_3[f]
        out_0[f] = t0
        out_1[f] = t0 + t1
        out_2[f] = t0 - t1
        out_3[f] = -t1


@apart
def _transform_sums(m, channel, first, second, third, fourth, out_0, out_1, out_2):
    """A row of G.T m G; the four numbers are a row of G.T."""
    m00, m01, m02, m03 = m[0, channel], m[1, channel], m[2, channel], m[3, channel]
    m10, m11, m12, m13 = m[4, channel], m[5, channel], m[6, channel], m[7, channel]
    m20, m21, m22, m23 = m[8, channel], m[9, channel], m[10, channel], m[11, channel]
    m30, m31, m32, m33 = m[12, channel], m[13, channel], m[14, channel], m[15, channel]
    half = m.dtype.type(0.5)
    for f in range(out_0.size):
        t0 = first * m00[f] + second * m10[f] + third * m20[f] + fourth * m30[f]
        t1 = first * m01[f] + second * m11[f] + third * m21[f] + fourth * m31[f]
        t2 = first * m02[f] + second * m12[f] + third * m22[f] + fourth * m32[f]
        t3 = first * m03[f] + second * m13[f] + third * m23[f] + fourth * m33[f]
        even = half * (t1 + t2)
        out_0[f] = t0 + even
        out_1[f] = half * (t1 - t2)
        out_2[f] = even + t3


# ---- convolution ---------------------------------------------------------------------------------


@inlined
def _kernel(channel, w, u, start, step):
    """u (16, C, F) of w (9, C, F) at one channel; with start 8 and step -1 of the turned kernel."""
    T = w.dtype.type
    zero, half, one = T(0), T(0.5), T(1)
    for a in range(4):
        first = one if a == 0 else (zero if a == 3 else half)
        last = one if a == 3 else (zero if a == 0 else half)
        middle = half if a == 1 else (-half if a == 2 else zero)
        k = 4 * a
        out = u[k, channel], u[k + 1, channel], u[k + 2, channel], u[k + 3, channel]
        _transform_kernel(w, channel, start, step, first, middle, last, *out)


@inlined
def _pixels(tile, x, start, width, v):
    """v (16, tiles, C) at one tile: the 4 x 4 pixels from x[start] on, rows `width` apart."""
    one = x.dtype.type(1)
    r0, r1, r2, r3 = start, start + width, start + 2 * width, start + 3 * width
    _transform_pixels(x, r0, r2, -one, v[0, tile], v[1, tile], v[2, tile], v[3, tile])
    _transform_pixels(x, r1, r2, one, v[4, tile], v[5, tile], v[6, tile], v[7, tile])
    _transform_pixels(x, r2, r1, -one, v[8, tile], v[9, tile], v[10, tile], v[11, tile])
    _transform_pixels(x, r1, r3, -one, v[12, tile], v[13, tile], v[14, tile], v[15, tile])


@inlined
def _padded(x, image, i, j, shape, out):
    """Pixels of 4 x 4 of an image from (i, j) on, zero outside of it."""
    h, w = shape[0], shape[1]
    for k in range(16):
        row, column, target = i + k // 4, j + k % 4, out[k]
        if 0 <= row < h and 0 <= column < w:
            source = x[(image * h + row) * w + column]
            for c in range(target.size):
                target[c] = source[c]
        else:
            for c in range(target.size):
                target[c] = 0


@inlined
def _all_pixels(x, first, v, padded, shape):
    """v (16, tiles, C): the transformed pixels of tiles from a row of them on."""
    h, w, oh, ow, top, left = shape
    tall, wide = (oh + 1) // 2, (ow + 1) // 2
    for tile in range(v.shape[1]):
        r = first + tile // wide
        image, i, j = r // tall, r % tall * 2 - top, tile % wide * 2 - left
        if i >= 0 and i + 4 <= h and j >= 0 and j + 4 <= w:
            _pixels(tile, x, (image * h + i) * w + j, w, v)
        else:
            _padded(x, image, i, j, shape, padded)
            _pixels(tile, padded, 0, 4, v)


@inlined
def _turn(block, w, turned):
    turn_into(turned[block], w[block], 0)


@inlined
def _tiles(block, x, u, b, y, sums, rows, shape):
    """Some rows of tiles: transform, 16 products, transform back."""
    oh, ow = shape[2], shape[3]
    tall, wide = (oh + 1) // 2, (ow + 1) // 2
    first, last = block * rows, min((block + 1) * rows, y.shape[0] // (oh * ow) * tall)
    tiles = (last - first) * wide
    v = np.empty((16, tiles, x.shape[1]), x.dtype)
    m = np.empty((16, tiles, y.shape[1]), x.dtype)
    padded, unused = np.empty((16, x.shape[1]), x.dtype), np.empty((3, y.shape[1]), x.dtype)
    zeros, total = np.zeros((1, y.shape[1]), x.dtype), sums[block : block + 1]
    memory = v, m, padded, unused, zeros
    lend(_some_tiles, (first, x, u, b, y, total) + memory + (shape,))


@inlined
def _some_tiles(first, x, u, b, y, total, v, m, padded, unused, zeros, shape):
    """Rows of tiles from the first on, in v and m."""
    oh, ow = shape[2], shape[3]
    tall, wide = (oh + 1) // 2, (ow + 1) // 2
    _all_pixels(x, first, v, padded, shape)
    for k in range(16):
        long_product(v[k], u[k], zeros, m[k])
    total[0] = 0
    for tile in range(v.shape[1]):
        r = first + tile // wide
        p, q = r % tall * 2, tile % wide * 2
        at = (r // tall * oh + p) * ow + q
        right, below = q + 1 < ow, p + 1 < oh
        total[0] += _transform_products(
            m,
            tile,
            b,
            y[at],
            y[at + 1] if right else unused[0],
            y[at + ow] if below else unused[1],
            y[at + ow + 1] if right and below else unused[2],
        )


@loop("T[:, ::1], T[:, :, ::1], T[::1], T[:, ::1], i8, b1, i8[::1]")
def run_winograd(pool, x, w, b, y, rows, transposed, shape):
    """y = conv2d(x, w) + b, or with the turned kernel its input gradient. Returns the sum of y."""
    kernel, start, step = w, 0, 1
    if transposed:
        kernel, start, step = np.empty((9, w.shape[2], w.shape[1]), w.dtype), 8, -1
        run_blocks(pool, 9, _turn, (w, kernel))
    u = aligned_space(16 * kernel.shape[1] * kernel.shape[2], w)
    u_3 = u.reshape(16, kernel.shape[1], kernel.shape[2])
    run_blocks(pool, kernel.shape[1], _kernel, (kernel, u_3, start, step))
    sizes = shape[0], shape[1], shape[2], shape[3], shape[10], shape[11]
    rows_of_tiles = y.shape[0] // (shape[2] * shape[3]) * ((shape[2] + 1) // 2)
    sums = np.empty((rows_of_tiles + rows - 1) // rows, y.dtype)
    run_blocks(pool, sums.size, _tiles, (x, u_3, b, y, sums, rows, sizes))
    return sums.sum()


# ---- kernel gradient -----------------------------------------------------------------------------


@inlined
def _gradients(tile, r, wide, g, zeros, begin, end, m, shape):
    """m (16, tiles, filters) at one tile: 2 x 2 gradients of some filters, transformed."""
    oh, ow = shape[2], shape[3]
    tall = (oh + 1) // 2
    p, q = r % tall * 2, tile % wide * 2
    at = (r // tall * oh + p) * ow + q
    right, below = q + 1 < ow, p + 1 < oh
    y_0 = g[at, begin:end]
    y_1 = g[at + 1, begin:end] if right else zeros
    y_2 = g[at + ow, begin:end] if below else zeros
    y_3 = g[at + ow + 1, begin:end] if right and below else zeros
    zero, one = g.dtype.type(0), g.dtype.type(1)
    for a in range(4):
        first = zero if a == 3 else one
        second = zero if a == 0 else (one if a == 1 else -one)
        k = 4 * a
        out = m[k, tile], m[k + 1, tile], m[k + 2, tile], m[k + 3, tile]
        _transform_gradient(y_0, y_1, y_2, y_3, first, second, *out)


@inlined
def _sum_tiles(block, x, g, sums, slices, rows, shape):
    """sums (parts, 16, C, F): the products of some rows of tiles, for some of the filters."""
    parts, _, channels, filters = sums.shape
    part, piece = block // slices, block % slices
    begin, end = piece * filters // slices, (piece + 1) * filters // slices
    oh, ow = shape[2], shape[3]
    tall, wide = (oh + 1) // 2, (ow + 1) // 2
    total = g.shape[0] // (oh * ow) * tall
    first, stop = part * total // parts, (part + 1) * total // parts
    v_all = np.empty(16 * rows * wide * channels, x.dtype)
    m_all = aligned_space(16 * rows * wide * (end - begin), x)
    zeros, padded = np.zeros((1, end - begin), x.dtype), np.empty((16, channels), x.dtype)
    some = np.empty((channels, end - begin), x.dtype)
    begun = False
    while first < stop:
        tiles = (min(first + rows, stop) - first) * wide
        v = v_all[: 16 * tiles * channels].reshape((16, tiles, channels))
        m = m_all[: 16 * tiles * (end - begin)].reshape((16, tiles, end - begin))
        lend(_transform, (first, x, g, begin, end, v, m, padded, zeros[0], shape))
        for k in range(16):
            if begun:
                product(v[k].T, m[k], zeros, some)
                add_to(sums[part, k], begin, end, some)
            else:
                product(v[k].T, m[k], zeros, sums[part, k, :, begin:end])
        begun = True
        first += rows


@inlined
def _transform(first, x, g, begin, end, v, m, padded, zeros, shape):
    """v and m of rows of tiles from the first on: pixels and gradients, transformed."""
    wide = (shape[3] + 1) // 2
    _all_pixels(x, first, v, padded, shape)
    for tile in range(v.shape[1]):
        _gradients(tile, first + tile // wide, wide, g, zeros, begin, end, m, shape)


@inlined
def _kernel_of_sums(channel, sums, w):
    """w (9, C, F) at one channel, of the sums of all parts."""
    m = sums[0]
    for part in range(1, sums.shape[0]):
        for k in range(16):
            total, more = m[k, channel], sums[part, k, channel]
            for f in range(total.size):
                total[f] += more[f]
    T = w.dtype.type
    zero, half, one = T(0), T(0.5), T(1)
    for u in range(3):
        first = one if u == 0 else zero
        third = -half if u == 1 else half
        fourth = one if u == 2 else zero
        out = w[3 * u, channel], w[3 * u + 1, channel], w[3 * u + 2, channel]
        _transform_sums(m, channel, first, half, third, fourth, *out)


@loop("T[:, ::1], T[:, ::1], T[:, :, ::1], i8, i8, i8, i8[::1]")
def run_winograd_kernel_grad(pool, x, g, w, parts, slices, rows, shape):
    """The kernel gradient w (9, C, F): the adjoint of `run_winograd`."""
    sums = np.empty((parts, 16, w.shape[1], w.shape[2]), w.dtype)
    sizes = shape[0], shape[1], shape[2], shape[3], shape[10], shape[11]
    run_blocks(pool, parts * slices, _sum_tiles, (x, g, sums, slices, rows, sizes))
    run_blocks(pool, w.shape[1], _kernel_of_sums, (sums, w))
