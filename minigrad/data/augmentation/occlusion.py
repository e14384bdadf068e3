"""Augmentation that covers a part of each image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .base import Augmentation, Interval
from .photometric import ValueAugmentation


class RandomErasing(ValueAugmentation):
    """Covers a random rectangle with random values, or with one value.

    The height of the rectangle is `ratio` times its width, drawn on a logarithmic scale. Ten
    rectangles are tried per image; if none fits, as where the image is much taller than wide, the
    image stays.

    Args:
        factor: Fraction of the images that are changed.
        scale: (lowest, highest) fraction of the image that is covered.
        ratio: (lowest, highest) ratio of height to width.
        fill_value: The value that covers; None for random values.
        value_range: (lowest, highest) value; None for 0..255 in uint8 and 0..1 in floats.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If an argument does not fit, or the images leave the range (when called).

    References:
        Zhong et al. 2017, arXiv:1708.04896.

    Example:
        >>> erased = RandomErasing(1.0, fill_value=0.0)(np.ones((5, 8, 8, 3)))
        >>> bool((erased == 0).any((1, 2, 3)).all())
        True
    """

    def __init__(
        self,
        factor: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 1 / 0.3),
        fill_value: float | None = None,
        value_range: Sequence[float] | None = None,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, per_batch, seed)
        self.factor = self.as_interval("factor", (0, factor), 0, 1)[1]
        self.fill_value = fill_value
        self.scale = self.as_interval("scale", scale, 0, 1)
        self.ratio = self.as_interval("ratio", ratio, 1e-3)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        y = x.copy()
        h, w = x.shape[1:3]
        heights, widths, fits = self._draw_sizes(rng, n, h, w)
        erased = fits & (rng.random(n) < self.factor)
        positions = rng.random((n, 2))
        for i, (height, width) in enumerate(zip(heights, widths)):
            if not erased[i]:
                continue
            down, right = positions[i]
            top = int(down * (h - height + 1))
            left = int(right * (w - width + 1))
            value: Any = self.fill_value
            if value is None:
                value = rng.uniform(*interval, (height, width, x.shape[3]))
            images = slice(None) if self.per_batch else i
            y[images, ..., top : top + height, left : left + width, :] = value
        return y

    def _draw_sizes(
        self, rng: np.random.Generator, n: int, h: int, w: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n,) heights and widths of the first of ten rectangles that fit, and whether any does."""
        low, high = map(math.log, self.ratio)
        area = rng.uniform(*self.scale, (n, 10)) * h * w
        ratio = np.exp(rng.uniform(low, high, (n, 10)))
        heights = np.rint(np.sqrt(area * ratio)).astype(int)
        widths = np.rint(np.sqrt(area / ratio)).astype(int)
        fits = (heights > 0) & (heights <= h) & (widths > 0) & (widths <= w)
        first = np.arange(n), fits.argmax(1)
        return heights[first], widths[first], np.any(fits, axis=1)


class Cutout(Augmentation):
    """Covers a square around a random pixel with one value.

    Args:
        size: Side of the square in pixels; what lies outside of the image is lost.
        fill_value: The value that covers.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If size is below 1.

    References:
        DeVries & Taylor 2017, arXiv:1708.04552.

    Example:
        >>> int((Cutout(3)(np.ones((1, 8, 8, 1))) == 0).sum()) in (4, 6, 9)
        True
    """

    geometric = True

    def __init__(
        self, size: int, fill_value: float = 0.0, per_batch: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(per_batch, seed)
        if size < 1:
            raise ValueError(
                f"Cutout: the side of the square is {size!r} pixels, it must be at least 1"
            )
        self.size = size
        self.fill_value = fill_value

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        y = x.copy()
        tops, lefts = (rng.integers(0, side, n) - self.size // 2 for side in x.shape[1:3])
        for i, (top, left) in enumerate(zip(tops, lefts)):
            images = slice(None) if self.per_batch else i
            rows = slice(max(top, 0), top + self.size)
            columns = slice(max(left, 0), left + self.size)
            y[images, ..., rows, columns, :] = self.fill_value
        return y
