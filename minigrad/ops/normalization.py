"""Normalisation kernels, each under its definition."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

from ..backend import backend, cache_blocks, device_name
from ..engine.autograd import fused, primitive
from .elementwise import sqrt, square, sum_to
from .reductions import mean
from .shapes import reshape

STRETCH = 8192  # numbers that one step of an operation with a vector of channels runs over
BLOCK = (
    2**16
)  # elements at a time: what several operations work on in turn stays in the cache of a CPU


def layer_norm_definition(x, gamma, beta, *, epsilon):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over the last gamma.ndim axes (arXiv:1607.06450)."""
    axes = tuple(range(-gamma.ndim, 0))
    centred = x - mean(x, axis=axes, keepdims=True)
    return centred / sqrt(mean(square(centred), axis=axes, keepdims=True) + epsilon) * gamma + beta


def _rows_of(x, gamma):
    """x with one row for each set of statistics, and slices that cut the rows into pieces that stay in the cache of a CPU."""
    rows = x.reshape((math.prod(x.shape[: x.ndim - gamma.ndim]), gamma.size))
    return rows, cache_blocks(rows, BLOCK)


@fused(layer_norm_definition)
def layer_norm(x, gamma, beta, *, epsilon):
    """layer_norm_definition, some rows at a time; keeps mean and 1 / deviation of each row."""
    xp, (rows, blocks) = backend(x), _rows_of(x, gamma)
    count, gain, offset = max(1, gamma.size), gamma.reshape(-1), beta.reshape(-1)
    y, centre, scale = (
        xp.empty(rows.shape, x.dtype),
        xp.empty((len(rows), 1), x.dtype),
        xp.empty((len(rows), 1), x.dtype),
    )
    for block in blocks:
        part = y[block]
        xp.mean(rows[block], 1, keepdims=True, out=centre[block])
        xp.subtract(rows[block], centre[block], out=part)
        deviation = xp.sqrt(xp.einsum("rc,rc->r", part, part)[:, None] / count + epsilon)
        xp.divide(1, deviation, out=scale[block])
        part *= scale[block]
        part *= gain
        part += offset
    return y.reshape(x.shape), (centre, scale)


@layer_norm.backward
def _(g, kept, x, gamma, beta, epsilon):
    centre, scale = kept
    xp, (rows, blocks) = backend(g), _rows_of(x, gamma)
    count, gain, gs = max(1, gamma.size), gamma.reshape(-1), g.reshape(rows.shape)
    gx, ggamma = xp.empty(rows.shape, g.dtype), xp.zeros(gamma.size, g.dtype)
    for block in blocks:
        part, g, normal = gx[block], gs[block], rows[block] - centre[block]
        normal *= scale[block]
        xp.multiply(
            g, gain, out=part
        )  # the gradient at `normal`, less what its mean and its variance take back
        mean, turn = (
            (g @ gain)[:, None] / count,
            xp.einsum("rc,rc->r", part, normal)[:, None] / count,
        )
        ggamma += xp.einsum("rc,rc->c", g, normal)
        part -= mean
        normal *= turn
        part -= normal
        part *= scale[block]
    return (
        gx.reshape(x.shape),
        ggamma.reshape(gamma.shape),
        (xp.ones(len(gs), gs.dtype) @ gs).reshape(beta.shape),
    )


def rms_norm(x, gamma, *, epsilon):
    """gamma * x / sqrt(mean of x**2 + epsilon), the mean over the last axis (arXiv:1910.07467)."""
    return x / sqrt(mean(square(x), axis=-1, keepdims=True) + epsilon) * gamma


# ---- channels last: long stretches of memory -----------------------------------------------------------------------


