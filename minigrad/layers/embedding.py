"""Embedding: a learned vector for each id."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..backend import Array
from ..config import one_call, settings
from ..engine.tensor import Tensor
from .base import Layer
from .validation import positive_integer


class Embedding(Layer):
    """embeddings[ids]: a learned vector for each id.

    Args:
        input_dim: Number of ids: they are 0..input_dim - 1.
        output_dim: Length of each vector.
        embeddings_initializer: Name or function that makes the vectors (input_dim, output_dim).
        embeddings_regularizer: Name or function of a penalty on them; None for none.
        embeddings_constraint: Name or function of a constraint on them; None for none.
        mask_zero: True makes id 0 padding, which layers that take a mask skip.
        weights: The vectors to start from, or a list of this one array; None for those of the
            initializer.
        input_length: Short for input_shape=(input_length,).
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the vectors.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        integers, or floats that are whole numbers (...) -> (..., output_dim)

    Raises:
        ValueError: If input_dim or output_dim is no positive integer, or weights have another
            shape.
        ValueError: If an id is a fraction.
        IndexError: If an id is outside 0..input_dim - 1.

    Example:
        >>> Embedding(100, 8)([[5, 2, 0]]).shape
        (1, 3, 8)
    """

    accepts_integers = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        input_length: int | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, input_length, dtype)
        self.input_dim = positive_integer(self, "input_dim", input_dim)
        self.output_dim = positive_integer(self, "output_dim", output_dim)
        self.mask_zero = mask_zero
        self._given = [weights] if hasattr(weights, "shape") else weights
        self._describe(
            "embeddings", embeddings_initializer, embeddings_regularizer, embeddings_constraint
        )

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.embeddings = self._described("embeddings", (self.input_dim, self.output_dim))
        if self._given is not None:
            self.set_weights(self._given)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make a layer like this one; the vectors are no part of it."""
        return {**super().get_config(), "weights": None}

    def call(self, x: Any) -> Any:
        ids = x if x.dtype.kind in "iu" else self._whole_ids(x)
        return ops.take(self.embeddings, self._checked(ids), axis=0)

    def _whole_ids(self, x: Any) -> Tensor:
        """Floats and bools as integers."""
        ids = Tensor(x.data.astype("int64"))
        if not (ids.data == x.data).all():
            fraction = x.data[ids.data != x.data].reshape(-1)[0]
            raise ValueError(f"Embedding expects whole numbers as ids, got {fraction}")
        return ids

    def _checked(self, ids: Any) -> Any:
        """The ids; raises IndexError if they are not those of vectors."""
        if ids.size == 0:
            return ids
        if settings.probing and self._out_of_range(ids.data):
            return ids * 0  # positions in a sequence whose length is open
        self._check_range(ids.data)
        return ids

    def _out_of_range(self, ids: Array) -> tuple[int, int] | None:
        """(lowest, highest) if some are not those of vectors, else None."""
        low, high = int(ids.min()), int(ids.max())
        return (low, high) if low < 0 or high >= self.input_dim else None

    @one_call
    def _check_range(self, ids: Array) -> None:
        """Raise IndexError unless all ids are those of vectors."""
        ends = self._out_of_range(ids)
        if ends is not None:
            raise IndexError(
                f"ids run from {ends[0]} to {ends[1]}, but input_dim={self.input_dim} "
                f"allows 0..{self.input_dim - 1}"
            )

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """True where the ids are not 0, with `mask_zero`; else None."""
        return getattr(x, "_array", x) != 0 if self.mask_zero else None
