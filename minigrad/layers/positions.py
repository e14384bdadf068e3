"""Layers that tell a sequence's tokens where they stand."""

from __future__ import annotations

from typing import Any

from .. import initializers
from ..backend import backend
from .base import Layer


class _Positions(Layer):
    supports_masking = True

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) != 3:
            raise ValueError(
                f"{type(self).__name__} expects sequences of shape (N, T, features), got {input_shape}"
            )


class SinusoidalPositions(_Positions):
    """x + waves: feature 2 i of position p is sin(p / base**(2 i / D)), feature 2 i + 1 its cosine (arXiv:1706.03762, section 3.5).

    `start` is the position of the first token, in generation the number of those read before.
    """

    def __init__(self, base: float = 10000.0, **options: Any) -> None:
        super().__init__(**options)
        self.base = base

    def call(self, x: Any, start: int = 0) -> Any:
        xp, (length, features) = backend(x), x.shape[1:]
        angles = xp.arange(start, start + length)[:, None] * self.base ** (
            xp.arange(0, features, 2) / -max(1, features)
        )
        waves = xp.empty((length, features), x.dtype)
        waves[:, 0::2] = xp.sin(angles)
        waves[:, 1::2] = xp.cos(angles)[:, : features // 2]
        return x + waves


class LearnedPositions(_Positions):
    """x + embeddings[positions]: a learned vector for each of `sequence_length` positions (BERT, GPT)."""

    def __init__(
        self, sequence_length: int, initializer: Any = "glorot_uniform", **options: Any
    ) -> None:
        super().__init__(**options)
        self.sequence_length, self.initializer = sequence_length, initializers.get(initializer)

    def build(self, input_shape: tuple[int, ...]) -> None:
        super().build(input_shape)
        self.embeddings = self.add_weight((self.sequence_length, input_shape[-1]), self.initializer)

    def call(self, x: Any, start: int = 0) -> Any:
        end = start + x.shape[1]
        if end > self.sequence_length:
            raise ValueError(
                f"a sequence of {x.shape[1]} tokens from position {start} on ends at {end}, but there are "
                f"{self.sequence_length} positions: shorten it, or give more positions"
            )
        return x + self.embeddings[start:end]
