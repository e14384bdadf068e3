"""Normalization in two readings of memory: one for sums, one for the result.

Channels: x is read as (samples, pixels * C), one sample for all of a batch, and several pixels at
once, a chunk, so that loops are long where channels are few. Sums over a tile, some thousand
numbers, are of the dtype of x, those over tiles float64. Squares are taken around a number near the
mean, so that no digits are lost where that is far from 0: were it not near, the variance would be
as large. Layer and RMS normalization go row by row.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from ...ops.normalization import Moments, check_gain
from .loops import as_carray, inlined, loop, run_blocks

CHUNK = 256  # numbers of a chunk, at least
TILE, CHUNKS = 1 << 13, 8  # numbers of a tile, and its chunks at least
PARTS = 32  # of a sample, each with sums of its own, at most
FOUR = 4  # chunks at once
FEW = 4  # chunks that tell where numbers lie
PASSES = 4  # work per number, in multiplications
U = np.uint64


def _is_taken(x: Array, *parameters: Array) -> bool:
    """True if the loops take these arrays: fitting, float32 or float64, and not empty."""
    fitting = all(p.dtype == x.dtype and p.ndim == 1 for p in parameters)
    return fitting and x.dtype.char in "fd" and x.size > 0 and x.ndim > 1


# ---- chunks, tiles and parts ---------------------------------------------------------------------


@inlined
def _chunk_size(c):
    """The length of a chunk: a multiple of the channels."""
    return c * ((CHUNK + c - 1) // c)


@inlined
def _tile_size(c):
    """The length of a tile: a multiple of chunks."""
    chunk = _chunk_size(c)
    return chunk * max(CHUNKS, TILE // chunk)


@inlined
def _count_tiles(size, c):
    tile = _tile_size(c)
    return (size + tile - 1) // tile


@inlined
def _count_parts(size, c):
    return min(PARTS, _count_tiles(size, c))


@inlined
def _part_bounds(part, size, c):
    """The first number of a part of a sample, and the one behind its last."""
    tiles, parts = _count_tiles(size, c), _count_parts(size, c)
    first, last = part * tiles // parts, (part + 1) * tiles // parts
    return first * _tile_size(c), min(size, last * _tile_size(c))


@inlined
def _repeat(v, out):
    """v again and again until `out` is full."""
    for start in range(0, out.size, v.size):
        for i in range(v.size):
            out[start + i] = v[i]


@inlined
def _fold(sums, out):
    """The sums of a chunk added up per channel."""
    out[:] = 0
    for start in range(0, sums.size, out.size):
        for i in range(out.size):
            out[i] += sums[start + i]


@inlined
def _fold_into(sums, folded, total):
    """The sums of a chunk per channel, added to those of a part."""
    _fold(sums, folded)
    for i in range(total.size):
        total[i] += folded[i]


# ---- mean and variance per channel ---------------------------------------------------------------


@inlined
def _start_mean(x, start, stop, sums, mean):
    """The mean of each channel in a few chunks: near enough to take other numbers from there."""
    stop = min(stop, start + FEW * sums.size)
    sums[:] = 0
    for chunk in range(start, stop, sums.size):
        at = U(chunk)
        for i in range(U(min(sums.size, stop - chunk))):
            sums[i] += x[at + i]
    _fold(sums, mean)
    count = mean.dtype.type((stop - start) // mean.size)
    for i in range(mean.size):
        mean[i] /= count


@inlined
def _tile_squares(x, start, stop, origin, sums, squares):
    """Sums of x - origin and of its squares."""
    sums[:] = 0
    squares[:] = 0
    chunk, n = start, U(sums.size)
    while chunk + FOUR * sums.size <= stop:
        at, more = U(chunk), U(chunk + 2 * sums.size)
        for i in range(n):
            a, b = x[at + i] - origin[i], x[at + n + i] - origin[i]
            c, d = x[more + i] - origin[i], x[more + n + i] - origin[i]
            sums[i] += (a + b) + (c + d)
            squares[i] += (a * a + b * b) + (c * c + d * d)
        chunk += FOUR * sums.size
    while chunk < stop:
        at = U(chunk)
        for i in range(U(min(sums.size, stop - chunk))):
            a = x[at + i] - origin[i]
            sums[i] += a
            squares[i] += a * a
        chunk += sums.size


@inlined
def _part_moments(block, x, means, squares, c):
    """Mean and sum of squares around it of one part of a sample."""
    size = x.shape[1]
    sample, part = divmod(block, _count_parts(size, c))
    pixels, mean, square = x[sample], means[block], squares[block]
    start, stop = _part_bounds(part, size, c)
    chunk = _chunk_size(c)
    origin, tiled, folded = np.empty(c, x.dtype), np.empty(chunk, x.dtype), np.empty(c, x.dtype)
    sums, around = np.empty(chunk, x.dtype), np.empty(chunk, x.dtype)
    _start_mean(pixels, start, stop, sums, origin)
    _repeat(origin, tiled)
    for tile in range(start, stop, _tile_size(c)):
        _tile_squares(pixels, tile, min(stop, tile + _tile_size(c)), tiled, sums, around)
        _fold_into(sums, folded, mean)
        _fold_into(around, folded, square)
    count = (stop - start) // c
    for i in range(c):
        shift = mean[i] / count
        square[i] -= count * shift**2
        mean[i] = origin[i] + shift if abs(origin[i]) < np.inf else origin[i]


@inlined
def _merge(mean, square, i, n, other_mean, other_square, count):
    """Mean and sum of squares of n numbers and of `count` others (Chan et al. 1983)."""
    delta = other_mean - mean[i]
    share = np.float64(count) / (n + count)
    mean[i] += delta * share if abs(delta) < np.inf else other_mean  # also if one is infinite
    square[i] += other_square + delta * delta * n * share


@inlined
def _merge_parts(sample, means, squares, size, c, groups):
    """Mean and sum of squares of a sample, or of each of its groups, in its first part."""
    parts = _count_parts(size, c)
    mean, square = means[sample * parts], squares[sample * parts]
    for part in range(1, parts):
        start, stop = _part_bounds(part, size, c)
        for i in range(c):
            other = sample * parts + part
            n, count = start // c, (stop - start) // c
            _merge(mean, square, i, n, means[other, i], squares[other, i], count)
    width, pixels = c // groups, size // c
    for first in range(0, c, width):
        for k in range(1, width):
            i = first + k
            _merge(mean, square, first, k * pixels, mean[i], square[i], pixels)
        for k in range(1, width):
            mean[first + k], square[first + k] = mean[first], square[first]


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], i8")
def _run_moments(pool, x, origins, offsets, variances, groups):
    """Per sample and channel the mean, as the sum of two numbers of the dtype, and the variance."""
    (samples, size), c = x.shape, origins.shape[1]
    parts = _count_parts(size, c)
    means, squares = np.zeros((samples * parts, c)), np.zeros((samples * parts, c))
    run_blocks(pool, samples * parts, _part_moments, (x, means, squares, c))
    count = size // groups
    for sample in range(samples):
        _merge_parts(sample, means, squares, size, c, groups)
        for i in range(c):
            mean = means[sample * parts, i]
            origins[sample, i] = mean
            offset = mean - origins[sample, i]
            offsets[sample, i] = offset if offset == offset else 0.0
            variances[sample, i] = squares[sample * parts, i] / count


def _moments(x: Array, samples: int, groups: int) -> Moments:
    """The Moments of each sample's groups, (samples, C) each."""
    c = x.shape[-1]
    offsets, variances, origins = np.empty((3, samples, c), x.dtype)
    rows = as_carray(x).reshape(samples, -1)
    _run_moments(PASSES * x.size, rows, origins, offsets, variances, groups)
    return Moments(offsets, variances, origins)


