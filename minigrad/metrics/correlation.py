"""Correlation of targets and predictions."""

from __future__ import annotations

from typing import Any

from ..backend import Array
from .base import ElementwiseMetric, match_targets
from .functions import concordance_correlation, pearson_correlation


class PearsonCorrelation(ElementwiseMetric):
    """The mean of `pearson_correlation` over the samples.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        axis: The axis along which y_true and y_pred are correlated.

    Example:
        >>> round(PearsonCorrelation()([[1, 2, 3]], np.array([[2.0, 4.0, 9.0]])), 3)
        0.971
    """

    def __init__(
        self, name: str | None = "pearson_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(name, dtype)
        self.axis = axis

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The correlation of each sample."""
        y_true = match_targets(self.name, y_true, y_pred)
        return pearson_correlation(y_true, y_pred, self.axis).data


class ConcordanceCorrelation(ElementwiseMetric):
    """The mean of `concordance_correlation` over the samples.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        axis: The axis along which y_true and y_pred are correlated.

    Example:
        >>> round(ConcordanceCorrelation()([[1, 2, 3]], np.array([[2.0, 3.0, 4.0]])), 3)
        0.571
    """

    def __init__(
        self, name: str | None = "concordance_correlation", dtype: Any = None, axis: int = -1
    ) -> None:
        super().__init__(name, dtype)
        self.axis = axis

    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The agreement of each sample."""
        y_true = match_targets(self.name, y_true, y_pred)
        return concordance_correlation(y_true, y_pred, self.axis).data
