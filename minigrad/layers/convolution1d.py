"""Convolutions over sequences (N, T, C): a sequence is an image of one row."""

from __future__ import annotations

from typing import Any

from .. import ops
from .convolution import Conv2D, Conv2DTranspose, ConvolutionLayer, DepthwiseConv2D, SeparableConv2D
from .validation import check_padding, positive_integer


class _OverTime(ConvolutionLayer):
    """A convolution of images that is given sequences; its kernels have no axis for the height."""

    input_rank = 3

    def _extent(self) -> tuple[int, ...]:
        return self.kernel_size[1:]

    def _over_images(self, kernel: Any) -> Any:
        return ops.expand_dims(kernel, axis=0)

    def call(self, x: Any) -> Any:
        y = self.convolve(ops.expand_dims(x, axis=1))
        return self.activation(ops.squeeze(y, axis=1))


def _numbers(layer: Any, kernel_size: Any, strides: Any, dilation_rate: Any) -> tuple[int, ...]:
    """Each of the three arguments as one number: n of n or (n,)."""
    arguments = {"kernel_size": kernel_size, "strides": strides, "dilation_rate": dilation_rate}
    return tuple(positive_integer(layer, name, _single(n)) for name, n in arguments.items())


def _single(value: Any) -> Any:
    """n of (n,), and of n."""
    return value[0] if isinstance(value, (tuple, list)) and len(value) == 1 else value


def _row_padding(padding: Any, reach: int = 0) -> Any:
    """The padding of a sequence as that of an image of one row; "causal" pads before it."""
    if padding == "causal":
        return (0, 0), (reach, 0)
    return padding if isinstance(padding, str) else ((0, 0), padding)


class Conv1D(_OverTime, Conv2D):
    """activation(cross-correlation of x with the kernel over time + bias).

    Args:
        filters: Number of output channels.
        kernel_size: Number of steps that the kernel covers.
        strides: Steps of the kernel.
        padding: "valid", "same", "causal" (an output depends on no later step), a number or
            (before, after).
        data_format: "channels_last" or None, which is the same.
        dilation_rate: Distance of neighboring kernel elements.
        groups: Number of groups into which channels and filters are divided; a filter reads the
            channels of its group alone.
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        kernel_initializer: Name or function that makes the kernel (K, C / groups, filters).
        bias_initializer: Name or function that makes the bias (filters,).
        kernel_regularizer: Name or function of a penalty on the kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, C) -> (N, OT, filters)

    Raises:
        ValueError: If an argument is of another form, groups does not divide the channels, or the
            padded sequence is shorter than the kernel.

    Example:
        >>> Conv1D(8, 3, padding="causal")(np.ones((1, 20, 4))).shape
        (1, 20, 8)
    """

    padding_names = ("valid", "same", "causal")

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        size, stride, dilation = _numbers(self, kernel_size, strides, dilation_rate)
        super().__init__(
            filters,
            (1, size),
            (1, stride),
            _row_padding(check_padding(self, padding, self.padding_names), dilation * (size - 1)),
            data_format,
            (1, dilation),
            groups,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
        )


