"""Activation functions as layers."""

from __future__ import annotations

from typing import Any

from .. import activations, initializers, ops, regularizers
from .base import Layer


class Activation(Layer):
    """activation(x), by name or as a function."""

    supports_masking = True

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, x: Any) -> Any:
        return self.activation(x)


class ReLU(Layer):
    """max(x, 0), below `max_value` if given; negative_slope * (x - threshold) below `threshold`."""

    supports_masking = True

    def __init__(
        self,
        max_value: float | None = None,
        negative_slope: float = 0.0,
        threshold: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, x: Any) -> Any:
        if self.negative_slope == self.threshold == 0:
            y = ops.relu(x)
        else:
            y = ops.where(x > self.threshold, x, self.negative_slope * (x - self.threshold))
        return y if self.max_value is None else ops.clip(y, max=self.max_value)


class LeakyReLU(Layer):
    """x where positive, negative_slope * x elsewhere (Keras's default slope .3; `alpha` is its old name)."""

    supports_masking = True

    def __init__(
        self, negative_slope: float = 0.3, alpha: float | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.negative_slope = negative_slope if alpha is None else alpha

    def call(self, x: Any) -> Any:
        return ops.leaky_relu(x, negative_slope=self.negative_slope)


class ELU(Layer):
    """x where positive, alpha * (exp(x) - 1) elsewhere (arXiv:1511.07289)."""

    supports_masking = True

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = alpha

    def call(self, x: Any) -> Any:
        return ops.elu(x, alpha=self.alpha)


class PReLU(Layer):
    """x where positive, alpha * x elsewhere, alpha learned for each feature, or one along `shared_axes` (arXiv:1502.01852)."""

    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        shared_axes: tuple[int, ...] = (),
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.alpha_initializer, self.alpha_regularizer = (
            initializers.get(alpha_initializer),
            regularizers.get(alpha_regularizer),
        )
        self.shared_axes = tuple(shared_axes or ())

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = tuple(
            [1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape)][1:]
        )
        self.alpha = self.add_weight(
            shape, self.alpha_initializer, regularizer=self.alpha_regularizer
        )

    def call(self, x: Any) -> Any:
        return ops.relu(x) - self.alpha * ops.relu(-x)


class Softmax(Layer):
    """exp(x) / sum(exp(x)) over `axis`."""

    supports_masking = True

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def call(self, x: Any) -> Any:
        return ops.softmax(x, axis=self.axis)
