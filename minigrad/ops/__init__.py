"""The ops by name, and the one table that binds operators and methods to Tensor."""

from __future__ import annotations

from typing import Any as _Any

from ..engine.autograd import Primitive as _Primitive
from ..engine.autograd import backward as _backward
from ..engine.tensor import Tensor as _Tensor
from .activations import (
    elu,
    gelu,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    swish,
)
from .attention import masked_softmax, rotary, scaled_dot_product_attention
from .convolution import conv2d, conv2d_input_grad, conv2d_kernel_grad, conv2d_transpose
from .einsum import einsum
from .elementwise import (
    absolute,
    add,
    arccos,
    arcsin,
    arctan,
    astype,
    broadcast_to,
    ceil,
    clip,
    cos,
    cosh,
    divide,
    equal,
    erf,
    exp,
    expm1,
    floor,
    greater,
    greater_equal,
    isfinite,
    isnan,
    less,
    less_equal,
    log,
    log1p,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    power,
    reciprocal,
    rint,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    sum_to,
    tan,
    tanh,
    where,
)
from .indexing import argsort, getitem, one_hot, put, sort, take, take_along_axis, top_k
from .losses import binary_cross_entropy, cross_entropy, mean_squared_error, sparse_cross_entropy
from .matmul import dot, linear, linear_relu, matmul, outer
from .normalization import (
    batch_norm,
    group_norm,
    layer_norm,
    local_response_norm,
    rms_norm,
    scale_shift,
)
from .pooling import avg_pool, avg_pool_grad, gather_at_argmax, max_pool, max_pool_grad
from .recurrent import gru, gru_reset_before, lstm, simple_rnn
from .reductions import all, any, argmax, argmin, cumsum, max, mean, min, prod, std, sum, var
from .shapes import (
    concatenate,
    crop,
    expand_dims,
    flatten,
    flip,
    moveaxis,
    pad,
    repeat,
    reshape,
    roll,
    split,
    squeeze,
    stack,
    swapaxes,
    tile,
    transpose,
    tril,
    triu,
)
from .softmax import log_softmax, logsumexp, softmax
from .windows import col2im, im2col

__all__ = [_name for _name in globals() if not _name.startswith("_") and callable(globals()[_name])]


# ---- operators and methods of Tensor -------------------------------------------------------------


def _swapped(op: _Any) -> _Any:
    """The operator of an object on the right: 2 - x calls x.__rsub__(2)."""
    return lambda x, other: op(other, x)


def _reduction(op: _Any) -> _Any:
    return lambda x, axis=None, keepdims=False: op(x, axis=axis, keepdims=keepdims)


def _moment(op: _Any) -> _Any:
    """The variance or deviation."""
    return lambda x, axis=None, ddof=0, keepdims=False: op(
        x, axis=axis, keepdims=keepdims, ddof=ddof
    )


def _sequence(args: tuple[_Any, ...]) -> _Any:
    """x.reshape(2, 3) and x.reshape((2, 3)) are the same, as in NumPy."""
    return args[0] if len(args) == 1 and not isinstance(args[0], int) else args


def _flat_without_axis(x: _Tensor, axis: int | None) -> _Any:
    """x and axis; without an axis NumPy's repeat and take work on the flattened array."""
    return (flatten(x), 0) if axis is None else (x, axis)


def _repeat(x: _Tensor, repeats: int, axis: int | None = None) -> _Any:
    x, axis = _flat_without_axis(x, axis)
    return repeat(x, repeats=repeats, axis=axis)


def _take(x: _Tensor, indices: _Any, axis: int | None = None) -> _Any:
    x, axis = _flat_without_axis(x, axis)
    return take(x, indices, axis=axis)


_METHODS = {
    # arithmetic
    "__add__": add,
    "__radd__": _swapped(add),
    "__sub__": subtract,
    "__rsub__": _swapped(subtract),
    "__mul__": multiply,
    "__rmul__": _swapped(multiply),
    "__truediv__": divide,
    "__rtruediv__": _swapped(divide),
    "__pow__": power,
    "__rpow__": _swapped(power),
    "__matmul__": matmul,
    "__rmatmul__": _swapped(matmul),
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
    "__invert__": logical_not,
    # elements
    "__getitem__": lambda x, index: getitem(x, index=index),
    "clip": lambda x, min=None, max=None: clip(x, min=min, max=max),
    "round": rint,
    "astype": lambda x, dtype: astype(x, dtype=dtype),
    "take": _take,
    "sort": lambda x, axis=-1: sort(x, axis=axis),
    "argsort": lambda x, axis=-1: argsort(x, axis=axis),
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
    "argmax": lambda x, axis=None: argmax(x, axis=axis),
    "argmin": lambda x, axis=None: argmin(x, axis=axis),
    "cumsum": lambda x, axis=None: cumsum(x, axis=axis),
    # shapes
    "reshape": lambda x, *shape: reshape(x, shape=_sequence(shape)),
    "transpose": lambda x, *axes: transpose(x, axes=_sequence(axes) if axes else None),
    "T": property(lambda x: transpose(x)),
    "swapaxes": lambda x, axis1, axis2: swapaxes(x, axis1=axis1, axis2=axis2),
    "squeeze": lambda x, axis=None: squeeze(x, axis=axis),
    "ravel": flatten,
    "flatten": flatten,
    "repeat": _repeat,
    # products and gradients
    "dot": dot,
    "backward": _backward,
}


def _as_function(op: _Any) -> _Any:
    """The op as a function, which a class binds to its objects."""
    return lambda x, *others: op(x, *others)


def _bind(name: str, function: _Any) -> None:
    """Make `function` the method of Tensor called `name`."""
    if isinstance(function, _Primitive):
        function = _as_function(function)
    if getattr(function, "__module__", "") == __name__:  # made in this file
        function.__name__ = name
        function.__qualname__ = f"Tensor.{name}"
        function.__doc__ = getattr(globals().get(name), "__doc__", None)
    setattr(_Tensor, name, function)


for _name, _function in _METHODS.items():
    _bind(_name, _function)
