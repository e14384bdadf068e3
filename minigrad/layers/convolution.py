"""Layers over images (N, H, W, C) and sequences (N, T, C): convolutions of every kind, padding, cropping, enlarging."""

from __future__ import annotations

from typing import Any

from .. import activations, initializers, ops, regularizers
from ..backend import backend
from ..ops.windows import pads_of, pair
from .base import Layer


class _Convolution(Layer):
    """What the kinds of convolution share: how the kernel moves, and activation(... + bias)."""

    takes = "images of shape (N, H, W, C), channels last"
    hints = {
        2: ": one grey image x goes in as x[None, ..., None]",
        3: ": one image x goes in as x[None], a batch of grey ones as x[..., None]",
    }
    rank = 4
    bias = None

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: Any,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        _check_format(data_format)
        self.kernel_size, self.strides = pair(kernel_size, "kernel_size"), pair(strides, "strides")
        self.dilation_rate = pair(dilation_rate, "dilation_rate")
        self.padding = padding.lower() if isinstance(padding, str) else padding
        pads_of(
            self.padding, self.kernel_size, self.kernel_size
        )  # says now, not at the first call, what is wrong with it
        self.use_bias, self.activation = use_bias, activations.get(activation)
        self.bias_initializer, self.bias_regularizer = (
            initializers.get(bias_initializer),
            regularizers.get(bias_regularizer),
        )

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) != self.rank:
            hint = self.hints.get(len(input_shape), "")
            raise ValueError(f"{type(self).__name__} expects {self.takes}, got {input_shape}{hint}")
        self.channels = input_shape[-1]
        filters = self.make_kernels(self.channels)
        if self.use_bias:
            self.bias = self.add_weight(
                (filters,), self.bias_initializer, regularizer=self.bias_regularizer
            )

    def make_kernels(self, channels: int) -> int:
        """Make the kernels for so many channels; the number of channels that come out."""
        raise NotImplementedError

    def call(self, x: Any) -> Any:
        if x.ndim != self.rank or x.shape[-1] != self.channels:
            raise ValueError(
                f"{type(self).__name__} was built for {self.takes}, with {self.channels} channels, got {x.shape}"
            )
        return self.activation(self.convolve(x))

    def convolve(self, x: Any) -> Any:
        """The layer's equation up to its activation."""
        raise NotImplementedError

    @property
    def movement(self) -> dict[str, Any]:
        """How the kernel moves, as ops.conv2d takes it."""
        return {"strides": self.strides, "padding": self.padding, "dilation": self.dilation_rate}


