"""Patches: what lies under a kernel at each place where it stands on an image. Convolution and pooling are made of them.

A place is a position of the kernel in the image, a tap one of its KH x KW elements. Kernels walk over blocks of places small
enough that what they make for a block stays in the processor's cache.
"""

from __future__ import annotations

import math
from functools import lru_cache

from ..backend import backend, device_name
from ..engine.autograd import primitive

BLOCK = {"cpu": 1 << 19}  # elements made for a block: 2 MB of float32
BLOCK_ON_DEVICE = 1 << 26  # a GPU wants few, large calls
SHORT = 16  # below so many elements a run is copied faster across than along

# ---- geometry ------------------------------------------------------------------------------------------------------


def pair(value, name):
    """(height, width) of a setting that is one whole number for both, or two; ValueError otherwise."""
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    if len(both) != 2 or not all(hasattr(n, "__index__") and n > 0 for n in both):
        raise ValueError(
            f"{name} must be a whole number above 0 or two of them, (height, width), not {value!r}"
        )
    return int(both[0]), int(both[1])


def same_pads(n, kernel, stride=1, dilation=1):
    """(before, after) for an axis of n by TensorFlow's 'same': ceil(n / stride) places; of an odd padding, more comes after."""
    total = max((-(-n // stride) - 1) * stride + dilation * (kernel - 1) + 1 - n, 0)
    return total // 2, total - total // 2


def pads_of(padding, size, kernel, strides=(1, 1), dilation=(1, 1)):
    """((top, bottom), (left, right)) for 'valid', 'same', a number, (vertical, horizontal) or such pairs themselves."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        return tuple(same_pads(*axis) for axis in zip(size, kernel, strides, dilation))
    wrong = ValueError(
        f"padding must be 'valid', 'same', a number at least 0, (vertical, horizontal) or ((top, bottom), (left, right)), "
        f"not {padding!r}"
    )
    sides = padding if isinstance(padding, (tuple, list)) else (padding, padding)
    if len(sides) != 2:
        raise wrong
    pads = tuple(tuple(side) if isinstance(side, (tuple, list)) else (side, side) for side in sides)
    if not all(len(p) == 2 and all(hasattr(n, "__index__") and n >= 0 for n in p) for p in pads):
        raise wrong
    return pads


@lru_cache(1024)
def places_of(size, kernel, strides, dilation, pads):
    """(OH, OW): at how many places the kernel stands; ValueError if it is larger than the padded image."""
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation)]
    padded = [n + sum(p) for n, p in zip(size, pads)]
    if reach[0] > padded[0] or reach[1] > padded[1]:
        dilated = f", dilated to {reach[0]} x {reach[1]}," if max(dilation) > 1 else ""
        raise ValueError(
            f"the kernel of {kernel[0]} x {kernel[1]}{dilated} is larger than the image of {size[0]} x {size[1]}, "
            f"which its padding makes {padded[0]} x {padded[1]}: take a smaller kernel or padding='same'"
        )
    return tuple((n - r) // s + 1 for n, r, s in zip(padded, reach, strides))


def check_images(x):
    """Raise ValueError unless x has the four axes of a batch of images."""
    if x.ndim != 4:
        hint = {
            2: ": one grey image x goes in as x[None, ..., None]",
            3: ": one image x goes in as x[None], a batch of grey ones as x[..., None]",
        }.get(x.ndim, "")
        raise ValueError(
            f"expected images of shape (N, H, W, C), channels last, got shape {x.shape}{hint}"
        )


# ---- blocks of places ----------------------------------------------------------------------------------------------


def _windows(x, kernel, strides, dilation):
    """A view (N, OH, OW, KH, KW, C) of what lies under the kernel at each place."""
    places = places_of(x.shape[1:3], kernel, strides, dilation, ((0, 0), (0, 0)))
    a, b, c, d = x.strides
    steps = a, b * strides[0], c * strides[1], b * dilation[0], c * dilation[1], d
    return backend(x).lib.stride_tricks.as_strided(x, (len(x), *places, *kernel, x.shape[3]), steps)


def walk(x, kernel, strides, dilation, pads, width, into=False):
    """(images, rows, windows) for blocks of places at each of which `width` elements are made.

    x is padded one block at a time. `into`: the caller adds to the windows, and what it added arrives in x.
    """
    n, h, w, c = x.shape
    (top, bottom), (left, right) = pads
    rows, columns = places_of((h, w), kernel, strides, dilation, pads)
    fit = BLOCK.get(device_name(x), BLOCK_ON_DEVICE) // max(
        1, columns * width
    )  # rows of places in a block
    images, some = min(n, max(1, fit // rows)), max(1, min(rows, fit))
    padded = any(map(sum, pads))
    if padded:
        buffer = backend(x).zeros((images, h + top + bottom, w + left + right, c), x.dtype)
        inside = buffer[:, top : top + h, left : left + w]
    for i in range(0, n, max(1, images)):
        part = x[i : i + images]
        if padded and into:
            buffer[...] = 0
        elif padded:
            inside[: len(part)] = part
        windows = _windows(buffer[: len(part)] if padded else part, kernel, strides, dilation)
        for r in range(0, rows, some):
            yield slice(i, i + images), slice(r, r + some), windows[:, r : r + some]
        if padded and into:
            part[...] = inside[: len(part)]


def columns_of(x, kernel, *where):
    """(images, rows, matrix) block by block, the matrix with what lies under the kernel at one place in each row."""
    width, buffer = math.prod(kernel) * x.shape[3], None
    if as_it_is(x.shape[1:3], kernel, *where):
        yield slice(None), slice(None), x.reshape((-1, width))
        return
    for images, rows, windows in walk(x, kernel, *where, width):
        if buffer is None:
            buffer = backend(x).empty(windows.size, x.dtype)
        flat = buffer[: windows.size]
        if (
            kernel[1] * x.shape[3] < SHORT
        ):  # fill the matrix, and let it lie in memory, column by column
            flat.reshape(windows.shape[3:] + windows.shape[:3])[...] = windows.transpose(
                3, 4, 5, 0, 1, 2
            )
            yield images, rows, flat.reshape((width, -1)).T
        else:
            flat.reshape(windows.shape)[...] = windows
            yield images, rows, flat.reshape((-1, width))


def as_it_is(size, kernel, strides, dilation, pads):
    """Are the images the matrix of columns already? So it is where every pixel is a place, and where an image has only one."""
    return (kernel == strides == (1, 1) or kernel == size and dilation == (1, 1)) and not any(
        map(sum, pads)
    )


def apart(kernel, strides, dilation):
    """Slices that cut the kernel into sets of taps under which no two places have a pixel in common."""
    a, b = (s // math.gcd(s, d) for s, d in zip(strides, dilation))
    return [
        (slice(i, i + a), slice(j, j + b))
        for i in range(0, kernel[0], a)
        for j in range(0, kernel[1], b)
    ]


# ---- patches: an adjoint pair --------------------------------------------------------------------------------------


@primitive
def im2col(x, *, kernel, strides=(1, 1), dilation=(1, 1), pads=((0, 0), (0, 0))):
    """The patches under the kernel: (N, H, W, C) -> (N, OH, OW, KH, KW, C)."""
    check_images(x)
    places = places_of(x.shape[1:3], kernel, strides, dilation, pads)
    y = backend(x).empty((len(x), *places, *kernel, x.shape[3]), x.dtype)
    for images, rows, windows in walk(x, kernel, strides, dilation, pads, math.prod(y.shape[3:])):
        y[images, rows] = windows
    return y


@primitive
def col2im(patches, *, size, strides=(1, 1), dilation=(1, 1), pads=((0, 0), (0, 0))):
    """Patches added up where they overlap: (N, OH, OW, KH, KW, C) -> (N, *size, C). The adjoint of im2col."""
    kernel = patches.shape[3:5]
    x = backend(patches).zeros((len(patches), *size, patches.shape[5]), patches.dtype)
    for images, rows, windows in walk(
        x, kernel, strides, dilation, pads, math.prod(patches.shape[3:]), into=True
    ):
        for i, j in apart(kernel, strides, dilation):
            taps = windows[:, :, :, i, j]
            taps += patches[images, rows, :, i, j]
    return x


im2col.gradients(
    lambda g, y, x, kernel, **where: col2im(g, size=x.shape[1:3], **where), needs="x.shape"
)
col2im.gradients(
    lambda g, y, patches, size, **where: im2col(g, kernel=patches.shape[3:5], **where),
    needs="patches.shape",
)
