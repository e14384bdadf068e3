"""Convolution: three bilinear ops, each the gradient of the others, so that all orders are fast.

    y = conv2d(x, w)              (N, H, W, C), (KH, KW, C / groups, F) -> (N, OH, OW, F)
    x = conv2d_input_grad(y, w)   its adjoint in x, which is the transposed convolution
    w = conv2d_kernel_grad(x, y)  its adjoint in w

The patches under the kernel are made again in the backward pass: only images and kernel are kept.
"""

from __future__ import annotations

from typing import Any

from ..backend import Array, Shape, backend
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from .matmul import row_sums
from .windows import Pair, Window, check_images, col2im, im2col, pair, parse_padding

# ---- the three ops -------------------------------------------------------------------------------


@real
@primitive(kernel="conv2d")
def _conv2d(x: Array, w: Array, b: Array | None, *, window: Window, groups: int = 1) -> Array:
    """y[n, p, q, f] = b[f] + sum over i, j, c of patches[n, p, q, i, j, c] * w[i, j, c, f].

    Channels and filters are divided into groups; a filter reads the channels of its group alone.
    """
    shape = conv2d_shape(x.shape, w.shape, window, groups)
    patches = _split_groups(im2col(x, window=window), groups)
    kernel = _split_groups(w, groups)
    y = backend(x).einsum("npqijgc,ijcgf->npqgf", patches, kernel).reshape(shape)
    return y if b is None else y + b


@real
@primitive(kernel="conv2d_input_grad")
def conv2d_input_grad(grad_output: Array, w: Array, *, window: Window, groups: int = 1) -> Array:
    """The gradient of conv2d for the images: each output times its filter, added up where it lies.

    Args:
        grad_output: (N, OH, OW, F).
        w: The kernel (KH, KW, C / groups, F).
        window: How the kernel moves over the images.
        groups: Number of groups of channels and filters.

    Shape:
        (N, OH, OW, F), (KH, KW, C / groups, F) -> (N, H, W, C)
    """
    n, *_, channels = input_grad_shape(grad_output.shape, w.shape, window, groups)
    outputs = _split_groups(grad_output, groups)
    kernel = _split_groups(w, groups)
    patches = backend(w).einsum("npqgf,ijcgf->npqijgc", outputs, kernel)
    shape = (n, *window.output_shape, *window.kernel, channels)
    return col2im(patches.reshape(shape), window=window)


@real
@primitive(kernel="conv2d_kernel_grad")
def conv2d_kernel_grad(x: Array, grad_output: Array, *, window: Window, groups: int = 1) -> Array:
    """The gradient of conv2d for the kernel: patches times outputs, summed over all positions.

    Args:
        x: Images (N, H, W, C).
        grad_output: (N, OH, OW, F).
        window: How the kernel moves over the images.
        groups: Number of groups of channels and filters.

    Shape:
        (N, H, W, C), (N, OH, OW, F) -> (KH, KW, C / groups, F)
    """
    check_images(x, window)
    shape = kernel_grad_shape(x.shape, grad_output.shape, window, groups)
    patches = _split_groups(im2col(x, window=window), groups)
    outputs = _split_groups(grad_output, groups)
    return backend(x).einsum("npqijgc,npqgf->ijcgf", patches, outputs).reshape(shape)


_conv2d.gradients(
    lambda g, y, x, w, b, **kwargs: conv2d_input_grad(g, w, **kwargs),
    lambda g, y, x, w, b, **kwargs: conv2d_kernel_grad(x, g, **kwargs),
    lambda g, y, x, w, b, **kwargs: row_sums(g),
    needs="x:w w:x",
)
conv2d_input_grad.gradients(
    lambda g, y, grad_output, w, **kwargs: _conv2d(g, w, None, **kwargs),
    lambda g, y, grad_output, w, **kwargs: conv2d_kernel_grad(g, grad_output, **kwargs),
    needs="grad_output:w w:grad_output",
)
conv2d_kernel_grad.gradients(
    lambda g, y, x, grad_output, **kwargs: conv2d_input_grad(grad_output, g, **kwargs),
    lambda g, y, x, grad_output, **kwargs: _conv2d(x, g, None, **kwargs),
    needs="x:grad_output grad_output:x",
)


