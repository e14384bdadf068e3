"""Normalization in two readings of x: one for the statistics, one for the result.

Where statistics belong to channels, pixels are merged into long rows, (samples, rows, pixels * C),
and vectors of channels are tiled to that length: loops over C numbers alone would be short.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from ..backend import Array, backend, cache_blocks, device_name
from ..ops.normalization import Moments, channel_band, check_gain
from .blocks import BLOCK_SIZE, MERGED_ROW, row_sums

# ---- layer and RMS normalization -----------------------------------------------------------------


def _rows_and_blocks(x: Array, gamma: Array) -> tuple[Array, Iterator[slice]]:
    """x with one row per set of statistics, and slices of rows that fit the cache."""
    sets = math.prod(x.shape[: x.ndim - gamma.ndim])
    rows = x.reshape((sets, gamma.size))
    return rows, cache_blocks(rows, BLOCK_SIZE)


def layer_norm_forward(
    x: Array, gamma: Array, beta: Array, *, epsilon: float
) -> tuple[Array, tuple[Array, Array]]:
    """The output; mean and 1 / deviation of each row for the backward."""
    xp = backend(x)
    rows, blocks = _rows_and_blocks(x, gamma)
    count = max(1, gamma.size)
    gain = gamma.reshape(-1)
    offset = beta.reshape(-1)
    y = xp.empty(rows.shape, x.dtype)
    means = xp.empty((len(rows), 1), x.dtype)
    scales = xp.empty((len(rows), 1), x.dtype)
    for block in blocks:
        part = y[block]
        xp.mean(rows[block], 1, keepdims=True, out=means[block])
        xp.subtract(rows[block], means[block], out=part)
        variance = xp.einsum("rc,rc->r", part, part)[:, None] / count
        xp.divide(1, xp.sqrt(variance + epsilon), out=scales[block])
        part *= scales[block]
        part *= gain
        part += offset
    return y.reshape(x.shape), (means, scales)


def layer_norm_backward(
    g: Array, residuals: tuple[Array, Array], x: Array, gamma: Array, beta: Array, *, epsilon: float
) -> tuple[Array, Array, Array]:
    """Gradients of x, gamma and beta; the mean and the variance depend on x too."""
    means, scales = residuals
    xp = backend(g)
    rows, blocks = _rows_and_blocks(x, gamma)
    count = max(1, gamma.size)
    gain = gamma.reshape(-1)
    grad_rows = g.reshape(rows.shape)
    grad_x = xp.empty(rows.shape, g.dtype)
    grad_gamma = xp.zeros(gamma.size, g.dtype)
    for block in blocks:
        part = grad_x[block]
        g_block = grad_rows[block]
        xhat = rows[block] - means[block]
        xhat *= scales[block]
        xp.multiply(g_block, gain, out=part)
        grad_mean = (g_block @ gain)[:, None] / count
        grad_dot_xhat = xp.einsum("rc,rc->r", part, xhat)[:, None] / count
        grad_gamma += xp.einsum("rc,rc->c", g_block, xhat)
        part -= grad_mean
        xhat *= grad_dot_xhat
        part -= xhat
        part *= scales[block]
    return (
        grad_x.reshape(x.shape),
        grad_gamma.reshape(gamma.shape),
        row_sums(grad_rows).reshape(beta.shape),
    )


def rms_norm_forward(x: Array, gamma: Array, *, epsilon: float) -> tuple[Array, Array]:
    """The output; 1 / root mean square of each row for the backward."""
    check_gain(x, gamma)
    xp = backend(x)
    rows, blocks = _rows_and_blocks(x, gamma)
    count = max(1, gamma.size)
    y = xp.empty(rows.shape, xp.result_type(x.dtype, gamma.dtype))
    scales = xp.empty((len(rows), 1), x.dtype)
    for block in blocks:
        part = y[block]
        mean_square = xp.einsum("rc,rc->r", rows[block], rows[block])[:, None] / count
        xp.divide(1, xp.sqrt(mean_square + epsilon), out=scales[block])
        xp.multiply(rows[block], scales[block], out=part)
        part *= gamma
    return y.reshape(x.shape), scales


def rms_norm_backward(
    g: Array, scales: Array, x: Array, gamma: Array, *, epsilon: float
) -> tuple[Array, Array]:
    """Gradients of x and gamma; the mean square depends on x too."""
    xp = backend(g)
    rows, blocks = _rows_and_blocks(x, gamma)
    count = max(1, gamma.size)
    grad_rows = g.reshape(rows.shape)
    grad_x = xp.empty(rows.shape, g.dtype)
    grad_gamma = xp.zeros(gamma.size, g.dtype)
    for block in blocks:
        part = grad_x[block]
        xhat = rows[block] * scales[block]
        grad_gamma += xp.einsum("rc,rc->c", grad_rows[block], xhat)
        xp.multiply(grad_rows[block], gamma, out=part)
        xhat *= xp.einsum("rc,rc->r", part, xhat)[:, None] / count
        part -= xhat
        part *= scales[block]
    return grad_x.reshape(x.shape), grad_gamma.reshape(gamma.shape)


# ---- merged rows ---------------------------------------------------------------------------------


@cache
def pixels_per_row(pixels: int, channels: int) -> int:
    """The largest divisor of `pixels` that keeps a row at MERGED_ROW numbers or fewer."""
    largest = max(1, MERGED_ROW // max(1, channels))
    return next(k for k in range(largest, 0, -1) if pixels % k == 0)


def merge_pixels(x: Array, samples: int) -> Array:
    """(..., C) -> (samples, rows, pixels * C)."""
    channels = x.shape[-1]
    pixels = x.size // max(1, channels * samples)
    k = pixels_per_row(pixels, channels)
    return x.reshape((samples, pixels // k, k * channels))


def tile_channels(v: Array, merged: Array) -> Array:
    """(samples, C) -> (samples, 1, pixels * C), as long as the rows of `merged`."""
    pixels = merged.shape[2] // max(1, v.shape[1])
    return backend(v).tile(v, (1, pixels))[:, None]


def channel_sums(merged: Array, channels: int, factor: Array | None = None) -> Array:
    """Sums over the pixels of each sample, of x or of x * factor: -> (samples, C)."""
    xp = backend(merged)
    if factor is None:
        rows = xp.ones(merged.shape[1], merged.dtype) @ merged
    else:
        rows = xp.einsum("srl,srl->sl", merged, factor)
    pixels = merged.shape[2] // max(1, channels)
    return rows.reshape((len(merged), pixels, channels)).sum(1)


def group_sums(v: Array, groups: int) -> Array:
    """(samples, C) -> (samples, C), each channel with the sum over its group."""
    samples, channels = v.shape
    if groups == channels:
        return v
    size = channels // groups
    return v.reshape((samples, groups, size)).sum(2).repeat(size, 1)


def merged_blocks(merged: Array) -> list[tuple[slice, slice]]:
    """Indices (samples, rows) of blocks that fit the cache; on a GPU, one block."""
    samples, rows, length = merged.shape
    if device_name(merged) != "cpu":
        return [(slice(None), slice(None))]
    rows_per_block = max(1, BLOCK_SIZE // max(1, length))
    samples_per_block = max(1, rows_per_block // max(1, rows))
    return [
        (slice(i, i + samples_per_block), slice(j, j + rows_per_block))
        for i in range(0, samples, samples_per_block)
        for j in range(0, rows, rows_per_block)
    ]


def scale_and_shift(merged: Array, scale: Array, shift: Array) -> Array:
    """x * scale + shift in one new array; scale and shift are (samples, C)."""
    xp = backend(merged)
    y = xp.empty(merged.shape, merged.dtype)
    tiled_scale = tile_channels(scale, merged)
    tiled_shift = tile_channels(shift, merged)
    for block in merged_blocks(merged):
        part = y[block]
        sample = block[0] if len(scale) > 1 else slice(None)
        xp.multiply(merged[block], tiled_scale[sample], out=part)
        part += tiled_shift[sample]
    return y


FEW_ELEMENTS = 1 << 14  # merging pixels and tiling channels takes as long as scaling so many


def scale_shift_forward(x: Array, scale: Array, shift: Array) -> Array:
    """x * scale + shift; of few elements as it is written."""
    if x.size < FEW_ELEMENTS:
        return x * scale + shift
    return scale_and_shift(merge_pixels(x, 1), scale[None], shift[None]).reshape(x.shape)


# ---- statistics per channel ----------------------------------------------------------------------


def group_moments(merged: Array, channels: int, groups: int) -> Moments:
    """The Moments of each sample's groups, (samples, C) each.

    E[x**2] - E[x]**2 loses three bits where mean**2 is 8 variances, and all farther out: beyond
    that the moments are those of x - origin. On a GPU, where the comparison would wait for the
    device, they always are.
    """
    if device_name(merged) == "cpu":
        offset, variance = _raw_moments(merged, channels, groups)
        if not (offset * offset > 8 * variance).any():
            return Moments(offset, variance)
    count = _group_size(merged, groups)
    origin = group_sums(channel_sums(merged, channels), groups) / count
    centered = merged - tile_channels(origin, merged)
    return Moments(*_raw_moments(centered, channels, groups), origin)


def _group_size(merged: Array, groups: int) -> int:
    """How many numbers of a sample make one group."""
    return max(1, merged.shape[1] * merged.shape[2] // groups)


def _raw_moments(merged: Array, channels: int, groups: int) -> tuple[Array, Array]:
    """E[x] and E[x**2] - E[x]**2."""
    count = _group_size(merged, groups)
    sums = channel_sums(merged, channels)
    square_sums = channel_sums(merged, channels, merged)
    mean = group_sums(sums, groups) / count
    mean_square = group_sums(square_sums, groups) / count
    return mean, mean_square - mean * mean


def moments_forward(x: Array) -> Moments:
    """The Moments of each channel over all other axes."""
    found = group_moments(merge_pixels(x, 1), x.shape[-1], x.shape[-1])
    return Moments(*(None if a is None else a[0] for a in found))


# ---- batch and group normalization ---------------------------------------------------------------

Residuals = tuple[Array | None, Array, Array]


def _normalize(
    x: Array, moments: Moments, samples: int, gamma: Array, beta: Array, epsilon: float
) -> tuple[Array, Residuals]:
    """The output; origin, mean and 1 / deviation per channel for the backward, no array like x."""
    merged = _from_origin(merge_pixels(x, samples), moments.origin)
    scale = 1 / backend(x).sqrt(moments.variance + epsilon)
    gain = gamma * scale
    y = scale_and_shift(merged, gain, beta - moments.offset * gain)
    return y.reshape(x.shape), (moments.origin, moments.offset, scale)


def _from_origin(merged: Array, origin: Array | None) -> Array:
    """x - origin."""
    return merged if origin is None else merged - tile_channels(origin, merged)


def _normalize_backward(
    g: Array, residuals: Residuals, x: Array, samples: int, groups: int, gamma: Array
) -> tuple[Callable[[], Array], Array, Array]:
    """The gradient of x (a function), and those of gamma and beta by sample."""
    origin, mean, scale = residuals
    channels = x.shape[-1]
    merged_g = merge_pixels(g, samples)
    merged_x = _from_origin(merge_pixels(x, samples), origin)
    grad_sum = channel_sums(merged_g, channels)
    grad_dot_x = channel_sums(merged_g, channels, merged_x)
    grad_dot_xhat = (grad_dot_x - mean * grad_sum) * scale

    def grad_x() -> Array:
        count = _group_size(merged_x, groups)
        through_variance = group_sums(gamma * grad_dot_xhat, groups)
        through_mean = group_sums(gamma * grad_sum, groups)
        by_x = through_variance * scale * scale / -count
        shift = through_mean * scale / -count - by_x * mean
        return _combine(merged_g, gamma * scale, merged_x, by_x, shift).reshape(x.shape)

    return grad_x, grad_dot_xhat, grad_sum


def _combine(g: Array, by_g: Array, x: Array, by_x: Array, shift: Array) -> Array:
    """g * by_g + x * by_x + shift in one new array; factors and shift are (samples, C)."""
    xp = backend(x)
    y = xp.empty(x.shape, x.dtype)
    tiled_by_g = tile_channels(by_g, x)
    tiled_by_x = tile_channels(by_x, x)
    tiled_shift = tile_channels(shift, x)
    for block in merged_blocks(x):
        part = y[block]
        sample = block[0]
        xp.multiply(x[block], tiled_by_x[sample], out=part)
        part += tiled_shift[sample]
        part += g[block] * tiled_by_g[sample]
    return y


def batch_norm_forward(
    x: Array, gamma: Array, beta: Array, *, epsilon: float, moments: Moments | None = None
) -> tuple[Array, Residuals]:
    """The output; origin, mean and 1 / deviation per channel for the backward."""
    known = moments or moments_forward(x)
    one_sample = Moments(*(None if a is None else a[None] for a in known))
    return _normalize(x, one_sample, 1, gamma, beta, epsilon)


def batch_norm_backward(
    g: Array,
    residuals: Residuals,
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    epsilon: float,
    moments: Moments | None = None,
) -> tuple[Any, Array, Array]:
    """Gradients of x, gamma and beta."""
    grad_x, grad_gamma, grad_beta = _normalize_backward(g, residuals, x, 1, x.shape[-1], gamma)
    return grad_x, grad_gamma[0], grad_beta[0]


def group_norm_forward(
    x: Array, gamma: Array, beta: Array, *, groups: int, epsilon: float
) -> tuple[Array, Residuals]:
    """The output; origin, mean and 1 / deviation per sample and channel for the backward."""
    samples = len(x)
    moments = group_moments(merge_pixels(x, samples), x.shape[-1], groups)
    return _normalize(x, moments, samples, gamma, beta, epsilon)


def group_norm_backward(
    g: Array,
    residuals: Residuals,
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    groups: int,
    epsilon: float,
) -> tuple[Any, Array, Array]:
    """Gradients of x, gamma and beta."""
    grad_x, grad_gamma, grad_beta = _normalize_backward(g, residuals, x, len(x), groups, gamma)
    return grad_x, grad_gamma.sum(0), grad_beta.sum(0)


# ---- local response normalization ----------------------------------------------------------------


def _power(x: Array, exponent: float) -> Array:
    """x ** exponent for x > 0; -0.75 by two roots, in a fraction of the time."""
    if exponent != -0.75:
        return x**exponent
    xp = backend(x)
    root = xp.sqrt(x)
    root *= xp.sqrt(root)
    return xp.divide(1, root, out=root)


def _pixel_blocks(rows: Array) -> Iterator[slice]:
    """Slices of rows, so many that reading the band matrix costs little beside them."""
    return cache_blocks(rows, BLOCK_SIZE, 4 * rows.shape[1])


def local_response_norm_forward(
    x: Array, *, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> tuple[Array, Array]:
    """The output, and k + alpha * sum for the backward."""
    xp = backend(x)
    rows = x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))
    band = channel_band(xp, rows.shape[1], n, x.dtype)
    y = xp.empty(rows.shape, x.dtype)
    sums = xp.empty(rows.shape, x.dtype)
    for block in _pixel_blocks(rows):
        part = sums[block]
        xp.matmul(rows[block] * rows[block], band, out=part)
        part *= alpha
        part += k
        xp.multiply(rows[block], _power(part, -beta), out=y[block])
    return y.reshape(x.shape), sums


def local_response_norm_backward(
    g: Array,
    sums: Array,
    x: Array,
    *,
    n: int = 5,
    k: float = 2.0,
    alpha: float = 1e-4,
    beta: float = 0.75,
) -> tuple[Array]:
    """The gradient of x, directly and through the sums that it is part of."""
    xp = backend(x)
    band = channel_band(xp, x.shape[-1], n, x.dtype)
    grad_rows = g.reshape(sums.shape)
    rows = x.reshape(sums.shape)
    grad_x = xp.empty(rows.shape, x.dtype)
    for block in _pixel_blocks(rows):
        part = grad_x[block]
        direct = grad_rows[block] * _power(sums[block], -beta)
        through_sums = rows[block] * direct
        through_sums /= sums[block]
        xp.matmul(through_sums, band, out=part)
        part *= rows[block]
        part *= -2 * alpha * beta
        part += direct
    return (grad_x.reshape(x.shape),)
