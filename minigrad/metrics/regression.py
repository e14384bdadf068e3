"""Metrics of predicted numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, to_cpu
from .base import ElementwiseMetric, Metric, match_targets, match_weights, real_steps


def _difference(name: str, y_true: Array, y_pred: Array) -> Array:
    """y_true - y_pred; unsigned integers become floating first, or they would wrap around."""
    y_true = match_targets(name, y_true, y_pred)
    return y_true - (y_pred if y_pred.dtype.kind == "f" else y_pred.astype(np.float64))


class MeanSquaredError(ElementwiseMetric):
    """mean((y_true - y_pred)**2) over all elements.

    Args:
        name: Name in logs.

    Example:
        >>> MeanSquaredError()([0, 0], np.array([1.0, 3.0]))
        5.0
    """

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The squared errors."""
        return _difference(self.name, y_true, y_pred) ** 2


class RootMeanSquaredError(MeanSquaredError):
    """sqrt(mean((y_true - y_pred)**2)) over all elements of all batches.

    Args:
        name: Name in logs.

    Example:
        >>> RootMeanSquaredError()([0, 0], np.array([1.0, 7.0]))
        5.0
    """

    def result(self) -> float:
        """The root of the mean so far."""
        return super().result() ** 0.5


class MeanAbsoluteError(ElementwiseMetric):
    """mean(|y_true - y_pred|) over all elements.

    Args:
        name: Name in logs.

    Example:
        >>> MeanAbsoluteError()([0, 0], np.array([1.0, 3.0]))
        2.0
    """

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The absolute errors."""
        return abs(_difference(self.name, y_true, y_pred))


class R2Score(Metric):
    """1 - (residual sum of squares) / (total sum of squares), averaged over the outputs (columns).

    1 is perfect, 0 no better than predicting the mean. A constant y_true scores 1 if it is
    predicted exactly, else 0. Without data the score is 0.

    Args:
        name: Name in logs.

    Shape:
        y_true and y_pred: (N,), or (N, outputs)

    Example:
        >>> R2Score()([1.0, 2.0, 3.0], np.array([1.0, 2.0, 4.0]))
        0.5
    """

    def reset_state(self) -> None:
        """Forget all batches."""
        self.weight_sum: Any = 0.0
        self.mean: Any = 0.0  # of y_true; this and the following per output
        self.total_sum_of_squares: Any = 0.0
        self.residual_sum_of_squares: Any = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count one batch.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: One weight per sample; None for equal weights.
        """
        y_true, y_pred, sample_weight = real_steps(y_true, y_pred, sample_weight)
        y_true = match_targets(self.name, y_true, y_pred)
        y = y_true.reshape(len(y_true), -1).astype(np.float64)
        if sample_weight is None:
            w: Any = 1.0
            n = float(len(y))
        else:
            w = match_weights(self.name, sample_weight, (len(y),), y)[:, None]
            n = float(w.sum())
        if n:
            errors = y - y_pred.reshape(y.shape)
            self.residual_sum_of_squares = self.residual_sum_of_squares + (w * errors**2).sum(0)
            self._merge(y, w, n)

    def _merge(self, y: Array, w: Any, n: Any) -> None:
        """Update the mean of y_true and the squared distances from it (Chan et al. 1983).

        Merging batches this way does not cancel, unlike a sum of squares minus a square of sums.
        """
        mean = (w * y).sum(0) / n
        shift = mean - self.mean
        total = self.weight_sum + n
        within = (w * (y - mean) ** 2).sum(0)
        between = shift**2 * (self.weight_sum * n / total)
        self.total_sum_of_squares = self.total_sum_of_squares + within + between
        self.mean = self.mean + shift * (n / total)
        self.weight_sum = total

    def result(self) -> float:
        """The score so far."""
        if not self.weight_sum:
            return 0.0
        residual = np.atleast_1d(to_cpu(self.residual_sum_of_squares))
        total = np.atleast_1d(to_cpu(self.total_sum_of_squares))
        is_constant = total == 0
        scores = 1 - residual / np.where(is_constant, 1, total)
        return float(np.where(is_constant, residual == 0, scores).mean())
