"""What the tests of the engine share."""

from __future__ import annotations

import minigrad as mg
from minigrad import Tensor


def leaf(values, dtype=None):
    """A leaf on the device of the test."""
    return Tensor(values, requires_grad=True, dtype=dtype, device=mg.config.default_device())


def host(x):
    """The values of a Tensor or an array of any device, on the host."""
    return mg.to_cpu(x.data if isinstance(x, Tensor) else x)
