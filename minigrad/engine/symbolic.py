"""Symbolic tensors: calls are recorded before there is data, and made when it comes.

    x = Input((64,))          a shape, made by no call
    y = Dense(10)(x)          a shape, and the Call that will make it: the layer, called on x
    Model(x, y)               makes the calls that lead from x to y, for every batch

A layer, op or operator that meets a SymbolicTensor calls `record`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import SCALARS
from ..config import device_module
from ..utils.registry import snake_case
from .tensor import Tensor

# what stands for an open length while shapes are found out: what differs in two trials is open
TRIAL_LENGTHS = (64, 96)
TRIAL_ROWS = 1
COLLECTIONS = {list, tuple, dict}


class SymbolicTensor:
    """A tensor that is still to be computed: its shape, its dtype, and the call that makes it.

    Operators and methods are those of Tensor (see ops/methods.py); they are recorded.

    Args:
        shape: The lengths of the axes, None for what is open, as the number of rows mostly is.
        dtype: The dtype of the elements.
        call: The call that makes it.

    Example:
        >>> x = minigrad.Input((64,))
        >>> minigrad.layers.Dense(10)(x)
        <SymbolicTensor (None, 10) float32 by dense>
    """

    __array_ufunc__ = None  # NumPy leaves `array + x` to x
    mask_rank = 0  # the number of axes of the mask that its values will come with; 0: none

    def __init__(self, shape: tuple[int | None, ...], dtype: Any, call: Call) -> None:
        self.shape = shape
        self.dtype = dtype
        self.call = call

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def name(self) -> str:
        """The name of the layer or op that makes it: of an input, that of the input."""
        return self.call.name

    def _refuse(self, *_: Any) -> Any:
        raise TypeError(
            f"{self!r} has no values yet: make a model of it, Model(inputs, outputs), and call "
            "that on data"
        )

    __array__ = __bool__ = __float__ = __int__ = __len__ = __iter__ = numpy = item = _refuse

    def __repr__(self) -> str:
        return f"<SymbolicTensor {self.shape} {self.dtype} by {self.call.name}>"


class Call:
    """A recorded call of a layer, model or op.

    Args:
        function: What is called.
        args: Its arguments by position: SymbolicTensors, also in lists and dicts, and others.
        kwargs: Its arguments by name.
    """

    def __init__(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.function = function
        self.args = args
        self.kwargs = kwargs
        self.output: Any = None  # one SymbolicTensor or several

    @property
    def name(self) -> str:
        """The name of the layer or op."""
        f = self.function
        return getattr(f, "name", "") or getattr(f, "__name__", "") or snake_case(type(f).__name__)

    @property
    def inputs(self) -> list[SymbolicTensor]:
        """The SymbolicTensors among the arguments."""
        return symbolic_leaves([self.args, self.kwargs])


def is_symbolic(x: Any) -> bool:
    """True for a SymbolicTensor, and for a list, tuple or dict that holds one."""
    is_row = x.__class__ is list and x and x[0].__class__ in SCALARS and x[-1].__class__ in SCALARS
    if is_row or x.__class__ not in COLLECTIONS:  # of the rows of data not each number is looked at
        return isinstance(x, SymbolicTensor)
    return any(map(is_symbolic, x.values() if isinstance(x, dict) else x))


def symbolic_leaves(x: Any) -> list[SymbolicTensor]:
    """The SymbolicTensors in nested lists, tuples and dicts, in order."""
    if isinstance(x, SymbolicTensor):
        return [x]
    if x.__class__ not in COLLECTIONS:
        return []
    items = x.values() if isinstance(x, dict) else x
    return [leaf for item in items for leaf in symbolic_leaves(item)]


def replace_leaves(function: Any, x: Any) -> Any:
    """x with function(leaf) in place of everything that is no list, tuple or dict."""
    if x.__class__ not in COLLECTIONS:
        return function(x)
    if isinstance(x, dict):
        return {key: replace_leaves(function, item) for key, item in x.items()}
    return x.__class__([replace_leaves(function, item) for item in x])


def record(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The symbolic result of function(*args, **kwargs), found by calling it on zeros.

    Args:
        function: A layer, model or op.
        args: Arguments by position, some of them symbolic.
        kwargs: Arguments by name.

    Returns:
        One SymbolicTensor or several, as the function returns Tensors.
    """
    call = Call(function, args, kwargs)
    inputs = call.inputs
    is_open = any(None in x.shape[1:] for x in inputs)
    trials = [_try(call, TRIAL_LENGTHS[0])]
    if is_open:
        try:
            trials.append(_try(call, TRIAL_LENGTHS[1]))
        except ValueError as cause:
            shapes = " and ".join(str(x.shape) for x in inputs)
            raise ValueError(
                f"{call.name} needs lengths that are open in its input of shape {shapes}: say them "
                "in Input(...) or input_shape="
            ) from cause
    has_open_batch = any(x.shape[:1] == (None,) for x in inputs)
    call.output = _symbolic_output(call, trials, has_open_batch)
    return call.output


def _try(call: Call, length: int) -> Any:
    """The result on zeros, where open lengths have this one."""

    def zeros(x: Any) -> Any:
        if not isinstance(x, SymbolicTensor):
            return x
        shape = [length if n is None else n for n in x.shape]
        if x.shape[:1] == (None,):
            shape[0] = TRIAL_ROWS
        tensor = Tensor(device_module().zeros(shape, x.dtype))
        if x.mask_rank:
            tensor.mask = device_module().ones(shape[: x.mask_rank], "bool")
        return tensor

    with np.errstate(all="ignore"):  # an op may not be defined at zero
        return call.function(
            *replace_leaves(zeros, call.args), **replace_leaves(zeros, call.kwargs)
        )


def _symbolic_output(call: Call, trials: list[Any], has_open_batch: bool) -> Any:
    """The symbolic form of a result, of which there are one or two trials."""
    first = trials[0]
    if isinstance(first, dict):
        return {
            key: _symbolic_output(call, [t[key] for t in trials], has_open_batch) for key in first
        }
    if isinstance(first, (list, tuple)):
        items = [_symbolic_output(call, list(t), has_open_batch) for t in zip(*trials)]
        return items if isinstance(first, list) else tuple(items)
    if not hasattr(first, "shape"):
        return first
    lengths = [n[0] if len(set(n)) == 1 else None for n in zip(*(t.shape for t in trials))]
    if has_open_batch and lengths:
        lengths[0] = None
    symbol = SymbolicTensor(tuple(lengths), first.dtype, call)
    symbol.mask_rank = getattr(getattr(first, "mask", None), "ndim", 0)
    return symbol
