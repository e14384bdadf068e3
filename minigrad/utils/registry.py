"""Objects named by strings, as Keras users write them, with an error that suggests what was meant.

A module with named objects has a dict `NAMES` and a function `get`:

    NAMES = with_class_names({"l1": L1, "l2": L2})

    def get(regularizer):
        return create(regularizer, NAMES, "regularizer")
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..arguments import nearest, unique_spellings
from .serialization import deserialize


def lookup(name: str, table: dict[str, Any], what: str) -> Any:
    """table[name], with an error that suggests the nearest name.

    Args:
        name: The name to look up.
        table: Values by name.
        what: What the names stand for, for the error.

    Raises:
        TypeError: If `name` is not a string.
        ValueError: If `name` is not in the table.

    Example:
        >>> lookup("l2", {"l1": 1, "l2": 2}, "regularizer")
        2
    """
    if not isinstance(name, str):
        raise TypeError(f"{what}: expected one of its names or a callable, got {name!r}")
    if name in table:
        return table[name]
    near = nearest(name, table)
    guess = f"did you mean {near!r}? " if near else ""
    known = ", ".join(unique_spellings(table).values())
    raise ValueError(f"unknown {what} {name!r}: {guess}known: {known}")


def check_choice(value: str, choices: Iterable[str], what: str) -> None:
    """Raise, as `lookup` does, unless `value` is one of the choices.

    Args:
        value: The argument.
        choices: What it may be.
        what: What the choices are, for the error.

    Example:
        >>> check_choice("sum", ("sum", "mean"), "mode")
    """
    lookup(value, dict.fromkeys(choices), what)


def check_count(what: str, value: Any, least: int = 1) -> int:
    """The value as an int, if it is a whole number of at least `least`.

    Args:
        what: The argument, and whose it is, for the error.
        value: The argument.
        least: The smallest number.

    Raises:
        ValueError: If it is anything else; True, 2.0 and "2" are no whole numbers.

    Example:
        >>> check_count("k of TopKCategoricalAccuracy", np.int64(5))
        5
    """
    is_whole = hasattr(value, "__index__") and not isinstance(value, (bool, np.bool_))
    if not (is_whole and value >= least):
        raise ValueError(f"{what} must be a whole number, {least} or more, got {value!r}")
    return int(value)


def with_class_names(table: dict[str, Any]) -> dict[str, Any]:
    """The table with every class in it under its class name too.

    Args:
        table: Classes (and functions, which stay as they are) by name.

    Example:
        >>> list(with_class_names({"mean": minigrad.metrics.Mean}))
        ['mean', 'Mean']
    """
    classes = {value.__name__: value for value in table.values() if isinstance(value, type)}
    return table | classes


def create(value: Any, table: dict[str, Any], what: str) -> Any:
    """The object that `value` names: made from a name or a class, or `value` itself if callable.

    Args:
        value: A name in `table`, a class, an object that can be called, or its configuration.
        table: Classes or functions without required arguments, by name.
        what: What the names stand for, for the error.

    Raises:
        TypeError: If `value` is neither a name nor callable.
        ValueError: If `value` is an unknown name.

    Example:
        >>> create("l2", minigrad.regularizers.NAMES, "regularizer")
        L2(l2=0.01)
    """
    if isinstance(value, dict) and "config" in value:
        return deserialize(value)
    if isinstance(value, type):
        return value()
    if callable(value):
        return value
    return lookup(value, table, what)()


def format_call(instance: Any, without: str = "") -> str:
    """The call that makes an object whose attributes are its arguments.

    Args:
        instance: The object.
        without: An argument that is left out.

    Example:
        >>> format_call(minigrad.regularizers.L1(0.5))
        'L1(l1=0.5)'
    """
    arguments = ", ".join(
        f"{name}={value!r}"
        for name, value in vars(instance).items()
        if name[0] != "_" and name != without
    )
    return f"{type(instance).__name__}({arguments})"


def snake_case(name: str) -> str:
    """The name Keras derives from a class name.

    Args:
        name: The name of a class.

    Example:
        >>> [snake_case(name) for name in ("LayerNormalization", "Conv2D", "ReLU")]
        ['layer_normalization', 'conv2d', 're_lu']
    """
    separated = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", separated).lower()
