"""Layers without space or time: dense, activations, dropout, shapes, embedding."""
from __future__ import annotations

import math
from typing import Any, Callable

from .. import activations, initializers, ops, regularizers
from ..backend import random
from .base import Layer, is_training

SMALL = 1 << 16                         # outputs up to which one fused node is faster; beyond, two nodes free memory sooner


class Input(Layer):
    """Says the shape of a model's input, without the batch axis: Sequential([Input((64,)), Dense(10)])."""

    takes_integers = True
    supports_masking = True

    def __init__(self, shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(input_shape=shape, **options)

    def call(self, x: Any) -> Any:
        return x


class Dense(Layer):
    """activation(x @ kernel + bias) over the last axis of x: (..., in) -> (..., units)."""

    supports_masking = True

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform",
                 bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 **options: Any) -> None:
        super().__init__(**options)
        if not hasattr(units, "__index__") or units < 1:
            raise ValueError(f"Dense: units must be a whole number above 0, not {units!r}")
        self.units, self.use_bias, self.activation = int(units), use_bias, activations.get(activation)
        self.kernel_initializer, self.bias_initializer = initializers.get(kernel_initializer), initializers.get(bias_initializer)
        self.kernel_regularizer, self.bias_regularizer = regularizers.get(kernel_regularizer), regularizers.get(bias_regularizer)

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) < 2:
            raise ValueError(f"Dense expects inputs of shape (batch, ..., features), got {input_shape}: "
                             "one sample x goes in as x[None, :]")
        self.kernel = self.add_weight((input_shape[-1], self.units), self.kernel_initializer, regularizer=self.kernel_regularizer)
        if self.use_bias:
            self.bias = self.add_weight((self.units,), self.bias_initializer, regularizer=self.bias_regularizer)

    def call(self, x: Any) -> Any:
        if x.shape[-1] != self.kernel.shape[0]:
            raise ValueError(f"Dense was built for {self.kernel.shape[0]} features, got an input of shape {x.shape}")
        if not self.use_bias:
            return self.activation(x @ self.kernel)
        if self.activation is ops.relu and x.size // x.shape[-1] * self.units <= SMALL:
            return ops.linear_relu(x, self.kernel, self.bias)
        return self.activation(ops.linear(x, self.kernel, self.bias))


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

    def __init__(self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0,
                 **options: Any) -> None:
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

    def __init__(self, negative_slope: float = 0.3, alpha: float | None = None, **options: Any) -> None:
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

    def __init__(self, alpha_initializer: Any = "zeros", alpha_regularizer: Any = None, shared_axes: tuple[int, ...] = (),
                 **options: Any) -> None:
        super().__init__(**options)
        self.alpha_initializer, self.alpha_regularizer = initializers.get(alpha_initializer), regularizers.get(alpha_regularizer)
        self.shared_axes = tuple(shared_axes or ())

    def build(self, input_shape: tuple[int, ...]) -> None:
        shape = tuple([1 if axis in self.shared_axes else n for axis, n in enumerate(input_shape)][1:])
        self.alpha = self.add_weight(shape, self.alpha_initializer, regularizer=self.alpha_regularizer)

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


class Dropout(Layer):
    """In training each element is dropped with probability `rate`, the rest divided by 1 - rate (Srivastava et al. 2014)."""

    supports_masking = True

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(**options)
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: rate must be in [0, 1), not {rate!r}: at 1 nothing would be left")
        self.rate = rate

    def call(self, x: Any) -> Any:
        if not is_training() or self.rate == 0:
            return x
        return x * dropout_mask(self.rate, self.mask_shape(x), x)

    def mask_shape(self, x: Any) -> tuple[int, ...]:
        """The shape of the mask: one decision an element."""
        return x.shape