def moments_forward(x: Array) -> Any:
    """The Moments of each channel over all other axes."""
    if not _is_taken(x):
        return NotImplemented
    offset, variance, origin = _moments(x, 1, x.shape[-1])
    return Moments(offset[0], variance[0], origin[0])  # type: ignore[index]


# ---- a factor and a summand per channel ----------------------------------------------------------


@inlined
def _scale_part(block, x, y, origin, gain, shift):
    size, c = x.shape[1], gain.shape[1]
    sample, part = divmod(block, _count_parts(size, c))
    pixels, out = x[sample], y[sample]
    start, stop = _part_bounds(part, size, c)
    tiled = np.empty((3, _chunk_size(c)), x.dtype)
    row = min(sample, len(gain) - 1)
    _repeat(origin[row], tiled[0])
    _repeat(gain[row], tiled[1])
    _repeat(shift[row], tiled[2])
    a, b, d = tiled[0], tiled[1], tiled[2]
    for chunk in range(start, stop, a.size):
        at = U(chunk)
        for i in range(U(min(a.size, stop - chunk))):
            out[at + i] = (pixels[at + i] - a[i]) * b[i] + d[i]


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1]")
def _run_scale(pool, x, y, origin, gain, shift):
    """y = (x - origin) * gain + shift."""
    blocks = len(x) * _count_parts(x.shape[1], gain.shape[1])
    run_blocks(pool, blocks, _scale_part, (x, y, origin, gain, shift))


