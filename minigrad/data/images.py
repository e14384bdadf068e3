"""Whole batches of images: scales, sizes, and one sampler for every affine map.

Images are (N, height, width, channels) or (N, height, width), uint8 (0..255) or floating, and stay where they are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, backend, cache_blocks
from ..config import as_data, settings
from ..utils.registry import lookup

BLOCK = 1 << 16  # numbers handled at a time, so that what lies between two steps stays in the cache

# ---- scales --------------------------------------------------------------------------------------------------------


def to_float(images: Any, top: float = 255) -> Array:
    """images / top, floating: 0..255 becomes 0..1; scikit-learn's digits run to top=16."""
    x = as_data(images)
    return x.astype(x.dtype if x.dtype.kind == "f" else settings.default_dtype) / _positive(
        "to_float", top
    )


def to_uint8(images: Any, top: float = 1) -> Array:
    """round(images * 255 / top) as uint8, where what lies outside 0..255 is clipped.

    A plain cast wraps instead: digits run from 0 to 16, 16 * 16 = 256, and (digits * 16).astype(uint8) turns the brightest
    pixels black. Raises ValueError for NaN, which no pixel can hold.
    """
    x = as_data(images)
    xp = backend(x)
    if x.dtype.kind == "f" and bool(xp.isnan(x).any()):
        raise ValueError("to_uint8: the images hold NaN, which no pixel can hold")
    return xp.rint(xp.clip(x * (255 / _positive("to_uint8", top)), 0, 255)).astype("uint8")


def _positive(name: str, top: float) -> float:
    if not top > 0:
        raise ValueError(f"{name}: top is the brightest value and must be positive, not {top!r}")
    return float(top)


def as_batch(name: str, images: Any) -> Array:
    """The images as an array (N, height, width, channels), a view where one channel is left out.

    Raises TypeError for a Tensor, ValueError for another rank and for what looks like one image with its channels.
    """
    if hasattr(images, "_array"):
        raise TypeError(
            f"{name} prepares arrays and has no gradient; it got a Tensor: take its .data, or a layer (UpSampling2D)"
        )
    x = images if hasattr(images, "shape") else as_data(images)
    fits = "expected images (N, height, width, channels) or (N, height, width)"
    if x.ndim not in (3, 4):
        raise ValueError(
            f"{name}: {fits}, got shape {x.shape}"
            + (": one image is image[None]" if x.ndim == 2 else "")
        )
    if x.ndim == 3 and x.shape[2] in (1, 3, 4) and x.shape[1] > 4:
        raise ValueError(
            f"{name}: {fits}, got shape {x.shape}, which looks like one image with its channels: give image[None]"
        )
    return x[..., None] if x.ndim == 3 else x


# ---- sizes ---------------------------------------------------------------------------------------------------------


def resize(images: Any, size: int | tuple[int, int], method: str = "bilinear") -> Array:
    """The images at `size` (height, width), or a square; dtype kept, uint8 rounded.

    "bilinear" puts pixel i at i + 1/2 (TensorFlow, PyTorch with align_corners=False); "nearest" takes pixel i * old // new, as
    PyTorch. Neither smooths first: shrinking to less than half drops pixels, and fine patterns flicker (aliasing).
    """
    x = as_batch("resize", images)
    height, width = size if isinstance(size, (tuple, list)) else (size, size)
    if not all(isinstance(n, (int, np.integer)) and n > 0 for n in (height, width, *x.shape[1:3])):
        raise ValueError(
            f"resize: from images of shape {np.shape(images)} to size {size!r}: sizes are positive integers"
        )
    y = lookup(method, {"bilinear": _bilinear, "nearest": _nearest}, "resize method")(
        x, int(height), int(width)
    )
    return y[..., 0] if np.ndim(images) == 3 else y


