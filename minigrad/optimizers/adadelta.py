"""Adadelta."""

from __future__ import annotations

from ..backend import Array, backend
from .base import LearningRate, Optimizer, check_interval


class Adadelta(Optimizer):
    """a += (1 - rho)(g**2 - a), step = g * sqrt(d + epsilon) / sqrt(a + epsilon), p -= rate * step,
    d += (1 - rho)(step**2 - d).

    The steps have the unit of the parameters, so the paper needs no rate: `learning_rate=1.0`. Its
    first steps are tiny, about sqrt(epsilon).

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        rho: Decay of both running means.
        epsilon: Added under the roots, so that they divide safely and d can leave 0.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "adadelta".

    Raises:
        ValueError: If rho is not in [0, 1), or epsilon is negative.

    References:
        Zeiler 2012, arXiv:1212.5701, algorithm 1.

    Example:
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> Adadelta(1.0, epsilon=1e-6).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy().round(4)
        array([-0.0045,  0.0045], dtype=float32)
    """

    slots = ("accumulated_grad", "accumulated_delta")

    kernel = "adadelta"
    kernel_settings = ("rate", "rho", "epsilon")

    def __init__(
        self,
        learning_rate: LearningRate = 1e-3,
        rho: float = 0.95,
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
        check_interval(self, 0, 1, rho=rho)
        check_interval(self, 0, epsilon=epsilon)
        self.rho = rho
        self.epsilon = epsilon

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """One step."""
        a, d = state
        xp = backend(p)
        a += (1 - self.rho) * (g * g - a)
        step = g * xp.sqrt(d + self.epsilon) / xp.sqrt(a + self.epsilon)
        p -= self.rate * step
        d += (1 - self.rho) * (step * step - d)
