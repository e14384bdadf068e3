"""Dense."""

from __future__ import annotations

from typing import Any

from .. import activations, ops
from .attributes import made_by
from .base import Layer
from .validation import positive_integer

# Outputs up to which one fused node is faster; beyond, two nodes free memory sooner.
FUSED_OUTPUTS = 1 << 16


class Dense(Layer):
    """activation(x @ kernel + bias), over the last axis of x.

    Args:
        units: Number of outputs.
        activation: Name or function applied to the result; None for none.
        use_bias: False leaves the bias out.
        kernel_initializer: Name or function that makes the kernel (in, units).
        bias_initializer: Name or function that makes the bias (units,).
        kernel_regularizer: Name or function of a penalty on the kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        input_dim: Short for input_shape=(input_dim,).
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (..., in) -> (..., units)

    Raises:
        ValueError: If units is no positive integer, or an input has no batch axis or another
            number of features than the first.

    Example:
        >>> layer = Dense(3, "relu")
        >>> layer(np.ones((2, 4))).shape
        (2, 3)
    """

    supports_masking = True
    bias: Any = None
    activation: Any = made_by(activations.get)

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, input_dim, dtype, activity_regularizer)
        self.units = positive_integer(self, "units", units)
        self.activation = activation
        self.use_bias = use_bias
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) < 2:
            raise ValueError(
                f"Dense expects inputs of shape (batch, ..., features), got {input_shape}: "
                "one sample x goes in as x[None, :]"
            )
        self.input_features = input_shape[-1]
        self.kernel = self._described("kernel", (self.input_features, self.units))
        if self.use_bias:
            self.bias = self._described("bias", (self.units,))

    def call(self, x: Any) -> Any:
        if not self.use_bias:
            return self.activation(x @ self.kernel)
        if self.activation is ops.relu and x.size // x.shape[-1] * self.units <= FUSED_OUTPUTS:
            return ops.linear_relu(x, self.kernel, self.bias)
        return self.activation(ops.linear(x, self.kernel, self.bias))
