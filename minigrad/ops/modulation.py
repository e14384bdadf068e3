"""Convolution with weights of its own for each sample: how a style enters an image."""

from __future__ import annotations

from typing import Any

from ..engine.autograd import composite
from ..engine.dtypes import real
from .convolution import conv2d, conv2d_transpose
from .elementwise import sqrt, square
from .matmul import matmul
from .reductions import sum
from .resampling import Filter, scale_filter, upfirdn2d
from .shapes import flip, swapaxes
from .windows import check_images


@composite
@real
def modulated_conv2d(
    x: Any,
    w: Any,
    style: Any,
    *,
    demodulate: bool = True,
    epsilon: float = 1e-8,
    up: int = 1,
    filter: Filter = (1, 3, 3, 1),
) -> Any:
    """A convolution whose weights are scaled for each sample, by a number per input channel.

    Sample n is convolved with w[i, j, c, f] * style[n, c] * d[n, f], where d makes the sum of the
    squares of each filter 1. A convolution is linear, so images and outputs are scaled in place of
    the weights, conv2d(x * style, w) * d: one convolution for all samples.

    Args:
        x: Images (N, H, W, C).
        w: The kernel (KH, KW, C, F).
        style: Scales of the channels (N, C).
        demodulate: False for d = 1.
        epsilon: Added to the sums of squares.
        up: The factor by which images are enlarged on the way, as by upsample2d before.
        filter: Numbers, applied along both axes of enlarged images.

    Shape:
        (N, H, W, C), (KH, KW, C, F), (N, C) -> (N, up * H, up * W, F)

    Raises:
        ValueError: If the shapes do not fit.

    References:
        Karras et al. 2019, arXiv:1912.04958, section 2.2.

    Example:
        >>> x, w, style = np.ones((2, 4, 4, 3)), np.ones((3, 3, 3, 5)), np.ones((2, 3))
        >>> minigrad.ops.modulated_conv2d(x, w, style, up=2).shape
        (2, 8, 8, 5)
    """
    check_images(x)
    if style.shape != (x.shape[0], x.shape[3]):
        raise ValueError(
            f"{x.shape[0]} images of {x.shape[3]} channels need a style of shape "
            f"{(x.shape[0], x.shape[3])}, one number per image and channel, got {style.shape}"
        )
    scaled = x * style[:, None, None, :]
    y = conv2d(scaled, w, padding="same") if up == 1 else _conv2d_up(scaled, w, up, filter)
    return y * demodulation(w, style, epsilon)[:, None, None, :] if demodulate else y


def demodulation(w: Any, style: Any, epsilon: float) -> Any:
    """d[n, f] = 1 / sqrt(sum over i, j, c of (w[i, j, c, f] * style[n, c])**2 + epsilon)."""
    squares = sum(square(w), axis=(0, 1))  # (C, F)
    return 1 / sqrt(matmul(square(style), squares) + epsilon)


def _conv2d_up(x: Any, w: Any, up: int, filter: Filter) -> Any:
    """The convolution of images with zeros between their pixels, then the filter.

    The transposed convolution skips the zeros. It turns the kernel over; so w is turned before.
    """
    size, coefficients = w.shape[0], scale_filter(filter, up)
    y = conv2d_transpose(x, swapaxes(flip(w, axis=(0, 1)), axis1=2, axis2=3), strides=up)
    before = size // 2 + (len(coefficients) + up - 1) // 2 - (size - 1)
    after = len(coefficients) - 1 + up * x.shape[1] - y.shape[1] - before
    return upfirdn2d(y, filter=coefficients, padding=(before, after))
