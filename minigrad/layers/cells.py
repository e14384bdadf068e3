"""Recurrent cells: the parameters and one step of SimpleRNN, LSTM and GRU."""

from __future__ import annotations

from typing import Any

from .. import activations, ops
from ..backend import Array, backend
from ..engine.tensor import Tensor
from ..ops.recurrent import gru_reset_before_step, gru_step, lstm_step, project, simple_rnn_step
from .attributes import made_by
from .base import Layer
from .regularization import dropout_mask
from .seeds import Seed, Seeded
from .validation import check_recurrent


def match_states(layer: Layer, x: Any, given: Any, sizes: list[int], name: str) -> list[Any]:
    """States as Tensors of the dtype and on the device of x; ValueError unless they fit.

    `sizes` are the widths that the layer needs, `name` is the argument that holds them.
    """
    states = list(given) if isinstance(given, (list, tuple)) else [given]
    if len(states) != len(sizes):
        raise ValueError(
            f"{type(layer).__name__} has {len(sizes)} states, {name} holds {len(states)}"
        )
    for i, n in enumerate(sizes):
        if not isinstance(states[i], Tensor):
            states[i] = Tensor(states[i], dtype=x.dtype, device=x.device)
        if states[i].shape != (len(x), n):
            raise ValueError(
                f"{type(layer).__name__}: state {i} has shape {states[i].shape}; an input of "
                f"shape {x.shape} needs {(len(x), n)}"
            )
    return states


def flat_states(states: Any) -> list[Any]:
    """The states, or their sizes, in nested lists and tuples as one list."""
    if not isinstance(states, (list, tuple)):
        return [states]
    return [state for item in states for state in flat_states(item)]


def nest_states(states: list[Any], like: Any) -> list[Any]:
    """The states of one list, which is emptied, in lists nested as those of `like`."""
    return [
        nest_states(states, item) if isinstance(item, (list, tuple)) else states.pop(0)
        for item in like
    ]


def check_cell(owner: Layer, cell: Any) -> None:
    """Raise TypeError unless `cell`, an argument of the layer `owner`, is a cell."""
    if not isinstance(cell, Layer) or not hasattr(cell, "state_size"):
        raise TypeError(
            f"{type(owner).__name__} runs cells, Layers with a state_size, got {cell!r}"
        )


class _Cell(Seeded):
    """One step: cell(x (N, in), states) -> (y (N, units), new states)."""

    input_rank = 2
    num_gates = 1
    activation: Any = made_by(activations.get)
    recurrent_activation: Any = made_by(activations.get)
    num_states = 1  # arrays (N, units) that go from step to step, h the first
    bias: Any = None

    def __init__(
        self,
        units: int,
        activation: Any,
        recurrent_activation: Any,
        use_bias: bool,
        kernel_initializer: Any,
        recurrent_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        recurrent_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        recurrent_constraint: Any,
        bias_constraint: Any,
        dropout: float,
        recurrent_dropout: float,
        seed: Seed,
        name: str | None,
        trainable: bool,
        input_shape: tuple[int, ...] | None,
        dtype: Any,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.units = check_recurrent(self, units, dropout, recurrent_dropout)
        self.dropout = dropout
        self.recurrent_dropout = recurrent_dropout
        self.activation = activation
        self.recurrent_activation = recurrent_activation
        self.use_bias = use_bias
        self._set_seed(seed)
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe(
            "recurrent", recurrent_initializer, recurrent_regularizer, recurrent_constraint
        )
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)

    @property
    def state_size(self) -> list[int]:
        """The width of each state."""
        return [self.units] * self.num_states

    # ---- parameters ------------------------------------------------------------------------------

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.input_features = input_shape[-1]
        width = self.num_gates * self.units
        self.kernel = self._described("kernel", (self.input_features, width))
        self.recurrent_kernel = self._described("recurrent", (self.units, width))
        if self.use_bias:
            self.bias = self._described("bias", self.bias_shape(), self.initial_bias)

    def bias_shape(self) -> tuple[int, ...]:
        """The shape of the bias."""
        return (self.num_gates * self.units,)

    def initial_bias(self, shape: tuple[int, ...]) -> Array:
        """The first values of the bias."""
        return self.bias_initializer(shape)

    # ---- one step --------------------------------------------------------------------------------

    def call(self, x: Any, states: Any = None, dropout_masks: Any = None) -> tuple[Any, list[Any]]:
        """The output of one step, and the new states.

        Args:
            x: The step's input (N, in).
            states: Tensors (N, units) from the step before; None for zeros.
            dropout_masks: Factors of x and of h; None to draw them.
        """
        x_mask, h_mask = dropout_masks or self.draw_dropout_masks(x)
        inputs = x if x_mask is None else x * x_mask
        if states is None:
            zeros = Tensor(backend(x).zeros((len(x), self.units), x.dtype))
            states = [zeros] * self.num_states
        old_states = match_states(self, x, states, self.state_size, "states")
        new_states = self.step(inputs, *old_states, h_mask)
        return new_states[0], new_states

    def step(self, x: Any, *states_and_mask: Any) -> list[Any]:
        """The new states, from x, the old ones and a dropout mask of h, or None."""
        raise TypeError(f"{type(self).__name__} needs a method step(self, x, *states, h_mask)")

    def draw_dropout_masks(self, x: Any) -> tuple[Any, Any]:
        """Factors of x (N, in) or (N, T, in), the same at each step, and of h; or None."""
        n, *steps, features = x.shape
        x_mask = dropout_mask(self.dropout, (n, *(1 for _ in steps), features), x, self._generator)
        h_mask = dropout_mask(self.recurrent_dropout, (n, self.units), x, self._generator)
        return x_mask, h_mask

    # ---- all steps -------------------------------------------------------------------------------

    def run_sequence(
        self, x: Any, states: list[Any], mask: Any, h_mask: Any, return_mode: str
    ) -> Any:
        """All steps of x (N, T, in) in one op; `return_mode` is that of the op."""
        op = self.sequence_op()
        return op(
            x,
            self.kernel,
            self.recurrent_kernel,
            self.bias,
            *states,
            mask,
            h_mask,
            return_mode=return_mode,
            **self.activation_options(),
        )

    def sequence_op(self) -> Any:
        """The op that runs all steps."""
        raise TypeError(f"{type(self).__name__} needs a method sequence_op(self)")

    def activation_options(self) -> dict[str, Any]:
        """The activations, as the ops name them."""
        return {"activation": self.activation, "recurrent_activation": self.recurrent_activation}