@cache
def _pixels_a_row(pixels, channels):
    """How many pixels to lay end to end: the most that divide them and keep a row below STRETCH numbers."""
    return next(k for k in range(max(1, STRETCH // max(1, channels)), 0, -1) if pixels % k == 0)


def _wide(x, samples):
    """(..., C) as (samples, rows, pixels * C): a vector of channels, tiled, then meets rows that are long."""
    channels = x.shape[-1]
    pixels = x.size // max(1, channels * samples)
    k = _pixels_a_row(pixels, channels)
    return x.reshape((samples, pixels // k, k * channels))


def _tiled(v, x):
    """A vector of channels for each sample, (samples, C), as long as the rows of a wide x."""
    return backend(v).tile(v, (1, x.shape[2] // max(1, v.shape[1])))[:, None]


def _channel_sums(channels, x, y=None):
    """The sums over the pixels of each sample, of x or of x * y, both wide: (samples, C)."""
    xp = backend(x)
    rows = xp.ones(x.shape[1], x.dtype) @ x if y is None else xp.einsum("srl,srl->sl", x, y)
    return rows.reshape((len(x), x.shape[2] // max(1, channels), channels)).sum(1)


def _blocks(x):
    """Indices that cut a wide x into pieces, on a CPU; on a GPU it stays whole."""
    samples, rows, length = x.shape
    if device_name(x) != "cpu":
        return [(slice(None), slice(None))]
    step = max(1, BLOCK // max(1, length))
    several = max(1, step // max(1, rows))
    return [
        (slice(i, i + several), slice(j, j + step))
        for i in range(0, samples, several)
        for j in range(0, rows, step)
    ]


def _scaled_and_shifted(x, scale, shift):
    """x * scale + shift in one new array; x is wide, scale and shift are (samples, C)."""
    y, scale, shift = backend(x).empty(x.shape, x.dtype), _tiled(scale, x), _tiled(shift, x)
    for block in _blocks(x):
        part, sample = y[block], block[0] if len(scale) > 1 else slice(None)
        backend(x).multiply(x[block], scale[sample], out=part)
        part += shift[sample]
    return y


@primitive
def scale_shift(x, scale, shift):
    """x * scale + shift, a number of each for every channel: (..., C), (C,), (C,) -> (..., C)."""
    return _scaled_and_shifted(_wide(x, 1), scale[None], shift[None]).reshape(x.shape)


scale_shift.gradients(
    lambda g, y, x, scale, shift: g * scale,
    lambda g, y, x, scale, shift: sum_to(g * x, shape=scale.shape),
    lambda g, y, x, scale, shift: sum_to(g, shape=shift.shape),
    needs="x scale shift.shape",
)


# ---- statistics of channels ----------------------------------------------------------------------------------------


def _grouped(v, groups):
    """Sums over the channels of each group, every channel with that of its group: (samples, C) -> (samples, C)."""
    samples, channels = v.shape
    if groups == channels:
        return v
    return v.reshape((samples, groups, channels // groups)).sum(2).repeat(channels // groups, 1)


class Moments(NamedTuple):
    """Mean (origin + centre) and variance of channels, (samples, C) each; the origin is None where the mean is near 0."""

    origin: Any
    centre: Any
    variance: Any


def _moments(x, channels, groups):
    """The moments of each sample's groups of a wide x."""
    count = max(1, x.shape[1] * x.shape[2] // groups)

    def mean_and_variance(x):
        centre = _grouped(_channel_sums(channels, x), groups) / count
        return centre, _grouped(_channel_sums(channels, x, x), groups) / count - centre * centre

    if (
        device_name(x) == "cpu"
    ):  # elsewhere the question whether the mean is far would wait for the device
        centre, variance = mean_and_variance(x)
        if not (
            centre * centre > 8 * variance
        ).any():  # at this distance E[x*x] - E[x]**2 loses three bits; farther, all
            return Moments(None, centre, variance)
    origin = _grouped(_channel_sums(channels, x), groups) / count
    return Moments(origin, *mean_and_variance(x - _tiled(origin, x)))


def _normalised(x, samples, groups, gamma, beta, epsilon, moments=None):
    """The forward of both kernels, and what backward needs: numbers for each sample's channels, no array like x."""
    x, shape = _wide(x, samples), x.shape
    origin, centre, variance = moments or _moments(x, shape[-1], groups)
    if origin is not None:
        x = x - _tiled(origin, x)
    scale = 1 / backend(x).sqrt(variance + epsilon)
    slope = gamma * scale
    return _scaled_and_shifted(x, slope, beta - centre * slope).reshape(shape), (
        origin,
        centre,
        scale,
    )


def _normalised_backward(g, kept, x, samples, groups, gamma):
    """The gradients for x (a function, called if it is needed), and for gamma and beta by sample."""
    origin, centre, scale = kept
    shape, channels = x.shape, x.shape[-1]
    g, x = _wide(g, samples), _wide(x, samples)
    if origin is not None:
        x = x - _tiled(origin, x)
    total = _channel_sums(channels, g)
    turn = (_channel_sums(channels, g, x) - centre * total) * scale  # the sum of g * normalised x

    def gx():
        count = max(1, x.shape[1] * x.shape[2] // groups)
        by_x = (
            _grouped(gamma * turn, groups) * scale * scale / -count
        )  # what the variance takes back, then the mean
        shift = _grouped(gamma * total, groups) * scale / -count - by_x * centre
        y, xp = backend(x).empty(x.shape, x.dtype), backend(x)
        by_g, by_x, shift = (_tiled(v, x) for v in (gamma * scale, by_x, shift))
        for block in _blocks(x):
            part, sample = y[block], block[0]
            xp.multiply(x[block], by_x[sample], out=part)
            part += shift[sample]
            part += g[block] * by_g[sample]
        return y.reshape(shape)

    return gx, turn, total


def batch_moments(x):
    """The Moments of each channel over all else, outside the graph."""
    x = getattr(x, "_array", x)
    return _moments(_wide(x, 1), x.shape[-1], x.shape[-1])


def batch_norm_definition(x, gamma, beta, *, epsilon, moments=None):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics of each channel over the batch (arXiv:1502.03167)."""
    axes = tuple(range(x.ndim - 1))
    centred = x - mean(x, axis=axes, keepdims=True)
    return centred / sqrt(mean(square(centred), axis=axes, keepdims=True) + epsilon) * gamma + beta


@fused(batch_norm_definition)
def batch_norm(x, gamma, beta, *, epsilon, moments=None):
    """batch_norm_definition in two readings of x; `moments` are its batch_moments, if they are known already."""
    return _normalised(x, 1, x.shape[-1], gamma, beta, epsilon, moments)


@batch_norm.backward
def _(g, kept, x, gamma, beta, epsilon, moments=None):
    gx, turn, total = _normalised_backward(g, kept, x, 1, x.shape[-1], gamma)
    return gx, turn[0], total[0]


def group_norm_definition(x, gamma, beta, *, groups, epsilon):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over the pixels of `groups` groups of channels.

    One set of statistics for each sample (arXiv:1803.08494); as many groups as channels: instance norm (arXiv:1607.08022).
    """
    apart = reshape(x, shape=(x.shape[0], math.prod(x.shape[1:-1]), groups, x.shape[-1] // groups))
    centred = apart - mean(apart, axis=(1, 3), keepdims=True)
    normal = centred / sqrt(mean(square(centred), axis=(1, 3), keepdims=True) + epsilon)
    return reshape(normal, shape=x.shape) * gamma + beta


@fused(group_norm_definition)
def group_norm(x, gamma, beta, *, groups, epsilon):
    """group_norm_definition in two readings of x."""
    return _normalised(x, len(x), groups, gamma, beta, epsilon)


@group_norm.backward
def _(g, kept, x, gamma, beta, groups, epsilon):
    gx, turn, total = _normalised_backward(g, kept, x, len(x), groups, gamma)
    return gx, turn.sum(0), total.sum(0)


# ---- between channels ----------------------------------------------------------------------------------------------


@cache
def _neighbours(xp, channels, n, dtype):
    """A band matrix: row i has ones at the n channels around i."""
    near = xp.arange(channels)
    return (abs(near[:, None] - near) <= n // 2).astype(dtype)


def local_response_norm_definition(x, *, n=5, k=2.0, alpha=1e-4, beta=0.75):
    """x / (k + alpha * sum of x**2 over the n channels around each) ** beta (Krizhevsky et al. 2012, section 3.3)."""
    squares = reshape(square(x), shape=(math.prod(x.shape[:-1]), x.shape[-1])) @ _neighbours(
        backend(x), x.shape[-1], n, x.dtype
    )
    return x * (k + alpha * reshape(squares, shape=x.shape)) ** -beta


def _power(x, exponent):
    """x ** exponent for x > 0, by roots where they do, which take a fraction of the time."""
    if exponent != -0.75:
        return x**exponent
    xp = backend(x)
    root = xp.sqrt(x)
    root *= xp.sqrt(root)
    return xp.divide(1, root, out=root)


@fused(local_response_norm_definition)
def local_response_norm(x, *, n=5, k=2.0, alpha=1e-4, beta=0.75):
    """local_response_norm_definition, a few pixels at a time; keeps k + alpha * sum."""
    xp, flat = backend(x), x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))
    y, sums, near = (
        xp.empty(flat.shape, x.dtype),
        xp.empty(flat.shape, x.dtype),
        _neighbours(xp, flat.shape[1], n, x.dtype),
    )
    for block in cache_blocks(
        flat, BLOCK, 4 * flat.shape[1]
    ):  # so many that reading the band matrix costs little beside them
        part = sums[block]
        xp.matmul(flat[block] * flat[block], near, out=part)
        part *= alpha
        part += k
        xp.multiply(flat[block], _power(part, -beta), out=y[block])
    return y.reshape(x.shape), sums


@local_response_norm.backward
def _(g, sums, x, n=5, k=2.0, alpha=1e-4, beta=0.75):
    xp, shape, near = backend(x), x.shape, _neighbours(backend(x), x.shape[-1], n, x.dtype)
    g, x = g.reshape(sums.shape), x.reshape(sums.shape)
    gx = xp.empty(x.shape, x.dtype)
    for block in cache_blocks(x, BLOCK, 4 * x.shape[1]):
        part, slope = gx[block], g[block] * _power(sums[block], -beta)
        taken = x[block] * slope  # what its neighbours' sums take back
        taken /= sums[block]
        xp.matmul(taken, near, out=part)
        part *= x[block]
        part *= -2 * alpha * beta
        part += slope
    return (gx.reshape(shape),)
