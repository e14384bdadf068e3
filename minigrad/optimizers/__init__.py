"""Optimizers under Keras's names."""

from __future__ import annotations

from ..utils.registry import lookup
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .base import Optimizer
from .rmsprop import RMSprop
from .sgd import SGD, Momentum, Nesterov

NAMES: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}


def get(optimizer: str | type[Optimizer] | Optimizer) -> Optimizer:
    """The optimizer called `optimizer`, or of that class, with its defaults; an Optimizer is returned as it is.

    Raises ValueError with a suggestion.
    """
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        return optimizer()
    if isinstance(optimizer, Optimizer):
        return optimizer
    return lookup(
        optimizer.lower() if isinstance(optimizer, str) else optimizer, NAMES, "optimizer"
    )()
