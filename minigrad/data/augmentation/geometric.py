"""Augmentation that moves pixels: flips, crops, rotation, zoom, translation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...ops.warping import FILL_MODES, affine_maps
from ...utils.registry import check_choice, lookup
from ..images import affine
from .base import Augmentation, Factor, Interval


class RandomFlip(Augmentation):
    """Mirrors an image with probability 1/2.

    Args:
        mode: "horizontal" (left and right are exchanged), "vertical", or
            "horizontal_and_vertical", each drawn by itself.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If the mode is unknown.

    Example:
        >>> RandomFlip("horizontal", seed=1)(np.array([[[1, 2]], [[3, 4]]])).tolist()
        [[[1, 2]], [[3, 4]]]
    """

    geometric = True

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(per_batch, seed)
        axes = {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (1, 2)}
        self.axes = lookup(mode, axes, "mode of RandomFlip")

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        y = x.copy()
        for axis in self.axes:
            chosen = np.broadcast_to(rng.random(n) < 0.5, len(x))
            y[chosen] = np.flip(y[chosen], axis)
        return y


class RandomCrop(Augmentation):
    """A window from a random place, after padding.

    Padding 4 and windows of 32x32 are the usual augmentation of CIFAR-10's 32x32 images.

    Args:
        height: Height of the window.
        width: Width of the window.
        padding: Number of pixels added on each side first.
        fill_value: Value of the added pixels.
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Shape:
        (N, H, W, C) -> (N, height, width, C)

    Raises:
        ValueError: If the window is empty, or does not fit into the images (when called).

    References:
        He et al. 2015, arXiv:1512.03385, section 4.2.

    Example:
        >>> RandomCrop(32, 32, padding=4)(np.zeros((5, 32, 32, 3))).shape
        (5, 32, 32, 3)
    """

    geometric = True

    def __init__(
        self,
        height: int,
        width: int,
        padding: int = 0,
        fill_value: float = 0.0,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(per_batch, seed)
        if height < 1 or width < 1 or padding < 0:
            raise ValueError(
                f"RandomCrop: a window of {height}x{width} after padding by {padding}: "
                "sizes must be positive"
            )
        self.height = height
        self.width = width
        self.padding = padding
        self.fill_value = fill_value

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        if self.padding:
            p = (self.padding, self.padding)
            x = np.pad(x, ((0, 0), p, p, (0, 0)), constant_values=self.fill_value)
        margins = x.shape[1] - self.height, x.shape[2] - self.width
        if min(margins) < 0:
            padded = " (padded)" if self.padding else ""
            raise ValueError(
                f"RandomCrop: a window of {self.height}x{self.width} does not fit into images of "
                f"{x.shape[1]}x{x.shape[2]}{padded}: resize them, or give padding="
            )
        tops, lefts = (
            np.broadcast_to(rng.integers(0, margin + 1, n), len(x)) for margin in margins
        )
        y = np.empty((len(x), self.height, self.width, x.shape[3]), x.dtype)
        for i, (top, left) in enumerate(zip(tops, lefts)):
            y[i] = x[i, top : top + self.height, left : left + self.width]
        return y


class RandomAffine(Augmentation):
    """Rotation, zoom and translation at once.

    One sampling of the image, where three in a row would blur it three times.

    Args:
        rotation: As the factor of RandomRotation.
        zoom: As the height_factor of RandomZoom.
        translation: As both factors of RandomTranslation.
        fill_mode: What lies outside of the image, see `minigrad.data.images.affine`.
        interpolation: "bilinear" or "nearest".
        fill_value: The value outside of the image, for fill_mode "constant".
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If a factor, fill_mode or interpolation is not among those that fit.

    Example:
        >>> RandomAffine(0.1, 0.2, 0.1)(np.zeros((5, 8, 8, 3))).shape
        (5, 8, 8, 3)
    """

    def __init__(
        self,
        rotation: Factor = 0.0,
        zoom: Factor = 0.0,
        translation: Factor = 0.0,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(per_batch, seed)
        check_choice(fill_mode, FILL_MODES, "fill_mode")
        check_choice(interpolation, ("bilinear", "nearest"), "interpolation")
        self.sampling: dict[str, Any] = {
            "fill_mode": fill_mode,
            "fill_value": fill_value,
            "interpolation": interpolation,
        }
        self.rotation = self.as_interval("rotation", rotation)
        self.zoom = self.zoom_interval("zoom", zoom)
        self.zoom_width: Interval | None = None  # None: that of the height, with the same draw
        self.shift_down = self.shift_right = self.as_interval("translation", translation)

    def zoom_interval(self, name: str, factor: Factor) -> Interval:
        """(lowest, highest) of a zoom; raises ValueError where nothing is left of the image."""
        low, high = self.as_interval(name, factor)
        if low <= -1:
            raise ValueError(
                f"{type(self).__name__}: {name} {factor!r} reaches -1, "
                "where nothing is left of the image"
            )
        return low, high

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        """The maps lead back from the result: shift back, rotate back, stretch by 1 + zoom."""
        angle = 2 * math.pi * rng.uniform(*self.rotation, n)
        zoom_y = 1 + rng.uniform(*self.zoom, n)
        zoom_x = zoom_y if self.zoom_width is None else 1 + rng.uniform(*self.zoom_width, n)
        down = rng.uniform(*self.shift_down, n) * x.shape[1]
        right = rng.uniform(*self.shift_right, n) * x.shape[2]
        maps = affine_maps(angle, zoom_y, zoom_x, down, right)
        return affine(x, np.broadcast_to(maps, (len(x), 2, 3)), **self.sampling)


class RandomRotation(RandomAffine):
    """Rotation about the center by factor * 2 pi, counter-clockwise if positive.

    Args:
        factor: f for -f..f, or (lowest, highest): 0.1 stands for -36 to 36 degrees.
        fill_mode: What lies outside of the image, see `minigrad.data.images.affine`.
        interpolation: "bilinear" or "nearest".
        fill_value: The value outside of the image, for fill_mode "constant".
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If the factor, fill_mode or interpolation is not among those that fit.

    Example:
        >>> quarter = RandomRotation((0.25, 0.25))
        >>> quarter(np.array([[[1.0, 2.0], [3.0, 4.0]]])).round(6).tolist()
        [[[2.0, 4.0], [1.0, 3.0]]]
    """

    def __init__(
        self,
        factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(0.0, 0.0, 0.0, fill_mode, interpolation, fill_value, per_batch, seed)
        self.rotation = self.as_interval("factor", factor)


class RandomZoom(RandomAffine):
    """Shrinks the image by 1 + factor, or enlarges it if the factor is negative.

    Args:
        height_factor: f for -f..f, or (lowest, highest), above -1.
        width_factor: The same for the width; None to keep the proportions.
        fill_mode: What lies outside of the image, see `minigrad.data.images.affine`.
        interpolation: "bilinear" or "nearest".
        fill_value: The value outside of the image, for fill_mode "constant".
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If a factor, fill_mode or interpolation is not among those that fit.

    Example:
        >>> RandomZoom(0.2)(np.zeros((5, 8, 8, 3))).shape
        (5, 8, 8, 3)
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(0.0, 0.0, 0.0, fill_mode, interpolation, fill_value, per_batch, seed)
        self.zoom = self.zoom_interval("height_factor", height_factor)
        if width_factor is not None:
            self.zoom_width = self.zoom_interval("width_factor", width_factor)


class RandomTranslation(RandomAffine):
    """Shifts down by height_factor * height and right by width_factor * width.

    Args:
        height_factor: f for -f..f, or (lowest, highest); negative is up.
        width_factor: f for -f..f, or (lowest, highest); negative is left.
        fill_mode: What lies outside of the image, see `minigrad.data.images.affine`.
        interpolation: "bilinear" or "nearest".
        fill_value: The value outside of the image, for fill_mode "constant".
        per_batch: True to draw once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If a factor, fill_mode or interpolation is not among those that fit.

    Example:
        >>> down = RandomTranslation((0.5, 0.5), (0, 0), fill_mode="constant")
        >>> down(np.array([[[1.0, 2.0], [3.0, 4.0]]])).tolist()
        [[[0.0, 0.0], [1.0, 2.0]]]
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(0.0, 0.0, 0.0, fill_mode, interpolation, fill_value, per_batch, seed)
        self.shift_down = self.as_interval("height_factor", height_factor)
        self.shift_right = self.as_interval("width_factor", width_factor)