def dropout_mask(rate: float, shape: tuple[int, ...], like: Any) -> Any:
    """0 with probability `rate`, else 1 / (1 - rate): drawn on the host, on the device and in the dtype of `like`."""
    keep = 1 - rate
    return (random(shape, like) < keep).astype(like.dtype) * (1 / keep)


class SpatialDropout1D(Dropout):
    """Dropout of whole channels of a sequence (N, T, C): one decision for each sample and channel (arXiv:1411.4280)."""

    rank, expected = 3, "sequences of shape (N, T, C)"

    def mask_shape(self, x: Any) -> tuple[int, ...]:
        """One decision a channel."""
        return (x.shape[0], *(1,) * (self.rank - 2), x.shape[-1])

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) != self.rank:
            raise ValueError(f"{type(self).__name__} expects {self.expected}, got {input_shape}")


class SpatialDropout2D(SpatialDropout1D):
    """Dropout of whole channels of images (N, H, W, C): one decision for each sample and channel."""

    rank, expected = 4, "images of shape (N, H, W, C)"


class Flatten(Layer):
    """(N, ...) -> (N, product of the rest)."""

    takes_integers = True

    def call(self, x: Any) -> Any:
        return ops.reshape(x, shape=(x.shape[0], math.prod(x.shape[1:])))


class Reshape(Layer):
    """(N, ...) -> (N, *target_shape); one length may be -1."""

    takes_integers = True

    def __init__(self, target_shape: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.target_shape = tuple(target_shape)

    def call(self, x: Any) -> Any:
        return ops.reshape(x, shape=(x.shape[0], *self.target_shape))


class Permute(Layer):
    """The axes after the batch axis in another order, counted from 1 as in Keras: Permute((2, 1))."""

    takes_integers = True

    def __init__(self, dims: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)
        self.dims = tuple(dims)

    def call(self, x: Any) -> Any:
        return ops.transpose(x, axes=(0, *self.dims))


class Lambda(Layer):
    """Any function of a Tensor as a layer."""

    takes_integers = True

    def __init__(self, function: Callable[[Any], Any], **options: Any) -> None:
        super().__init__(**options)
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


class Embedding(Layer):
    """embeddings[ids]: integers (...) in 0..input_dim-1 -> vectors (..., output_dim).

    With `mask_zero` the id 0 is padding, and layers that take a mask skip it.
    """

    takes_integers = True

    def __init__(self, input_dim: int, output_dim: int, embeddings_initializer: Any = "uniform",
                 embeddings_regularizer: Any = None, mask_zero: bool = False, input_length: int | None = None,
                 **options: Any) -> None:
        super().__init__(**options)
        self.makes_mask = mask_zero
        self.vocabulary, self.output_dim = input_dim, output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        if input_length is not None:
            self.declared_shape = (input_length,)

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.embeddings = self.add_weight((self.vocabulary, self.output_dim), self.embeddings_initializer,
                                          regularizer=self.embeddings_regularizer)

    def call(self, x: Any) -> Any:
        if x.dtype.kind not in "iu":
            raise TypeError(f"Embedding expects integer ids, got {x.dtype}")
        if x.size and (int(x.data.min()) < 0 or int(x.data.max()) >= self.vocabulary):
            raise IndexError(f"ids run from {int(x.data.min())} to {int(x.data.max())}, but input_dim={self.vocabulary} "
                             f"allows 0..{self.vocabulary - 1}")
        return ops.take(self.embeddings, x)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Where the ids are not 0, with `mask_zero`."""
        return getattr(x, "_array", x) != 0 if self.makes_mask else None


class Masking(Layer):
    """x, with a mask that skips the steps at which all features are `mask_value`; they become 0."""

    makes_mask = True

    def __init__(self, mask_value: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.mask_value = mask_value

    def call(self, x: Any) -> Any:
        return x * self.compute_mask(x)[..., None].astype(x.dtype)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Where some feature is not `mask_value`."""
        return (getattr(x, "_array", x) != self.mask_value).any(-1)
