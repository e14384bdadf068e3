"""Augmentation that changes values: brightness, contrast, color, noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .base import Augmentation, Factor, Interval


class ValueAugmentation(Augmentation):
    """Base of those that compute with the values: the result is clipped to the range of values.

    Args:
        value_range: (lowest, highest) value; None for 0..255 in uint8 and 0..1 in floats.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If the images leave the range (when called): clipping would spoil them.
    """

    def __init__(
        self,
        value_range: Sequence[float] | None = None,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(per_batch, seed)
        self.value_range: Interval | None = None
        if value_range is not None:
            self.value_range = self.as_interval("value_range", value_range)

    def value_interval(self, x: np.ndarray) -> Interval:
        """The lowest and the highest value, after a check that the images keep to them."""
        low, high = self.value_range or super().value_interval(x)
        if x.size and x.dtype.kind == "f":
            smallest, largest = float(x.min()), float(x.max())
            tolerance = 1e-3 * (high - low)
            if not low - tolerance <= smallest <= largest <= high + tolerance:
                raise ValueError(
                    f"{type(self).__name__}: pixels run from {smallest:g} to {largest:g}, not from "
                    f"{low:g} to {high:g}: give value_range=(lowest, highest), "
                    "or scale them with to_float"
                )
        return low, high

    @staticmethod
    def per_image(values: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Parameters (n,) in a shape that broadcasts over images (N, H, W, C)."""
        return values.astype(like.dtype).reshape(-1, 1, 1, 1)


class RandomBrightness(ValueAugmentation):
    """x + factor * (highest - lowest value).

    Args:
        factor: f for -f..f, or (lowest, highest), within -1 (all black) to 1 (all white).
        value_range: (lowest, highest) value; None for 0..255 in uint8 and 0..1 in floats.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If the factor does not fit, or the images leave the range (when called).

    Example:
        >>> RandomBrightness((0.5, 0.5))(np.array([[[0.0, 0.25, 0.75]]])).tolist()
        [[[0.5, 0.75, 1.0]]]
    """

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] | None = None,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, per_batch, seed)
        self.factor = self.as_interval("factor", factor, -1, 1)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        low, high = interval
        shift = rng.uniform(*self.factor, n) * (high - low)
        return np.clip(x + self.per_image(shift, x), low, high)


class RandomContrast(ValueAugmentation):
    """mean + (1 + factor) * (x - mean), with the mean of each image and channel.

    Args:
        factor: f for -f..f, or (lowest, highest), from -1 (nothing but the mean) on.
        value_range: (lowest, highest) value; None for 0..255 in uint8 and 0..1 in floats.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If the factor does not fit, or the images leave the range (when called).

    Example:
        >>> RandomContrast((-0.5, -0.5))(np.array([[[0.0, 1.0]]])).tolist()
        [[[0.25, 0.75]]]
    """

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] | None = None,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, per_batch, seed)
        self.factor = self.as_interval("factor", factor, -1)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        pixels = math.prod(x.shape[1:3])
        rows = x.reshape(len(x), pixels, x.shape[3])
        mean = np.full(pixels, 1 / pixels, x.dtype) @ rows  # as x.mean((1, 2)), but faster
        gain = self.per_image(1 + rng.uniform(*self.factor, n), x)
        y = x * gain
        y += mean[:, None, None] * (1 - gain)
        return y.clip(*interval, out=y)


class RandomColor(ValueAugmentation):
    """Saturation, hue and the gain of each channel, as one 3x3 matrix per image.

    Args:
        saturation: f for -f..f, or (lowest, highest), from -1 (gray) on.
        hue: The same, as a fraction of the circle of colors, within -1..1.
        gain: The same for the gain 1 + factor of each channel, from -1 on.
        value_range: (lowest, highest) value; None for 0..255 in uint8 and 0..1 in floats.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If a factor does not fit, or the images do not have three channels or leave the
            range (when called).

    Example:
        >>> gray = RandomColor(saturation=(-1, -1))
        >>> gray(np.array([[[[1.0, 0.0, 0.0]]]])).round(2).tolist()
        [[[[0.3, 0.3, 0.3]]]]
    """

    # brightness, and two coordinates of color
    rgb_to_yiq = np.array(
        [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
    )

    def __init__(
        self,
        saturation: Factor = 0.0,
        hue: Factor = 0.0,
        gain: Factor = 0.0,
        value_range: Sequence[float] | None = None,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, per_batch, seed)
        self.saturation = self.as_interval("saturation", saturation, -1)
        self.gain = self.as_interval("gain", gain, -1)
        self.hue = self.as_interval("hue", hue, -1, 1)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        if x.shape[3] != 3:
            raise ValueError(
                f"RandomColor: expected red, green and blue, got images of shape {x.shape}: "
                "gray has no hue"
            )
        strength = 1 + rng.uniform(*self.saturation, n)
        angle = 2 * math.pi * rng.uniform(*self.hue, n)
        gain = 1 + rng.uniform(*self.gain, (n, 3, 1))
        rotation = self._rotate_colors(strength, angle)
        yiq_to_rgb = np.linalg.inv(self.rgb_to_yiq)
        matrix = gain * (yiq_to_rgb @ rotation @ self.rgb_to_yiq)
        pixels = x.reshape(len(x), math.prod(x.shape[1:3]), 3)
        mixed = pixels @ matrix.swapaxes(1, 2).astype(x.dtype)
        return mixed.reshape(x.shape).clip(*interval)

    @staticmethod
    def _rotate_colors(strength: np.ndarray, angle: np.ndarray) -> np.ndarray:
        """(n, 3, 3): a rotation of the two color coordinates, times strength."""
        rotation = np.zeros((len(angle), 3, 3))
        rotation[:, 0, 0] = 1
        rotation[:, 1, 1] = rotation[:, 2, 2] = strength * np.cos(angle)
        rotation[:, 1, 2] = -strength * np.sin(angle)
        rotation[:, 2, 1] = -rotation[:, 1, 2]
        return rotation


class GaussianNoise(ValueAugmentation):
    """x + normal noise.

    Args:
        stddev: Standard deviation in units of highest - lowest value; a pair (lowest, highest)
            draws that of each image.
        value_range: (lowest, highest) value; None for 0..255 in uint8 and 0..1 in floats.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If stddev is negative, or the images leave the range (when called).

    Example:
        >>> noisy = GaussianNoise(0.1)(np.full((5, 8, 8, 3), 0.5))
        >>> round(float(noisy.std()), 1)
        0.1
    """

    def __init__(
        self,
        stddev: Factor,
        value_range: Sequence[float] | None = None,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, per_batch, seed)
        interval = stddev if isinstance(stddev, Sequence) else (stddev, stddev)
        self.stddev = self.as_interval("stddev", interval, 0)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        low, high = interval
        deviation = self.per_image(rng.uniform(*self.stddev, n) * (high - low), x)
        noise = rng.standard_normal((n, *x.shape[1:]), np.float32).astype(x.dtype, copy=False)
        return np.clip(noise * deviation + x, low, high)
