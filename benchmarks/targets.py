"""The targets, all in one place: a figure at or below its target meets it.

Keys are (suite, row, variant); "*" stands for any row or variant.
"""

from __future__ import annotations

TARGETS = {
    # microseconds per op
    ("overhead", "100 tanh of 4 floats", "forward"): 2.5,
    ("overhead", "100 tanh of 4 floats", "forward + backward"): 6.0,
    ("overhead", "100 tanh of 4 floats", "recorded"): 14.0,
    # of the time of the definition, and of the other kernels: one above it is flagged
    ("kernels", "*", "numpy"): 1.0,
    ("kernels", "*", "numba"): 1.0,
    # of the fastest framework's time
    ("models", "*", "train_on_batch"): 0.8,
    ("generative", "*", "step"): 0.8,
    # of PyTorch's time
    ("convolutions", "*", "*"): 1.8,
    ("convolutions", "geometric mean", "*"): 1.2,
    # of Keras's time
    ("fit", "fit digits MLP, 20 epochs", "*"): 0.5,
    # of the bare fit's time
    ("estimators", "*", "estimator"): 1.2,
    # of the time while no other process runs
    ("busy", "*", "busy"): 2.2,
    # of PyTorch's increment, where either is above SMALL_MEMORY
    ("memory", "*", "*"): 1.0,
}
SMALL_MEMORY = 20 * 2**20


def target(suite: str, row: str, variant: str) -> float | None:
    """The target of a figure, or None where none is set."""
    for key in ((suite, row, variant), (suite, row, "*"), (suite, "*", variant), (suite, "*", "*")):
        if key in TARGETS:
            return TARGETS[key]
    return None
