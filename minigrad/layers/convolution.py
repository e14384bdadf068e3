"""Convolutions over images (N, H, W, C)."""

from __future__ import annotations

from typing import Any

from .. import activations, ops
from ..ops.windows import check_data_format
from .attributes import made_by
from .base import Layer
from .validation import check_padding, positive_integer, positive_pair


class ConvolutionLayer(Layer):
    """The arguments that all kinds of convolution share: how the kernel moves, bias, activation."""

    input_rank = 4
    padding_names: tuple[str, ...] = ("valid", "same")
    bias: Any = None
    activation: Any = made_by(activations.get)

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
        activity_regularizer: Any,
        bias_constraint: Any,
        name: str | None,
        trainable: bool,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        super().__init__(
            name, trainable, input_shape, dtype=dtype, activity_regularizer=activity_regularizer
        )
        check_data_format(data_format)
        self.kernel_size = positive_pair(self, "kernel_size", kernel_size)
        self.strides = positive_pair(self, "strides", strides)
        self.dilation_rate = positive_pair(self, "dilation_rate", dilation_rate)
        self.padding = check_padding(self, padding, self.padding_names)
        self.activation = activation
        self.use_bias = use_bias
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)

    def _add_bias(self, filters: int) -> None:
        if self.use_bias:
            self.bias = self._described("bias", (filters,))

    def _set_filters(self, filters: Any, groups: Any) -> None:
        """Keep both; raises ValueError unless the groups divide the filters."""
        self.filters = positive_integer(self, "filters", filters)
        self.groups = positive_integer(self, "groups", groups)
        if self.filters % self.groups:
            raise ValueError(
                f"{type(self).__name__}: {filters} filters do not divide into {groups} groups"
            )

    def _extent(self) -> tuple[int, ...]:
        """The first axes of the kernel: its height and width."""
        return self.kernel_size

    def _over_images(self, kernel: Any) -> Any:
        """The kernel as it moves over images."""
        return kernel

    def call(self, x: Any) -> Any:
        return self.activation(self.convolve(x))

    def convolve(self, x: Any) -> Any:
        """The convolution of images, before the activation.

        Args:
            x: Images (N, H, W, C).
        """
        raise NotImplementedError

    def _conv2d(self, x: Any, kernel: Any, bias: Any, groups: int = 1) -> Any:
        """ops.conv2d with the layer's strides, padding and dilation."""
        return ops.conv2d(
            x,
            kernel,
            bias,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            groups=groups,
        )

    def _depthwise_conv2d(self, x: Any, kernel: Any, bias: Any) -> Any:
        """_conv2d with a kernel (KH, KW, C, M): every channel is a group with M filters."""
        kh, kw, c, m = kernel.shape
        return self._conv2d(x, ops.reshape(kernel, shape=(kh, kw, 1, c * m)), bias, groups=c)