def _split_groups(a: Array, groups: int) -> Array:
    """The last axis as (groups, length of a group)."""
    return a.reshape((*a.shape[:-1], groups, a.shape[-1] // groups))


# ---- shapes: each also checks that its inputs fit ------------------------------------------------


def conv2d_shape(images: Shape, kernel: Shape, window: Window, groups: int) -> Shape:
    """The shape (N, OH, OW, F) of the outputs; ValueError where images and kernel do not fit."""
    _check_kernel(kernel, groups)
    if kernel[:2] != window.kernel or kernel[2] * groups != images[3]:
        height, width = window.kernel
        raise ValueError(
            f"images of {images[3]} channels in {groups} group(s) expect a kernel of shape "
            "(KH, KW, C / groups, F) = "
            f"({height}, {width}, {images[3] / groups:g}, F), got {kernel}"
        )
    return images[0], *window.output_shape, kernel[3]


def input_grad_shape(outputs: Shape, kernel: Shape, window: Window, groups: int) -> Shape:
    """The shape (N, H, W, C) of the images; ValueError where outputs and kernel do not fit."""
    images = (outputs[0], *window.image_size, kernel[2] * groups)
    _check_outputs(outputs, images, kernel, window, groups)
    return images


def kernel_grad_shape(images: Shape, outputs: Shape, window: Window, groups: int) -> Shape:
    """The shape (KH, KW, C / groups, F) of the kernel; ValueError where the others do not fit."""
    kernel = (*window.kernel, images[3] // groups, outputs[-1])
    _check_outputs(outputs, images, kernel, window, groups)
    return kernel


def _check_kernel(kernel: Shape, groups: int) -> None:
    if len(kernel) != 4:
        raise ValueError(f"expected a kernel of shape (KH, KW, C / groups, F), got shape {kernel}")
    if not hasattr(groups, "__index__") or groups < 1:
        raise ValueError(f"groups must be a whole number above 0, not {groups!r}")
    if kernel[3] % groups:
        raise ValueError(f"{kernel[3]} filters do not divide into {groups} groups")


def _check_bias(b: Any, filters: int) -> None:
    if b is not None and b.shape != (filters,):
        raise ValueError(f"expected a bias of shape ({filters},), one per filter, got {b.shape}")


def _check_outputs(
    outputs: Shape, images: Shape, kernel: Shape, window: Window, groups: int
) -> None:
    expected = conv2d_shape(images, kernel, window, groups)
    if outputs != expected:
        n, height, width, _ = images
        _, rows, columns, filters = expected
        raise ValueError(
            f"{n} images of {height} x {width} and a kernel of shape {kernel} have outputs of "
            f"shape {expected}, {rows} x {columns} output positions and {filters} as the number of "
            f"filters, but grad_output has shape {outputs}"
        )


# ---- as they are called --------------------------------------------------------------------------


@composite
def conv2d(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    strides: Any = 1,
    padding: Any = "valid",
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The cross-correlation of images with a kernel, plus b.

    Args:
        x: Images (N, H, W, C).
        w: The kernel (KH, KW, C / groups, F).
        b: The bias (F,); None for none.
        strides: Steps of the kernel: a number or (vertical, horizontal).
        padding: "valid", "same" (TensorFlow's rule), a number, (vertical, horizontal) or
            ((top, bottom), (left, right)).
        dilation: Distance of neighboring kernel elements: a number or (vertical, horizontal).
        groups: Number of groups into which channels and filters are divided.

    Shape:
        (N, H, W, C) -> (N, OH, OW, F)

    Raises:
        ValueError: If the shapes do not fit or the kernel is larger than the padded image.

    Example:
        >>> x, w = np.ones((1, 5, 5, 2)), np.ones((3, 3, 2, 4))
        >>> minigrad.ops.conv2d(x, w, strides=2, padding="same").shape
        (1, 3, 3, 4)
    """
    check_images(x)
    _check_kernel(w.shape, groups)
    _check_bias(b, w.shape[3])
    window = Window.of(x.shape[1:3], w.shape[:2], strides, padding, dilation)
    return _conv2d(x, w, b, window=window, groups=groups)


@composite
@real
def conv2d_transpose(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    strides: Any = 1,
    padding: Any = "valid",
    output_padding: Any = None,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """The adjoint of conv2d, plus b: from the outputs of a convolution to images.

    Args:
        x: (N, H, W, F).
        w: The kernel (KH, KW, C / groups, F) of the convolution.
        b: The bias (C,); None for none.
        strides: Steps of the kernel: a number or (vertical, horizontal).
        padding: "same" gives strides times the size, "valid" all that the kernel reaches; or a
            number, (vertical, horizontal) or ((top, bottom), (left, right)).
        output_padding: Rows and columns added after the smallest size that fits, in Keras's way of
            counting: a number or (vertical, horizontal).
        dilation: Distance of neighboring kernel elements: a number or (vertical, horizontal).
        groups: Number of groups into which channels and filters are divided.

    Shape:
        (N, H, W, F) -> (N, OH, OW, C)

    Raises:
        ValueError: If the shapes do not fit.

    Example:
        >>> x, w = np.ones((1, 7, 7, 4)), np.ones((3, 3, 2, 4))
        >>> minigrad.ops.conv2d_transpose(x, w, strides=2, padding="same").shape
        (1, 14, 14, 2)
    """
    check_images(x)
    _check_kernel(w.shape, groups)
    _check_bias(b, w.shape[2] * groups)
    kernel, pads = w.shape[:2], parse_padding(padding)
    steps, distances = pair(strides, "strides"), pair(dilation, "dilation")
    is_pair = isinstance(output_padding, (tuple, list))
    extra = output_padding if is_pair else (output_padding, output_padding)
    lengths = tuple(
        conv_transpose_length(
            x.shape[1 + i],
            kernel[i],
            steps[i],
            distances[i],
            padding if isinstance(padding, str) else sum(pads[i]),
            extra[i],
        )
        for i in (0, 1)
    )
    if pads == "same":
        rows, columns = zip(x.shape[1:3], lengths, kernel, steps, distances)
        pads = transposed_padding(*rows), transposed_padding(*columns)
    window = Window.of(lengths, kernel, steps, pads, distances)
    y = conv2d_input_grad(x, w, window=window, groups=groups)
    return y if b is None else y + b


def conv_transpose_length(
    n: int, kernel: int, stride: int, dilation: int, padding: Any, extra: int | None
) -> int:
    """The length of an axis of n after a transposed convolution.

    Args:
        n: The length before.
        kernel: The length of the kernel.
        stride: Steps of the kernel.
        dilation: Distance of neighboring kernel elements.
        padding: "valid", "same" or the number of pixels on both sides together.
        extra: Output padding; None for none.
    """
    extent = dilation * (kernel - 1) + 1
    reached = (n - 1) * stride
    if padding == "same":
        return n * stride if extra is None else reached + extent % 2 + extra
    if padding == "valid":
        return reached + (max(extent, stride) if extra is None else extent + extra)
    return reached + extent - padding + (extra or 0)


def transposed_padding(n: int, length: int, kernel: int, stride: int, dilation: int) -> Pair:
    """(before, after) of `padding="same"`: that which gives `length` pixels n output positions.

    Args:
        n: The number of positions, the length before.
        length: The length after.
        kernel: The length of the kernel.
        stride: Steps of the kernel.
        dilation: Distance of neighboring kernel elements.
    """
    total = max((n - 1) * stride + dilation * (kernel - 1) + 1 - length, 0)
    return total // 2, total - total // 2
