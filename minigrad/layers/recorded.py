"""What a layer knows of its calls on symbolic tensors."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ..config import settings
from ..engine.symbolic import Call, SymbolicTensor, record, replace_leaves, symbolic_leaves
from ..random import use_generator
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

    built = False
    accepts_integers = False  # False: integer inputs are cast to the default dtype
    _calls: list[Call] = []
    _input_shape: tuple[int, ...] | None = None  # without the batch axis

    def _record_call(
        self, x: Any, others: tuple[Any, ...], options: dict[str, Any], training: bool | None
    ) -> Any:
        """The symbolic output of a call on symbolic inputs, which is kept for a Model."""
        if training is not None:
            options["training"] = training
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

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for an input of this shape, found by a call that changes nothing.

        Args:
            input_shape: Shape of the input, batch axis included, with None for open lengths; a list
                or dict of shapes for several inputs.

        Example:
            >>> minigrad.layers.Conv2D(8, 3, strides=2).compute_output_shape((None, 28, 28, 1))
            (None, 13, 13, 8)
        """
        layer = self if self.built else copy.deepcopy(self)
        with use_generator(0), modes.probing():
            output = record(layer, (_symbols(input_shape, self.accepts_integers),), {})
        return replace_leaves(lambda y: y.shape, output)

    @found_unless_set
    def input_shape(self) -> Any:
        """The shape of the input, batch axis included, or None while it is not known."""
        return None if self._input_shape is None else (None, *self._input_shape)

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


def _symbols(shape: Any, accepts_integers: bool) -> Any:
    """A SymbolicTensor of this shape, or several in a list or dict."""
    if isinstance(shape, dict):
        return {key: _symbols(item, accepts_integers) for key, item in shape.items()}
    if any(isinstance(item, (list, tuple)) for item in shape):
        return [_symbols(item, accepts_integers) for item in shape]
    dtype = "int64" if accepts_integers else settings.default_dtype
    return SymbolicTensor(tuple(shape), dtype, Call("shape", (), {}))
