"""Rules on classes that nothing can be learned of: no rows, rows of weight 0, an output far off."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import to_cpu
from ...utils.structures import is_structure
from .recording import LossCall, Observation
from .rules_data import FEW_ROWS, class_numbers
from .rules_labels import ROWS_PER_CLASS
from .rules_outputs import OF_CLASSES, TOLERANCE

# rows of each other class, on which a class without any is no rare one, and the share of outputs
# that may be without rows: more of them are a vocabulary, or classes still to come
SEEN_ROWS, MOST_LOST = 5, 0.25
# where not all rows are known, as many of them, and the rarest class beside the mean: where some
# are rarer, one may just not be seen yet
LOOKED_ROWS, EVEN = 100, 0.25
# a class whose probability is a millionth of a uniform guess, in all of as many rows and steps, of
# which at least three are its own: training raises that of its own rows, so it began there
NEGLIGIBLE, LOW_ROWS, LOW_STEPS, OWN_ROWS = 1e-6, 64, 4, 3


class Classes:
    """label_encoding and class_never_predicted, by the classes of rows and the outputs for them."""

    def __init__(self) -> None:
        self.rows = np.zeros(0, int)  # to train on, by class
        self.are_all_known = False  # True: these are all rows of a fit
        self.looked = np.zeros(0, int)  # rows of the observed steps, by class
        self.highest = np.zeros(0)  # probability of a class in any of them, times the classes
        self.steps = 0  # in which it was looked at
        self.batches: set[bytes] = set()  # labels: without a shuffle batches come again

    def look(self, watcher: Any, observation: Observation) -> None:
        """Look at the labels and predictions of a step.

        Args:
            watcher: Who is told.
            observation: The step.
        """
        for loss in observation.losses[-1:]:  # of an evaluation before the step, not the first
            is_over_classes = loss.name.startswith(OF_CLASSES) and loss.y_pred.ndim == 2
            if not is_over_classes or loss.y_pred.shape[-1] < 2:
                return
            width = loss.y_pred.shape[-1]
            if len(self.rows) != width:
                self._begin(width)
            self._count(watcher, loss, width)
            self._look_for_a_first_class(watcher)
            if self.are_all_known:
                self._look_for_lost_classes(watcher)
            if (self.highest < NEGLIGIBLE).any():
                self._look_for_low_outputs(watcher, observation, loss)

    def finish(self, watcher: Any) -> None:
        """Speak at the end of a training, when most batches were seen.

        Args:
            watcher: Who is told.
        """
        is_sorted = any(finding.rule == "sorted_labels" for finding in watcher.findings)
        if not is_sorted:  # else a few batches hold a few of the classes
            self._look_for_lost_classes(watcher)

    def _begin(self, width: int) -> None:
        self.rows, self.looked = np.zeros(width, int), np.zeros(width, int)
        self.highest = np.zeros(width)
        self.are_all_known, self.steps, self.batches = False, 0, set()

    def _count(self, watcher: Any, loss: LossCall, width: int) -> None:
        """Count the rows of each class: all rows of a fit at once, else those of the step."""
        batch, labels = _rows_by_class(loss.y_true, width), to_cpu(loss.y_true).tobytes()
        self.looked += batch
        if self.are_all_known or labels in self.batches:
            return
        self.batches.add(labels)
        targets = watcher.rows.targets_like(loss.y_true, loss.y_pred)
        self.are_all_known = targets is not loss.y_true
        self.rows = _rows_by_class(targets, width) if self.are_all_known else self.rows + batch

    def _are_enough(self) -> bool:
        return int(self.rows.sum()) >= ROWS_PER_CLASS * len(self.rows)

    def _look_for_a_first_class(self, watcher: Any) -> None:
        """Class 0 never occurs, all others do: they are counted from 1, with an output too many."""
        if self._is_counted_from_one():
            last = len(self.rows) - 1
            watcher.find(
                "label_encoding",
                "y",
                f"the labels count the classes from 1 to {last}: output 0 of {last + 1} never has "
                "a row",
                f"give y - 1, and end the model with {last} outputs",
            )

    def _is_counted_from_one(self) -> bool:
        is_first_lost = len(self.rows) > 2 and not self.rows[0] and bool(self.rows[1:].all())
        return is_first_lost and self._are_enough()

    def _look_for_lost_classes(self, watcher: Any) -> None:
        """A class without rows to train on, though each other one has many."""
        lost, others = np.flatnonzero(self.rows == 0), self.rows[self.rows > 0]
        if not 0 < len(lost) <= MOST_LOST * len(self.rows) or self._is_counted_from_one():
            return
        if others.min() < SEEN_ROWS or not self._are_enough():
            return
        is_even = others.min() >= EVEN * others.mean() and others.sum() >= LOOKED_ROWS
        if not self.are_all_known and not is_even:
            return
        of_rows = f"{self.rows.sum()} rows to train on"
        if not self.are_all_known:
            of_rows += " that were looked at"
        watcher.find(
            "class_never_predicted",
            "y",
            f"{named(lost)} has an output and none of the {of_rows}, and each other class has "
            f"{others.min()} or more: a class without rows is not learned",
            "look at how the rows were chosen, np.unique(y, return_counts=True)",
        )

    def _look_for_low_outputs(self, watcher: Any, observation: Observation, loss: LossCall) -> None:
        """A class that rows of it are as good as impossible for."""
        p = probabilities(loss)
        if p is None:
            self.highest[:] = 1.0  # no probabilities: other rules speak of that
            return
        self.highest = np.maximum(self.highest, p.max(0) * p.shape[-1])
        self.steps += 1
        low = np.flatnonzero((self.highest < NEGLIGIBLE) & (self.looked >= OWN_ROWS))
        if not len(low) or self.steps < LOW_STEPS or self.looked.sum() < LOW_ROWS:
            return
        call = observation.producer(loss.y_pred)
        watcher.find(
            "class_never_predicted",
            (call.path if call is not None else None) or "y_pred",
            f"{named(low)} has a probability of nearly 0 in each of {self.looked.sum()} rows, also "
            f"in the {self.looked[low].sum()} of this class",
            "look at how the output layer begins: its bias is usually 0, and may be the logarithm "
            "of the share of each class",
        )


def look_at_weights(watcher: Any, arrays: list[Any]) -> None:
    """class_never_predicted, of rows that weigh nothing.

    Args:
        watcher: Who is told.
        arrays: What is trained on: [x, y] or [x, y, sample_weight].
    """
    if len(arrays) < 3 or any(map(is_structure, arrays[1:])):
        return
    classes, weights = class_numbers(arrays[1]), to_cpu(arrays[2]).reshape(-1)
    if classes is None or len(weights) != len(classes) or classes.min() < 0:
        return
    numbers, which, rows = np.unique(classes, return_inverse=True, return_counts=True)
    weightless = np.bincount(which, abs(weights)) == 0
    found = weightless & (rows >= FEW_ROWS)
    if found.any() and not weightless.all():
        watcher.find(
            "class_never_predicted",
            "sample_weight",
            f"the {rows[found].sum()} rows of {named(numbers[found])} weigh 0: nothing is learned "
            "of them",
            "give every class a weight above 0, in class_weight or sample_weight",
        )


def probabilities(loss: LossCall) -> np.ndarray | None:
    """The probabilities (N, classes) that a loss gets, or makes of logits; None if it gets others.

    Args:
        loss: A call of it.
    """
    p = to_cpu(loss.y_pred).astype("float64")
    if not np.isfinite(p).all():
        return None
    if loss.from_logits:
        e = np.exp(p - p.max(-1, keepdims=True))
        return e / e.sum(-1, keepdims=True)
    is_distribution = p.min() >= 0 and abs(p.sum(-1) - 1).max() < TOLERANCE
    return p if is_distribution else None


def named(classes: Any) -> str:
    """The first classes, by their numbers.

    Args:
        classes: Class numbers.

    Example:
        >>> named([3.0])
        'class 3'
    """
    numbers = ", ".join(f"{c:.0f}" for c in classes[:5])
    return f"class {numbers}" if len(classes) == 1 else f"each of the classes {numbers}"


def _rows_by_class(y: Any, width: int) -> np.ndarray:
    """The number of rows of each class; none for targets that are no classes."""
    classes = class_numbers(y)
    if classes is None:
        return np.zeros(width, int)
    inside = classes[(classes >= 0) & (classes < width)].astype(int)
    return np.bincount(inside, minlength=width)
