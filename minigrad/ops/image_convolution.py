"""Convolution as Keras has it as functions: of images and sequences, groups by the kernel."""

from __future__ import annotations

from typing import Any

from ..engine.autograd import composite
from .convolution import conv2d, conv2d_transpose
from .shapes import expand_dims, reshape, squeeze
from .windows import as_row, check_data_format

CHANNELS = -1


@composite
def conv(
    x: Any,
    kernel: Any,
    *,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """The cross-correlation of images or sequences with a kernel.

    Args:
        x: Images (N, H, W, C) or sequences (N, T, C).
        kernel: (KH, KW, C / groups, F) or (K, C / groups, F), which says the number of groups.
        strides: Steps of the kernel: a number, or one per axis.
        padding: "valid" or "same".
        data_format: None or "channels_last".
        dilation_rate: Distance of neighboring kernel elements: a number, or one per axis.

    Shape:
        (N, H, W, C) -> (N, OH, OW, F)

    Raises:
        ValueError: If the shapes do not fit or the kernel is larger than the images.

    Example:
        >>> minigrad.ops.conv(np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 4)), strides=2).shape
        (1, 2, 2, 4)
    """
    check_data_format(data_format)
    _check_ranks(x, kernel)
    settings = {"strides": strides, "padding": padding, "dilation": dilation_rate}
    groups = max(x.shape[CHANNELS] // max(kernel.shape[-2], 1), 1)
    if x.ndim == 3:
        y = conv2d(_rows(x), expand_dims(kernel, axis=0), groups=groups, **_in_rows(settings))
        return squeeze(y, axis=1)
    return conv2d(x, kernel, groups=groups, **settings)


@composite
def conv_transpose(
    x: Any,
    kernel: Any,
    *,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """The adjoint of a convolution: from its outputs to images or sequences.

    Args:
        x: (N, H, W, F) or (N, T, F).
        kernel: (KH, KW, C, F) or (K, C, F).
        strides: Steps of the kernel: a number, or one per axis.
        padding: "same" gives strides times the size, "valid" all that the kernel reaches.
        output_padding: What is added after the smallest size that fits: a number, or one per axis.
        data_format: None or "channels_last".
        dilation_rate: Distance of neighboring kernel elements: a number, or one per axis.

    Shape:
        (N, H, W, F) -> (N, OH, OW, C)

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> minigrad.ops.conv_transpose(np.ones((1, 2, 2, 4)), np.ones((3, 3, 2, 4))).shape
        (1, 4, 4, 2)
    """
    check_data_format(data_format)
    _check_ranks(x, kernel)
    settings = {"strides": strides, "padding": padding, "dilation": dilation_rate}
    if x.ndim == 3:
        extra = None if output_padding is None else as_row(output_padding, 0)
        kernel = expand_dims(kernel, axis=0)
        y = conv2d_transpose(_rows(x), kernel, output_padding=extra, **_in_rows(settings))
        return squeeze(y, axis=1)
    return conv2d_transpose(x, kernel, output_padding=output_padding, **settings)


@composite
def depthwise_conv(
    x: Any,
    kernel: Any,
    *,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Each channel convolved on its own, with M filters.

    Args:
        x: Images (N, H, W, C) or sequences (N, T, C).
        kernel: (KH, KW, C, M) or (K, C, M).
        strides: Steps of the kernel: a number, or one per axis.
        padding: "valid" or "same".
        data_format: None or "channels_last".
        dilation_rate: Distance of neighboring kernel elements: a number, or one per axis.

    Shape:
        (N, H, W, C) -> (N, OH, OW, C * M)

    Raises:
        ValueError: If the shapes do not fit or the kernel is larger than the images.

    Example:
        >>> minigrad.ops.depthwise_conv(np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 4))).shape
        (1, 3, 3, 8)
    """
    *sizes, channels, multiplier = kernel.shape
    filters = reshape(kernel, shape=(*sizes, 1, channels * multiplier))
    if channels != x.shape[CHANNELS]:
        raise ValueError(
            f"a kernel of shape {kernel.shape} is for {channels} channels, and x of shape "
            f"{x.shape} has {x.shape[CHANNELS]}"
        )
    return conv(
        x,
        filters,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
    )


@composite
def separable_conv(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    *,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Any = 1,
) -> Any:
    """Each channel convolved on its own, then the channels mixed at each position.

    Args:
        x: Images (N, H, W, C) or sequences (N, T, C).
        depthwise_kernel: (KH, KW, C, M) or (K, C, M).
        pointwise_kernel: (1, 1, C * M, F) or (1, C * M, F).
        strides: Steps of the kernel: a number, or one per axis.
        padding: "valid" or "same".
        data_format: None or "channels_last".
        dilation_rate: Distance of neighboring kernel elements: a number, or one per axis.

    Shape:
        (N, H, W, C) -> (N, OH, OW, F)

    Raises:
        ValueError: If the shapes do not fit or the kernel is larger than the images.

    References:
        Chollet 2016, arXiv:1610.02357.

    Example:
        >>> x, depthwise = np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 1))
        >>> minigrad.ops.separable_conv(x, depthwise, np.ones((1, 1, 2, 7))).shape
        (1, 3, 3, 7)
    """
    y = depthwise_conv(
        x,
        depthwise_kernel,
        strides=strides,
        padding=padding,
        data_format=data_format,
        dilation_rate=dilation_rate,
    )
    return conv(y, pointwise_kernel)


def _check_ranks(x: Any, kernel: Any) -> None:
    if x.ndim not in (3, 4) or kernel.ndim != x.ndim:
        raise ValueError(
            "expected images (N, H, W, C) and a kernel of four axes, or sequences (N, T, C) and "
            f"one of three, got shapes {x.shape} and {kernel.shape}"
        )


def _rows(x: Any) -> Any:
    """Sequences as images of one row."""
    return expand_dims(x, axis=1)


def _in_rows(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a convolution of sequences for images of one row."""
    return {name: as_row(value, 1) for name, value in settings.items()}
