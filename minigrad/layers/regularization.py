"""Dropout in its forms, and noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array
from ..config import one_call, settings
from ..engine.kernel_table import kernels_of
from ..generators import generator
from ..ops import dropout, where
from ..ops.windows import check_data_format
from ..random import normal_like, uniform_like
from ..regularizers import L1L2
from .base import Layer
from .modes import is_training
from .seeds import Seed, Seeded
from .validation import check_rate


class Dropout(Seeded):
    """In training each element is dropped with probability `rate`, the rest divided by 1 - rate.

    Args:
        rate: Fraction of the elements to drop, in [0, 1).
        noise_shape: Shape of the mask: an axis of length 1 is dropped as a whole, None stands for
            the length of x; None for one decision per element.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (...) -> (...)

    Raises:
        ValueError: If rate is outside [0, 1).

    References:
        Srivastava et al. 2014.

    Example:
        >>> y = Dropout(0.5)(np.ones((2, 4)), training=True)
        >>> sorted(set(y.numpy().ravel().tolist()))
        [0.0, 2.0]
    """

    supports_masking = True

    def __init__(
        self,
        rate: float,
        noise_shape: Any = None,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_rate(self, "rate", rate)
        self.rate = rate
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self._set_seed(seed)

    def call(self, x: Any) -> Any:
        kept = keep_mask(self.rate, self.mask_shape(x), x, self._generator)
        return x if kept is None else dropout(x, kept, rate=self.rate)

    def mask_shape(self, x: Any) -> tuple[int, ...]:
        """The shape of the mask, which broadcasts to that of x: one decision per element."""
        if self.noise_shape is None:
            return x.shape
        shape = self.noise_shape
        if len(shape) != x.ndim or any(m not in (None, 1, n) for m, n in zip(shape, x.shape)):
            raise ValueError(
                f"Dropout: noise_shape {shape} does not broadcast to an input of shape {x.shape}"
            )
        return tuple(n if m is None else m for m, n in zip(shape, x.shape))


def keep_mask(
    rate: float, shape: tuple[int, ...], like: Any, source: np.random.Generator | None = None
) -> Array | None:
    """True with probability 1 - rate; None outside of training or where nothing is dropped.

    It is drawn on the host, from `source` or minigrad.seed's, and lies on the device of `like`.
    """
    if rate == 0 or not is_training():
        return None
    return bernoulli_like(1 - rate, shape, getattr(like, "_array", like), source)


BERNOULLI = kernels_of("bernoulli")


@one_call
def bernoulli_like(
    p: float, shape: tuple[int, ...], like: Array, source: np.random.Generator | None = None
) -> Array:
    """True with probability p, on the device of `like`: uniform_like(...) < p."""
    kernel = BERNOULLI[like.__class__] if settings.use_kernels and settings.rows is None else None
    if kernel is not None:
        kept = kernel.forward(like, p=p, shape=shape, source=source or generator())
        if kept is not NotImplemented:
            return kept
    return uniform_like(shape, like, source) < p


def dropout_mask(
    rate: float, shape: tuple[int, ...], like: Any, source: np.random.Generator | None = None
) -> Array | None:
    """keep_mask as factors: 0 with probability `rate`, else 1 / (1 - rate)."""
    keep = keep_mask(rate, shape, like, source)
    return None if keep is None else keep.astype(like.dtype) * (1 / (1 - rate))


class _SpatialDropout(Dropout):
    """Dropout with one decision per sample and channel."""

    def __init__(
        self,
        rate: float,
        seed: Seed,
        name: str | None,
        trainable: bool,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        super().__init__(
            rate, None, seed, name=name, trainable=trainable, input_shape=input_shape, dtype=dtype
        )

    def mask_shape(self, x: Any) -> tuple[int, ...]:
        """The shape of the mask: one decision per sample and channel."""
        return (x.shape[0], *(1,) * (x.ndim - 2), x.shape[-1])


class SpatialDropout1D(_SpatialDropout):
    """Dropout of whole channels of sequences: one decision per sample and channel.

    Args:
        rate: Fraction of the channels to drop, in [0, 1).
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, C) -> (N, T, C)

    Raises:
        ValueError: If rate is outside [0, 1) or the input has another rank.

    References:
        Tompson et al. 2015, arXiv:1411.4280.

    Example:
        >>> SpatialDropout1D(0.5)(np.ones((2, 3, 4))).shape
        (2, 3, 4)
    """

    input_rank = 3

    def __init__(
        self,
        rate: float,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed, name, trainable, input_shape, dtype)


class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of images: one decision per sample and channel.

    Args:
        rate: Fraction of the channels to drop, in [0, 1).
        data_format: "channels_last" or None, which is the same.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Raises:
        ValueError: If rate is outside [0, 1) or the input has another rank.

    References:
        Tompson et al. 2015, arXiv:1411.4280.

    Example:
        >>> SpatialDropout2D(0.5)(np.ones((2, 3, 3, 4))).shape
        (2, 3, 3, 4)
    """

    input_rank = 4

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        check_data_format(data_format)
        super().__init__(rate, seed, name, trainable, input_shape, dtype)


