"""Normalisation layers."""
from __future__ import annotations

from typing import Any

from .. import initializers, ops, regularizers
from ..backend import backend
from .base import Layer


class LayerNormalization(Layer):
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta over the last axis, or over several last ones (arXiv:1607.06450)."""

    def __init__(self, axis: int | tuple[int, ...] = -1, epsilon: float = 1e-3, center: bool = True, scale: bool = True,
                 beta_initializer: Any = "zeros", gamma_initializer: Any = "ones", beta_regularizer: Any = None,
                 gamma_regularizer: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.axis, self.epsilon, self.center, self.scale = axis, epsilon, center, scale
        self.beta_initializer, self.gamma_initializer = initializers.get(beta_initializer), initializers.get(gamma_initializer)
        self.beta_regularizer, self.gamma_regularizer = regularizers.get(beta_regularizer), regularizers.get(gamma_regularizer)

    def build(self, input_shape: tuple[int, ...]) -> None:
        rank = len(input_shape)
        axes = sorted(a + rank if a < 0 else a for a in (self.axis if isinstance(self.axis, (tuple, list)) else (self.axis,)))
        if axes != list(range(rank - len(axes), rank)) or axes[0] < 1:
            raise ValueError(f"LayerNormalization normalises the last axes, not the batch; axis={self.axis} of {input_shape} "
                             "are others: Permute them to the end")
        self.normal_shape = input_shape[axes[0]:]
        if self.scale:
            self.gamma = self.add_weight(self.normal_shape, self.gamma_initializer, regularizer=self.gamma_regularizer)
        if self.center:
            self.beta = self.add_weight(self.normal_shape, self.beta_initializer, regularizer=self.beta_regularizer)

    def call(self, x: Any) -> Any:
        if x.shape[-len(self.normal_shape):] != self.normal_shape:
            raise ValueError(f"LayerNormalization was built for last axes {self.normal_shape}, got an input of shape {x.shape}")
        xp = backend(x)
        gamma = self.gamma if self.scale else xp.ones(self.normal_shape, x.dtype)
        beta = self.beta if self.center else xp.zeros(self.normal_shape, x.dtype)
        return ops.layer_norm(x, gamma, beta, epsilon=self.epsilon)
