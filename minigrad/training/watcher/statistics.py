"""The series that the watcher keeps, per layer over the steps that it observes."""

from __future__ import annotations

from typing import Any, NamedTuple


class Point(NamedTuple):
    """One value of a series.

    Attributes:
        step: The number of steps before this one.
        value: A loss; the norm of a gradient; the norm of an update over that of the weights.
    """

    step: int
    value: float


class Activation(NamedTuple):
    """What a layer gave in one step.

    Attributes:
        step: The number of steps before this one.
        mean: The mean of its outputs.
        std: Their standard deviation.
        zero: The share of outputs that are 0.
        saturated: The share of outputs (of an LSTM or GRU: of gates) at an end of sigmoid or tanh;
            0 for layers without.
    """

    step: int
    mean: float
    std: float
    zero: float
    saturated: float


def new_statistics() -> dict[str, Any]:
    """{"loss": [Point], "gradient": {path: [Point]}, "activation": {path: [Activation]}, ...}.

    The last one is "update", {path: [Point]}. Paths are those of layers, in the order in which the
    model calls them, such as "dense_1" or "encoder/dense".
    """
    return {"loss": [], "gradient": {}, "activation": {}, "update": {}}
