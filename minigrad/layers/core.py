"""Input, Dense, Embedding and Lambda."""

from __future__ import annotations

from typing import Any, Callable

from .. import activations, initializers, ops, regularizers
from ..ops import linear
from .base import Layer

SMALL = (
    1 << 16
)  # outputs up to which one fused node is faster; beyond, two nodes free memory sooner


class Input(Layer):
    """Says the shape of a model's input, without the batch axis: Sequential([Input((64,)), Dense(10)])."""

    accepts_integers = True
    supports_masking = True

    def __init__(self, shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(input_shape=shape, **options)

    def call(self, x: Any) -> Any:
        return x


class Dense(Layer):
    """activation(x @ kernel + bias) over the last axis of x: (..., in) -> (..., units)."""

    supports_masking = True

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not hasattr(units, "__index__") or units < 1:
            raise ValueError(f"Dense: units must be a whole number above 0, not {units!r}")
        self.units, self.use_bias, self.activation = (
            int(units),
            use_bias,
            activations.get(activation),
        )
        self.kernel_initializer, self.bias_initializer = (
            initializers.get(kernel_initializer),
            initializers.get(bias_initializer),
        )
        self.kernel_regularizer, self.bias_regularizer = (
            regularizers.get(kernel_regularizer),
            regularizers.get(bias_regularizer),
        )

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) < 2:
            raise ValueError(
                f"Dense expects inputs of shape (batch, ..., features), got {input_shape}: "
                "one sample x goes in as x[None, :]"
            )
        self.kernel = self.add_weight(
            (input_shape[-1], self.units),
            self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )
        if self.use_bias:
            self.bias = self.add_weight(
                (self.units,), self.bias_initializer, regularizer=self.bias_regularizer
            )

    def call(self, x: Any) -> Any:
        if x.shape[-1] != self.kernel.shape[0]:
            raise ValueError(
                f"Dense was built for {self.kernel.shape[0]} features, got an input of shape {x.shape}"
            )
        if not self.use_bias:
            return self.activation(x @ self.kernel)
        if self.activation is ops.relu and x.size // x.shape[-1] * self.units <= SMALL:
            return ops.linear_relu(x, self.kernel, self.bias)
        return self.activation(linear(x, self.kernel, self.bias))


class Lambda(Layer):
    """Any function of a Tensor as a layer."""

    accepts_integers = True

    def __init__(self, function: Callable[[Any], Any], **options: Any) -> None:
        super().__init__(**options)
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


class Embedding(Layer):
    """embeddings[ids]: integers (...) in 0..input_dim-1 -> vectors (..., output_dim).

    With `mask_zero` the id 0 is padding, and layers that take a mask skip it.
    """

    accepts_integers = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        mask_zero: bool = False,
        input_length: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.creates_mask = mask_zero
        self.vocabulary, self.output_dim = input_dim, output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        if input_length is not None:
            self.declared_shape = (input_length,)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.embeddings = self.add_weight(
            (self.vocabulary, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
        )

    def call(self, x: Any) -> Any:
        if x.dtype.kind not in "iu":
            raise TypeError(f"Embedding expects integer ids, got {x.dtype}")
        if x.size and (int(x.data.min()) < 0 or int(x.data.max()) >= self.vocabulary):
            raise IndexError(
                f"ids run from {int(x.data.min())} to {int(x.data.max())}, but input_dim={self.vocabulary} "
                f"allows 0..{self.vocabulary - 1}"
            )
        return ops.take(self.embeddings, x)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Where the ids are not 0, with `mask_zero`."""
        return getattr(x, "_array", x) != 0 if self.creates_mask else None
