"""Augmentation of time series (N, T, C) or (N, T).

Jitter, scaling and warping are those of Um et al. (2017, arXiv:1706.00527), windows those of Le
Guennec et al. (2016). All compute in the floating dtype of the series.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...backend import backend
from .base import Augmentation, Factor, Interval


class SeriesAugmentation(Augmentation):
    """A random change of each series of a batch; labels and weights pass through.

    A subclass defines `change`, which gets floating series (N, T, C).

    Args:
        per_batch: True to draw one set of parameters per batch, not one per series.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.

    Raises:
        TypeError: If the series are on a device or not floating (when called).
        ValueError: If the series have another rank (when called).
    """

    def as_batch(self, images: Any) -> np.ndarray:
        """The series as an array (N, T, C) on the host; raises an error that says what fits."""
        name = type(self).__name__
        x = getattr(images, "_array", images)
        if backend(x) is not np:
            raise TypeError(
                f"{name} prepares batches on the host, and these series are on a device: "
                "take them back with to_cpu"
            )
        x = np.asarray(x)
        if x.ndim not in (2, 3) or not x.shape[1]:
            hint = ": put a single one into a batch, x[None]" if x.ndim == 1 else ""
            raise ValueError(
                f"{name}: expected series (N, T, C) or (N, T) with at least one step, "
                f"got shape {x.shape}{hint}"
            )
        if x.dtype.kind != "f":
            raise TypeError(
                f"{name}: expected floating series, got {x.dtype}: astype('float32') first"
            )
        return x[..., None] if x.ndim == 2 else x

    def value_interval(self, x: np.ndarray) -> Interval:
        """Series have no limits."""
        return -np.inf, np.inf

    def restore(self, y: np.ndarray, x: np.ndarray, images: Any) -> np.ndarray:
        """y in the dtype of x and the rank of the series."""
        y = y.astype(x.dtype, copy=False)
        return y[..., 0] if np.ndim(images) == 2 else y

    def check_deviation(self, value: float) -> float:
        """A standard deviation; raises ValueError for a negative one."""
        if not 0 <= value < np.inf:
            raise ValueError(
                f"{type(self).__name__}: a standard deviation is 0 or more, not {value!r}"
            )
        return value

    def check_fraction(self, name: str, value: float) -> float:
        """A fraction of the series; raises ValueError unless it is in 0..1 and not 0."""
        if not 0 < value <= 1:
            raise ValueError(
                f"{type(self).__name__}: {name} is a fraction of the series, above 0 and up to 1, "
                f"not {value!r}"
            )
        return value

    def check_knots(self, knots: int) -> int:
        """A number of knots; raises ValueError for a negative one."""
        if not isinstance(knots, int) or knots < 0:
            raise ValueError(
                f"{type(self).__name__}: knots counts the places between the ends where the curve "
                f"is drawn, 0 or more, not {knots!r}"
            )
        return knots


def smooth_curves(knots: np.ndarray, steps: int) -> np.ndarray:
    """Cubic splines through knots at equal distances.

    Args:
        knots: Values of the curves.
        steps: Number of points to evaluate, from the first to the last knot.

    Shape:
        (n, K, C) -> (n, steps, C)

    Example:
        >>> smooth_curves(np.array([[[0.0], [1.0], [4.0]]]), 5)[0, :, 0].round(4).tolist()
        [0.0, 0.25, 1.0, 2.25, 4.0]
    """
    from scipy.interpolate import CubicSpline

    curve = CubicSpline(np.linspace(0, 1, knots.shape[1]), knots, axis=1)
    return curve(np.linspace(0, 1, steps))


def sample_at(x: np.ndarray, times: np.ndarray) -> np.ndarray:
    """x at fractional times, interpolated linearly.

    Args:
        x: Series.
        times: Times in 0..T - 1; one row for all series, or one per series.

    Shape:
        (N, T, C), (N or 1, S) -> (N, S, C)

    Example:
        >>> sample_at(np.array([[[0.0], [10.0]]]), np.array([[0.0, 0.3, 1.0]])).ravel().tolist()
        [0.0, 3.0, 10.0]
    """
    last = x.shape[1] - 1
    times = np.broadcast_to(times, (len(x), times.shape[1])).clip(0, last)
    low = np.minimum(times.astype(int), max(last - 1, 0))
    high = np.minimum(low + 1, last)
    weight = (times - low)[..., None].astype(x.dtype)
    rows = np.arange(len(x))[:, None]
    return x[rows, low] * (1 - weight) + x[rows, high] * weight


# ---- values that change --------------------------------------------------------------------------


class Jitter(SeriesAugmentation):
    """x + normal noise at each step.

    Args:
        stddev: Standard deviation of the noise.
        per_batch: True to draw once per batch, not per series.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If stddev is negative.

    Example:
        >>> Jitter()(np.zeros((5, 20, 3))).shape
        (5, 20, 3)
    """

    def __init__(
        self, stddev: float = 0.03, per_batch: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(per_batch, seed)
        self.stddev = self.check_deviation(stddev)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        noise = rng.standard_normal((n, *x.shape[1:])) * self.stddev
        return x + noise.astype(x.dtype)


class Scaling(SeriesAugmentation):
    """x * factor, one per series and channel, normal with mean 1.

    Args:
        stddev: Standard deviation of the factor.
        per_batch: True to draw once per batch, not per series.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If stddev is negative.

    Example:
        >>> scaled = Scaling()(np.ones((5, 20, 3)))
        >>> bool((scaled == scaled[:, :1]).all())
        True
    """

    def __init__(
        self, stddev: float = 0.1, per_batch: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(per_batch, seed)
        self.stddev = self.check_deviation(stddev)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        factors = 1 + rng.standard_normal((n, 1, x.shape[2])) * self.stddev
        return x * factors.astype(x.dtype)


class MagnitudeWarp(SeriesAugmentation):
    """x * curve, a smooth one per series and channel, through normal values of mean 1.

    Args:
        stddev: Standard deviation of the values.
        knots: Number of values between the first and the last one.
        per_batch: True to draw once per batch, not per series.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If stddev or knots is negative.

    Example:
        >>> MagnitudeWarp()(np.ones((5, 20, 3))).shape
        (5, 20, 3)
    """

    def __init__(
        self, stddev: float = 0.2, knots: int = 4, per_batch: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(per_batch, seed)
        self.stddev = self.check_deviation(stddev)
        self.knots = self.check_knots(knots)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        heights = 1 + rng.standard_normal((n, self.knots + 2, x.shape[2])) * self.stddev
        return x * smooth_curves(heights, x.shape[1]).astype(x.dtype)


class ChannelShuffle(SeriesAugmentation):
    """The channels of each series in a random order, for sensors that are interchangeable.

    Args:
        per_batch: True to draw once per batch, not per series.
        seed: Seed of a generator of its own.

    Example:
        >>> shuffled = ChannelShuffle()(np.array([[[1.0, 2.0, 3.0]]]))
        >>> sorted(shuffled.ravel().tolist())
        [1.0, 2.0, 3.0]
    """

    geometric = True

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        order = np.argsort(rng.random((n, 1, x.shape[2])), -1)
        return np.take_along_axis(x, np.broadcast_to(order, (len(x), 1, x.shape[2])), 2)


# ---- times that change ---------------------------------------------------------------------------


class TimeWarp(SeriesAugmentation):
    """The series at a smoothly changing speed of mean 1; the first and the last step stay.

    Speeds below 1/20 are raised to it, so that time never runs back.

    Args:
        stddev: Standard deviation of the speed.
        knots: Number of times, between the first and the last step, at which a speed is drawn.
        per_batch: True to draw once per batch, not per series.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If stddev or knots is negative.

    Example:
        >>> warped = TimeWarp()(np.arange(10.0).reshape(1, 10))
        >>> warped[0, [0, -1]].round(6).tolist()
        [0.0, 9.0]
    """

    def __init__(
        self, stddev: float = 0.2, knots: int = 4, per_batch: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(per_batch, seed)
        self.stddev = self.check_deviation(stddev)
        self.knots = self.check_knots(knots)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        heights = 1 + rng.standard_normal((n, self.knots + 2, 1)) * self.stddev
        speeds = smooth_curves(heights, x.shape[1])[..., 0].clip(0.05)
        times = np.cumsum(speeds, 1) - speeds[:, :1]
        to_last_step = (x.shape[1] - 1) / np.maximum(times[:, -1:], 1e-12)
        return sample_at(x, times * to_last_step)


class WindowSlice(SeriesAugmentation):
    """A window from a random place, stretched to the length of the series.

    Args:
        ratio: Length of the window as a fraction of the series.
        per_batch: True to draw once per batch, not per series.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If ratio is not in 0..1, or 0.

    Example:
        >>> window = WindowSlice(0.5)(np.arange(11.0).reshape(1, 11))
        >>> round(float(window[0, -1] - window[0, 0]), 6)
        5.0
    """

    def __init__(
        self, ratio: float = 0.9, per_batch: bool = False, seed: int | None = None
    ) -> None:
        super().__init__(per_batch, seed)
        self.ratio = self.check_fraction("ratio", ratio)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        last = x.shape[1] - 1
        starts = rng.random((n, 1)) * last * (1 - self.ratio)
        return sample_at(x, starts + np.linspace(0, last * self.ratio, x.shape[1]))


class WindowWarp(SeriesAugmentation):
    """A random window runs `factor` times as long; the result is then fitted to the old length.

    Args:
        ratio: Length of the window as a fraction of the series.
        factor: A number, or (lowest, highest).
        per_batch: True to draw once per batch, not per series.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If ratio is not in 0..1, or 0, or a factor is below 0.01.

    Example:
        >>> WindowWarp()(np.zeros((5, 20, 3))).shape
        (5, 20, 3)
    """

    def __init__(
        self,
        ratio: float = 0.1,
        factor: Factor = (0.5, 2.0),
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(per_batch, seed)
        self.ratio = self.check_fraction("ratio", ratio)
        factors = factor if isinstance(factor, Sequence) else (factor, factor)
        self.factor = self.as_interval("factor", factors, 0.01)

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        last = x.shape[1] - 1
        width = self.ratio * last
        factor = rng.uniform(*self.factor, n)
        start = rng.random(n) * (last - width)
        times = np.empty((n, x.shape[1]))
        for i in range(n):
            old = [0, start[i], start[i] + width, last]  # the ends of the three parts
            new = np.cumsum([0, start[i], width * factor[i], last - width - start[i]])
            times[i] = np.interp(np.linspace(0, new[-1], x.shape[1]), new, old)
        return sample_at(x, times)
