"""Augmentation that mixes two images and their labels: as the transform of `batches`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...config import settings
from ...generators import generator, rowwise
from ...utils.labels import to_categorical
from .base import Augmentation


class MixUp(Augmentation):
    """w * image + (1 - w) * another of its batch, labels likewise, w ~ Beta(alpha, alpha).

    Labels are one-hot rows or targets, or with `num_classes` integers, which become one-hot: train
    with categorical_crossentropy.

    Args:
        alpha: Both parameters of the Beta distribution: 0.2 mixes little, 1 evenly.
        num_classes: Number of classes of integer labels.
        per_batch: True to draw w once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If alpha is not positive; if labels are missing or do not fit (when called).

    References:
        Zhang et al. 2017, arXiv:1710.09412.

    Example:
        >>> images, labels = MixUp(num_classes=2)(np.zeros((4, 8, 8)), np.array([0, 1, 0, 1]))
        >>> labels.shape, labels.sum(1).tolist()
        ((4, 2), [1.0, 1.0, 1.0, 1.0])
    """

    def __init__(
        self,
        alpha: float = 0.2,
        num_classes: int | None = None,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(per_batch, seed)
        if not alpha > 0:
            raise ValueError(
                f"{type(self).__name__}: alpha must be positive, not {alpha!r}: "
                "0.2 mixes little, 1 evenly"
            )
        self.alpha = alpha
        self.num_classes = num_classes

    def __call__(self, images: Any, *rest: Any) -> Any:
        """(images, labels), mixed."""
        x = self.as_batch(images)
        if len(rest) != 1 or len(rest[0]) != len(x):
            raise ValueError(
                f"{type(self).__name__} mixes images and labels: call it with both, of one length, "
                "and no more"
            )
        targets = self.as_targets(rest[0])
        rng = rowwise(self.generator or generator())
        weights = rng.beta(self.alpha, self.alpha, 1 if self.per_batch else len(x))
        weights = np.broadcast_to(weights, len(x))
        other = rng.permutation(len(x))
        y, weights = self.mix(self.as_floating(x), other, weights, rng)
        w = weights.astype(targets.dtype).reshape(-1, *[1] * (targets.ndim - 1))
        return self.restore(y, x, images), w * targets + (1 - w) * targets[other]

    def mix(
        self, x: np.ndarray, other: np.ndarray, weights: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(the mixed images, the weight of the first image in each)."""
        w = weights.astype(x.dtype).reshape(-1, 1, 1, 1)
        return w * x + (1 - w) * x[other], weights

    def as_targets(self, labels: Any) -> np.ndarray:
        """Labels as floating numbers that can be mixed."""
        labels = np.asarray(labels)
        if labels.dtype.kind == "f":
            return labels
        if labels.ndim > 1 and labels.shape[-1] > 1:
            return labels.astype(settings.default_dtype)  # one-hot integers
        if self.num_classes is None:
            raise ValueError(
                f"{type(self).__name__}: class numbers cannot be mixed, one-hot rows can: "
                "give num_classes="
            )
        return to_categorical(labels.reshape(-1), self.num_classes)


class CutMix(MixUp):
    """A rectangle of another image of the batch pasted in; labels are mixed by area.

    The rectangle has the shape of the image and the area 1 - w, w ~ Beta(alpha, alpha); what lies
    outside of the image is lost.

    Args:
        alpha: Both parameters of the Beta distribution.
        num_classes: Number of classes of integer labels.
        per_batch: True to draw the rectangle once per batch, not per image.
        seed: Seed of a generator of its own.

    Raises:
        ValueError: If alpha is not positive; if labels are missing or do not fit (when called).

    References:
        Yun et al. 2019, arXiv:1905.04899.

    Example:
        >>> images, labels = CutMix(num_classes=2)(np.zeros((4, 8, 8)), np.array([0, 1, 0, 1]))
        >>> images.shape, labels.shape
        ((4, 8, 8), (4, 2))
    """

    geometric = True

    def __init__(
        self,
        alpha: float = 1.0,
        num_classes: int | None = None,
        per_batch: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(alpha, num_classes, per_batch, seed)

    def mix(
        self, x: np.ndarray, other: np.ndarray, weights: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(the mixed images, the weight of the first image in each)."""
        y = x.copy()
        h, w = x.shape[1:3]
        side = np.sqrt(1 - weights)
        n = 1 if self.per_batch else len(x)
        rows, columns = (np.broadcast_to(rng.integers(0, size, n), len(x)) for size in (h, w))
        top, bottom = _limits(rows, h * side, h)
        left, right = _limits(columns, w * side, w)
        for i in range(len(x)):
            window = slice(top[i], bottom[i]), slice(left[i], right[i])
            y[i, *window] = x[other[i], *window]
        return y, 1 - (bottom - top) * (right - left) / (h * w)


def _limits(center: np.ndarray, length: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """First pixel, and the one after the last, of intervals around a center."""
    first = (center - length / 2).round().clip(0, size).astype(int)
    last = (center + length / 2).round().clip(0, size).astype(int)
    return first, last
