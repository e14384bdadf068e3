"""The digits enlarged to 28x28: a stand-in for MNIST that needs no download."""

from __future__ import annotations

from ..arguments import explains_arguments
from ..data.images import resize
from .preparation import Split, prepare_images


@explains_arguments
def load_data(
    flat: bool = True,
    scale: str | None = "unit",
    test_size: float = 0.2,
    random_state: int = 42,
    stratify: bool = True,
) -> Split:
    """(images, labels) for training and for testing: the digits, each pixel 3 or 4 times.

    Training images on the scale -1..1 have mean -.3876 and standard deviation .7522. (Interpolated
    ones would be softer and learned more slowly.)

    Args:
        flat: True for rows of pixels, False for images.
        scale: "unit" (0..1), "signed" (-1..1, for tanh), "standard" (each pixel with mean 0 and
            standard deviation 1 over the training part) or None (0..255).
        test_size: Fraction of the images for testing.
        random_state: Seed of the split.
        stratify: True for the same fractions of classes in both parts.

    Shape:
        images: (N, 784), or (N, 28, 28, 1); labels: (N,) in 0..9

    Raises:
        ValueError: If the scale is unknown.

    Example:
        >>> (x, y), (x_test, y_test) = load_data(flat=False)
        >>> x.shape, y_test.shape
        ((1437, 28, 28, 1), (360,))
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = resize(images.reshape(-1, 8, 8), 28, "nearest") / 16
    return prepare_images(
        images.reshape(-1, 784),
        labels,
        top=255,
        shape=None if flat else (28, 28, 1),
        scale=scale,
        test_size=test_size,
        random_state=random_state,
        stratify=stratify,
    )
