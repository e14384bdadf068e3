"""Adagrad."""

from __future__ import annotations

from ..backend import Array, backend
from .base import LearningRate, Optimizer, check_interval


class Adagrad(Optimizer):
    """a += g**2, p -= rate * g / sqrt(a + epsilon).

    Args:
        learning_rate: Number, or a schedule (step -> rate).
        initial_accumulator_value: First value of a.
        epsilon: Added under the root, so that it divides safely.
        weight_decay: Decay apart from the gradient; None for none.
        clipnorm: Largest norm of each gradient.
        clipvalue: Largest absolute value of each element of a gradient.
        global_clipnorm: Largest norm of all gradients together.
        use_ema: Whether averages of the parameters are kept, which they get at the end of `fit`.
        ema_momentum: The share of an average that stays at each step, in [0, 1].
        ema_overwrite_frequency: Steps after which parameters become their averages; None for never.
        loss_scale_factor: What `scale_loss` multiplies a loss by, and a step divides gradients by.
        gradient_accumulation_steps: Calls whose mean gradient makes a step; None for each its own.
        name: Name, by default "adagrad".

    Raises:
        ValueError: If a setting is negative.

    References:
        Duchi et al. 2011, Journal of Machine Learning Research 12.

    Example:
        >>> p = minigrad.Parameter(np.zeros(2))
        >>> Adagrad(0.1, initial_accumulator_value=0.0).apply([np.array([3.0, -4.0])], [p])
        >>> p.numpy()
        array([-0.1,  0.1], dtype=float32)
    """

    slots = ("accumulator",)

    kernel = "adagrad"
    kernel_settings = ("rate", "epsilon")

    def __init__(
        self,
        learning_rate: LearningRate = 1e-3,
        initial_accumulator_value: float = 0.1,
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
        check_interval(
            self, 0, initial_accumulator_value=initial_accumulator_value, epsilon=epsilon
        )
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def _flatten_arrays(self, arrays: dict[int, Array]) -> None:
        super()._flatten_arrays(arrays)
        for i in arrays:
            _, a = self._views[i]
            a[...] = self.initial_accumulator_value

    def update(self, p: Array, g: Array, *state: Array) -> None:
        """One step."""
        (a,) = state
        a += g * g
        p -= self.rate * g / backend(p).sqrt(a + self.epsilon)
