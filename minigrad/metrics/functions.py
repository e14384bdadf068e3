"""Metrics of each sample, as functions; the classes average them over batches."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..arguments import explains_arguments
from ..engine.tensor import Tensor
from .accuracy import (
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from .base import ElementwiseMetric, as_arrays


def _each(metric: ElementwiseMetric, y_true: Any, y_pred: Any) -> Tensor:
    """What the metric averages, as numbers."""
    return Tensor(metric.values(*as_arrays(y_true, y_pred)).astype("float32"))


@explains_arguments
def binary_accuracy(y_true: Any, y_pred: Any, threshold: float = 0.5) -> Tensor:
    """1 where (y_pred > threshold) == y_true, 0 elsewhere.

    Args:
        y_true: Labels 0 and 1.
        y_pred: Scores.
        threshold: Scores above it count as class 1.

    Example:
        >>> binary_accuracy([1, 0], [0.6, 0.7]).tolist()
        [1.0, 0.0]
    """
    return _each(BinaryAccuracy(threshold=threshold), y_true, y_pred)


@explains_arguments
def categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest score of a row is at the 1 of a one-hot row, 0 elsewhere.

    Args:
        y_true: One-hot rows.
        y_pred: Scores (..., classes).

    Example:
        >>> categorical_accuracy([[0, 1], [1, 0]], [[0.2, 0.8], [0.4, 0.6]]).tolist()
        [1.0, 0.0]
    """
    return _each(CategoricalAccuracy(), y_true, y_pred)


@explains_arguments
def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Tensor:
    """1 where the largest score of a row is at the integer label, 0 elsewhere.

    Args:
        y_true: Class numbers (...) or (..., 1).
        y_pred: Scores (..., classes).

    Example:
        >>> sparse_categorical_accuracy([1, 0], [[0.2, 0.8], [0.4, 0.6]]).tolist()
        [1.0, 0.0]
    """
    return _each(SparseCategoricalAccuracy(), y_true, y_pred)


@explains_arguments
def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Tensor:
    """1 where the class of a one-hot row is among the k largest scores, 0 elsewhere.

    Args:
        y_true: One-hot rows.
        y_pred: Scores (..., classes).
        k: Number of largest scores.

    Example:
        >>> top_k_categorical_accuracy([[1, 0, 0]], [[0.3, 0.1, 0.6]], k=2).tolist()
        [1.0]
    """
    return _each(TopKCategoricalAccuracy(k), y_true, y_pred)


@explains_arguments
def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """1 where the integer label is among the k largest scores of its row, 0 elsewhere.

    Args:
        y_true: Class numbers.
        y_pred: Scores (..., classes).
        k: Number of largest scores.
        from_sorted_ids: Whether y_pred holds class numbers, the likeliest first, not scores.

    Example:
        >>> sparse_top_k_categorical_accuracy([0], [[0.3, 0.1, 0.6]], k=2).tolist()
        [1.0]
    """
    metric = SparseTopKCategoricalAccuracy(k, from_sorted_ids=from_sorted_ids)
    return _each(metric, y_true, y_pred)


def _centered(y: Any, axis: int) -> tuple[Any, Any]:
    """The mean along an axis, and what is left of y."""
    y = y if isinstance(y, Tensor) else Tensor(y)
    y = ops.astype(y, dtype="float32") if y.dtype.kind != "f" else y
    mean = ops.mean(y, axis=axis, keepdims=True)
    return mean, y - mean


@explains_arguments
def pearson_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The correlation of y_true and y_pred along an axis, from -1 to 1; NaN where one is constant.

    Args:
        y_true: Targets.
        y_pred: Predictions.
        axis: The axis.

    Example:
        >>> pearson_correlation([[1.0, 2.0, 3.0]], [[2.0, 4.0, 9.0]]).numpy().round(3)
        array([0.971], dtype=float32)
    """
    (_, a), (_, b) = _centered(y_true, axis), _centered(y_pred, axis)
    squares = ops.sum(a * a, axis=axis) * ops.sum(b * b, axis=axis)
    return ops.sum(a * b, axis=axis) / ops.sqrt(squares)


@explains_arguments
def concordance_correlation(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """2 cov / (var + var + (difference of the means)**2): 1 only where both are equal.

    Args:
        y_true: Targets.
        y_pred: Predictions.
        axis: The axis.

    References:
        Lin 1989, A concordance correlation coefficient to evaluate reproducibility.

    Example:
        >>> concordance_correlation([[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]]).numpy().round(3)
        array([0.571], dtype=float32)
    """
    (m, a), (n, b) = _centered(y_true, axis), _centered(y_pred, axis)
    shift = ops.mean(ops.square(m - n), axis=axis)
    spread = ops.mean(a * a, axis=axis) + ops.mean(b * b, axis=axis) + shift
    return 2 * ops.mean(a * b, axis=axis) / spread
