"""Nadam: Adam with Nesterov's momentum."""

from __future__ import annotations

import math

from ..backend import Array, backend
from .base import LearningRate, Optimizer, check_interval


class Nadam(Optimizer):
    """m += (1 - beta_1)(g - m), v += (1 - beta_2)(g**2 - v), p -= rate * m_ / (sqrt(v_) + epsilon).

    m_ = mu' * m / (1 - M') + (1 - mu) * g / (1 - M) looks one step ahead, and
    v_ = v / (1 - beta_2**t). The momentum warms up: mu = beta_1 * (1 - .96**t / 2), mu' is that of
    the next step, M and M' are the products of all up to them.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        beta_1: Decay of m, the running mean of the gradient, and the momentum in the end.
        beta_2: Decay of v, the running mean of the squared gradient.
        epsilon: Added to the root, so that it divides safely.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "nadam".

    Raises:
        ValueError: If a beta is not in [0, 1), or epsilon is negative.

    References:
        Dozat 2016, Incorporating Nesterov Momentum into Adam, ICLR workshop, section 2.

    Example:
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> Nadam(0.1).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy().round(3)
        array([-0.106,  0.106], dtype=float32)
    """

    slots = ("m", "v")

    kernel = "nadam"
    kernel_settings = ("rate", "beta_1", "beta_2", "by_m", "by_g", "by_v", "epsilon")

    def __init__(
        self,
        learning_rate: LearningRate = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            use_ema,
            ema_momentum,
            ema_overwrite_frequency,
            loss_scale_factor,
            gradient_accumulation_steps,
            name,
        )
        check_interval(self, 0, 1, beta_1=beta_1, beta_2=beta_2)
        check_interval(self, 0, epsilon=epsilon)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self._product = 0, 1.0  # a step, and the product of the momenta up to it

    def prepare(self) -> None:
        """The factors of m and g in m_, and of v in v_."""
        self.by_v = 1 / (1 - self.beta_2**self.t)
        step, product = self._product
        first = step + 1 if step < self.t else 1  # 1: the steps taken were set
        product = product if first > 1 else 1.0
        product *= math.prod(map(self._momentum, range(first, self.t + 1)))
        self._product = self.t, product
        ahead = self._momentum(self.t + 1)
        self.by_m = ahead / (1 - product * ahead)
        self.by_g = (1 - self._momentum(self.t)) / (1 - product)

    def _momentum(self, t: int) -> float:
        return self.beta_1 * (1 - 0.5 * 0.96**t)

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """One step."""
        m, v = state
        m += (1 - self.beta_1) * (g - m)
        v += (1 - self.beta_2) * (g * g - v)
        root = backend(p).sqrt(v * self.by_v)
        p -= self.rate * (self.by_m * m + self.by_g * g) / (root + self.epsilon)
