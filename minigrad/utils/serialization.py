"""Objects as JSON and back: their class by its public name, and the arguments that make them.

    config = Dense(3, "relu").get_config()      # {"units": 3, "activation": "relu", ...}
    layer = Dense.from_config(config)

`serialize` writes an object as {"module", "class_name", "config", "registered_name"}, Keras's form;
`deserialize` makes it. A class comes from minigrad's public names, from those that the program
registered, or from a CustomObjectScope: never from a module that the text names.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache, partial
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ..arguments import ExplainsArguments, explains_arguments, parameters_of

NUMBERS = (float, int, bool, np.float16, np.float32, np.float64, np.int32, np.int64, np.bool_)
# the modules whose public classes and functions a text may name; of two that fit, the later one
HOMES = (
    "models",
    "layers",
    "activations",
    "initializers",
    "regularizers",
    "constraints",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "ops",
    "random",
)
FUNCTION_HOMES = ("activations", "ops", "losses", "metrics")
NO_ARGUMENTS = ("get", "serialize", "deserialize")
LIVE = ("name", "trainable")  # arguments whose value now counts
# attributes that the first batch sets, whatever the argument of this name was
FOUND_LATER = {"input_shape", "output_shape"}

# ---- the arguments of an object ------------------------------------------------------------------


class KeepsArguments(ExplainsArguments):
    """Metaclass of classes whose objects keep the arguments that they were made with."""

    def __call__(cls, *args: Any, **options: Any) -> Any:
        made: Any = super().__call__(*args, **options)
        attributes = [*map(vars(made).get, _names(cls))]
        # in a partial nobody looks for parameters
        made._arguments = partial(Arguments, args, options, attributes)
        return made


class Arguments(NamedTuple):
    """What an object was made with.

    Attributes:
        args: The arguments by position.
        options: Those by keyword.
        attributes: The attributes of the names of all arguments, as the constructor left them.
    """

    args: tuple[Any, ...]
    options: dict[str, Any]
    attributes: list[Any]


@cache
def _names(cls: type) -> list[str]:
    """The names of all arguments of a class."""
    return [name for name in parameters_of(cls) if name not in FOUND_LATER]


class Configurable(metaclass=KeepsArguments):
    """An object that `get_config` describes by the arguments that make it.

    Example:
        >>> minigrad.regularizers.L2(0.5).get_config()
        {'l2': 0.5}
    """

    _arguments: Callable[[], Arguments] = partial(Arguments, (), {}, [])

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an object like this one; objects among them as `serialize` does.

        An attribute that was given another value since takes the place of the argument of its name.
        """
        args, options, attributes = self._arguments()
        config = bound_arguments(type(self), args, options)
        for name, before in zip(_names(type(self)), attributes):
            if before is not None and vars(self).get(name, before) is not before:
                config[name] = vars(self)[name]
        for name in LIVE:
            if name in _names(type(self)) and hasattr(self, name):
                config[name] = getattr(self, name)
        return {name: _described(name, value) for name, value in config.items()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The object that a configuration describes.

        Args:
            config: What `get_config` returned.

        Raises:
            TypeError: If it does not fit the constructor.
            ValueError: If it does not, or names an unknown class.
        """
        options = {name: deserialize(value) for name, value in config.items()}
        names = list(inspect.signature(cls).parameters.values())
        kinds = [parameter.kind for parameter in names]
        if inspect.Parameter.VAR_POSITIONAL not in kinds:
            return cls(**options)
        *before, rest = names[: kinds.index(inspect.Parameter.VAR_POSITIONAL) + 1]
        args = [options.pop(parameter.name) for parameter in before]
        return cls(*args, *options.pop(rest.name, ()), **options)


def bound_arguments(cls: type, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a call of a class by name, defaults among them.

    *args are a list; or those of a constructor (*args, **options) by the names of its base.

    Args:
        cls: The class.
        args: Its arguments by position.
        options: Its arguments by keyword.

    Example:
        >>> bound_arguments(minigrad.regularizers.L1L2, (0.5,), {})
        {'l1': 0.5, 'l2': 0.0}
    """
    bound = inspect.signature(cls).bind(*args, **options)
    bound.apply_defaults()
    parameters = list(bound.signature.parameters.values())
    config: dict[str, Any] = {}
    for name, parameter in bound.signature.parameters.items():
        value = bound.arguments[name]
        if parameter.kind is parameter.VAR_KEYWORD:
            config |= value
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            config[name] = value
        elif parameters[-1].kind is parameter.VAR_KEYWORD:
            config |= zip([n for n in parameters_of(cls) if n not in bound.arguments], value)
        else:
            config[name] = list(value)
    return config


# ---- from objects to JSON ------------------------------------------------------------------------

# of the outermost `serialize`, and `deserialize`, under way: objects by id, and by number
_written: ContextVar[dict[int, Any] | None] = ContextVar("objects written", default=None)
_read: ContextVar[dict[int, Any] | None] = ContextVar("objects read", default=None)


@explains_arguments
def serialize(obj: Any) -> Any:
    """An object as lists, dicts, strings and numbers that JSON can hold.

    An object that is met twice gets a "shared_object_id", and is one object again when it is read.

    Args:
        obj: An object with get_config, a named function, an array, or lists and dicts of these.

    Raises:
        TypeError: If there is something that has no description, like a lambda.

    Example:
        >>> serialize(minigrad.regularizers.L2(0.5))["config"]
        {'l2': 0.5}
    """
    if _written.get() is not None:
        return _serialize(obj)
    token = _written.set({})
    try:
        written = _serialize(obj)
    finally:
        _written.reset(token)
    counts = Counter(part["shared_object_id"] for part in _objects_in(written))
    for part in _objects_in(written):
        if counts[part["shared_object_id"]] == 1:
            del part["shared_object_id"]
    return written


def _objects_in(written: Any) -> list[dict[str, Any]]:
    """The descriptions of objects in nested lists and dicts, each as often as it is there."""
    parts = written.values() if isinstance(written, dict) else written
    if not isinstance(written, (dict, list, tuple)):
        return []
    own = [written] if isinstance(written, dict) and "shared_object_id" in written else []
    return own + [found for part in parts for found in _objects_in(part)]


def _serialize(obj: Any) -> Any:
    if obj is None or isinstance(obj, (bool, int, float, str, np.generic)):
        return _serialize_number(getattr(obj, "item", lambda: obj)())
    if isinstance(obj, dict):
        return {str(key): _serialize(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return type(obj)([_serialize(item) for item in obj])
    if obj is Ellipsis or isinstance(obj, slice):
        return _serialize_index(obj)
    if isinstance(obj, np.dtype) or (isinstance(obj, type) and obj in NUMBERS):
        return np.dtype(obj).name
    if hasattr(obj, "get_config") and not isinstance(obj, type):
        return _serialize_object(obj)
    if hasattr(obj, "dtype") and hasattr(obj, "tolist"):
        return _serialize_array(np.array(obj.tolist(), str(obj.dtype)))
    return _serialize_name(obj)


def _serialize_number(value: Any) -> Any:
    is_special = isinstance(value, float) and not math.isfinite(value)
    return _special("float", repr(value)) if is_special else value


def _serialize_array(a: np.ndarray) -> Any:
    is_plain = a.dtype.kind in "biu" or (a.dtype.kind == "f" and np.isfinite(a).all())
    value = a.tolist() if is_plain else _serialize(a.tolist())
    return _special("array", {"dtype": str(a.dtype), "value": value})


def _serialize_index(index: Any) -> Any:
    if index is Ellipsis:
        return _special("ellipsis", None)
    return _special("slice", _serialize([index.start, index.stop, index.step]))


def _special(kind: str, content: Any) -> dict[str, Any]:
    """A value that is no JSON."""
    return {"class_name": f"__{kind}__", "config": content}


def _serialize_object(obj: Any) -> dict[str, Any]:
    """The class and the configuration of an object."""
    objects = _written.get()
    assert objects is not None
    if id(obj) not in objects:
        written = _named(type(obj), type(obj).__name__)
        written["shared_object_id"] = len(objects)
        objects[id(obj)] = obj, written
        written["config"] = _serialize(obj.get_config())
    return dict(objects[id(obj)][1])


def _serialize_name(obj: Any) -> dict[str, Any]:
    """A function, or a class, by its name; a partial by that of its function."""
    if isinstance(obj, partial):
        return _special("partial", _serialize([obj.func, list(obj.args), obj.keywords]))
    name = getattr(obj, "__name__", "")
    if not callable(obj) or not name.isidentifier():
        what = "a lambda" if name == "<lambda>" else f"{obj!r:.60}"
        raise TypeError(
            f"{what} has no name that a file could hold: write a function, def f(x), and give it "
            'to load_model as custom_objects={"f": f}, or a layer of your own with get_config'
        )
    written = _named(obj, "class" if isinstance(obj, type) else "function")
    return {**written, "config": name}


def _named(value: Any, class_name: str) -> dict[str, Any]:
    home = _home_of(value)
    return {
        "module": f"minigrad.{home}" if home else value.__module__,
        "class_name": class_name,
        "config": {},
        "registered_name": None if home else get_registered_name(value),
    }


def _home_of(value: Any) -> str | None:
    """The module of minigrad that has a class or function among its public names."""
    return next((home for home in HOMES if _public(home, value.__name__) is value), None)


def _public(home: str, name: str) -> Any:
    """What a module of minigrad, if it is loaded, has under a public name; None if nothing."""
    module = sys.modules.get(f"minigrad.{home}")
    value = vars(module).get(name) if module else None
    is_own = name[:1] != "_" and getattr(value, "__module__", "") == f"minigrad.{home}"
    is_public = name in getattr(module, "__all__", ()) or is_own
    return value if is_public and name not in NO_ARGUMENTS else None


def _described(name: str, value: Any) -> Any:
    """What `serialize` makes of an argument.

    A function stays as it is until a file is written, and so does what a subclass has to replace.
    """
    if callable(value) and hasattr(value, "__name__"):
        named = _public("activations", value.__name__) if name.endswith("activation") else None
        return value if named is None or _home_of(value) is None else value.__name__
    try:
        return serialize(value)
    except TypeError:
        return value


# ---- from JSON to objects ------------------------------------------------------------------------


@explains_arguments
def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """What `serialize` described.

    Args:
        config: Lists, dicts, strings and numbers; what is no description stays as it is.
        custom_objects: Classes and functions of your own by name.

    Raises:
        ValueError: If a class or function is unknown, or a configuration does not fit it.

    Example:
        >>> deserialize({"class_name": "L2", "config": {"l2": 0.5}})
        L2(l2=0.5)
    """
    token = _read.set({}) if _read.get() is None else None
    try:
        with CustomObjectScope(custom_objects or {}):
            return _deserialize(config)
    finally:
        if token is not None:
            _read.reset(token)


def _deserialize(config: Any) -> Any:
    if isinstance(config, (list, tuple)):
        return type(config)([_deserialize(item) for item in config])
    if not isinstance(config, dict):
        return config
    if not {"class_name", "config"} <= config.keys():
        return {key: _deserialize(value) for key, value in config.items()}
    name, content = config["class_name"], config["config"]
    if not isinstance(name, str):
        raise ValueError(f"a class is named by a string, not by {name!r:.50}")
    if name in SPECIAL:
        return SPECIAL[name](content)
    if name in ("function", "class"):
        return find(str(content), config, FUNCTION_HOMES if name == "function" else HOMES)
    objects, number = _read.get(), config.get("shared_object_id")
    if objects is None or not isinstance(number, int):
        return _make(name, config)
    if number not in objects:
        objects[number] = _make(name, config)
    return objects[number]


def _make(name: str, config: dict[str, Any]) -> Any:
    """The object of a class that has from_config."""
    cls, content = find(name, config, HOMES), config["config"]
    if not hasattr(cls, "from_config"):
        raise ValueError(f"{name} is no class that a file may hold")
    if not isinstance(content, dict):
        raise ValueError(f"the configuration of {name} is {content!r:.50}, expected a dict")
    return cls.from_config(dict(content))


def _as_array(content: Any) -> np.ndarray:
    """An array of numbers."""
    dtype = np.dtype(content["dtype"])
    if dtype.kind not in "biufc":
        raise ValueError(f"an array of {dtype} is none of numbers")
    return np.array(_deserialize(content["value"]), dtype)


def _as_partial(content: Any) -> Any:
    """A function with some of its arguments."""
    function, args, options = _deserialize(content)
    return partial(function, *args, **options)


def _as_tuple(content: Any) -> tuple[Any, ...]:
    return tuple(_deserialize(content))


SPECIAL: dict[str, Callable[[Any], Any]] = {
    "__float__": float,
    "__ellipsis__": lambda content: Ellipsis,
    "__slice__": lambda content: slice(*_deserialize(content)),
    "__tuple__": _as_tuple,
    "__partial__": _as_partial,
    "__array__": _as_array,
}


def find(name: str, config: Mapping[str, Any], homes: tuple[str, ...]) -> Any:
    """A class or function: of the scope, registered, or public in minigrad.

    Args:
        name: Its name.
        config: A description, of which "module" and "registered_name" are read.
        homes: The modules of minigrad in which to look.

    Raises:
        ValueError: If there is none.

    Example:
        >>> find("Dense", {"module": "keras.layers"}, HOMES) is minigrad.layers.Dense
        True
    """
    own = {**_REGISTERED, **_custom_objects.get()}
    for known in (config.get("registered_name"), name):
        if isinstance(known, str) and known in own:
            return own[known]
    for home in _places(config.get("module"), homes):
        if callable(found := _public(home, name)):
            return found
    raise ValueError(
        f"unknown class or function {name!r:.60}: one of your own is given as "
        f"custom_objects={{{name!r:.60}: {name:.60}}}, or registered where it is defined, "
        "@minigrad.saving.register_keras_serializable()"
    )


def _places(module: Any, homes: tuple[str, ...]) -> list[str]:
    """The homes in which to look for what stands in a module of minigrad or Keras."""
    parts = module.split(".") if isinstance(module, str) else []
    if parts[:1] not in (["minigrad"], ["keras"]):
        return [] if parts and parts != ["builtins"] else list(homes)
    named = [home for home in homes if set(home.split(".")) <= set(parts[1:])]
    return named[-1:] or list(homes)


# ---- classes and functions of one's own ----------------------------------------------------------

_REGISTERED: dict[str, Any] = {}
_custom_objects: ContextVar[Mapping[str, Any]] = ContextVar(
    "custom objects",
    default=MappingProxyType({}),  # noqa: B039 - it does not change
)


class CustomObjectScope(metaclass=ExplainsArguments):
    """`with CustomObjectScope({"Scale": Scale}):` lets files name these classes and functions.

    Args:
        custom_objects: Classes and functions by name.

    Example:
        >>> with CustomObjectScope({"twice": lambda x: 2 * x}):
        ...     deserialize({"class_name": "function", "config": "twice"})(3)
        6
    """

    def __init__(self, custom_objects: Mapping[str, Any]) -> None:
        self.custom_objects = custom_objects

    def __enter__(self) -> CustomObjectScope:
        self._token = _custom_objects.set({**_custom_objects.get(), **self.custom_objects})
        return self

    def __exit__(self, *error: Any) -> None:
        _custom_objects.reset(self._token)


custom_object_scope = CustomObjectScope


@explains_arguments
def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Any], Any]:
    """A decorator that lets files name a class or function of your own.

    Args:
        package: Stands before the name, so that two libraries do not meet.
        name: The name; None for that of the class or function.

    Raises:
        ValueError: If a class has no get_config.

    Example:
        >>> @register_keras_serializable("example")
        ... class Scale(minigrad.layers.Layer):
        ...     pass
        >>> get_registered_name(Scale)
        'example>Scale'
    """

    def register(value: Any) -> Any:
        if isinstance(value, type) and not hasattr(value, "get_config"):
            raise ValueError(f"{value.__name__} needs a method get_config to be read from a file")
        _REGISTERED[f"{package}>{name or value.__name__}"] = value
        return value

    return register


@explains_arguments
def get_registered_name(obj: Any) -> str:
    """The name under which a class or function was registered; that of its own if it was not.

    Args:
        obj: The class or function.

    Example:
        >>> get_registered_name(minigrad.layers.Dense)
        'Dense'
    """
    return next((name for name, value in _REGISTERED.items() if value is obj), obj.__name__)


@explains_arguments
def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Any = None
) -> Any:
    """The class or function of a registered name; None if there is none.

    Args:
        name: The name.
        custom_objects: More of them by name.
        module_objects: Others, in which to look last.

    Example:
        >>> get_registered_object("mine", {"mine": len})
        <built-in function len>
    """
    known = {**(module_objects or {}), **_REGISTERED, **_custom_objects.get()}
    return {**known, **(custom_objects or {})}.get(name)


def get_custom_objects() -> dict[str, Any]:
    """The registered classes and functions by name: a dict, to which others may be added."""
    return _REGISTERED
