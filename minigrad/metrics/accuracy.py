"""Accuracy in its forms: the fraction of samples whose class is predicted."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, backend
from ..losses import validate_targets
from ..utils.registry import check_count
from .base import ElementwiseMetric, as_array, as_arrays, check_range, match_labels, match_targets


def _binary_matches(name: str, y_true: Array, y_pred: Array, threshold: float) -> Array:
    """(y_pred > threshold) == y_true."""
    predicted = y_pred > threshold
    return predicted == match_targets(name, y_true, y_pred)


def _sparse_matches(name: str, y_true: Array, y_pred: Array) -> Array:
    """argmax(y_pred) == y_true."""
    predicted = y_pred.argmax(-1)
    return predicted == match_labels(name, y_true, y_pred)


class BinaryAccuracy(ElementwiseMetric):
    """How often (y_pred > threshold) == y_true, over all elements.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        threshold: Scores above it count as class 1.

    Example:
        >>> BinaryAccuracy()([1, 1, 0, 0], np.array([0.9, 0.2, 0.1, 0.3]))
        0.75
    """

    reads_probabilities = True

    def __init__(self, name: str | None = None, dtype: Any = None, threshold: float = 0.5) -> None:
        self.threshold = threshold
        super().__init__(name, dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """True where the prediction is right."""
        return _binary_matches(self.name, y_true, y_pred, self.threshold)


class CategoricalAccuracy(ElementwiseMetric):
    """How often the largest score is at the 1 of a one-hot y_true.

    Args:
        name: Name in logs.

    Shape:
        y_true and y_pred: (..., classes)

    Example:
        >>> CategoricalAccuracy()([[0, 1], [1, 0]], np.array([[0.2, 0.8], [0.4, 0.6]]))
        0.5
    """

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """True where the prediction is right."""
        hint = " (integer labels: sparse_categorical_accuracy)"
        validate_targets(self.name, y_true, y_pred, alternative=hint)
        labels = y_true.argmax(-1)
        return labels == y_pred.argmax(-1)


class SparseCategoricalAccuracy(ElementwiseMetric):
    """How often the largest score is at the integer label.

    Args:
        name: Name in logs.

    Shape:
        y_true: (...), or (..., 1); y_pred: (..., classes)

    Example:
        >>> SparseCategoricalAccuracy()([1, 0], np.array([[0.2, 0.8], [0.4, 0.6]]))
        0.5
    """

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """True where the prediction is right."""
        return _sparse_matches(self.name, y_true, y_pred)


class Accuracy(ElementwiseMetric):
    """How often y_pred equals y_true: for predictions that are classes, as Keras's class counts.

    For scores and probabilities compile the name "accuracy", or use the classes beside this one.

    Args:
        name: Name in logs.

    Example:
        >>> Accuracy()([1, 2, 3, 4], np.array([0, 2, 3, 4]))
        0.75
    """

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """True where they are equal."""
        return match_targets(self.name, y_true, y_pred) == y_pred


class AccuracyByShape(ElementwiseMetric):
    """The accuracy that the shapes call for: what Keras's name "accuracy" stands for.

    One score per sample: binary. A class axis in y_pred alone: sparse. In both: categorical.
    Multi-label targets have the shapes of one-hot ones: use BinaryAccuracy for them.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        threshold: Scores above it count as class 1, where there is one score per sample.

    Example:
        >>> AccuracyByShape("accuracy")([1, 0], np.array([[0.2, 0.8], [0.4, 0.6]]))
        0.5
    """

    reads_probabilities = True

    def __init__(
        self, name: str | None = "accuracy", dtype: Any = None, threshold: float = 0.5
    ) -> None:
        self.threshold = threshold
        super().__init__(name, dtype)

    def all_steps(self, y_true: Any, y_pred: Any) -> tuple[Array, Array]:
        """Targets and predictions as arrays; only a single score is compared to a threshold.

        Args:
            y_true: Targets.
            y_pred: Predictions.
        """
        shape = as_array(y_pred).shape
        if len(shape) < 2 or shape[-1] == 1:
            return super().all_steps(y_true, y_pred)
        return as_arrays(y_true, y_pred)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """True where the prediction is right."""
        shape = y_pred.shape
        if len(shape) < 2 or shape[-1] == 1:
            return _binary_matches(self.name, y_true, y_pred, self.threshold)
        if y_true.shape == shape:
            labels = y_true.argmax(-1)
            return labels == y_pred.argmax(-1)
        return _sparse_matches(self.name, y_true, y_pred)


class SparseTopKCategoricalAccuracy(ElementwiseMetric):
    """How often the score of the integer label is among the k largest.

    A tie with the k-th largest counts as among them; a NaN score never does.

    Args:
        k: Number of largest scores.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        from_sorted_ids: Whether y_pred holds class numbers, the likeliest first, not scores.

    Shape:
        y_true: (...), or (..., 1); y_pred: (..., classes)

    Raises:
        ValueError: If k is less than 1, or a label is outside of 0..classes - 1.

    Example:
        >>> SparseTopKCategoricalAccuracy(2)([1, 0], np.array([[0.2, 0.3, 0.5], [0.1, 0.2, 0.7]]))
        0.5
    """

    def __init__(
        self, k: int = 5, name: str | None = None, dtype: Any = None, from_sorted_ids: bool = False
    ) -> None:
        self.k = check_count(f"k of {type(self).__name__}", k)
        self.from_sorted_ids = from_sorted_ids
        super().__init__(name, dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """True where the label's score is among the k largest."""
        labels = match_labels(self.name, y_true, y_pred)
        if self.from_sorted_ids:
            return (y_pred[..., : self.k] == labels[..., None]).any(-1)
        check_range(self.name, "labels", labels, y_pred.shape[-1])
        indices = labels.astype(np.int64)[..., None]
        own = backend(y_pred).take_along_axis(y_pred, indices, -1)
        not_smaller = ~(y_pred <= own)  # counts NaN, unlike y_pred > own
        return not_smaller.sum(-1) < self.k


class TopKCategoricalAccuracy(SparseTopKCategoricalAccuracy):
    """How often the score at the 1 of a one-hot y_true is among the k largest.

    A tie with the k-th largest counts as among them; a NaN score never does.

    Args:
        k: Number of largest scores.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Shape:
        y_true and y_pred: (..., classes)

    Example:
        >>> TopKCategoricalAccuracy(2)([[0, 1, 0]], np.array([[0.2, 0.3, 0.5]]))
        1.0
    """

    def __init__(self, k: int = 5, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(k, name, dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """True where the class's score is among the k largest."""
        hint = " (integer labels: sparse_top_k_categorical_accuracy)"
        validate_targets(self.name, y_true, y_pred, alternative=hint)
        return super().values(y_true.argmax(-1), y_pred)
