"""Functional graphs as JSON and back, in Keras's form.

    {"name": "net", "layers": [
        {"class_name": "InputLayer", "config": {...}, "name": "x", "inbound_nodes": []},
        {"class_name": "Dense", "config": {...}, "name": "dense", "inbound_nodes": [call, ...]}],
     "input_layers": ["x", 0, 0], "output_layers": ["dense", 0, 0]}

A call holds its arguments, in which a tensor is named by the layer that makes it, the number of its
call, and the number of the output. An op stands there like a layer, once for each call.
"""

from __future__ import annotations

from collections.abc import Callable
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

import numpy as np

from ..arguments import explains_arguments
from ..config import device_module, settings, to_device
from ..engine.symbolic import SymbolicTensor, replace_leaves, symbolic_leaves
from ..engine.tensor import Tensor
from ..layers import modes
from ..layers.base import Layer
from ..layers.inputs import Input, InputLayer
from ..layers.parameter import Parameter
from ..utils.serialization import CustomObjectScope, deserialize, serialize
from .functional import Graph, unique_name

Reference = tuple[str, int, int]  # of a tensor: layer, call, output

# ---- from a graph to its configuration -----------------------------------------------------------


def graph_config(graph: Graph) -> dict[str, Any]:
    """The layers of a graph with their calls, its inputs and its outputs.

    Args:
        graph: The graph.

    Example:
        >>> x = minigrad.Input((4,), name="x")
        >>> graph_config(Graph(x, minigrad.layers.Dense(2, name="y")(x)))["output_layers"]
        ['y', 0, 0]
    """
    names: list[str] = []
    entries: dict[int, dict[str, Any]] = {}  # by the id of a layer, or of the call of an op
    places: dict[int, Reference] = {}  # by the id of a symbolic tensor

    def add(key: int, obj: Any, name: str) -> dict[str, Any]:
        names.append(unique_name(name, names))
        entries[key] = {"object": obj, "name": names[-1], "inbound_nodes": []}
        return entries[key]

    for x in graph.input_list:
        source = x.call.function
        if not isinstance(source, InputLayer):  # a tensor within another model
            source = InputLayer(batch_shape=x.shape, dtype=x.dtype, name=x.call.name)
        places[id(x)] = add(id(x), source, x.call.name)["name"], 0, 0
    for layer in graph.layers():
        if not isinstance(layer, InputLayer):
            add(id(layer), layer, layer.name or "")
    for call in graph.calls:
        is_layer = isinstance(call.function, Layer)
        key = id(call.function if is_layer else call)
        entry = entries.get(key) or add(key, call.function, call.name)
        number = len(entry["inbound_nodes"])
        for i, x in enumerate(symbolic_leaves(call.output)):
            places.setdefault(id(x), (entry["name"], number, i))
        entry["inbound_nodes"].append(
            {
                "args": [_encode(item, places) for item in call.args],
                "kwargs": {key: _encode(item, places) for key, item in call.kwargs.items()},
            }
        )
    written = serialize([entry.pop("object") for entry in entries.values()])
    return {
        "layers": [{**obj, **entry} for obj, entry in zip(written, entries.values())],
        "input_layers": replace_leaves(lambda x: list(places[id(x)]), graph.inputs),
        "output_layers": replace_leaves(lambda x: list(places[id(x)]), graph.outputs),
    }


def _encode(x: Any, places: dict[int, Reference]) -> Any:
    """An argument of a call; tensors as references, tuples and Parameters marked as such."""
    if isinstance(x, SymbolicTensor):
        history = list(places[id(x)])
        content = {"shape": list(x.shape), "dtype": str(x.dtype), "keras_history": history}
        return {"class_name": "__keras_tensor__", "config": content}
    if isinstance(x, Parameter):
        own = {"value": serialize(x.numpy()), "name": x.name, "trainable": x.trainable}
        return {"class_name": "__parameter__", "config": own}
    if isinstance(x, tuple):
        return {"class_name": "__tuple__", "config": [_encode(item, places) for item in x]}
    if isinstance(x, list):
        return [_encode(item, places) for item in x]
    if isinstance(x, dict):
        return {key: _encode(item, places) for key, item in x.items()}
    return serialize(x)


# ---- from a configuration to a graph -------------------------------------------------------------


class Node(NamedTuple):
    """A call that a configuration describes.

    Attributes:
        function: What is called.
        args: Its arguments by position, with References for tensors.
        kwargs: Its arguments by name.
    """

    function: Callable[..., Any]
    args: Any
    kwargs: Any


