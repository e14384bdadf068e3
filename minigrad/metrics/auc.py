"""The area under the ROC or the precision-recall curve."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, to_cpu
from ..utils.registry import check_choice
from .base import Metric, flat_weights, match_targets, real_steps
from .classification import safe_divide


class AUC(Metric):
    """The area under the ROC curve: how often a positive sample scores above a negative one.

    Ties count half. It is exact, from the ranks of all scores, so all scores are kept (Keras
    approximates with 200 thresholds). All elements count as one list. NaN while there is only one
    class, or if a score is NaN.

    Args:
        curve: "ROC", or "PR" for the average precision.
        name: Name in logs.

    Raises:
        ValueError: If y_true holds anything but 0 and 1 (in result).

    Example:
        >>> AUC()([0, 0, 1, 1], np.array([0.1, 0.4, 0.35, 0.8]))
        0.75
    """

    def __init__(self, curve: str = "ROC", name: str | None = None) -> None:
        check_choice(curve, ("ROC", "PR"), "curve of AUC")
        self.curve = curve
        super().__init__(name or "auc")

    def reset_state(self) -> None:
        """Forget all batches."""
        self.batches: list[tuple[Array, Array, Array]] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Keep one batch.

        Args:
            y_true: Labels 0 and 1.
            y_pred: Scores.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = real_steps(y_true, y_pred, sample_weight)
        y_true = match_targets(self.name, y_true, y_pred)
        weights = flat_weights(self.name, sample_weight, y_pred)
        if weights is None:
            weights = np.ones(y_pred.size)
        # flatten copies, which is needed: batches are often views
        self.batches.append((y_true.flatten(), y_pred.flatten(), weights))

    def result(self) -> float:
        """The area so far."""
        if not self.batches:
            return float("nan")
        y, scores, weights = map(_join, zip(*self.batches))
        if not np.isin(y, (0, 1)).all():
            raise ValueError(f"{self.name}: y_true must hold 0 and 1, not {np.unique(y)[:5]}")
        if np.isnan(scores).any():
            return float("nan")
        true_positives, false_positives = _positives(y, scores, weights)
        if not true_positives[-1] or not false_positives[-1]:
            return float("nan")
        area = _average_precision if self.curve == "PR" else _area_under_roc
        return float(area(true_positives, false_positives))


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


def _average_precision(true_positives: np.ndarray, false_positives: np.ndarray) -> Any:
    """The sum of precision times the step in recall."""
    predicted = true_positives[1:] + false_positives[1:]
    precision = safe_divide(true_positives[1:], predicted)
    steps = np.diff(true_positives)
    return (steps * precision).sum() / true_positives[-1]


def _area_under_roc(true_positives: np.ndarray, false_positives: np.ndarray) -> Any:
    """The area by trapezoids."""
    heights = true_positives[1:] + true_positives[:-1]
    widths = np.diff(false_positives)
    area = (widths * heights).sum() / 2
    return area / true_positives[-1] / false_positives[-1]
