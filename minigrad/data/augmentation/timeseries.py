"""Augmentation of series: small callables on batches (N, T, C) or (N, T), as `augment` has them for images.

They compute in the floating dtype they get, never change their input, and hand through what is given beside it. Every series
draws its own parameters, or with `same=True` all of a batch share theirs; they come from minigrad.seed or from `seed=`. Jitter,
scaling and warping are those of Um et al. (2017, arXiv:1706.00527), windows those of Le Guennec et al. (2016).
"""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np

from ...backend import backend
from .images import Augmentation, Range, Span


class SeriesAugmentation(Augmentation):
    """Base: `change` gets floating series (N, T, C), draws n rows of parameters (N or 1), and returns new series."""

    def batch(self, images: Any) -> np.ndarray:
        name, x = type(self).__name__, getattr(images, "_array", images)
        if backend(x) is not np:
            raise TypeError(
                f"{name} prepares batches on the host, and these series are on a device: take them back with to_cpu"
            )
        x = np.asarray(x)
        if x.ndim not in (2, 3) or not x.shape[1]:
            raise ValueError(
                f"{name}: expected series (N, T, C) or (N, T) with at least one step, got shape {x.shape}"
                + (": put a single one into a batch, x[None]" if x.ndim == 1 else "")
            )
        if x.dtype.kind != "f":
            raise TypeError(
                f"{name}: expected floating series, got {x.dtype}: astype('float32') first"
            )
        return x[..., None] if x.ndim == 2 else x

    def span(self, x: np.ndarray) -> Span:
        return -np.inf, np.inf

    def like(self, images: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        y = y.astype(x.dtype, copy=False)
        return y[..., 0] if np.ndim(images) == 2 else y

    def deviation(self, value: float) -> float:
        """A standard deviation, checked."""
        if not 0 <= value < np.inf:
            raise ValueError(
                f"{type(self).__name__}: a standard deviation is 0 or more, not {value!r}"
            )
        return value

    def fraction(self, name: str, value: float) -> float:
        """A fraction of the series, checked."""
        if not 0 < value <= 1:
            raise ValueError(
                f"{type(self).__name__}: {name} is a fraction of the series, above 0 and up to 1, not {value!r}"
            )
        return value


def smooth_curves(knots: np.ndarray, steps: int) -> np.ndarray:
    """Cubic splines through knots (n, K, C) at equal distances, read at `steps` places from the first to the last: (n, steps, C)."""
    from scipy.interpolate import CubicSpline

    return CubicSpline(np.linspace(0, 1, knots.shape[1]), knots, axis=1)(np.linspace(0, 1, steps))


def read_at(x: np.ndarray, times: np.ndarray) -> np.ndarray:
    """x (N, T, C) at times (N or 1, S) in 0..T-1, interpolated linearly: (N, S, C)."""
    times = np.broadcast_to(times, (len(x), times.shape[1])).clip(0, x.shape[1] - 1)
    low = np.minimum(times.astype(int), max(x.shape[1] - 2, 0))
    weight = (times - low)[..., None].astype(x.dtype)
    rows, high = np.arange(len(x))[:, None], np.minimum(low + 1, x.shape[1] - 1)
    return x[rows, low] * (1 - weight) + x[rows, high] * weight


# ---- values that change ------------------------------------------------------------------------------------------------


class Jitter(SeriesAugmentation):
    """x + noise, normal with deviation `stddev` at each step."""

    def __init__(self, stddev: float = 0.03, same: bool = False, seed: int | None = None) -> None:
        super().__init__(same, seed)
        self.stddev = self.deviation(stddev)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        return x + (rng.standard_normal((n, *x.shape[1:])) * self.stddev).astype(x.dtype)


class Scaling(SeriesAugmentation):
    """x * factor, one for each series and channel, normal with mean 1 and deviation `stddev`."""

    def __init__(self, stddev: float = 0.1, same: bool = False, seed: int | None = None) -> None:
        super().__init__(same, seed)
        self.stddev = self.deviation(stddev)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        return x * (1 + rng.standard_normal((n, 1, x.shape[2])) * self.stddev).astype(x.dtype)


class MagnitudeWarp(SeriesAugmentation):
    """x * curve, a smooth one through `knots` + 2 values of mean 1 and deviation `stddev`, for each series and channel."""

    def __init__(
        self, stddev: float = 0.2, knots: int = 4, same: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(same, seed)
        self.stddev, self.knots = self.deviation(stddev), _knots(type(self).__name__, knots)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        heights = 1 + rng.standard_normal((n, self.knots + 2, x.shape[2])) * self.stddev
        return x * smooth_curves(heights, x.shape[1]).astype(x.dtype)


class ChannelShuffle(SeriesAugmentation):
    """The channels in another order, for models that are not to know which sensor is which."""

    moves_only = True

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        order = np.argsort(rng.random((n, 1, x.shape[2])), -1)
        return np.take_along_axis(x, np.broadcast_to(order, (len(x), 1, x.shape[2])), 2)


# ---- times that change -------------------------------------------------------------------------------------------------


class TimeWarp(SeriesAugmentation):
    """The series at a smoothly changing speed, mean 1 and deviation `stddev` at `knots` + 2 times; first and last step stay.

    Speeds below 1/20 are lifted to it, so that time never runs back.
    """

    def __init__(
        self, stddev: float = 0.2, knots: int = 4, same: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(same, seed)
        self.stddev, self.knots = self.deviation(stddev), _knots(type(self).__name__, knots)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        speeds = smooth_curves(
            1 + rng.standard_normal((n, self.knots + 2, 1)) * self.stddev, x.shape[1]
        )[..., 0].clip(0.05)
        times = np.cumsum(speeds, 1) - speeds[:, :1]
        return read_at(x, times * ((x.shape[1] - 1) / np.maximum(times[:, -1:], 1e-12)))


class WindowSlice(SeriesAugmentation):
    """A window of `ratio` of the series from a random place, stretched to the whole length."""

    def __init__(self, ratio: float = 0.9, same: bool = False, seed: int | None = None) -> None:
        super().__init__(same, seed)
        self.ratio = self.fraction("ratio", ratio)

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        whole = x.shape[1] - 1
        return read_at(
            x,
            rng.random((n, 1)) * whole * (1 - self.ratio)
            + np.linspace(0, whole * self.ratio, x.shape[1]),
        )


class WindowWarp(SeriesAugmentation):
    """A window of `ratio` of the series at a random place runs `factor` times as long; the whole is then fitted to its length."""

    def __init__(
        self,
        ratio: float = 0.1,
        factor: Range = (0.5, 2.0),
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(same, seed)
        self.ratio = self.fraction("ratio", ratio)
        self.factor = self.range(
            "factor", factor if isinstance(factor, Sequence) else (factor, factor), 0.01
        )

    def change(self, x: np.ndarray, rng: np.random.Generator, n: int, span: Span) -> np.ndarray:
        whole = x.shape[1] - 1
        width, factor = self.ratio * whole, rng.uniform(*self.factor, n)
        start = rng.random(n) * (whole - width)
        y = np.empty((n, x.shape[1]))
        for i in range(n):  # where the new time passes, and the old time there
            new = np.cumsum([0, start[i], width * factor[i], whole - width - start[i]])
            y[i] = np.interp(
                np.linspace(0, new[-1], x.shape[1]), new, [0, start[i], start[i] + width, whole]
            )
        return read_at(x, y)


def _knots(name: str, knots: int) -> int:
    if not isinstance(knots, int) or knots < 0:
        raise ValueError(
            f"{name}: knots counts the places between the ends where the curve is drawn, 0 or more, not {knots!r}"
        )
    return knots