class Conv2D(_Convolution):
    """activation(convolution(x, kernel) + bias): (N, H, W, C) -> (N, OH, OW, filters).

    `padding` is "valid", "same" (TensorFlow's rule), a number, (vertical, horizontal) or ((top, bottom), (left, right)).
    The kernel is (KH, KW, C / groups, filters); channels and filters of one group see only each other.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            **options,
        )
        self.filters, self.groups = _whole(filters, "filters"), _whole(groups, "groups")
        if self.filters % self.groups:
            raise ValueError(
                f"{type(self).__name__}: {filters} filters do not divide into {groups} groups"
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)

    def make_kernels(self, channels: int) -> int:
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__}: {channels} channels do not divide into {self.groups} groups"
            )
        shape = *self.kernel_size[2 - self.rank :], channels // self.groups, self.filters
        self.kernel = self.add_weight(
            shape, self.kernel_initializer, regularizer=self.kernel_regularizer
        )
        return self.filters

    def convolve(self, x: Any) -> Any:
        return ops.conv2d(x, self.kernel, self.bias, groups=self.groups, **self.movement)


class Conv1D(Conv2D):
    """activation(convolution(x, kernel) + bias) over time: (N, T, C) -> (N, OT, filters), kernel (K, C / groups, filters).

    `padding` is "valid", "same", "causal" (no place sees what comes after it), a number or (before, after).
    """

    takes = "sequences of shape (N, T, C)"
    hints = {
        1: ": one plain sequence x goes in as x[None, :, None]",
        2: ": one sequence x goes in as x[None], a batch of plain ones as x[..., None]",
    }
    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        size, step = _single(kernel_size, "kernel_size"), _single(strides, "strides")
        rate = _single(dilation_rate, "dilation_rate")
        if isinstance(padding, str) and padding.lower() == "causal":
            padding = rate * (size - 1), 0
        if not isinstance(padding, str):
            padding = (0, 0), padding
        super().__init__(
            filters,
            (1, size),
            (1, step),
            padding,
            data_format,
            (1, rate),
            groups,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            **options,
        )

    def convolve(self, x: Any) -> Any:
        n, t, c = x.shape
        kernel = ops.reshape(self.kernel, shape=(1, *self.kernel.shape))
        y = ops.conv2d(
            ops.reshape(x, shape=(n, 1, t, c)),
            kernel,
            self.bias,
            groups=self.groups,
            **self.movement,
        )
        return ops.reshape(y, shape=(n, *y.shape[2:]))


class DepthwiseConv2D(_Convolution):
    """Each channel convolved with `depth_multiplier` filters of its own: (N, H, W, C) -> (N, OH, OW, C * depth_multiplier)."""

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            **options,
        )
        self.depth_multiplier = _whole(depth_multiplier, "depth_multiplier")
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)

    def make_kernels(self, channels: int) -> int:
        self.kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
        )
        return channels * self.depth_multiplier

    def convolve(self, x: Any) -> Any:
        return _depthwise(x, self.kernel, self.bias, **self.movement)


class SeparableConv2D(_Convolution):
    """A depthwise convolution, then a 1x1 convolution that mixes its channels: (N, H, W, C) -> (N, OH, OW, filters)."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            **options,
        )
        self.filters, self.depth_multiplier = (
            _whole(filters, "filters"),
            _whole(depth_multiplier, "depth_multiplier"),
        )
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)

    def make_kernels(self, channels: int) -> int:
        self.depthwise_kernel = self.add_weight(
            (*self.kernel_size, channels, self.depth_multiplier),
            self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
        )
        self.pointwise_kernel = self.add_weight(
            (1, 1, channels * self.depth_multiplier, self.filters),
            self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
        )
        return self.filters

    def convolve(self, x: Any) -> Any:
        return ops.conv2d(
            _depthwise(x, self.depthwise_kernel, None, **self.movement),
            self.pointwise_kernel,
            self.bias,
        )


class Conv2DTranspose(_Convolution):
    """activation(transposed convolution(x, kernel) + bias): (N, H, W, C) -> (N, OH, OW, filters), kernel (KH, KW, filters, C).

    "same" gives strides times the size, "valid" all that the kernel reaches; `output_padding` counts as in Keras.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: Any = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            **options,
        )
        self.filters, self.output_padding = _whole(filters, "filters"), output_padding
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)

    def make_kernels(self, channels: int) -> int:
        self.kernel = self.add_weight(
            (*self.kernel_size, self.filters, channels),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        return self.filters

    def convolve(self, x: Any) -> Any:
        return ops.conv2d_transpose(
            x, self.kernel, self.bias, output_padding=self.output_padding, **self.movement
        )


def _between(n: int, factor: int, like: Any) -> Any:
    """(factor * n, n) weights: the new pixel i lies at (i + 1/2) / factor - 1/2 among the old and takes of the two beside it."""
    xp = backend(like)
    at = xp.clip((xp.arange(factor * n, dtype=like.dtype) + 0.5) / factor - 0.5, 0, n - 1)
    return xp.maximum(1 - abs(at[:, None] - xp.arange(n, dtype=like.dtype)), 0)


def _depthwise(x: Any, kernel: Any, bias: Any, **movement: Any) -> Any:
    """conv2d with a kernel (KH, KW, C, M): every channel is a group with M filters."""
    kh, kw, c, m = kernel.shape
    return ops.conv2d(x, ops.reshape(kernel, shape=(kh, kw, 1, c * m)), bias, groups=c, **movement)


def _whole(value: Any, name: str) -> int:
    if not hasattr(value, "__index__") or value < 1:
        raise ValueError(f"{name} must be a whole number above 0, not {value!r}")
    return int(value)


def _single(value: Any, name: str) -> int:
    return _whole(value[0] if isinstance(value, (tuple, list)) and len(value) == 1 else value, name)


def _border(value: Any, name: str) -> Any:
    try:
        if isinstance(value, str):
            raise ValueError
        return pads_of(value, (1, 1), (1, 1))
    except ValueError:
        raise ValueError(
            f"{name} must be a number, (vertical, horizontal) or ((top, bottom), (left, right)), "
            f"not {value!r}"
        ) from None


def _check_format(data_format: str | None) -> None:
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"data_format must be 'channels_last', (N, H, W, C), not {data_format!r}: "
            "transpose such data to (0, 2, 3, 1)"
        )
