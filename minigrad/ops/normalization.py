"""Normalization: subtract a mean, divide by a deviation, then a gain and an offset per channel."""

from __future__ import annotations

import math
from functools import cache
from typing import Any, NamedTuple

from ..backend import Array, backend, mean_axes
from ..config import EPSILON
from ..engine.autograd import composite, fused, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import sqrt, square, sum_to
from .reductions import mean
from .shapes import normalize_axes, reshape


def normalize(x: TensorLike, axis: tuple[int, ...], epsilon: float) -> TensorLike:
    """(x - mean) / sqrt(variance + epsilon), with the statistics over the given axes.

    Args:
        x: The values.
        axis: The axes of each set of statistics.
        epsilon: Added to the variance.
    """
    centered = x - mean(x, axis=axis, keepdims=True)
    variance = mean(square(centered), axis=axis, keepdims=True)
    return centered / sqrt(variance + epsilon)


# ---- per position --------------------------------------------------------------------------------


@real
@fused(kernel="layer_norm")
def layer_norm(x: TensorLike, gamma: TensorLike, beta: TensorLike, *, epsilon: float) -> TensorLike:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, over the axes that gamma has.

    Args:
        x: The values.
        gamma: The gain, of the shape of the last axes of x.
        beta: The offset, of the same shape.
        epsilon: Added to the variance.

    Shape:
        (..., *S), S, S -> (..., *S)

    References:
        Ba et al. 2016, arXiv:1607.06450.

    Example:
        >>> y = layer_norm(np.array([[1.0, 3.0]]), np.ones(2), np.zeros(2), epsilon=0)
        >>> y.tolist()
        [[-1.0, 1.0]]
    """
    axes = tuple(range(-gamma.ndim, 0))
    normalized = normalize(x, axes, epsilon)
    return normalized * gamma + beta


@real
@fused(kernel="rms_norm")
def rms_norm(x: TensorLike, gamma: TensorLike, *, epsilon: float) -> TensorLike:
    """gamma * x / sqrt(mean of x**2 + epsilon), the mean over the last axis.

    Args:
        x: The values.
        gamma: The gain.
        epsilon: Added to the mean.

    Shape:
        (..., C), (C,) -> (..., C)

    Raises:
        ValueError: If gamma has another shape.

    References:
        Zhang & Sennrich 2019, arXiv:1910.07467.

    Example:
        >>> rms_norm(np.array([[2.0, -2.0]]), np.ones(2), epsilon=0).tolist()
        [[1.0, -1.0]]
    """
    check_gain(x, gamma)
    mean_square = mean(square(x), axis=-1, keepdims=True)
    normalized = x / sqrt(mean_square + epsilon)
    return normalized * gamma


def check_gain(x: TensorLike, gamma: TensorLike) -> None:
    """Raise the ValueError for a gain that is not one number per feature."""
    if gamma.shape != x.shape[-1:]:
        raise ValueError(
            f"x of shape {x.shape} needs a gain of shape {x.shape[-1:]}, its last axis"
        )


# ---- per channel ---------------------------------------------------------------------------------


@real
@primitive(kernel="scale_shift")
def scale_shift(x: TensorLike, scale: TensorLike, shift: TensorLike) -> TensorLike:
    """x * scale + shift, with one number of each per channel.

    Args:
        x: The values.
        scale: The factors.
        shift: What is added.

    Shape:
        (..., C), (C,), (C,) -> (..., C)

    Example:
        >>> scale_shift(np.ones((1, 2)), np.array([2, 3]), np.array([0, 1])).tolist()
        [[2.0, 4.0]]
    """
    return x * scale + shift


scale_shift.gradients(
    lambda g, y, x, scale, shift: g * scale,
    lambda g, y, x, scale, shift: sum_to(g * x, shape=scale.shape),
    lambda g, y, x, scale, shift: sum_to(g, shape=shift.shape),
    needs="x scale shift.shape",
)


class Moments(NamedTuple):
    """Mean and variance per channel, (C,) each.

    Attributes:
        offset: The mean of x - origin.
        variance: The variance of x.
        origin: None for 0; where the mean is far from 0, a number near it, which saves digits.
    """

    offset: Array
    variance: Array
    origin: Array | None = None

    @property
    def mean(self) -> Array:
        """The mean of x."""
        return self.offset if self.origin is None else self.origin + self.offset


def batch_moments(x: TensorLike) -> Moments:
    """Mean and variance of each channel over all other axes, outside the graph.

    Args:
        x: A Tensor or array (..., C).

    Example:
        >>> moments = batch_moments(np.array([[1.0], [3.0]]))
        >>> float(moments.mean[0]), float(moments.variance[0])
        (2.0, 1.0)
    """
    return _moments(getattr(x, "_array", x))


@real
@primitive(kernel="moments")
def _moments(x: Array) -> Moments:
    axes = tuple(range(x.ndim - 1))
    mean = mean_axes(x, axes)
    return Moments(mean, mean_axes((x - mean) ** 2, axes))


_moments.gradients(None)


@real
@fused(kernel="batch_norm")
def batch_norm(
    x: TensorLike,
    gamma: TensorLike,
    beta: TensorLike,
    *,
    epsilon: float,
    moments: Moments | None = None,
) -> TensorLike:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, each channel over the batch.

    Args:
        x: The values.
        gamma: The gain per channel.
        beta: The offset per channel.
        epsilon: Added to the variance.
        moments: batch_moments(x), if they are known already.

    Shape:
        (..., C), (C,), (C,) -> (..., C)

    References:
        Ioffe & Szegedy 2015, arXiv:1502.03167.

    Example:
        >>> x, gamma, beta = np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1)
        >>> y = batch_norm(x, gamma, beta, epsilon=0)
        >>> y.tolist()
        [[-1.0], [1.0]]
    """
    axes = tuple(range(x.ndim - 1))
    normalized = normalize(x, axes, epsilon)
    return normalized * gamma + beta


