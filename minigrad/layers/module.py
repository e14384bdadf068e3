"""Module: a tree of parameters. It is found by reading attributes; nothing is registered."""

from __future__ import annotations

from collections import deque
from types import SimpleNamespace
from typing import Any, Iterator

from ..config import as_data, to_device
from ..engine.graph import Leaf
from ..engine.tensor import Tensor
from ..utils.registry import snake_case
from ..utils.serialization import Configurable
from .parameter import Parameter
from .validation import check_set, refuse_tensor

SETS = (set, frozenset)
NAMED = (dict, SimpleNamespace, *SETS)
PLAIN = frozenset({bool, int, float, str, bytes, type(None)})  # hold nothing: vocabularies are long


class Module(Configurable):
    """An object whose attributes hold parameters and other modules.

    They are found in the order the attributes were set, each once, whatever an attribute is called,
    also inside lists, tuples, deques, dicts, dataclasses and SimpleNamespaces. Objects of other
    classes are not searched: make them Layers. Layer is the one kind of module.

    Args:
        name: Name of the module; None for one given by the model that holds it.
        trainable: False freezes the parameters of this module and of all within.
    """

    name: str | None = None
    # attributes that repeat what others hold
    _bookkeeping = frozenset({"_trained", "_trainable_at_compile", "_calls"})
    _trainable = True
    _has_default_name = False  # named by name_layers, not by the user

    def __init__(self, name: str | None = None, trainable: bool = True) -> None:
        self.name = name
        self._trainable = trainable

    # ---- the tree --------------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """(name, layer) for each layer among the attributes."""
        for name, value in iter_children(self):
            if isinstance(value, Module):
                yield name, value

    def named_layers(
        self, path: str = "", seen: set[int] | None = None
    ) -> Iterator[tuple[str, Any]]:
        """(path, layer) for this layer and every layer within, outermost first, each once.

        Args:
            path: Path of this layer.
            seen: ids of layers to leave out; None for none.
        """
        seen = set() if seen is None else seen
        if id(self) not in seen:
            seen.add(id(self))
            yield path, self
            for name, child in self.named_children():
                yield from child.named_layers(_join(path, name), seen)

    def named_weights(self) -> dict[str, Parameter]:
        """All parameters by path, like "dense_1/kernel", each once."""
        weights: dict[int, tuple[str, Parameter]] = {}
        for path, layer in self.named_layers():
            for name, value in iter_children(layer):
                if isinstance(value, Parameter):
                    weights.setdefault(id(value), (_join(path, name), value))
        return dict(weights.values())

    # ---- the parameters --------------------------------------------------------------------------

    @property
    def weights(self) -> list[Parameter]:
        """All parameters, state included."""
        return list(self.named_weights().values())

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The parameters that training changes: those with gradients in layers not frozen."""
        frozen = {
            id(p) for _, layer in self.named_layers() if not layer.trainable for p in layer.weights
        }
        return [p for p in self.weights if p.trainable and id(p) not in frozen]

    @property
    def non_trainable_weights(self) -> list[Parameter]:
        """The parameters that training leaves as they are."""
        trainable = {id(p) for p in self.trainable_weights}
        return [p for p in self.weights if id(p) not in trainable]

    @property
    def variables(self) -> list[Parameter]:
        """The same as `weights`."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Parameter]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Parameter]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def trainable(self) -> bool:
        """False freezes this layer and all within, from the next compile on."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for _, layer in self.named_layers():
            layer._trainable = value

    def count_params(self) -> int:
        """The number of elements in all parameters."""
        return sum(p.size for p in self.weights)

    def get_weights(self) -> list[Any]:
        """Copies of all parameters as NumPy arrays."""
        return [p.numpy() for p in self.weights]

    def set_weights(self, arrays: list[Any]) -> None:
        """Assign arrays, in the order of get_weights, to the parameters.

        Args:
            arrays: One array per parameter, of its shape.

        Raises:
            ValueError: If the shapes differ; then no parameter has changed.
        """
        weights = self.weights
        expected = [p.shape for p in weights]
        shapes = [tuple(a.shape if hasattr(a, "shape") else as_data(a).shape) for a in arrays]
        if shapes != expected:
            raise ValueError(f"set_weights expects arrays of shapes {expected}, got {shapes}")
        for p, array in zip(weights, arrays):
            p.assign(array)

    def to(self, device: str) -> Any:
        """Move every parameter to a device and return the layer.

        Args:
            device: "cpu" or "cuda".
        """
        for p in self.weights:
            p._array = to_device(p._array, device)
            if p.grad is not None:
                p.grad = to_device(p.grad, device)
        return self


def device_of(module: Module) -> str | None:
    """The device of the first parameter; None if there is none.

    Args:
        module: A layer or a model.

    Example:
        >>> dense = minigrad.layers.Dense(2)
        >>> before, _ = device_of(dense), dense(np.ones((1, 3)))
        >>> before, device_of(dense)
        (None, 'cpu')
    """
    children = (child for _, layer in module.named_layers() for _, child in iter_children(layer))
    return next((child.device for child in children if isinstance(child, Parameter)), None)


# ---- finding children ----------------------------------------------------------------------------


def iter_children(module: Module) -> Iterator[tuple[str, Any]]:
    """(name, value) for each attribute that is a Parameter or Module; no two names are equal."""
    names: dict[str, Any] = {}
    for attribute, value in list(vars(module).items()):
        if value.__class__ not in PLAIN and attribute not in module._bookkeeping:
            for name, child in _flatten(attribute, value):
                if not isinstance(child, (Parameter, Module)):
                    refuse_tensor(module, name)
                yield _unique_name(name, child, names), child


def _flatten(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The modules, and the Tensors with gradients, in nested collections, with a name for each."""
    if isinstance(value, (Tensor, Module)):
        if isinstance(value, (Parameter, Module)) or isinstance(value.node, Leaf):
            yield name, value
    elif isinstance(value, (list, tuple, deque)):
        for i, item in enumerate(value):
            if item.__class__ not in PLAIN:
                yield from _flatten(getattr(item, "name", None) or f"{name}_{i}", item)
    elif isinstance(value, NAMED) or hasattr(type(value), "__dataclass_fields__"):
        yield from _flatten_fields(name, value)