class GaussianNoise(Seeded):
    """In training, normal noise is added to each element.

    Args:
        stddev: Its standard deviation.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (...) -> (...)

    Raises:
        ValueError: If stddev is negative.

    Example:
        >>> y = GaussianNoise(0.1)(np.zeros((200, 50)), training=True)
        >>> round(float(y.numpy().std()), 2)
        0.1
    """

    supports_masking = True

    def __init__(
        self,
        stddev: float,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        if not stddev >= 0:
            raise ValueError(f"GaussianNoise: stddev must be 0 or more, not {stddev!r}")
        self.stddev = stddev
        self._set_seed(seed)

    def call(self, x: Any) -> Any:
        if not is_training() or self.stddev == 0:
            return x
        noise = normal_like(x.shape, like=x, source=self._generator)
        return x + noise * float(self.stddev)


class GaussianDropout(Seeded):
    """In training each element is multiplied by normal noise of mean 1.

    Its variance is rate / (1 - rate), that of the factors of Dropout.

    Args:
        rate: As of Dropout, in [0, 1).
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (...) -> (...)

    Raises:
        ValueError: If rate is outside [0, 1).

    References:
        Srivastava et al. 2014, section 10.

    Example:
        >>> y = GaussianDropout(0.5)(np.ones((200, 50)), training=True)
        >>> round(float(y.numpy().mean())), round(float(y.numpy().std()))
        (1, 1)
    """

    supports_masking = True

    def __init__(
        self,
        rate: float,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_rate(self, "rate", rate)
        self.rate = rate
        self._set_seed(seed)

    def call(self, x: Any) -> Any:
        if not is_training() or self.rate == 0:
            return x
        deviation = float(self.rate / (1 - self.rate)) ** 0.5
        return x * (1 + normal_like(x.shape, like=x, source=self._generator) * deviation)


class ActivityRegularization(Layer):
    """x itself, with a penalty on it that is added to the loss, averaged over the rows.

    Args:
        l1: Factor of the sum of absolute values.
        l2: Factor of the sum of squares.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, ...) -> (N, ...)

    Raises:
        ValueError: If a factor is negative or not finite.

    Example:
        >>> layer = ActivityRegularization(l2=0.5)
        >>> y = layer(np.ones((2, 3)))
        >>> layer.losses[0].item()
        1.5
    """

    supports_masking = True

    def __init__(
        self,
        l1: float = 0.0,
        l2: float = 0.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            name, trainable, input_shape, dtype=dtype, activity_regularizer=L1L2(l1, l2)
        )
        self.l1 = l1
        self.l2 = l2

    def call(self, x: Any) -> Any:
        return x


class AlphaDropout(Dropout):
    """Dropout that keeps mean 0 and variance 1, for networks of SELU.

    In training the elements that are dropped become -1.758, the least value of SELU, and all are
    scaled and shifted so that mean and variance stay.

    Args:
        rate: Fraction of the elements to drop, in [0, 1).
        noise_shape: Shape of the mask, as of Dropout; None for one decision per element.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (...) -> (...)

    Raises:
        ValueError: If rate is outside [0, 1).

    References:
        Klambauer et al. 2017, arXiv:1706.02515, appendix 2.

    Example:
        >>> x = np.random.default_rng(0).standard_normal((100, 100))
        >>> y = AlphaDropout(0.3)(x, training=True).numpy()
        >>> bool(abs(y.mean()) < 0.05 and abs(y.std() - 1) < 0.05)
        True
    """

    DROPPED = -1.7580993408473766  # -scale * alpha of SELU

    def call(self, x: Any) -> Any:
        keep = keep_mask(self.rate, self.mask_shape(x), x, self._generator)
        if keep is None:
            return x
        kept = 1 - self.rate
        a = float((kept * (1 + self.rate * self.DROPPED**2)) ** -0.5)
        b = float(-a * self.rate * self.DROPPED)
        return a * where(keep, x, self.DROPPED) + b