class SimpleRNNCell(_Cell):
    """h' = activation(x @ kernel + h @ recurrent_kernel + bias), and the output is h'.

    Args:
        units: Number of outputs, and width of each state.
        activation: Name or function of the new state.
        use_bias: False leaves the bias out.
        kernel_initializer: Name or function that makes the kernel (in, units).
        recurrent_initializer: Name or function that makes the recurrent kernel (units, units).
        bias_initializer: Name or function that makes the bias (units,).
        kernel_regularizer: Name or function of a penalty on the kernel; None for none.
        recurrent_regularizer: Name or function of a penalty on the recurrent kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        recurrent_constraint: Name or function of a constraint on the recurrent kernel; None for
            none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        dropout: Fraction of the inputs dropped in training; one mask for all steps.
        recurrent_dropout: Fraction of h dropped in training, on its way into the product; one mask
            for all steps.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        x (N, in), states h (N, units) each -> (y (N, units), new states)

    Raises:
        ValueError: If units is no positive integer, a rate is outside [0, 1), or x is of another
            shape.

    References:
        Elman 1990.

    Example:
        >>> y, states = SimpleRNNCell(4)(np.ones((2, 3)))
        >>> y.shape, len(states)
        ((2, 4), 1)
    """

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            units,
            activation,
            "sigmoid",
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            name,
            trainable,
            input_shape,
            dtype,
        )

    def step(self, x: Any, h: Any, h_mask: Any = None) -> list[Any]:  # type: ignore[override]
        a = project(x, self.kernel, self.bias)
        return simple_rnn_step(a, h, self.recurrent_kernel, h_mask, self.activation)

    def sequence_op(self) -> Any:
        return ops.simple_rnn

    def activation_options(self) -> dict[str, Any]:
        return {"activation": self.activation}


class LSTMCell(_Cell):
    """c' = f * c + i * g and h' = o * tanh(c'), with gates i, f, g, o in this order.

    Gates come from one product, x @ kernel + h @ recurrent_kernel + bias: i, f and o are its
    sigmoid, the candidate g its tanh. The output is h'.

    Args:
        units: Number of outputs, and width of each state.
        activation: Name or function of the candidate and of the cell state on its way to the
            output.
        recurrent_activation: Name or function of the gates.
        use_bias: False leaves the bias out.
        kernel_initializer: Name or function that makes the kernel (in, 4 * units).
        recurrent_initializer: Name or function that makes the recurrent kernel (units, 4 * units).
        bias_initializer: Name or function that makes the bias (4 * units,).
        unit_forget_bias: True starts the forget gate open: its bias is 1.
        kernel_regularizer: Name or function of a penalty on the kernel; None for none.
        recurrent_regularizer: Name or function of a penalty on the recurrent kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        recurrent_constraint: Name or function of a constraint on the recurrent kernel; None for
            none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        dropout: Fraction of the inputs dropped in training; one mask for all steps.
        recurrent_dropout: Fraction of h dropped in training, on its way into the product; one mask
            for all steps.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        x (N, in), states h and c (N, units) each -> (y (N, units), new states)

    Raises:
        ValueError: If units is no positive integer, a rate is outside [0, 1), or x is of another
            shape.

    References:
        Hochreiter & Schmidhuber 1997; Gers et al. 2000; Jozefowicz et al. 2015 on the forget bias.

    Example:
        >>> y, states = LSTMCell(4)(np.ones((2, 3)))
        >>> y.shape, len(states)
        ((2, 4), 2)
    """

    num_gates = 4
    num_states = 2

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
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            units,
            activation,
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            name,
            trainable,
            input_shape,
            dtype,
        )
        self.unit_forget_bias = unit_forget_bias

    def initial_bias(self, shape: tuple[int, ...]) -> Array:
        bias = super().initial_bias(shape)
        if self.unit_forget_bias:
            bias[self.units : 2 * self.units] = 1
        return bias

    def step(  # type: ignore[override]
        self, x: Any, h: Any, c: Any, h_mask: Any = None
    ) -> list[Any]:
        return lstm_step(
            project(x, self.kernel, self.bias),
            h,
            c,
            self.recurrent_kernel,
            h_mask,
            self.activation,
            self.recurrent_activation,
        )

    def sequence_op(self) -> Any:
        return ops.lstm


