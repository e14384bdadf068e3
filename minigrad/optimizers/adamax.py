"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from ..backend import Array, backend
from .base import LearningRate, Optimizer, check_interval


class Adamax(Optimizer):
    """m += (1 - beta_1)(g - m), u = max(beta_2 * u, |g|), p -= alpha * m / (u + epsilon).

    alpha = rate / (1 - beta_1**t) undoes the bias of a mean that begins at zero; u needs no such
    correction.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        beta_1: Decay of m, the running mean of the gradient.
        beta_2: Decay of u, the largest gradient so far.
        epsilon: Added to u, so that it divides safely.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "adamax".

    Raises:
        ValueError: If a beta is not in [0, 1), or epsilon is negative.

    References:
        Kingma & Ba 2015, arXiv:1412.6980, algorithm 2.

    Example:
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> Adamax(0.1).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy().round(3)
        array([-0.1,  0.1], dtype=float32)
    """

    slots = ("m", "u")

    kernel = "adamax"
    kernel_settings = ("beta_1", "beta_2", "alpha", "epsilon")

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

    def prepare(self) -> None:
        """The rate with the bias of m undone, which begins at zero."""
        self.alpha = self.rate / (1 - self.beta_1**self.t)

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """One step."""
        m, u = state
        xp = backend(p)
        m += (1 - self.beta_1) * (g - m)
        xp.maximum(self.beta_2 * u, abs(g), out=u)
        p -= self.alpha * m / (u + self.epsilon)
