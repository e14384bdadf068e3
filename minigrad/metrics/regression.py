"""Metrics of predicted numbers."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backend import Array, backend, to_cpu
from ..losses import EPSILON
from ..utils.registry import check_choice
from .base import ElementwiseMetric, Metric, as_float64, match_targets, match_weights


def _match_floats(name: str, y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    """Targets and predictions of one shape; integers and float16 become float64 first."""
    y_true = match_targets(name, y_true, y_pred)
    return _at_least_float32(y_true), _at_least_float32(y_pred)


def _at_least_float32(x: Array) -> Array:
    return x if x.dtype.kind == "f" and x.dtype.itemsize >= 4 else as_float64(x)


def _difference(name: str, y_true: Array, y_pred: Array) -> Array:
    """y_true - y_pred."""
    y_true, y_pred = _match_floats(name, y_true, y_pred)
    return y_true - y_pred


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


class MeanAbsolutePercentageError(ElementwiseMetric):
    """100 * mean(|y_true - y_pred| / |y_true|) over all elements.

    Args:
        name: Name in logs.

    Example:
        >>> MeanAbsolutePercentageError()([2, 4], np.array([1.0, 4.0]))
        25.0
    """

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The absolute errors in percent of y_true."""
        y_true, y_pred = _match_floats(self.name, y_true, y_pred)
        return 100 * abs(y_true - y_pred) / abs(y_true).clip(EPSILON, None)


class MeanSquaredLogarithmicError(ElementwiseMetric):
    """mean((log(1 + y_true) - log(1 + y_pred))**2) over all elements.

    Args:
        name: Name in logs.

    Example:
        >>> round(MeanSquaredLogarithmicError()([0], np.array([1.0])), 3)
        0.48
    """

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The squared differences of the logarithms."""
        pair = _match_floats(self.name, y_true, y_pred)
        log_true, log_pred = (backend(x).log(x.clip(EPSILON, None) + 1) for x in pair)
        return (log_true - log_pred) ** 2


class CosineSimilarity(ElementwiseMetric):
    """The mean cosine of the angle between y_true and y_pred; a vector of zeros counts as 0.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        axis: The axis of the vectors.

    Example:
        >>> CosineSimilarity()([[0.0, 1.0]], np.array([[0.0, 5.0]]))
        1.0
    """

    def __init__(self, name: str | None = None, dtype: Any = None, axis: int = -1) -> None:
        self.axis = axis
        super().__init__(name, dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The cosine of each pair of vectors."""
        units = [self._unit(as_float64(x)) for x in _match_floats(self.name, y_true, y_pred)]
        return (units[0] * units[1]).sum(self.axis)

    def _unit(self, x: Array) -> Array:
        length = (x * x).sum(self.axis, keepdims=True) ** 0.5
        return x / backend(x).where(length == 0, 1, length)


class LogCoshError(ElementwiseMetric):
    """mean(log(cosh(y_pred - y_true))) over all elements.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> round(LogCoshError("logcosh")([0.0], np.array([1.0])), 3)
        0.434
    """

    def __init__(self, name: str | None = "logcosh", dtype: Any = None) -> None:
        super().__init__(name, dtype)

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The logarithms, without overflow."""
        d = abs(as_float64(_difference(self.name, y_true, y_pred)))
        xp = backend(d)
        return d + xp.log1p(xp.exp(-2 * d)) - math.log(2)


AGGREGATIONS = ("uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """1 - (residual sum of squares) / (total sum of squares), averaged over the outputs (columns).

    1 is perfect, 0 no better than predicting the mean. A constant y_true scores 1 if it is
    predicted exactly, else 0. Without data the score is 0.

    Args:
        class_aggregation: "uniform_average" over the outputs, "variance_weighted_average", or None
            for an array, one score per output.
        num_regressors: Number of inputs of the model, for the adjusted score; 0 for the plain one.
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Shape:
        y_true and y_pred: (N,), or (N, outputs)

    Example:
        >>> R2Score()([1.0, 2.0, 3.0], np.array([1.0, 2.0, 4.0]))
        0.5
    """

    sums = ("samples", "weight_sum", "mean", "total_sum_of_squares", "residual_sum_of_squares")

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        if class_aggregation is not None:
            check_choice(class_aggregation, AGGREGATIONS, "class_aggregation of R2Score")
        if num_regressors < 0:
            raise ValueError(f"num_regressors of R2Score must be 0 or more, got {num_regressors}")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        """Forget all batches."""
        super().reset_state()
        self.samples = 0  # elements, as Keras counts them
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
        y_true, y_pred, sample_weight = self.as_inputs(y_true, y_pred, sample_weight)
        y_true = match_targets(self.name, y_true, y_pred)
        self.samples += y_true.size
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
        self._merge_moments(n, mean, (w * (y - mean) ** 2).sum(0))

    def _merge_moments(self, n: Any, mean: Any, within: Any) -> None:
        """The same by the weight, the mean and the squared distances of other rows."""
        shift = mean - self.mean
        total = self.weight_sum + n
        between = shift**2 * (self.weight_sum * n / total)
        self.total_sum_of_squares = self.total_sum_of_squares + within + between
        self.mean = self.mean + shift * (n / total)
        self.weight_sum = total

    def merge_states(self, states: Sequence[dict[str, Any]]) -> None:
        """Take the state that counting the batches of several metrics would have led to.

        Args:
            states: What `get_state` of each returned.
        """
        self.reset_state()
        for state in states:
            if state["weight_sum"]:
                moments = state["weight_sum"], state["mean"], state["total_sum_of_squares"]
                self._merge_moments(*moments)
            self.samples += state["samples"]
            self.residual_sum_of_squares = (
                self.residual_sum_of_squares + state["residual_sum_of_squares"]
            )

    def result(self) -> Any:
        """The score so far."""
        if not self.weight_sum:
            return 0.0
        residual = np.atleast_1d(to_cpu(self.residual_sum_of_squares))
        total = np.atleast_1d(to_cpu(self.total_sum_of_squares))
        is_constant = total == 0
        scores = 1 - residual / np.where(is_constant, 1, total)
        scores = np.where(is_constant, residual == 0, scores)
        if self.class_aggregation == "variance_weighted_average" and total.any():
            scores = (scores * total).sum() / total.sum()
        elif self.class_aggregation:
            scores = scores.mean()
        scores = self._adjusted(scores)
        return float(scores) if self.class_aggregation else scores

    def _adjusted(self, scores: Any) -> Any:
        """The scores, lowered for the number of regressors."""
        spare = self.samples - self.num_regressors - 1
        if not self.num_regressors:
            return scores
        if spare <= 0:
            warnings.warn(
                f"{self.name}: {self.samples} samples are too few to adjust for {self.num_regressors} "
                "regressors: this is the plain score",
                stacklevel=3,
            )
            return scores
        return 1 - (1 - scores) * (self.samples - 1) / spare
