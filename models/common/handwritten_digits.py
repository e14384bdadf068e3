"""The 28x28 digits that several models learn: the embedded ones, or MNIST."""

from __future__ import annotations

from typing import Any

from minigrad import datasets
from minigrad.utils.registry import lookup

DESCRIPTIONS = {"digits28": "scikit-learn's digits enlarged to 28x28, not MNIST", "mnist": "MNIST"}


def load_data(name: str, flat: bool) -> Any:
    """((x, y), (x_test, y_test)): images in 0..1 and labels.

    Args:
        name: "digits28", which is embedded, or "mnist", which is downloaded once.
        flat: True for images (N, 784), False for (N, 28, 28, 1).

    Raises:
        ValueError: If there is no such data set.
    """
    loaders = {"digits28": datasets.digits28.load_data, "mnist": datasets.mnist.load_data}
    return lookup(name, loaders, "data set")(flat=flat, scale="unit")
