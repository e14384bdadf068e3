"""Activation functions by their names in Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import ops
from .arguments import explains_arguments
from .utils.registry import lookup

__all__ = ["get", "linear"]


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
    "relu": ops.relu,
    "relu6": ops.relu6,
    "leaky_relu": ops.leaky_relu,
    "elu": ops.elu,
    "selu": ops.selu,
    "gelu": ops.gelu,
    "silu": ops.silu,
    "swish": ops.swish,
    "mish": ops.mish,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
    "log_sigmoid": ops.log_sigmoid,
    "softplus": ops.softplus,
    "softsign": ops.softsign,
    "exponential": ops.exp,
    "hard_sigmoid": ops.hard_sigmoid,
    "hard_tanh": ops.hard_tanh,
    "hard_silu": ops.hard_silu,
    "hard_swish": ops.hard_swish,
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
