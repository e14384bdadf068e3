"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend
from .base import Optimizer


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square (arXiv:1412.6980, algorithm 1).

    m += (1 - beta_1)(g - m), v += (1 - beta_2)(g**2 - v), p -= rate * m_ / (sqrt(v_) + epsilon), where m_ and v_ are m and v
    divided by 1 - beta**t, because both began at zero. `amsgrad` uses the largest v so far (Reddi et al. 2018).
    """

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        if not (0 <= beta_1 < 1 and 0 <= beta_2 < 1):
            raise ValueError(f"beta_1 and beta_2 must be in [0, 1), got {beta_1!r} and {beta_2!r}")
        self.beta_1, self.beta_2, self.epsilon, self.amsgrad = beta_1, beta_2, epsilon, amsgrad
        self.slots = ("m", "v") + ("top",) * amsgrad

    def prepare(self) -> None:
        # m and v are kept as plain decaying sums: their factors 1 - beta go into the scale of the step, two passes fewer.
        root = ((1 - self.beta_2) / (1 - self.beta_2**self.t)) ** 0.5
        self.scale = self._rate * (1 - self.beta_1) / (1 - self.beta_1**self.t) / root
        self.floor = self.epsilon / root

    def update(self, p: Array, g: Array, *state: Array) -> None:
        m, v, *top = state
        xp = backend(p)
        m *= self.beta_1
        m += g
        v *= self.beta_2
        v += g * g
        root = xp.sqrt(xp.maximum(top[0], v, out=top[0]) if top else v)
        root += self.floor
        step = m * self.scale
        step /= root
        p -= step


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (arXiv:1711.05101)."""

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **options
        )
