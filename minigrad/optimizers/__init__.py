"""Optimizers under Keras's names."""

from __future__ import annotations

from ..arguments import explains_arguments
from ..utils.instead import explain_missing
from ..utils.registry import create
from ..utils.serialization import deserialize, serialize
from . import schedules
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .adamax import Adamax
from .averaging import ExponentialMovingAverage
from .base import Optimizer
from .lion import Lion
from .momentum import Momentum, Nesterov
from .nadam import Nadam
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = [
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "ExponentialMovingAverage",
    "Lion",
    "Momentum",
    "Nadam",
    "Nesterov",
    "Optimizer",
    "RMSprop",
    "SGD",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]

__getattr__ = explain_missing("optimizers", __all__)

NAMES: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": Adagrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "adadelta": Adadelta,
    "adamax": Adamax,
    "nadam": Nadam,
    "lion": Lion,
}


@explains_arguments
def get(optimizer: str | type[Optimizer] | Optimizer) -> Optimizer:
    """The optimizer of that name or class, with its defaults.

    Args:
        optimizer: Name (upper or lower case), class, or an Optimizer, which is returned unchanged.

    Raises:
        ValueError: If the name is unknown; the nearest one is suggested.
        TypeError: If it is none of these.

    Example:
        >>> get("adam").learning_rate
        0.001
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    name = optimizer.lower() if isinstance(optimizer, str) else optimizer
    made = create(name, NAMES, "optimizer")
    if not isinstance(made, Optimizer):
        raise TypeError(f"optimizer: expected a name, an Optimizer or its class, got {optimizer!r}")
    return made
