"""Recurrent layers: SimpleRNN, LSTM, GRU, and RNN over any cell, with masks, states and directions as in Keras."""

from __future__ import annotations

from typing import Any

from .. import ops
from ..backend import backend
from ..config import device_module, settings
from ..engine.autograd import no_grad
from ..engine.tensor import Tensor
from .base import Layer
from .cells import GRUCell, LSTMCell, SimpleRNNCell
from .masking import as_mask
from .modes import training


class RNN(Layer):
    """A cell over the steps of a sequence: (N, T, in) -> (N, units), or (N, T, units) with `return_sequences`.

    A cell is a Layer with `state_size`, a number or a list of them, that maps cell(x, states) -> (y, new states). `return_state`
    gives [y, *states]; `go_backwards` starts at the end and gives its steps in that order; `stateful` starts a batch with the states
    in which the last one ended, until reset_states(). layer(x, initial_state=states, mask=mask): where the mask (N, T) is False a
    step is skipped, states stay and the output before is repeated (0 if there is none, or with `zero_output_for_mask`). `unroll`,
    `use_cudnn` and `implementation` say how Keras computes and change no value here.
    """

    accepts_mask = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        use_cudnn: Any = "auto",
        implementation: int = 2,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if not isinstance(cell, Layer) or not hasattr(cell, "state_size"):
            raise TypeError(f"RNN runs a cell, a Layer with a state_size, got {cell!r}")
        self.cell: Any = cell
        self.return_sequences, self.return_state, self.zero_output_for_mask = (
            return_sequences,
            return_state,
            zero_output_for_mask,
        )
        self.go_backwards, self.stateful = go_backwards, stateful
        self._states: list[Any] | None = None

    @property
    def units(self) -> int:
        """The width of the output."""
        return self.sizes()[0]

    def sizes(self) -> list[int]:
        """The width of each state."""
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) else [size]

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) != 3:
            one = ", one of them as x[None]" if len(input_shape) == 2 else ""
            raise ValueError(
                f"{type(self).__name__} expects sequences of shape (N, T, features){one}; got {input_shape}"
            )
        if not self.cell.built:
            with no_grad(), training(False):
                x, *states = (
                    Tensor(device_module().zeros((1, n), settings.default_dtype))
                    for n in (input_shape[-1], *self.sizes())
                )
                self.cell(x, states)

    def call(self, x: Any, initial_state: Any = None, mask: Any = None) -> Any:
        given, mask = self._initial(x, initial_state), as_mask(mask, x)
        if self.go_backwards:
            x, mask = ops.flip(x, axis=1), None if mask is None else mask[:, ::-1]
        run = self._whole if hasattr(self.cell, "sequence") else self._step_by_step
        y, states = run(x, given, mask)
        if self.stateful:
            self._states = [s.detach() for s in states]
        if mask is not None and self.zero_output_for_mask and self.return_sequences:
            y = ops.where(mask[..., None], y, 0.0)
        return [y, *states] if self.return_state else y

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask of the sequence that comes out, if one does."""
        if mask is None or not self.return_sequences:
            return None
        return as_mask(mask, x)[:, ::-1] if self.go_backwards else mask  # type: ignore[index]

    # ---- states ----------------------------------------------------------------------------------
    def _initial(self, x: Any, initial_state: Any) -> list[Any] | None:
        """The states to start from as Tensors, None for zeros."""
        if initial_state is not None:
            given = (
                list(initial_state) if isinstance(initial_state, (list, tuple)) else [initial_state]
            )
            if len(given) != len(self.sizes()):
                raise ValueError(
                    f"{type(self).__name__} has {len(self.sizes())} states, initial_state gives {len(given)}"
                )
            given = [
                s if isinstance(s, Tensor) else Tensor(s, dtype=x.dtype, device=x.device)
                for s in given
            ]
        elif self._states is None:
            return None
        else:
            given = self._states
            if len(given[0]) != len(x):
                raise ValueError(
                    f"{type(self).__name__} is stateful and holds the states of {len(given[0])} sequences, this batch has "
                    f"{len(x)}: batches must be equal, or call reset_states() between them"
                )
        for i, (s, n) in enumerate(zip(given, self.sizes())):
            if s.shape != (len(x), n):
                raise ValueError(
                    f"{type(self).__name__}: initial state {i} has shape {s.shape}; an input of shape {x.shape} wants "
                    f"{(len(x), n)}"
                )
        return given

    def reset_states(self, states: Any = None) -> None:
        """Forget the states of the last batch, or set them."""
        self._states = None
        if states is not None:
            given = states if isinstance(states, (list, tuple)) else [states]
            self._states = [s.detach() if isinstance(s, Tensor) else Tensor(s) for s in given]

    # ---- two ways --------------------------------------------------------------------------------
    def _whole(self, x: Any, given: list[Any] | None, mask: Any) -> tuple[Any, list[Any]]:
        """The cell's kernel over all steps."""
        of_x, drop = self.cell.draw(x)
        count, states_too = len(self.sizes()), self.return_state or self.stateful
        gives = (
            "all" if states_too and count > 1 else "sequence" if self.return_sequences else "last"
        )
        y = self.cell.sequence(
            x if of_x is None else x * of_x, given or [None] * count, mask, drop, gives
        )
        states = []
        if gives == "all":
            y, states = y[:, :-1], [y[:, -2], y[:, -1]]
            y = y if self.return_sequences else states[0]
        elif states_too:
            states = [y[:, -1] if self.return_sequences else y]
        if (
            given and mask is not None
        ):  # before its first real step a sequence has a state and no output
            seen = mask.cumsum(1) > 0
            y = ops.where(seen[..., None] if self.return_sequences else seen[:, -1:], y, 0.0)
        return y, states

    def _step_by_step(self, x: Any, given: list[Any] | None, mask: Any) -> tuple[Any, list[Any]]:
        """Any cell, one step after the other."""
        states = given or [Tensor(backend(x).zeros((len(x), n), x.dtype)) for n in self.sizes()]
        ys: list[Any] = []
        for t in range(x.shape[1]):
            y, new = self.cell(x[:, t], states)
            new = list(new) if isinstance(new, (list, tuple)) else [new]
            if mask is not None:
                real = mask[:, t, None]
                y = ops.where(real, y, ys[-1] if ys else 0.0)
                new = [ops.where(real, s, old) for s, old in zip(new, states)]
            ys.append(y)
            states = new
        return ops.stack(ys, axis=1) if self.return_sequences else ys[-1], states


