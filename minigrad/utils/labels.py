"""Labels as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import explains_arguments
from ..config import settings


@explains_arguments
def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Class numbers as one-hot rows of the default dtype.

    Args:
        x: Whole numbers of any dtype, or bools; a last axis of length 1 is dropped, as in Keras.
        num_classes: Number of classes; None for the largest label + 1.

    Shape:
        (...) or (..., 1) -> (..., num_classes)

    Raises:
        TypeError: If the labels are not numbers, or fractions.
        ValueError: If num_classes is less than 1, or a label is outside of 0..num_classes - 1.

    Example:
        >>> to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    if num_classes is not None and num_classes < 1:
        raise ValueError(f"to_categorical: num_classes must be 1 or more, got {num_classes}")
    if labels.size and not _is_whole(labels):
        raise TypeError(f"to_categorical: labels are integers, got {labels.dtype}{_hint(labels)}")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, -1)
    classes = high + 1 if num_classes is None else num_classes
    if low < 0 or high >= classes:
        raise ValueError(
            f"to_categorical: labels run from {low} to {high}, num_classes is {classes}"
        )
    return np.eye(classes, dtype=settings.default_dtype)[labels.astype(np.intp)]


def _is_whole(labels: np.ndarray) -> bool:
    """True for numbers without fractions."""
    kind = labels.dtype.kind
    return kind in "iub" or (kind == "f" and bool((labels == np.rint(labels)).all()))


def _hint(labels: np.ndarray) -> str:
    """How to number labels that are words."""
    if labels.dtype.kind in "USO":
        return ": number them with names, y = np.unique(y, return_inverse=True)"
    return " with fractions"