class GRUCell(_Cell):
    """h' = z * h + (1 - z) * candidate, with gates z, r and the candidate in this order.

    z and r are sigmoids of x @ kernel + h @ recurrent_kernel + bias; the candidate is the tanh of
    the same sum with r times the part of h. The output is h'.

    Args:
        units: Number of outputs, and width of each state.
        activation: Name or function of the candidate.
        recurrent_activation: Name or function of the gates.
        use_bias: False leaves the bias out.
        kernel_initializer: Name or function that makes the kernel (in, 3 * units).
        recurrent_initializer: Name or function that makes the recurrent kernel (units, 3 * units).
        bias_initializer: Name or function that makes the bias (2, 3 * units): that of x and that of
            h; (3 * units,) without reset_after.
        kernel_regularizer: Name or function of a penalty on the kernel; None for none.
        recurrent_regularizer: Name or function of a penalty on the recurrent kernel; None for none.
        bias_regularizer: Name or function of a penalty on the bias; None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        recurrent_constraint: Name or function of a constraint on the recurrent kernel; None for
            none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        dropout: Fraction of the inputs dropped in training; one mask for all steps.
        recurrent_dropout: Fraction of h dropped in training, on its way into the product; one mask
            for all steps.
        reset_after: True multiplies by r after the product with h, as cuDNN and PyTorch do; False
            before it, as the paper does.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        x (N, in), states h (N, units) each -> (y (N, units), new states)

    Raises:
        ValueError: If units is no positive integer, a rate is outside [0, 1), or x is of another
            shape.

    References:
        Cho et al. 2014, arXiv:1406.1078.

    Example:
        >>> y, states = GRUCell(4)(np.ones((2, 3)))
        >>> y.shape, len(states)
        ((2, 4), 1)
    """

    num_gates = 3

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: Seed = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            units,
            activation,
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            name,
            trainable,
            input_shape,
            dtype,
        )
        self.reset_after = reset_after

    def bias_shape(self) -> tuple[int, ...]:
        shape = super().bias_shape()
        return (2, *shape) if self.reset_after else shape

    def step(self, x: Any, h: Any, h_mask: Any = None) -> list[Any]:  # type: ignore[override]
        activations = self.activation, self.recurrent_activation
        if not self.reset_after:
            a = project(x, self.kernel, self.bias)
            return gru_reset_before_step(a, h, self.recurrent_kernel, h_mask, *activations)
        x_bias, h_bias = (None, None) if self.bias is None else (self.bias[0], self.bias[1])
        a = project(x, self.kernel, x_bias)
        return gru_step(a, h, self.recurrent_kernel, h_bias, h_mask, *activations)

    def sequence_op(self) -> Any:
        return ops.gru if self.reset_after else ops.gru_reset_before


class StackedRNNCells(Layer):
    """Cells as one, each fed by the output of the one before.

    Args:
        cells: The cells, the first one first.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        x (N, in), the states of each cell -> (y (N, units of the last), new states of each)

    Raises:
        TypeError: If there are no cells, or one is no Layer with a state_size.

    Example:
        >>> y, states = StackedRNNCells([LSTMCell(4), GRUCell(6)])(np.ones((2, 3)))
        >>> y.shape, len(states[0]), len(states[1])
        ((2, 6), 2, 1)
    """

    def __init__(
        self,
        cells: Any,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        self.cells: list[Any] = list(cells) if isinstance(cells, (list, tuple)) else [cells]
        for cell in self.cells or [None]:
            check_cell(self, cell)

    @property
    def state_size(self) -> list[Any]:
        """For each cell the width, or widths, of its states."""
        return [cell.state_size for cell in self.cells]

    def call(self, x: Any, states: Any = None) -> tuple[Any, list[Any]]:
        """The output of one step, and the new states of each cell.

        Args:
            x: The step's input (N, in).
            states: The states of each cell from the step before; None for zeros.
        """
        sizes = self.state_size
        old_states = None if states is None else nest_states(flat_states(states), sizes)
        new_states = []
        y = x
        for i, cell in enumerate(self.cells):
            y, new = cell(y, *([] if old_states is None else [flat_states(old_states[i])]))
            new_states += flat_states(new)
        return y, nest_states(new_states, sizes)