class DepthwiseConv1D(_OverTime, DepthwiseConv2D):
    """Each channel of a sequence convolved with filters of its own.

    Args:
        kernel_size: Number of steps that the kernel covers.
        strides: Steps of the kernel.
        padding: "valid", "same", a number or (before, after).
        depth_multiplier: Number of filters per channel.
        data_format: "channels_last" or None, which is the same.
        dilation_rate: Distance of neighboring kernel elements.
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        depthwise_initializer: Name or function that makes the kernel (K, C, depth_multiplier).
        bias_initializer: Name or function that makes the bias (C * depth_multiplier,).
        depthwise_regularizer: Name or function of a penalty on the kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.
        depthwise_constraint: Name or function of a constraint on the kernel; None for none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, C) -> (N, OT, C * depth_multiplier)

    Raises:
        ValueError: If an argument is of another form, or the padded sequence is shorter than the
            kernel.

    Example:
        >>> DepthwiseConv1D(3, depth_multiplier=2)(np.ones((1, 8, 4))).shape
        (1, 6, 8)
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        size, stride, dilation = _numbers(self, kernel_size, strides, dilation_rate)
        super().__init__(
            (1, size),
            (1, stride),
            _row_padding(check_padding(self, padding)),
            depth_multiplier,
            data_format,
            (1, dilation),
            activation,
            use_bias,
            depthwise_initializer,
            bias_initializer,
            depthwise_regularizer,
            bias_regularizer,
            activity_regularizer,
            depthwise_constraint,
            bias_constraint,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
        )


class SeparableConv1D(_OverTime, SeparableConv2D):
    """A depthwise convolution over time, then a convolution of size 1 that mixes its channels.

    Args:
        filters: Number of output channels.
        kernel_size: Number of steps that the kernel covers.
        strides: Steps of the kernel.
        padding: "valid", "same", a number or (before, after).
        data_format: "channels_last" or None, which is the same.
        dilation_rate: Distance of neighboring kernel elements.
        depth_multiplier: Number of depthwise filters per channel.
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        depthwise_initializer: Name or function that makes the depthwise kernel (K, C,
            depth_multiplier).
        pointwise_initializer: Name or function that makes the pointwise kernel (1, C *
            depth_multiplier, filters).
        bias_initializer: Name or function that makes the bias (filters,).
        depthwise_regularizer: Name or function of a penalty on the depthwise kernel; None for none.
        pointwise_regularizer: Name or function of a penalty on the pointwise kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.
        depthwise_constraint: Name or function of a constraint on the depthwise kernel; None for
            none.
        pointwise_constraint: Name or function of a constraint on the pointwise kernel; None for
            none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, C) -> (N, OT, filters)

    Raises:
        ValueError: If an argument is of another form, or the padded sequence is shorter than the
            kernel.

    References:
        Chollet 2016, arXiv:1610.02357.

    Example:
        >>> SeparableConv1D(8, 3, padding="same")(np.ones((1, 20, 4))).shape
        (1, 20, 8)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        size, stride, dilation = _numbers(self, kernel_size, strides, dilation_rate)
        super().__init__(
            filters,
            (1, size),
            (1, stride),
            _row_padding(check_padding(self, padding)),
            data_format,
            (1, dilation),
            depth_multiplier,
            activation,
            use_bias,
            depthwise_initializer,
            pointwise_initializer,
            bias_initializer,
            depthwise_regularizer,
            pointwise_regularizer,
            bias_regularizer,
            activity_regularizer,
            depthwise_constraint,
            pointwise_constraint,
            bias_constraint,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
        )


class Conv1DTranspose(_OverTime, Conv2DTranspose):
    """activation(transposed convolution of x with the kernel over time + bias).

    The transposed convolution is the gradient of a convolution with respect to its input: it
    lengthens sequences by `strides`.

    Args:
        filters: Number of output channels.
        kernel_size: Number of steps that the kernel covers.
        strides: Steps between the places of the kernel in the output.
        padding: "valid" keeps all that the kernel reaches, "same" strides times the input length;
            or the padding of the convolution: a number or (before, after).
        output_padding: Steps added at the end, as in Keras; None for none.
        data_format: "channels_last" or None, which is the same.
        dilation_rate: Distance of neighboring kernel elements.
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        kernel_initializer: Name or function that makes the kernel (K, filters / groups, C).
        bias_initializer: Name or function that makes the bias (filters,).
        kernel_regularizer: Name or function of a penalty on the kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        groups: Number of groups into which channels and filters are divided; a channel adds to the
            filters of its group alone. Keras has one group.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, C) -> (N, OT, filters)

    Raises:
        ValueError: If an argument is of another form, or groups does not divide channels and
            filters.

    References:
        Dumoulin & Visin 2016, arXiv:1603.07285.

    Example:
        >>> Conv1DTranspose(8, 3, strides=2, padding="same")(np.ones((1, 7, 4))).shape
        (1, 14, 8)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: Any = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        groups: int = 1,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        size, stride, dilation = _numbers(self, kernel_size, strides, dilation_rate)
        super().__init__(
            filters,
            (1, size),
            (1, stride),
            _row_padding(check_padding(self, padding)),
            None if output_padding is None else (None, _single(output_padding)),
            data_format,
            (1, dilation),
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            groups=groups,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
        )
