"""Layers around layers of sequences: both directions, and one layer at every step."""

from __future__ import annotations

import copy
from typing import Any

from .. import ops
from ..backend import Array
from ..utils.registry import check_choice
from .base import Layer, check_layer
from .calls import takes_mask, under_mask
from .masking import as_mask
from .recurrent import RNN


class Bidirectional(Layer):
    """A recurrent layer and another that runs backwards, their outputs merged step by step.

    Args:
        layer: The recurrent layer, new: its copy with other weights runs the other way.
        merge_mode: "concat", "sum", "mul", "ave", or None for [forward, backward].
        backward_layer: The layer that runs the other way; None for the copy.
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters of both layers.
        input_shape: Shape of one input, without the batch axis; that of `layer` if None.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, in) -> (N, 2 * units) with "concat", (N, T, 2 * units) with return_sequences; with
        return_state the states follow, those of the forward layer first

    Raises:
        TypeError: If a layer is not recurrent.
        ValueError: If the two layers do not match, or merge_mode is none of these.

    References:
        Schuster & Paliwal 1997.

    Example:
        >>> Bidirectional(minigrad.layers.LSTM(4))(np.ones((2, 5, 3))).shape
        (2, 8)
    """

    MERGE_MODES = ("concat", "sum", "mul", "ave")

    def __init__(
        self,
        layer: RNN,
        merge_mode: str | None = "concat",
        backward_layer: RNN | None = None,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        if merge_mode is not None:
            check_choice(merge_mode, self.MERGE_MODES, "merge_mode of Bidirectional")
        for given in (layer, backward_layer):
            if given is not None and not isinstance(given, RNN):
                raise TypeError(f"Bidirectional wraps a recurrent layer, got {given!r}")
        self.merge_mode = merge_mode
        self.forward_layer = layer
        self.backward_layer = backward_layer or _reversed_copy(layer)
        self._check_match()
        for direction in (self.forward_layer, self.backward_layer):
            # as in Keras: the outputs that one repeats at masked steps, the other would not
            direction.zero_output_for_mask = layer.return_sequences
        self._input_shape = self._input_shape or layer._input_shape

    def _check_match(self) -> None:
        """Raise ValueError unless both layers return the same things, in opposite directions."""
        forward, backward = self.forward_layer, self.backward_layer
        for argument in ("return_sequences", "return_state", "stateful"):
            values = getattr(forward, argument), getattr(backward, argument)
            if values[0] != values[1]:
                raise ValueError(
                    f"Bidirectional: {argument} is {values[0]} in layer and {values[1]} in "
                    "backward_layer: they must agree"
                )
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                f"Bidirectional: go_backwards is {forward.go_backwards} in both layers: one must "
                "run the other way"
            )

    def call(self, x: Any, initial_state: Any = None, mask: Any = None) -> Any:
        """The merged outputs, followed by the states with return_state.

        Args:
            x: Sequences (N, T, in).
            initial_state: The states of the forward layer, then those of the backward one; None
                for zeros.
            mask: Booleans (N, T), False at steps to skip; None for none.
        """
        forward_state, backward_state = self._split_states(initial_state)
        forward = self.forward_layer(x, initial_state=forward_state, mask=mask)
        backward = self.backward_layer(x, initial_state=backward_state, mask=mask)
        states: list[Any] = []
        if self.forward_layer.return_state:
            forward, *forward_states = forward
            backward, *backward_states = backward
            states = forward_states + backward_states
        if self.forward_layer.return_sequences:
            backward = ops.flip(backward, axis=1)
        y = self._merge(forward, backward)
        if not states:
            return y
        return [*y, *states] if isinstance(y, list) else [y, *states]

    def _split_states(self, initial_state: Any) -> tuple[Any, Any]:
        """The states of the forward and of the backward layer."""
        if initial_state is None:
            return None, None
        states = list(initial_state)
        n = len(self.forward_layer.state_sizes())
        if len(states) != 2 * n:
            raise ValueError(
                f"Bidirectional: initial_state holds {len(states)} states; forward and backward "
                f"need {n} each"
            )
        return states[:n], states[n:]

    def _merge(self, forward: Any, backward: Any) -> Any:
        if self.merge_mode is None:
            return [forward, backward]
        if self.merge_mode == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if forward.shape != backward.shape:
            raise ValueError(
                f"Bidirectional: forward has shape {forward.shape}, backward {backward.shape}: "
                f"merge_mode {self.merge_mode!r} needs equal ones"
            )
        if self.merge_mode == "mul":
            return forward * backward
        total = forward + backward
        return total if self.merge_mode == "sum" else total * 0.5

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask of x if sequences are returned, of both if they are not merged; else None."""
        if not self.forward_layer.return_sequences:
            return None
        return mask if self.merge_mode else [mask, mask]


def _reversed_copy(layer: RNN) -> RNN:
    """A layer like `layer`, not built, that runs the other way."""
    if layer.built:
        raise ValueError(
            "Bidirectional: this layer has weights already, and its copy would start with the "
            "same ones: give a new layer, or backward_layer= one that runs the other way"
        )
    backward_layer = copy.deepcopy(layer)
    backward_layer.go_backwards = not layer.go_backwards
    return backward_layer


class TimeDistributed(Layer):
    """One layer applied to every step of a sequence.

    Args:
        layer: The layer, for inputs (N, ...).
        name: Name of the layer; a model names it after its class if None.
        trainable: False freezes the parameters of `layer`.
        input_shape: Shape of one input, without the batch axis.
        dtype: dtype of parameters and output; None for the default one.

    Shape:
        (N, T, ...) -> (N, T, *output of the layer)

    Raises:
        TypeError: If `layer` is no layer.
        ValueError: If the input has fewer than three axes.

    Example:
        >>> TimeDistributed(minigrad.layers.Flatten())(np.ones((2, 5, 3, 4))).shape
        (2, 5, 12)
    """

    def __init__(
        self,
        layer: Layer,
        *,
        name: str | None = None,
        trainable: bool = True,
        input_shape: tuple[int, ...] | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, trainable, input_shape, dtype=dtype)
        check_layer(self, layer)
        self.layer = layer

    @property
    def accepts_integers(self) -> bool:  # type: ignore[override]
        """True if the layer accepts them."""
        return self.layer.accepts_integers

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) < 3:
            raise ValueError(
                "TimeDistributed expects inputs of shape (N, T, ...) with a sample at each step, "
                f"got {input_shape}"
            )

    def call(self, x: Any, mask: Any = None) -> Any:
        """The layer's outputs at every step.

        Args:
            x: Sequences (N, T, ...).
            mask: Booleans (N, T), which a layer of single rows (N, C) may use, or (N, T, S) for a
                layer of sequences of length S; False at padding. None for none.
        """
        n, steps = x.shape[:2]
        samples = ops.reshape(x, shape=(n * steps, *x.shape[2:]))
        real = self._mask(x, mask)
        if real is not None and real.ndim == x.ndim - 1 and self._uses_masks():
            samples = under_mask(samples, real.reshape(n * steps, *real.shape[2:]))
        y = self.layer(samples)
        sequences = ops.reshape(y, shape=(n, steps, *y.shape[1:]))
        if y.mask is not None:
            sequences.mask = y.mask.reshape(n, steps, *y.mask.shape[1:])
        return sequences

    def _uses_masks(self) -> bool:
        return any(takes_mask(layer) for _, layer in self.layer.named_layers())

    def _mask(self, x: Any, mask: Any) -> Array | None:
        return as_mask(mask, x, x.shape[:2], x.shape[:-1])

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """True at the steps of which something is real."""
        real = self._mask(x, mask)
        return None if real is None else real.reshape(*x.shape[:2], -1).any(-1)