def _nearest(x: Array, height: int, width: int) -> Array:
    xp, (h, w) = backend(x), x.shape[1:3]
    return x.take(xp.arange(height) * h // height, 1).take(xp.arange(width) * w // width, 2)


def _bilinear(x: Array, height: int, width: int) -> Array:
    """First every column, then every row, a few images at a time."""
    xp, (n, h, w, channels) = backend(x), x.shape
    if x.dtype.kind != "f" and x.dtype != np.uint8:
        raise TypeError(
            f"resize: bilinear needs uint8 or floating images, got {x.dtype}: see to_float and to_uint8"
        )
    y = xp.empty((n, height, width, channels), x.dtype)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype("float32")
    rows, columns = _between(h, height, dtype, x), _between(w, width, dtype, x)
    for cut in cache_blocks(y, BLOCK):
        block = _blend(_blend(x[cut].astype(dtype, copy=False), *rows, 1), *columns, 2)
        y[cut] = block if x.dtype.kind == "f" else xp.rint(block)
    return y


def _between(old: int, new: int, dtype: np.dtype, like: Array) -> tuple[Array, Array, Array]:
    """For each new pixel its two neighbours among the old ones, and how far it is on the way from the first to the second."""
    place = ((np.arange(new) + 0.5) * old / new - 0.5).clip(0, old - 1)
    low = place.astype(np.intp)
    xp = backend(like)
    return (
        xp.asarray(low),
        xp.asarray(np.minimum(low + 1, old - 1)),
        xp.asarray((place - low).astype(dtype)),
    )


def _blend(x: Array, low: Array, high: Array, part: Array, axis: int) -> Array:
    """x[low] + (x[high] - x[low]) * part, along an axis."""
    y, slope = x.take(low, axis), x.take(high, axis)
    slope -= y
    slope *= part.reshape(-1, *[1] * (x.ndim - axis - 1))
    y += slope
    return y


# ---- affine maps ---------------------------------------------------------------------------------------------------

FILL_MODES = {
    "constant": "constant",
    "nearest": "edge",
    "reflect": "edge",
    "wrap": "wrap",
}  # and np.pad's names for the rim


def affine(
    images: np.ndarray,
    maps: Any,
    *,
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
) -> np.ndarray:
    """Floating images (N, H, W, C) seen through maps (N, 2, 3): y[r, c] = x[A (r, c) + b], rows and columns from the centre.

    A map leads from a new pixel back to the old place, and the four pixels around it are blended. Outside of the image lies
    `fill_value` (constant), the last pixel (nearest), the mirrored image d c b a | a b c d | d c b a (reflect) or the image
    again (wrap).
    """
    rim = lookup(fill_mode, FILL_MODES, "fill_mode")
    sample = lookup(
        interpolation, {"bilinear": _four_pixels, "nearest": _one_pixel}, "interpolation"
    )
    n, h, w, channels = images.shape
    maps, y = np.asarray(maps, images.dtype), np.empty_like(images, order="C")
    down, right = (np.arange(size, dtype=images.dtype) - (size - 1) / 2 for size in (h, w))
    for cut in cache_blocks(y, BLOCK):
        row, column = (
            _fold(m[0] * down[:, None] + (m[1] * right + m[2]) + (size - 1) / 2, size, fill_mode)
            for m, size in (
                (maps[cut, 0].T[..., None, None], h),
                (maps[cut, 1].T[..., None, None], w),
            )
        )
        ring = {"constant_values": fill_value} if rim == "constant" else {}
        padded = np.pad(images[cut], ((0, 0), (1, 2), (1, 2), (0, 0)), rim, **ring)  # type: ignore[call-overload]
        y[cut] = sample(padded, row + 1, column + 1)
    return y


def _fold(place: np.ndarray, size: int, fill_mode: str) -> np.ndarray:
    """The same places brought to -1..size, the image and its rim."""
    if fill_mode == "constant":
        return place.clip(-1, size)
    if fill_mode == "wrap":
        return place % size
    if fill_mode == "reflect":
        place = abs(place + 0.5)
        if place.size and place.max() > 2 * size:
            place %= 2 * size  # slow, and seldom needed
        place = np.minimum(place, 2 * size - place) - 0.5
    return place.clip(0, size - 1)


def _flat(padded: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Positions (N, h, w) in padded.reshape(-1, channels)."""
    n, h, w, _ = padded.shape
    return (np.arange(n)[:, None, None] * h + row) * w + column


def _one_pixel(padded: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    nearest = _flat(padded, (row + 0.5).astype(np.intp), (column + 0.5).astype(np.intp))
    return padded.reshape(-1, padded.shape[3]).take(nearest, 0)


def _four_pixels(padded: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """a b over c d: between a and b, between c and d, then between these two."""
    top, left = row.astype(np.intp), column.astype(np.intp)
    at, pixels, width = (
        _flat(padded, top, left),
        padded.reshape(-1, padded.shape[3]),
        padded.shape[2],
    )
    down, right = (
        (row - top)[..., None].astype(padded.dtype),
        (column - left)[..., None].astype(padded.dtype),
    )
    a, b, c, d = (pixels.take(at + shift, 0) for shift in (0, 1, width, width + 1))
    b -= a
    b *= right
    b += a
    d -= c
    d *= right
    d += c
    d -= b
    d *= down
    d += b
    return d