def scale_shift_forward(x: Array, scale: Array, shift: Array) -> Any:
    """x * scale + shift."""
    if not _is_taken(x, scale, shift) or not scale.shape == shift.shape == x.shape[-1:]:
        return NotImplemented
    y = np.empty(x.shape, x.dtype)
    rows = [as_carray(v).reshape(1, -1) for v in (x, y, np.zeros_like(scale), scale, shift)]
    _run_scale(x.size, *rows)
    return y


# ---- normalization per channel -------------------------------------------------------------------


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[::1], T[::1], T[:, ::1], f8")
def _run_normalize(pool, x, y, origin, offset, variance, gamma, beta, scale, epsilon):
    """y = gamma * (x - mean) / sqrt(variance + epsilon) + beta; scale gets 1 / deviation."""
    gain, shift = np.empty_like(scale), np.empty_like(scale)
    for sample in range(len(scale)):
        for i in range(scale.shape[1]):
            scale[sample, i] = 1 / np.sqrt(variance[sample, i] + epsilon)
            gain[sample, i] = gamma[i] * scale[sample, i]
            shift[sample, i] = beta[i] - offset[sample, i] * gain[sample, i]
    blocks = len(x) * _count_parts(x.shape[1], gamma.size)
    run_blocks(pool, blocks, _scale_part, (x, y, origin, gain, shift))


def _normalize(
    x: Array, moments: Moments, gamma: Array, beta: Array, epsilon: float
) -> tuple[Array, tuple[Any, ...]]:
    """The output; origin, offset and 1 / deviation per sample and channel for the backward."""
    offset, variance, origin = moments
    samples = len(offset)
    if origin is None:
        origin = np.zeros_like(offset)
    y = np.empty(x.shape, x.dtype)
    scale = np.empty_like(offset)
    rows = as_carray(x).reshape(samples, -1), y.reshape(samples, -1)
    parameters = as_carray(gamma), as_carray(beta)
    _run_normalize(2 * x.size, *rows, origin, offset, variance, *parameters, scale, epsilon)
    return y, (origin, offset, scale)


@inlined
def _tile_products(g, x, start, stop, origin, sums, products):
    """Sums of g and of g * (x - origin)."""
    sums[:] = 0
    products[:] = 0
    chunk, n = start, U(sums.size)
    while chunk + 2 * sums.size <= stop:
        at = U(chunk)
        for i in range(n):
            a, b = g[at + i], g[at + n + i]
            sums[i] += a + b
            products[i] += a * (x[at + i] - origin[i]) + b * (x[at + n + i] - origin[i])
        chunk += 2 * sums.size
    while chunk < stop:
        at = U(chunk)
        for i in range(U(min(sums.size, stop - chunk))):
            sums[i] += g[at + i]
            products[i] += g[at + i] * (x[at + i] - origin[i])
        chunk += sums.size


@inlined
def _grad_sums(block, g, x, origin, sums, products):
    """Sums of g and of g * (x - origin) over one part of a sample."""
    size, c = x.shape[1], origin.shape[1]
    sample, part = divmod(block, _count_parts(size, c))
    pixels, grads = x[sample], g[sample]
    start, stop = _part_bounds(part, size, c)
    chunk = _chunk_size(c)
    of_g, of_gx, tiled = (
        np.empty(chunk, x.dtype),
        np.empty(chunk, x.dtype),
        np.empty(chunk, x.dtype),
    )
    folded = np.empty(c, x.dtype)
    _repeat(origin[sample], tiled)
    for tile in range(start, stop, _tile_size(c)):
        end = min(stop, tile + _tile_size(c))
        _tile_products(grads, pixels, tile, end, tiled, of_g, of_gx)
        _fold_into(of_g, folded, sums[block])
        _fold_into(of_gx, folded, products[block])


