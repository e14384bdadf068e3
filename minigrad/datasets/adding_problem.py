"""The adding problem (Hochreiter & Schmidhuber 1997)."""

from __future__ import annotations

import numpy as np

from ..config import as_data

# ---- the adding problem ------------------------------------------------------------------------------------------------


def load_data(n: int = 1000, length: int = 100, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """x (n, length, 2), y (n, 1): the sum of the two marked numbers (Hochreiter & Schmidhuber, 1997, experiment 4).

    In the form of Le, Jaitly & Hinton (2015, arXiv:1504.00941): x[..., 0] is uniform in 0..1, x[..., 1] marks one step of the first
    half and one of the second with 1. The sum has mean 1 and variance 1/6: who always answers 1 has an MSE of .167.
    """
    if n < 1 or length < 2:
        raise ValueError(
            f"adding_problem: n={n}, length={length}: expected at least one row, of two steps or more"
        )
    rng = np.random.default_rng(seed)
    values, places, half = rng.random((n, length)), rng.random((2, n)), length // 2
    first, second = (places[0] * half).astype(int), half + (places[1] * (length - half)).astype(int)
    marks, rows = np.zeros((n, length)), np.arange(n)
    marks[rows, first] = marks[rows, second] = 1
    y = values[rows, first] + values[rows, second]
    return as_data(np.stack([values, marks], -1), device="cpu"), as_data(y[:, None], device="cpu")
