"""Which predictions are judged: of a validation, of some training rows, or of observed steps."""

from __future__ import annotations

from typing import Any

from ...config import settings
from ...layers import modes
from ...threads import blas_of_a_step
from ...utils.structures import is_structure
from ..callbacks import Callback
from ..capture import State
from .recording import Observation
from .rows import PASS_ROWS, arrays_of
from .rules_data import FIRST_EPOCH, FIRST_STEP, Predictions

WINDOW = 6  # observed steps of a loop of one's own whose predictions are judged together
LATE = 30  # the first step whose predictions count
PROBED = 5  # batches' rows that are predicted at the end of an epoch without validation
JUDGED_EPOCHS = frozenset(4**i for i in range(1, 10))  # and the last one
FIRST_PROBED = 256  # of these, without validation: rows have to be predicted for it


class JudgedPredictions:
    """The predictions of a training that the rules on predictions get.

    Attributes:
        output: What the last call of the model in an evaluation returned.
    """

    def __init__(self) -> None:
        self.output: Any = None
        self._of_epoch, self._of_steps = Predictions(), Predictions()
        self._is_judged = True  # the epoch, or an evaluation outside of epochs

    def begin_epoch(self, is_judged: bool) -> None:
        """Whether the predictions of the coming validation will be judged.

        Args:
            is_judged: True if they will.
        """
        self._is_judged = is_judged

    def add_output(self, y: Any) -> None:
        """Add the predictions for a batch of an evaluation.

        Args:
            y: Its labels, or None.
        """
        if self._is_judged and y is not None and self._of_epoch.rows < PASS_ROWS:
            self._of_epoch.add(y, self.output)

    def end_epoch(self, watcher: Any, batches: Any) -> None:
        """Judge the predictions of a validation, or of some training rows.

        Args:
            watcher: Who is told.
            batches: The training data, if some rows of it are to be predicted; else None.
        """
        if self._is_judged and watcher.step >= FIRST_STEP:
            if batches is not None:
                self._predict_some(watcher, batches)
            self._of_epoch.judge(watcher, watcher.last_path())
        self._of_epoch.parts = []

    def _predict_some(self, watcher: Any, batches: Any) -> None:
        """Predict some training rows; the model and all generators stay as they are."""
        arrays = arrays_of(batches)
        if len(arrays) < 2 or is_structure(arrays[0]) or is_structure(arrays[1]):
            return
        layers = watcher.parts.layers
        if not all(type(layer).__module__.startswith("minigrad.") for layer in layers):
            return  # a call of a user's layer may do anything
        own = [g for g in (getattr(layer, "_generator", None) for layer in layers) if g]
        state = State(own, list(watcher.parts.parameters.values()))
        outer = settings.observer
        try:
            settings.observer = None
            with modes.probing(), blas_of_a_step():
                x, y = (some_rows(a, PROBED * watcher.rows.batch_size) for a in arrays[:2])
                self._of_epoch.add(y, watcher.model(x))
        finally:
            settings.observer = outer
            state.restore()

    def look(self, watcher: Any, observation: Observation, y: Any) -> None:
        """Look at the predictions of a step, where no validation shows them.

        Args:
            watcher: Who is told.
            observation: The step.
            y: Its labels; None in a loop of one's own, where the loss shows them.
        """
        if observation.step >= LATE:
            if y is not None and observation.outputs:
                self._of_steps.add(y, observation.outputs[-1])
            elif y is None and len(observation.losses) == 1 and not watcher.losses.is_adversarial:
                loss = observation.losses[0]
                self._of_steps.add(loss.y_true, loss.y_pred)
        if len(self._of_steps.parts) >= WINDOW and watcher.step >= FIRST_STEP:
            self._of_steps.judge(watcher, watcher.last_path())

    def finish(self, watcher: Any) -> None:
        """Speak at the end of a training.

        Args:
            watcher: Who is told.
        """
        if len(self._of_steps.parts) >= WINDOW // 2:
            self._of_steps.judge(watcher, watcher.last_path())  # the last steps
        for predictions in (self._of_epoch, self._of_steps):
            predictions.finish(watcher, watcher.last_path())


class EpochEnds(Callback):
    """Tells a watcher of the beginning and the end of each epoch.

    Args:
        watcher: The watcher.
        batches: The training data.
        is_validated: True if epochs end with a validation.
        epochs: Number of the last epoch.
    """

    def __init__(self, watcher: Any, batches: Any, is_validated: bool, epochs: int) -> None:
        self.watcher = watcher
        self.batches = batches
        self.is_validated = is_validated
        self.epochs = epochs

    def on_epoch_begin(self, epoch: int, logs: Any) -> None:
        """Choose the epochs that are judged."""
        is_last = epoch + 1 == self.epochs >= FIRST_EPOCH
        is_regular = epoch + 1 in JUDGED_EPOCHS
        is_cheap = self.is_validated or epoch + 1 >= FIRST_PROBED
        self.watcher.predictions.begin_epoch(is_last or (is_regular and is_cheap))

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        """Judge what the epoch has shown."""
        self.watcher.rows.end_epoch(self.watcher)
        batches = None if self.is_validated else self.batches
        self.watcher.predictions.end_epoch(self.watcher, batches)


def some_rows(x: Any, count: int) -> Any:
    """About `count` of the rows of an array, spread over all of them.

    Args:
        x: An array.
        count: How many; at least one.
    """
    return x[:: max(1, len(x) // count)][:count]
