"""What is known of the rows and labels of a training: all of a fit, or those of its batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...backend import to_cpu
from ...utils.structures import count_rows, is_structure
from .recording import Observation
from .rules_classes import look_at_weights
from .rules_data import Order, look_at_order, look_for_leak

PASS_ROWS = 10_000  # rows of a pass that are kept
ORDER_STEPS = 8  # after which the order of labels is judged, where no epoch ends


class Rows:
    """The rows and labels of a training, for the rules on leaks, order and weights.

    Attributes:
        targets: All labels of a fit, or None.
        batch_size: Rows per batch.
    """

    def __init__(self) -> None:
        self.targets: Any = None
        self.batch_size = 32
        self._order = Order()
        self._are_compared = False  # training with validation; or that is of no interest
        self._train: list[Any] = []  # inputs of batches, where only these show the rows
        self._validation: list[Any] = []

    @property
    def are_known(self) -> bool:
        """True if no batch needs to be looked at."""
        return self._order.is_done and self._are_compared

    def begin_fit(self, watcher: Any, batches: Any, validation: Any) -> None:
        """What the rows themselves show, before training.

        Args:
            watcher: Who is told.
            batches: The training data.
            validation: Data to evaluate, or None.
        """
        train, held = arrays_of(batches), arrays_of(validation)
        self.targets = train[1] if len(train) > 1 else None
        self._are_compared = validation is None or bool(train and held)
        if train and held:
            look_for_leak(watcher, train[0], held[0])
        look_at_weights(watcher, train)
        source = source_of(batches)
        self.batch_size = getattr(source, "batch_size", 32)
        is_ordered = not getattr(source, "shuffle", True)
        if len(train) > 1 and is_ordered and not is_structure(train[1]):
            look_at_order(watcher, train[1], self.batch_size)
        if train:
            self._order.is_done = True

    def targets_like(self, y_true: Any, y_pred: Any) -> Any:
        """All labels of the fit, if the labels of a batch are some of them; else these.

        Args:
            y_true: Labels of a batch.
            y_pred: The predictions for them.
        """
        y = self.targets
        if not hasattr(y, "shape") or y.shape[1:] != y_true.shape[1:]:
            return y_true
        return y if len(y_pred) == len(y_true) else y_true

    def add_batch(self, watcher: Any, x: Any, y: Any) -> None:
        """Note a batch of a training, where its rows were not known before.

        Args:
            watcher: Who is told.
            x: Inputs.
            y: Labels, or None.
        """
        if not self._order.is_done and y is not None and not is_structure(y):
            self._order.look(watcher, y)
        if self._are_compared or not _is_in_fit(watcher):
            return
        if sum(map(count_rows, self._train)) < PASS_ROWS:
            self._train.append(x)

    def add_validation(self, watcher: Any, x: Any) -> None:
        """Note a batch of a validation, where its rows were not known before.

        Args:
            watcher: Who watches.
            x: Inputs.
        """
        if not self._are_compared and _is_in_fit(watcher):
            self._validation.append(x)

    def look(self, watcher: Any, observation: Observation, y: Any) -> None:
        """Look at the order of labels in a step.

        Args:
            watcher: Who is told.
            observation: The step.
            y: Its labels; None in a loop of one's own, where the loss shows them.
        """
        if y is None and len(observation.losses) == 1:
            self._order.look(watcher, observation.losses[0].y_true)
        if not self._order.is_done and watcher.step >= ORDER_STEPS:
            self._order.judge(watcher)

    def end_epoch(self, watcher: Any) -> None:
        """Judge what the batches of an epoch have shown.

        Args:
            watcher: Who is told.
        """
        if not self._are_compared:
            self._compare(watcher)
        if not self._order.is_done:
            self._order.judge(watcher)
        self._order.is_done = True

    def _compare(self, watcher: Any) -> None:
        """validation_in_training, of batches made elsewhere."""
        train, test = self._train, self._validation
        if train and test and not any(map(is_structure, [*train, *test])):
            joined = [[to_cpu(getattr(x, "_array", x)) for x in part] for part in (train, test)]
            shapes = {x.shape[1:] for part in joined for x in part}
            if len(shapes) == 1:
                look_for_leak(watcher, *(np.concatenate(part) for part in joined))
        self._are_compared, self._train, self._validation = True, [], []


def _is_in_fit(watcher: Any) -> bool:
    """True in a fit that this watcher watches."""
    history = getattr(watcher.model, "history", None)
    return getattr(history, "watcher", None) is watcher


def arrays_of(batches: Any) -> list[Any]:
    """The arrays that batches are made of: [x], [x, y] or [x, y, sample_weight]; [] if unknown.

    Args:
        batches: A Dataset, or what iterates over one.
    """
    arrays: Iterable[Any] = getattr(source_of(batches), "arrays", ())
    return list(arrays)


def source_of(batches: Any) -> Any:
    """The Dataset that batches come from, or what else they come from; None if unknown.

    Args:
        batches: A Dataset, or what iterates over one.
    """
    return batches if hasattr(batches, "arrays") else getattr(batches, "source", None)