class Conv2D(ConvolutionLayer):
    """activation(cross-correlation of x with the kernel + bias).

    Args:
        filters: Number of output channels.
        kernel_size: A number or (height, width).
        strides: Steps of the kernel: a number or (vertical, horizontal).
        padding: "valid", "same" (TensorFlow's rule), a number, (vertical, horizontal) or
            ((top, bottom), (left, right)).
        data_format: "channels_last" or None, which is the same.
        dilation_rate: Distance of neighboring kernel elements: a number or (vertical, horizontal).
        groups: Number of groups into which channels and filters are divided; a filter reads the
            channels of its group alone.
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        kernel_initializer: Name or function that makes the kernel (KH, KW, C / groups, filters).
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
        (N, H, W, C) -> (N, OH, OW, filters)

    Raises:
        ValueError: If an argument is of another form, groups does not divide the channels, or the
            padded image is smaller than the kernel.

    Example:
        >>> Conv2D(8, 3, strides=2, padding="same")(np.ones((1, 28, 28, 1))).shape
        (1, 14, 14, 8)
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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
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
            activity_regularizer,
            bias_constraint,
            name,
            trainable,
            input_shape,
            dtype,
        )
        self._set_filters(filters, groups)
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape: tuple[int, ...]) -> None:
        channels = self.input_features = input_shape[-1]
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__}: {channels} channels do not divide into "
                f"{self.groups} groups"
            )
        self.kernel = self._described(
            "kernel", (*self._extent(), channels // self.groups, self.filters)
        )
        self._add_bias(self.filters)

    def convolve(self, x: Any) -> Any:
        return self._conv2d(x, self._over_images(self.kernel), self.bias, self.groups)


class DepthwiseConv2D(ConvolutionLayer):
    """Each channel convolved with filters of its own.

    Args:
        kernel_size: A number or (height, width).
        strides: Steps of the kernel: a number or (vertical, horizontal).
        padding: "valid", "same", a number, (vertical, horizontal) or ((top, bottom), (left,
            right)).
        depth_multiplier: Number of filters per channel.
        data_format: "channels_last" or None, which is the same.
        dilation_rate: Distance of neighboring kernel elements: a number or (vertical, horizontal).
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        depthwise_initializer: Name or function that makes the kernel (KH, KW, C,
            depth_multiplier).
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
        (N, H, W, C) -> (N, OH, OW, C * depth_multiplier)

    Raises:
        ValueError: If an argument is of another form, or the padded image is smaller than the
            kernel.

    References:
        Howard et al. 2017, arXiv:1704.04861.

    Example:
        >>> DepthwiseConv2D(3, depth_multiplier=2)(np.ones((1, 8, 8, 4))).shape
        (1, 6, 6, 8)
    """

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
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
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
            activity_regularizer,
            bias_constraint,
            name,
            trainable,
            input_shape,
            dtype,
        )
        self.depth_multiplier = positive_integer(self, "depth_multiplier", depth_multiplier)
        self._describe(
            "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint
        )

    def build(self, input_shape: tuple[int, ...]) -> None:
        channels = self.input_features = input_shape[-1]
        self.kernel = self._described(
            "depthwise", (*self._extent(), channels, self.depth_multiplier)
        )
        self._add_bias(channels * self.depth_multiplier)

    def convolve(self, x: Any) -> Any:
        return self._depthwise_conv2d(x, self._over_images(self.kernel), self.bias)


class SeparableConv2D(ConvolutionLayer):
    """A depthwise convolution, then a 1x1 convolution that mixes its channels.

    Args:
        filters: Number of output channels.
        kernel_size: A number or (height, width).
        strides: Steps of the kernel: a number or (vertical, horizontal).
        padding: "valid", "same", a number, (vertical, horizontal) or ((top, bottom), (left,
            right)).
        data_format: "channels_last" or None, which is the same.
        dilation_rate: Distance of neighboring kernel elements: a number or (vertical, horizontal).
        depth_multiplier: Number of depthwise filters per channel.
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        depthwise_initializer: Name or function that makes the depthwise kernel (KH, KW, C,
            depth_multiplier).
        pointwise_initializer: Name or function that makes the pointwise kernel (1, 1, C *
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
        (N, H, W, C) -> (N, OH, OW, filters)

    Raises:
        ValueError: If an argument is of another form, or the padded image is smaller than the
            kernel.

    References:
        Chollet 2016, arXiv:1610.02357.

    Example:
        >>> SeparableConv2D(8, 3, padding="same")(np.ones((1, 8, 8, 4))).shape
        (1, 8, 8, 8)
    """

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
            activity_regularizer,
            bias_constraint,
            name,
            trainable,
            input_shape,
            dtype,
        )
        self.filters = positive_integer(self, "filters", filters)
        self.depth_multiplier = positive_integer(self, "depth_multiplier", depth_multiplier)
        self._describe(
            "depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint
        )
        self._describe(
            "pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint
        )

    def build(self, input_shape: tuple[int, ...]) -> None:
        channels = self.input_features = input_shape[-1]
        self.depthwise_kernel = self._described(
            "depthwise", (*self._extent(), channels, self.depth_multiplier)
        )
        self.pointwise_kernel = self._described(
            "pointwise",
            (*(1 for _ in self._extent()), channels * self.depth_multiplier, self.filters),
        )
        self._add_bias(self.filters)

    def convolve(self, x: Any) -> Any:
        y = self._depthwise_conv2d(x, self._over_images(self.depthwise_kernel), None)
        return ops.conv2d(y, self._over_images(self.pointwise_kernel), self.bias)


class Conv2DTranspose(ConvolutionLayer):
    """activation(transposed convolution of x with the kernel + bias).

    The transposed convolution is the gradient of a convolution with respect to its input: it
    enlarges images by `strides`.

    Args:
        filters: Number of output channels.
        kernel_size: A number or (height, width).
        strides: A number or (vertical, horizontal).
        padding: "valid" keeps all that the kernel reaches, "same" strides times the input size; or
            the padding of the convolution: a number, (vertical, horizontal) or ((top, bottom),
            (left, right)).
        output_padding: Rows and columns added at the end, as in Keras; None for none.
        data_format: "channels_last" or None, which is the same.
        dilation_rate: Distance of neighboring kernel elements: a number or (vertical, horizontal).
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        kernel_initializer: Name or function that makes the kernel (KH, KW, filters / groups, C).
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
        (N, H, W, C) -> (N, OH, OW, filters)

    Raises:
        ValueError: If an argument is of another form, or groups does not divide channels and
            filters.

    References:
        Zeiler et al. 2010; Dumoulin & Visin 2016, arXiv:1603.07285.

    Example:
        >>> Conv2DTranspose(8, 3, strides=2, padding="same")(np.ones((1, 7, 7, 4))).shape
        (1, 14, 14, 8)
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
            activity_regularizer,
            bias_constraint,
            name,
            trainable,
            input_shape,
            dtype,
        )
        self._set_filters(filters, groups)
        self.output_padding = output_padding
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)

    def build(self, input_shape: tuple[int, ...]) -> None:
        channels = self.input_features = input_shape[-1]
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__}: {channels} channels do not divide into "
                f"{self.groups} groups"
            )
        self.kernel = self._described(
            "kernel", (*self._extent(), self.filters // self.groups, channels)
        )
        self._add_bias(self.filters)

    def convolve(self, x: Any) -> Any:
        return ops.conv2d_transpose(
            x,
            self._over_images(self.kernel),
            self.bias,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation_rate,
            output_padding=self.output_padding,
            groups=self.groups,
        )
