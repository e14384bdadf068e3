"""What the networks of generative adversarial training are made of, beside convolutions."""

from __future__ import annotations

import copy
from typing import Any

from .. import initializers, ops
from ..backend import Array
from ..config import one_call
from ..ops.modulation import modulated_conv2d
from ..ops.resampling import Filter
from .base import Layer, check_layer
from .core import Dense
from .modes import uses_batch_statistics
from .parameter import Parameter
from .validation import positive_integer


class PixelNormalization(Layer):
    """x / sqrt(mean of x**2 over the channels + epsilon): no pixel grows, nothing is learned.

    Args:
        epsilon: Added to the mean square, so that it is never 0.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (..., C) -> (..., C)

    References:
        Karras et al. 2017, arXiv:1710.10196, section 4.2.

    Example:
        >>> PixelNormalization()(np.array([[3.0, -3.0]])).numpy().round(3).tolist()
        [[1.0, -1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        epsilon: float = 1e-8,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.epsilon = epsilon

    def call(self, x: Any) -> Any:
        return x / ops.sqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + self.epsilon)


class MinibatchStdDev(Layer):
    """Images with a channel more: how much the images of a group differ.

    A discriminator sees with it that a generator repeats itself. The standard deviation of each
    feature over the group is averaged over pixels and channels. Image i belongs to the group of
    i modulo the number of groups.

    Args:
        group_size: Images per group, or fewer: the largest number that divides the batch.
        num_channels: Number of new channels; each averages its share of the old ones.
        epsilon: Added to the variances.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, H, W, C) -> (N, H, W, C + num_channels)

    Raises:
        ValueError: If num_channels does not divide the channels.

    References:
        Karras et al. 2017, arXiv:1710.10196, section 3.

    Example:
        >>> x = np.array([1.0, 1.0, 3.0, 3.0]).reshape(4, 1, 1, 1)
        >>> MinibatchStdDev()(x).numpy()[..., 1].ravel().tolist()
        [1.0, 1.0, 1.0, 1.0]
    """

    input_rank = 4

    def __init__(
        self,
        group_size: int = 4,
        num_channels: int = 1,
        epsilon: float = 1e-8,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.group_size = positive_integer(self, "group_size", group_size)
        self.num_channels = positive_integer(self, "num_channels", num_channels)
        self.epsilon = epsilon

    def build(self, input_shape: tuple[int, ...]) -> None:
        channels = self.input_features = input_shape[-1]
        if channels % self.num_channels:
            raise ValueError(
                f"MinibatchStdDev: {channels} channels do not divide into {self.num_channels} "
                "shares, one per new channel"
            )

    def call(self, x: Any) -> Any:
        n, h, w, c = x.shape
        size = max((k for k in range(1, self.group_size + 1) if n % k == 0), default=1)
        groups, f = n // size, self.num_channels
        grouped = ops.reshape(x, shape=(size, groups, h, w, f, c // f))
        deviation = ops.sqrt(ops.var(grouped, axis=0) + self.epsilon)  # (groups, H, W, f, C / f)
        averaged = ops.mean(deviation, axis=(1, 2, 4), keepdims=True)[..., 0]  # (groups, 1, 1, f)
        repeated = ops.broadcast_to(averaged, shape=(size, groups, h, w, f))
        return ops.concatenate([x, ops.reshape(repeated, shape=(n, h, w, f))], axis=-1)


# ---- convolution under a style -------------------------------------------------------------------


class ModulatedConv2D(Layer):
    """A convolution whose weights a style scales, for each image its own (StyleGAN2).

    The scales of the input channels are an affine function of the style; demodulation then makes
    the sum of the squares of each filter 1, so that the scales of one layer do not reach the next.
    Kernel and affine function have an equalized learning rate. There is no bias and no activation.

    Args:
        filters: Number of output channels.
        kernel_size: Height and width of the kernel.
        demodulate: False leaves the scales as they are, as for the layer that makes colors.
        up: The factor by which images are enlarged on the way.
        filter: Numbers, applied along both axes of enlarged images.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one image, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        images (N, H, W, C), styles (N, S) -> (N, up * H, up * W, filters)

    Raises:
        ValueError: If an argument is of another form, or there is not one style per image.

    References:
        Karras et al. 2019, arXiv:1912.04958, section 2.2.

    Example:
        >>> ModulatedConv2D(8, up=2)(np.ones((2, 4, 4, 3)), np.ones((2, 16))).shape
        (2, 8, 8, 8)
    """

    input_rank = 4

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        demodulate: bool = True,
        up: int = 1,
        filter: Filter = (1, 3, 3, 1),
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.filters = positive_integer(self, "filters", filters)
        self.kernel_size = positive_integer(self, "kernel_size", kernel_size)
        self.demodulate = demodulate
        self.up = positive_integer(self, "up", up)
        self.filter = tuple(filter)

    def build(self, input_shape: tuple[int, ...]) -> None:
        channels = self.input_features = input_shape[-1]
        shape = self.kernel_size, self.kernel_size, channels, self.filters
        self.kernel = self.add_weight(shape, initializers.RandomNormal(stddev=1.0))
        self.affine = EqualizedLearningRate(Dense(channels, bias_initializer="ones"))

    def call(self, x: Any, style: Any) -> Any:  # type: ignore[override]
        """The images, convolved each with weights of its own.

        Args:
            x: Images (N, H, W, C).
            style: Styles (N, S).
        """
        return modulated_conv2d(
            x,
            self.kernel * he_gain(self.kernel.shape, 1.0),
            self.affine(style),
            demodulate=self.demodulate,
            up=self.up,
            filter=self.filter,
        )


# ---- layers that compute with other weights than they store --------------------------------------


def he_gain(shape: tuple[int, ...], gain: float) -> float:
    """gain / sqrt(fan in): what weights of variance 1 are multiplied by."""
    return float(gain / initializers.fans(shape)[0] ** 0.5)


class _Reparametrized(Layer):
    """A layer around one with a kernel, which is called with a function of its weights."""

    layers_carry_masks = True

    def __init__(
        self,
        layer: Layer,
        name: str | None,
        trainable: bool,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_layer(self, layer)
        self.layer: Any = layer
        self._input_shape = self._input_shape or layer._input_shape

    def build(self, input_shape: tuple[int, ...]) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
        if not isinstance(vars(self.layer).get("kernel"), Parameter):
            raise ValueError(
                f"{type(self).__name__} wraps a layer with a kernel, such as Dense or Conv2D, got "
                f"{self.layer!r}"
            )

    def call(self, x: Any) -> Any:
        layer = copy.copy(self.layer)  # of its own for this call: threads may share the layer
        vars(layer).update(self._weights())
        return layer(x)

    def _weights(self) -> dict[str, Any]:
        """What stands in place of the layer's weights, by attribute."""
        raise NotImplementedError


