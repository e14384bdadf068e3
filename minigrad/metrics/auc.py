"""The area under the ROC or the precision-recall curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, backend, to_cpu
from ..losses import EPSILON
from ..utils.registry import check_choice
from .base import Metric, as_float64, flat_weights
from .classification import as_indicators, check_thresholds, safe_divide


class AUC(Metric):
    """The area under the ROC curve: how often a positive sample scores above a negative one.

    Ties count half. By default it is exact, from the ranks of all scores, so all scores are kept
    (Keras's default approximates it with num_thresholds=200). All elements count as one list. NaN
    while there is only one class, or if a score is NaN.

    Args:
        num_thresholds: Number of thresholds, evenly spaced in 0..1, to which scores are rounded, as
            Keras does; None for the exact area.
        curve: "ROC", or "PR" for precision over recall, interpolated between two thresholds as
            Davis & Goadrich 2006 do.
        summation_method: Only "interpolation".
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        thresholds: Thresholds to use instead of evenly spaced ones.
        multi_label: Whether each column is a label of its own, whose areas are averaged.
        num_labels: The number of columns, where multi_label is set; None for any.
        label_weights: A weight per column, of its area or, without multi_label, of its elements.
        from_logits: Whether y_pred holds logits.

    Raises:
        ValueError: If a setting is out of its domain, or y_true holds anything but 0 and 1 (in
            result).

    Example:
        >>> AUC()([0, 0, 1, 1], np.array([0.1, 0.4, 0.35, 0.8]))
        0.75
    """

    sums = ("batches",)
    reads_probabilities = True

    def __init__(
        self,
        num_thresholds: int | None = None,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        self.curve = str(curve).upper()
        check_choice(self.curve, CURVES, "curve of AUC")
        self.thresholds: np.ndarray | None = None
        if thresholds is not None:
            inner = check_thresholds("AUC", sorted(thresholds))
            self.thresholds = np.array([-EPSILON, *inner, 1 + EPSILON])
        elif num_thresholds is not None:
            if isinstance(num_thresholds, str) or num_thresholds < 2:
                raise ValueError(f"num_thresholds of AUC must be 2 or more, got {num_thresholds!r}")
            self.thresholds = np.linspace(0, 1, num_thresholds)
            self.thresholds[[0, -1]] = -EPSILON, 1 + EPSILON
        if num_labels is not None and not multi_label:
            raise ValueError("num_labels of AUC counts labels: it needs multi_label=True")
        check_choice(summation_method, ["interpolation"], "summation_method of AUC")
        self.summation_method = summation_method
        self.label_weights = None if label_weights is None else np.array(label_weights, float)
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.activation = "sigmoid" if from_logits else ""
        super().__init__(name or "auc", dtype)

    def reset_state(self) -> None:
        """Forget all batches."""
        super().reset_state()
        self.batches: list[tuple[Array, Array, Array]] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Keep one batch.

        Args:
            y_true: Labels 0 and 1.
            y_pred: Scores.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = self.as_inputs(y_true, y_pred, sample_weight)
        y_true = as_indicators(self.name, y_true, y_pred)
        weights = flat_weights(self.name, sample_weight, y_pred)
        if weights is None:
            weights = np.ones(y_pred.size)
        columns = y_pred.shape[-1] if self.multi_label else 1
        if self.label_weights is not None:
            self._check_label_weights(y_pred)
            if not self.multi_label:
                row = backend(y_pred).asarray(self.label_weights)
                weights = (weights.reshape(y_pred.shape) * row).reshape(-1)
        if self.num_labels not in (None, columns):
            raise ValueError(
                f"{self.name}: num_labels is {self.num_labels}, but y_pred of shape {y_pred.shape} "
                f"has {columns} columns"
            )
        # flatten copies, which is needed: batches are often views
        batch = (y_true.flatten(), as_float64(y_pred.flatten()), weights)
        self.batches.append(tuple(a.reshape(-1, columns) for a in batch))  # type: ignore[arg-type]

    def result(self) -> float:
        """The area so far."""
        if not self.batches:
            return float("nan")
        y, scores, weights = map(_join, zip(*self.batches))
        if not np.isin(y, (0, 1)).all():
            raise ValueError(f"{self.name}: y_true must hold 0 and 1, not {np.unique(y)[:5]}")
        if np.isnan(scores).any():
            return float("nan")
        if self.thresholds is not None:  # the number of thresholds below each score
            scores = np.searchsorted(self.thresholds, scores.clip(0, 1)).astype(np.float64)
        areas = [self._area(*columns) for columns in zip(y.T, scores.T, weights.T)]
        if self.multi_label and self.label_weights is not None:
            return float(np.average(areas, weights=self.label_weights))
        return float(np.mean(areas))

    def _check_label_weights(self, y_pred: Array) -> None:
        """Refuse weights of another number of columns."""
        if self.label_weights.shape != y_pred.shape[-1:]:  # type: ignore[union-attr]
            raise ValueError(
                f"{self.name}: {len(self.label_weights)} label_weights "  # type: ignore[arg-type]
                f"for y_pred of shape {y_pred.shape}: one per column is expected"
            )

    def _area(self, y: np.ndarray, scores: np.ndarray, weights: np.ndarray) -> Any:
        """The area of one column of scores."""
        true_positives, false_positives = _positives(y, scores, weights)
        if not true_positives[-1] or not false_positives[-1]:
            return float("nan")
        return CURVES[self.curve](true_positives, false_positives)


def _join(arrays: tuple[Array, ...]) -> np.ndarray:
    """One array of those of all batches, on the host."""
    return np.concatenate([to_cpu(array) for array in arrays])


def _positives(y: np.ndarray, scores: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of true and of false positives at each threshold, from none to all predicted."""
    order = np.argsort(-scores, kind="stable")
    is_new_score = np.diff(scores[order]) != 0
    is_last_of_tie = np.append(is_new_score, True)  # tied samples enter together
    is_positive = y[order] == 1
    weights = w[order]
    true_positives = np.cumsum(weights * is_positive)
    false_positives = np.cumsum(weights * ~is_positive)
    return (
        np.append(0.0, true_positives[is_last_of_tie]),
        np.append(0.0, false_positives[is_last_of_tie]),
    )


def _area_under_pr(true_positives: np.ndarray, false_positives: np.ndarray) -> Any:
    """The area under precision, where true and false positives grow evenly between thresholds."""
    predicted = true_positives + false_positives
    steps = np.diff(true_positives)
    slope = safe_divide(steps, np.diff(predicted))
    intercept = true_positives[:-1] - slope * predicted[:-1]
    ratio = np.where(predicted[:-1] > 0, safe_divide(predicted[1:], predicted[:-1]), 1.0)
    areas = slope * (steps + intercept * np.log(np.where(ratio > 0, ratio, 1.0)))
    return areas.sum() / true_positives[-1]


def _area_under_roc(true_positives: np.ndarray, false_positives: np.ndarray) -> Any:
    """The area by trapezoids."""
    heights = true_positives[1:] + true_positives[:-1]
    widths = np.diff(false_positives)
    area = (widths * heights).sum() / 2
    return area / true_positives[-1] / false_positives[-1]


CURVES = {"ROC": _area_under_roc, "PR": _area_under_pr}
