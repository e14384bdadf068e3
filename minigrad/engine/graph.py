"""What a graph is made of: a node for each recorded call, and a ledger of the arrays that were changed in place."""

from __future__ import annotations

import itertools
import weakref
from typing import Any

from ..backend import Array

clock = itertools.count(1)  # numbers nodes and in-place edits in the order they happen


class Node:
    """One recorded call: the op, the nodes of its inputs, and the arrays its gradient rules read.

    Edges run from node to node and nodes keep arrays, never Tensors, so there are no reference cycles.
    """

    __slots__ = ("op", "parents", "saved", "static", "kept", "time")

    def __init__(self, op: Any, parents: Any, saved: Any, static: Any, kept: Any) -> None:
        self.op, self.parents, self.saved, self.static, self.kept = op, parents, saved, static, kept
        self.time = next(clock)

    def __reduce__(self) -> Any:
        raise TypeError(
            f"the result of {self.op.name} cannot be copied with its graph: .detach() it first"
        )


class Leaf(Node):
    """The place of a Tensor that was not computed from others: its gradient gathers here."""

    __slots__ = ("grad",)

    def __init__(self) -> None:
        super().__init__(None, (), (), None, None)
        self.grad: Array | None = None

    def __reduce__(self) -> Any:
        return (
            Leaf,
            (),
            (None, {"grad": self.grad}),
        )  # a copy is a leaf born now, with the gradient of the old one


class Edits:
    """The ledger of arrays changed in place, each with the time of its change.

    backward() asks it whether an array that a node kept has changed since. Edits are rare, and a graph younger than the
    last one is not searched, so the ledger costs nothing to those who make none.
    """

    def __init__(self) -> None:
        self.last = 0
        self._times: dict[int, tuple[int, Any]] = {}

    def note(self, array: Array) -> None:
        """Remember that the memory of `array` has just been written to."""
        array = owner(array)
        key, self.last = id(array), next(clock)
        self._times[key] = self.last, weakref.ref(array, lambda _: self._times.pop(key, None))

    def after(self, array: Any, time: int) -> bool:
        """Has the memory of `array` been written to after `time`?"""
        return self._times.get(id(owner(array)), (0, None))[0] > time


def owner(array: Any) -> Any:
    """The array that owns the memory `array` is a view of, or the first over memory that no array owns."""
    while hasattr(getattr(array, "base", None), "dtype"):
        array = array.base
    return array


edits = Edits()
