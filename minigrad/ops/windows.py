"""Window: how a kernel moves over an image. im2col and col2im: what lies under it, an adjoint pair.

Convolution and pooling are made of them. An output position is a place of the kernel on the image,
a kernel offset (i, j) one of its KH x KW elements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import Any

from ..backend import Array, Shape, backend, filled
from ..engine.autograd import primitive
from ..engine.dtypes import accumulates

Pair = tuple[int, int]
Pads = tuple[Pair, Pair]
NO_PADS: Pads = ((0, 0), (0, 0))


# ---- geometry ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Window:
    """A kernel that moves over images of one size, as pairs (height, width).

    Attributes:
        image_size: (H, W) of the images.
        kernel: (KH, KW).
        strides: Steps from one output position to the next.
        dilation: Distances of neighboring kernel elements.
        pads: ((top, bottom), (left, right)).

    Example:
        >>> from minigrad.ops.windows import Window
        >>> Window.of((28, 28), 3, strides=2, padding="same").output_shape
        (14, 14)
    """

    image_size: Pair
    kernel: Pair
    strides: Pair = (1, 1)
    dilation: Pair = (1, 1)
    pads: Pads = NO_PADS

    @staticmethod
    def of(
        image_size: Sequence[int],
        kernel: Any,
        strides: Any = 1,
        padding: Any = "valid",
        dilation: Any = 1,
        name: str = "kernel",
    ) -> Window:
        """A window from the arguments of a layer.

        Args:
            image_size: (H, W).
            kernel: A number or (height, width); so are strides and dilation.
            strides: Steps from one output position to the next.
            padding: "valid", "same" (TensorFlow's rule), a number, (vertical, horizontal) or
                ((top, bottom), (left, right)).
            dilation: Distances of neighboring kernel elements.
            name: What messages call the kernel.

        Raises:
            ValueError: If an argument is of another form, or the kernel is larger than the padded
                image.
        """
        settings = map(_as_tuples, (kernel, strides, padding, dilation))
        return _parse_window(tuple(image_size), *settings, name)

    @cached_property
    def extent(self) -> Shape:
        """(height, width) of the image that a dilated kernel covers."""
        return tuple(d * (k - 1) + 1 for k, d in zip(self.kernel, self.dilation))

    @cached_property
    def padded_size(self) -> Shape:
        """(height, width) of the image with its padding."""
        return tuple(n + sum(pads) for n, pads in zip(self.image_size, self.pads))

    @cached_property
    def output_shape(self) -> Shape:
        """(OH, OW): the number of output positions."""
        axes = zip(self.padded_size, self.extent, self.strides)
        return tuple((n - extent) // stride + 1 for n, extent, stride in axes)

    @cached_property
    def inside(self) -> tuple[slice, ...]:
        """The index of the images in their padding."""
        axes = zip(self.image_size, self.pads)
        return slice(None), *(slice(before, before + n) for n, (before, _) in axes)

    @property
    def kernel_offsets(self) -> Iterator[Pair]:
        """(i, j) of each kernel element, row by row."""
        return product(range(self.kernel[0]), range(self.kernel[1]))

    @cached_property
    def separable_passes(self) -> tuple[Window, ...]:
        """The windows that reduce along rows, then along columns, to the same result.

        Where windows overlap, two passes read fewer pixels; otherwise it is the window itself.
        """
        (kh, kw), (sh, sw), (dh, dw) = self.kernel, self.strides, self.dilation
        if 1 in self.kernel or (kh <= sh and kw <= sw):
            return (self,)
        rows, columns = self.pads
        none = 0, 0
        along_rows = shared_window(self.image_size, (1, kw), (1, sw), (1, dw), (none, columns))
        narrow = self.image_size[0], self.output_shape[1]
        along_columns = shared_window(narrow, (kh, 1), (sh, 1), (dh, 1), (rows, none))
        return along_rows, along_columns


def _as_tuples(setting: Any) -> Any:
    """A setting with tuples in place of lists, so that it can be looked up."""
    return tuple(map(_as_tuples, setting)) if isinstance(setting, (list, tuple)) else setting


@lru_cache(1024, typed=True)  # a step of training asks for the windows of the step before
def _parse_window(
    image_size: Pair, kernel: Any, strides: Any, padding: Any, dilation: Any, name: str
) -> Window:
    """Window.of, with its arguments in their order."""
    sizes = pair(kernel, name), pair(strides, "strides"), pair(dilation, "dilation")
    pads = parse_padding(padding)
    if pads == "same":
        rows, columns = zip(image_size, *sizes)
        pads = same_padding(*rows), same_padding(*columns)
    window = shared_window(image_size, *sizes, pads)
    if min(window.output_shape) < 1:
        raise _too_large(window, name)
    return window


@lru_cache(1024)
def shared_window(
    image_size: Pair, kernel: Pair, strides: Pair, dilation: Pair, pads: Pads
) -> Window:
    """The one window of a geometry, so that what follows from it is computed once."""
    return Window(image_size, kernel, strides, dilation, pads)


def _too_large(window: Window, name: str) -> ValueError:
    (eh, ew), (h, w) = window.extent, window.padded_size
    dilated = f", dilated to {eh} x {ew}," if max(window.dilation) > 1 else ""
    return ValueError(
        f"the {name} of {_times(window.kernel)}{dilated} is larger than the image of "
        f"{_times(window.image_size)}, which its padding makes {h} x {w}: "
        f"take a smaller {name} or padding='same'"
    )


def _times(size: Sequence[int]) -> str:
    return f"{size[0]} x {size[1]}"


def _both(value: Any) -> tuple[Any, ...]:
    """A setting that is one value for height and width, or one for each, as a tuple."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def pair(value: Any, name: str) -> Pair:
    """(height, width) of a setting that is one number for both, or two; ValueError otherwise."""
    both = _both(value)
    if len(both) != 2 or not all(hasattr(n, "__index__") and n > 0 for n in both):
        raise ValueError(
            f"{name} must be a whole number above 0 or two of them, (height, width), not {value!r}"
        )
    return int(both[0]), int(both[1])


def parse_padding(padding: Any) -> Any:
    """The padding as ((top, bottom), (left, right)), or "same"; ValueError if it is none."""
    if isinstance(padding, str) and padding in ("valid", "same"):
        return NO_PADS if padding == "valid" else padding
    pads = tuple(_both(side) for side in _both(padding))
    numbers = [n for side in pads for n in side if hasattr(n, "__index__") and n >= 0]
    if [len(side) for side in pads] != [2, 2] or len(numbers) != 4:
        raise ValueError(
            "padding must be 'valid', 'same', a number at least 0, (vertical, horizontal) or "
            f"((top, bottom), (left, right)), not {padding!r}"
        )
    return pads


def same_padding(n: int, kernel: int, stride: int = 1, dilation: int = 1) -> Pair:
    """(before, after) of an axis of n pixels by TensorFlow's rule: ceil(n / stride) positions.

    If the padding is odd, the larger part comes after.
    """
    positions = -(-n // stride)
    extent = dilation * (kernel - 1) + 1
    total = max((positions - 1) * stride + extent - n, 0)
    return total // 2, total - total // 2


# by the number of axes of what was given: how to write it
IMAGE_HINTS = {
    2: ": one gray image x goes in as x[None, ..., None]",
    3: ": one image x goes in as x[None], a batch of gray ones as x[..., None]",
}


def check_data_format(data_format: Any) -> None:
    """Raise ValueError unless the channels are the last axis."""
    if data_format not in (None, "channels_last"):
        raise ValueError(
            f"data_format must be 'channels_last', (N, H, W, C), not {data_format!r}: "
            "transpose such data to (0, 2, 3, 1), ops.moveaxis(x, 1, -1)"
        )


def as_row(setting: Any, vertical: int) -> Any:
    """A setting of sequences as one of images of one row; a word stays.

    Args:
        setting: A word, a number or a tuple with one in it.
        vertical: The number across the row.
    """
    if isinstance(setting, str):
        return setting
    return vertical, *(setting if isinstance(setting, (tuple, list)) else [setting])


def check_images(x: Any, window: Window | None = None) -> None:
    """Raise ValueError unless x has the four axes of a batch of images, of the window's size."""
    if x.ndim != 4:
        raise ValueError(
            "expected images of shape (N, H, W, C), channels last, "
            f"got shape {x.shape}{IMAGE_HINTS.get(x.ndim, '')}"
        )
    if window is not None and x.shape[1:3] != window.image_size:
        raise ValueError(
            f"the window was made for images of {_times(window.image_size)}, "
            f"these are {_times(x.shape[1:3])}"
        )


def windows_view(x: Array, window: Window) -> Array:
    """The patches of padded images as a view (N, OH, OW, KH, KW, C) that copies nothing."""
    n, h, w, c = x.strides
    (sh, sw), (dh, dw) = window.strides, window.dilation
    shape = (len(x), *window.output_shape, *window.kernel, x.shape[3])
    strides = (n, h * sh, w * sw, h * dh, w * dw, c)
    return backend(x).lib.stride_tricks.as_strided(x, shape, strides)


# ---- an adjoint pair -----------------------------------------------------------------------------


@primitive
def im2col(x: Array, *, window: Window, fill: float = 0) -> Array:
    """What lies under the kernel at each output position: the patches, copied side by side.

    Args:
        x: Images (N, H, W, C).
        window: The geometry.
        fill: The value of the padding.

    Shape:
        (N, H, W, C) -> (N, OH, OW, KH, KW, C)
    """
    check_images(x, window)
    padded = x
    if window.pads != NO_PADS:
        shape = (len(x), *window.padded_size, x.shape[3])
        padded = filled(shape, fill, like=x)
        padded[window.inside] = x
    return windows_view(padded, window).copy()


@accumulates
@primitive
def col2im(patches: Array, *, window: Window) -> Array:
    """The patches added up where they overlap: the adjoint of im2col.

    Args:
        patches: (N, OH, OW, KH, KW, C).
        window: The geometry.

    Shape:
        (N, OH, OW, KH, KW, C) -> (N, H, W, C)
    """
    n, c = len(patches), patches.shape[5]
    padded = backend(patches).zeros((n, *window.padded_size, c), patches.dtype)
    windows = windows_view(padded, window)
    for i, j in window.kernel_offsets:  # at one offset, no two positions share a pixel
        windows[:, :, :, i, j] += patches[:, :, :, i, j]
    return padded[window.inside]


im2col.gradients(lambda g, y, x, window, fill=0: col2im(g, window=window), needs="")
col2im.gradients(lambda g, y, patches, window: im2col(g, window=window), needs="")
