"""The operators and methods of Tensor: one table that says which op each of them is."""

from __future__ import annotations

from typing import Any

from ..arguments import explains_arguments
from ..config import settings
from ..engine.autograd import Primitive, backward
from ..engine.graph import Leaf
from ..engine.symbolic import SymbolicTensor
from ..engine.tensor import Tensor
from . import numpy_protocol
from .creation import copy
from .division import floor_and_remainder, floor_divide, remainder
from .elementwise import (
    absolute,
    add,
    astype,
    clip,
    divide,
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    multiply,
    negative,
    not_equal,
    power,
    round,
    subtract,
)
from .indexing import argsort, getitem, sort, take
from .logic import logical_xor
from .matmul import dot, matmul
from .reductions import (
    all,
    any,
    argmax,
    argmin,
    cumprod,
    cumsum,
    max,
    mean,
    min,
    prod,
    std,
    sum,
    trace,
    var,
)
from .shapes import diagonal, flatten, repeat, reshape, squeeze, swapaxes, transpose
from .statistics import nonzero


def _swapped(op: Any) -> Any:
    """The operator of an object on the right: 2 - x calls x.__rsub__(2)."""
    return lambda x, other: op(other, x)


def _reduction(op: Any) -> Any:
    return lambda x, axis=None, keepdims=False: op(x, axis=axis, keepdims=keepdims)


def _moment(op: Any) -> Any:
    """The variance or deviation."""
    return lambda x, axis=None, ddof=0, keepdims=False: op(
        x, axis=axis, keepdims=keepdims, ddof=ddof
    )


def _sequence(args: tuple[Any, ...]) -> Any:
    """x.reshape(2, 3) and x.reshape((2, 3)) are the same, as in NumPy."""
    return args[0] if len(args) == 1 and not isinstance(args[0], int) else args


METHODS: dict[str, Any] = {
    # arithmetic
    "__add__": add,
    "__radd__": _swapped(add),
    "__sub__": subtract,
    "__rsub__": _swapped(subtract),
    "__mul__": multiply,
    "__rmul__": _swapped(multiply),
    "__truediv__": divide,
    "__rtruediv__": _swapped(divide),
    "__floordiv__": floor_divide,
    "__rfloordiv__": _swapped(floor_divide),
    "__mod__": remainder,
    "__rmod__": _swapped(remainder),
    "__divmod__": floor_and_remainder,
    "__rdivmod__": _swapped(floor_and_remainder),
    "__pow__": power,
    "__rpow__": _swapped(power),
    "__matmul__": matmul,
    "__rmatmul__": _swapped(matmul),
    "__pos__": copy,
    "__neg__": negative,
    "__abs__": absolute,
    # comparisons and logic
    "__eq__": equal,
    "__ne__": not_equal,
    "__lt__": less,
    "__le__": less_equal,
    "__gt__": greater,
    "__ge__": greater_equal,
    "__and__": logical_and,
    "__rand__": logical_and,
    "__or__": logical_or,
    "__ror__": logical_or,
    "__xor__": logical_xor,
    "__rxor__": logical_xor,
    "__invert__": logical_not,
    "__round__": lambda x, decimals=0: round(x, decimals=decimals),
    # elements
    "copy": copy,
    "nonzero": nonzero,
    "diagonal": lambda x, offset=0, axis1=0, axis2=1: diagonal(
        x, offset=offset, axis1=axis1, axis2=axis2
    ),
    "__getitem__": lambda x, index: getitem(x, index=index),
    "clip": lambda x, min=None, max=None: clip(x, min=min, max=max),
    "round": lambda x, decimals=0: round(x, decimals=decimals),
    "astype": lambda x, dtype: astype(x, dtype=dtype),
    "take": lambda x, indices, axis=None: take(x, indices, axis=axis),
    "sort": lambda x, axis=-1, descending=False: sort(x, axis=axis, descending=descending),
    "argsort": lambda x, axis=-1, descending=False: argsort(x, axis=axis, descending=descending),
    # reductions
    "sum": _reduction(sum),
    "mean": _reduction(mean),
    "prod": _reduction(prod),
    "max": _reduction(max),
    "min": _reduction(min),
    "any": _reduction(any),
    "all": _reduction(all),
    "var": _moment(var),
    "std": _moment(std),
    "argmax": _reduction(argmax),
    "argmin": _reduction(argmin),
    "cumsum": lambda x, axis=None: cumsum(x, axis=axis),
    "cumprod": lambda x, axis=None: cumprod(x, axis=axis),
    "trace": lambda x, offset=0, axis1=0, axis2=1: trace(
        x, offset=offset, axis1=axis1, axis2=axis2
    ),
    # shapes
    "reshape": lambda x, *shape: reshape(x, shape=_sequence(shape)),
    "transpose": lambda x, *axes: transpose(x, axes=_sequence(axes) if axes else None),
    "T": property(lambda x: transpose(x)),
    "swapaxes": lambda x, axis1, axis2: swapaxes(x, axis1=axis1, axis2=axis2),
    "squeeze": lambda x, axis=None: squeeze(x, axis=axis),
    "ravel": flatten,
    "flatten": flatten,
    "repeat": lambda x, repeats, axis=None: repeat(x, repeats=repeats, axis=axis),
    # products and gradients
    "dot": dot,
    **numpy_protocol.METHODS,
    "backward": backward,
}


def bind_methods() -> None:
    """Make the operators and methods of the tables those of Tensor, and of SymbolicTensor."""
    for name, function in (METHODS | _in_place()).items():
        _bind(name, function)
    for name in METHODS.keys() - numpy_protocol.METHODS.keys() - {"backward"}:
        setattr(SymbolicTensor, name, getattr(Tensor, name))


def _in_place() -> dict[str, Any]:
    """The operators +=, -= and so on."""
    names = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
    return {f"__i{name}__": _rebinding(METHODS[f"__{name}__"]) for name in names}


def _rebinding(op: Any) -> Any:
    """`t += x` gives the name t to a new Tensor: an update `p -= rate * p.grad` would be lost."""

    def operator(x: Tensor, other: Any) -> Any:
        if isinstance(x.node, Leaf) and not (settings.recording and x.grad is None):
            raise TypeError(
                "t += x and the like make a new Tensor and leave this leaf as it is: write "
                "t.data += x to change its values, or y = t + x"
            )
        return op(x, other)

    return operator


def _as_function(op: Any) -> Any:
    """The op as a function, which a class binds to its objects."""
    return lambda x, *others: op(x, *others)


def _bind(name: str, function: Any) -> None:
    """Make `function` the method of Tensor called `name`."""
    if isinstance(function, Primitive):
        function = _as_function(function)
    if getattr(function, "__module__", "") == __name__:  # made in this file
        function.__name__ = name
        function.__qualname__ = f"Tensor.{name}"
        function.__doc__ = getattr(globals().get(name), "__doc__", None)
        if not name.startswith("_"):
            function = explains_arguments(function)
    setattr(Tensor, name, function)