class SimpleRNN(RNN):
    """RNN(SimpleRNNCell(...)): h_t = tanh(x_t @ kernel + h_(t-1) @ recurrent_kernel + bias) (Elman 1990)."""

    def __init__(self, units: int, *arguments: Any, **options: Any) -> None:
        of_cell, rest = _parted(options)
        super().__init__(SimpleRNNCell(units, *arguments, **of_cell), **rest)


class LSTM(RNN):
    """RNN(LSTMCell(...)): long short-term memory (Hochreiter & Schmidhuber 1997), its forget gate open at first."""

    def __init__(self, units: int, *arguments: Any, **options: Any) -> None:
        of_cell, rest = _parted(options)
        super().__init__(LSTMCell(units, *arguments, **of_cell), **rest)


class GRU(RNN):
    """RNN(GRUCell(...)): the gated recurrent unit (arXiv:1406.1078); `reset_after=False` is the form of the paper."""

    def __init__(self, units: int, *arguments: Any, **options: Any) -> None:
        of_cell, rest = _parted(options)
        super().__init__(GRUCell(units, *arguments, **of_cell), **rest)


OF_RNN = {
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "zero_output_for_mask",
    "use_cudnn",
    "implementation",
    "name",
    "input_shape",
    "input_dim",
    "trainable",
}


def _parted(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the cell and those of the layer around it."""
    return (
        {key: value for key, value in options.items() if key not in OF_RNN},
        {key: value for key, value in options.items() if key in OF_RNN},
    )
