"""The ops by name, and the one table that binds operators and methods to Tensor."""

from __future__ import annotations

from ..engine import autograd as _autograd
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
from .attention import (
    masked_softmax,
    rotary,
    scaled_dot_product_attention,
    scaled_dot_product_attention_definition,
)
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
    batch_norm_definition,
    group_norm,
    group_norm_definition,
    layer_norm,
    layer_norm_definition,
    local_response_norm,
    local_response_norm_definition,
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


def _shape_of(args):
    """reshape(2, 3) and reshape((2, 3)) alike, as in NumPy."""
    return args[0] if len(args) == 1 and not isinstance(args[0], int) else args


_BOUND = {
    "__add__": add,
    "__radd__": lambda a, b: add(b, a),
    "__sub__": subtract,
    "__rsub__": lambda a, b: subtract(b, a),
    "__mul__": multiply,
    "__rmul__": lambda a, b: multiply(b, a),
    "__truediv__": divide,
    "__rtruediv__": lambda a, b: divide(b, a),
    "__pow__": power,
    "__rpow__": lambda a, b: power(b, a),
    "__matmul__": matmul,
    "__rmatmul__": lambda a, b: matmul(b, a),
    "__neg__": negative,
    "__abs__": absolute,
    "__invert__": logical_not,
    "__eq__": equal,
    "__ne__": not_equal,
    "__lt__": less,
    "__le__": less_equal,
    "__gt__": greater,
    "__ge__": greater_equal,
    "__and__": logical_and,
    "__or__": logical_or,
    "__rand__": logical_and,
    "__ror__": logical_or,
    "__getitem__": lambda x, index: getitem(x, index=index),
    "sum": lambda x, axis=None, keepdims=False: sum(x, axis=axis, keepdims=keepdims),
    "mean": lambda x, axis=None, keepdims=False: mean(x, axis=axis, keepdims=keepdims),
    "prod": lambda x, axis=None, keepdims=False: prod(x, axis=axis, keepdims=keepdims),
    "max": lambda x, axis=None, keepdims=False: max(x, axis=axis, keepdims=keepdims),
    "min": lambda x, axis=None, keepdims=False: min(x, axis=axis, keepdims=keepdims),
    "var": lambda x, axis=None, ddof=0, keepdims=False: var(
        x, axis=axis, keepdims=keepdims, ddof=ddof
    ),
    "std": lambda x, axis=None, ddof=0, keepdims=False: std(
        x, axis=axis, keepdims=keepdims, ddof=ddof
    ),
    "any": lambda x, axis=None, keepdims=False: any(x, axis=axis, keepdims=keepdims),
    "all": lambda x, axis=None, keepdims=False: all(x, axis=axis, keepdims=keepdims),
    "argmax": lambda x, axis=None: argmax(x, axis=axis),
    "argmin": lambda x, axis=None: argmin(x, axis=axis),
    "cumsum": lambda x, axis=None: cumsum(x, axis=axis),
    "argsort": lambda x, axis=-1: argsort(x, axis=axis),
    "sort": lambda x, axis=-1: sort(x, axis=axis),
    "reshape": lambda x, *shape: reshape(x, shape=_shape_of(shape)),
    "transpose": lambda x, *axes: transpose(x, axes=_shape_of(axes) if axes else None),
    "T": property(lambda x: transpose(x)),
    "swapaxes": lambda x, axis1, axis2: swapaxes(x, axis1=axis1, axis2=axis2),
    "squeeze": lambda x, axis=None: squeeze(x, axis=axis),
    "ravel": flatten,
    "flatten": flatten,
    "repeat": lambda x, repeats, axis=None: repeat(
        flatten(x) if axis is None else x, repeats=repeats, axis=axis or 0
    ),
    "take": lambda x, indices, axis=None: take(
        flatten(x) if axis is None else x, indices, axis=axis or 0
    ),
    "clip": lambda x, min=None, max=None: clip(x, min=min, max=max),
    "round": rint,
    "dot": dot,
    "astype": lambda x, dtype: astype(x, dtype=dtype),
    "backward": _autograd.backward,
}


def _bind(name, op):
    """Make `op` a method: ops that are objects are wrapped in a function, which a class turns into one."""
    if isinstance(op, _autograd.Primitive):
        primitive = op

        def op(x, *others):
            return primitive(x, *others)

    if not isinstance(op, property):
        op.__name__ = name
    setattr(_Tensor, name, op)


for _name, _op in _BOUND.items():
    _bind(_name, _op)
