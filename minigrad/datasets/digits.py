"""scikit-learn's handwritten digits, 8x8."""

from __future__ import annotations

from ..arguments import explains_arguments
from .preparation import Split, prepare_images


@explains_arguments
def load_data(
    flat: bool = True,
    scale: str | None = "unit",
    test_size: float = 0.2,
    random_state: int = 42,
    stratify: bool = True,
) -> Split:
    """(images, labels) for training and for testing: 1797 handwritten digits.

    Args:
        flat: True for rows of pixels, False for images.
        scale: "unit" (0..1), "signed" (-1..1, for tanh), "standard" (each pixel with mean 0 and
            standard deviation 1 over the training part) or None (0..16).
        test_size: Fraction of the images for testing.
        random_state: Seed of the split.
        stratify: True for the same fractions of classes in both parts.

    Shape:
        images: (N, 64), or (N, 8, 8, 1); labels: (N,) in 0..9

    Raises:
        ValueError: If the scale is unknown.

    References:
        Alpaydin & Kaynak 1998, Optical recognition of handwritten digits (UCI).

    Example:
        >>> (x, y), (x_test, y_test) = load_data()
        >>> x.shape, y_test.shape
        ((1437, 64), (360,))
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    return prepare_images(
        images / 16,
        labels,
        top=16,
        shape=None if flat else (8, 8, 1),
        scale=scale,
        test_size=test_size,
        random_state=random_state,
        stratify=stratify,
    )
