"""What the image sets have in common: split, scale, shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import as_data
from ..utils.registry import lookup

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def _images(
    x: Any,
    y: Any,
    top: int,
    shape: tuple[int, ...],
    flat: bool,
    scale: str | None,
    test_size: float,
    random_state: int,
    stratify: bool,
) -> Split:
    """Rows of pixels in 0..1 split, scaled and shaped."""
    from sklearn.model_selection import train_test_split

    parts = train_test_split(
        x, y, test_size=test_size, random_state=random_state, stratify=y if stratify else None
    )
    x_train, x_test = _scaled(parts[0], parts[1], scale, top)
    if not flat:
        x_train, x_test = x_train.reshape(-1, *shape), x_test.reshape(-1, *shape)
    return (as_data(x_train), _labels(parts[2])), (as_data(x_test), _labels(parts[3]))


def _scaled(
    train: np.ndarray, test: np.ndarray, scale: str | None, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """Both parts, given in 0..1, on the scale asked for."""
    if scale == "standard":
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(train)
        return scaler.transform(train), scaler.transform(test)
    factor, shift = (
        (top, 0)
        if scale is None
        else lookup(scale, {"unit": (1, 0), "signed": (2, -1), "standard": ()}, "scale")
    )
    return train * factor + shift, test * factor + shift


def _labels(y: Any) -> np.ndarray:
    return np.asarray(y, np.int64)
