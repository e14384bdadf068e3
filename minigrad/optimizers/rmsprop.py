"""RMSprop."""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend
from .base import Optimizer


class RMSprop(Optimizer):
    """Steps divided by the root of a running mean of squared gradients (Tieleman & Hinton 2012); epsilon inside the root.

    `centered` subtracts the squared running mean of the gradient, `momentum` runs the steps through a velocity.
    """

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, epsilon, centered
        self.slots = ("square",) + ("mean",) * centered + ("velocity",) * bool(momentum)

    def update(self, p: Array, g: Array, *state: Array) -> None:
        v, *rest = state
        v += (g * g - v) * (1 - self.rho)
        spread = v
        if self.centered:
            m = rest.pop(0)
            m += (g - m) * (1 - self.rho)
            spread = backend(p).maximum(v - m * m, 0)  # rounding can take a variance below zero
        step = self._rate * g / backend(p).sqrt(spread + self.epsilon)
        if self.momentum:
            (velocity,) = rest
            velocity *= self.momentum
            velocity += step
            step = velocity
        p -= step
