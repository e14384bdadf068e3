"""Adam and AdamW."""

from __future__ import annotations

from ..backend import Array, backend
from ..utils.registry import check_choice
from .base import LearningRate, Optimizer, check_interval


class Adam(Optimizer):
    """m += (1 - beta_1)(g - m), v += (1 - beta_2)(g**2 - v), p -= alpha * m / (sqrt(v) + epsilon).

    alpha = rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) undoes the bias of means that begin at
    zero: Keras's form. Algorithm 1 of the paper, and PyTorch, correct m and v themselves,
    p -= rate * m_ / (sqrt(v_) + epsilon) with m_ = m / (1 - beta_1**t) and
    v_ = v / (1 - beta_2**t); `epsilon_form="paper"` does that. In the first steps Keras's epsilon
    weighs more, by 1 / sqrt(1 - beta_2**t); at epsilon 0 both are equal.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        beta_1: Decay of m, the running mean of the gradient.
        beta_2: Decay of v, the running mean of the squared gradient.
        epsilon: Added to the root, so that it divides safely.
        amsgrad: Whether the largest v so far takes the place of v.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "adam".
        epsilon_form: "keras" adds epsilon to the root of v, "paper" to the root of the corrected v.

    Raises:
        ValueError: If a beta is not in [0, 1), epsilon is negative, or its form unknown.

    References:
        Kingma & Ba 2015, arXiv:1412.6980, algorithm 1, and the end of its section 2 for Keras's
        form; Reddi et al. 2018, arXiv:1904.09237, for
        amsgrad.

    Example:
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> Adam(0.1).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy().round(3)
        array([-0.1,  0.1], dtype=float32)
    """

    kernel = "adam"
    kernel_settings = ("beta_1", "beta_2", "alpha", "floor")

    def __init__(
        self,
        learning_rate: LearningRate = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        epsilon_form: str = "keras",
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
        check_choice(epsilon_form, ("keras", "paper"), f"epsilon_form of {self.name}")
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.epsilon_form = epsilon_form
        self.amsgrad = amsgrad
        self.slots = ("m", "v", "v_max") if amsgrad else ("m", "v")

    def prepare(self) -> None:
        """alpha, and the epsilon beside sqrt(v): sqrt(v_) + epsilon is (sqrt(v) + floor) / root."""
        root = (1 - self.beta_2**self.t) ** 0.5
        self.alpha = self.rate * root / (1 - self.beta_1**self.t)
        self.floor = self.epsilon * (root if self.epsilon_form == "paper" else 1)

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """One step; a single temporary array, reused line by line, stays in the cache."""
        m, v, *v_max = state
        xp = backend(p)
        step = g - m  # m += (1 - beta_1)(g - m)
        step *= 1 - self.beta_1
        m += step
        xp.multiply(g, g, out=step)  # v += (1 - beta_2)(g**2 - v)
        step -= v
        step *= 1 - self.beta_2
        v += step
        if v_max:
            v = xp.maximum(v_max[0], v, out=v_max[0])
        xp.sqrt(v, out=step)  # p -= alpha * m / (sqrt(v) + floor)
        step += self.floor
        xp.divide(m, step, out=step)
        step *= self.alpha
        p -= step


class AdamW(Adam):
    """Adam with weight decay apart from the gradient.

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        weight_decay: Before the step, parameters shrink by learning_rate * weight_decay.
        beta_1: Decay of the running mean of the gradient.
        beta_2: Decay of the running mean of the squared gradient.
        epsilon: Added to the root, so that it divides safely.
        amsgrad: Whether the largest v so far takes the place of v.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "adamw".
        epsilon_form: "keras" adds epsilon to the root of v, "paper" to the root of the corrected v.

    Raises:
        ValueError: If a beta is not in [0, 1), epsilon is negative, or its form unknown.

    References:
        Loshchilov & Hutter 2019, arXiv:1711.05101.

    Example:
        >>> p = minigrad.Parameter(np.ones(2))
        >>> AdamW(0.1, weight_decay=0.5).apply([np.zeros(2)], [p])
        >>> p.numpy()
        array([0.95, 0.95], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 1e-3,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        epsilon_form: str = "keras",
    ) -> None:
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
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
            epsilon_form,
        )