@loop(
    "T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[::1], T[:, ::1], T[:, ::1], f8[::1],"
    " f8[::1], i8"
)
def _run_grad_sums(pool, g, x, origin, offset, scale, gamma, by_x, shift, beta_, gamma_, groups):
    """Gradients of gamma and beta; by_x and shift are what the gradient of x needs besides."""
    (samples, size), c = x.shape, gamma.size
    parts = _count_parts(size, c)
    sums, products = np.zeros((samples * parts, c)), np.zeros((samples * parts, c))
    run_blocks(pool, samples * parts, _grad_sums, (g, x, origin, sums, products))
    width, count = c // groups, np.float64(size // groups)
    for sample in range(samples):
        sum_g, sum_gx = sums[sample * parts], products[sample * parts]
        for part in range(sample * parts + 1, (sample + 1) * parts):
            sum_g += sums[part]
            sum_gx += products[part]
        for first in range(0, c, width):
            through_mean = through_variance = 0.0
            for i in range(first, first + width):
                sum_gx[i] = (sum_gx[i] - offset[sample, i] * sum_g[i]) * scale[sample, i]
                through_mean += gamma[i] * sum_g[i]
                through_variance += gamma[i] * sum_gx[i]
            s = np.float64(scale[sample, first])
            for i in range(first, first + width):
                factor = -through_variance * s * s / count
                by_x[sample, i] = factor
                shift[sample, i] = -through_mean * s / count - factor * offset[sample, i]
        beta_ += sum_g
        gamma_ += sum_gx


@inlined
def _combine_part(block, g, x, out, origin, by_g, by_x, shift):
    size, c = x.shape[1], origin.shape[1]
    sample, part = divmod(block, _count_parts(size, c))
    pixels, grads, grad = x[sample], g[sample], out[sample]
    start, stop = _part_bounds(part, size, c)
    tiled = np.empty((4, _chunk_size(c)), x.dtype)
    _repeat(origin[sample], tiled[0])
    _repeat(by_g[sample], tiled[1])
    _repeat(by_x[sample], tiled[2])
    _repeat(shift[sample], tiled[3])
    a, b, d, e = tiled[0], tiled[1], tiled[2], tiled[3]
    for chunk in range(start, stop, a.size):
        at = U(chunk)
        for i in range(U(min(a.size, stop - chunk))):
            centered = pixels[at + i] - a[i]
            grad[at + i] = grads[at + i] * b[i] + (centered * d[i] + e[i])


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1]")
def _run_combine(pool, g, x, grad, origin, by_g, by_x, shift):
    """grad = g * by_g + (x - origin) * by_x + shift."""
    blocks = len(x) * _count_parts(x.shape[1], origin.shape[1])
    run_blocks(pool, blocks, _combine_part, (g, x, grad, origin, by_g, by_x, shift))


def _normalize_backward(
    g: Array, residuals: tuple[Any, ...], x: Array, gamma: Array, groups: int
) -> tuple[Any, Array, Array]:
    """The gradient of x (a function), and those of gamma and beta."""
    origin, offset, scale = residuals
    rows = [as_carray(v).reshape(len(origin), -1) for v in (g, x)]
    gain = as_carray(gamma)
    by_x, shift = np.empty_like(scale), np.empty_like(scale)
    sums = np.zeros((2, gamma.size))
    state = origin, offset, scale, gain, by_x, shift
    _run_grad_sums(PASSES * x.size, *rows, *state, *sums, groups)

    def grad_x() -> Array:
        grad = np.empty(rows[1].shape, x.dtype)
        _run_combine(PASSES * x.size, *rows, grad, origin, gain * scale, by_x, shift)
        return grad.reshape(x.shape)

    grad_beta, grad_gamma = sums.astype(x.dtype)
    return grad_x, grad_gamma, grad_beta


def batch_norm_forward(
    x: Array, gamma: Array, beta: Array, *, epsilon: float, moments: Moments | None = None
) -> Any:
    """The output; origin, offset and 1 / deviation per channel for the backward."""
    if not _is_taken(x, gamma, beta, *(moments or ())[:2]):
        return NotImplemented
    if moments is None:
        known = _moments(x, 1, x.shape[-1])
    else:
        known = Moments(*(None if a is None else as_carray(a)[None] for a in moments))
    return _normalize(x, known, gamma, beta, epsilon)