@real
@fused(kernel="group_norm")
def group_norm(
    x: TensorLike, gamma: TensorLike, beta: TensorLike, *, groups: int, epsilon: float
) -> TensorLike:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, each sample's groups of channels apart.

    Args:
        x: The values.
        gamma: The gain per channel.
        beta: The offset per channel.
        groups: The number of groups, which divides C; with C groups it is instance normalization.
        epsilon: Added to the variance.

    Shape:
        (N, ..., C), (C,), (C,) -> (N, ..., C)

    References:
        Wu & He 2018, arXiv:1803.08494; Ulyanov et al. 2016, arXiv:1607.08022 for instances.

    Example:
        >>> x = np.array([[1.0, 3.0, 10.0, 20.0]])
        >>> group_norm(x, np.ones(4), np.zeros(4), groups=2, epsilon=0).tolist()
        [[-1.0, 1.0, -1.0, 1.0]]
    """
    n, *pixels, channels = x.shape
    shape = (n, math.prod(pixels), groups, channels // groups)
    grouped = reshape(x, shape=shape)
    normalized = normalize(grouped, (1, 3), epsilon)
    return reshape(normalized, shape=x.shape) * gamma + beta


# ---- between channels ----------------------------------------------------------------------------


@cache
def channel_band(xp: Any, channels: int, n: int, dtype: Any) -> Array:
    """(channels, channels), whose row i has ones at the n channels around i."""
    index = xp.arange(channels)
    return (abs(index[:, None] - index) <= n // 2).astype(dtype)


@real
@fused(kernel="local_response_norm")
def local_response_norm(
    x: TensorLike, *, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> TensorLike:
    """x / (k + alpha * sum of x**2 over the n channels around each) ** beta.

    Args:
        x: The values.
        n: The number of channels in the sum.
        k: What the sum is added to.
        alpha: The factor of the sum.
        beta: The exponent.

    Shape:
        (..., C) -> (..., C)

    References:
        Krizhevsky et al. 2012, ImageNet classification with deep neural networks, section 3.3.

    Example:
        >>> local_response_norm(np.array([[2.0]]), k=0.0, alpha=1.0, beta=0.5).tolist()
        [[1.0]]
    """
    band = channel_band(backend(x), x.shape[-1], n, x.dtype)
    sums = square(x) @ band
    return x * (k + alpha * sums) ** -beta


# ---- as Keras's functions name it ----------------------------------------------------------------


@composite
@real
def layer_normalization(
    x: TensorLike,
    gamma: TensorLike | None = None,
    beta: TensorLike | None = None,
    *,
    axis: Any = -1,
    epsilon: float | None = None,
) -> TensorLike:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, the statistics over `axis`.

    Args:
        x: The values.
        gamma: The gain along these axes; None for 1.
        beta: The offset along these axes; None for 0.
        axis: Axis or axes.
        epsilon: Added to the variance; None for 1e-7.

    Example:
        >>> layer_normalization(np.array([[1.0, 3.0]])).round(3)
        array([[-1.,  1.]])
    """
    axes = normalize_axes(axis, x.ndim)
    y = normalize(x, axes, EPSILON if epsilon is None else epsilon)
    if gamma is not None:
        y = y * _on_axes(gamma, axes, x)
    return y if beta is None else y + _on_axes(beta, axes, x)


