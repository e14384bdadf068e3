"""Rule on calls of the model: an evaluation in training mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...engine.graph import base_array, clock


class OpenCalls:
    """evaluation_in_training_mode: calls whose outputs nothing is learned from.

    A call is open until a gradient comes through it, or a value of it goes on into a training.

    Attributes:
        calls: By the id of the array of the outputs: when the call began and ended, and the array.
    """

    def __init__(self) -> None:
        self.calls: dict[int, tuple[int, int, Any]] = {}

    def add(self, y: Any, start: int) -> None:
        """Add a call in training mode.

        Args:
            y: The outputs, a Tensor.
            start: The time at which the call began.
        """
        self.calls[id(base_array(y._array))] = start, next(clock), y._array

    def close_detached(self, args: Sequence[Any], node: Any) -> None:
        """Close the calls whose outputs, detached, go on into a training.

        Args:
            args: What an op in the training was given by position.
            node: The node of the op.
        """
        for a in args:
            if getattr(a, "node", node) is None:
                self.calls.pop(id(base_array(a._array)), None)

    def close_around(self, node: Any) -> None:
        """Close the calls that a gradient came through.

        Args:
            node: The node of an op on its way.
        """
        time = node.time
        for key in [key for key, (start, end, _) in self.calls.items() if start < time < end]:
            del self.calls[key]

    def judge(self, watcher: Any) -> None:
        """Speak of calls that are open when a step begins or ends, and forget them.

        Args:
            watcher: Who is told.
        """
        if self.calls and watcher.step > 0:
            tell_evaluation(watcher)
        self.calls = {}


def tell_evaluation(watcher: Any) -> None:
    """Say that the model was evaluated in training mode.

    Args:
        watcher: Who is told.
    """
    watcher.find(
        "evaluation_in_training_mode",
        watcher.parts.name,
        "it was called in training mode and nothing was learned from the outputs: dropout "
        "drops units and batch normalization uses the batch while the model is evaluated",
        "leave `with minigrad.training():` around the training step alone, and call "
        "model(x, training=False) to evaluate",
    )
