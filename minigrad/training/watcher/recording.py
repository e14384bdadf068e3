"""What is noted of a step that is observed: calls of ops with their layers, losses, gradients."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NamedTuple

from ... import losses
from ...backend import Array, backend
from ...config import as_data
from ...engine.autograd import Primitive
from ...engine.graph import Node, base_array
from ...engine.tensor import remembered_logits
from ...layers.base import Layer
from ...losses import Loss
from ...utils.structures import iter_leaves

LAYER_CALL, LOSS_CALL = Layer.__call__.__code__, Loss.__call__.__code__
DEPTH = 40  # frames between an op and the layer or the loss that calls it
MAX_CALLS = 20_000  # ops of a step that are noted: those of a loop that never updates add up
GATED = {"lstm": 4, "gru": 3, "gru_reset_before": 3}  # ops with gates inside, and how many
# losses among the ops, and what they expect
LOSS_OPS = {
    "sparse_cross_entropy": "softmax",
    "cross_entropy": "softmax",
    "binary_cross_entropy": "sigmoid",
    "mean_squared_error": "",
}


def _code_of(function: Any) -> Any:
    """The code that has the arguments y_true and y_pred, below decorators."""
    while "y_true" not in function.__code__.co_varnames and hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function.__code__


LOSS_FUNCTIONS = {_code_of(getattr(losses, name)) for name in ("mse", "bce")} | {
    _code_of(losses.sparse_categorical_crossentropy)
}


class Call(NamedTuple):
    """A call of an op.

    Attributes:
        op: The name of the op.
        path: The path of the innermost layer around it; None outside of the model's layers.
        layer: That layer, of the model or of another one; None outside of layers.
        y: The result.
        inputs: The arrays that it was given.
        settings: Its settings.
        gates: Of an LSTM or GRU the gates of all steps, else None.
        made_by: "softmax" or "sigmoid" if its first input is known to come out of it.
    """

    op: str
    path: str | None
    layer: Any
    y: Array
    inputs: tuple[Any, ...]
    settings: dict[str, Any]
    gates: Any
    made_by: str


class LossCall(NamedTuple):
    """A call of a loss.

    Attributes:
        name: Its name, such as "binary_crossentropy".
        y_true: Targets, an array.
        y_pred: Predictions, an array.
        from_logits: Whether it expects logits; None for losses on neither.
        made_by: "softmax" or "sigmoid" if the predictions are known to come out of it.
    """

    name: str
    y_true: Array
    y_pred: Array
    from_logits: bool | None
    made_by: str


class Observation:
    """What happened in one step.

    Args:
        step: The number of the step.
        paths: The path of each layer of the model, by its id.

    Attributes:
        calls: The calls of ops in their order.
        losses: The calls of losses.
        inputs: What the model was called on, in training mode.
        reached: The leaves that a backward pass has reached.
        outputs: What the calls of the model returned.
    """

    def __init__(self, step: int, paths: dict[int, str]) -> None:
        self.step = step
        self.paths = paths
        self.calls: list[Call] = []
        self.losses: list[LossCall] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.reached: set[Node] = set()
        self._kept: list[Any] = []  # the frames' targets and predictions: their ids stay theirs
        self._known: set[tuple[int, int]] = set()

    def add(
        self, op: Primitive[Any], y: Array, args: Sequence[Any], kwargs: Any, node: Any
    ) -> None:
        """Note a call of an op.

        Args:
            op: The op.
            y: Its result.
            args: What it was given by position.
            kwargs: What it was given by keyword.
            node: Its node, or None.
        """
        if len(self.calls) >= MAX_CALLS:
            return
        layer, loss = locate(sys._getframe(2))
        if loss is not None:
            self._add_loss(loss)
        elif op.name in LOSS_OPS and layer is None:
            self._add_loss_op(op.name, args)
        path = None if layer is None else self.paths.get(id(layer))
        inputs = tuple([getattr(a, "_array", a) for a in args])
        made_by = remembered_logits(args[0])[0] if args and hasattr(args[0], "logits") else ""
        gates = None
        if op.name in GATED and node is not None:
            gates = gates_of(node.residuals, GATED[op.name])
        if loss is None:
            self.calls.append(Call(op.name, path, layer, y, inputs, kwargs, gates, made_by))

    def add_model_call(self, x: Any, y: Any) -> None:
        """Note a call of the model in training mode.

        Args:
            x: What it was called on.
            y: What it returned.
        """
        self.inputs += [getattr(leaf, "_array", leaf) for _, leaf in iter_leaves(x)]
        self.outputs.append(y)

    def _add_loss(self, frame: FrameType) -> None:
        """Note the call of a loss, once, by its frame."""
        given = frame.f_locals
        y_true, y_pred = given["y_true"], given["y_pred"]
        key = id(y_true), id(y_pred)
        if key in self._known or y_true is None:
            return
        self._known.add(key)
        self._kept += [y_true, y_pred]
        known = loss_call(frame)
        if known is not None:
            self.losses.append(known)

    def _add_loss_op(self, name: str, args: Sequence[Any]) -> None:
        """Note a loss that was called as an op: (predictions, targets)."""
        if len(args) < 2:
            return
        expects = True if LOSS_OPS[name] else None
        made_by = remembered_logits(args[0])[0]
        y_pred, y_true = (getattr(a, "_array", a) for a in args[:2])
        if hasattr(y_true, "shape"):
            self.losses.append(LossCall(name, y_true, y_pred, expects, made_by))

    def layer_calls(self) -> dict[str, Call]:
        """By path, the last call of an op in each layer of the model: it gives the output."""
        return {call.path: call for call in self.calls if call.path is not None}

    def producer(self, array: Any) -> Call | None:
        """The call that has made an array, also one that was reshaped since; None if unknown.

        Args:
            array: An array.
        """
        base = base_array(array)
        for call in reversed(self.calls):
            if call.y is array or base_array(call.y) is base:
                return call
        return None


def locate(frame: Any) -> tuple[Any, Any]:
    """(the innermost layer that calls, None), (None, the frame of the loss), or (None, None).

    Args:
        frame: The frame that calls an op.
    """
    for _ in range(DEPTH):
        if frame is None:
            break
        code = frame.f_code
        if code is LAYER_CALL:
            return frame.f_locals["self"], None
        if code is LOSS_CALL or code in LOSS_FUNCTIONS:
            return None, outer_loss(frame)
        frame = frame.f_back
    return None, None


def outer_loss(frame: Any) -> Any:
    """The frame of the Loss around that of its function, or that one itself.

    Args:
        frame: The frame of a loss.
    """
    found = frame
    for _ in range(8):
        frame = frame.f_back
        if frame is None:
            break
        if frame.f_code is LOSS_CALL:
            return frame
    return found


def loss_call(frame: FrameType) -> LossCall | None:
    """What is known of the call of a loss by its frame.

    Args:
        frame: The frame of a loss, or of a function among the losses.
    """
    given = frame.f_locals
    y_true, y_pred = given.get("y_true"), given.get("y_pred")
    if y_true is None or y_pred is None:
        return None
    loss = given.get("self")
    options = given if loss is None else vars(loss)
    from_logits = options.get("from_logits", given.get("kwargs", {}).get("from_logits"))
    name = given.get("name") or frame.f_code.co_name if loss is None else loss.name
    if from_logits is None and name in ON_PROBABILITIES:
        from_logits = bool(next(iter(given.get("args", ())), False))
    y, p = as_array(y_true), as_array(y_pred)
    if y is None or p is None:
        return None
    return LossCall(str(name), y, p, from_logits, remembered_logits(y_pred)[0])


# functions whose first option is from_logits
ON_PROBABILITIES = {"binary_crossentropy", "categorical_crossentropy"}


def as_array(y: Any) -> Any:
    """Targets or predictions as an array; None for what is none.

    Args:
        y: A Tensor, an array or lists of numbers.
    """
    y = getattr(y, "_array", y)
    if not hasattr(y, "dtype"):
        try:
            y = as_data(y)
        except (TypeError, ValueError):
            return None
    return y if y.dtype.kind in "biuf" else None


def gates_of(residuals: Any, count: int) -> Any:
    """The gates of all steps, (count, ...), among what a kernel keeps; None if there are none.

    Args:
        residuals: What a kernel of an LSTM or GRU keeps for its backward.
        count: The number of gates.
    """
    arrays = [a for a in residuals or () if hasattr(a, "shape")]
    if not arrays:
        return None
    if arrays[0].ndim == 4 and len(arrays[0]) == count:
        return arrays[0]
    widths = [a.shape[-1] for a in arrays if a.ndim == 3]
    if len(widths) < 2 or widths[0] != count * widths[-1]:
        return None
    by_gate = arrays[0].reshape((*arrays[0].shape[:-1], count, -1))  # (., ., count, units)
    return backend(by_gate).moveaxis(by_gate, -2, 0)
