"""Gradient descent, with and without momentum."""

from __future__ import annotations

from typing import Any

from ..backend import Array
from .base import Optimizer

# ---- the formulas, from easy to hard ----------------------------------------------------------------------------------


class SGD(Optimizer):
    """p -= rate * g. With momentum: v = momentum * v - rate * g, p += v (Polyak 1964).

    `nesterov` looks ahead: p += momentum * v - rate * g (Sutskever et al. 2013).
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be in [0, 1], got {momentum!r}")
        self.momentum, self.nesterov = momentum, nesterov
        self.slots = ("velocity",) if momentum else ()

    def update(self, p: Array, g: Array, *state: Array) -> None:
        step = g * -self._rate
        if state:
            (v,) = state
            v *= self.momentum
            v += step
            step = step + self.momentum * v if self.nesterov else v
        p += step


class Momentum(SGD):
    """SGD with momentum .9."""

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.9,
        nesterov: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, momentum, nesterov, **options)


class Nesterov(Momentum):
    """SGD with Nesterov's momentum .9."""

    def __init__(self, learning_rate: Any = 0.01, momentum: float = 0.9, **options: Any) -> None:
        super().__init__(learning_rate, momentum, True, **options)
