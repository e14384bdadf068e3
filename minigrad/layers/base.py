"""Layer: hyperparameters in __init__, parameters in build, the equation in call. Everything else is found by looking."""

from __future__ import annotations

import warnings
from typing import Any, Iterator

from .. import initializers, regularizers
from ..config import as_data, device_module, settings, to_device
from ..engine.autograd import no_grad
from ..engine.tensor import Tensor
from ..utils.registry import snake_case
from .modes import training
from .parameter import Parameter


class Layer:
    """Base of all layers. A subclass writes `__init__`, `build(input_shape)` and `call(x)`.

    `build` is called once, before the first call, with the shape of the first input, batch axis included. Parameters and
    sub-layers are found among the attributes, also inside lists, tuples and dicts, in the order they were set, each once.
    """

    name: str | None = None
    built = False
    accepts_integers = False  # else integer inputs are cast to the default dtype
    accepts_mask = False  # does `call` take mask=, booleans (N, T) that say which steps of a sequence are real?
    creates_mask = False  # does compute_mask find a mask where there was none?
    supports_masking = False  # does the mask of its input hold for its output?
    output_shape: tuple[Any, ...] | None = None
    declared_shape: tuple[int, ...] | None = None
    _trainable = True
    _told_of_uint8 = False
    _named_here = False  # by name_layers, not by the user

    def __init__(
        self,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        trainable: bool = True,
    ) -> None:
        self.name, self._trainable = name, trainable
        if input_shape is not None or input_dim is not None:
            self.declared_shape = (
                (input_dim,) if input_dim is not None else tuple(input_shape or ())
            )

    # ---- what a subclass writes ----
    def build(self, input_shape: tuple[int, ...]) -> None:
        """Make the parameters."""

    def call(self, x: Any) -> Any:
        """The layer's equation."""
        raise TypeError(
            f"{type(self).__name__} needs a method call(self, x) that returns its output"
        )

    def add_weight(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = "glorot_uniform",
        name: str = "",
        trainable: bool = True,
        regularizer: Any = None,
    ) -> Parameter:
        """A new Parameter; assign it to an attribute, whose name it takes unless it is given one."""
        return Parameter(
            initializers.get(initializer)(tuple(shape)),
            name,
            trainable,
            regularizers.get(regularizer),
        )

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """The mask of what comes out, given x and the mask of x: that mask where each step is treated for itself, else none."""
        if mask is not None and not self.supports_masking:
            warnings.warn(
                f"layer {self.name or snake_case(type(self).__name__)}: {type(self).__name__} does not look at the mask of its "
                "input and ends it: padded steps count as real from here on",
                stacklevel=3,
            )
            return None
        return mask

    def call_with_mask(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """(y, the mask of y), given x and the mask of x."""
        y = self(x, mask=mask) if self.accepts_mask and mask is not None else self(x)
        return y, self.compute_mask(x, mask)

    # ---- calling ----
    def __call__(self, x: Any, *others: Any, training: bool | None = None, **options: Any) -> Any:
        """call(x), after building if this is the first time. `training=` overrules the mode for this one call."""
        if training is not None:
            with _Training(training):
                return self(x, *others, **options)
        if not isinstance(x, Tensor) or x._array.dtype.kind != "f" and not self.accepts_integers:
            x = self._as_input(x)
        try:
            if not self.built:
                return self._first_call(x, *others, **options)
            return self.call(x, *others, **options)
        except (ValueError, TypeError, IndexError) as error:
            _add_path(error, self.name or snake_case(type(self).__name__))
            raise

    def _as_input(self, x: Any) -> Any:
        """x as a Tensor, integers cast unless the layer takes them; a list of Tensors, as Parallel gives, stays one."""
        if isinstance(x, (list, tuple)) and any(isinstance(part, Tensor) for part in x):
            return x
        x = x if isinstance(x, Tensor) else Tensor(x)
        return x if self.accepts_integers or x.dtype.kind == "f" else Tensor(self.cast(x.data))

    def cast(self, x: Any) -> Any:
        """An array of integers in the default dtype. Of uint8, which images mostly are, a layer says so the first time."""
        if x.dtype == "uint8" and not self._told_of_uint8:
            self._told_of_uint8 = True
            warnings.warn(
                f"{self.name or type(self).__name__}: uint8 input of shape {x.shape} was cast to "
                f"{settings.default_dtype} as it is, images to 0..255; networks learn better from 0..1: divide by 255 "
                "(minigrad.data.images.to_float)",
                stacklevel=2,
            )
        return x.astype(settings.default_dtype)

    def _first_call(self, x: Any, *others: Any, **options: Any) -> Any:
        fresh = [(layer, dict(vars(layer))) for _, layer in self.walk() if not layer.built]
        try:
            self.build(x.shape if isinstance(x, Tensor) else [part.shape for part in x])  # type: ignore[arg-type]
            self.built = True
            for name, value in vars(self).items():
                if isinstance(value, Parameter) and not value.name:
                    value.name = name
            y = self.call(x, *others, **options)
        except (
            BaseException
        ):  # a wrong first input must leave no layer built for it, neither this one nor one within
            for layer, attributes in fresh:
                vars(layer).clear()
                vars(layer).update(attributes)
            raise
        first = y[0] if isinstance(y, tuple) else y  # (y, mask), as Sequential gives inside another
        self.output_shape = (None, *first.shape[1:]) if isinstance(first, Tensor) else None
        return y

    def build_from_shape(self, shape: tuple[int, ...]) -> None:
        """Build this layer, and all within, for inputs of `shape` (without the batch axis) by one call on zeros.

        The length of sequences (T, features) may be None, as in Keras. Raises ValueError for any other None.
        """
        if len(shape) == 2 and shape[0] is None:
            shape = 1, shape[1]
        if None in shape:
            raise ValueError(
                f"input_shape={shape}: only the length of sequences (None, features) may be open; leave input_shape away, "
                "and the first batch decides"
            )
        with no_grad(), _Training(False):
            dtype = "int64" if self.accepts_integers else settings.default_dtype
            self(Tensor(device_module().zeros((1, *shape), dtype)))

    # ---- what it is made of ----
    def children(self) -> Iterator[tuple[str, "Layer"]]:
        """(name, layer) for each layer among the attributes."""
        return ((name, value) for name, value in iter_children(self) if isinstance(value, Layer))

    def named_weights(self) -> dict[str, Parameter]:
        """All parameters by path, like "dense_1/kernel": own ones and those of the layers within, each once."""
        found: dict[str, Parameter] = {}
        seen: set[int] = set()
        for path, layer in self.walk():
            for name, value in iter_children(layer):
                if isinstance(value, Parameter) and id(value) not in seen:
                    seen.add(id(value))
                    found[f"{path}/{name}" if path else name] = value
        return found

    def walk(self, path: str = "") -> Iterator[tuple[str, "Layer"]]:
        """(path, layer) for this layer and every layer within, outermost first, each once."""
        seen: set[int] = set()
        waiting: list[tuple[str, Layer]] = [(path, self)]
        while waiting:
            path, layer = waiting.pop()
            if id(layer) not in seen:
                seen.add(id(layer))
                yield path, layer
                waiting += reversed(
                    [
                        (f"{path}/{name}" if path else name, child)
                        for name, child in layer.children()
                    ]
                )

    def reset_states(self) -> None:
        """Let the stateful recurrent layers within forget the states of the last batch."""
        for _, layer in self.children():
            layer.reset_states()

    @property
    def weights(self) -> list[Parameter]:
        """All parameters, state included."""
        return list(self.named_weights().values())

    @property
    def trainable_weights(self) -> list[Parameter]:
        """The parameters that training changes: those with gradients in layers that are not frozen."""
        frozen = {id(p) for _, layer in self.walk() if not layer.trainable for p in layer.weights}
        return [p for p in self.weights if p.trainable and id(p) not in frozen]

    @property
    def non_trainable_weights(self) -> list[Parameter]:
        """The parameters that training leaves as they are."""
        changing = {id(p) for p in self.trainable_weights}
        return [p for p in self.weights if id(p) not in changing]

    @property
    def trainable(self) -> bool:
        """False freezes this layer and all within, from the next compile on."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for _, layer in self.walk():
            layer._trainable = value

    def count_params(self) -> int:
        """The number of numbers in all parameters."""
        return sum(p.size for p in self.weights)

    def get_weights(self) -> list[Any]:
        """Copies of all parameters as NumPy arrays."""
        return [p.numpy().copy() for p in self.weights]

    def set_weights(self, arrays: list[Any]) -> None:
        """Write arrays, in the order of get_weights, into the parameters. Raises ValueError before anything is changed."""
        weights = self.weights
        shapes, given = (
            [p.shape for p in weights],
            [tuple(a.shape if hasattr(a, "shape") else as_data(a).shape) for a in arrays],
        )
        if shapes != given:
            raise ValueError(f"set_weights expects arrays of shapes {shapes}, got {given}")
        for p, a in zip(weights, arrays):
            p.assign(a)

    def to(self, device: str) -> "Layer":
        """Move every parameter to `device`."""
        for p in self.weights:
            p._array = to_device(p._array, device)
            if p.grad is not None:
                p.grad = to_device(p.grad, device)
        return self

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name or ''}".rstrip() + (
            ">" if self.built else ", not built>"
        )


_Training = training  # the keyword of __call__ has the same name


def iter_children(layer: Layer) -> Iterator[tuple[str, Any]]:
    """(name, value) for each attribute that is a Parameter or Layer, also inside lists, tuples and dicts; names never clash."""
    names: dict[str, Any] = {}
    waiting = [
        (name, value) for name, value in reversed(vars(layer).items()) if not name.startswith("_")
    ]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, (Parameter, Layer)):
            base, n = name, 0
            while names.setdefault(name, value) is not value:
                n += 1
                name = f"{base}_{n}"
            yield name, value
        elif isinstance(value, (list, tuple)):
            waiting += [
                (getattr(v, "name", None) or f"{name}_{i}", v)
                for i, v in reversed(list(enumerate(value)))
            ]
        elif isinstance(value, dict):
            waiting += [(f"{name}_{k}", v) for k, v in reversed(value.items())]


def name_layers(layers: list[Layer]) -> None:
    """Name the unnamed ones after their class, counting: dense, dense_1, ... Raises ValueError if two were given one name."""
    counts: dict[str, int] = {}
    taken = {layer.name for layer in layers if layer.name}
    for layer in dict.fromkeys(layers):
        if layer.name is None:
            base = snake_case(type(layer).__name__)
            n = counts.get(base, 0)
            while (name := f"{base}_{n}" if n else base) in taken:
                n += 1
            layer.name, layer._named_here, counts[base] = name, True, n + 1
            taken.add(name)
    names = [
        layer.name for layer in dict.fromkeys(layers) if not layer._named_here
    ]  # models may share layers named here
    double = [name for name in names if names.count(name) > 1]
    if double:
        raise ValueError(f"two layers are called {double[0]!r}: names within one model must differ")


def _add_path(error: Exception, name: str) -> None:
    """Put the layer's name in front of an error's message; outer layers add theirs in front of it."""
    path, problem = getattr(error, "layer_path", None), getattr(error, "problem", None)
    if path is None:
        problem = str(error)
    path = name if path is None else f"{name}/{path}"
    error.layer_path, error.problem, error.args = path, problem, (f"layer {path}: {problem}",)  # type: ignore[attr-defined]
