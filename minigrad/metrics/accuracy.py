"""Accuracy in its forms: the share of samples whose class was found."""

from __future__ import annotations

import numpy as np

from ..backend import Array, backend
from ..losses import validate_targets
from .base import MeanOf, match_labels, match_targets


class BinaryAccuracy(MeanOf):
    """How often (y_pred > threshold) == y_true, over all elements."""

    def __init__(self, name: str | None = None, threshold: float = 0.5) -> None:
        self.threshold = threshold
        super().__init__(name)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        return (y_pred > self.threshold) == match_targets(self.name, y_true, y_pred)


class CategoricalAccuracy(MeanOf):
    """How often the largest score stands at the 1 of a one-hot y_true; both are (..., classes)."""

    def values(self, y_true: Array, y_pred: Array) -> Array:
        validate_targets(
            self.name, y_true, y_pred, alternative=" (integer labels: sparse_categorical_accuracy)"
        )
        return y_pred.argmax(-1) == y_true.argmax(-1)


class SparseCategoricalAccuracy(MeanOf):
    """How often the largest score of y_pred (..., classes) stands at the integer label y_true (...,)."""

    def values(self, y_true: Array, y_pred: Array) -> Array:
        return y_pred.argmax(-1) == match_labels(self.name, y_true, y_pred)


class Accuracy(MeanOf):
    """What the name "accuracy" means, told by the shapes as in Keras.

    One score per sample: binary. A class axis in y_pred alone: sparse. In both: categorical. (Multi-label answers have the
    shapes of one-hot ones: ask for binary_accuracy.)
    """

    def __init__(self, name: str | None = None, threshold: float = 0.5) -> None:
        self.threshold = threshold
        super().__init__(name)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        shape = y_pred.shape
        if len(shape) < 2 or shape[-1] == 1:
            return BinaryAccuracy.values(self, y_true, y_pred)  # type: ignore[arg-type]
        if y_true.shape == shape:
            return y_pred.argmax(-1) == y_true.argmax(-1)
        return SparseCategoricalAccuracy.values(self, y_true, y_pred)  # type: ignore[arg-type]


class SparseTopKCategoricalAccuracy(MeanOf):
    """How often the score of the integer label is among the k largest; ties count as among them, NaN does not."""

    def __init__(self, k: int = 5, name: str | None = None) -> None:
        self.k = k
        super().__init__(name)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        y_true = match_labels(self.name, y_true, y_pred)
        classes = y_pred.shape[-1]
        if y_true.size and not 0 <= int(y_true.min()) <= int(y_true.max()) < classes:
            raise ValueError(
                f"{self.name}: labels from {y_true.min()} to {y_true.max()} do not fit {classes} classes"
            )
        own = backend(y_pred).take_along_axis(y_pred, y_true.astype(np.int64)[..., None], -1)
        return (~(y_pred <= own)).sum(-1) < self.k


class TopKCategoricalAccuracy(SparseTopKCategoricalAccuracy):
    """How often the score at the 1 of a one-hot y_true is among the k largest; ties count as among them, NaN does not."""

    def values(self, y_true: Array, y_pred: Array) -> Array:
        validate_targets(
            self.name,
            y_true,
            y_pred,
            alternative=" (integer labels: sparse_top_k_categorical_accuracy)",
        )
        return super().values(y_true.argmax(-1), y_pred)
