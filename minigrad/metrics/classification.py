"""Precision, recall and F1 by counting who was taken for whom, and AUC by ranking."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import Array, backend, to_cpu
from ..utils.registry import lookup
from .base import Metric, arrays, match_labels, match_targets, weights_for

# ---- classification by counting who was taken for whom -------------------------------------------------------------


class ConfusionMatrix(Metric):
    """result()[i, j] is how often class i was taken for class j; `normalize` "true" or "pred" divides rows or columns.

    y_pred holds scores (..., classes), of which the largest counts; or integer labels; or one score per sample, which is
    class 1 above `threshold`. y_true holds integer labels or one-hot rows. Labels beyond the classes raise ValueError.
    """

    def __init__(
        self,
        num_classes: int | None = None,
        threshold: float = 0.5,
        normalize: str | None = None,
        name: str | None = None,
    ) -> None:
        self.num_classes, self.threshold, self.normalize = num_classes, threshold, normalize
        if normalize is not None:
            lookup(normalize, {"true": 0, "pred": 1}, "normalize of ConfusionMatrix")
        super().__init__(name)

    def reset_state(self) -> None:
        self.matrix: Any = None

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = arrays(y_true, y_pred)
        labels, taken, classes = self.classes(y_true, y_pred)
        w = (
            None
            if sample_weight is None
            else weights_for(self.name, sample_weight, labels.shape, labels)
        )
        if w is not None:
            w = (
                backend(w)
                .broadcast_to(w.reshape(w.shape + (1,) * (labels.ndim - w.ndim)), labels.shape)
                .ravel()
            )
        n = (
            classes or 1 + max(int(labels.max()), int(taken.max()), 0)
            if labels.size
            else classes or 1
        )
        if self.matrix is not None and not self.num_classes:
            n = max(n, len(self.matrix))
        if labels.size and not 0 <= int(labels.min()) <= int(labels.max()) < n:
            raise ValueError(
                f"{self.name}: labels from {labels.min()} to {labels.max()} do not fit {n} classes"
            )
        if labels.size and not 0 <= int(taken.min()) <= int(taken.max()) < n:
            raise ValueError(
                f"{self.name}: predictions from {taken.min()} to {taken.max()} do not fit {n} classes"
            )
        pairs = (labels * n + taken).ravel()
        counts = backend(pairs).bincount(pairs, w, n * n).reshape(n, n).astype(np.float64)
        if self.matrix is not None:  # labels alone may show a higher class only now
            size = len(self.matrix)
            counts[:size, :size] += self.matrix
        self.matrix = counts

    def classes(self, y_true: Array, y_pred: Array) -> tuple[Array, Array, int | None]:
        """Integer labels and predictions of one shape, and how many classes there are (None: unknown)."""
        if y_pred.dtype.kind != "f":  # labels
            labels, taken = match_targets(self.name, y_true, y_pred), y_pred
            known = self.num_classes
        elif y_pred.ndim < 2 or y_pred.shape[-1] == 1:  # one score per sample
            labels, taken = match_targets(self.name, y_true, y_pred), y_pred > self.threshold
            known = self.num_classes or 2
        else:  # a score per class
            known = self.num_classes or y_pred.shape[-1]
            if y_true.shape == y_pred.shape:
                labels, taken = y_true.argmax(-1), y_pred.argmax(-1)
            else:
                labels, taken = match_labels(self.name, y_true, y_pred), y_pred.argmax(-1)
        whole = labels.astype(np.int64)
        if labels.dtype.kind == "f" and bool((whole != labels).any()):
            raise ValueError(
                f"{self.name}: y_true must hold whole labels, not fractions (are y_true and y_pred exchanged?)"
            )
        return whole, taken.astype(np.int64), known

    def counts(self) -> np.ndarray:
        """The matrix on the host."""
        return (
            np.zeros((self.num_classes or 0,) * 2) if self.matrix is None else to_cpu(self.matrix)
        )

    def result(self) -> Any:
        counts = self.counts()
        if self.normalize is None:
            return counts
        totals = counts.sum(1 if self.normalize == "true" else 0, keepdims=True)
        return counts / np.where(totals == 0, 1, totals)


class _Score(ConfusionMatrix):
    """A score of each class by its hits, how often it was predicted and how often it was there."""

    def __init__(
        self,
        average: str | None = "auto",
        threshold: float = 0.5,
        num_classes: int | None = None,
        name: str | None = None,
    ) -> None:
        known = ("auto", "binary", "micro", "macro", "weighted")
        self.average = (
            average
            if average is None
            else lookup(average, {a: a for a in known}, f"average of {type(self).__name__}")
        )
        super().__init__(num_classes, threshold, name=name)

    def score(self, hits: Any, predicted: Any, actual: Any) -> Any:
        """The score from counts, per class or summed over them."""
        raise NotImplementedError(f"{type(self).__name__} does not define score")

    def result(self) -> Any:
        counts = self.counts()
        hits, predicted, actual = counts.diagonal(), counts.sum(0), counts.sum(1)
        average = (
            self.average if self.average != "auto" else "binary" if len(counts) <= 2 else "macro"
        )
        if average == "micro":
            return float(self.score(hits.sum(), predicted.sum(), actual.sum()))
        scores = self.score(hits, predicted, actual)
        if average is None:
            return scores
        if average == "binary":
            if len(counts) > 2:
                raise ValueError(
                    f"{self.name}: average='binary' with {len(counts)} classes: use 'macro', 'micro' or 'weighted'"
                )
            return float(scores[1]) if len(counts) == 2 else 0.0
        # a class that neither exists nor was predicted has no score to average
        weights = actual if average == "weighted" else (predicted + actual > 0).astype(np.float64)
        return float((scores * weights).sum() / weights.sum()) if weights.any() else 0.0


def _share(part: Any, whole: Any) -> Any:
    """part / whole, 0 where there is nothing."""
    return np.where(whole == 0, 0.0, part / np.where(whole == 0, 1, whole))


_SCORE_DOC = """{}

    `average`: "binary" (class 1 of two), "micro" (all decisions together), "macro" (mean over the classes), "weighted" (by
    how often a class is there), None (an array, one per class), "auto" (binary for two classes, else macro). Inputs are
    ConfusionMatrix's. (Keras's class of this name thresholds every column of one-hot rows instead.)
    """


class Precision(_Score):
    __doc__ = _SCORE_DOC.format(
        "Of what was called a class, the share that is it: hits / predicted."
    )

    def score(self, hits: Any, predicted: Any, actual: Any) -> Any:
        return _share(hits, predicted)


class Recall(_Score):
    __doc__ = _SCORE_DOC.format(
        "Of what is of a class, the share that was called so: hits / actual."
    )

    def score(self, hits: Any, predicted: Any, actual: Any) -> Any:
        return _share(hits, actual)


class F1Score(_Score):
    __doc__ = _SCORE_DOC.format(
        "The harmonic mean of precision and recall: 2 hits / (predicted + actual)."
    )

    def score(self, hits: Any, predicted: Any, actual: Any) -> Any:
        return _share(2 * hits, predicted + actual)


F1 = F1Score


# ---- ranking -------------------------------------------------------------------------------------------------------


class AUC(Metric):
    """The area under the ROC curve: how often a positive sample scores above a negative one, ties counting half.

    Exact, from the ranks of all scores, which it therefore keeps (Keras approximates with 200 thresholds). curve="PR" gives
    the average precision instead. NaN while there is only one class. All elements count as one list.
    """

    def __init__(self, curve: str = "ROC", name: str | None = None) -> None:
        self.curve = lookup(curve, {"ROC": "ROC", "PR": "PR"}, "curve of AUC")
        super().__init__(name or "auc")

    def reset_state(self) -> None:
        self.batches: list[tuple[Array, Array, Array | None]] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = arrays(y_true, y_pred)
        y_true = match_targets(self.name, y_true, y_pred)
        w = None
        if sample_weight is not None:
            w = weights_for(self.name, sample_weight, y_pred.shape, y_pred)
            w = (
                backend(w)
                .broadcast_to(w.reshape(w.shape + (1,) * (y_pred.ndim - w.ndim)), y_pred.shape)
                .flatten()
            )
        self.batches.append(
            (y_true.flatten(), y_pred.flatten(), w)
        )  # flatten copies: batches are often views

    def result(self) -> float:
        if not self.batches:
            return float("nan")
        y, scores = (np.concatenate([to_cpu(batch[i]) for batch in self.batches]) for i in (0, 1))
        w = np.concatenate(
            [np.ones(len(b[0])) if b[2] is None else to_cpu(b[2]) for b in self.batches]
        )
        if not np.isin(y, (0, 1)).all():
            raise ValueError(f"{self.name}: y_true must hold 0 and 1, not {np.unique(y)[:5]}")
        if np.isnan(scores).any():
            return float("nan")
        order = np.argsort(-scores, kind="stable")
        last = np.append(
            np.diff(scores[order]) != 0, True
        )  # tied samples enter together, at the last of them
        hits = np.append(0.0, np.cumsum((w * (y == 1))[order])[last])
        alarms = np.append(0.0, np.cumsum((w * (y != 1))[order])[last])
        if not hits[-1] or not alarms[-1]:
            return float("nan")
        if self.curve == "PR":
            return float((np.diff(hits) * _share(hits[1:], hits[1:] + alarms[1:])).sum() / hits[-1])
        return float((np.diff(alarms) * (hits[1:] + hits[:-1])).sum() / 2 / hits[-1] / alarms[-1])
