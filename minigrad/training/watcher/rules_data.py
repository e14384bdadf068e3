"""Rules on data and predictions: leaks, order of labels, constant or missing predictions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ...backend import to_cpu
from ...utils.structures import iter_leaves
from .rules_labels import is_one_hot, is_whole

# the share of validation rows that may occur in training, beyond what rows repeat by themselves
LEAK, REPEATS = 0.02, 2.0
MEASURED, FIRST_ROWS = 0.1, 1000  # share of numbers that are not whole, in the first rows
VARIED = 0.99  # different halves per different row, from which on equal rows are copies
LEAST_ROWS = 8  # of validation data in which rows are compared
MOST_HASHED = 200_000  # rows: of larger data the first ones are compared
PURE = 0.6  # share of batches with one class from which on labels count as sorted
BATCH = 4  # a batch of fewer rows has one class by chance
LEAST_BATCHES, PURE_BATCHES = 3, 4  # that show an order, or that batches hold one class
# batches, or classes, before one comes back in a new pass; fewer may be two kinds in turn
PASS_BATCHES, PASS_CLASSES = 8, 3
CONSTANT = 1e-3  # spread of predictions, beside that of the targets or of probabilities
CLASS_ROWS = 12  # rows of a class that is never predicted, before it is said
# or fewer, where the rows of the others are mostly right: the model has learned enough
FEW_ROWS, LEARNED = 6, 0.8
TINY = 1e-30  # in place of a sum of 0
# else a class with many rows, or one that is rarer than that share of the others, or whose
# probability is less than that share of its rows: a network that learns slowly gives each class
# its share before it is sure
BEHIND, MANY_ROWS = 0.5, 60
EVALUATIONS = 2  # judgments in a row with the same fault
FIRST_EPOCH, FIRST_STEP = 3, 100  # before, a network may predict one class, or the mean


# ---- rows that repeat ----------------------------------------------------------------------------


def row_hashes(x: Any) -> np.ndarray | None:
    """One number for each row; equal rows have equal ones. None if there are no rows.

    Args:
        x: Inputs: an array, or several in lists and dicts.
    """
    total: Any = None
    for i, (_, leaf) in enumerate(iter_leaves(x)):
        a = to_cpu(getattr(leaf, "_array", leaf))[:MOST_HASHED]
        if a.ndim < 1 or not a.size:
            return None
        rows = np.ascontiguousarray(a.reshape(len(a), -1), "float32").view("uint32")
        factors = np.random.default_rng(i).integers(1, 1 << 62, rows.shape[1], "uint64") | 1
        with np.errstate(over="ignore"):
            hashed = np.zeros(len(rows), "uint64")
            for start in range(0, len(rows), 1024):
                part = rows[start : start + 1024].astype("uint64")
                hashed[start : start + 1024] = (_mixed(part) * factors).sum(1)
            total = hashed if total is None else total * np.uint64(31) + hashed
    return total


def _mixed(x: np.ndarray) -> np.ndarray:
    """Numbers whose bits all depend on all bits of x."""
    x = (x ^ (x >> np.uint64(16))) * np.uint64(0x9E3779B97F4A7C15)
    return x ^ (x >> np.uint64(29))


def is_measured(x: Any) -> bool:
    """True for inputs that are mostly no whole numbers: two equal rows are one and its copy.

    Args:
        x: Inputs: an array, or several in lists and dicts.
    """
    parts = [to_cpu(getattr(leaf, "_array", leaf))[:FIRST_ROWS] for _, leaf in iter_leaves(x)]
    return any(a.dtype.kind == "f" and np.mean(a != np.rint(a)) > MEASURED for a in parts)


def is_varied(x: Any) -> bool:
    """True for rows of which different ones hardly ever agree in a half: equal ones are copies.

    Rows that repeat by chance, such as states of a game, repeat in part more often than as a whole.

    Args:
        x: Inputs: an array, or several in lists and dicts.
    """
    for _, leaf in iter_leaves(x):
        a = to_cpu(getattr(leaf, "_array", leaf))[:MOST_HASHED]
        rows = a.reshape(len(a), -1)
        half = rows.shape[1] // 2
        if not half:
            continue
        halves = (_distinct(rows[:, :half]), _distinct(rows[:, half:]))
        if max(halves) >= VARIED * _distinct(rows):
            return True
    return False


def _distinct(rows: np.ndarray) -> int:
    """The number of different rows."""
    hashes = row_hashes(rows)
    return 0 if hashes is None else len(np.unique(hashes))


def look_for_leak(watcher: Any, train: Any, validation: Any) -> None:
    """validation_in_training.

    Args:
        watcher: Who is told.
        train: Inputs to train on, rows.
        validation: Inputs to validate on, rows.
    """
    known, held = row_hashes(train), row_hashes(validation)
    if known is None or held is None or len(held) < LEAST_ROWS:
        return
    unique = np.unique(known)
    share = float(np.isin(held, unique).mean())
    if share <= LEAK:
        return
    is_distinct = is_measured(train) or is_varied(train)
    repeated = 0.0 if is_distinct else 1 - len(unique) / len(known)
    if share > LEAK + REPEATS * repeated:
        watcher.find(
            "validation_in_training",
            "validation_data",
            f"{share:.0%} of its rows are rows of the training data as well, so it does not show "
            "how the model does on new rows",
            "split first, then resample or augment the training part alone",
        )


# ---- sorted labels -------------------------------------------------------------------------------


def class_numbers(y: Any) -> np.ndarray | None:
    """The class of each row; None if the labels are no classes.

    Args:
        y: Labels, an array.
    """
    y = to_cpu(getattr(y, "_array", y))
    if is_one_hot(y) and y.ndim == 2:
        return y.argmax(-1)
    if y.ndim == 2 and y.shape[-1] == 1:
        y = y[:, 0]
    return y if y.ndim == 1 and y.size and is_whole(y) else None


class Order:
    """sorted_labels: batches whose rows come one class after the other."""

    def __init__(self) -> None:
        self.batches = 0
        self.blocks: list[int] = []  # classes in the order in which they came
        self.rows: dict[int, int] = {}  # by class
        self.pure = 0  # batches of one class
        self.is_done = False
        self.targets: list[np.ndarray] = []  # of batches, if they are numbers and no classes

    def look(self, watcher: Any, labels: Any) -> None:
        """Look at the labels of a batch.

        Args:
            watcher: Who is told.
            labels: They, an array.
        """
        if self.is_done:
            return
        classes = class_numbers(labels)
        if classes is None:
            self._look_at_targets(watcher, numbers_of(labels))
            return
        if len(classes) < BATCH:
            return
        changes = np.flatnonzero(np.diff(classes)) + 1
        runs = [int(classes[0]), *(int(c) for c in classes[changes])]
        blocks = runs[1:] if self.blocks and self.blocks[-1] == runs[0] else runs
        if len({*self.blocks, *blocks}) < len(self.blocks) + len(blocks):  # a class comes back
            self.is_done = True
            is_mixed = self.pure < self.batches  # of two kinds of batches, in turn, none is
            if is_mixed or self.batches >= PASS_BATCHES or len(self.blocks) >= PASS_CLASSES:
                self.judge(watcher)
            return
        self.blocks += blocks
        self.pure += len(runs) == 1
        self.batches += 1
        for label, rows in zip(*np.unique(classes, return_counts=True)):
            self.rows[int(label)] = self.rows.get(int(label), 0) + int(rows)

    def _look_at_targets(self, watcher: Any, targets: np.ndarray | None) -> None:
        """Targets of a batch that are no classes: the first batches are judged together."""
        if targets is None or (self.targets and np.array_equal(self.targets[-1], targets)):
            return
        self.targets.append(targets)
        self.is_done = len(self.targets) == LEAST_BATCHES
        if self.is_done and is_monotone(np.concatenate(self.targets)):
            tell_monotone(watcher)

    def judge(self, watcher: Any) -> None:
        """Speak, at the end of a pass or when enough batches were seen.

        Args:
            watcher: Who is told.
        """
        if self.batches < LEAST_BATCHES or len(self.blocks) < 2:
            return
        if sorted(self.rows.values())[-2] < BATCH:  # a few rows may stand at one end by chance
            return
        is_pure = self.batches >= PURE_BATCHES and self.pure >= PURE * self.batches
        if is_pure or sorted(self.blocks) in (self.blocks, self.blocks[::-1]):
            tell_sorted(watcher, len(self.blocks))


def look_at_order(watcher: Any, y: Any, batch_size: int) -> None:
    """sorted_labels, of rows that are not shuffled.

    Args:
        watcher: Who is told.
        y: All labels, in their order.
        batch_size: Rows per batch.
    """
    classes = class_numbers(y)
    targets = numbers_of(y) if classes is None else None
    if targets is not None and len(targets) >= 4 * batch_size and is_monotone(targets):
        tell_monotone(watcher)
    if classes is None or batch_size < BATCH or len(classes) < 2 * batch_size:
        return
    count = len(np.unique(classes))
    changes = int((np.diff(classes) != 0).sum())
    if 1 < count <= len(classes) // BATCH and changes == count - 1:
        tell_sorted(watcher, count)


def numbers_of(y: Any) -> np.ndarray | None:
    """Targets (N,) or (N, 1) of a regression as (N,); None for others.

    Args:
        y: Targets, an array.
    """
    a = to_cpu(getattr(y, "_array", y))
    if a.dtype.kind != "f" or not a.size or a.shape not in ((len(a),), (len(a), 1)):
        return None
    return a.reshape(-1)


def is_monotone(y: np.ndarray) -> bool:
    """True if many numbers rise, or fall, throughout.

    Args:
        y: Numbers (N,).
    """
    steps = np.diff(y)
    return len(np.unique(y)) >= 4 * BATCH and bool((steps >= 0).all() or (steps <= 0).all())


def tell_monotone(watcher: Any) -> None:
    """Say that rows come by the size of their targets.

    Args:
        watcher: Who is told.
    """
    watcher.find(
        "sorted_labels",
        "y",
        "the rows come sorted by their targets, so that a batch holds targets of one size and each "
        "step unlearns the others",
        "shuffle the rows: fit(..., shuffle=True), or Dataset(..., shuffle=True)",
    )


def tell_sorted(watcher: Any, count: int) -> None:
    """Say it.

    Args:
        watcher: Who is told.
        count: Number of classes.
    """
    watcher.find(
        "sorted_labels",
        "y",
        f"the rows come sorted by their classes, {count} so far, so that a batch holds one class "
        "or two and each step unlearns the others",
        "shuffle the rows: fit(..., shuffle=True), or Dataset(..., shuffle=True)",
    )


# ---- predictions ---------------------------------------------------------------------------------


class Predictions:
    """constant_prediction and class_never_predicted, over the rows of a pass or of some steps."""

    def __init__(self) -> None:
        self.parts: list[tuple[np.ndarray, np.ndarray]] = []
        self.constant = 0  # judgments in a row
        self.missing: dict[int, int] = {}
        self.last: Any = None  # labels and predictions of the last judgment

    def add(self, y_true: Any, y_pred: Any) -> None:
        """Add a batch.

        Args:
            y_true: Targets.
            y_pred: Predictions.
        """
        y, p = (getattr(a, "_array", a) for a in (y_true, y_pred))
        if hasattr(y, "dtype") and hasattr(p, "dtype") and p.ndim == 2 and len(y) == len(p):
            self.parts.append((to_cpu(y), to_cpu(p).copy()))

    @property
    def rows(self) -> int:
        """The number of rows that were added."""
        return sum(len(y) for y, _ in self.parts)

    def judge(self, watcher: Any, where: str) -> None:
        """Look at what was added, and begin anew.

        Args:
            watcher: Who is told.
            where: The path of the layer that gives the predictions.
        """
        parts, self.parts = self.parts, []
        if not parts or len({(y.shape[1:], p.shape[1:]) for y, p in parts}) > 1:
            return
        y, p = (np.concatenate(column) for column in zip(*parts))
        self.last = y, p
        several = [part for part in parts if len(part[1]) > 1]
        is_constant = len(p) >= CLASS_ROWS and all(_is_constant(*part) for part in several)
        self.constant = self.constant + 1 if is_constant else 0
        missing = () if is_constant else missing_classes(y, p)
        self.missing = {c: self.missing.get(c, 0) + 1 for c in missing}
        self._tell(watcher, where, EVALUATIONS)

    def finish(self, watcher: Any, where: str) -> None:
        """Speak at the end of a training, where one judgment is enough: the last one.

        Args:
            watcher: Who is told.
            where: The path of the layer that gives the predictions.
        """
        if self.last is not None:
            self._tell(watcher, where, 1)

    def _tell(self, watcher: Any, where: str, needed: int) -> None:
        """Speak of what was so in as many judgments in a row."""
        if self.constant >= needed:
            _tell_constant(watcher, where, len(self.last[1]))
        missing = [c for c, times in self.missing.items() if times >= needed]
        if missing:
            _tell_missing(watcher, where, missing, *self.last)


def _is_constant(y: np.ndarray, p: np.ndarray) -> bool:
    """True if the predictions are the same for all rows, and the targets are not."""
    if len(p) < 2 or not np.isfinite(p).all():
        return False
    targets = y.reshape(len(y), -1).astype("float64")
    spread = float(targets.std(0).max())
    if spread == 0:
        return False
    scale = 1.0 if p.shape[-1] > 1 and y.shape != p.shape else spread
    return float(p.std(0).max()) <= CONSTANT * scale


def missing_classes(y: np.ndarray, p: np.ndarray) -> Iterable[int]:
    """The classes with many rows that no row is predicted as.

    Args:
        y: Labels.
        p: Scores (N, classes), or (N, 1) for two.
    """
    classes = class_numbers(y)
    if classes is None or p.ndim != 2:
        return ()
    if p.shape[-1] == 1:
        if not set(np.unique(classes).tolist()) <= {0, 1}:
            return ()
        threshold = 0.5 if p.min() >= 0 and p.max() <= 1 else 0.0
        predicted = (p[:, 0] > threshold).astype(int)
    elif classes.max() < p.shape[-1] and classes.min() >= 0:
        predicted = p.argmax(-1)
    else:
        return ()
    numbers, rows = np.unique(classes, return_counts=True)
    if len(numbers) < 2:
        return ()
    missing = ~np.isin(numbers, predicted)
    others = ~np.isin(classes, numbers[missing])
    if others.any() and (predicted == classes)[others].mean() >= LEARNED:
        found = missing & (rows >= FEW_ROWS)
    else:  # a network that goes on learning predicts some classes later than others
        is_low = expected_rows(p)[numbers.astype(int)] < BEHIND * rows
        is_rare = rows < BEHIND * rows.mean()
        found = missing & (rows >= CLASS_ROWS) & (is_low | is_rare | (rows >= MANY_ROWS))
    return [int(c) for c in numbers[found]]


def expected_rows(p: np.ndarray) -> np.ndarray:
    """The number of rows of each class by the probabilities of a model.

    Args:
        p: Scores (N, classes), or (N, 1) for two: probabilities or logits.
    """
    is_probability = p.min() >= 0 and p.max() <= 1
    if p.shape[-1] == 1:
        p = np.concatenate([1 - p if is_probability else 0 * p, p], -1)
    if not is_probability:
        p = np.exp(p - p.max(-1, keepdims=True))
    return (p / np.maximum(p.sum(-1, keepdims=True), TINY)).sum(0)


def _tell_constant(watcher: Any, where: str, rows: int) -> None:
    watcher.find(
        "constant_prediction",
        where,
        f"it gives the same for all of {rows} rows",
        "look for dead or saturated layers, unscaled inputs, or a learning rate that is too high; "
        "try to fit ten rows first",
    )


def _tell_missing(
    watcher: Any, where: str, missing: list[int], y: np.ndarray, p: np.ndarray
) -> None:
    numbers = ", ".join(map(str, missing[:5]))
    which = f"class {numbers} is" if len(missing) == 1 else f"classes {numbers} are"
    watcher.find(
        "class_never_predicted",
        where,
        f"{which} never predicted in {len(p)} rows, though the data has rows of it",
        'weigh the classes, fit(..., class_weight="balanced"), train longer, and look at the '
        "confusion matrix",
    )
