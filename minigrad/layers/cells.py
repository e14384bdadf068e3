"""Recurrent cells: the parameters and one step of SimpleRNN, LSTM and GRU. recurrent.py runs them over sequences."""

from __future__ import annotations

from functools import partial
from typing import Any

from .. import activations, initializers, ops, regularizers
from ..backend import Array, backend
from ..engine.tensor import Tensor
from ..ops import gru, linear
from .base import Layer
from .modes import is_training
from .regularization import dropout_mask


class _Cell(Layer):
    """One step: cell(x (N, in), states) -> (y (N, units), new states); without states they are zeros.

    In training `dropout` drops inputs and `recurrent_dropout` elements of h on their way into the product (arXiv:1512.05287); over
    a sequence RNN draws both masks once, for all steps, and gives them as `drops`.
    """

    gates = 1
    states = 1  # how many arrays (N, units) go from step to step, h the first

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        name = type(self).__name__
        if not hasattr(units, "__index__") or units < 1:
            raise ValueError(f"{name}: units must be a whole number above 0, not {units!r}")
        for what, rate in (("dropout", dropout), ("recurrent_dropout", recurrent_dropout)):
            if not 0 <= rate < 1:
                raise ValueError(
                    f"{name}: {what} must be in [0, 1), not {rate!r}: at 1 nothing would be left"
                )
        self.units, self.use_bias, self.dropout, self.recurrent_dropout = (
            int(units),
            use_bias,
            dropout,
            recurrent_dropout,
        )
        self.activation, self.recurrent_activation = (
            activations.get(activation),
            activations.get(recurrent_activation),
        )
        self.initializers = [
            initializers.get(i)
            for i in (kernel_initializer, recurrent_initializer, bias_initializer)
        ]
        self.regularizers = [
            regularizers.get(r)
            for r in (kernel_regularizer, recurrent_regularizer, bias_regularizer)
        ]

    @property
    def state_size(self) -> list[int]:
        """The width of each state."""
        return [self.units] * self.states

    def build(self, input_shape: tuple[int, ...]) -> None:
        wide = self.gates * self.units
        shapes = (input_shape[-1], wide), (self.units, wide), self.bias_shape()
        makers = self.initializers[:2] + [self.initial_bias]
        self.kernel, self.recurrent_kernel, self.bias = (
            self.add_weight(shape, maker, regularizer=regularizer) if shape else None
            for shape, maker, regularizer in zip(shapes, makers, self.regularizers)
        )

    def bias_shape(self) -> tuple[int, ...] | None:
        """The shape of the bias, None for none."""
        return (self.gates * self.units,) if self.use_bias else None

    def initial_bias(self, shape: tuple[int, ...]) -> Array:
        """How the bias starts."""
        return self.initializers[2](shape)

    def call(self, x: Any, states: Any = None, drops: Any = None) -> tuple[Any, list[Any]]:
        of_x, of_h = self.draw(x) if drops is None else drops
        if x.ndim != 2 or x.shape[1] != self.kernel.shape[0]:  # type: ignore[union-attr]
            raise ValueError(
                f"{type(self).__name__} takes one step, (N, {self.kernel.shape[0]}), got {x.shape}: "  # type: ignore[union-attr]
                "sequences go through RNN(cell)"
            )
        zeros = Tensor(backend(x).zeros((len(x), self.units), x.dtype))
        new = self.step(x if of_x is None else x * of_x, *(states or [zeros] * self.states), of_h)
        return new[0], new

    def step(self, x: Any, *states_and_drop: Any) -> list[Any]:
        """The new states."""
        raise TypeError(f"{type(self).__name__} needs a method step(self, x, *states, drop)")

    def draw(self, x: Any) -> tuple[Any, Any]:
        """Masks for x (N, in) or (N, T, in), the same at each step, and for h; None where nothing is dropped."""
        if not is_training():
            return None, None
        shape = (len(x), *(1,) * (x.ndim - 2), x.shape[-1])
        return (
            dropout_mask(self.dropout, shape, x) if self.dropout else None,
            dropout_mask(self.recurrent_dropout, (len(x), self.units), x)
            if self.recurrent_dropout
            else None,
        )

    def sequence(self, x: Any, states: list[Any], mask: Any, drop: Any, gives: str) -> Any:
        """All steps in one node if the activations are the usual ones; else by the kernel's definition."""
        kernel, definition = self.over_time()
        usual = self.activation is ops.tanh and self.recurrent_activation is ops.sigmoid
        op = kernel if usual else partial(definition, **self.chosen())
        return op(
            x, self.kernel, self.recurrent_kernel, self.bias, *states, mask, drop, gives=gives
        )

    def over_time(self) -> tuple[Any, Any]:
        """The kernel over whole sequences and its definition."""
        raise TypeError(f"{type(self).__name__} needs a method over_time(self)")

    def chosen(self) -> dict[str, Any]:
        """The activations, as the definition takes them."""
        return {"activation": self.activation, "recurrent_activation": self.recurrent_activation}

    def project(self, x: Any, bias: Any) -> Any:
        """x @ kernel + bias."""
        return x @ self.kernel if bias is None else linear(x, self.kernel, bias)