def connect(config: dict[str, Any]) -> tuple[Any, Any]:
    """(symbolic inputs, symbolic outputs) of the graph that a configuration describes.

    Args:
        config: What `graph_config` returned.

    Raises:
        ValueError: If it names what is not there, or calls that wait for each other.
    """
    entries = {entry["name"]: entry for entry in config["layers"]}
    if len(entries) < len(config["layers"]):
        raise ValueError("two layers of the configuration have one name")
    made = deserialize(list(entries.values()))
    tensors: dict[Reference, SymbolicTensor] = {}
    nodes: dict[tuple[str, int], Node] = {}
    for (name, entry), obj in zip(entries.items(), made):
        keep_name(obj, name)
        if isinstance(obj, InputLayer):
            tensors[name, 0, 0] = obj.output
            obj.built = True
        for i, node in enumerate(entry["inbound_nodes"]):
            nodes[name, i] = Node(obj, _decode(node["args"]), _decode(node["kwargs"]))
    for key in _in_order(nodes):
        function, args, kwargs = (_fill(part, tensors) for part in nodes[key])
        output = function(*args, **kwargs)
        for i, x in enumerate(symbolic_leaves(output)):
            tensors[(*key, i)] = x
    return _fill(_tensors_of(config["input_layers"]), tensors), _fill(
        _tensors_of(config["output_layers"]), tensors
    )


def keep_name(obj: Any, name: Any) -> None:
    """Call a layer as the configuration does, as if no user had: shared models count differently.

    Args:
        obj: The layer, or an op, which has no name.
        name: The name; None leaves that of the layer.
    """
    if isinstance(obj, Layer):
        obj.name = obj.name if name is None else str(name)
        obj._has_default_name = True


class _Tensor(NamedTuple):
    """Stands in the arguments of a Node for a tensor."""

    reference: Reference


def _decode(x: Any) -> Any:
    """The arguments of a call, with _Tensors for tensors."""
    if isinstance(x, list):
        return [_decode(item) for item in x]
    if not isinstance(x, dict):
        return x
    kind, content = x.get("class_name"), x.get("config", {})
    if kind == "__keras_tensor__":
        return _reference(content["keras_history"])
    if kind == "__parameter__":
        value = to_device(deserialize(content["value"]), settings.device)
        return Parameter(value, content["name"], content["trainable"], dtype=value.dtype)
    if kind == "__tuple__":
        return tuple(_decode(content))
    if kind == "__array__":
        return to_device(deserialize(x), settings.device)
    if {"class_name", "config"} <= x.keys():
        return deserialize(x)
    return {key: _decode(item) for key, item in x.items()}


def _reference(history: Any) -> _Tensor:
    name, call, output = history
    return _Tensor((str(name), int(call), int(output)))


def _tensors_of(structure: Any) -> Any:
    """The inputs or outputs of a configuration: a reference, or lists and dicts of them."""
    if isinstance(structure, dict):
        return {key: _tensors_of(item) for key, item in structure.items()}
    if len(structure) == 3 and isinstance(structure[0], str):
        return _reference(structure)
    return [_tensors_of(item) for item in structure]


def _references(x: Any) -> list[Reference]:
    """The references in the arguments of a call."""
    if isinstance(x, _Tensor):
        return [x.reference]
    items = x.values() if isinstance(x, dict) else x if isinstance(x, (list, tuple)) else ()
    return [found for item in items for found in _references(item)]


def _fill(x: Any, tensors: dict[Reference, SymbolicTensor]) -> Any:
    """x with tensors in place of references."""
    if isinstance(x, _Tensor):
        if x.reference not in tensors:
            raise ValueError(f"the configuration makes no tensor {x.reference!r:.80}")
        return tensors[x.reference]
    if isinstance(x, dict):
        return {key: _fill(item, tensors) for key, item in x.items()}
    return type(x)([_fill(item, tensors) for item in x]) if type(x) in (list, tuple) else x


def _in_order(nodes: dict[tuple[str, int], Node]) -> list[tuple[str, int]]:
    """The calls, each behind those that make its tensors, and behind the earlier of its layer."""
    sorter: TopologicalSorter[tuple[str, int]] = TopologicalSorter()
    for (name, i), node in nodes.items():
        needed = {reference[:2] for reference in _references([node.args, node.kwargs])}
        earlier = {(name, i - 1)} if i else set()
        sorter.add((name, i), *sorted((needed | earlier) & nodes.keys()))
    try:
        return list(sorter.static_order())
    except CycleError as cause:
        raise ValueError(f"calls of {cause.args[1][0][0]!r:.60} wait for each other") from cause


# ---- models that are no graph --------------------------------------------------------------------


