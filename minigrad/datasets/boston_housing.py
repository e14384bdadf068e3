"""Prices of houses near Boston, 1978: thirteen numbers of 506 districts, fetched once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..arguments import explains_arguments
from ..utils.files import read_npz
from .keras_files import read_or_fetch, shuffled_split
from .preparation import Split

DIGEST = "sha256:f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


@explains_arguments
def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113) -> Split:
    """(numbers, prices in 1,000 dollars) for training and testing, in Keras's order.

    One of the numbers counts the Black inhabitants of a district; scikit-learn gave the set up.

    Args:
        path: The file, under $MINIGRAD_HOME or ~/.minigrad, or its whole path.
        test_split: Share of the rows for testing.
        seed: Seed of the order.

    Shape:
        x: (N, 13); y: (N,)

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.

    References:
        Harrison & Rubinfeld 1978, Hedonic housing prices and the demand for clean air.

    Example:
        >>> (x, y), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    x, y = read_or_fetch(
        path, DIGEST, read_rows, "Boston's houses", "use minigrad.datasets.diabetes.load_data()"
    )
    return shuffled_split(x, y, test_split, seed)


def read_rows(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The arrays x and y of an npz file.

    Args:
        path: The file.
    """
    arrays = read_npz(path, {"x": 2, "y": 1})
    if len(arrays["x"]) != len(arrays["y"]):
        raise ValueError(f"{len(arrays['x'])} rows beside {len(arrays['y'])} targets")
    return arrays["x"], arrays["y"]