class SimpleRNNCell(_Cell):
    """h' = tanh(x @ kernel + h @ recurrent_kernel + bias) (Elman 1990)."""

    def __init__(
        self, units: int, activation: Any = "tanh", use_bias: bool = True, **options: Any
    ) -> None:
        super().__init__(units, activation, use_bias=use_bias, **options)

    def step(self, x: Any, h: Any, drop: Any = None) -> list[Any]:
        return ops.simple_rnn_step(
            self.project(x, self.bias), h, self.recurrent_kernel, drop, self.activation
        )

    def over_time(self) -> tuple[Any, Any]:
        return ops.simple_rnn, ops.simple_rnn_definition

    def chosen(self) -> dict[str, Any]:
        return {"activation": self.activation}


class LSTMCell(_Cell):
    """c' = f * c + i * g, h' = o * tanh(c'), gates i, f, g, o in this order (Hochreiter & Schmidhuber 1997, Gers et al. 2000).

    `unit_forget_bias` lets f start open: its bias is 1 (Jozefowicz et al. 2015).
    """

    gates, states = 4, 2

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(
            units,
            activation,
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            **options,
        )
        self.unit_forget_bias = unit_forget_bias

    def initial_bias(self, shape: tuple[int, ...]) -> Array:
        bias = super().initial_bias(shape)
        if self.unit_forget_bias:
            bias[self.units : 2 * self.units] = 1
        return bias

    def step(self, x: Any, h: Any, c: Any, drop: Any = None) -> list[Any]:  # type: ignore[override]
        return ops.lstm_step(
            self.project(x, self.bias),
            h,
            c,
            self.recurrent_kernel,
            drop,
            self.activation,
            self.recurrent_activation,
        )

    def over_time(self) -> tuple[Any, Any]:
        return ops.lstm, ops.lstm_definition


class GRUCell(_Cell):
    """h' = z * h + (1 - z) * candidate, gates z, r, h in this order (arXiv:1406.1078).

    With `reset_after` r multiplies what comes out of the product with h, as cuDNN and PyTorch have it, and the bias is (2, 3 units):
    that of x and that of h. Without, r multiplies h before it, as the paper has it.
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        *initializers: Any,
        reset_after: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(
            units, activation, recurrent_activation, use_bias, *initializers, **options
        )
        self.reset_after = reset_after

    def bias_shape(self) -> tuple[int, ...] | None:
        shape = super().bias_shape()
        return (2, *shape) if shape and self.reset_after else shape

    def step(self, x: Any, h: Any, drop: Any = None) -> list[Any]:
        chosen = self.recurrent_kernel, drop, self.activation, self.recurrent_activation
        if not self.reset_after:
            return ops.gru_classic_step(self.project(x, self.bias), h, *chosen)
        of_x, of_h = (None, None) if self.bias is None else (self.bias[0], self.bias[1])
        return ops.gru_step(self.project(x, of_x), h, chosen[0], of_h, *chosen[1:])

    def over_time(self) -> tuple[Any, Any]:
        return (
            (gru, ops.gru_definition)
            if self.reset_after
            else (ops.gru_classic, ops.gru_classic_definition)
        )