def input_config(x: Any) -> Any:
    """An argument of a call: shape and dtype of a Tensor, several in their form, others as they are.

    Args:
        x: Tensors, arrays, and what JSON can hold.

    Example:
        >>> input_config(minigrad.Tensor([[1.0, 2.0]]))["config"]
        {'shape': [None, 2], 'dtype': 'float32'}
    """
    if isinstance(x, dict):
        return {key: input_config(item) for key, item in x.items()}
    if isinstance(x, (list, tuple)):
        return [input_config(item) for item in x]
    if not hasattr(x, "shape"):
        return x if isinstance(x, (bool, int, float, str)) else None
    return shape_config(x.shape, x.dtype)


def shape_config(shape: Any, dtype: Any) -> dict[str, Any]:
    """A Tensor with any number of rows, of this shape.

    Args:
        shape: Its shape.
        dtype: Its dtype.
    """
    content = {"shape": [None, *shape[1:]], "dtype": str(dtype)}
    return {"class_name": "__keras_tensor__", "config": content}


def build_from_input(model: Any, config: dict[str, Any]) -> None:
    """Build a model by a call on zeros.

    Args:
        model: The model.
        config: The arguments of its first call, "args" and "kwargs", as `input_config` says them.
    """

    def zeros(x: Any) -> Any:
        if isinstance(x, list):
            return [zeros(item) for item in x]
        if not isinstance(x, dict):
            return x
        if x.get("class_name") != "__keras_tensor__":
            return {key: zeros(item) for key, item in x.items()}
        lengths = [n or 1 for n in x["config"]["shape"]]
        dtype = np.dtype(x["config"]["dtype"])
        return Tensor(device_module().zeros(lengths, dtype), dtype=dtype)

    with modes.probing():
        model(*zeros(config["args"]), **zeros(config["kwargs"]))


# ---- clones --------------------------------------------------------------------------------------


def clone_layer(layer: Any) -> Any:
    """A new layer by the configuration of another, without its weights.

    Args:
        layer: The layer.
    """
    own = {type(part).__name__: type(part) for _, part in layer.named_layers()}
    with CustomObjectScope(own):
        clone = type(layer).from_config(layer.get_config())
    clone._has_default_name = layer._has_default_name
    return clone


@explains_arguments
def clone_model(
    model: Any, input_tensors: Any = None, clone_function: Callable[[Any], Any] | None = None
) -> Any:
    """A model of the same architecture, with new weights, and not compiled.

    Args:
        model: The model.
        input_tensors: Symbolic tensors to take the place of the inputs; None for new Inputs.
        clone_function: Function of a layer that returns the one to take its place; None makes it by
            its configuration. It is not asked about Inputs.

    Raises:
        ValueError: If a model that is no graph is given other inputs or a clone_function.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(3, input_shape=(4,)))
        >>> clone_model(model).count_params()
        15
    """
    return model._cloned(clone_function or clone_layer, input_tensors)


def new_inputs(model: Any, given: Any) -> Any:
    """New Inputs like those of a model, or the tensors that are given, in the form of the model's.

    Args:
        model: A model of symbolic tensors.
        given: Symbolic tensors, or None.

    Raises:
        ValueError: If they are too few or too many.
    """
    if given is None:
        return replace_leaves(
            lambda x: Input(batch_shape=x.shape, dtype=x.dtype, name=x.call.name), model.input
        )
    leaves = symbolic_leaves(given)
    if len(leaves) != len(model.inputs):
        raise ValueError(f"the model has {len(model.inputs)} inputs, got {len(leaves)} tensors")
    rest = iter(leaves)
    return replace_leaves(lambda x: next(rest), model.input)


def replay(graph: Graph, inputs: Any, clone: Callable[[Any], Any]) -> Any:
    """The outputs of a graph whose layers are replaced, on other inputs.

    Args:
        graph: The graph.
        inputs: Symbolic tensors in the order of its inputs.
        clone: Function of a layer that returns the one to take its place.
    """
    tensors: dict[int, Any] = dict(zip(map(id, graph.input_list), symbolic_leaves(inputs)))
    layers: dict[int, Any] = {}

    def new(x: Any) -> Any:
        if isinstance(x, Parameter):
            return Parameter(x.data.copy(), x.name, x.trainable, x.regularizer, x.dtype)
        return tensors[id(x)] if isinstance(x, SymbolicTensor) else x

    for call in graph.calls:
        function = call.function
        if isinstance(function, Layer):
            if id(function) not in layers:
                layers[id(function)] = clone(function)
            function = layers[id(function)]
        output = function(*replace_leaves(new, call.args), **replace_leaves(new, call.kwargs))
        for before, after in zip(symbolic_leaves(call.output), symbolic_leaves(output)):
            tensors.setdefault(id(before), after)
    return replace_leaves(new, graph.outputs)
