"""The confusion matrix, and the scores computed from it: precision, recall, F1."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, backend, to_cpu
from ..utils.registry import check_choice
from .base import Metric, check_range, flat_weights, match_labels, match_targets, real_steps

NORMALIZATIONS = {"true": 1, "pred": 0}  # the axis of the matrix that is summed to 1


def safe_divide(a: Any, b: Any) -> Any:
    """a / b, and 0 where b is 0.

    Args:
        a: Numerators.
        b: Denominators.

    Example:
        >>> safe_divide(np.array([1.0, 1.0]), np.array([2.0, 0.0])).tolist()
        [0.5, 0.0]
    """
    return np.where(b == 0, 0.0, a / np.where(b == 0, 1, b))


class ConfusionMatrix(Metric):
    """A matrix whose element [i, j] is how often class i is predicted as class j.

    y_pred holds scores (..., classes), the largest of which is the prediction; or integer labels;
    or one score per sample, which predicts class 1 above the threshold. y_true holds integer labels
    or one-hot rows.

    Args:
        num_classes: Number of classes; None to find it from the data.
        threshold: Scores above it predict class 1, where there is one score per sample.
        normalize: "true" divides by the sums of rows, "pred" by those of columns; None counts.
        name: Name in logs.

    Raises:
        ValueError: If a label is outside of the classes (in update_state).

    Example:
        >>> print(ConfusionMatrix()([0, 1, 1], np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])))
        [[1. 0.]
         [1. 1.]]
    """

    def __init__(
        self,
        num_classes: int | None = None,
        threshold: float = 0.5,
        normalize: str | None = None,
        name: str | None = None,
    ) -> None:
        if normalize is not None:
            check_choice(normalize, NORMALIZATIONS, "normalize of ConfusionMatrix")
        self.num_classes = num_classes
        self.threshold = threshold
        self.normalize = normalize
        super().__init__(name)

    def reset_state(self) -> None:
        """Forget all batches."""
        self.matrix: Any = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Labels or one-hot rows.
            y_pred: Scores or labels.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = real_steps(y_true, y_pred, sample_weight)
        labels, predicted, classes = self._labels_and_predictions(y_true, y_pred)
        weights = flat_weights(self.name, sample_weight, labels)
        n = classes or self._largest_class(labels, predicted) + 1
        if self.matrix is not None and not self.num_classes:
            n = max(n, len(self.matrix))
        check_range(self.name, "labels", labels, n)
        check_range(self.name, "predictions", predicted, n)
        pairs = (labels * n + predicted).ravel()
        counts = backend(pairs).bincount(pairs, weights, n * n).reshape(n, n).astype(np.float64)
        if self.matrix is not None:  # labels alone may show a higher class only now
            size = len(self.matrix)
            counts[:size, :size] += self.matrix
        self.matrix = counts

    def _labels_and_predictions(
        self, y_true: Array, y_pred: Array
    ) -> tuple[Array, Array, int | None]:
        """Integer labels and predictions of one shape, and the number of classes, if known."""
        classes = self.num_classes
        if y_pred.dtype.kind != "f":  # labels
            labels, predicted = match_targets(self.name, y_true, y_pred), y_pred
        elif y_pred.ndim < 2 or y_pred.shape[-1] == 1:  # one score per sample
            labels, predicted = match_targets(self.name, y_true, y_pred), y_pred > self.threshold
            classes = classes or 2
        else:  # one score per class
            is_one_hot = y_true.shape == y_pred.shape
            labels = y_true.argmax(-1) if is_one_hot else match_labels(self.name, y_true, y_pred)
            predicted = y_pred.argmax(-1)
            classes = classes or y_pred.shape[-1]
        integers = labels.astype(np.int64)
        if labels.dtype.kind == "f" and bool((integers != labels).any()):
            raise ValueError(
                f"{self.name}: y_true must hold whole labels, not fractions "
                "(are y_true and y_pred exchanged?)"
            )
        return integers, predicted.astype(np.int64), classes

    @staticmethod
    def _largest_class(labels: Array, predicted: Array) -> int:
        return max(int(labels.max()), int(predicted.max()), 0) if labels.size else 0

    def counts(self) -> np.ndarray:
        """The matrix of counts, on the host."""
        if self.matrix is None:
            return np.zeros((self.num_classes or 0,) * 2)
        return to_cpu(self.matrix)

    def result(self) -> Any:
        """The matrix so far."""
        counts = self.counts()
        if self.normalize is None:
            return counts
        return safe_divide(counts, counts.sum(NORMALIZATIONS[self.normalize], keepdims=True))


# ---- scores --------------------------------------------------------------------------------------

AVERAGES = ("auto", "binary", "micro", "macro", "weighted")


class _ClassScore(ConfusionMatrix):
    """A score per class from its true positives, predictions and occurrences."""

    def __init__(
        self,
        average: str | None = "auto",
        threshold: float = 0.5,
        num_classes: int | None = None,
        name: str | None = None,
    ) -> None:
        if average is not None:
            check_choice(average, AVERAGES, f"average of {type(self).__name__}")
        self.average = average
        super().__init__(num_classes, threshold, name=name)

    def score(self, true_positives: Any, predicted: Any, actual: Any) -> Any:
        """The score from counts, per class or summed over classes."""
        raise NotImplementedError(f"{type(self).__name__} does not define score")

    def result(self) -> Any:
        """The score so far."""
        counts = self.counts()
        true_positives, predicted, actual = counts.diagonal(), counts.sum(0), counts.sum(1)
        average = self.average
        if average == "auto":
            average = "binary" if len(counts) <= 2 else "macro"
        if average == "micro":
            return float(self.score(true_positives.sum(), predicted.sum(), actual.sum()))
        scores = self.score(true_positives, predicted, actual)
        if average is None:
            return scores
        if average == "binary":
            return self._score_of_class_1(scores)
        # a class that neither occurs nor is predicted has no score to average
        weights = actual if average == "weighted" else (predicted + actual > 0).astype(np.float64)
        return float((scores * weights).sum() / weights.sum()) if weights.any() else 0.0

    def _score_of_class_1(self, scores: np.ndarray) -> float:
        if len(scores) > 2:
            raise ValueError(
                f"{self.name}: average='binary' with {len(scores)} classes: "
                "use 'macro', 'micro' or 'weighted'"
            )
        return float(scores[1]) if len(scores) == 2 else 0.0


class Precision(_ClassScore):
    """true positives / predicted: the fraction of the predictions of a class that are right.

    Inputs are those of ConfusionMatrix. (Keras's class of this name thresholds every column of
    one-hot rows instead.)

    Args:
        average: "binary" (class 1 of two), "micro" (all decisions together), "macro" (mean over the
            classes), "weighted" (mean by occurrences), None (an array, one score per class) or
            "auto" (binary for two classes, else macro).
        threshold: Scores above it predict class 1, where there is one score per sample.
        num_classes: Number of classes; None to find it from the data.
        name: Name in logs.

    Example:
        >>> Precision()([1, 1, 0, 0], np.array([0.9, 0.2, 0.8, 0.3]))
        0.5
    """

    def score(self, true_positives: Any, predicted: Any, actual: Any) -> Any:
        """true positives / predicted."""
        return safe_divide(true_positives, predicted)


class Recall(_ClassScore):
    """true positives / actual: the fraction of the samples of a class that are predicted as such.

    Inputs are those of ConfusionMatrix. (Keras's class of this name thresholds every column of
    one-hot rows instead.)

    Args:
        average: "binary", "micro", "macro", "weighted", None or "auto": see Precision.
        threshold: Scores above it predict class 1, where there is one score per sample.
        num_classes: Number of classes; None to find it from the data.
        name: Name in logs.

    Example:
        >>> Recall()([1, 1, 0, 0], np.array([0.9, 0.2, 0.1, 0.3]))
        0.5
    """

    def score(self, true_positives: Any, predicted: Any, actual: Any) -> Any:
        """true positives / actual."""
        return safe_divide(true_positives, actual)


class F1Score(_ClassScore):
    """2 true positives / (predicted + actual): the harmonic mean of precision and recall.

    Inputs are those of ConfusionMatrix.

    Args:
        average: "binary", "micro", "macro", "weighted", None or "auto": see Precision.
        threshold: Scores above it predict class 1, where there is one score per sample.
        num_classes: Number of classes; None to find it from the data.
        name: Name in logs.

    Example:
        >>> F1Score()([1, 1, 0, 0], np.array([0.9, 0.2, 0.8, 0.3]))
        0.5
    """

    def score(self, true_positives: Any, predicted: Any, actual: Any) -> Any:
        """2 true positives / (predicted + actual)."""
        return safe_divide(2 * true_positives, predicted + actual)
