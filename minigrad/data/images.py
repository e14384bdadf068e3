"""Batches of images: scales, sizes, and one sampler for every affine map.

Images are (N, height, width, channels) or (N, height, width), uint8 (0..255) or floating, and stay
on the device they are on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, backend, cache_blocks
from ..config import as_data, settings
from ..ops.warping import warp_affine
from ..utils.interpolation import pixel_centers
from ..utils.registry import lookup

BLOCK_SIZE = 1 << 16  # numbers per block, so that intermediate results stay in the cache

# ---- scales --------------------------------------------------------------------------------------


def to_float(images: Any, top: float = 255) -> Array:
    """images / top, as floating numbers: 0..255 becomes 0..1.

    Args:
        images: Any shape.
        top: The value that becomes 1. The digits of scikit-learn run to 16.

    Raises:
        ValueError: If top is not positive.

    Example:
        >>> to_float(np.array([0, 51, 255], "uint8")).tolist()
        [0.0, 0.20000000298023224, 1.0]
    """
    x = as_data(images)
    dtype = x.dtype if x.dtype.kind == "f" else settings.default_dtype
    divisor = _check_top("to_float", top)
    return x.astype(dtype) / divisor


def to_uint8(images: Any, top: float = 1) -> Array:
    """round(images * 255 / top) as uint8, clipped to 0..255.

    A plain cast wraps around instead: digits run from 0 to 16, 16 * 16 = 256, and
    (digits * 16).astype("uint8") turns the brightest pixels black.

    Args:
        images: Any shape.
        top: The value that becomes 255.

    Raises:
        ValueError: If top is not positive, or a value is NaN.

    Example:
        >>> to_uint8([[0.0, 0.5, 1.2]]).tolist()
        [[0, 128, 255]]
    """
    x = as_data(images)
    xp = backend(x)
    if x.dtype.kind == "f" and bool(xp.isnan(x).any()):
        raise ValueError("to_uint8: the images hold NaN, which no pixel can hold")
    factor = 255 / _check_top("to_uint8", top)
    clipped = xp.clip(x * factor, 0, 255)
    return xp.rint(clipped).astype("uint8")


def _check_top(name: str, top: float) -> float:
    if not top > 0:
        raise ValueError(f"{name}: top is the brightest value and must be positive, not {top!r}")
    return float(top)


def as_batch(name: str, images: Any) -> Array:
    """The images as an array (N, height, width, channels); without channels, a view with one.

    Args:
        name: The caller, for the error.
        images: (N, height, width, channels) or (N, height, width).

    Raises:
        TypeError: If the images are a Tensor.
        ValueError: If the rank is another, or the images look like one image with its channels.

    Example:
        >>> as_batch("resize", np.zeros((5, 8, 8))).shape
        (5, 8, 8, 1)
    """
    if hasattr(images, "_array"):
        raise TypeError(
            f"{name} prepares arrays and has no gradient; it got a Tensor: take its .data, "
            "or a layer (UpSampling2D)"
        )
    x = images if hasattr(images, "shape") else as_data(images)
    expected = "expected images (N, height, width, channels) or (N, height, width)"
    if x.ndim not in (3, 4):
        hint = ": one image is image[None]" if x.ndim == 2 else ""
        raise ValueError(f"{name}: {expected}, got shape {x.shape}{hint}")
    if x.ndim == 3 and x.shape[2] in (1, 3, 4) and x.shape[1] > 4:
        raise ValueError(
            f"{name}: {expected}, got shape {x.shape}, which looks like one image with its "
            "channels: give image[None]"
        )
    return x[..., None] if x.ndim == 3 else x


# ---- sizes ---------------------------------------------------------------------------------------


def resize(images: Any, size: int | tuple[int, int], method: str = "bilinear") -> Array:
    """The images in another size; the dtype stays, uint8 is rounded.

    Neither method smooths first: shrinking to less than half drops pixels, and fine patterns
    flicker (aliasing).

    Args:
        images: (N, height, width, channels) or (N, height, width).
        size: The new (height, width), or one number for both.
        method: "bilinear" interpolates between pixel centers, see `pixel_centers`; "nearest" takes
            pixel i * old // new, as PyTorch does.

    Shape:
        (N, H, W, C) -> (N, height, width, C)

    Raises:
        TypeError: If bilinear images are neither uint8 nor floating.
        ValueError: If sizes are not positive integers, or the method is unknown.

    Example:
        >>> resize(np.array([[[0.0, 4.0]]]), (1, 4)).tolist()
        [[[0.0, 1.0, 3.0, 4.0]]]
    """
    x = as_batch("resize", images)
    height, width = size if isinstance(size, (tuple, list)) else (size, size)
    sizes = (height, width, *x.shape[1:3])
    if not all(isinstance(n, (int, np.integer)) and n > 0 for n in sizes):
        raise ValueError(
            f"resize: from images of shape {np.shape(images)} to size {size!r}: "
            "sizes are positive integers"
        )
    resized = lookup(method, {"bilinear": _bilinear, "nearest": _nearest}, "resize method")
    y = resized(x, int(height), int(width))
    return y[..., 0] if np.ndim(images) == 3 else y


def _nearest(x: Array, height: int, width: int) -> Array:
    xp = backend(x)
    h, w = x.shape[1:3]
    rows = xp.arange(height) * h // height
    columns = xp.arange(width) * w // width
    chosen = x.take(rows, 1)
    return chosen.take(columns, 2)


def _bilinear(x: Array, height: int, width: int) -> Array:
    """First along the columns, then along the rows, a few images at a time."""
    if x.dtype.kind != "f" and x.dtype != np.uint8:
        raise TypeError(
            f"resize: bilinear needs uint8 or floating images, got {x.dtype}: "
            "see to_float and to_uint8"
        )
    xp = backend(x)
    n, h, w, channels = x.shape
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype("float32")
    rows = _neighbors(h, height, dtype, x)
    columns = _neighbors(w, width, dtype, x)
    y = xp.empty((n, height, width, channels), x.dtype)
    for block in cache_blocks(y, BLOCK_SIZE):
        part = x[block].astype(dtype, copy=False)
        part = _interpolate(part, *rows, axis=1)
        part = _interpolate(part, *columns, axis=2)
        y[block] = part if x.dtype.kind == "f" else xp.rint(part)
    return y


def _neighbors(old: int, new: int, dtype: np.dtype, like: Array) -> tuple[Array, Array, Array]:
    """The two old pixels around each new one, and its distance from the first of them."""
    centers = pixel_centers(old, new)
    low = centers.astype(np.intp)
    high = np.minimum(low + 1, old - 1)
    fraction = (centers - low).astype(dtype)
    xp = backend(like)
    return xp.asarray(low), xp.asarray(high), xp.asarray(fraction)


def _interpolate(x: Array, low: Array, high: Array, fraction: Array, axis: int) -> Array:
    """x[low] + (x[high] - x[low]) * fraction, along an axis."""
    y = x.take(low, axis)
    difference = x.take(high, axis)
    difference -= y
    later_axes = [1] * (x.ndim - axis - 1)
    difference *= fraction.reshape(-1, *later_axes)
    y += difference
    return y


# ---- affine maps ---------------------------------------------------------------------------------


def affine(
    images: np.ndarray,
    maps: Any,
    *,
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
) -> np.ndarray:
    """y[r, c] = x[A (r, c) + b] for maps (A | b), rows and columns counted from the center.

    A map leads from a pixel of the result back to a place in the image.

    Args:
        images: Floating images on the host.
        maps: One map per image.
        fill_mode: What lies outside of the image: fill_value ("constant"), the last pixel
            ("nearest"), the mirrored image d c b a | a b c d | d c b a ("reflect") or the image
            again ("wrap").
        fill_value: The value outside of the image, for "constant".
        interpolation: "bilinear" blends the four pixels around a place; "nearest" takes one.

    Shape:
        (N, H, W, C), (N, 2, 3) -> (N, H, W, C)

    Raises:
        ValueError: If fill_mode or interpolation is unknown.

    Example:
        >>> images = np.arange(4.0).reshape(1, 2, 2, 1)
        >>> half_turn = [[[-1, 0, 0], [0, -1, 0]]]
        >>> affine(images, half_turn)[0, ..., 0].tolist()
        [[3.0, 2.0], [1.0, 0.0]]
    """
    return warp_affine(
        images,
        maps=np.asarray(maps),
        fill_mode=fill_mode,
        fill_value=fill_value,
        interpolation=interpolation,
    )
