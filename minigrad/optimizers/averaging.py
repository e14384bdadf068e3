"""Averages of weights over the steps of training, which do better than the last weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..arguments import ExplainsArguments
from ..engine.tensor import Tensor

if TYPE_CHECKING:
    from ..layers import Layer


class ExponentialMovingAverage(metaclass=ExplainsArguments):
    """Averages of a layer's weights: average += (1 - d) * (weight - average) after each step.

    After k updates d = min(decay, (1 + k) / (10 + k)), so that the first weights are soon
    forgotten. Running statistics of batch normalization are averaged like the weights that they
    belong to; whole numbers are copied. `fit` keeps such averages with `callbacks.AverageWeights`.

    Args:
        layer: A layer or model that is built.
        decay: The share of the average that stays, in [0, 1).

    Raises:
        ValueError: If decay is outside [0, 1), or the layer has no weights yet.

    References:
        Polyak & Juditsky 1992.

    Example:
        >>> layer = minigrad.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        >>> layer.build((None, 1))
        >>> average = ExponentialMovingAverage(layer, decay=0.5)
        >>> for step in range(3):
        ...     layer.kernel.assign_add(1.0)  # a step of training
        ...     average.update()
        >>> with average.applied():
        ...     print(f"{layer(np.ones((1, 1))).item():.3f}")
        2.700
    """

    def __init__(self, layer: Layer, decay: float = 0.999) -> None:
        check_decay(decay)
        self.layer = layer
        self.decay = decay
        self.updates = 0
        self.weights = layer.named_weights()
        if not self.weights:
            raise ValueError(
                f"{layer!r} has no weights to average: build it first, by a call or "
                "build(input_shape)"
            )
        self.averages = {name: _copy(p) for name, p in self.weights.items()}

    def update(self) -> None:
        """Take in the weights, after a step of training."""
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        for name, p in self.weights.items():
            average = self.averages[name]
            share = 1 - decay if p.dtype.kind == "f" else 1
            average.assign(average.data + share * (p.data - average.data))
        self.updates += 1

    @contextmanager
    def applied(self) -> Iterator[None]:
        """`with average.applied():` the layer has the averages, and its own weights after it.

        They return after an exception too.
        """
        own = {name: _copy(p) for name, p in self.weights.items()}
        try:
            self.apply()
            yield
        finally:
            for name, p in self.weights.items():
                p.assign(own[name].data)

    def apply(self) -> None:
        """Give the layer the averages for good."""
        for name, p in self.weights.items():
            p.assign(self.averages[name].data)

    def get_state(self) -> dict[str, Any]:
        """What a checkpoint holds: the number of updates, and the averages."""
        return {"updates": self.updates, "averages": dict(self.averages)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Args:
            state: What `get_state` returned.

        Raises:
            ValueError: If the averages are those of other weights; nothing is changed then.
        """
        given, expected = (
            {name: tuple(a.shape) for name, a in averages.items()}
            for averages in (state["averages"], self.averages)
        )
        if given != expected:
            raise ValueError(f"the averages have shapes {given}, the weights {expected}")
        for name, average in self.averages.items():
            average.assign(state["averages"][name])
        self.updates = int(state["updates"])


def check_decay(decay: float) -> None:
    """Raise ValueError unless the decay of an average is in [0, 1)."""
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be in [0, 1), such as 0.999, not {decay!r}")


def _copy(p: Tensor) -> Tensor:
    return Tensor(p.data.copy(), dtype=p.dtype)
