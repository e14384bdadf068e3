"""Lion: steps of one size, by the sign of a momentum."""

from __future__ import annotations

from ..backend import Array, backend
from .base import LearningRate, Optimizer, check_interval


class Lion(Optimizer):
    """p -= rate * sign(beta_1 * m + (1 - beta_1) * g), m += (1 - beta_2)(g - m).

    Every parameter moves by `learning_rate` in each step, so it wants a rate 3 to 10 times smaller
    than Adam's; weight decay correspondingly larger.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        beta_1: Share of m in the step.
        beta_2: Decay of m, the running mean of the gradient.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "lion".

    Raises:
        ValueError: If a beta is not in [0, 1).

    References:
        Chen et al. 2023, arXiv:2302.06675, algorithm 2.

    Example:
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> Lion(0.1).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy()
        array([-0.1,  0.1], dtype=float32)
    """

    slots = ("m",)

    kernel = "lion"
    kernel_settings = ("rate", "beta_1", "beta_2")

    def __init__(
        self,
        learning_rate: LearningRate = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """One step."""
        (m,) = state
        p -= self.rate * backend(p).sign(m + (1 - self.beta_1) * (g - m))
        m += (1 - self.beta_2) * (g - m)