class EqualizedLearningRate(_Reparametrized):
    """A layer whose kernel has variance 1 and is scaled by gain / sqrt(fan in) when it is used.

    Adam's steps do not depend on the scale of gradients, so weights with a small range would
    change too fast; stored with one range, all learn at one speed.

    Args:
        layer: The layer, new, with a kernel: its kernel_initializer gives way to a normal one.
        gain: sqrt(2) in front of a ReLU, as by He et al.
        lr_multiplier: Kernel and bias learn as much faster; 0.01 in StyleGAN's mapping network.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis; that of `layer` if None.
        dtype: dtype of parameters and output; None for the default one.

    Raises:
        TypeError: If `layer` is no layer.
        ValueError: If it is built, or has no kernel.

    References:
        Karras et al. 2017, arXiv:1710.10196, section 4.1.

    Example:
        >>> layer = EqualizedLearningRate(minigrad.layers.Dense(8), gain=2**0.5)
        >>> layer(np.ones((1, 50))).shape
        (1, 8)
    """

    def __init__(
        self,
        layer: Layer,
        gain: float = 1.0,
        lr_multiplier: float = 1.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(layer, name, trainable, input_shape, dtype)
        if lr_multiplier <= 0:
            raise ValueError(f"lr_multiplier must be above 0, not {lr_multiplier!r}")
        self.gain = gain
        self.lr_multiplier = lr_multiplier

    def build(self, input_shape: tuple[int, ...]) -> None:
        if self.layer.built:
            raise ValueError(
                f"EqualizedLearningRate: {self.layer!r} is built, with weights of another range: "
                "wrap a new layer"
            )
        stddev = 1 / self.lr_multiplier
        self.layer.kernel_initializer = initializers.RandomNormal(stddev=stddev)
        super().build(input_shape)

    def _weights(self) -> dict[str, Any]:
        kernel, bias = self.layer.kernel, getattr(self.layer, "bias", None)
        scaled = {"kernel": kernel * (he_gain(kernel.shape, self.gain) * self.lr_multiplier)}
        if bias is not None and self.lr_multiplier != 1:
            scaled["bias"] = bias * self.lr_multiplier
        return scaled


class SpectralNormalization(_Reparametrized):
    """A layer with its kernel divided by its largest singular value: it stretches nothing.

    sigma = v^T W u for the kernel W as a matrix (inputs, outputs). In training, power iteration
    first moves u and v towards its singular vectors: v = W u and u = W^T v, scaled to length 1;
    to the gradient they are constants, W is not. u is kept from step to step.

    Args:
        layer: The layer, with a kernel.
        power_iterations: Number of iterations per training step.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters, and u.
        input_shape: Shape of one input, without the batch axis; that of `layer` if None.
        dtype: dtype of parameters and output; None for the default one.

    Raises:
        TypeError: If `layer` is no layer.
        ValueError: If it has no kernel, or power_iterations is no positive integer.

    References:
        Miyato et al. 2018, arXiv:1802.05957.

    Example:
        >>> layer = SpectralNormalization(minigrad.layers.Dense(3, use_bias=False))
        >>> y = layer(100 * np.eye(4))
        >>> bool(np.linalg.norm(y.numpy(), 2).round(1) == 100)
        True
    """

    WARM_UP = 15  # iterations from the first u on

    def __init__(
        self,
        layer: Layer,
        power_iterations: int = 1,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(layer, name, trainable, input_shape, dtype)
        self.power_iterations = positive_integer(self, "power_iterations", power_iterations)

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        normal = initializers.RandomNormal(stddev=1.0)
        self.u = self.add_weight(self.layer.kernel.shape[-1:], normal, trainable=False)
        self._iterate(self.WARM_UP)

    def _matrix(self) -> Any:
        return ops.reshape(self.layer.kernel, shape=(-1, self.u.shape[0]))

    @one_call
    def _iterate(self, count: int) -> tuple[Array, Array]:
        """Move u on by `count` iterations; returns it and v."""
        matrix, u = self._matrix().data, _unit(self.u.data)
        for _ in range(count):
            v = _unit(matrix @ u)
            u = _unit(v @ matrix)
        self.u.data = u
        return u, v

    def _weights(self) -> dict[str, Any]:
        if uses_batch_statistics(self):
            u, v = self._iterate(self.power_iterations)
            sigma = ops.sum(v * (self._matrix() @ u))
        else:
            stretched = self._matrix() @ _unit(self.u.data)
            sigma = ops.sqrt(ops.sum(ops.square(stretched)))
        return {"kernel": self.layer.kernel / sigma}


def _unit(x: Array) -> Array:
    """x scaled to length 1."""
    return x / ((x * x).sum() ** 0.5 + 1e-12)
