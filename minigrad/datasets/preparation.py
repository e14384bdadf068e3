"""Split, scale and shape of the image sets."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import as_data
from ..utils.registry import lookup

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

# (factor, shift) for pixels in 0..1; "standard" is computed from the training part
SCALES: dict[str, tuple[int, ...]] = {"unit": (1, 0), "signed": (2, -1), "standard": ()}


def prepare_images(
    x: Any,
    y: Any,
    *,
    top: int,
    shape: tuple[int, ...] | None,
    scale: str | None,
    test_size: float,
    random_state: int,
    stratify: bool,
) -> Split:
    """Rows of pixels in 0..1, split into training and test part, scaled and shaped.

    Args:
        x: Rows of pixels in 0..1.
        y: Labels.
        top: The largest value of a pixel where scale is None.
        shape: Shape of an image; None for rows.
        scale: "unit", "signed", "standard" or None.
        test_size: Fraction of the images for testing.
        random_state: Seed of the split.
        stratify: True for the same fractions of classes in both parts.
    """
    from sklearn.model_selection import train_test_split

    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=test_size, random_state=random_state, stratify=y if stratify else None
    )
    x_train, x_test = scale_pixels(x_train, x_test, scale, top)
    if shape is not None:
        x_train, x_test = x_train.reshape(-1, *shape), x_test.reshape(-1, *shape)
    return (as_data(x_train), as_labels(y_train)), (as_data(x_test), as_labels(y_test))


def scale_pixels(
    train: np.ndarray, test: np.ndarray, scale: str | None, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """Both parts, given in 0..1, on another scale.

    Args:
        train: Rows of pixels in 0..1.
        test: Rows of pixels in 0..1.
        scale: "unit" (0..1), "signed" (-1..1), "standard" (each pixel with mean 0 and standard
            deviation 1 over `train`) or None (0..top).
        top: The largest value where scale is None.

    Raises:
        ValueError: If the scale is unknown.

    Example:
        >>> scale_pixels(np.array([0.0, 0.5]), np.array([1.0]), "signed", 255)
        (array([-1.,  0.]), array([1.]))
    """
    if scale == "standard":
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(train)
        return scaler.transform(train), scaler.transform(test)
    factor, shift = (top, 0) if scale is None else lookup(scale, SCALES, "scale")
    return train * factor + shift, test * factor + shift


def as_labels(y: Any) -> np.ndarray:
    """Labels as int64.

    Args:
        y: Labels of any integer dtype, or as strings of digits.
    """
    return np.asarray(y, np.int64)
