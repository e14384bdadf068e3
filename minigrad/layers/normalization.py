"""Normalisation layers."""

from __future__ import annotations

from typing import Any

from .. import initializers, ops, regularizers
from ..backend import backend, chunks, device_name
from ..config import as_data, to_device
from ..engine.autograd import no_grad
from ..engine.tensor import Tensor
from ..ops.normalization import batch_moments
from .base import Layer
from .modes import uses_batch_statistics


class _GainAndOffset(Layer):
    """The settings of all normalisations that end in gamma * normal + beta."""

    def __init__(
        self,
        axis: int | tuple[int, ...] = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis, self.epsilon, self.center, self.scale = axis, epsilon, center, scale
        self.beta_initializer, self.gamma_initializer = (
            initializers.get(beta_initializer),
            initializers.get(gamma_initializer),
        )
        self.beta_regularizer, self.gamma_regularizer = (
            regularizers.get(beta_regularizer),
            regularizers.get(gamma_regularizer),
        )


class LayerNormalization(_GainAndOffset):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta over the last axis, or over several last ones (arXiv:1607.06450)."""

    supports_masking = True

    def build(self, input_shape: tuple[int, ...]) -> None:
        rank = len(input_shape)
        axes = sorted(
            a + rank if a < 0 else a
            for a in (self.axis if isinstance(self.axis, (tuple, list)) else (self.axis,))
        )
        if axes != list(range(rank - len(axes), rank)) or axes[0] < 1:
            raise ValueError(
                f"LayerNormalization normalises the last axes, not the batch; axis={self.axis} of {input_shape} "
                "are others: Permute them to the end"
            )
        self.normal_shape = input_shape[axes[0] :]
        if self.scale:
            self.gamma = self.add_weight(
                self.normal_shape, self.gamma_initializer, regularizer=self.gamma_regularizer
            )
        if self.center:
            self.beta = self.add_weight(
                self.normal_shape, self.beta_initializer, regularizer=self.beta_regularizer
            )

    def call(self, x: Any) -> Any:
        if x.shape[-len(self.normal_shape) :] != self.normal_shape:
            raise ValueError(
                f"LayerNormalization was built for last axes {self.normal_shape}, got an input of shape {x.shape}"
            )
        xp = backend(x)
        gamma = self.gamma if self.scale else xp.ones(self.normal_shape, x.dtype)
        beta = self.beta if self.center else xp.zeros(self.normal_shape, x.dtype)
        return ops.layer_norm(x, gamma, beta, epsilon=self.epsilon)


class RMSNormalization(Layer):
    """scale * x / sqrt(mean of x**2 + epsilon) over the last axis (arXiv:1910.07467)."""

    supports_masking = True

    def __init__(self, axis: int = -1, epsilon: float = 1e-6, **options: Any) -> None:
        super().__init__(**options)
        self.axis, self.epsilon = axis, epsilon

    def build(self, input_shape: tuple[int, ...]) -> None:
        if self.axis not in (-1, len(input_shape) - 1) or len(input_shape) < 2:
            raise ValueError(
                f"RMSNormalization normalises the last axis; axis={self.axis} of {input_shape} is another: Permute it to "
                "the end"
            )
        self.scale = self.add_weight((input_shape[-1],), "ones")

    def call(self, x: Any) -> Any:
        if x.shape[-1:] != self.scale.shape:
            raise ValueError(
                f"RMSNormalization was built for {self.scale.size} features, got an input of shape {x.shape}"
            )
        return ops.rms_norm(x, self.scale, epsilon=self.epsilon)


class _ChannelNormalization(_GainAndOffset):
    """What normalisations with a gain and an offset for each channel share."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) < 2 or self.axis not in (-1, len(input_shape) - 1):
            raise ValueError(
                f"{type(self).__name__} expects channels last, (N, ..., C) with axis=-1; got axis={self.axis} "
                f"and an input of shape {input_shape}: Permute the channels to the end"
            )
        self.channels = input_shape[-1]
        if self.scale:
            self.gamma = self.add_weight(
                (self.channels,), self.gamma_initializer, regularizer=self.gamma_regularizer
            )
        if self.center:
            self.beta = self.add_weight(
                (self.channels,), self.beta_initializer, regularizer=self.beta_regularizer
            )

    def gain_and_offset(self, x: Any) -> tuple[Any, Any]:
        """gamma and beta, or ones and zeros; raises ValueError for another number of channels than at first."""
        if x.shape[-1] != self.channels:
            raise ValueError(
                f"{type(self).__name__} was built for {self.channels} channels, got an input of shape {x.shape}"
            )
        xp = backend(x)
        return (
            self.gamma if self.scale else xp.ones((self.channels,), x.dtype),
            self.beta if self.center else xp.zeros((self.channels,), x.dtype),
        )


class BatchNormalization(_ChannelNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta for each channel (arXiv:1502.03167).

    In training the statistics are those of the batch, and running means of them are kept; in inference, and when the layer is
    frozen (`trainable=False`), the running ones are used. In a model's training step, frozen means frozen when that model was
    compiled: a discriminator frozen after its compile uses the batch's statistics in its own steps, the running ones in those of
    the stacked model. The running variance is the biased one, as in Keras.
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            axis,
            epsilon,
            center,
            scale,
            beta_initializer,
            gamma_initializer,
            beta_regularizer,
            gamma_regularizer,
            **options,
        )
        self.momentum = momentum
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self._gathered: list[Any] | None = (
            None  # (rows, mean, variance) of batches, inside recompute_statistics
        )

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        self.moving_mean = self.add_weight(
            (self.channels,), self.moving_mean_initializer, trainable=False
        )
        self.moving_variance = self.add_weight(
            (self.channels,), self.moving_variance_initializer, trainable=False
        )

    def call(self, x: Any) -> Any:
        gamma, beta = self.gain_and_offset(x)
        if self._gathered is None and not uses_batch_statistics(self):
            slope = gamma / ops.sqrt(self.moving_variance + self.epsilon)
            return ops.scale_shift(x, slope, beta - self.moving_mean * slope)
        moments = batch_moments(x)
        mean = moments.centre[0] if moments.origin is None else (moments.origin + moments.centre)[0]
        if self._gathered is None:
            self._follow(mean, moments.variance[0])
        else:
            self._gathered.append((x.size // self.channels, mean, moments.variance[0]))
        return ops.batch_norm(x, gamma, beta, epsilon=self.epsilon, moments=moments)

    def _follow(self, mean: Any, variance: Any) -> None:
        """Move the running statistics; their arrays are new ones, so that a graph that holds the old ones stays right."""
        for running, now in ((self.moving_mean, mean), (self.moving_variance, variance)):
            running.data = running.data * self.momentum + now * (1 - self.momentum)


def recompute_statistics(model: Layer, x: Any, batch_size: int = 32) -> None:
    """Set the running statistics of every BatchNormalization layer that is not frozen to those over all rows of x.

    Running means lag behind weights that have changed fast: after 225 steps at momentum .99 they still hold a tenth of the start.
    Each batch goes through once, normalised by its own statistics, without dropout; means and variances are pooled over all.
    """
    found = [
        layer
        for _, layer in model.named_layers()
        if isinstance(layer, BatchNormalization) and layer.trainable
    ]
    x = as_data(x)
    if not len(x):
        raise ValueError(f"recompute_statistics: x of shape {x.shape} holds no rows")
    x = to_device(x, device_name(model.weights[0].data)) if model.weights else x
    try:
        for layer in found:
            layer._gathered = []
        with no_grad():
            for rows in chunks(len(x), batch_size):
                model(Tensor(x[rows]), training=False)
        for layer in found:
            if layer._gathered:
                layer.moving_mean.data, layer.moving_variance.data = _pooled(layer._gathered)
    finally:
        for layer in found:
            layer._gathered = None


def _pooled(parts: list[Any]) -> tuple[Any, Any]:
    """The mean and variance of all rows from (rows, mean, variance) of their parts."""
    total = sum(n for n, _, _ in parts)
    mean = sum(m * (n / total) for n, m, _ in parts)
    return mean, sum((v + (m - mean) ** 2) * (n / total) for n, m, v in parts)


class GroupNormalization(_ChannelNormalization):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, statistics over all pixels of each sample and group of channels.

    `groups=-1` is a group for each channel (arXiv:1803.08494).
    """

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(axis, epsilon, center, scale, **options)
        if groups != -1 and groups < 1:
            raise ValueError(
                f"{type(self).__name__}: groups must be a number above 0, or -1 for one a channel, not {groups}"
            )
        self.groups = groups

    def build(self, input_shape: tuple[int, ...]) -> None:
        if input_shape[-1] % self.groups:
            raise ValueError(
                f"{type(self).__name__}: {input_shape[-1]} channels (input of shape {input_shape}) do not divide "
                f"into {self.groups} groups"
            )
        super().build(input_shape)

    def call(self, x: Any) -> Any:
        gamma, beta = self.gain_and_offset(x)
        groups = self.channels if self.groups == -1 else self.groups
        return ops.group_norm(x, gamma, beta, groups=groups, epsilon=self.epsilon)


class InstanceNormalization(GroupNormalization):
    """Each channel of each image normalised by its own mean and variance over (H, W) (arXiv:1607.08022)."""

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(-1, axis, epsilon, center, scale, **options)


class LocalResponseNormalization(Layer):
    """x / (k + alpha * sum of x**2 over the n channels around each) ** beta (Krizhevsky et al. 2012, section 3.3)."""

    def __init__(
        self, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75, **options: Any
    ) -> None:
        super().__init__(**options)
        if n < 1 or n % 2 == 0:
            raise ValueError(
                f"LocalResponseNormalization: n counts a channel and as many on either side: an odd number, not {n}"
            )
        if k <= 0 or alpha < 0:
            raise ValueError(
                f"LocalResponseNormalization: k must be above 0 and alpha not below, got k={k}, alpha={alpha}"
            )
        self.n, self.k, self.alpha, self.beta = n, k, alpha, beta

    def call(self, x: Any) -> Any:
        return ops.local_response_norm(x, n=self.n, k=self.k, alpha=self.alpha, beta=self.beta)
