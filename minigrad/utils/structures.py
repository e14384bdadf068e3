"""Several arrays in one argument, as Keras takes them: dicts, lists and tuples of arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def is_structure(x: Any) -> bool:
    """True for several arrays: a dict, or a list or tuple of arrays or Tensors with an axis.

    Lists of numbers, however nested, are data: one array.

    Args:
        x: Anything.

    Example:
        >>> is_structure([np.zeros(3), np.ones(3)]), is_structure([[0, 0, 0], [1, 1, 1]])
        (True, False)
    """
    if isinstance(x, dict):
        return True
    if not isinstance(x, (list, tuple)) or not x:
        return False
    return all(getattr(item, "ndim", 0) or is_structure(item) for item in x)


def map_structure(function: Callable[[Any], Any], x: Any) -> Any:
    """function of each array, in dicts, lists and tuples as before; function(x) of a single one.

    Args:
        function: Function of one array.
        x: One array or several.

    Example:
        >>> map_structure(len, {"a": np.zeros(3), "b": (np.zeros(2), np.zeros(1))})
        {'a': 3, 'b': (2, 1)}
    """
    if not is_structure(x):
        return function(x)
    if isinstance(x, dict):
        return {key: map_structure(function, item) for key, item in x.items()}
    items = [map_structure(function, item) for item in x]
    return tuple(items) if isinstance(x, tuple) else items


def iter_leaves(x: Any, name: str = "x") -> Iterator[tuple[str, Any]]:
    """(name, array) for each array, in order.

    Args:
        x: One array or several.
        name: The name of x.

    Example:
        >>> [name for name, _ in iter_leaves({"a": np.zeros(3), "b": [np.zeros(2)]})]
        ["x['a']", "x['b'][0]"]
    """
    if not is_structure(x):
        yield name, x
        return
    for key, item in x.items() if isinstance(x, dict) else enumerate(x):
        yield from iter_leaves(item, f"{name}[{key!r}]")


def count_rows(x: Any) -> int:
    """The length of the first axis of an array, or of the first of several.

    Args:
        x: One array or several.

    Example:
        >>> count_rows([np.zeros((3, 2)), np.zeros(3)])
        3
    """
    return len(next(iter_leaves(x))[1] if isinstance(x, (dict, list, tuple)) else x)
