"""LearningRateFinder: the callback that tries a rising learning rate, and puts the model back."""

from __future__ import annotations

import math
import warnings

import numpy as np

from . import checkpoints
from .callbacks import Callback, Logs


class LearningRateFinder(Callback):
    """The range test: each step at a higher rate than the one before, until the loss diverges.

    The rates are geometric, from min_rate to max_rate; the loss of step i is smoothed as
    s = smoothing * s + (1 - smoothing) * loss, divided by 1 - smoothing^(i + 1). When fit ends, an
    error included, weights, optimizer and random generator are what they were before it: a fit
    after the test is bit for bit the fit without it.

    `rates`, `losses` and `smoothed` list what was tried.

    Args:
        min_rate: Rate of the first step.
        max_rate: Rate of the last step.
        steps: Number of steps, one batch each.
        smoothing: The share of the smoothed loss that stays at each step, in [0, 1).
        divergence: The test stops when the smoothed loss is above so many times its minimum, or
            when a loss is not finite.

    Raises:
        ValueError: If an argument does not fit; in training, if the optimizer follows a schedule
            or has variables that no checkpoint holds.

    References:
        Smith 2015, arXiv:1506.01186, section 3.3.

    Example:
        >>> minigrad.seed(0)
        >>> model = minigrad.Sequential(minigrad.layers.Dense(1, input_shape=(2,)))
        >>> model.compile("sgd", "mse")
        >>> x = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]])
        >>> finder = LearningRateFinder(min_rate=1e-3)
        >>> history = model.fit(x, x.sum(1), epochs=100, verbose=0, callbacks=finder)
        >>> 0.1 < finder.suggestion() < 1
        True
    """

    passing_names = (*Callback.passing_names, "rates", "losses", "smoothed")

    def __init__(
        self,
        min_rate: float = 1e-5,
        max_rate: float = 10.0,
        steps: int = 100,
        smoothing: float = 0.9,
        divergence: float = 4.0,
    ) -> None:
        if not 0 < min_rate < max_rate < math.inf:
            raise ValueError(
                "LearningRateFinder: rates rise from min_rate above 0 to max_rate, got "
                f"{min_rate!r} and {max_rate!r}"
            )
        if not isinstance(steps, int) or steps < 3:
            raise ValueError(
                f"LearningRateFinder: steps is a number of batches, 3 or more, got {steps!r}"
            )
        if not 0 <= smoothing < 1:
            raise ValueError(f"LearningRateFinder: smoothing lies in [0, 1), got {smoothing!r}")
        if not divergence > 1:
            raise ValueError(
                "LearningRateFinder: divergence is how many times its minimum the loss may be, "
                f"above 1, got {divergence!r}"
            )
        self.min_rate = min_rate
        self.max_rate = max_rate
        self.steps = steps
        self.smoothing = smoothing
        self.divergence = divergence
        self._start_afresh()

    def _start_afresh(self) -> None:
        self.rates: list[float] = []
        self.losses: list[float] = []
        self.smoothed: list[float] = []
        self._average = 0.0  # of the losses, before it is divided
        self._total = 0.0  # of the losses of this epoch
        self._checkpoint: bytes | None = None

    # ---- the test --------------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs) -> None:
        """Keep what will be restored."""
        self._start_afresh()
        optimizer = self.model.optimizer
        if optimizer.schedule is not None:
            raise ValueError(
                "LearningRateFinder sets the learning rate, but the optimizer follows a schedule: "
                "compile with a number, such as Adam(1e-3), and use the schedule afterwards"
            )
        if optimizer.has_variables:
            raise ValueError(
                f"LearningRateFinder cannot restore the variables that {type(optimizer).__name__} "
                "makes in build: name its state arrays in slots"
            )
        weights = self.model._built_weights("LearningRateFinder")
        self._checkpoint = checkpoints.checkpoint_bytes(self.model, weights, 0)

    def on_train_batch_begin(self, batch: int, logs: Logs) -> None:
        """Set the rate of this step."""
        progress = len(self.losses) / (self.steps - 1)
        rate = self.min_rate * (self.max_rate / self.min_rate) ** progress
        self.model.optimizer.learning_rate = rate
        self.rates.append(rate)

    def on_train_batch_end(self, batch: int, logs: Logs) -> None:
        """Note the loss of this step, and stop after the last or when the loss diverges."""
        before = self._total if batch else 0.0
        self._total = logs["loss"] * (batch + 1)  # logs hold the mean over the epoch
        loss = self._total - before
        self.losses.append(loss)
        self._average = self.smoothing * self._average + (1 - self.smoothing) * loss
        self.smoothed.append(self._average / (1 - self.smoothing ** len(self.losses)))
        is_last = len(self.losses) == self.steps
        self.model.stop_training = is_last or self._has_diverged()

    def _has_diverged(self) -> bool:
        last = self.smoothed[-1]
        return not math.isfinite(last) or last > self.divergence * min(self.smoothed)

    def on_train_end(self, logs: Logs) -> None:
        """Put the model back."""
        if self._checkpoint is None:
            return
        weights = self.model._built_weights("LearningRateFinder")
        checkpoints.load_checkpoint("", self.model, weights, self._checkpoint)
        self._checkpoint = self.model._resumed = None
        if self.model._finished and len(self.losses) < self.steps and not self._has_diverged():
            warnings.warn(
                f"the fit ended after {len(self.losses)} of {self.steps} rates, at "
                f"{self.rates[-1]:.2g}: give it more epochs, or LearningRateFinder(steps="
                f"{len(self.losses)})",
                stacklevel=2,
            )

    # ---- its result ------------------------------------------------------------------------------

    def suggestion(self) -> float:
        """A tenth of the rate at which the smoothed loss is lowest, where it still falls.

        Raises:
            RuntimeError: If there was no test yet, or its loss never fell.
        """
        smoothed = np.array(self.smoothed)
        lowest = int(np.nanargmin(smoothed)) if np.isfinite(smoothed).any() else 0
        if lowest == 0:
            raise RuntimeError(self._why_nothing_to_suggest())
        return self.rates[lowest] / 10

    def _why_nothing_to_suggest(self) -> str:
        if not self.losses:
            return "no rate was tried yet: model.fit(x, y, callbacks=finder) tries them"
        return (
            f"the loss never fell, from rate {self.min_rate:.2g} on: begin lower, "
            f"LearningRateFinder(min_rate={self.min_rate / 100:.2g}), or look for what else is "
            "wrong"
        )