@composite
@real
def rms_normalization(
    x: TensorLike, scale: TensorLike | None = None, *, axis: Any = -1, epsilon: float | None = None
) -> TensorLike:
    """scale * x / sqrt(mean of x**2 + epsilon), the mean over `axis`.

    Args:
        x: The values.
        scale: The gain along these axes; None for 1.
        axis: Axis or axes.
        epsilon: Added to the mean; None for 1e-7.

    Example:
        >>> rms_normalization(np.array([[2.0, -2.0]])).round(3)
        array([[ 1., -1.]])
    """
    axes = normalize_axes(axis, x.ndim)
    mean_square = mean(square(x), axis=axes, keepdims=True)
    y = x / sqrt(mean_square + (EPSILON if epsilon is None else epsilon))
    return y if scale is None else y * _on_axes(scale, axes, x)


@composite
@real(keeps="axis")
def batch_normalization(
    x: TensorLike,
    mean: TensorLike,
    variance: TensorLike,
    axis: int,
    offset: TensorLike | None = None,
    scale: TensorLike | None = None,
    *,
    epsilon: float = 1e-3,
) -> TensorLike:
    """scale * (x - mean) / sqrt(variance + epsilon) + offset, by statistics that are given.

    Args:
        x: The values.
        mean: The mean of each channel.
        variance: The variance of each channel.
        axis: The axis of the channels.
        offset: What is added, per channel; None for 0.
        scale: The gain per channel; None for 1.
        epsilon: Added to the variance.

    Example:
        >>> x, mean, variance = np.array([[1.0, 3.0]]), np.array([1.0, 1.0]), np.array([1.0, 4.0])
        >>> batch_normalization(x, mean, variance, -1, epsilon=0.0)
        array([[0., 1.]])
    """
    axes = normalize_axes(axis, x.ndim)
    deviation = sqrt(_on_axes(variance, axes, x) + epsilon)
    y = (x - _on_axes(mean, axes, x)) / deviation
    if scale is not None:
        y = y * _on_axes(scale, axes, x)
    return y if offset is None else y + _on_axes(offset, axes, x)


def _on_axes(p: Any, axes: tuple[int, ...], x: Any) -> Any:
    """Numbers along some axes of x in a shape that broadcasts to that of x."""
    lengths = [n if i in axes else 1 for i, n in enumerate(x.shape)]
    expected = tuple(x.shape[i] for i in axes)
    if p.shape != expected:
        raise ValueError(
            f"a parameter of shape {p.shape} does not fit x of shape {x.shape}: along axis "
            f"{axes if len(axes) > 1 else axes[0]} it must have shape {expected}"
        )
    return reshape(p, shape=tuple(lengths))
