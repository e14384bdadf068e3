"""Clipping of gradients by value, by norm and by the norm of all."""

import numpy as np
import pytest

from minigrad.backend import to_cpu
from minigrad.config import to_device
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.sgd import SGD

from .formulas import SMALL, adam, arrays, close, expected, gradients, parameters, sgd


@pytest.mark.parametrize("kind", [SGD, Adam])
@pytest.mark.parametrize("clip", ["clipvalue", "clipnorm", "global_clipnorm"])
def test_clipping(kind, clip, device):
    ps, steps = parameters(), [gradients(SMALL, t, none=(1,) if t == 1 else ()) for t in range(5)]
    limit = 2.5

    def clipped(gs):
        gs = [g if g is None else to_cpu(g) for g in gs]
        length = np.sqrt(sum((g**2).sum() for g in gs if g is not None))
        if clip == "clipvalue":
            return [g if g is None else np.clip(g, -limit, limit) for g in gs]
        lengths = [
            length if clip == "global_clipnorm" or g is None else np.sqrt((g**2).sum()) for g in gs
        ]
        return [
            g if g is None else g * min(1, limit / n) if n else g
            for g, n in zip(gs, lengths, strict=True)
        ]

    wanted = expected(sgd if kind is SGD else adam, arrays(ps), [clipped(gs) for gs in steps])
    plain = expected(sgd if kind is SGD else adam, arrays(ps), steps)
    assert abs(plain[0] - wanted[0]).max() > 1e-4
    optimizer = kind(0.01, **{clip: limit})
    for gs in steps:
        optimizer.apply(gs, ps)
    close(ps, wanted)
    with pytest.raises(ValueError, match="above 0"):
        kind(**{clip: 0})
    zero = parameters([(3,)])
    before = arrays(zero)
    kind(0.1, **{clip: 1.0}).apply([to_device(np.zeros(3))], zero)
    close(zero, before)
