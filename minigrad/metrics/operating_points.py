"""The best of one figure among the thresholds at which another one is good enough."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import to_cpu
from ..losses import check_setting
from ..utils.registry import check_count
from .classification import ThresholdCounts, safe_divide


class _OperatingPoint(ThresholdCounts):
    """Counts at evenly spaced thresholds; a subclass says what is bounded and what is sought."""

    def __init__(
        self, least: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: Any
    ) -> None:
        kind = type(self).__name__
        number = check_count(f"num_thresholds of {kind}", num_thresholds)
        spaced = [0.5] if number == 1 else np.linspace(0, 1, number)
        super().__init__(spaced, class_id=class_id, name=name, dtype=dtype)
        self.least = check_setting(f"the bound of {kind}", least, high=1.0)
        self.num_thresholds = num_thresholds

    def bounded_and_sought(self) -> tuple[Any, Any]:
        """Both figures at each threshold."""
        raise NotImplementedError(f"{type(self).__name__} does not define bounded_and_sought")

    def score(self) -> Any:
        """The largest figure where the other one reaches its bound; 0 if it nowhere does."""
        bounded, sought = self.bounded_and_sought()
        reached = sought[bounded >= self.least]
        return np.array([reached.max() if reached.size else 0.0])

    def result(self) -> float:
        """The best figure so far."""
        return float(self.score()[0])

    def shares(self) -> tuple[Any, Any, Any]:
        """Precision, recall (which is sensitivity) and specificity at each threshold."""
        tp, fp = to_cpu(self.true_positives), to_cpu(self.false_positives)
        tn, fn = to_cpu(self.true_negatives), to_cpu(self.false_negatives)
        return safe_divide(tp, tp + fp), safe_divide(tp, tp + fn), safe_divide(tn, tn + fp)


class PrecisionAtRecall(_OperatingPoint):
    """The best precision among the thresholds whose recall is large enough.

    Args:
        recall: The least recall, in 0..1.
        num_thresholds: Number of thresholds, evenly spaced in 0..1.
        class_id: The one class that counts; None for all.
        name: Name in logs.
        dtype: Accepted for Keras's sake: counts are float64.

    Raises:
        ValueError: If recall is outside of 0..1, or num_thresholds less than 1.

    Example:
        >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], np.array([0.0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def bounded_and_sought(self) -> tuple[Any, Any]:
        """Recall and precision."""
        precision, recall, _ = self.shares()
        return recall, precision


class RecallAtPrecision(_OperatingPoint):
    """The best recall among the thresholds whose precision is large enough.

    Args:
        precision: The least precision, in 0..1.
        num_thresholds: Number of thresholds, evenly spaced in 0..1.
        class_id: The one class that counts; None for all.
        name: Name in logs.
        dtype: Accepted for Keras's sake: counts are float64.

    Raises:
        ValueError: If precision is outside of 0..1, or num_thresholds less than 1.

    Example:
        >>> RecallAtPrecision(0.8)([0, 0, 1, 1], np.array([0.0, 0.5, 0.3, 0.9]))
        0.5
    """

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def bounded_and_sought(self) -> tuple[Any, Any]:
        """Precision and recall."""
        precision, recall, _ = self.shares()
        return precision, recall


class SensitivityAtSpecificity(_OperatingPoint):
    """The best share of positives found among the thresholds that clear enough negatives.

    Args:
        specificity: The least share of negatives that are decided negative, in 0..1.
        num_thresholds: Number of thresholds, evenly spaced in 0..1.
        class_id: The one class that counts; None for all.
        name: Name in logs.
        dtype: Accepted for Keras's sake: counts are float64.

    Raises:
        ValueError: If specificity is outside of 0..1, or num_thresholds less than 1.

    Example:
        >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], np.array([0.0, 0.3, 0.8, 0.3, 0.8]))
        0.5
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def bounded_and_sought(self) -> tuple[Any, Any]:
        """Specificity and sensitivity."""
        _, sensitivity, specificity = self.shares()
        return specificity, sensitivity


class SpecificityAtSensitivity(_OperatingPoint):
    """The best share of negatives cleared among the thresholds that find enough positives.

    Args:
        sensitivity: The least share of positives that are found, in 0..1.
        num_thresholds: Number of thresholds, evenly spaced in 0..1.
        class_id: The one class that counts; None for all.
        name: Name in logs.
        dtype: Accepted for Keras's sake: counts are float64.

    Raises:
        ValueError: If sensitivity is outside of 0..1, or num_thresholds less than 1.

    Example:
        >>> metric = SpecificityAtSensitivity(0.5)
        >>> round(metric([0, 0, 0, 1, 1], np.array([0.0, 0.3, 0.8, 0.3, 0.8])), 3)
        0.667
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def bounded_and_sought(self) -> tuple[Any, Any]:
        """Sensitivity and specificity."""
        _, sensitivity, specificity = self.shares()
        return sensitivity, specificity
