"""Activation functions by the names Keras users know."""

from __future__ import annotations

from typing import Any, Callable

from . import ops
from .utils.registry import lookup


def linear(x: Any) -> Any:
    """x itself: no activation."""
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


def get(activation: str | Callable[..., Any] | None) -> Callable[..., Any]:
    """The activation called `activation`; a function is returned as it is, None is linear."""
    if activation is None:
        return linear
    return activation if callable(activation) else lookup(activation, NAMES, "activation")
