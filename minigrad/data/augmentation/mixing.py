"""Augmentation that mixes two images and their labels. Both want the labels too: as transform= of batches they get them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...config import settings
from ...random import generator
from .images import Augmentation


class MixUp(Augmentation):
    """w * image + (1 - w) * another of its batch, labels likewise, w ~ Beta(alpha, alpha) (Zhang et al., 2017, arXiv:1710.09412).

    Labels are one-hot rows, targets, or with `num_classes` integers, which become one-hot: the loss is categorical_crossentropy.
    """

    def __init__(
        self,
        alpha: float = 0.2,
        num_classes: int | None = None,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(same, seed)
        if not alpha > 0:
            raise ValueError(
                f"{type(self).__name__}: alpha must be positive, not {alpha!r}: 0.2 mixes little, 1 evenly"
            )
        self.alpha, self.num_classes = alpha, num_classes

    def __call__(self, images: Any, *rest: Any) -> Any:
        x = self.batch(images)
        if len(rest) != 1 or len(rest[0]) != len(x):
            raise ValueError(
                f"{type(self).__name__} mixes images and labels: call it with both, of one length, and no more"
            )
        targets, rng = self.targets(rest[0]), self.rng or generator()
        weights = np.broadcast_to(
            rng.beta(self.alpha, self.alpha, 1 if self.same else len(x)), len(x)
        )
        other = rng.permutation(len(x))
        y, weights = self.mix(self.floating(x), other, weights, rng)
        w = weights.astype(targets.dtype).reshape(-1, *[1] * (targets.ndim - 1))
        return self.like(images, x, y), w * targets + (1 - w) * targets[other]

    def mix(
        self, x: np.ndarray, other: np.ndarray, weights: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """(the mixed images, the weight of the first in each)."""
        w = weights.astype(x.dtype).reshape(-1, 1, 1, 1)
        return w * x + (1 - w) * x[other], weights

    def targets(self, labels: Any) -> np.ndarray:
        """Labels as floating numbers that can be mixed."""
        labels = np.asarray(labels)
        if labels.dtype.kind == "f":
            return labels
        if labels.ndim > 1 and labels.shape[-1] > 1:
            return labels.astype(settings.default_dtype)  # one-hot integers
        labels, classes = labels.reshape(-1), self.num_classes
        if classes is None:
            raise ValueError(
                f"{type(self).__name__}: class numbers cannot be mixed, one-hot rows can: give num_classes="
            )
        if labels.size and not 0 <= labels.min() <= labels.max() < classes:
            raise ValueError(
                f"{type(self).__name__}: labels run from {labels.min()} to {labels.max()}, num_classes is {classes}"
            )
        return np.eye(classes, dtype=settings.default_dtype)[labels]


class CutMix(MixUp):
    """A rectangle of another image of the batch pasted in; labels are mixed by area (Yun et al., 2019, arXiv:1905.04899).

    The rectangle has the shape of the image and the area 1 - w, w ~ Beta(alpha, alpha); what lies outside of the image is lost.
    """

    moves_only = True

    def __init__(
        self,
        alpha: float = 1.0,
        num_classes: int | None = None,
        same: bool = False,
        seed: int | None = None,
    ) -> None:
        super().__init__(alpha, num_classes, same, seed)

    def mix(
        self, x: np.ndarray, other: np.ndarray, weights: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        y, (h, w), side = x.copy(), x.shape[1:3], np.sqrt(1 - weights)
        n = 1 if self.same else len(x)
        centres = [np.broadcast_to(rng.integers(0, size, n), len(x)) for size in (h, w)]
        (top, bottom), (left, right) = (
            (
                (c - size * side / 2).round().clip(0, size).astype(int),
                (c + size * side / 2).round().clip(0, size).astype(int),
            )
            for c, size in zip(centres, (h, w))
        )
        for i in range(len(x)):
            y[i, top[i] : bottom[i], left[i] : right[i]] = x[
                other[i], top[i] : bottom[i], left[i] : right[i]
            ]
        return y, 1 - (bottom - top) * (right - left) / (h * w)
