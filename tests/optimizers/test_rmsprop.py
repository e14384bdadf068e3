"""RMSprop: what its formula alone does not show."""

import numpy as np

from minigrad import Parameter
from minigrad.optimizers.rmsprop import RMSprop


def test_centered_rmsprop_keeps_its_head():
    """A constant gradient has no variance; rounding must not make it negative."""
    p = Parameter(np.zeros(1000, "float32"))
    g, optimizer = (np.linspace(-300, 300, 1000)).astype("float32"), RMSprop(1e-3, centered=True)
    for t in range(400):
        optimizer.apply([2 * g if t < 50 else g], [p])
    assert np.isfinite(p.numpy()).all()