def batch_norm_backward(
    g: Array,
    residuals: tuple[Any, ...],
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    epsilon: float,
    moments: Moments | None = None,
) -> tuple[Any, Array, Array]:
    """Gradients of x, gamma and beta."""
    return _normalize_backward(g, residuals, x, gamma, x.shape[-1])


def group_norm_forward(x: Array, gamma: Array, beta: Array, *, groups: int, epsilon: float) -> Any:
    """The output; origin, offset and 1 / deviation per sample and channel for the backward."""
    if not _is_taken(x, gamma, beta):
        return NotImplemented
    return _normalize(x, _moments(x, len(x), groups), gamma, beta, epsilon)


def group_norm_backward(
    g: Array,
    residuals: tuple[Any, ...],
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    groups: int,
    epsilon: float,
) -> tuple[Any, Array, Array]:
    """Gradients of x, gamma and beta."""
    return _normalize_backward(g, residuals, x, gamma, groups)


# ---- layer normalization -------------------------------------------------------------------------

ROWS_SIZE = 1 << 12  # numbers that a block of rows reads


@inlined
def _layer_norm(block, x, y, gamma, beta, means, scales, epsilon, rows):
    f, T = x.shape[1], x.dtype.type
    n, count = U(f), T(f)
    for r in range(block * rows, min(len(x), (block + 1) * rows)):
        row, out = x[r], y[r]
        total, square = T(0), T(0)
        for i in range(n):
            total += row[i]
        mean = total / count
        for i in range(n):
            square += (row[i] - mean) * (row[i] - mean)
        scale = T(1) / np.sqrt(square / count + epsilon)
        for i in range(n):
            out[i] = (row[i] - mean) * scale * gamma[i] + beta[i]
        means[r], scales[r] = mean, scale


