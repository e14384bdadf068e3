"""What NumPy's functions do with a Tensor: an op of theirs, or an error; a gradient is never lost.

np.exp(t), array * t        a ufunc: the op of its name
np.mean(t)                  another function: an error where its result would lose a gradient
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..config import settings
from ..engine.tensor import Tensor
from . import division, elementwise, logic, powers, trigonometric
from .creation import copy
from .matmul import matmul

UFUNCS = {
    name: op
    for module in (division, elementwise, logic, powers, trigonometric)
    for name, op in vars(module).items()
    if isinstance(getattr(np, name, None), np.ufunc)
}
UFUNCS |= {
    "matmul": matmul,
    "bitwise_and": elementwise.logical_and,
    "bitwise_or": elementwise.logical_or,
    "bitwise_xor": logic.logical_xor,
    "invert": elementwise.logical_not,
    "positive": copy,
    "divmod": division.floor_and_remainder,
}


def apply_ufunc(tensor: Tensor, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
    """The op of the ufunc's name.

    Args:
        tensor: The first Tensor among the inputs.
        ufunc: The function of NumPy.
        method: "__call__", or "reduce", "accumulate" and the like.
        inputs: Its arguments.
        options: Its settings.

    Raises:
        TypeError: If there is no such op, or the result is to be written into an array and would
            lose a gradient there.
    """
    if "out" in options:
        return _into_arrays(ufunc, method, inputs, options)
    op = UFUNCS.get(ufunc.__name__)
    if op is None or options or method != "__call__":
        name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        raise TypeError(
            f"np.{name} does not work on Tensors: use the ops of minigrad.ops, or t.numpy()"
        )
    return op(*inputs)


def _into_arrays(ufunc: Any, method: str, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """What array += t does: the values are written, unless that would lose a gradient."""
    found: list[Tensor] = []
    values = _values(inputs, found)
    has_gradient = settings.recording and any(t.requires_grad for t in found)
    if has_gradient or any(isinstance(array, Tensor) for array in options["out"]):
        raise TypeError(
            "a Tensor with gradients cannot be written into an array (array += t, out=array): "
            "write array = array + t, or use t.numpy()"
        )
    return getattr(ufunc, method)(*values, **options)


class ArrayUfunc:
    """The attribute `__array_ufunc__`.

    NumPy asks the class for it and calls it. CuPy asks the object, and leaves the operator to the
    Tensor where it is None.
    """

    def __get__(self, tensor: Tensor | None, owner: type) -> Any:
        return apply_ufunc if tensor is None else None


def apply_function(
    tensor: Tensor, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """What NumPy's function gives for the values, unless that would lose a gradient.

    Args:
        tensor: A Tensor among the arguments.
        function: The function of NumPy.
        types: The classes of the arguments that take part in the protocol.
        args: Its arguments by position.
        kwargs: Its arguments by keyword.

    Raises:
        TypeError: If the result depends on a Tensor with gradients and could have one.
    """
    found: list[Tensor] = []
    y = function(*_values(args, found), **_values(kwargs, found))
    has_gradient = settings.recording and any(t.requires_grad for t in found)
    if has_gradient and getattr(getattr(y, "dtype", None), "kind", "") == "f":
        name = function.__name__
        has_op = hasattr(sys.modules[__package__], name)
        instead = f"minigrad.ops.{name}(...)" if has_op else "the ops of minigrad.ops"
        raise TypeError(
            f"np.{name} would lose the gradients of its Tensors: use {instead}, or t.numpy() for "
            "the values alone"
        )
    return y


def _values(x: Any, found: list[Tensor]) -> Any:
    """x with arrays for the Tensors in it, which are added to `found`."""
    if isinstance(x, Tensor):
        found.append(x)
        return np.asarray(x)
    if isinstance(x, dict):
        return {key: _values(value, found) for key, value in x.items()}
    if x.__class__ in (list, tuple):
        return x.__class__(_values(item, found) for item in x)
    return x


METHODS = {"__array_ufunc__": ArrayUfunc(), "__array_function__": apply_function}
