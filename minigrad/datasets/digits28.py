"""The digits enlarged to 28x28."""

from __future__ import annotations

from ..data.images import resize
from .preparation import Split, _images


def load_data(
    flat: bool = True,
    scale: str | None = "unit",
    test_size: float = 0.2,
    random_state: int = 42,
    stratify: bool = True,
) -> Split:
    """The digits enlarged to 28x28, each pixel 3 or 4 times: the embedded stand-in for MNIST, (N, 784) or (N, 28, 28, 1).

    The arguments are those of `digits`; with scale=None pixels run from 0 to 255, as MNIST's. Training images on the scale
    -1..1 have mean -.3876 and deviation .7522; interpolated ones would be softer and learned more slowly.
    """
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = resize(images.reshape(-1, 8, 8), 28, "nearest") / 16
    return _images(
        images.reshape(-1, 784),
        labels,
        255,
        (28, 28, 1),
        flat,
        scale,
        test_size,
        random_state,
        stratify,
    )
