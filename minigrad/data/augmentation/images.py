"""Augmentation: small callables that change a batch of images at random and leave their labels alone.

Each takes images (N, H, W, C) or (N, H, W), uint8 or floating, gives the same dtype back, and never changes its input; what is
given beside the images (labels, weights) is handed through, so each can be `batches(..., transform=...)`. Every image draws
its own parameters, or with `same=True` all of a batch share theirs; they come from minigrad.seed or, with `seed=`, from a
generator of the object's own. Names and factors are Keras's. Pixels run over `value_range`: 0..255 in uint8, 0..1 in floats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Callable

import numpy as np

from ...backend import backend
from ...random import generator
from ...utils.registry import lookup
from ..images import FILL_MODES, affine, as_batch

Range = float | Sequence[float]  # f stands for -f..f
Span = tuple[float, float]  # lowest and highest


class Augmentation:
    """Base: `change` gets floating images (N, H, W, C), draws n rows of parameters (N or 1), and returns new images."""

    moves_only = False  # pixels are moved, not computed: any dtype passes as it is

    def __init__(self, same: bool = False, seed: int | None = None) -> None:
        self.same, self.rng = same, None if seed is None else np.random.default_rng(seed)

    def __call__(self, images: Any, *rest: Any) -> Any:
        x = self.batch(images)
        y = self.change(
            self.floating(x), self.rng or generator(), 1 if self.same else len(x), self.span(x)
        )
        y = self.like(images, x, y)
        return (y, *rest) if rest else y

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        """The images changed, in new memory; `span` is the lowest and the highest value of a pixel."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it changes")

    def batch(self, images: Any) -> np.ndarray:
        """The images as an array (N, H, W, C) on the host; raises an error that says what would fit."""
        name = type(self).__name__
        x = as_batch(name, images)
        if backend(x) is not np:
            raise TypeError(
                f"{name} prepares batches on the host, and these images are on a device: augment before they go "
                "there (fit moves each batch), or take them back with to_cpu"
            )
        if not self.moves_only and x.dtype.kind != "f" and x.dtype != np.uint8:
            raise TypeError(
                f"{name}: expected uint8 or floating images, got {x.dtype}: see minigrad.data.images.to_float"
            )
        return x

    def floating(self, x: np.ndarray) -> np.ndarray:
        """What is computed with: float32 for uint8."""
        return x if self.moves_only or x.dtype.kind == "f" else x.astype(np.float32)

    def span(self, x: np.ndarray) -> Span:
        """The lowest and the highest value a pixel can have."""
        return (0.0, 1.0) if x.dtype.kind == "f" else (0.0, 255.0)

    def like(self, images: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """y in the dtype and rank of what was given; uint8 is rounded and clipped."""
        if y.dtype != x.dtype:
            y = np.rint(y).clip(0, 255).astype(x.dtype)
        return y[..., 0] if np.ndim(images) == 3 else y

    def range(
        self, name: str, factor: Range, low: float = -math.inf, high: float = math.inf
    ) -> Span:
        """(lowest, highest) of a factor: f means -f..f. Raises ValueError for a negative f and for what leaves low..high."""
        if isinstance(factor, Sequence):
            a, b = factor
        elif factor >= 0:
            a, b = -factor, factor
        else:
            raise ValueError(
                f"{type(self).__name__}: {name} is {factor!r}, but f stands for -f..f: give a positive one, or a "
                "pair (lowest, highest)"
            )
        if not low <= a <= b <= high:
            fits = (
                (f"{low} <= " if low > -math.inf else "")
                + "lowest <= highest"
                + (f" <= {high}" if high < math.inf else "")
            )
            raise ValueError(
                f"{type(self).__name__}: {name} {factor!r} runs from {a} to {b}: expected {fits}"
            )
        return float(a), float(b)


class Compose:
    """One after another: Compose(RandomFlip("horizontal"), RandomRotation(.1)). Each is called with images and all the rest."""

    def __init__(self, *steps: Any) -> None:
        given = steps[0] if len(steps) == 1 and isinstance(steps[0], (list, tuple)) else steps
        self.steps: list[Callable[..., Any]] = list(given)
        for step in self.steps:
            if not callable(step):
                raise TypeError(f"Compose holds callables, got {step!r}")

    def __call__(self, images: Any, *rest: Any) -> Any:
        for step in self.steps:
            images, *rest = step(images, *rest) if rest else (step(images),)  # type: ignore[assignment]
        return (images, *rest) if rest else images


# ---- pixels that move ----------------------------------------------------------------------------------------------


class RandomFlip(Augmentation):
    """Mirrors every second image, on average: "horizontal" (left and right change places), "vertical", or both by own coins."""

    moves_only = True

    def __init__(
        self, mode: str = "horizontal_and_vertical", same: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(same, seed)
        self.axes = lookup(
            mode,
            {"horizontal": (2,), "vertical": (1,), "horizontal_and_vertical": (1, 2)},
            "mode of RandomFlip",
        )

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        y = x.copy()
        for axis in self.axes:
            chosen = np.broadcast_to(rng.random(n) < 0.5, len(x))
            y[chosen] = np.flip(y[chosen], axis)
        return y


class RandomCrop(Augmentation):
    """A window of height x width from a random place, after `padding` pixels of `fill_value` on each side.

    Padding 4 and 32x32 windows of 32x32 images are the usual augmentation of CIFAR-10 (He et al., 2015, section 4.2).
    """

    moves_only = True

    def __init__(
        self,
        height: int,
        width: int,
        padding: int = 0,
        fill_value: float = 0.0,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(same, seed)
        self.height, self.width, self.padding, self.fill_value = height, width, padding, fill_value
        if height < 1 or width < 1 or padding < 0:
            raise ValueError(
                f"RandomCrop: a window of {height}x{width} after padding by {padding}: sizes must be positive"
            )

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        if self.padding:
            p = (self.padding, self.padding)
            x = np.pad(x, ((0, 0), p, p, (0, 0)), constant_values=self.fill_value)
        down, right = x.shape[1] - self.height, x.shape[2] - self.width
        if down < 0 or right < 0:
            padded = " (padded)" if self.padding else ""
            raise ValueError(
                f"RandomCrop: a window of {self.height}x{self.width} does not fit into images of "
                f"{x.shape[1]}x{x.shape[2]}{padded}: resize them, or give padding="
            )
        tops, lefts = (
            np.broadcast_to(rng.integers(0, room + 1, n), len(x)) for room in (down, right)
        )
        y = np.empty((len(x), self.height, self.width, x.shape[3]), x.dtype)
        for i, (top, left) in enumerate(zip(tops, lefts)):
            y[i] = x[i, top : top + self.height, left : left + self.width]
        return y


class RandomAffine(Augmentation):
    """Rotation, zoom and translation at once: one sampling of the image, where three in a row would blur it three times.

    The factors are those of RandomRotation, RandomZoom and RandomTranslation; `translation` serves height and width.
    `interpolation` is "bilinear" or "nearest"; `fill_mode` says what lies outside the image: see minigrad.data.images.affine.
    """

    def __init__(
        self,
        rotation: Range = 0.0,
        zoom: Range = 0.0,
        translation: Range = 0.0,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(same, seed)
        lookup(fill_mode, FILL_MODES, "fill_mode")
        lookup(interpolation, {"bilinear": 1, "nearest": 0}, "interpolation")
        self.outside: dict[str, Any] = {
            "fill_mode": fill_mode,
            "fill_value": fill_value,
            "interpolation": interpolation,
        }
        self.rotation, self.zoom = self.range("rotation", rotation), self._zoom("zoom", zoom)
        self.zoom_width: Span | None = None  # as zoom, with the same draw
        self.height = self.width = self.range("translation", translation)

    def _zoom(self, name: str, factor: Range) -> Span:
        low, high = self.range(name, factor)
        if low <= -1:
            raise ValueError(
                f"{type(self).__name__}: {name} {factor!r} reaches -1, where nothing is left of the image"
            )
        return low, high

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        """Back from the new place: unshift, turn the other way, and stretch by 1 + zoom."""
        angle = 2 * math.pi * rng.uniform(*self.rotation, n)
        tall = 1 + rng.uniform(*self.zoom, n)
        wide = tall if self.zoom_width is None else 1 + rng.uniform(*self.zoom_width, n)
        down, right = (
            rng.uniform(*self.height, n) * x.shape[1],
            rng.uniform(*self.width, n) * x.shape[2],
        )
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[tall * cos, tall * sin], [-wide * sin, wide * cos]])  # (2, 2, n)
        back = -np.einsum("ijn,jn->in", turn, np.stack([down, right]))
        maps = np.concatenate([turn, back[:, None]], 1).transpose(2, 0, 1)  # (n, 2, 3)
        return affine(x, np.broadcast_to(maps, (len(x), 2, 3)), **self.outside)


class RandomRotation(RandomAffine):
    """Turns about the centre by factor * 2 pi, counter-clockwise where positive: .1 stands for -36 to 36 degrees."""

    def __init__(
        self,
        factor: Range,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(0.0, 0.0, 0.0, fill_mode, interpolation, fill_value, same, seed)
        self.rotation = self.range("factor", factor)


class RandomZoom(RandomAffine):
    """Shrinks the picture by 1 + factor, or enlarges it where negative; without width_factor its proportions stay."""

    def __init__(
        self,
        height_factor: Range,
        width_factor: Range | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(0.0, 0.0, 0.0, fill_mode, interpolation, fill_value, same, seed)
        self.zoom = self._zoom("height_factor", height_factor)
        self.zoom_width = None if width_factor is None else self._zoom("width_factor", width_factor)


class RandomTranslation(RandomAffine):
    """Shifts down by height_factor * height and right by width_factor * width, up and left where negative."""

    def __init__(
        self,
        height_factor: Range,
        width_factor: Range,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(0.0, 0.0, 0.0, fill_mode, interpolation, fill_value, same, seed)
        self.height, self.width = (
            self.range("height_factor", height_factor),
            self.range("width_factor", width_factor),
        )


# ---- values that change --------------------------------------------------------------------------------------------


class ValueAugmentation(Augmentation):
    """Base of those that compute with the values: the result is clipped to `value_range`."""

    def __init__(
        self,
        value_range: Sequence[float] | None = None,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(same, seed)
        self.value_range = (
            value_range if value_range is None else self.range("value_range", value_range)
        )

    def span(self, x: np.ndarray) -> Span:
        """The range, after a look whether the values keep to it: clipping would turn the others all black or white."""
        low, high = self.value_range or super().span(x)
        if x.size and x.dtype.kind == "f":
            least, most, spare = float(x.min()), float(x.max()), 1e-3 * (high - low)
            if not low - spare <= least <= most <= high + spare:
                raise ValueError(
                    f"{type(self).__name__}: pixels run from {least:g} to {most:g}, not from {low:g} to {high:g}: "
                    "give value_range=(lowest, highest), or scale them with to_float"
                )
        return low, high

    @staticmethod
    def each(values: np.ndarray, like: np.ndarray) -> np.ndarray:
        """Parameters (n,) so that they broadcast over images (N, H, W, C)."""
        return values.astype(like.dtype).reshape(-1, 1, 1, 1)


class RandomBrightness(ValueAugmentation):
    """x + factor * (highest - lowest value): -1 makes all black, 1 all white."""

    def __init__(
        self,
        factor: Range,
        value_range: Sequence[float] | None = None,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, same, seed)
        self.factor = self.range("factor", factor, -1, 1)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        return np.clip(x + self.each(rng.uniform(*self.factor, n) * (span[1] - span[0]), x), *span)


class RandomContrast(ValueAugmentation):
    """mean + (1 + factor) * (x - mean), with the mean of each image and channel: -1 leaves nothing but the mean."""

    def __init__(
        self,
        factor: Range,
        value_range: Sequence[float] | None = None,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, same, seed)
        self.factor = self.range("factor", factor, -1)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        pixels = math.prod(x.shape[1:3])
        mean = np.full(pixels, 1 / pixels, x.dtype) @ x.reshape(
            len(x), pixels, x.shape[3]
        )  # x.mean((1, 2)), but fast
        gain = self.each(1 + rng.uniform(*self.factor, n), x)
        y = x * gain
        y += mean[:, None, None] * (1 - gain)
        return y.clip(*span, out=y)


class RandomColor(ValueAugmentation):
    """Colours mixed by one 3x3 matrix an image: (gain of each channel) * (hue turned, saturation times 1 + factor, in YIQ).

    `saturation` -1 leaves grey; `hue` is a fraction of the whole circle of colours; each channel's gain is 1 + `gain`.
    """

    to_yiq = np.array(
        [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
    )  # brightness, two colours

    def __init__(
        self,
        saturation: Range = 0.0,
        hue: Range = 0.0,
        gain: Range = 0.0,
        value_range: Sequence[float] | None = None,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, same, seed)
        self.saturation, self.gain = (
            self.range("saturation", saturation, -1),
            self.range("gain", gain, -1),
        )
        self.hue = self.range("hue", hue, -1, 1)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        if x.shape[3] != 3:
            raise ValueError(
                f"RandomColor: expected red, green and blue, got images of shape {x.shape}: grey has no hue"
            )
        strength, angle = (
            1 + rng.uniform(*self.saturation, n),
            2 * math.pi * rng.uniform(*self.hue, n),
        )
        turn = np.zeros((n, 3, 3))
        turn[:, 0, 0] = 1
        turn[:, 1, 1] = turn[:, 2, 2] = strength * np.cos(angle)
        turn[:, 1, 2] = -strength * np.sin(angle)
        turn[:, 2, 1] = -turn[:, 1, 2]
        mix = (1 + rng.uniform(*self.gain, (n, 3, 1))) * (
            np.linalg.inv(self.to_yiq) @ turn @ self.to_yiq
        )
        return (
            (x.reshape(len(x), math.prod(x.shape[1:3]), 3) @ mix.swapaxes(1, 2).astype(x.dtype))
            .reshape(x.shape)
            .clip(*span)
        )


class GaussianNoise(ValueAugmentation):
    """x + noise of deviation stddev * (highest - lowest value); a pair draws the deviation of each image between the two."""

    def __init__(
        self,
        stddev: Range,
        value_range: Sequence[float] | None = None,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, same, seed)
        self.stddev = self.range(
            "stddev", stddev if isinstance(stddev, Sequence) else (stddev, stddev), 0
        )

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        deviation = self.each(rng.uniform(*self.stddev, n) * (span[1] - span[0]), x)
        y = (
            rng.standard_normal((n, *x.shape[1:]), np.float32).astype(x.dtype, copy=False)
            * deviation
        )
        return np.clip(y + x, *span)


# ---- parts that are covered ----------------------------------------------------------------------------------------


class RandomErasing(ValueAugmentation):
    """Covers a rectangle of `factor` of the images with random values, or `fill_value` (Zhong et al., 2017, arXiv:1708.04896).

    It covers a fraction `scale` of the image, and its height is `ratio` times its width, drawn on a logarithmic scale. One that
    fits is looked for ten times; where none does, as where the image is much taller than wide, the image stays.
    """

    def __init__(
        self,
        factor: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 1 / 0.3),
        fill_value: float | None = None,
        value_range: Sequence[float] | None = None,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(value_range, same, seed)
        self.factor, self.fill_value = self.range("factor", (0, factor), 0, 1)[1], fill_value
        self.scale, self.ratio = self.range("scale", scale, 0, 1), self.range("ratio", ratio, 1e-3)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        y, (h, w), tries = x.copy(), x.shape[1:3], (n, 10)
        flat, steep = map(math.log, self.ratio)
        area, ratio = (
            rng.uniform(*self.scale, tries) * h * w,
            np.exp(rng.uniform(flat, steep, tries)),
        )
        tall, wide = (
            np.rint(np.sqrt(area * ratio)).astype(int),
            np.rint(np.sqrt(area / ratio)).astype(int),
        )
        fits = (tall > 0) & (tall <= h) & (wide > 0) & (wide <= w)
        first, erased = (np.arange(n), fits.argmax(1)), fits.any(1) & (rng.random(n) < self.factor)
        places = rng.random((n, 2))
        for i, (tall_i, wide_i) in enumerate(zip(tall[first], wide[first])):
            top, left = int(places[i, 0] * (h - tall_i + 1)), int(places[i, 1] * (w - wide_i + 1))
            if erased[i]:
                value = (
                    rng.uniform(*span, (tall_i, wide_i, x.shape[3]))
                    if self.fill_value is None
                    else self.fill_value
                )
                y[
                    slice(None) if self.same else i,
                    ...,
                    top : top + tall_i,
                    left : left + wide_i,
                    :,
                ] = value
        return y


class Cutout(Augmentation):
    """Covers a square of size x size pixels around any pixel with `fill_value` (DeVries & Taylor, 2017, arXiv:1708.04552)."""

    moves_only = True

    def __init__(
        self, size: int, fill_value: float = 0.0, same: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(same, seed)
        self.size, self.fill_value = size, fill_value
        if size < 1:
            raise ValueError(
                f"Cutout: the side of the square is {size!r} pixels, it must be at least 1"
            )

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        y = x.copy()
        tops, lefts = (rng.integers(0, side, n) - self.size // 2 for side in x.shape[1:3])
        for i, (top, left) in enumerate(zip(tops, lefts)):
            image = slice(None) if self.same else i
            y[image, ..., max(top, 0) : top + self.size, max(left, 0) : left + self.size, :] = (
                self.fill_value
            )
        return y
