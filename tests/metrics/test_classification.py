"""The confusion matrix, precision, recall and F1 against scikit-learn."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from minigrad.metrics import ConfusionMatrix, F1Score, Precision, Recall

from .samples import draw, drawn, in_batches, one_hot, seeds

SCORES = [(Precision, sk.precision_score), (Recall, sk.recall_score), (F1Score, sk.f1_score)]


@drawn
@given(seeds, st.sampled_from([None, "micro", "macro", "weighted"]), st.booleans())
def test_precision_recall_f1_of_classes(seed, average, weighted):
    labels, scores, w = draw(seed)
    w, taken = w if weighted else None, scores.argmax(1)
    for cls, expected in SCORES:
        seen = range(4) if average is None else None
        every = expected(
            labels, taken, average=average, sample_weight=w, zero_division=0, labels=seen
        )
        for y, p in ((labels, scores), (labels[:, None], scores), (one_hot(labels), scores)):
            assert_allclose(in_batches(cls(average), y, p, w), every)
        integers = cls(average, num_classes=4)
        assert_allclose(in_batches(integers, labels, taken, w), every)
        if average == "macro":
            # what "auto" is for classes
            assert in_batches(cls(), labels, scores, w) == pytest.approx(every)


@drawn
@given(seeds, st.booleans())
def test_precision_recall_f1_of_two(seed, weighted):
    labels, scores, w = draw(seed)
    w, y, p = w if weighted else None, labels > 1, scores[:, 0]
    for cls, expected in SCORES:
        one = expected(y, p > 0.5, sample_weight=w, zero_division=0)
        for truth, prediction in (
            (y, p),
            (y[:, None], p[:, None]),
            (y.astype(np.float32), p),
            (y, p > 0.5),
            (y, p[:, None]),
        ):
            assert in_batches(cls(), truth, prediction, w) == pytest.approx(one)
        assert in_batches(cls(threshold=0.2), y, p, w) == pytest.approx(
            expected(y, p > 0.2, sample_weight=w, zero_division=0)
        )
        assert in_batches(cls(), y.astype(int), np.stack([1 - p, p + 1e-6], 1), w) == pytest.approx(
            expected(y, p + 1e-6 > 1 - p, sample_weight=w, zero_division=0)
        )


@drawn
@given(seeds, st.sampled_from([None, "true", "pred"]))
def test_confusion_matrix(seed, normalize):
    labels, scores, w = draw(seed)
    expected = sk.confusion_matrix(
        labels, scores.argmax(1), labels=range(4), normalize=normalize, sample_weight=w
    )
    assert_allclose(in_batches(ConfusionMatrix(normalize=normalize), labels, scores, w), expected)


def test_confusion_matrix_grows_with_the_labels():
    metric = ConfusionMatrix()
    assert metric.result().shape == (0, 0)
    metric.update_state([0, 1], [1, 1])
    assert metric.result().shape == (2, 2)
    metric.update_state([3, 0], [0, 0])
    metric.update_state([1], [0])
    assert_array_equal(
        metric.result(), sk.confusion_matrix([0, 1, 3, 0, 1], [1, 1, 0, 0, 0], labels=range(4))
    )


@pytest.mark.parametrize(
    "y_true, y_pred, options, message",
    [
        ([0, 4], np.eye(4, dtype=np.float32)[:2], {}, "labels from 0 to 4 do not fit 4 classes"),
        ([0, -1], np.eye(4, dtype=np.float32)[:2], {}, "labels from -1 to 0"),
        ([0, 2], np.array([0.2, 0.8]), {}, "labels from 0 to 2 do not fit 2 classes"),
        ([0, 1], [0, 3], {"num_classes": 3}, "predictions from 0 to 3 do not fit 3 classes"),
        ([0.2, 0.8], [0, 1], {}, "whole labels, not fractions"),
        ([0, 1, 1], np.eye(4, dtype=np.float32)[:2], {}, r"\(3,\), y_pred \(2, 4\)"),
        ([0, 1, 1], [0, 1], {}, r"\(3,\), y_pred \(2,\)"),
    ],
)
def test_confusion_refuses(y_true, y_pred, options, message, xp):
    metric = ConfusionMatrix(**options)
    metric.update_state([1, 0], [1, 1])
    before = metric.result().copy()
    with pytest.raises(ValueError, match=message):
        metric.update_state(np.asarray(y_true), xp.asarray(y_pred))
    assert_array_equal(metric.result(), before)


def test_macro_leaves_out_what_was_never_there():
    """Of ten classes a small set shows four: the other six have no score to average."""
    labels = [0, 1, 1, 7]
    taken = [0, 1, 7, 3]
    for cls, expected in SCORES:
        every = expected(labels, taken, average="macro", zero_division=0)
        assert cls("macro")(labels, one_hot(taken, 10)) == pytest.approx(every)


def test_averages_are_checked():
    with pytest.raises(ValueError, match="did you mean 'macro'"):
        F1Score("marco")
    with pytest.raises(ValueError, match="'binary' with 4 classes"):
        Precision("binary")([0, 3], np.eye(4)[:2])
    assert Precision().result() == Recall().result() == F1Score().result() == 0.0
