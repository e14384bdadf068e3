"""Where the weights of a model stand in Keras's files.

Keras names a weight by the attributes that lead to it and its number in its layer; the members of a
list of layers by their classes, counted:

    layers/conv2d/vars/0    layers/conv2d_1/vars/0    layers/bidirectional/forward_layer/cell/vars/2
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..layers.module import Module, iter_children
from ..layers.parameter import Parameter
from ..utils.registry import snake_case

# attributes that Keras calls otherwise, by class
PARTS = {"MultiHeadAttention": ("query_dense", "key_dense", "value_dense", "output_dense")}
OURS = {"MultiHeadAttention": ("query", "key", "value", "attention_output")}
RENAMED = {kind: dict(zip(names, PARTS[kind])) for kind, names in OURS.items()}
COUNTED = ("Normalization",)  # have one more number there: how many batches adapt saw


class Stored(NamedTuple):
    """A weight in a file.

    Attributes:
        parameter: The parameter; None for a number that Keras has besides.
        shape: Its shape there.
    """

    parameter: Parameter | None
    shape: tuple[int, ...]

    def array(self) -> np.ndarray:
        """What is written."""
        if self.parameter is None:
            return np.zeros(self.shape, np.int32)
        return np.asarray(self.parameter.numpy()).reshape(self.shape)


def layer_places(model: Module) -> dict[str, Module]:
    """A model and the layers in it by their groups in Keras's files, each where it is met first.

    Args:
        model: A model or layer.

    Example:
        >>> from minigrad.layers import LSTM, Bidirectional
        >>> list(layer_places(minigrad.Sequential(Bidirectional(LSTM(2)))))[-2:]
        ['layers/bidirectional/forward_layer/', 'layers/bidirectional/forward_layer/cell/']
    """
    return {place: module for place, module in _descend(model, "", set())}


def stored_weights(place: str, module: Module) -> dict[str, Stored]:
    """The weights of a layer itself by their places.

    Args:
        place: The group of the layer.
        module: The layer.

    Raises:
        ValueError: If Keras keeps the layer in another form.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(2, input_shape=(3,)))
        >>> {name: w.shape for name, w in stored_weights("", model.layers[0]).items()}
        {'vars/0': (3, 2), 'vars/1': (2,)}
    """
    own = [Stored(p, keras_shape(module, p)) for p in own_weights(module)]
    counted = [Stored(None, ())] if own and type(module).__name__ in COUNTED else []
    return {f"{place}vars/{i}": stored for i, stored in enumerate([*own, *counted])}


def _descend(module: Module, place: str, seen: set[int]) -> Iterator[tuple[str, Module]]:
    if id(module) in seen:
        return
    seen.add(id(module))
    yield place, module
    for attribute, value in sorted(attributes_of(module).items()):
        yield from _within(value, f"{place}{attribute}/", seen)


def attributes_of(module: Module) -> dict[str, Any]:
    """What may hold layers, under the names of Keras's attributes.

    Args:
        module: A model or layer.
    """
    renamed = RENAMED.get(type(module).__name__, {})
    found = {
        renamed.get(name, name): value
        for name, value in vars(module).items()
        if name not in module._bookkeeping
    }
    return {"layers": module.layers, **found} if hasattr(module, "layers") else found


def _within(value: Any, place: str, seen: set[int]) -> Iterator[tuple[str, Module]]:
    """_descend of a layer, or of the layers in a list, tuple or dict."""
    if isinstance(value, Module):
        yield from _descend(value, place, seen)
    elif isinstance(value, (list, tuple, dict)):
        counts: Counter[str] = Counter()
        for item in value.values() if isinstance(value, dict) else value:
            if isinstance(item, Module):
                kind = type(item).__name__
                name = "functional" if kind == "Model" else snake_case(kind)
                number = f"_{counts[name]}" if counts[name] else ""
                counts[name] += 1
                yield from _descend(item, f"{place}{name}{number}/", seen)


def own_weights(layer: Module) -> list[Parameter]:
    """The parameters of a layer itself in Keras's order: first those that are trained.

    Args:
        layer: The layer.

    Raises:
        ValueError: If Keras keeps the layer in another form.
    """
    if type(layer).__name__ == "SpectralNormalization":
        raise ValueError("SpectralNormalization lies in another form in files of Keras")
    own = [child for _, child in iter_children(layer) if isinstance(child, Parameter)]
    return sorted(own, key=lambda p: not p.trainable)


def keras_shape(layer: Any, p: Parameter) -> tuple[int, ...]:
    """The shape that a parameter of a layer has in Keras.

    Args:
        layer: The layer.
        p: The parameter.
    """
    if type(layer).__name__ != "Normalization":
        return p.shape
    return tuple(p.shape[axis] for axis in np.atleast_1d([] if layer.axis is None else layer.axis))
