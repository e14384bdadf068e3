"""Patches block by block: what the kernels of convolution lay out and never keep."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ..backend import Array, backend, chunks, device_name
from ..ops.windows import NO_PADS, Window, windows_view
from . import blocks

Block = tuple[slice, slice, Array]
SHORT_RUN = 16  # below so many elements a run is copied faster across than along


def iter_blocks(x: Array, window: Window, width: int, accumulate: bool = False) -> Iterator[Block]:
    """(images, rows, patches) for blocks of output positions.

    Args:
        x: Images (N, H, W, C).
        window: The geometry.
        width: Number of elements that the caller makes per position.
        accumulate: True: the caller adds to the patches, which are views, and the sums arrive in x.
    """
    rows, columns = window.output_shape
    rows_that_fit = _block_size(x) // max(1, columns * width)
    images_per_block = max(1, min(len(x), rows_that_fit // rows))
    rows_per_block = max(1, min(rows, rows_that_fit))
    for images, padded in _iter_padded(x, window, images_per_block, accumulate):
        patches = windows_view(padded, window)
        for block in chunks(rows, rows_per_block):
            yield images, block, patches[:, block]


def _block_size(x: Array) -> int:
    return blocks.IM2COL_BLOCK if device_name(x) == "cpu" else blocks.DEVICE_BLOCK


def _iter_padded(
    x: Array, window: Window, size: int, accumulate: bool
) -> Iterator[tuple[slice, Array]]:
    """(slice, padded images) for `size` images at a time; one buffer serves them all."""
    n, c = len(x), x.shape[3]
    if window.pads == NO_PADS:
        yield from ((images, x[images]) for images in chunks(n, size))
        return
    buffer = backend(x).zeros((min(n, size), *window.padded_size, c), x.dtype)
    inside = buffer[window.inside]
    for images in chunks(n, size):
        part = x[images]
        if accumulate:
            buffer[...] = 0
        else:
            inside[: len(part)] = part
        yield images, buffer[: len(part)]
        if accumulate:
            part[...] = inside[: len(part)]


def iter_im2col(x: Array, window: Window) -> Iterator[Block]:
    """(images, rows, matrix) block by block; the matrix has one output position per row."""
    width = math.prod(window.kernel) * x.shape[3]
    if im2col_is_reshape(window):
        yield slice(None), slice(None), x.reshape((-1, width))
        return
    buffer = None
    across = window.kernel[1] * x.shape[3] < SHORT_RUN
    for images, rows, patches in iter_blocks(x, window, width):
        if buffer is None:
            buffer = backend(x).empty(patches.size, x.dtype)
        flat = buffer[: patches.size]
        if across:  # the matrix lies in memory column by column
            columns = flat.reshape(patches.shape[3:] + patches.shape[:3])
            columns[...] = patches.transpose(3, 4, 5, 0, 1, 2)
            yield images, rows, flat.reshape((width, -1)).T
        else:
            flat.reshape(patches.shape)[...] = patches
            yield images, rows, flat.reshape((-1, width))


def im2col_is_reshape(window: Window) -> bool:
    """True if the images are their own patches: a kernel of 1 x 1, or of the size of the images."""
    every_pixel = window.kernel == window.strides == (1, 1)
    whole_image = window.kernel == window.image_size and window.dilation == (1, 1)
    return (every_pixel or whole_image) and window.pads == NO_PADS


def disjoint_offsets(window: Window) -> list[tuple[slice, slice]]:
    """Slices that cut the kernel into offsets under which no two output positions share a pixel."""
    rows, columns = (s // math.gcd(s, d) for s, d in zip(window.strides, window.dilation))
    kh, kw = window.kernel
    return [
        (slice(i, i + rows), slice(j, j + columns))
        for i in range(0, kh, rows)
        for j in range(0, kw, columns)
    ]
