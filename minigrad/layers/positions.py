"""Positional encodings: a vector per position, added to the tokens of a sequence."""

from __future__ import annotations

from typing import Any

from .. import initializers
from ..backend import Array, backend
from ..config import settings
from .base import Layer
from .validation import positive_integer


class SinusoidalPositions(Layer):
    """x + encoding, sines and cosines of the position with wavelengths up to 2 pi base.

    Feature 2 i of position p is sin(p / base**(2 i / D)), feature 2 i + 1 the cosine.

    Args:
        base: Longest wavelength over 2 pi.
        name: Name of the layer; a model names it after its class if None.
        trainable: Has no effect: there are no parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of the output; None for the default one.

    Shape:
        (N, T, D) -> (N, T, D)

    Raises:
        ValueError: If the input is of another rank.

    References:
        Vaswani et al. 2017, arXiv:1706.03762, section 3.5.

    Example:
        >>> SinusoidalPositions()(np.zeros((1, 1, 4))).numpy()[0, 0].tolist()
        [0.0, 1.0, 0.0, 1.0]
    """

    supports_masking = True
    input_rank = 3

    def __init__(
        self,
        base: float = 10000.0,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.base = base

    def call(self, x: Any, start: int = 0) -> Any:
        """x + encoding.

        Args:
            x: Sequences (N, T, D).
            start: Position of the first token: in generation, the number of tokens read before.
        """
        length, features = x.shape[1:]
        positions = backend(x).arange(start, start + length)
        return x + sinusoids(positions, features, self.base, x.dtype)


def sinusoids(positions: Array, features: int, base: float = 10000.0, dtype: Any = None) -> Array:
    """Sines and cosines of positions, a row for each: also of the steps of a diffusion.

    Args:
        positions: Numbers (N,).
        features: Length of a row.
        base: Longest wavelength over 2 pi.
        dtype: dtype of the result; None for the default one.

    Shape:
        (N,) -> (N, features)

    Example:
        >>> sinusoids(np.array([0, 1]), 4).round(2).tolist()[0]
        [0.0, 1.0, 0.0, 1.0]
    """
    xp = backend(positions)
    angles = positions[:, None] * base ** (xp.arange(0, features, 2) / -max(1, features))
    encoding = xp.empty((len(positions), features), dtype or settings.default_dtype)
    encoding[:, 0::2] = xp.sin(angles)
    encoding[:, 1::2] = xp.cos(angles)[:, : features // 2]
    return encoding


class LearnedPositions(Layer):
    """x + embeddings[positions], a learned vector for each position (BERT, GPT).

    Args:
        sequence_length: Number of positions.
        initializer: Name or function that makes the vectors (sequence_length, D).
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the vectors.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, D) -> (N, T, D)

    Raises:
        ValueError: If sequence_length is no positive integer, or the input is of another rank, or
            longer than there are positions.

    Example:
        >>> LearnedPositions(16)(np.zeros((1, 5, 4))).shape
        (1, 5, 4)
    """

    supports_masking = True
    input_rank = 3

    def __init__(
        self,
        sequence_length: int,
        initializer: Any = "glorot_uniform",
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.sequence_length = positive_integer(self, "sequence_length", sequence_length)
        self.initializer = initializers.get(initializer)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.embeddings = self.add_weight((self.sequence_length, input_shape[-1]), self.initializer)

    def call(self, x: Any, start: int = 0) -> Any:
        """x + embeddings[start : start + T].

        Args:
            x: Sequences (N, T, D).
            start: Position of the first token: in generation, the number of tokens read before.
        """
        end = start + x.shape[1]
        if end > self.sequence_length:
            raise ValueError(
                f"a sequence of {x.shape[1]} tokens from position {start} on ends at {end}, but "
                f"there are {self.sequence_length} positions: shorten it, or give more positions"
            )
        return x + self.embeddings[start:end]
