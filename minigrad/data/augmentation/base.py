"""The base of all augmentation of batches, and its composition."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...arguments import ExplainsArguments
from ...backend import backend
from ...generators import generator, rowwise
from ..images import as_batch

Factor = float | Sequence[float]  # f stands for -f..f
Interval = tuple[float, float]  # lowest and highest


class Augmentation(metaclass=ExplainsArguments):
    """A random change of each image of a batch; labels and weights pass through.

    Images are (N, H, W, C) or (N, H, W), uint8 or floating; the result has the same dtype, and the
    input is never changed. So each augmentation can be the transform of `batches`. A subclass
    defines `change`.

    Args:
        per_batch: True to draw one set of parameters per batch, not one per image.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.

    Raises:
        TypeError: If the images are on a device, or neither uint8 nor floating (when called).
        ValueError: If the images have another rank (when called).

    Example:
        >>> class Negative(Augmentation):
        ...     def change(self, x, rng, n, interval):
        ...         return interval[0] + interval[1] - x
        >>> images, labels = Negative()(np.full((1, 2, 2), 50, "uint8"), [3])
        >>> images.tolist(), labels
        ([[[205, 205], [205, 205]]], [3])
    """

    geometric = False  # True if pixels move and keep their values: any dtype passes

    def __init__(self, per_batch: bool = False, seed: int | None = None) -> None:
        self.per_batch = per_batch
        self.generator = None if seed is None else np.random.default_rng(seed)

    def __call__(self, images: Any, *rest: Any) -> Any:
        """The images changed; with `rest` (labels, weights) a tuple (images, *rest)."""
        x = self.as_batch(images)
        rng = rowwise(self.generator or generator())
        n = 1 if self.per_batch else len(x)
        y = self.change(self.as_floating(x), rng, n, self.value_interval(x))
        y = self.restore(y, x, images)
        return (y, *rest) if rest else y

    def change(
        self, x: np.ndarray, rng: np.random.Generator, n: int, interval: Interval
    ) -> np.ndarray:
        """The images changed, in new memory.

        Args:
            x: Floating images (N, H, W, C).
            rng: Generator to draw from.
            n: Number of parameters to draw: N, or 1 for all images.
            interval: The lowest and the highest value of a pixel.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define change")

    def as_batch(self, images: Any) -> np.ndarray:
        """The images as an array (N, H, W, C) on the host; raises an error that says what fits."""
        name = type(self).__name__
        x = as_batch(name, images)
        if backend(x) is not np:
            raise TypeError(
                f"{name} prepares batches on the host, and these images are on a device: augment "
                "before they go there (fit moves each batch), or take them back with to_cpu"
            )
        if not self.geometric and x.dtype.kind != "f" and x.dtype != np.uint8:
            raise TypeError(
                f"{name}: expected uint8 or floating images, got {x.dtype}: "
                "see minigrad.data.images.to_float"
            )
        return x

    def as_floating(self, x: np.ndarray) -> np.ndarray:
        """The array to compute with: float32 for uint8."""
        return x if self.geometric or x.dtype.kind == "f" else x.astype(np.float32)

    def value_interval(self, x: np.ndarray) -> Interval:
        """The lowest and the highest value that a pixel can have."""
        return (0.0, 1.0) if x.dtype.kind == "f" else (0.0, 255.0)

    def restore(self, y: np.ndarray, x: np.ndarray, images: Any) -> np.ndarray:
        """y in the dtype of x and the rank of the images; uint8 is rounded and clipped."""
        if y.dtype != x.dtype:
            y = np.rint(y).clip(0, 255).astype(x.dtype)
        return y[..., 0] if np.ndim(images) == 3 else y

    def as_interval(
        self, name: str, factor: Factor, low: float = -math.inf, high: float = math.inf
    ) -> Interval:
        """(lowest, highest) of a factor: f means -f..f.

        Raises ValueError for a negative f and for what leaves low..high.
        """
        if isinstance(factor, Sequence):
            a, b = factor
        elif factor >= 0:
            a, b = -factor, factor
        else:
            raise ValueError(
                f"{type(self).__name__}: {name} is {factor!r}, but f stands for -f..f: "
                "give a positive one, or a pair (lowest, highest)"
            )
        if not low <= a <= b <= high:
            lower = f"{low} <= " if low > -math.inf else ""
            upper = f" <= {high}" if high < math.inf else ""
            raise ValueError(
                f"{type(self).__name__}: {name} {factor!r} runs from {a} to {b}: "
                f"expected {lower}lowest <= highest{upper}"
            )
        return float(a), float(b)


class Compose(metaclass=ExplainsArguments):
    """Several augmentations, one after the other.

    Args:
        steps: Functions of (images, *rest), as arguments or in one list.

    Raises:
        TypeError: If one of them cannot be called.

    Example:
        >>> from minigrad.data.augmentation import RandomFlip, RandomRotation
        >>> augment = Compose(RandomFlip("horizontal"), RandomRotation(0.1))
        >>> augment(np.zeros((5, 8, 8, 3))).shape
        (5, 8, 8, 3)
    """

    def __init__(self, *steps: Any) -> None:
        is_list = len(steps) == 1 and isinstance(steps[0], (list, tuple))
        self.steps: list[Callable[..., Any]] = list(steps[0] if is_list else steps)
        for step in self.steps:
            if not callable(step):
                raise TypeError(f"Compose holds callables, got {step!r}")

    def __call__(self, images: Any, *rest: Any) -> Any:
        """The images after all steps; with `rest` (labels, weights) a tuple (images, *rest)."""
        arrays: tuple[Any, ...] = (images, *rest)
        for step in self.steps:
            arrays = tuple(step(*arrays)) if rest else (step(*arrays),)
        return arrays if rest else arrays[0]
