"""Labels as one-hot rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import settings


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Integer labels as one-hot rows of the default dtype.

    Args:
        x: Labels; a last axis of length 1 is dropped, as in Keras.
        num_classes: Number of classes; None for the largest label + 1.

    Shape:
        (...) or (..., 1) -> (..., num_classes)

    Raises:
        TypeError: If the labels are not integers.
        ValueError: If a label is outside of 0..num_classes - 1.

    Example:
        >>> to_categorical([0, 2])
        array([[1., 0., 0.],
               [0., 0., 1.]], dtype=float32)
    """
    labels = np.asarray(x)
    if labels.size and labels.dtype.kind not in "iu":
        raise TypeError(f"to_categorical: labels are integers, got {labels.dtype}")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    low, high = (labels.min(), labels.max()) if labels.size else (0, -1)
    classes = int(high) + 1 if num_classes is None else num_classes
    if low < 0 or high >= classes:
        raise ValueError(
            f"to_categorical: labels run from {low} to {high}, num_classes is {classes}"
        )
    return np.eye(classes, dtype=settings.default_dtype)[labels.astype(np.intp)]
