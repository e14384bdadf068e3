"""Convolution of 3 x 3 at stride 1 with 16 multiplications for four outputs, in place of 36.

Winograd's F(2 x 2, 3 x 3): tiles of 2 x 2 outputs y see 4 x 4 pixels d; with the matrices B, G, A

    y = A.T ((G w G.T) * (B.T d B)) A

elementwise in the middle, summed over channels: for each of the 16 elements one matrix product,
tiles times filters. Errors are some 1e-6 of the largest output. A NaN or an infinity in a tile
makes all four of its outputs NaN.

References:
    Lavin and Gray, 2015, arXiv:1509.09308.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from .loops import OPTIONS, inlined, loop, run_blocks
from .products import multiply, multiply_by_transposed


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
    """A.T m A, plus the bias: the outputs of a tile."""
    m00, m01, m02, m03 = m[0, tile], m[1, tile], m[2, tile], m[3, tile]
    m10, m11, m12, m13 = m[4, tile], m[5, tile], m[6, tile], m[7, tile]
    m20, m21, m22, m23 = m[8, tile], m[9, tile], m[10, tile], m[11, tile]
    m30, m31, m32, m33 = m[12, tile], m[13, tile], m[14, tile], m[15, tile]
    for f in range(b.size):
        s1, s2 = m01[f] + m11[f] + m21[f], m02[f] + m12[f] + m22[f]
        y_0[f] = m00[f] + m10[f] + m20[f] + s1 + s2 + b[f]
        y_1[f] = s1 - s2 - (m03[f] + m13[f] + m23[f]) + b[f]
        d1, d2 = m11[f] - m21[f] - m31[f], m12[f] - m22[f] - m32[f]
        y_2[f] = m10[f] - m20[f] - m30[f] + d1 + d2 + b[f]
        y_3[f] = d1 - d2 - (m13[f] - m23[f] - m33[f]) + b[f]


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
def _tiles(block, x, u, b, y, rows, transposed, shape):
    """Some rows of tiles: transform, 16 products, transform back."""
    h, w, oh, ow, top, left = shape
    tall, wide = (oh + 1) // 2, (ow + 1) // 2
    first, last = block * rows, min((block + 1) * rows, y.shape[0] // (oh * ow) * tall)
    tiles = (last - first) * wide
    v = np.empty((16, tiles, x.shape[1]), x.dtype)
    m = np.empty((16, tiles, y.shape[1]), x.dtype)
    padded = np.empty((16, x.shape[1]), x.dtype)
    unused = np.empty((3, y.shape[1]), x.dtype)
    for tile in range(tiles):
        r = first + tile // wide
        image, i, j = r // tall, r % tall * 2 - top, tile % wide * 2 - left
        if 0 <= i and i + 4 <= h and 0 <= j and j + 4 <= w:
            _pixels(tile, x, (image * h + i) * w + j, w, v)
        else:
            _padded(x, image, i, j, shape, padded)
            _pixels(tile, padded, 0, 4, v)
    for k in range(16):
        if transposed:
            multiply_by_transposed(v[k], u[k], m[k], False)
        else:
            multiply(v[k], u[k], m[k], False)
    for tile in range(tiles):
        r = first + tile // wide
        p, q = r % tall * 2, tile % wide * 2
        at = (r // tall * oh + p) * ow + q
        right, below = q + 1 < ow, p + 1 < oh
        _transform_products(
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
    """y = conv2d(x, w) + b, or with the turned kernel its input gradient."""
    u = np.empty((16, w.shape[1], w.shape[2]), w.dtype)
    start, step = (8, -1) if transposed else (0, 1)
    run_blocks(pool, w.shape[1], _kernel, (w, u, start, step))
    sizes = shape[0], shape[1], shape[2], shape[3], shape[10], shape[11]
    rows_of_tiles = y.shape[0] // (shape[2] * shape[3]) * ((shape[2] + 1) // 2)
    blocks = (rows_of_tiles + rows - 1) // rows
    run_blocks(pool, blocks, _tiles, (x, u, b, y, rows, transposed, sizes))
