"""The digits in three parts: to learn from, to choose by, to test on. Labels wrong on purpose."""

from __future__ import annotations

import numpy as np

from minigrad import datasets
from minigrad.random import generator

Rows = tuple[np.ndarray, np.ndarray]  # images (N, 64) in 0..1, labels (N,)


def split(training: int = 1077, validation: int = 360) -> tuple[Rows, Rows, Rows]:
    """Rows to learn from, rows to choose by, and the 360 test rows that all models share.

    The first two are drawn anew at each call, from the 1437 rows that are not for testing.

    Args:
        training: Number of rows to learn from.
        validation: Number of rows to choose by.
    """
    (x, y), test = datasets.digits.load_data()
    order = generator().permutation(len(y))[: training + validation]
    first, second = order[:training], order[training:]
    return (x[first], y[first]), (x[second], y[second]), test


def mislabel(labels: np.ndarray, share: float) -> np.ndarray:
    """A copy of labels in which a share, drawn by chance, is replaced by random digits.

    One replaced label in ten is the true one again.

    Args:
        labels: Digits (N,).
        share: Probability that a label is replaced.
    """
    rng = generator()
    replaced = rng.random(len(labels)) < share
    return np.where(replaced, rng.integers(10, size=len(labels)), labels)
