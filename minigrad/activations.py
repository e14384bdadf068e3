"""Activation functions by their names in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .arguments import explains_arguments
from .ops import (
    elu,
    gelu,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)
from .ops import exp as exponential
from .utils.instead import explain_missing
from .utils.registry import lookup

__all__ = [
    "elu",
    "exponential",
    "gelu",
    "get",
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
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
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


NAMES: dict[str, Callable[..., Any]] = {
    "linear": linear,
    "relu": relu,
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
}


@explains_arguments
def get(activation: str | Callable[..., Any] | None) -> Callable[..., Any]:
    """The activation that `activation` stands for.

    Args:
        activation: A name ("relu"), a function or layer, which is returned as it is, a class of
            layers, or None for `linear`.

    Raises:
        ValueError: If the name is unknown; the nearest one is suggested.
        TypeError: If it is none of these.

    Example:
        >>> get("relu")(minigrad.Tensor([-1.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """
    if activation is None:
        return linear
    if isinstance(activation, type):
        return activation()
    return activation if callable(activation) else lookup(activation, NAMES, "activation")