@loop("T[:, ::1], T[:, ::1], T[::1], T[::1], T[::1], T[::1], f8")
def _run_layer_norm(pool, x, y, gamma, beta, means, scales, epsilon):
    rows = max(1, ROWS_SIZE // x.shape[1])
    arguments = x, y, gamma, beta, means, scales, x.dtype.type(epsilon), rows
    run_blocks(pool, (len(x) + rows - 1) // rows, _layer_norm, arguments)


@inlined
def _layer_norm_grad(part, g, x, grad, gamma, means, scales, of_gamma, of_beta):
    f, T = x.shape[1], x.dtype.type
    n, count = U(f), T(f)
    by_gamma, by_beta = of_gamma[part], of_beta[part]
    for r in range(part * len(x) // len(of_beta), (part + 1) * len(x) // len(of_beta)):
        row, grads, out, mean, scale = x[r], g[r], grad[r], means[r], scales[r]
        through_mean, through_variance = T(0), T(0)
        for i in range(n):
            a = grads[i] * gamma[i]
            through_mean += a
            through_variance += a * ((row[i] - mean) * scale)
        through_mean /= count
        through_variance /= count
        for i in range(n):
            normalized = (row[i] - mean) * scale
            by_gamma[i] += grads[i] * normalized
            by_beta[i] += grads[i]
            a = grads[i] * gamma[i] - through_mean - normalized * through_variance
            out[i] = a * scale


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[::1], T[::1], T[::1], T[:, ::1], T[:, ::1]")
def _run_layer_norm_grad(pool, g, x, grad, gamma, means, scales, of_gamma, of_beta):
    arguments = g, x, grad, gamma, means, scales, of_gamma, of_beta
    run_blocks(pool, len(of_beta), _layer_norm_grad, arguments)


def layer_norm_forward(x: Array, gamma: Array, beta: Array, *, epsilon: float) -> Any:
    """The output; mean and 1 / deviation of each row for the backward."""
    if not x.dtype == gamma.dtype == beta.dtype or x.dtype.char not in "fd" or not x.size:
        return NotImplemented
    rows = as_carray(x).reshape(-1, gamma.size)
    y = np.empty(rows.shape, x.dtype)
    means, scales = np.empty((2, len(rows)), x.dtype)
    parameters = as_carray(gamma).reshape(-1), as_carray(beta).reshape(-1)
    _run_layer_norm(PASSES * x.size, rows, y, *parameters, means, scales, epsilon)
    return y.reshape(x.shape), (means, scales)


def layer_norm_backward(
    g: Array, residuals: tuple[Any, ...], x: Array, gamma: Array, beta: Array, *, epsilon: float
) -> tuple[Array, Array, Array]:
    """Gradients of x, gamma and beta."""
    rows = [as_carray(a).reshape(-1, gamma.size) for a in (g, x)]
    grad = np.empty(rows[1].shape, x.dtype)
    parts = min(PARTS, -(-x.size // TILE))
    sums = np.zeros((2, parts, gamma.size), x.dtype)
    gain = as_carray(gamma).reshape(-1)
    _run_layer_norm_grad(2 * PASSES * x.size, *rows, grad, gain, *residuals, *sums)
    grad_gamma, grad_beta = sums.sum(1).reshape(2, *gamma.shape)
    return grad.reshape(x.shape), grad_gamma, grad_beta


# ---- RMS normalization ---------------------------------------------------------------------------


@inlined
def _rms_norm(block, x, y, gamma, scales, epsilon, rows):
    f, T = x.shape[1], x.dtype.type
    n, count = U(f), T(f)
    for r in range(block * rows, min(len(x), (block + 1) * rows)):
        row, out, square = x[r], y[r], T(0)
        for i in range(n):
            square += row[i] * row[i]
        # a root in float32 is estimated, as NaN for infinity
        scale = T(1 / np.sqrt(np.float64(square / count + epsilon)))
        for i in range(n):
            out[i] = row[i] * scale * gamma[i]
        scales[r] = scale


@loop("T[:, ::1], T[:, ::1], T[::1], T[::1], f8")
def _run_rms_norm(pool, x, y, gamma, scales, epsilon):
    rows = max(1, ROWS_SIZE // x.shape[1])
    arguments = x, y, gamma, scales, x.dtype.type(epsilon), rows
    run_blocks(pool, (len(x) + rows - 1) // rows, _rms_norm, arguments)


@inlined
def _rms_norm_grad(part, g, x, grad, gamma, scales, of_gamma):
    f, T = x.shape[1], x.dtype.type
    n, count, by_gamma = U(f), T(f), of_gamma[part]
    for r in range(part * len(x) // len(of_gamma), (part + 1) * len(x) // len(of_gamma)):
        row, grads, out, scale = x[r], g[r], grad[r], scales[r]
        through_scale = T(0)
        for i in range(n):
            through_scale += grads[i] * gamma[i] * (row[i] * scale)
        through_scale /= count
        for i in range(n):
            normalized = row[i] * scale
            by_gamma[i] += grads[i] * normalized
            out[i] = (grads[i] * gamma[i] - normalized * through_scale) * scale


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[::1], T[::1], T[:, ::1]")
def _run_rms_norm_grad(pool, g, x, grad, gamma, scales, of_gamma):
    arguments = g, x, grad, gamma, scales, of_gamma
    run_blocks(pool, len(of_gamma), _rms_norm_grad, arguments)


def rms_norm_forward(x: Array, gamma: Array, *, epsilon: float) -> Any:
    """The output; 1 / root mean square of each row for the backward."""
    if x.dtype != gamma.dtype or x.dtype.char not in "fd" or not x.size:
        return NotImplemented
    check_gain(x, gamma)
    rows = as_carray(x).reshape(-1, gamma.size)
    y = np.empty(rows.shape, x.dtype)
    scales = np.empty(len(rows), x.dtype)
    _run_rms_norm(PASSES * x.size, rows, y, as_carray(gamma).reshape(-1), scales, epsilon)
    return y.reshape(x.shape), (scales,)


def rms_norm_backward(
    g: Array, residuals: tuple[Any, ...], x: Array, gamma: Array, *, epsilon: float
) -> tuple[Array, Array]:
    """Gradients of x and gamma."""
    rows = [as_carray(a).reshape(-1, gamma.size) for a in (g, x)]
    grad = np.empty(rows[1].shape, x.dtype)
    sums = np.zeros((min(PARTS, -(-x.size // TILE)), gamma.size), x.dtype)
    gain = as_carray(gamma).reshape(-1)
    _run_rms_norm_grad(2 * PASSES * x.size, *rows, grad, gain, *residuals, sums)
    return grad.reshape(x.shape), sums.sum(0).reshape(gamma.shape)
