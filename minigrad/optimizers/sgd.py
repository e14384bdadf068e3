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

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
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
        name: str | None = None,
    ) -> None:
        super().__init__(
            learning_rate, momentum, True, weight_decay, clipnorm, clipvalue, global_clipnorm, name
        )
