"""The adding problem: the sum of two marked numbers of a sequence."""

from __future__ import annotations

import numpy as np

from ..arguments import explains_arguments
from ..config import as_data


@explains_arguments
def load_data(n: int = 1000, length: int = 100, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(x, y): sequences of numbers and marks, and the sum of the two marked numbers.

    x[..., 0] is uniform in 0..1; x[..., 1] is 1 at one step of the first half and at one of the
    second, else 0. The sum has mean 1 and variance 1/6, so always answering 1 has an MSE of 0.167.

    Args:
        n: Number of sequences.
        length: Number of steps.
        seed: Seed of the numbers.

    Shape:
        x: (n, length, 2), y: (n, 1)

    Raises:
        ValueError: If n is below 1 or length below 2.

    References:
        Hochreiter & Schmidhuber 1997, experiment 4, in the form of Le, Jaitly & Hinton 2015,
        arXiv:1504.00941.

    Example:
        >>> x, y = load_data(n=1, length=6)
        >>> bool(np.isclose((x[0, :, 0] * x[0, :, 1]).sum(), y[0, 0]))
        True
    """
    if n < 1 or length < 2:
        raise ValueError(
            f"adding_problem: n={n}, length={length}: "
            "expected at least one row, of two steps or more"
        )
    rng = np.random.default_rng(seed)
    values = rng.random((n, length))
    positions = rng.random((2, n))
    half = length // 2
    first = (positions[0] * half).astype(int)
    second = half + (positions[1] * (length - half)).astype(int)
    rows = np.arange(n)
    marks = np.zeros((n, length))
    marks[rows, first] = marks[rows, second] = 1
    y = values[rows, first] + values[rows, second]
    x = np.stack([values, marks], -1)
    return as_data(x, device="cpu"), as_data(y[:, None], device="cpu")
