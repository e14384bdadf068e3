"""Counts of right and wrong decisions, and the scores computed from them: precision, recall, F1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import Array, backend, to_cpu
from ..losses import check_setting
from ..utils.registry import check_choice, check_count
from .base import (
    Metric,
    as_float64,
    check_range,
    check_whole,
    flat_weights,
    match_labels,
    match_targets,
)

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
        dtype: Accepted for Keras's sake: sums are float64.

    Raises:
        ValueError: If num_classes is less than 1, or a label is outside of the classes (in
            update_state).

    Example:
        >>> print(ConfusionMatrix()([0, 1, 1], np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])))
        [[1. 0.]
         [1. 1.]]
    """

    sums = ("matrix",)
    reads_probabilities = True

    def __init__(
        self,
        num_classes: int | None = None,
        threshold: float = 0.5,
        normalize: str | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if normalize is not None:
            check_choice(normalize, NORMALIZATIONS, "normalize of ConfusionMatrix")
        if num_classes is not None:
            num_classes = check_count(f"num_classes of {type(self).__name__}", num_classes)
        self.num_classes = num_classes
        self.threshold = threshold
        self.normalize = normalize
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        """Forget all batches."""
        super().reset_state()
        self.matrix: Any = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Labels or one-hot rows.
            y_pred: Scores or labels.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = self.as_inputs(y_true, y_pred, sample_weight)
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

    def merge_states(self, states: Sequence[dict[str, Any]]) -> None:
        """Take the sum of the matrices, which may have seen different numbers of classes.

        Args:
            states: What `get_state` of each returned.
        """
        matrices = [state["matrix"] for state in states if state["matrix"] is not None]
        size = max((len(matrix) for matrix in matrices), default=0)
        padded = [np.pad(m, (0, size - len(m))) for m in map(to_cpu, matrices)]
        self.matrix = sum(padded) if padded else None

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
        check_whole(self.name, labels)
        return labels.astype(np.int64), predicted.astype(np.int64), classes

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


# ---- decisions by a threshold --------------------------------------------------------------------


def as_indicators(name: str, y_true: Array, y_pred: Array) -> Array:
    """y_true in the shape of y_pred: 1 where a class is present; class numbers as one-hot rows.

    Args:
        name: The metric, for the error.
        y_true: Labels of the shape of y_pred, or class numbers (...) beside scores (..., classes).
        y_pred: Scores.

    Raises:
        ValueError: If the shapes do not fit, or a value is outside of 0..1.
    """
    y_true = match_targets_or_labels(name, y_true, y_pred)
    if y_true.size and (y_true.min() < 0 or y_true.max() > 1):
        raise ValueError(
            f"{name}: y_true must hold 0 and 1, but runs from {y_true.min()} to {y_true.max()}"
        )
    return y_true


def match_targets_or_labels(name: str, y_true: Array, y_pred: Array) -> Array:
    """y_true in the shape of y_pred, class numbers as one-hot rows.

    Args:
        name: The metric, for the error.
        y_true: Targets (..., classes), or class numbers (...) or (..., 1).
        y_pred: Scores (..., classes).

    Raises:
        ValueError: If the shapes do not fit, or class numbers are outside of the classes.
    """
    leading = y_pred.shape[:-1]
    is_sparse = (
        y_pred.ndim > 1 and y_pred.shape[-1] > 1 and y_true.shape in (leading, (*leading, 1))
    )
    if not is_sparse:
        return match_targets(name, y_true, y_pred)
    classes = y_pred.shape[-1]
    labels = match_labels(name, y_true, y_pred)
    check_range(name, "labels", labels, classes)
    return (labels[..., None] == backend(labels).arange(classes)).astype(np.int64)


def check_thresholds(name: str, thresholds: Any) -> list[float]:
    """Thresholds as a list of numbers in 0..1.

    Args:
        name: The metric, for the error.
        thresholds: A number or several.

    Raises:
        ValueError: If one is outside of 0..1.

    Example:
        >>> check_thresholds("Precision", 0.5)
        [0.5]
    """
    listed = thresholds if hasattr(thresholds, "__len__") else [thresholds]
    return [check_setting(f"a threshold of {name}", value, high=1.0) for value in listed]


class ThresholdCounts(Metric):
    """Counts of right and wrong decisions at each threshold, over all elements.

    An element is decided positive if its score is above the threshold, and, with `top_k`, among the
    k largest of its row.

    Args:
        thresholds: A number in 0..1, or several, for an array of results; None for 0.5, or for none
            beside top_k.
        top_k: Number of largest scores of a row that may be positive.
        class_id: The one class that counts; None for all.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Raises:
        ValueError: If a threshold is outside of 0..1, or top_k is less than 1.
    """

    sums = ("true_positives", "false_positives", "true_negatives", "false_negatives")
    reads_probabilities = True

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        kind = type(self).__name__
        default = [0.5] if top_k is None else [-np.inf]
        self.thresholds = default if thresholds is None else check_thresholds(kind, thresholds)
        self.top_k = None if top_k is None else check_count(f"top_k of {kind}", top_k)
        self.class_id = class_id
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        """Forget all batches."""
        super().reset_state()
        zeros = np.zeros(len(self.thresholds))
        self.true_positives: Any = zeros
        self.false_positives: Any = zeros
        self.true_negatives: Any = zeros
        self.false_negatives: Any = zeros

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Labels 0 and 1 of the shape of y_pred; or class numbers, one per row.
            y_pred: Scores.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = self.as_inputs(y_true, y_pred, sample_weight)
        y_true = as_indicators(self.name, y_true, y_pred)
        weights = flat_weights(self.name, sample_weight, y_pred)
        if y_pred.dtype.kind != "f":
            y_pred = as_float64(y_pred)
        if self.top_k is not None:
            y_pred = _keep_largest(y_pred, self.top_k)
        if self.class_id is not None:
            y_true, y_pred, weights = self._of_class(y_true, y_pred, weights)
        xp = backend(y_pred)
        thresholds = xp.asarray(self.thresholds, y_pred.dtype)[:, None]
        decided = y_pred.reshape(1, -1) > thresholds  # (thresholds, elements)
        is_true = (y_true != 0).reshape(-1)
        w = xp.ones(is_true.size) if weights is None else weights
        counts = [(d * (w * t)).sum(1) for d in (decided, ~decided) for t in (is_true, ~is_true)]
        self.true_positives = _on(xp, self.true_positives) + counts[0]
        self.false_positives = _on(xp, self.false_positives) + counts[1]
        self.false_negatives = _on(xp, self.false_negatives) + counts[2]
        self.true_negatives = _on(xp, self.true_negatives) + counts[3]

    def _of_class(self, y_true: Array, y_pred: Array, weights: Any) -> tuple[Array, Array, Any]:
        """The column of the one class."""
        classes = y_pred.shape[-1] if y_pred.ndim > 1 else 0
        if not -classes <= self.class_id < classes:  # type: ignore[operator]
            raise ValueError(
                f"{self.name}: class_id={self.class_id} is not among the {classes} classes of "
                f"y_pred, whose shape is {y_pred.shape}"
            )
        if weights is not None:
            weights = weights.reshape(y_pred.shape)[..., self.class_id].reshape(-1)
        return y_true[..., self.class_id], y_pred[..., self.class_id], weights

    def score(self) -> Any:
        """The score at each threshold, from the counts."""
        raise NotImplementedError(f"{type(self).__name__} does not define score")

    def result(self) -> Any:
        """The score so far: a number, or an array of one per threshold."""
        scores = to_cpu(self.score())
        return float(scores[0]) if len(self.thresholds) == 1 else scores


def _on(xp: Any, counts: Array) -> Array:
    """Counts on the device of the batch: they start on the host."""
    return counts if backend(counts) is xp else xp.asarray(counts)


def _keep_largest(scores: Array, k: int) -> Array:
    """The scores with all but the k largest of each row at -infinity; the first of equals stays."""
    xp = backend(scores)
    order = xp.argsort(-scores, axis=-1, kind="stable")
    ranks = xp.argsort(order, axis=-1, kind="stable")
    return xp.where(ranks < k, scores, -xp.inf)


class Precision(ThresholdCounts):
    """true positives / (true + false positives): the fraction of positive decisions that are right.

    Args:
        thresholds: A number in 0..1, or several; None for 0.5.
        top_k: Number of largest scores of a row that may be positive.
        class_id: The one class that counts; None for all.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Raises:
        ValueError: If a threshold is outside of 0..1, or top_k is less than 1.

    Example:
        >>> Precision()([1, 1, 0, 0], np.array([0.9, 0.2, 0.8, 0.3]))
        0.5
    """

    def score(self) -> Any:
        """true positives / (true + false positives)."""
        positives = to_cpu(self.true_positives)
        return safe_divide(positives, positives + to_cpu(self.false_positives))


class Recall(ThresholdCounts):
    """true positives / (true positives + false negatives): the fraction of positives found.

    Args:
        thresholds: A number in 0..1, or several; None for 0.5.
        top_k: Number of largest scores of a row that may be positive.
        class_id: The one class that counts; None for all.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Raises:
        ValueError: If a threshold is outside of 0..1, or top_k is less than 1.

    Example:
        >>> Recall()([1, 1, 0, 0], np.array([0.9, 0.2, 0.1, 0.3]))
        0.5
    """

    def score(self) -> Any:
        """true positives / (true positives + false negatives)."""
        positives = to_cpu(self.true_positives)
        return safe_divide(positives, positives + to_cpu(self.false_negatives))


class _Count(ThresholdCounts):
    """One of the four counts."""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(thresholds, name=name, dtype=dtype)


class TruePositives(_Count):
    """The number of positive decisions that are right.

    Args:
        thresholds: A number in 0..1, or several; None for 0.5.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> TruePositives()([1, 1, 0, 0], np.array([0.9, 0.2, 0.8, 0.3]))
        1.0
    """

    def score(self) -> Any:
        """The count at each threshold."""
        return self.true_positives


class FalsePositives(_Count):
    """The number of positive decisions that are wrong.

    Args:
        thresholds: A number in 0..1, or several; None for 0.5.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> FalsePositives()([1, 1, 0, 0], np.array([0.9, 0.2, 0.8, 0.3]))
        1.0
    """

    def score(self) -> Any:
        """The count at each threshold."""
        return self.false_positives


class TrueNegatives(_Count):
    """The number of negative decisions that are right.

    Args:
        thresholds: A number in 0..1, or several; None for 0.5.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> TrueNegatives()([1, 1, 0, 0], np.array([0.9, 0.2, 0.1, 0.3]))
        2.0
    """

    def score(self) -> Any:
        """The count at each threshold."""
        return self.true_negatives


class FalseNegatives(_Count):
    """The number of negative decisions that are wrong.

    Args:
        thresholds: A number in 0..1, or several; None for 0.5.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> FalseNegatives()([1, 1, 0, 0], np.array([0.9, 0.2, 0.8, 0.3]))
        1.0
    """

    def score(self) -> Any:
        """The count at each threshold."""
        return self.false_negatives


# ---- scores of classes ---------------------------------------------------------------------------

AVERAGES = ("micro", "macro", "weighted")


class FBetaScore(Metric):
    """(1 + beta**2) * precision * recall / (beta**2 * precision + recall), per class.

    Args:
        average: None for an array, one score per class; "micro" for all decisions together, "macro"
            for the mean over the classes, "weighted" for the mean by occurrences.
        beta: Weight of recall against precision.
        threshold: Scores above it decide for a class; None for the largest of each row.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Shape:
        y_true and y_pred: (N, classes); or y_true (N,), class numbers

    Raises:
        ValueError: If a setting is out of its domain, or shapes do not fit.

    Example:
        >>> y, p = np.eye(2), np.array([[0.9, 0.1], [0.7, 0.3]])
        >>> FBetaScore(beta=2.0)(y, p).round(2)
        array([0.83, 0.  ])
    """

    sums = ("true_positives", "predicted", "actual")
    reads_probabilities = True

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        kind = type(self).__name__
        if average is not None:
            check_choice(average, AVERAGES, f"average of {kind}")
        if not check_setting(f"beta of {kind}", beta):
            raise ValueError(f"beta of {kind} must be above 0")
        if threshold is not None:
            threshold = check_setting(f"threshold of {kind}", threshold, high=1.0)
        self.average = average
        self.beta = float(beta)
        self.threshold = threshold
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        """Forget all batches."""
        super().reset_state()
        self.true_positives: Any = 0.0  # this and the following per class
        self.predicted: Any = 0.0
        self.actual: Any = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: One-hot or multi-hot rows, or class numbers.
            y_pred: Scores.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = self.as_inputs(y_true, y_pred, sample_weight)
        y_true = as_indicators(self.name, y_true, y_pred)
        weights = flat_weights(self.name, sample_weight, y_pred)
        columns = y_pred.shape[-1] if y_pred.ndim > 1 else 1
        scores, truth = y_pred.reshape(-1, columns), as_float64(y_true).reshape(-1, columns)
        decided = as_float64(self._decide(scores))
        if weights is not None:
            w = weights.reshape(-1, columns)
            decided, truth, hits = decided * w, truth * w, decided * truth * w
        else:
            hits = decided * truth
        self.true_positives = self.true_positives + hits.sum(0)
        self.predicted = self.predicted + decided.sum(0)
        self.actual = self.actual + truth.sum(0)

    def _decide(self, scores: Array) -> Array:
        """True where a class is decided for; a row of zeros decides for none."""
        if self.threshold is not None:
            return scores > self.threshold
        is_largest = scores >= scores.max(-1, keepdims=True)
        return is_largest & (abs(scores) > 1e-9)

    def result(self) -> Any:
        """The score so far: a number, or an array of one per class without average."""
        counts = (self.true_positives, self.predicted, self.actual)
        hits, predicted, actual = (np.atleast_1d(to_cpu(count)) for count in counts)
        if self.average == "micro":
            hits, predicted, actual = hits.sum(), predicted.sum(), actual.sum()
        square = self.beta**2
        scores = safe_divide((1 + square) * hits, square * actual + predicted)
        if self.average == "weighted":
            return float(safe_divide((scores * actual).sum(), actual.sum()))
        return scores if self.average is None else float(scores.mean())


class F1Score(FBetaScore):
    """2 true positives / (predicted + actual): the harmonic mean of precision and recall.

    Args:
        average: None for an array, one score per class; "micro", "macro" or "weighted".
        threshold: Scores above it decide for a class; None for the largest of each row.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Shape:
        y_true and y_pred: (N, classes); or y_true (N,), class numbers

    Raises:
        ValueError: If a setting is out of its domain, or shapes do not fit.

    Example:
        >>> F1Score(threshold=0.5)([[1], [1], [0]], np.array([[0.9], [0.2], [0.8]]))
        array([0.5])
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)


class F1ByShape(F1Score):
    """The F1 score as one number: what the names "f1" and "f1_score" stand for.

    One score per sample: decided at 0.5. Otherwise the mean over the classes, the largest score of
    a row being the decision, unless each class is decided for itself (a binary loss).

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> F1ByShape()([1, 1, 0, 0], np.array([0.9, 0.2, 0.8, 0.3]))
        0.5
    """

    def __init__(self, name: str | None = "f1_score", dtype: Any = None) -> None:
        super().__init__("macro", None, name, dtype)

    def _decide(self, scores: Array) -> Array:
        """True where a class is decided for."""
        is_single = scores.shape[-1] == 1 or self.activation in ("sigmoid", "signs")
        return scores > 0.5 if is_single else super()._decide(scores)


# ---- overlap -------------------------------------------------------------------------------------


def check_axis(axis: int) -> None:
    """Refuse classes along another axis than the last one.

    Args:
        axis: The axis.

    Raises:
        ValueError: If it is another one.
    """
    if axis != -1:
        raise ValueError(f"classes are along the last axis, not {axis}: np.moveaxis(y, {axis}, -1)")


class IoU(ConfusionMatrix):
    """Intersection over union of chosen classes, the mean over those that occur.

    true positives / (true positives + false positives + false negatives), of each class.

    Args:
        num_classes: Number of classes.
        target_class_ids: The classes that count.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        ignore_class: A label whose elements do not count; None for none.
        sparse_y_true: Whether y_true holds class numbers, not one-hot rows.
        sparse_y_pred: Whether y_pred holds class numbers, not scores.
        axis: Only the last one, -1, holds classes.

    Raises:
        ValueError: If num_classes is less than 1, or a class is not among them.

    Example:
        >>> round(IoU(2, [0])([0, 0, 1, 1], np.array([0, 1, 0, 1])), 3)
        0.333
    """

    reads_probabilities = False

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        count = check_count(f"num_classes of {type(self).__name__}", num_classes)
        super().__init__(count, name=name, dtype=dtype)
        check_axis(axis)
        self.target_class_ids = list(target_class_ids)
        check_range(self.name, "target_class_ids", np.array(self.target_class_ids), num_classes)
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Class numbers, or one-hot rows.
            y_pred: Class numbers, or scores.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = self.as_inputs(y_true, y_pred, sample_weight)
        if not self.sparse_y_true and not self.sparse_y_pred:
            y_true = match_targets(self.name, y_true, y_pred)
        y_true = y_true if self.sparse_y_true else y_true.argmax(-1)
        y_pred = (y_pred if self.sparse_y_pred else y_pred.argmax(-1)).astype(np.int64)
        y_true = match_targets(self.name, y_true, y_pred)
        weights = flat_weights(self.name, sample_weight, y_pred)
        if weights is not None:
            weights = weights.reshape(y_pred.shape)
        if self.ignore_class is not None:
            counts = y_true != self.ignore_class
            weights = None if weights is None else weights[counts]
            y_true, y_pred = y_true[counts], y_pred[counts]
        super().update_state(y_true, y_pred, weights)

    def result(self) -> float:
        """The mean overlap so far."""
        counts = self.counts()
        hits = counts.diagonal()
        union = counts.sum(0) + counts.sum(1) - hits
        chosen = self.target_class_ids
        scores, occurs = safe_divide(hits, union)[chosen], union[chosen] > 0
        return float(scores[occurs].mean()) if occurs.any() else 0.0


class MeanIoU(IoU):
    """Intersection over union, the mean over the classes that occur.

    Args:
        num_classes: Number of classes.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        ignore_class: A label whose elements do not count; None for none.
        sparse_y_true: Whether y_true holds class numbers, not one-hot rows.
        sparse_y_pred: Whether y_pred holds class numbers, not scores.
        axis: Only the last one, -1, holds classes.

    Raises:
        ValueError: If num_classes is less than 1.

    Example:
        >>> round(MeanIoU(num_classes=2)([0, 0, 1, 1], np.array([0, 1, 0, 1])), 3)
        0.333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        check_count("num_classes of MeanIoU", num_classes)
        every = range(num_classes)
        super().__init__(
            num_classes, every, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis
        )


class OneHotIoU(IoU):
    """`IoU` of one-hot rows.

    Args:
        num_classes: Number of classes.
        target_class_ids: The classes that count.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        ignore_class: A label whose elements do not count; None for none.
        sparse_y_pred: Whether y_pred holds class numbers, not scores.
        axis: Only the last one, -1, holds classes.

    Raises:
        ValueError: If num_classes is less than 1, or a class is not among them.

    Example:
        >>> OneHotIoU(2, [1])(np.eye(2), np.array([[0.8, 0.2], [0.3, 0.7]]))
        1.0
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Any,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(
            num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis
        )


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` of one-hot rows.

    Args:
        num_classes: Number of classes.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        ignore_class: A label whose elements do not count; None for none.
        sparse_y_pred: Whether y_pred holds class numbers, not scores.
        axis: Only the last one, -1, holds classes.

    Raises:
        ValueError: If num_classes is less than 1.

    Example:
        >>> OneHotMeanIoU(2)(np.eye(2), np.array([[0.8, 0.2], [0.3, 0.7]]))
        1.0
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)


class BinaryIoU(IoU):
    """`IoU` of two classes, decided by a threshold.

    Args:
        target_class_ids: The classes that count, of 0 and 1.
        threshold: Scores from it on are class 1.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Raises:
        ValueError: If a class is not 0 or 1.

    Example:
        >>> BinaryIoU([1], threshold=0.5)([0, 1, 1], np.array([0.2, 0.4, 0.9]))
        0.5
    """

    def __init__(
        self,
        target_class_ids: Any = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Labels 0 and 1.
            y_pred: Scores.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = self.as_inputs(y_true, y_pred, sample_weight)
        super().update_state(y_true, y_pred >= self.threshold, sample_weight)
