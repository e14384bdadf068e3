"""Where the pixels of a resized image lie in the original."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


def pixel_centers(old: int, new: int) -> np.ndarray:
    """The centers of `new` pixels over a line of `old` pixels, in coordinates of the old ones.

    The center of new pixel i is at (i + 1/2) * old / new - 1/2, moved into the range of the old
    centers, as in TensorFlow, and in PyTorch with align_corners=False.

    Args:
        old: Number of pixels of the original.
        new: Number of pixels of the result.

    Shape:
        (new,)

    Example:
        >>> pixel_centers(2, 4).tolist()
        [0.0, 0.25, 0.75, 1.0]
    """
    centers = (np.arange(new) + 0.5) * old / new - 0.5
    return centers.clip(0, old - 1)


def nearest_pixels(old: int, new: int) -> np.ndarray:
    """The old pixel in which the center of each new one lies.

    Args:
        old: Number of pixels of the original.
        new: Number of pixels of the result.

    Shape:
        (new,)

    Example:
        >>> nearest_pixels(4, 3).tolist()
        [0, 2, 3]
    """
    return ((2 * np.arange(new) + 1) * old) // (2 * new)


@lru_cache(64)
def resize_weights(old: int, new: int, interpolation: str, antialias: bool) -> np.ndarray:
    """weights[i, j]: what old pixel j counts in new pixel i; each row has the sum 1.

    Args:
        old: Number of pixels of the original.
        new: Number of pixels of the result.
        interpolation: "bilinear" or "bicubic".
        antialias: True widens the kernel where pixels grow, so that all old ones count. Pixels
            outside of the original do not count then; without, they are those of the edge.

    Example:
        >>> resize_weights(2, 3, "bilinear", False).round(2).tolist()
        [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    """
    scale = max(1.0, old / new) if antialias else 1.0
    centers = (np.arange(new) + 0.5) * old / new - 0.5
    border = 0 if antialias else 2
    pixels = np.arange(-border, old + border)
    distances = (centers[:, None] - pixels) / scale
    if interpolation == "bilinear":
        around = linear_kernel(distances)
    else:
        around = cubic_kernel(distances, -0.5 if antialias else -0.75)
    weights = np.zeros((new, old))
    for pixel, column in zip(pixels.clip(0, old - 1), around.T):
        weights[:, pixel] += column
    weights /= weights.sum(1, keepdims=True)
    weights.flags.writeable = False  # kept for the next call
    return weights


def linear_kernel(distance: np.ndarray) -> np.ndarray:
    """1 - |distance|, 0 beyond 1."""
    return np.maximum(1 - abs(distance), 0)


def cubic_kernel(distance: np.ndarray, a: float) -> np.ndarray:
    """The cubic convolution kernel of Keys, 0 beyond 2."""
    t = abs(distance)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))
