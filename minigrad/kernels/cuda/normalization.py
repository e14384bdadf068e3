"""Normalization on a GPU: rows by a warp or a block, channels by sums over runs of pixels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ...backend import Array, backend
from ...ops.normalization import Moments
from .. import normalization
from .launch import THREADS, WARP, contiguous, launch, launch_row_sums, launch_rows, on_reals

Statistics = tuple[Array | None, Array, Array]  # origin or None for 0, mean - origin, variance

# ---- layer normalization -------------------------------------------------------------------------


@on_reals(normalization.layer_norm_forward)
def layer_norm_forward(
    x: Array, gamma: Array, beta: Array, *, epsilon: float
) -> tuple[Array, Statistics]:
    """The output; mean and variance of each row for the backward."""
    _check_shape(gamma.shape, x.shape[x.ndim - gamma.ndim :], gamma, beta)
    xp, x, length = backend(x), contiguous(x), gamma.size
    rows = x.size // length
    y = xp.empty_like(x)
    means, variances = xp.empty(rows, x.dtype), xp.empty(rows, x.dtype)
    parameters = contiguous(gamma), contiguous(beta)
    args = y, means, variances, x, *parameters, float(epsilon), rows, length
    launch_row_sums("layer_norm", rows, length, args)
    return y, (None, means, variances)


@on_reals(normalization.layer_norm_backward, backward=True)
def layer_norm_backward(
    g: Array, residuals: Statistics, x: Array, gamma: Array, beta: Array, *, epsilon: float
) -> tuple[Callable[[], Array], Array, Array]:
    """Gradients of x (a function), gamma and beta."""
    g, x, length = contiguous(g), contiguous(x), gamma.size
    rows = x.size // length
    sums = channel_sums(g, x, residuals, epsilon, (1, rows, length), by_pixel=True)

    def grad_x() -> Array:
        grad = backend(x).empty_like(x)
        args = grad, g, x, contiguous(gamma), *residuals[1:], float(epsilon), rows, length
        launch_row_sums("layer_norm_grad", rows, length, args)
        return grad

    return grad_x, sums[1, 0].reshape(gamma.shape), sums[0, 0].reshape(beta.shape)


def _check_shape(expected: Any, found: Any, *parameters: Array) -> None:
    """Raise the ValueError for gain and offset of another shape than the axes they belong to."""
    if expected != found or any(p.shape != found for p in parameters):
        shapes = " and ".join(str(p.shape) for p in parameters)
        raise ValueError(f"a gain and an offset of shape {found} would fit; got {shapes}")


# ---- statistics of channels ----------------------------------------------------------------------

LEAST_ROWS = 8  # pixels that a thread sums at least
MOST_RUNS = 32  # into which the pixels of a sample are cut
MOST_SAMPLES = 65535  # blocks along the third axis

Sizes = tuple[int, int, int]  # samples, pixels of each, channels


def _cut_into_runs(sizes: Sizes) -> tuple[int, int, tuple[int, int, int], tuple[int, int]]:
    """(pixels per run, runs, grid, block) of a kernel of blocks (channels, run, sample)."""
    samples, pixels, channels = sizes
    across = min(WARP, 1 << (channels - 1).bit_length())
    down = THREADS // across
    run = max(down * LEAST_ROWS, -(-pixels // MOST_RUNS))
    runs = -(-pixels // run)
    return run, runs, (-(-channels // across), runs, samples), (across, down)


def channel_moments(x: Array, sizes: Sizes, groups: int) -> Statistics:
    """Statistics of each sample's groups of channels, (samples, channels) each."""
    xp, (samples, pixels, channels) = backend(x), sizes
    run, runs, grid, block = _cut_into_runs(sizes)
    offsets, squares = (xp.empty((samples, runs, channels), x.dtype) for _ in range(2))
    launch("channel_moments", grid, block, (offsets, squares, x, run, pixels, channels, groups))
    origins, means, variances = (xp.empty((samples, channels), x.dtype) for _ in range(3))
    found, rows = (origins, means, variances), samples * groups
    args = *found, offsets, squares, x, rows, runs, run, pixels, channels, groups
    launch("group_moments", (-(-rows // 4),), (WARP, 4), args)
    return found


def channel_sums(
    g: Array, x: Array, statistics: Statistics, epsilon: float, sizes: Sizes, by_pixel: bool = False
) -> Array:
    """(2, samples, channels): the sums over the pixels of g, and of g * xhat."""
    samples, pixels, channels = sizes
    run, runs, grid, block = _cut_into_runs(sizes)
    sums = backend(x).empty((2, samples, runs, channels), x.dtype)
    args = sums, g, x, *statistics, float(epsilon), by_pixel, run, pixels, channels
    launch("channel_sums", grid, block, args)
    return sums[:, :, 0] if runs == 1 else sums.sum(2)


@on_reals(normalization.moments_forward)
def moments_forward(x: Array) -> Moments:
    """The Moments of each channel over all other axes."""
    channels = x.shape[-1]
    found = channel_moments(contiguous(x), (1, x.size // channels, channels), channels)
    origin, offset, variance = (a[0] for a in found if a is not None)
    return Moments(offset, variance, origin)


# ---- batch and group normalization ---------------------------------------------------------------


def _normalize(
    x: Array, statistics: Statistics, gamma: Array, beta: Array, epsilon: float, pixels: int
) -> Array:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta."""
    channels = x.shape[-1]
    rows = x.size // channels
    y = backend(x).empty_like(x)
    parameters = contiguous(gamma), contiguous(beta)
    args = y, x, *statistics, *parameters, float(epsilon), rows, pixels, channels
    launch_rows("normalize_channels", rows, channels, args)
    return y


def _normalize_grad(
    g: Array,
    x: Array,
    statistics: Statistics,
    gamma: Array,
    epsilon: float,
    sizes: Sizes,
    groups: int,
) -> tuple[Callable[[], Array], Array, Array]:
    """The gradient of x (a function), and those of gamma and beta by sample."""
    samples, pixels, channels = sizes
    g, x = contiguous(g), contiguous(x)
    sums = contiguous(channel_sums(g, x, statistics, epsilon, sizes))

    def grad_x() -> Array:
        totals = sums
        if groups < channels:
            totals = (sums * gamma).reshape((2, samples, groups, -1)).sum(3)
        grad, rows = backend(x).empty_like(x), samples * pixels
        arrays = grad, g, x, *statistics, contiguous(gamma), totals
        args = *arrays, float(epsilon), rows, pixels, channels, groups
        launch_rows("normalize_channels_grad", rows, channels, args)
        return grad

    return grad_x, sums[1], sums[0]


@on_reals(normalization.batch_norm_forward)
def batch_norm_forward(
    x: Array, gamma: Array, beta: Array, *, epsilon: float, moments: Moments | None = None
) -> tuple[Array, Statistics]:
    """The output; the statistics for the backward."""
    _check_shape(gamma.shape, x.shape[-1:], beta)
    x = contiguous(x)
    offset, variance, origin = moments or moments_forward(x)
    statistics = origin, contiguous(offset), contiguous(variance)
    pixels = x.size // x.shape[-1]
    return _normalize(x, statistics, gamma, beta, epsilon, pixels), statistics


@on_reals(normalization.batch_norm_backward, backward=True)
def batch_norm_backward(
    g: Array,
    residuals: Statistics,
    x: Array,
    gamma: Array,
    beta: Array,
    *,
    epsilon: float,
    moments: Moments | None = None,
) -> tuple[Callable[[], Array], Array, Array]:
    """Gradients of x (a function), gamma and beta."""
    channels = x.shape[-1]
    sizes = 1, x.size // channels, channels
    grad_x, grad_gamma, grad_beta = _normalize_grad(
        g, x, residuals, gamma, epsilon, sizes, channels
    )
    return grad_x, grad_gamma[0], grad_beta[0]


def _group_sizes(x: Array) -> Sizes:
    """(samples, pixels, channels) of (N, ..., C)."""
    return len(x), math.prod(x.shape[1:-1]), x.shape[-1]


@on_reals(normalization.group_norm_forward)
def group_norm_forward(
    x: Array, gamma: Array, beta: Array, *, groups: int, epsilon: float
) -> tuple[Array, Any]:
    """The output; the statistics per sample and channel for the backward."""
    _check_shape(gamma.shape, x.shape[-1:], beta)
    if len(x) > MOST_SAMPLES:
        return normalization.group_norm_forward(x, gamma, beta, groups=groups, epsilon=epsilon)
    x, sizes = contiguous(x), _group_sizes(x)
    statistics = channel_moments(x, sizes, groups)
    return _normalize(x, statistics, gamma, beta, epsilon, sizes[1]), statistics


@on_reals(normalization.group_norm_backward, backward=True)
def group_norm_backward(
    g: Array, residuals: Any, x: Array, gamma: Array, beta: Array, *, groups: int, epsilon: float
) -> tuple[Callable[[], Array], Array, Array]:
    """Gradients of x (a function), gamma and beta."""
    if len(x) > MOST_SAMPLES:
        run = normalization.group_norm_backward
        return run(g, residuals, x, gamma, beta, groups=groups, epsilon=epsilon)
    sizes = _group_sizes(x)
    grad_x, grad_gamma, grad_beta = _normalize_grad(g, x, residuals, gamma, epsilon, sizes, groups)
    return grad_x, grad_gamma.sum(0), grad_beta.sum(0)


@on_reals(normalization.scale_shift_forward)
def scale_shift_forward(x: Array, scale: Array, shift: Array) -> Array:
    """x * scale + shift."""
    channels = x.shape[-1:]
    if scale.shape != channels or shift.shape != channels:
        return x * scale + shift
    x = contiguous(x)
    rows = x.size // len(scale)
    y = backend(x).empty_like(x)
    args = y, x, contiguous(scale), contiguous(shift), rows, len(scale)
    launch_rows("scale_shift", rows, len(scale), args)
    return y


# ---- local response normalization ----------------------------------------------------------------


@on_reals(normalization.local_response_norm_forward)
def local_response_norm_forward(
    x: Array, *, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> tuple[Array, Array]:
    """The output, and k + alpha * sum for the backward."""
    x = contiguous(x)
    channels = x.shape[-1]
    y, sums, rows = backend(x).empty_like(x), backend(x).empty_like(x), x.size // channels
    numbers = *map(float, (k, alpha, beta)), n // 2, rows, channels
    launch_rows("local_response_norm", rows, channels, (y, sums, x, *numbers))
    return y, sums


@on_reals(normalization.local_response_norm_backward, backward=True)
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
    grad, channels = backend(x).empty_like(sums), x.shape[-1]
    rows = x.size // channels
    args = grad, contiguous(g), sums, contiguous(x), float(alpha), float(beta)
    launch_rows("local_response_norm_grad", rows, channels, (*args, n // 2, rows, channels))
    return (grad,)
