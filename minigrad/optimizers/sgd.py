"""Gradient descent, with and without momentum."""

from __future__ import annotations

from ..backend import Array
from .base import LearningRate, Optimizer


class SGD(Optimizer):
    """p -= rate * g; with momentum v = momentum * v - rate * g, p += v.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        momentum: Decay of the velocity v, in [0, 1]; 0 for none.
        nesterov: Whether to look ahead: p += momentum * v - rate * g.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "sgd".

    Raises:
        ValueError: If momentum is not in [0, 1].

    References:
        Polyak 1964 for momentum; Sutskever et al. 2013 for Nesterov's in this form.

    Example:
        >>> p = minigrad.Parameter(np.ones(2))
        >>> SGD(0.1).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy()
        array([0.7, 1.4], dtype=float32)
    """

    kernel = "sgd"
    kernel_settings = ("rate", "momentum", "nesterov")

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum must be in [0, 1], got {momentum!r}")
        self.momentum = momentum
        self.nesterov = nesterov
        self.slots = ("velocity",) if momentum else ()

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """One step."""
        step = g * -self.rate
        if state:
            (v,) = state
            v *= self.momentum
            v += step
            step = step + self.momentum * v if self.nesterov else v
        p += step
