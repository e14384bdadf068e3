"""Prices of houses in California, 1990: eight numbers of 20,640 districts, fetched once."""

from __future__ import annotations

from ..arguments import explains_arguments
from ..utils.registry import lookup
from .boston_housing import read_rows
from .keras_files import read_or_fetch, shuffled_split
from .preparation import Split

DIGEST = "sha256:1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"


@explains_arguments
def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> Split:
    """(numbers, median prices in dollars) for training and testing, in Keras's order.

    Args:
        version: "large" for all districts, "small" for the first 600.
        path: The file, under $MINIGRAD_HOME or ~/.minigrad, or its whole path.
        test_split: Share of the rows for testing.
        seed: Seed of the order.

    Shape:
        x: (N, 8); y: (N,)

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.
        ValueError: If the version is unknown.

    References:
        Pace & Barry 1997, Sparse spatial autoregressions.

    Example:
        >>> (x, y), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    rows = lookup(version, {"large": None, "small": 600}, "version")
    x, y = read_or_fetch(
        path, DIGEST, read_rows, "California's houses", "use minigrad.datasets.diabetes.load_data()"
    )
    return shuffled_split(x[:rows], y[:rows], test_split, seed)
