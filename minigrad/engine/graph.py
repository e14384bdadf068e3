"""What a graph is made of: a node per recorded call; and a ledger of in-place changes."""

from __future__ import annotations

import itertools
import weakref
from typing import Any

from ..backend import Array

clock = itertools.count(1)  # numbers nodes and in-place edits in the order they happen


class Node:
    """One recorded call: the op, the nodes of its inputs, and the arrays its gradient rules read.

    Edges run from node to node and nodes keep arrays, never Tensors: there are no cycles.

    Args:
        op: The Primitive that was called.
        parents: The node of each input, None for an input without gradient.
        inputs: The input arrays, None for those that no rule reads.
        kwargs: The settings of the call.
        residuals: What else the rules read: the output, or what a kernel keeps for its backward.
    """

    __slots__ = ("op", "parents", "inputs", "kwargs", "residuals", "time")

    def __init__(self, op: Any, parents: Any, inputs: Any, kwargs: Any, residuals: Any) -> None:
        self.op = op
        self.parents = parents
        self.inputs = inputs
        self.kwargs = kwargs
        self.residuals = residuals
        self.time = next(clock)

    def __reduce__(self) -> Any:
        raise TypeError(
            f"the result of {self.op.name} cannot be copied with its graph: .detach() it first"
        )


class Leaf(Node):
    """The node of a Tensor that was not computed from others: its gradient accumulates here.

    Args:
        dtype: The dtype of the Tensor and of its gradient.
    """

    __slots__ = ("dtype", "grad")

    def __init__(self, dtype: Any) -> None:
        super().__init__(None, (), (), None, None)
        self.dtype = dtype
        self.grad: Array | None = None

    def __reduce__(self) -> Any:
        # a copy is a new leaf with the old gradient
        return Leaf, (self.dtype,), (None, {"grad": self.grad})


class VersionLedger:
    """The arrays changed in place, each with the time of its last change.

    backward() asks it whether an array that a node keeps has changed since the call. Edits are
    rare, and a graph younger than the last one is not searched: without edits it costs nothing.
    """

    def __init__(self) -> None:
        self.last = 0
        self._edits: dict[int, tuple[int, Any]] = {}  # by id: time, weak reference
        self._room = 64

    def record(self, array: Array) -> None:
        """Note that the memory of `array` has just been written to."""
        # threads share this dict without a lock, which an interrupt could leave locked
        array = base_array(array)
        time = next(clock)
        self._edits[id(array)] = time, weakref.ref(array)
        self.last = max(self.last, time)
        if len(self._edits) > self._room:
            self._forget_freed()

    def _forget_freed(self) -> None:
        # not by callbacks of the references: an interrupt that strikes in one is lost
        for key, edit in list(self._edits.items()):
            if edit[1]() is None:
                removed = self._edits.pop(key, edit)
                if removed is not edit:  # the edit of a new array at the same place
                    self._edits.setdefault(key, removed)
        self._room = 2 * len(self._edits) + 64

    def changed_after(self, array: Any, time: int) -> bool:
        """True if the memory of `array` has been written to after `time`."""
        array = base_array(array)
        edited, reference = self._edits.get(id(array), (0, None))
        return edited > time and reference is not None and reference() is array


def base_array(array: Any) -> Any:
    """The array whose memory `array` is a view of, or the first over memory that none owns."""
    while hasattr(getattr(array, "base", None), "dtype"):
        array = array.base
    return array


ledger = VersionLedger()
