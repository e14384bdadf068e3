"""Recurrent layers: RNN runs any cell over sequences; SimpleRNN, LSTM and GRU have their cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..backend import Array, backend
from ..config import device_module, settings
from ..engine.autograd import no_grad
from ..engine.tensor import Tensor
from .base import Layer
from .cells import (
    GRUCell,
    LSTMCell,
    SimpleRNNCell,
    StackedRNNCells,
    check_cell,
    flat_states,
    match_states,
    nest_states,
)
from .masking import as_mask
from .modes import training
from .seeds import Seed
from .validation import check_recurrent


class RNN(Layer):
    """A cell over the steps of a sequence.

    Where a mask (N, T) is False a step is skipped: states stay, and the output before is repeated,
    0 if there is none.

    Args:
        cell: A Layer with `state_size`, a number or a list of them, that maps cell(x, states) to
            (y, new states); or a list of cells, each fed by the one before.
        return_sequences: True returns the output of every step, False that of the last.
        return_state: True returns [output, *states]; of several cells, the states of each.
        go_backwards: True runs from the last step to the first; outputs come in that order.
        stateful: True starts each batch with the states in which the one before ended, until
            reset_states().
        unroll: Accepted for Keras; it changes no value.
        zero_output_for_mask: True outputs 0 at masked steps instead of the output before them.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.

    Shape:
        (N, T, in) -> (N, units), or (N, T, units) with return_sequences

    Raises:
        TypeError: If the cell is no layer with a state_size.
        ValueError: If the input is of another rank, or states or mask do not fit it.

    Example:
        >>> RNN(LSTMCell(4), return_sequences=True)(np.ones((2, 5, 3))).shape
        (2, 5, 4)
        >>> RNN([LSTMCell(4), GRUCell(6)])(np.ones((2, 5, 3))).shape
        (2, 6)
    """

    input_rank = 3
    _makes_masks = False

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
        activity_regularizer: Any = None,
    ) -> None:
        super().__init__(
            name, trainable, input_shape, dtype=dtype, activity_regularizer=activity_regularizer
        )
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        check_cell(self, cell)
        self.cell: Any = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.zero_output_for_mask = zero_output_for_mask
        self._states: list[Any] | None = None  # those of the last batch, if stateful

    @property
    def units(self) -> int:
        """The width of the output."""
        cells = self.cell.cells if isinstance(self.cell, StackedRNNCells) else [self.cell]
        return int(flat_states(cells[-1].state_size)[0])

    def state_sizes(self) -> list[int]:
        """The width of each state."""
        return flat_states(self.cell.state_size)

    def build(self, input_shape: tuple[int, ...]) -> None:
        if self.cell.built:
            return
        with no_grad(), training(False):
            x, *states = (
                Tensor(device_module().zeros((1, n), settings.default_dtype))
                for n in (input_shape[-1], *self.state_sizes())
            )
            self.cell(x, states)

    def call(self, x: Any, initial_state: Any = None, mask: Any = None) -> Any:
        """The outputs, followed by the states with return_state.

        Args:
            x: Sequences (N, T, in).
            initial_state: The states before the first step; None for zeros, or for those kept if
                the layer is stateful.
            mask: Booleans (N, T), False at steps to skip; None for none.
        """
        initial = self._initial_states(x, initial_state)
        inputs, real = x, as_mask(mask, x)
        if self.go_backwards:
            inputs = ops.flip(x, axis=1)
            real = None if real is None else real[:, ::-1]
        if isinstance(self.cell, StackedRNNCells):
            y, states = self._scan_stack(inputs, initial, real)
        else:
            y, states = self._scan(self.cell, inputs, initial, real, self.return_sequences)
        if self.stateful and not settings.probing:
            self._states = [s.detach() for s in states]
        if real is not None and self.zero_output_for_mask and self.return_sequences:
            y = ops.where(real[..., None], y, 0.0)
        return [y, *self._nest(states, initial_state)] if self.return_state else y

    def _nest(self, states: list[Any], initial: Any) -> list[Any]:
        """The states as they are returned: in a list per cell of a stack, or as they were given."""
        if not isinstance(self.cell, StackedRNNCells) or len(self.cell.cells) == 1:
            return states
        n = len(self.cell.cells)
        is_nested = isinstance(initial, (list, tuple)) and len(initial) == n
        return nest_states(states, initial if is_nested else self.cell.state_size)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask of the sequence that is returned, None if the output has no time axis.

        States that are returned have none.
        """
        if mask is None or not self.return_sequences:
            return None
        return as_mask(mask, x)[:, ::-1] if self.go_backwards else mask  # type: ignore[index]

    # ---- states ----------------------------------------------------------------------------------

    def _initial_states(self, x: Any, initial_state: Any) -> list[Any] | None:
        """The states to start from as Tensors, None for zeros."""
        if initial_state is not None:
            given = flat_states(initial_state)
            return match_states(self, x, given, self.state_sizes(), "initial_state")
        if self._states is not None and not settings.probing:
            self._check_batch_size(x, self._states)
            return match_states(self, x, self._states, self.state_sizes(), "states")
        return None

    def _check_batch_size(self, x: Any, states: list[Any]) -> None:
        if len(states[0]) != len(x):
            raise ValueError(
                f"{type(self).__name__} is stateful and holds the states of {len(states[0])} "
                f"sequences, this batch has {len(x)}: batches must be equal, or call "
                "reset_states() between them"
            )

    def reset_states(self, states: Any = None) -> None:
        """Clear the states of the last batch, or replace them.

        Args:
            states: The states to start the next batch from; None for zeros.
        """
        self._states = None
        if states is not None:
            new = flat_states(states)
            self._states = [s.detach() if isinstance(s, Tensor) else Tensor(s) for s in new]

    def reset_state(self) -> None:
        """Clear the states of the last batch, under the name that Keras 3 gives it."""
        self.reset_states()

    def get_state(self) -> dict[str, Any]:
        """The states that a stateful layer keeps between batches."""
        return {"states": list(self._states)} if self._states else {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Start the next batch from the states of a checkpoint.

        Args:
            state: What `get_state` returned.

        Raises:
            ValueError: If they do not fit; nothing is changed then.
        """
        states = state.get("states")
        shapes = [np.shape(s) for s in states or ()]
        rows = shapes[0][0] if shapes and len(shapes[0]) else 0
        if states is not None and (
            not self.stateful or shapes != [(rows, n) for n in self.state_sizes()]
        ):
            raise ValueError(f"states of shapes {shapes} do not fit {type(self).__name__}")
        self.reset_states(states)

    # ---- two ways to run a cell ------------------------------------------------------------------

    def _scan_stack(
        self, x: Any, initial: list[Any] | None, mask: Array | None
    ) -> tuple[Any, list[Any]]:
        """Outputs and last states of a stack: each cell runs over all outputs of the one before."""
        *lower_cells, last_cell = self.cell.cells
        states: list[Any] = []
        y = x
        for cell in lower_cells:
            y, new_states = self._scan(cell, y, _take_states(cell, initial), mask, True)
            states += new_states
        own = _take_states(last_cell, initial)
        y, new_states = self._scan(last_cell, y, own, mask, self.return_sequences)
        return y, states + new_states

    def _scan(
        self, cell: Any, x: Any, initial: list[Any] | None, mask: Array | None, sequences: bool
    ) -> tuple[Any, list[Any]]:
        """Outputs of a cell, of all steps if `sequences` is True, and last states."""
        if not hasattr(cell, "run_sequence"):
            return _scan_steps(cell, x, initial, mask, sequences)
        x_mask, h_mask = cell.draw_dropout_masks(x)
        inputs = x if x_mask is None else x * x_mask
        states = initial or [None] * len(cell.state_size)
        if self.return_state or self.stateful:
            y, last_states = _run_with_states(cell, inputs, states, mask, h_mask, sequences)
        else:
            y = cell.run_sequence(inputs, states, mask, h_mask, "sequence" if sequences else "last")
            last_states = []
        if initial and mask is not None:
            # before its first real step a sequence has a state and no output
            begun = mask.cumsum(1) > 0
            y = ops.where(begun[..., None] if sequences else begun[:, -1:], y, 0.0)
        return y, last_states


def _run_with_states(
    cell: Any, x: Any, states: list[Any], mask: Array | None, h_mask: Array | None, sequences: bool
) -> tuple[Any, list[Any]]:
    """Outputs and last states by the cell's op for all steps."""
    if len(states) == 1:
        y = cell.run_sequence(x, states, mask, h_mask, "sequence" if sequences else "last")
        return y, [y[:, -1] if sequences else y]
    steps_and_c = cell.run_sequence(x, states, mask, h_mask, "all")
    h, c = steps_and_c[:, -2], steps_and_c[:, -1]
    return (steps_and_c[:, :-1] if sequences else h), [h, c]


def _take_states(cell: Any, states: list[Any] | None) -> list[Any] | None:
    """The first states, those of the cell, which are taken off the list; None stays None."""
    return None if states is None else [states.pop(0) for _ in flat_states(cell.state_size)]


def _scan_steps(
    cell: Any, x: Any, initial: list[Any] | None, mask: Array | None, sequences: bool
) -> tuple[Any, list[Any]]:
    """Outputs and last states of any cell, step by step."""
    xp = backend(x)
    sizes = flat_states(cell.state_size)
    states = initial or [Tensor(xp.zeros((len(x), n), x.dtype)) for n in sizes]
    ys: list[Any] = []
    for t in range(x.shape[1]):
        y, new = cell(x[:, t], states)
        new_states = flat_states(new)
        if mask is not None:
            real = mask[:, t, None]
            y = ops.where(real, y, ys[-1] if ys else 0.0)
            new_states = [ops.where(real, s, old) for s, old in zip(new_states, states)]
        ys.append(y)
        states = new_states
    return (ops.stack(ys, axis=1) if sequences else ys[-1]), states


class SimpleRNN(RNN):
    """h_t = activation(x_t @ kernel + h_(t-1) @ recurrent_kernel + bias), the output of step t.

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
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        recurrent_constraint: Name or function of a constraint on the recurrent kernel; None for
            none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        dropout: Fraction of the inputs dropped in training; one mask for all steps.
        recurrent_dropout: Fraction of h dropped in training, on its way into the product; one mask
            for all steps.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        return_sequences: True returns the output of every step, False that of the last.
        return_state: True returns [output, *states].
        go_backwards: True runs from the last step to the first; outputs come in that order.
        stateful: True starts each batch with the states in which the one before ended, until
            reset_states().
        unroll: Accepted for Keras; it changes no value.
        zero_output_for_mask: True outputs 0 at masked steps instead of the output before them.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, in) -> (N, units), or (N, T, units) with return_sequences

    Raises:
        ValueError: If units is no positive integer, a rate is outside [0, 1), the input is of
            another rank, or states or mask do not fit it.

    References:
        Elman 1990.

    Example:
        >>> SimpleRNN(4)(np.ones((2, 5, 3))).shape
        (2, 4)
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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Seed = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        check_recurrent(self, units, dropout, recurrent_dropout)
        cell = SimpleRNNCell(
            units,
            activation,
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
        )
        super().__init__(
            cell,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            unroll,
            zero_output_for_mask,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
            activity_regularizer=activity_regularizer,
        )


class LSTM(RNN):
    """Long short-term memory: LSTMCell over sequences.

    c_t = f * c_(t-1) + i * g, and the output h_t = o * tanh(c_t); the states are [h, c].

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
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        recurrent_constraint: Name or function of a constraint on the recurrent kernel; None for
            none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        dropout: Fraction of the inputs dropped in training; one mask for all steps.
        recurrent_dropout: Fraction of h dropped in training, on its way into the product; one mask
            for all steps.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        return_sequences: True returns the output of every step, False that of the last.
        return_state: True returns [output, *states].
        go_backwards: True runs from the last step to the first; outputs come in that order.
        stateful: True starts each batch with the states in which the one before ended, until
            reset_states().
        unroll: Accepted for Keras; it changes no value.
        zero_output_for_mask: True outputs 0 at masked steps instead of the output before them.
        use_cudnn: Accepted for Keras; it changes no value.
        implementation: Accepted for Keras; it changes no value.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, in) -> (N, units), or (N, T, units) with return_sequences

    Raises:
        ValueError: If units is no positive integer, a rate is outside [0, 1), the input is of
            another rank, or states or mask do not fit it.

    References:
        Hochreiter & Schmidhuber 1997; Gers et al. 2000; Jozefowicz et al. 2015 on the forget bias.

    Example:
        >>> LSTM(4)(np.ones((2, 5, 3))).shape
        (2, 4)
    """

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Seed = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        implementation: int = 2,
        zero_output_for_mask: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        check_recurrent(self, units, dropout, recurrent_dropout)
        cell = LSTMCell(
            units,
            activation,
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            unit_forget_bias,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
        )
        super().__init__(
            cell,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            unroll,
            zero_output_for_mask,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
            activity_regularizer=activity_regularizer,
        )


class GRU(RNN):
    """The gated recurrent unit: GRUCell over sequences.

    h_t = z * h_(t-1) + (1 - z) * candidate, the output of step t; reset_after=False is the paper's.

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
        activity_regularizer: Name or function of a penalty on the output, averaged over the rows;
            None for none.
        kernel_constraint: Name or function of a constraint on the kernel; None for none.
        recurrent_constraint: Name or function of a constraint on the recurrent kernel; None for
            none.
        bias_constraint: Name or function of a constraint on the bias; None for none.
        dropout: Fraction of the inputs dropped in training; one mask for all steps.
        recurrent_dropout: Fraction of h dropped in training, on its way into the product; one mask
            for all steps.
        seed: Seed of a generator of its own; None to draw from minigrad.seed's.
        reset_after: True multiplies by r after the product with h, as cuDNN and PyTorch do; False
            before it, as the paper does.
        return_sequences: True returns the output of every step, False that of the last.
        return_state: True returns [output, *states].
        go_backwards: True runs from the last step to the first; outputs come in that order.
        stateful: True starts each batch with the states in which the one before ended, until
            reset_states().
        unroll: Accepted for Keras; it changes no value.
        zero_output_for_mask: True outputs 0 at masked steps instead of the output before them.
        use_cudnn: Accepted for Keras; it changes no value.
        implementation: Accepted for Keras; it changes no value.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, in) -> (N, units), or (N, T, units) with return_sequences

    Raises:
        ValueError: If units is no positive integer, a rate is outside [0, 1), the input is of
            another rank, or states or mask do not fit it.

    References:
        Cho et al. 2014, arXiv:1406.1078.

    Example:
        >>> GRU(4)(np.ones((2, 5, 3))).shape
        (2, 4)
    """

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Seed = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        implementation: int = 2,
        zero_output_for_mask: bool = False,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        check_recurrent(self, units, dropout, recurrent_dropout)
        cell = GRUCell(
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
            reset_after,
            seed,
        )
        super().__init__(
            cell,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            unroll,
            zero_output_for_mask,
            name=name,
            trainable=trainable,
            input_shape=input_shape,
            dtype=dtype,
            activity_regularizer=activity_regularizer,
        )
