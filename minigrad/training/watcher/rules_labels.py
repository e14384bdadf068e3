"""Rules on labels: in another encoding, outside of the domain, or with places left over."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ... import losses
from ...backend import to_cpu
from .recording import LossCall, Observation

MOST_CLASSES = 1000  # whole numbers up to here look like class numbers; 255 like pixels
ROWS_PER_CLASS = 10  # as many rows on average show every class that there is
# whole numbers from 0 on that are class names: 0 and 1 may be amounts, and many levels as well
LEAST_LEVELS, MOST_LEVELS = 3, 20
LEAST_ROWS = 256  # of three levels, half as many of four: 1 may be the most frequent of two coins
EQUAL = 0.15  # the deviation of their counts beside the mean, beyond that of chance
RANGES = {"sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0), "tanh": (-1.0, 1.0)}
MARGIN = 0.05  # of a range, by which targets may leave it: means that were standardized
DISTANCES = {"mean_squared_error", "mean_absolute_error", "huber", "log_cosh", "mse", "mae"}


class Verdict(NamedTuple):
    """What a rule says of labels."""

    rule: str
    message: str
    advice: str


def judge_refused(name: str, y_true: Any, y_pred: Any) -> Verdict | None:
    """What is wrong with labels that a loss has refused; None if it is not the labels.

    Args:
        name: The name of the loss.
        y_true: The labels, an array.
        y_pred: The predictions, an array.
    """
    y, width = to_cpu(y_true), y_pred.shape[-1] if y_pred.ndim else 1
    if not y.size:
        return None
    if name.startswith("sparse"):
        return _judge_class_numbers(y, y_pred.shape, width)
    if name.startswith("categorical"):
        return _judge_rows(y, y_pred.shape, width)
    if name.startswith(("binary", "hinge", "squared_hinge")):
        return _judge_bits(y, y_pred.shape, "hinge" not in name)
    if name in NOT_NEGATIVE and y.min() < 0:
        return _outside(y, "0 or more")
    return None


NOT_NEGATIVE = {"poisson", "mean_squared_logarithmic_error", "kl_divergence"}


def _judge_class_numbers(y: np.ndarray, shape: tuple[int, ...], width: int) -> Verdict | None:
    """Labels of a sparse loss."""
    if is_one_hot(y) and y.shape != shape[:-1]:
        return Verdict(
            "label_encoding",
            "the labels are one-hot rows, but the loss expects class numbers",
            "use the loss 'categorical_crossentropy', or give y.argmax(-1)",
        )
    if not is_whole(y):
        return _outside(y, f"class numbers 0..{width - 1}")
    low, high = int(y.min()), int(y.max())
    if low >= 0 and high < width:
        return None
    if width == 1 and {low, high} <= {0, 1}:
        return Verdict(
            "label_encoding",
            "the labels are 0 and 1 and the model has one output, but the loss expects one output "
            "per class",
            "use the loss 'binary_crossentropy' on Dense(1, activation='sigmoid')",
        )
    if is_signs(y):
        return _signs("class numbers 0 and 1")
    if low >= 1 and high == width:
        return Verdict(
            "label_encoding",
            f"the labels count the classes from 1 to {high}, but the {width} outputs are numbered "
            f"0 to {width - 1}",
            "give y - 1",
        )
    return _outside(y, f"class numbers 0..{width - 1}")


def _judge_rows(y: np.ndarray, shape: tuple[int, ...], width: int) -> Verdict | None:
    """Labels of a loss on distributions."""
    if y.shape != shape and is_whole(y) and y.min() >= 0:
        if is_one_hot(y):
            return None  # of another number of classes: the error is about the model
        return Verdict(
            "label_encoding",
            "the labels are class numbers, but the loss expects one-hot rows",
            "use the loss 'sparse_categorical_crossentropy', or minigrad.utils.to_categorical(y)",
        )
    if is_signs(y):
        return _signs("one-hot rows of 0 and 1")
    if is_bits(y):
        return Verdict(
            "label_encoding",
            "rows of y hold several labels, or none, but the loss expects one label per row",
            "use the loss 'binary_crossentropy' on sigmoid outputs",
        )
    return _outside(y, "rows that add up to 1")


def _judge_bits(y: np.ndarray, shape: tuple[int, ...], is_binary: bool) -> Verdict | None:
    """Labels of a loss on 0 and 1, or on -1 and 1."""
    wanted = "0 and 1" if is_binary else "-1 and 1"
    if is_binary and is_signs(y):
        return _signs(wanted)
    if y.shape != shape and y.ndim >= 2 and y.shape[-1] > 1 and is_one_hot(y):
        return Verdict(
            "label_encoding",
            f"the labels are one-hot rows, but the loss expects {wanted}, one per output",
            f"use the loss 'categorical_crossentropy' on Dense({y.shape[-1]}, "
            "activation='softmax'), or give y.argmax(-1)",
        )
    if is_bits(y):
        return None
    if is_whole(y) and y.min() >= 0 and y.max() <= MOST_CLASSES and y.max() != 255:
        return Verdict(
            "label_encoding",
            f"the labels look like class numbers, up to {y.max():g}, but the loss expects {wanted}",
            "use the loss 'sparse_categorical_crossentropy' with one softmax output per class; "
            "labels 1 and 2 become 0 and 1 by y - 1",
        )
    return _outside(y, wanted)


def _signs(wanted: str) -> Verdict:
    """-1 and 1 where others are expected."""
    message = f"the labels are -1 and 1, but the loss expects {wanted}"
    return Verdict("label_encoding", message, "give (y + 1) / 2, or use the loss 'hinge'")


def _outside(y: np.ndarray, wanted: str) -> Verdict:
    """Labels that look like no encoding."""
    return Verdict(
        "labels_out_of_domain",
        f"the labels run from {y.min():g} to {y.max():g}, but the loss expects {wanted}",
        "scale or renumber them, or choose a loss for measured numbers, such as 'mse'",
    )


# ---- what labels look like -----------------------------------------------------------------------


def is_whole(y: np.ndarray) -> bool:
    """True if all labels are whole numbers.

    Args:
        y: Labels.
    """
    return y.dtype.kind in "iub" or bool((y == np.rint(y)).all())


def is_bits(y: np.ndarray) -> bool:
    """True if all labels are 0 or 1.

    Args:
        y: Labels.
    """
    return bool(((y == 0) | (y == 1)).all())


def is_signs(y: np.ndarray) -> bool:
    """True if the labels are -1 and 1.

    Args:
        y: Labels.
    """
    return y.dtype.kind != "b" and bool((abs(y) == 1).all()) and bool((y == -1).any())


def is_one_hot(y: np.ndarray) -> bool:
    """True for rows of zeros with a single 1.

    Args:
        y: Labels.
    """
    return y.ndim >= 2 and y.shape[-1] > 1 and is_bits(y) and bool((y.sum(-1) == 1).all())


def are_equally_frequent(rows: np.ndarray) -> bool:
    """True for many rows that are spread evenly, as those of classes often are.

    Amounts, such as counts, are seldom: their numbers get rare towards the ends.

    Args:
        rows: The number of rows of each of three or more levels.

    Example:
        >>> are_equally_frequent(np.array([90, 99, 95])), are_equally_frequent(np.array([9, 99, 9]))
        (True, False)
    """
    mean, count = rows.mean(), len(rows)
    least = max(LEAST_ROWS / (count - 2), ROWS_PER_CLASS * count)
    is_enough = rows.sum() >= least and rows.min() > 0
    return bool(is_enough and rows.std() <= EQUAL * mean + mean**0.5)


def is_own(loss: LossCall) -> bool:
    """True for a user's loss of as many targets as predictions.

    Args:
        loss: A call of it.
    """
    return loss.name not in losses.NAMES and loss.y_true.size == loss.y_pred.size


# ---- labels that no loss refuses -----------------------------------------------------------------


class Labels:
    """label_encoding and labels_out_of_domain where the training goes on."""

    def __init__(self) -> None:
        self.counts: Any = np.zeros(MOST_LEVELS, int)  # rows by whole number; None: it is known

    def look(self, watcher: Any, observation: Observation) -> None:
        """Look at the labels of a step.

        Args:
            watcher: Who is told.
            observation: The step.
        """
        for loss in observation.losses:
            if loss.name in DISTANCES or is_own(loss):
                self._look_at_range(watcher, observation, loss)
            if loss.name in DISTANCES and loss.y_pred.shape[1:] in ((), (1,)):
                self._look_for_class_numbers(watcher, loss)

    def _look_for_class_numbers(self, watcher: Any, loss: LossCall) -> None:
        """Class numbers as the targets of one output, as if their distances meant something."""
        if self.counts is None:
            return
        targets = watcher.rows.targets_like(loss.y_true, loss.y_pred)
        y = to_cpu(targets).reshape(-1)
        if not y.size or not is_whole(y) or y.min() < 0 or y.max() >= MOST_LEVELS:
            self.counts = None
            return
        rows = self.counts + np.bincount(y.astype(int), minlength=MOST_LEVELS)
        self.counts = rows if targets is loss.y_true else None  # None: these were all
        rows = rows[: np.flatnonzero(rows)[-1] + 1]
        if len(rows) >= LEAST_LEVELS and are_equally_frequent(rows):
            watcher.find(
                "label_encoding",
                "y",
                f"the targets look like class numbers, 0 to {len(rows) - 1}, each about equally "
                f"often, but {loss.name} on one output takes them for amounts: class 1 lies "
                "between 0 and 2",
                f"if they are classes, end the model with {len(rows)} softmax outputs and use the "
                "loss 'sparse_categorical_crossentropy'",
            )

    def _look_at_range(self, watcher: Any, observation: Observation, loss: LossCall) -> None:
        """Targets that the last layer cannot reach."""
        call = observation.producer(loss.y_pred)
        op = call.op if call is not None else loss.made_by
        y = to_cpu(loss.y_true)
        if op in ("relu", "linear_relu"):
            negative = float((y < 0).mean())
            if negative > MARGIN:
                self._tell(watcher, y, "a ReLU, which gives 0 or more", "labels_out_of_domain")
            return
        if op not in RANGES or not y.size:
            return
        low, high = RANGES[op]
        margin = MARGIN * (high - low)
        if y.min() >= low - margin and y.max() <= high + margin:
            return
        is_coded = is_signs(y) or (is_whole(y) and y.min() >= 0 and 1 < y.max() <= MOST_CLASSES)
        rule = "label_encoding" if is_coded and y.max() != 255 else "labels_out_of_domain"
        self._tell(watcher, y, f"a {op}, which gives {low:g}..{high:g}", rule)

    def _tell(self, watcher: Any, y: np.ndarray, output: str, rule: str) -> None:
        watcher.find(
            rule,
            "y",
            f"the targets run from {y.min():g} to {y.max():g}, but the model ends in {output}",
            "scale the targets to that range, or end the model without that activation",
        )
