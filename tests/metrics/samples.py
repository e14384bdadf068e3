"""Samples for tests of metrics, and updates in uneven batches."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

drawn = settings(max_examples=30)

seeds = st.integers(0, 2**32 - 1)


def in_batches(metric, y_true, y_pred, weight=None, cuts=(1, 4, 5)):
    """The metric over uneven batches: rows 0, 1..3, 4, and the rest."""
    for start, stop in zip((0, *cuts), (*cuts, len(y_pred)), strict=True):
        if start < stop:
            metric.update_state(
                y_true[start:stop],
                y_pred[start:stop],
                None if weight is None else weight[start:stop],
            )
    return metric.result()


def draw(seed, n=None, classes=4):
    """Labels, scores (with ties) and weights."""
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(6, 40))
    scores = (
        rng.integers(0, 9, (n, classes)) / 8 + rng.integers(0, 2) * rng.random((n, classes)) * 1e-3
    )
    return rng.integers(0, classes, n), scores.astype(np.float32), rng.integers(0, 4, n) / 2 + 0.5


def one_hot(labels, classes=4):
    return np.eye(classes, dtype=np.float32)[labels]
