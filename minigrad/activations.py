"""Activation functions by their names in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import ops
from .arguments import explains_arguments
from .ops import (
    celu,
    elu,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    swish,
    tanh,
    tanh_shrink,
    threshold,
)
from .ops import exp as exponential
from .utils import serialization
from .utils.instead import explain_missing
from .utils.registry import lookup

__all__ = [
    "celu",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh",
    "tanh_shrink",
    "threshold",
]

__getattr__ = explain_missing("activations", __all__)


def linear(x: Any) -> Any:
    """x itself: no activation.

    Args:
        x: A Tensor or an array.

    Example:
        >>> linear(3)
        3
    """
    return x


@explains_arguments
def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    """max(x, 0), or in general min(max_value, x) from `threshold` on, a line below it.

    At the threshold and at max_value the gradient is that of the flat side.

    Args:
        x: A Tensor or an array.
        negative_slope: Slope of negative_slope * (x - threshold), the output below `threshold`.
        max_value: Largest output; None for no limit.
        threshold: Where the output starts to be x.

    Example:
        >>> relu(np.array([-1.0, 2.0, 9.0]), max_value=6.0)
        array([0., 2., 6.])
    """
    if negative_slope == threshold == 0:
        y = ops.relu(x)
    else:
        y = ops.where(x > threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else ops.where(y >= max_value, max_value, y)


NAMES: dict[str, Callable[..., Any]] = {
    "linear": linear,
    "relu": ops.relu,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "elu": elu,
    "selu": selu,
    "gelu": gelu,
    "silu": silu,
    "swish": swish,
    "mish": mish,
    "sigmoid": sigmoid,
    "tanh": tanh,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "log_sigmoid": log_sigmoid,
    "softplus": softplus,
    "softsign": softsign,
    "exponential": exponential,
    "hard_sigmoid": hard_sigmoid,
    "hard_tanh": hard_tanh,
    "hard_silu": hard_silu,
    "hard_swish": hard_swish,
    "celu": celu,
    "glu": glu,
    "hard_shrink": hard_shrink,
    "soft_shrink": soft_shrink,
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": sparse_sigmoid,
    "sparsemax": sparsemax,
    "squareplus": squareplus,
    "tanh_shrink": tanh_shrink,
}


@explains_arguments
def get(activation: str | Callable[..., Any] | None) -> Callable[..., Any]:
    """The activation that `activation` stands for.

    Args:
        activation: A name ("relu"), a function or layer, which is returned as it is, a class of
            layers, its configuration, or None for `linear`.

    Raises:
        ValueError: If the name is unknown; the nearest one is suggested.
        TypeError: If it is none of these.

    Example:
        >>> get("relu")(minigrad.Tensor([-1.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """
    if activation is None:
        return linear
    if activation is relu:  # without settings it is the op, which layers may fuse
        return ops.relu
    if isinstance(activation, type):
        return activation()
    if isinstance(activation, dict):
        return serialization.deserialize(activation)
    return activation if callable(activation) else lookup(activation, NAMES, "activation")


@explains_arguments
def serialize(activation: Callable[..., Any]) -> str:
    """The name of an activation, which `get` and `deserialize` take.

    Args:
        activation: A function of this module.

    Raises:
        ValueError: If it is none, so that no name stands for it.

    Example:
        >>> serialize(exponential), serialize(get("relu"))
        ('exponential', 'relu')
    """
    for name, function in NAMES.items():
        if get(activation) is function:
            return name
    raise ValueError(f"{activation!r} has no name: only the activations of minigrad have one")


@explains_arguments
def deserialize(
    config: str | None, custom_objects: dict[str, Callable[..., Any]] | None = None
) -> Callable[..., Any]:
    """The activation of that name.

    Args:
        config: The name, as `serialize` gave it; None for `linear`.
        custom_objects: Functions of your own by name.

    Raises:
        ValueError: If the name is unknown.

    Example:
        >>> deserialize("double", {"double": lambda x: 2 * x})(3)
        6
    """
    return get((custom_objects or {}).get(config or "", config))
