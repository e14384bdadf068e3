"""AverageWeights: the callback that keeps averages of the weights while a model trains."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from ..layers import Layer
from ..optimizers.averaging import ExponentialMovingAverage, check_decay
from .callbacks import Callback, Logs

if TYPE_CHECKING:
    from .model import Model


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


class SwapEMAWeights(Callback):
    """Uses the averages that the optimizer keeps (use_ema=True) in validation and in predictions.

    `AverageWeights` needs no such optimizer, averages running statistics too, and begins faster.

    Args:
        swap_on_epoch: Whether the averages are used from the end of an epoch to the beginning of
            the next one as well, so that a ModelCheckpoint behind this callback saves them.

    Raises:
        ValueError: If the optimizer keeps no averages (when a run begins).

    Example:
        >>> model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(2,)))
        >>> model.compile(minigrad.optimizers.Adam(use_ema=True), "mse")
        >>> x, y = np.ones((8, 2)), np.ones(8)
        >>> history = model.fit(
        ...     x, y, verbose=0, validation_data=(x, y), callbacks=SwapEMAWeights()
        ... )
    """

    reads_batch_logs = False
    state_names = ("own",)

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch
        self.own: list[Any] = []  # the parameters, while the model has the averages

    def set_model(self, model: Model) -> None:
        """Refuse an optimizer without averages.

        Args:
            model: The model.
        """
        super().set_model(model)
        if "average" not in model.optimizer.state_names:
            raise ValueError(
                "SwapEMAWeights needs averages: compile with Adam(use_ema=True), or use the "
                "callback AverageWeights"
            )

    def use_averages(self) -> None:
        """Give the model the averages; before the first step there are none."""
        optimizer = self.model.optimizer
        self.own = [p.data.copy() for p in optimizer.parameters]
        optimizer.finalize_variable_values()

    def use_own(self) -> None:
        """Give the model its own weights again."""
        for p, own in zip(self.model.optimizer.parameters, self.own):
            p.assign(own)
        self.own = []

    def on_epoch_begin(self, epoch: int, logs: Logs) -> None:
        """Train with the model's own weights."""
        self.use_own()

    def on_epoch_end(self, epoch: int, logs: Logs) -> None:
        """Use the averages between epochs."""
        if self.swap_on_epoch:
            self.use_averages()

    def on_test_begin(self, logs: Logs) -> None:
        """Use the averages in evaluations."""
        self.use_averages()

    def on_test_end(self, logs: Logs) -> None:
        """Go on with the model's own weights."""
        self.use_own()

    def on_predict_begin(self, logs: Logs) -> None:
        """Use the averages in predictions."""
        self.use_averages()

    def on_predict_end(self, logs: Logs) -> None:
        """Go on with the model's own weights."""
        self.use_own()

    def on_train_end(self, logs: Logs) -> None:
        """The end of a fit leaves the averages; an exception in between does not."""
        if not self.model._finished:
            self.use_own()
        self.own = []
