"""Images in another size, and under affine maps: each pixel of the result blends some of the image.

Both are linear in the image, so gradients of every order flow through them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, backend, cache_blocks, device_name, scatter_add
from ..config import as_data
from ..engine.autograd import composite, primitive
from ..engine.dtypes import accumulates, real
from ..utils.interpolation import nearest_pixels, resize_weights
from ..utils.registry import check_choice
from .indexing import take
from .matmul import matmul
from .shapes import reshape
from .windows import check_images, pair

INTERPOLATIONS = "nearest", "bilinear", "bicubic"
BLOCK_SIZE = 1 << 16  # numbers per block, so that intermediate results stay in the cache
FILL_MODES = "constant", "nearest", "reflect", "wrap"


@composite
@real
def resize(x: Any, *, size: Any, interpolation: str = "bilinear", antialias: bool = False) -> Any:
    """Images in another size.

    Args:
        x: Images (N, H, W, C).
        size: The new height and width: a number or (height, width).
        interpolation: "nearest", "bilinear", or "bicubic" as PyTorch has it (with a = -0.75, and
            -0.5 if antialias is True).
        antialias: True smooths images that shrink, so that fine patterns do not flicker.

    Shape:
        (N, H, W, C) -> (N, height, width, C)

    Raises:
        ValueError: If an argument is of another form.

    References:
        Keys 1981, Cubic convolution interpolation for digital image processing.

    Example:
        >>> row = np.array([0.0, 4.0]).reshape(1, 1, 2, 1)
        >>> minigrad.ops.resize(row, size=(1, 4)).ravel().tolist()
        [0.0, 1.0, 3.0, 4.0]
    """
    check_images(x)
    check_choice(interpolation, INTERPOLATIONS, "interpolation")
    height, width = pair(size, "size")
    n, h, w, channels = x.shape
    xp = backend(x)
    if interpolation == "nearest":
        rows, columns = (xp.asarray(nearest_pixels(*ns)) for ns in ((h, height), (w, width)))
        return take(take(x, rows, axis=1), columns, axis=2)
    rows, columns = (
        xp.asarray(resize_weights(old, new, interpolation, antialias).astype(x.dtype))
        for old, new in ((h, height), (w, width))
    )
    y = matmul(rows, reshape(x, shape=(n, h, w * channels)))
    return matmul(columns, reshape(y, shape=(n, height, w, channels)))


# ---- affine maps ---------------------------------------------------------------------------------


def affine_maps(angle: Any, zoom_y: Any, zoom_x: Any, down: Any, right: Any) -> np.ndarray:
    """Maps (n, 2, 3) that lead back from images that were rotated, zoomed and then shifted.

    Args:
        angle: Of each rotation about the center, in radians, counter-clockwise; (n,), as the rest.
        zoom_y: What heights are divided by.
        zoom_x: What widths are divided by.
        down: Shifts down, in pixels.
        right: Shifts to the right, in pixels.

    Example:
        >>> affine_maps(*np.array([[0.0], [1.0], [1.0], [2.0], [3.0]]))[0, :, 2].tolist()
        [-2.0, -3.0]
    """
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[zoom_y * cos, zoom_y * sin], [-zoom_x * sin, zoom_x * cos]])  # (2, 2, n)
    shift = -np.einsum("ijn,jn->in", matrix, np.stack([down, right]))
    return np.concatenate([matrix, shift[:, None]], 1).transpose(2, 0, 1)


@real
@primitive(kernel="warp_affine")
def warp_affine(
    x: Any,
    *,
    maps: Any,
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
) -> Any:
    """y[r, c] = x[A (r, c) + b] for maps (A | b), rows and columns counted from the center.

    A map leads from a pixel of the result back to a place in the image. The maps have no gradient.

    Args:
        x: Images (N, H, W, C).
        maps: One map per image, (N, 2, 3), an array.
        fill_mode: What lies outside of the image: fill_value ("constant"), the last pixel
            ("nearest"), the mirrored image d c b a | a b c d | d c b a ("reflect") or the image
            again ("wrap").
        fill_value: The value outside of the image, for "constant".
        interpolation: "bilinear" blends the four pixels around a place; "nearest" takes one.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Raises:
        ValueError: If fill_mode or interpolation is unknown.

    Example:
        >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
        >>> half_turn = [[[-1, 0, 0], [0, -1, 0]]]
        >>> minigrad.ops.warp_affine(x, maps=half_turn)[0, ..., 0].tolist()
        [[3.0, 2.0], [1.0, 0.0]]
    """
    check_images(x)
    y = backend(x).empty_like(x, order="C")
    for block in cache_blocks(y, BLOCK_SIZE):
        around = _Neighbors(x[block], maps[block], fill_mode, interpolation)
        pixels = around.with_border(x[block], fill_value).reshape(-1, x.shape[3])
        y[block] = around.blend([pixels.take(index, 0) for index in around.indices])
    return y


@accumulates
@primitive(kernel="warp_affine_grad")
def warp_affine_grad(
    grad_output: Any, *, maps: Any, fill_mode: str = "reflect", interpolation: str = "bilinear"
) -> Any:
    """The gradient of warp_affine: each pixel of the result added to those that it blends.

    Args:
        grad_output: (N, H, W, C).
        maps: As of warp_affine.
        fill_mode: As of warp_affine.
        interpolation: As of warp_affine.

    Shape:
        (N, H, W, C) -> (N, H, W, C)

    Example:
        >>> down = [[[1, 0, -1], [0, 1, 0]]]
        >>> g = np.array([[1.0], [2.0]]).reshape(1, 2, 1, 1)
        >>> warp_affine_grad(g, maps=down, fill_mode="nearest").ravel().tolist()
        [3.0, 0.0]
    """
    check_images(grad_output)
    around = _Neighbors(grad_output, maps, fill_mode, interpolation)
    padded = backend(grad_output).zeros_like(around.with_border(grad_output, 0), order="C")
    pixels = padded.reshape(-1, grad_output.shape[3])
    for index, weight in zip(around.indices, around.weights()):
        scatter_add(pixels, index, grad_output * weight)
    _, height, width, _ = grad_output.shape
    start = around.border[0]
    return padded[:, start : start + height, start : start + width]


warp_affine.gradients(
    lambda g, y, x, maps, fill_mode="reflect", fill_value=0.0, interpolation="bilinear": (
        warp_affine_grad(g, maps=maps, fill_mode=fill_mode, interpolation=interpolation)
    ),
    needs="",
)
warp_affine_grad.gradients(
    lambda g, y, grad_output, maps, **settings: warp_affine(g, maps=maps, **settings), needs=""
)


class _Neighbors:
    """The pixels around the places from which a result comes.

    Args:
        x: Images (N, H, W, C).
        maps: Maps (N, 2, 3).
        fill_mode: What lies outside.
        interpolation: "bilinear" or "nearest".
    """

    def __init__(self, x: Array, maps: Any, fill_mode: str, interpolation: str) -> None:
        check_choice(fill_mode, FILL_MODES, "fill_mode")
        check_choice(interpolation, ("bilinear", "nearest"), "interpolation")
        n, height, width, _ = x.shape
        self.border = (1, 2) if fill_mode == "constant" else (0, 0)
        row, column = (place + self.border[0] for place in _places(x, maps, fill_mode))
        offsets = [0, 1]
        if interpolation == "nearest":
            row, column, offsets = row + 0.5, column + 0.5, [0]
        top, left = row.astype(np.intp), column.astype(np.intp)  # none is below 0
        # how far a place is below and to the right of the first pixel
        self.down = (row - top).astype(x.dtype)[..., None]
        self.right = (column - left).astype(x.dtype)[..., None]
        height, width = height + sum(self.border), width + sum(self.border)
        lines = backend(x).arange(n)[:, None, None] * height
        rows = [(lines + _next(top, i, height, fill_mode)) * width for i in offsets]
        columns = [_next(left, i, width, fill_mode) for i in offsets]
        self.indices = [r + c for r in rows for c in columns]  # among all pixels

    def with_border(self, x: Array, fill_value: float) -> Array:
        """The images with the border in which places may lie."""
        if not self.border[0]:
            return x
        pads = (0, 0), self.border, self.border, (0, 0)
        return backend(x).pad(x, pads, "constant", constant_values=fill_value)

    def blend(self, pixels: list[Array]) -> Array:
        """The result, from the pixels by index."""
        if len(pixels) == 1:
            return pixels[0]
        a, b, c, d = pixels  # a b over c d: between a and b, between c and d, between these two
        upper, lower = _between(a, b, self.right), _between(c, d, self.right)
        return _between(upper, lower, self.down)

    def weights(self) -> list[Any]:
        """What each index counts in the result."""
        if len(self.indices) == 1:
            return [1]
        down, right = self.down, self.right
        up, left = 1 - down, 1 - right
        return [up * left, up * right, down * left, down * right]


def _places(x: Array, maps: Any, fill_mode: str) -> list[Array]:
    """Where the pixels of the result lie in the images: rows and columns (N, H, W)."""
    xp, dtype = backend(x), np.promote_types(x.dtype, "float32")
    given = as_data(maps, dtype, device_name(x))
    sizes = x.shape[1:3]
    rows, columns = (xp.arange(size, dtype=dtype) - (size - 1) / 2 for size in sizes)
    found = []
    for axis, size in enumerate(sizes):
        by_row, by_column, shift = given[:, axis].T[..., None, None]
        along_columns = by_column * columns + shift
        place = by_row * rows[:, None] + along_columns + (size - 1) / 2
        found.append(_into_range(place, size, fill_mode))
    return found


def _into_range(place: Array, size: int, fill_mode: str) -> Array:
    """Equivalent places in -1..size."""
    if fill_mode == "constant":
        return place.clip(-1, size)
    if fill_mode == "wrap":
        return place % size
    if fill_mode == "reflect":
        place = _reflect(place, size)
    return place.clip(0, size - 1)


def _reflect(place: Array, size: int) -> Array:
    """Places in the mirrored image d c b a | a b c d | d c b a, brought into the middle one."""
    period = 2 * size
    distance = abs(place + 0.5)
    if distance.size and distance.max() > period:
        distance %= period  # slow, and rarely needed
    return backend(place).minimum(distance, period - distance) - 0.5


def _next(whole: Array, offset: int, size: int, fill_mode: str) -> Array:
    """The pixel at an offset, 0 or 1, from another."""
    if fill_mode == "constant":  # the border has one more
        return whole + offset if offset else whole
    return (whole + offset) % size if fill_mode == "wrap" else (whole + offset).clip(0, size - 1)


def _between(a: Array, b: Array, fraction: Array) -> Array:
    """a + (b - a) * fraction, in the memory of b."""
    b -= a
    b *= fraction
    b += a
    return b
