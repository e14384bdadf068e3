"""Layers around layers of sequences: both directions, and one layer at every step."""

from __future__ import annotations

import copy
from typing import Any

from .. import ops
from .base import Layer
from .recurrent import RNN


class Bidirectional(Layer):
    """A recurrent layer and its twin that runs backwards, both results joined step by step (Schuster & Paliwal 1997).

    `merge_mode`: "concat", "sum", "mul", "ave" or None for [forward, backward]. The twin is made like `layer`, with weights of its
    own, unless `backward_layer` is given. With `return_state` their states follow, the forward ones first.
    """

    accepts_mask = True
    MODES = ("concat", "sum", "mul", "ave", None)

    def __init__(
        self,
        layer: RNN,
        merge_mode: str | None = "concat",
        backward_layer: RNN | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        for given in (layer, layer if backward_layer is None else backward_layer):
            if not isinstance(given, RNN):
                raise TypeError(f"Bidirectional wraps a recurrent layer, got {given!r}")
        if merge_mode not in self.MODES:
            raise ValueError(
                f"Bidirectional: merge_mode must be one of {', '.join(map(repr, self.MODES))}, not {merge_mode!r}"
            )
        if backward_layer is None:
            if layer.built:
                raise ValueError(
                    "Bidirectional: this layer has weights already, and its twin would start as a copy of them: give a "
                    "new layer, or backward_layer= one that runs the other way"
                )
            backward_layer = copy.deepcopy(layer)
            backward_layer.go_backwards = not layer.go_backwards
        for what in ("return_sequences", "return_state", "stateful"):
            if getattr(layer, what) != getattr(backward_layer, what):
                raise ValueError(
                    f"Bidirectional: {what} is {getattr(layer, what)} in layer and {getattr(backward_layer, what)} in "
                    "backward_layer: they must agree"
                )
        if layer.go_backwards == backward_layer.go_backwards:
            raise ValueError(
                f"Bidirectional: go_backwards is {layer.go_backwards} in both layers: one must run the other way"
            )
        for given in (layer, backward_layer):
            given.zero_output_for_mask = (
                layer.return_sequences
            )  # as in Keras: what one repeats, the other would not
        self.forward_layer, self.backward_layer, self.merge_mode = layer, backward_layer, merge_mode
        self.input_shape = self.input_shape or layer.input_shape

    def call(self, x: Any, initial_state: Any = None, mask: Any = None) -> Any:
        halves: tuple[Any, Any] = (None, None)
        if initial_state is not None:
            states, half = list(initial_state), len(self.forward_layer.sizes())
            if len(states) != 2 * half:
                raise ValueError(
                    f"Bidirectional: initial_state gives {len(states)} states; forward and backward want {half} each"
                )
            halves = states[:half], states[half:]
        outputs = [
            layer(x, initial_state=half, mask=mask)
            for layer, half in zip((self.forward_layer, self.backward_layer), halves)
        ]
        after: list[Any] = []
        if self.forward_layer.return_state:
            after, outputs = outputs[0][1:] + outputs[1][1:], [y[0] for y in outputs]
        if self.forward_layer.return_sequences:
            outputs[1] = ops.flip(outputs[1], axis=1)
        y = self._merged(*outputs)
        return [*(y if isinstance(y, list) else [y]), *after] if after else y

    def _merged(self, a: Any, b: Any) -> Any:
        if self.merge_mode in ("sum", "mul", "ave") and a.shape != b.shape:
            raise ValueError(
                f"Bidirectional: forward gives shape {a.shape}, backward {b.shape}: merge_mode {self.merge_mode!r} wants "
                "equal ones"
            )
        if self.merge_mode == "concat":
            return ops.concatenate([a, b], axis=-1)
        if self.merge_mode == "mul":
            return a * b
        return (
            [a, b]
            if self.merge_mode is None
            else a + b
            if self.merge_mode == "sum"
            else (a + b) * 0.5
        )

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask goes on where sequences do."""
        return mask if self.forward_layer.return_sequences else None


class TimeDistributed(Layer):
    """A layer at every step of a sequence, for itself: (N, T, ...) -> (N, T, what the layer makes of ...)."""

    supports_masking = True

    def __init__(self, layer: Layer, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(layer, Layer):
            raise TypeError(
                f"TimeDistributed wraps a layer, got {layer!r}{': wrap a function in Lambda' if callable(layer) else ''}"
            )
        self.layer = layer

    @property
    def accepts_integers(self) -> bool:  # type: ignore[override]
        """As the layer does."""
        return self.layer.accepts_integers

    def build(self, input_shape: tuple[int, ...]) -> None:
        if len(input_shape) < 3:
            raise ValueError(
                f"TimeDistributed expects inputs of shape (N, T, ...) with a sample at each step, got {input_shape}"
            )

    def call(self, x: Any) -> Any:
        y = self.layer(ops.reshape(x, shape=(x.shape[0] * x.shape[1], *x.shape[2:])))
        return ops.reshape(y, shape=(*x.shape[:2], *y.shape[1:]))
