"""Losses as metrics: their means over all samples."""

from __future__ import annotations

from typing import Any

from .. import losses
from .base import MeanMetricWrapper


class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of -y log p - (1 - y) log(1 - p).

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        from_logits: Whether y_pred holds logits, not probabilities.
        label_smoothing: Fraction of the targets that is smoothed.

    Example:
        >>> round(BinaryCrossentropy()([[1.0]], np.array([[0.5]])), 3)
        0.693
    """

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(
            losses.BinaryCrossentropy(
                from_logits=from_logits, label_smoothing=label_smoothing
            ).call,
            name,
            dtype,
        )


class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of -sum(y * log p) over one-hot rows.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        from_logits: Whether y_pred holds logits, not probabilities.
        label_smoothing: Fraction of the targets that is smoothed.
        axis: Only the last one, -1.

    Example:
        >>> round(CategoricalCrossentropy()([[0.0, 1.0]], np.array([[0.5, 0.5]])), 3)
        0.693
    """

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            losses.CategoricalCrossentropy(from_logits, label_smoothing, axis).call, name, dtype
        )


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of -log p[label].

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.
        from_logits: Whether y_pred holds logits, not probabilities.
        ignore_class: Class whose elements count as 0; None for none.
        axis: The axis of the classes in y_pred.

    Example:
        >>> round(SparseCategoricalCrossentropy()([1], np.array([[0.5, 0.5]])), 3)
        0.693
    """

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        loss = losses.SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis)
        super().__init__(loss.call, name, dtype)


class KLDivergence(MeanMetricWrapper):
    """The mean of sum(y * log(y / p)).

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> round(KLDivergence()([[0.0, 1.0]], np.array([[0.5, 0.5]])), 3)
        0.693
    """

    reads_probabilities = True

    def __init__(self, name: str | None = "kl_divergence", dtype: Any = None) -> None:
        super().__init__(losses.KLDivergence().call, name, dtype)


class Poisson(MeanMetricWrapper):
    """The mean of y_pred - y_true * log(y_pred).

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> round(Poisson()([[2.0]], np.array([[1.0]])), 3)
        1.0
    """

    def __init__(self, name: str | None = "poisson", dtype: Any = None) -> None:
        super().__init__(losses.Poisson().call, name, dtype)


class Hinge(MeanMetricWrapper):
    """The mean of max(1 - y * y_pred, 0), y a sign or a label 0 or 1.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> Hinge()([[1.0, -1.0]], np.array([[0.5, -2.0]]))
        0.25
    """

    def __init__(self, name: str | None = "hinge", dtype: Any = None) -> None:
        super().__init__(losses.Hinge().call, name, dtype)


class SquaredHinge(MeanMetricWrapper):
    """The mean of max(1 - y * y_pred, 0)**2, y a sign or a label 0 or 1.

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> SquaredHinge()([[1.0, -1.0]], np.array([[0.5, -2.0]]))
        0.125
    """

    def __init__(self, name: str | None = "squared_hinge", dtype: Any = None) -> None:
        super().__init__(losses.SquaredHinge().call, name, dtype)


class CategoricalHinge(MeanMetricWrapper):
    """The mean of max(1 + largest wrong score - right score, 0).

    Args:
        name: Name in logs.
        dtype: Accepted for Keras's sake: sums are float64.

    Example:
        >>> round(CategoricalHinge()([[0.0, 1.0]], np.array([[0.2, 0.5]])), 3)
        0.7
    """

    def __init__(self, name: str | None = "categorical_hinge", dtype: Any = None) -> None:
        super().__init__(losses.CategoricalHinge().call, name, dtype)