def _flatten_fields(name: str, fields: Any) -> Iterator[tuple[str, Any]]:
    """_flatten of a dict or of attributes; raises TypeError for a set of layers or parameters."""
    if isinstance(fields, SETS):
        check_set(name, fields, (Parameter, Module))
        return
    items = fields if isinstance(fields, dict) else getattr(fields, "__dict__", {})
    for key, item in items.items():
        if item.__class__ not in PLAIN:
            yield from _flatten(f"{name}_{key}", item)


def _unique_name(name: str, child: Any, names: dict[str, Any]) -> str:
    """`name`, with a number behind it if another child has it already."""
    unique, n = name, 0
    while names.setdefault(unique, child) is not child:
        n += 1
        unique = f"{name}_{n}"
    return unique


def _join(path: str, name: str) -> str:
    """path/name, or the name at the top."""
    return f"{path}/{name}" if path else name


# ---- naming --------------------------------------------------------------------------------------


def name_layers(layers: list[Any]) -> None:
    """Name those without a name after their class, counting: dense, dense_1, ...

    Raises ValueError if the user gave one name to two layers.
    """
    unique = list(dict.fromkeys(layers))
    used = {layer.name for layer in unique if layer.name}
    counts: dict[str, int] = {}
    for layer in unique:
        if layer.name is None:
            base = snake_case(type(layer).__name__)
            n = counts.get(base, 0)
            while (name := f"{base}_{n}" if n else base) in used:
                n += 1
            counts[base] = n + 1
            layer.name = name
            layer._has_default_name = True
            used.add(name)
    # layers with a default name may be shared by models that count differently
    given = [layer.name for layer in unique if not layer._has_default_name]
    for name in given:
        if given.count(name) > 1:
            raise ValueError(f"two layers are called {name!r}: names within one model must differ")
