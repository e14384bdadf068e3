"""What a layer knows of its calls on symbolic tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.symbolic import Call, record, symbolic_leaves
from ..utils.registry import snake_case
from . import modes
from .building import unbuilt_if_it_fails
from .module import Module


class found_unless_set:
    """A property that an attribute of the same name hides, so that subclasses may use the name."""

    def __init__(self, find: Callable[[Any], Any]) -> None:
        self.find = find
        self.__doc__ = find.__doc__

    def __get__(self, layer: Any, _: type) -> Any:
        return self if layer is None else self.find(layer)


class Recorded(Module):
    """A module whose calls on symbolic tensors are recorded, for a Model to make them on data.

    Args:
        name: Name of the module; None for one given by the model that holds it.
        trainable: False freezes the parameters of this module and of all within.
    """

    _calls: list[Call] = []

    def _record_call(self, x: Any, others: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The symbolic output of a call on symbolic inputs, which is kept for a Model."""
        with unbuilt_if_it_fails(self), modes.probing():
            output = record(self, (x, *others), options)
        self._calls = [*self._calls, symbolic_leaves(output)[0].call]
        return output

    def _the_call(self) -> Call:
        """The one recorded call of this layer."""
        if len(self._calls) != 1:
            times = f"{len(self._calls)} times" if self._calls else "on no symbolic tensor"
            name = self.name or snake_case(type(self).__name__)
            raise AttributeError(
                f"layer {name} has no single input and output: it was called {times}; "
                "keep the symbolic tensor that a call returns, y = layer(x)"
            )
        return self._calls[0]

    @found_unless_set
    def input(self) -> Any:
        """The symbolic input of the one call of this layer in a model."""
        call = self._the_call()
        inputs = call.inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @found_unless_set
    def output(self) -> Any:
        """The symbolic output of the one call of this layer in a model."""
        return self._the_call().output
