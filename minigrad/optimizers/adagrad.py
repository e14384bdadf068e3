"""Adagrad."""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend
from .base import Optimizer


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients (Duchi et al. 2011); epsilon stands inside the root."""

    slots = ("accumulator",)

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial, self.epsilon = initial_accumulator_value, epsilon

    def update(self, p: Array, g: Array, *state: Array) -> None:
        (a,) = state
        a += g * g
        p -= self._rate * g / backend(p).sqrt(a + self.epsilon)
