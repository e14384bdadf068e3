"""The state of optimizers in Keras's files: steps taken, rate, then arrays by parameter."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np

from ..backend import to_cpu

PLACE = "optimizer/vars"
# the state arrays of optimizers that lie there in our order: those of one parameter in a row
STATES: dict[str, list[tuple[str, ...]]] = {
    "SGD": [(), ("velocity",)],
    "Adam": [("m", "v")],
    "AdamW": [("m", "v")],
    "RMSprop": [("mean_square",)],
    "Adagrad": [("accumulator",)],
    "Adadelta": [("accumulated_grad", "accumulated_delta")],
    "Adamax": [("m", "u")],
    "Lion": [("m",)],
}


def optimizer_arrays(model: Any) -> dict[str, np.ndarray]:
    """The state of the optimizer by its places; {} before the first step.

    Args:
        model: The model.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not optimizer.parameters:
        return {}
    if not _is_known(optimizer):
        _warn(f"the state of {optimizer.name} is not written")
        return {}
    rate = [] if optimizer.schedule is not None else [np.float32(optimizer.rate)]
    state = (to_cpu(array) for arrays in optimizer.state() for array in arrays)
    values = [np.int32(optimizer.calls), *rate, *state]
    return {f"{PLACE}/{i}": np.asarray(value) for i, value in enumerate(values)}


def restore_optimizer(model: Any, values: Sequence[np.ndarray]) -> None:
    """Go on where the training of a file stopped, as far as it fits.

    Args:
        model: A compiled model.
        values: What the file holds under `PLACE`; nothing before the first step.
    """
    optimizer, parameters = model.optimizer, model.trained()
    names = optimizer.state_names
    rates = [] if optimizer.schedule is not None else [()]
    shapes = [(), *rates, *(p.shape for p in parameters for _ in names)]
    if not values:
        return
    if not _is_known(optimizer) or [value.shape for value in values] != shapes:
        _warn(f"the state of {optimizer.name} is not read")
        return
    rest = iter(values)
    calls = int(next(rest))
    for rate in islice(rest, len(rates)):
        optimizer.learning_rate = float(rate)
    optimizer.load_state(parameters, [list(islice(rest, len(names))) for _ in parameters], calls)


def _is_known(optimizer: Any) -> bool:
    return tuple(optimizer.state_names) in STATES.get(type(optimizer).__name__, [])


def _warn(what: str) -> None:
    warnings.warn(
        f"{what}, Keras has another form of it: training goes on with a new one; a file "
        "net.minigrad keeps it",
        stacklevel=5,
    )
