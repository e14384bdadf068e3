"""The confusion matrix, precision, recall, F1 and IoU against scikit-learn."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from minigrad import metrics
from minigrad.metrics import ConfusionMatrix, F1Score, FBetaScore, IoU, MeanIoU, Precision, Recall

from .samples import draw, drawn, in_batches, one_hot, seeds

SCORES = [(Precision, sk.precision_score), (Recall, sk.recall_score)]
COUNTS = ("TrueNegatives", "FalsePositives", "FalseNegatives", "TruePositives")


@drawn
@given(seeds, st.booleans())
def test_decisions_by_a_threshold(seed, weighted):
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
        several = [expected(y, p > t, sample_weight=w, zero_division=0) for t in (0.2, 0.7)]
        assert_allclose(in_batches(cls([0.2, 0.7]), y, p, w), several)
    matrix = sk.confusion_matrix(y, p > 0.5, sample_weight=w, labels=[False, True])
    found = [in_batches(getattr(metrics, name)(), y, p, w) for name in COUNTS]
    assert_allclose(found, matrix.ravel())


@drawn
@given(seeds, st.booleans())
def test_all_elements_of_rows_count(seed, weighted):
    labels, scores, w = draw(seed)
    rows = one_hot(labels)
    w = np.repeat(w, 4) if weighted else None
    for cls, expected in SCORES:
        every = expected(rows.ravel(), scores.ravel() > 0.5, sample_weight=w, zero_division=0)
        for y in (rows, labels, labels[:, None], labels.astype(np.float32)):
            weights = None if w is None else w[::4]
            assert in_batches(cls(), y, scores, weights) == pytest.approx(every)
        third = expected(
            rows[:, 2],
            scores[:, 2] > 0.5,
            sample_weight=w if w is None else w[::4],
            zero_division=0,
        )
        assert in_batches(cls(class_id=2), rows, scores, weights) == pytest.approx(third)


def test_the_largest_scores_of_a_row():
    y = [[0, 1, 0, 1], [1, 0, 0, 0]]
    p = np.array([[0.1, 0.4, 0.3, 0.2], [0.3, 0.3, 0.3, 0.1]])
    assert Precision(top_k=1)(y, p) == 1.0  # of equals the first
    assert Precision(top_k=2)(y, p) == 0.5
    assert Recall(top_k=2)(y, p) == pytest.approx(2 / 3)
    assert Recall(thresholds=0.35, top_k=2)(y, p) == pytest.approx(1 / 3)
    assert Recall(top_k=1, class_id=3)(y, p) == 0.0


def test_a_score_at_the_threshold_is_below_it_in_its_own_dtype():
    assert Recall(thresholds=0.3)([1], np.array([0.3], "float32")) == 0.0


@drawn
@given(seeds, st.sampled_from([None, "micro", "macro", "weighted"]), st.booleans())
def test_f_scores_of_classes(seed, average, weighted):
    labels, scores, w = draw(seed)
    scores = scores + np.arange(4, dtype=np.float32) * 1e-5 + 1e-3  # no ties, no zeros
    w, taken = w if weighted else None, scores.argmax(1)
    settings = {"average": average, "sample_weight": w, "zero_division": 0, "labels": range(4)}
    for y in (one_hot(labels), labels, labels[:, None]):
        assert_allclose(
            in_batches(F1Score(average), y, scores, w), sk.f1_score(labels, taken, **settings)
        )
        assert_allclose(
            in_batches(FBetaScore(average, 2.0), y, scores, w),
            sk.fbeta_score(labels, taken, beta=2.0, **settings),
        )
    multi = in_batches(F1Score(average, 0.5), one_hot(labels), scores, w)
    assert_allclose(multi, sk.f1_score(one_hot(labels), scores > 0.5, **settings))


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


@drawn
@given(seeds, st.booleans())
def test_overlap_of_classes(seed, weighted):
    labels, scores, w = draw(seed)
    w, taken = w if weighted else None, scores.argmax(1)
    every = sk.jaccard_score(
        labels, taken, labels=range(4), average=None, sample_weight=w, zero_division=0
    )
    occurs = np.isin(range(4), [*labels, *taken])
    assert in_batches(MeanIoU(4), labels, taken, w) == pytest.approx(every[occurs].mean())
    from_scores = MeanIoU(4, sparse_y_true=False, sparse_y_pred=False)
    assert in_batches(from_scores, one_hot(labels), scores, w) == pytest.approx(
        every[occurs].mean()
    )
    chosen = every[[0, 2]][occurs[[0, 2]]]
    assert in_batches(IoU(4, [0, 2]), labels, taken, w) == pytest.approx(
        chosen.mean() if len(chosen) else 0
    )


def test_elements_of_an_ignored_class_do_not_count():
    assert MeanIoU(2, ignore_class=255)([0, 1, 255, 1], [0, 1, 1, 1]) == 1.0
    assert MeanIoU(2, ignore_class=255)([0, 1, 255, 1], [0, 1, 1, 0], [1, 1, 5, 0]) == 1.0


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: F1Score("marco"), "did you mean 'macro'"),
        (lambda: FBetaScore(beta=0), "beta of FBetaScore must be above 0"),
        (lambda: FBetaScore(beta=-1), "beta of FBetaScore must be 0 or more"),
        (lambda: F1Score(threshold=2), "threshold of F1Score must be in 0..1, got 2"),
        (lambda: Precision(1.5), "a threshold of Precision must be in 0..1, got 1.5"),
        (lambda: Recall([0.5, -0.1]), "a threshold of Recall must be in 0..1, got -0.1"),
        (lambda: Precision(top_k=0), "top_k of Precision must be a whole number, 1 or more, got 0"),
        (lambda: ConfusionMatrix(0), "num_classes of ConfusionMatrix must be a whole number"),
        (lambda: MeanIoU(0), "num_classes of MeanIoU must be a whole number, 1 or more, got 0"),
        (lambda: IoU(2, [2]), "target_class_ids from 2 to 2 do not fit 2 classes"),
        (lambda: Precision()([0, 2], [0.1, 0.2]), "y_true must hold 0 and 1, but runs from 0 to 2"),
        (lambda: Recall()([-1, 1], [0.1, 0.2]), "y_true must hold 0 and 1, but runs from -1 to 1"),
        (lambda: Precision(class_id=3)([[0, 1]], [[0.1, 0.2]]), "class_id=3 is not among the 2"),
    ],
)
def test_what_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_before_the_first_batch():
    assert Precision().result() == Recall().result() == F1Score("macro").result() == 0.0
    assert_array_equal(Precision([0.1, 0.2]).result(), [0, 0])
