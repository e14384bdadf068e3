"""RMSprop."""

from __future__ import annotations

from ..backend import Array, backend
from .base import LearningRate, Optimizer, check_interval


class RMSprop(Optimizer):
    """v += (1 - rho)(g**2 - v), p -= rate * g / sqrt(v + epsilon).

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        rho: Decay of v, the running mean of the squared gradient.
        momentum: Decay of a velocity that sums the steps; 0 for none.
        epsilon: Added under the root, so that it divides safely.
        centered: Whether the variance of the gradient takes the place of v: v minus the squared
            running mean of the gradient.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "rmsprop".

    Raises:
        ValueError: If rho or momentum is not in [0, 1), or epsilon is negative.

    References:
        Tieleman & Hinton 2012, Lecture 6.5 of Neural Networks for Machine Learning; Graves 2013,
        arXiv:1308.0850, for the centered form.

    Example:
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> RMSprop(0.1, rho=0.0).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy()
        array([-0.1,  0.1], dtype=float32)
    """

    kernel = "rmsprop"
    kernel_settings = ("rate", "rho", "momentum", "epsilon", "centered")

    def __init__(
        self,
        learning_rate: LearningRate = 1e-3,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        check_interval(self, 0, 1, rho=rho, momentum=momentum)
        check_interval(self, 0, epsilon=epsilon)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        mean = ("mean_gradient",) if centered else ()
        velocity = ("velocity",) if momentum else ()
        self.slots = ("mean_square", *mean, *velocity)

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """One step."""
        v, *others = state
        v += (g * g - v) * (1 - self.rho)
        variance = v
        if self.centered:
            m = others[0]
            m += (g - m) * (1 - self.rho)
            variance = backend(p).maximum(v - m * m, 0)  # rounding can take it below zero
        step = self.rate * g / backend(p).sqrt(variance + self.epsilon)
        if self.momentum:
            velocity = others[-1]
            velocity *= self.momentum
            velocity += step
            step = velocity
        p -= step
