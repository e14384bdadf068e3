"""AverageWeights: the callback that keeps averages of the weights while a model trains."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from ..layers import Layer
from ..optimizers.averaging import ExponentialMovingAverage, check_decay
from .callbacks import Callback, Logs


class AverageWeights(Callback):
    """Averages the weights over the steps of training; validation and the end use the averages.

    Training itself goes on with the weights as they are, and so do the checkpoints in between,
    which hold the averages too: `with callback.average.applied(): model.save_weights(...)` saves
    these.

    Args:
        decay: The share of the average that stays at each step, in [0, 1); less in the first steps
            (optimizers.ExponentialMovingAverage).
        layer: The part of the model to average, such as the generator of a GAN; None for all.
        keep: Whether the model has the averages when training has ended; False leaves the weights
            as trained.

    Raises:
        ValueError: If decay is outside [0, 1).

    References:
        Polyak & Juditsky 1992; Karras et al. 2017, arXiv:1710.10196, for generators.

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(2,)))
        >>> model.compile("sgd", "mse")
        >>> averaging = AverageWeights(decay=0.9)
        >>> history = model.fit(
        ...     np.ones((8, 2)), np.ones(8), batch_size=2, verbose=0, callbacks=averaging
        ... )
        >>> averaging.average.updates
        4
    """

    reads_batch_logs = False
    passing_names = (*Callback.passing_names, "average", "scope")

    def __init__(self, decay: float = 0.999, layer: Layer | None = None, keep: bool = True) -> None:
        check_decay(decay)
        self.decay = decay
        self.layer = layer
        self.keep = keep
        self.average: ExponentialMovingAverage | None = None
        self.scope: ExitStack | None = None  # in fit: what gives back the weights after validation

    def on_train_begin(self, logs: Logs) -> None:
        """Start afresh."""
        self.average = None
        self.scope = ExitStack()

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Take in the weights; the first batch may have built them."""
        self._made().update()

    def _made(self) -> ExponentialMovingAverage:
        """The average, made when it is first needed."""
        if self.average is None:
            layer = self.model if self.layer is None else self.layer
            self.average = ExponentialMovingAverage(layer, self.decay)
        return self.average

    def on_test_begin(self, logs: Logs) -> None:
        """Use the averages in a validation."""
        if self.scope is not None and self.average is not None:
            self.scope.enter_context(self.average.applied())

    def on_test_end(self, logs: Logs) -> None:
        """Go on with the weights."""
        if self.scope is not None:
            self.scope.close()

    def on_train_end(self, logs: Logs) -> None:
        """Use the averages from now on, unless an exception has ended the fit."""
        self.on_test_end(logs)  # where a validation failed
        self.scope = None
        if self.keep and self.average is not None and self.model._finished:
            self.average.apply()

    def get_state(self) -> dict[str, Any]:
        """The number of updates, and the averages; nothing before the first step."""
        return {} if self.average is None else self.average.get_state()

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint.

        Args:
            state: What `get_state` returned.
        """
        if state:
            self._made().set_state(state)
