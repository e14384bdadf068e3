"""Reports in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def class_report(labels: Any, predicted: Any, names: Sequence[str] | None = None) -> str:
    """Precision, recall and F1 of each class.

    Args:
        labels: True classes (N,).
        predicted: Predicted classes (N,).
        names: Names of the classes; None for their numbers.
    """
    from sklearn.metrics import classification_report

    return classification_report(labels, predicted, target_names=names, digits=3, zero_division=0)
