"""Gradient descent with momentum, under names of its own."""

from __future__ import annotations

from .base import LearningRate
from .sgd import SGD


class Momentum(SGD):
    """SGD with momentum 0.9.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        momentum: Decay of the velocity, in [0, 1].
        nesterov: Whether to look ahead.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "momentum".

    Example:
        >>> p, optimizer = minigrad.Parameter(np.zeros(1)), Momentum(0.1)
        >>> optimizer.apply([np.ones(1)], [p])
        >>> optimizer.apply([np.ones(1)], [p])
        >>> p.numpy()
        array([-0.29], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.9,
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
            momentum,
            nesterov,
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


class Nesterov(Momentum):
    """SGD with Nesterov's momentum 0.9.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        momentum: Decay of the velocity, in [0, 1].
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "nesterov".

    Example:
        >>> p = minigrad.Parameter(np.zeros(1))
        >>> Nesterov(0.1).apply([np.ones(1)], [p])
        >>> p.numpy()
        array([-0.19], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.9,
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
            momentum,
            True,
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
