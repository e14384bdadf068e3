"""How far predicted numbers are from the true ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, to_cpu
from .base import MeanOf, Metric, arrays, match_targets, weights_for


def _difference(name: str, y_true: Array, y_pred: Array) -> Array:
    y_true = match_targets(name, y_true, y_pred)
    return y_true - (
        y_pred if y_pred.dtype.kind == "f" else y_pred.astype(np.float64)
    )  # unsigned integers would wrap


class MeanSquaredError(MeanOf):
    """mean (y_true - y_pred)^2"""

    def values(self, y_true: Array, y_pred: Array) -> Array:
        return _difference(self.name, y_true, y_pred) ** 2


class RootMeanSquaredError(MeanSquaredError):
    """sqrt(mean (y_true - y_pred)^2): the root of the whole, which is not the mean of the batches' roots."""

    def result(self) -> float:
        return super().result() ** 0.5


class MeanAbsoluteError(MeanOf):
    """mean |y_true - y_pred|"""

    def values(self, y_true: Array, y_pred: Array) -> Array:
        return abs(_difference(self.name, y_true, y_pred))


class R2Score(Metric):
    """1 - (squared errors) / (squared distances of y_true from its mean), averaged over the outputs (columns).

    1 is perfect, 0 no better than the mean. A constant y_true gives 1 if it was met exactly, else 0; nothing gives 0.
    """

    def reset_state(self) -> None:
        self.count: Any = (
            0.0  # weight so far; then, for each output, the mean of y_true, its squared distances
        )
        self.mean: Any = 0.0  # from that mean, and the squared errors
        self.spread: Any = 0.0
        self.errors: Any = 0.0

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = arrays(y_true, y_pred)
        y_true = match_targets(self.name, y_true, y_pred)
        y = y_true.reshape(len(y_true), -1).astype(np.float64)
        w: Any = (
            1.0
            if sample_weight is None
            else weights_for(self.name, sample_weight, (len(y),), y)[:, None]
        )
        n = len(y) if sample_weight is None else float(w.sum())
        if not n:
            return
        mean = (w * y).sum(0) / n
        total, shift = self.count + n, mean - self.mean
        # merging means and spreads keeps what a sum of squares minus a square of sums would cancel (Chan et al., 1983)
        self.spread = (
            self.spread + (w * (y - mean) ** 2).sum(0) + shift**2 * (self.count * n / total)
        )
        self.mean = self.mean + shift * (n / total)
        self.errors = self.errors + (w * (y - y_pred.reshape(y.shape)) ** 2).sum(0)
        self.count = total

    def result(self) -> float:
        errors, spread = np.atleast_1d(to_cpu(self.errors)), np.atleast_1d(to_cpu(self.spread))
        if not self.count:
            return 0.0
        flat = spread == 0
        return float(np.where(flat, errors == 0, 1 - errors / np.where(flat, 1, spread)).mean())
