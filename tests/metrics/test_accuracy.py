"""Accuracy in its forms against scikit-learn."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from minigrad.metrics import (
    Accuracy,
    AccuracyByShape,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)

from .samples import draw, drawn, in_batches, one_hot, seeds


@drawn
@given(seeds, st.booleans())
def test_accuracies(seed, weighted):
    labels, scores, w = draw(seed)
    w = w if weighted else None
    expected = sk.accuracy_score(labels, scores.argmax(1), sample_weight=w)
    assert in_batches(SparseCategoricalAccuracy(), labels, scores, w) == pytest.approx(expected)
    assert in_batches(SparseCategoricalAccuracy(), labels[:, None], scores, w) == pytest.approx(
        expected
    )
    assert in_batches(CategoricalAccuracy(), one_hot(labels), scores, w) == pytest.approx(expected)
    for y in (labels, labels[:, None], one_hot(labels)):
        assert in_batches(AccuracyByShape(), y, scores, w) == pytest.approx(expected)
    binary = sk.accuracy_score(labels > 1, scores[:, 0] > 0.5, sample_weight=w)
    for y, p in (
        (labels > 1, scores[:, 0]),
        ((labels > 1)[:, None], scores[:, 0]),
        (labels > 1, scores[:, :1]),
    ):
        assert in_batches(BinaryAccuracy(), y, p, w) == pytest.approx(binary)
        assert in_batches(AccuracyByShape(), y, p, w) == pytest.approx(binary)
    low = BinaryAccuracy(threshold=0.2)
    assert in_batches(low, labels > 1, scores[:, 0]) == pytest.approx(
        ((scores[:, 0] > 0.2) == (labels > 1)).mean()
    )


@drawn
@given(seeds, st.integers(1, 5))
def test_top_k(seed, k):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 5, 23)
    scores = rng.permuted(np.tile(np.arange(5) / 5, (23, 1)), axis=1).astype(np.float32)
    expected = sk.top_k_accuracy_score(labels, scores, k=k, labels=range(5)) if k < 5 else 1.0
    assert in_batches(SparseTopKCategoricalAccuracy(k), labels, scores) == pytest.approx(expected)
    assert in_batches(TopKCategoricalAccuracy(k), one_hot(labels, 5), scores) == pytest.approx(
        expected
    )


def test_top_k_with_ties_and_nan():
    scores = np.array([[0.3, 0.3, 0.3, 0.1], [np.nan, 0.5, 0.5, 0.0]], np.float32)
    # tied for the first place; NaN stands above
    assert SparseTopKCategoricalAccuracy(1)([2, 1], scores) == 0.5
    assert SparseTopKCategoricalAccuracy(2)([2, 0], scores) == 0.5  # a NaN score is no answer
    with pytest.raises(ValueError, match="labels from 0 to 4 do not fit 4 classes"):
        SparseTopKCategoricalAccuracy(1)([4, 0], scores)
    with pytest.raises(ValueError, match="labels from -1 to 0 do not fit"):
        SparseTopKCategoricalAccuracy(1)([-1, 0], scores)


def test_sequences():
    """Scores (N, T, C): every step counts, and weights are of samples or of steps."""
    labels, scores, w = draw(0, n=12)
    hits = (scores.argmax(1) == labels).reshape(3, 4)
    labels, scores, steps = labels.reshape(3, 4), scores.reshape(3, 4, 4), w.reshape(3, 4)
    assert SparseCategoricalAccuracy()(labels, scores) == pytest.approx(hits.mean())
    assert SparseCategoricalAccuracy()(labels, scores, w[:3]) == pytest.approx(
        np.average(hits.mean(1), weights=w[:3])
    )
    assert SparseCategoricalAccuracy()(labels, scores, steps) == pytest.approx(
        np.average(hits, weights=steps)
    )


def test_the_class_counts_equal_values():
    assert Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]) == 0.75
    assert Accuracy()([1, 1, 0, 0], np.array([0.9, 0.2, 0.1, 0.0])) == 0.25
    assert Accuracy()([[1], [2]], [1, 2], [1, 3]) == 1.0


def test_labels_of_every_dtype():
    scores = np.array([[0.2, 0.8], [0.6, 0.4], [0.3, 0.7]], np.float32)
    for dtype in ("uint8", "int32", "float32", "float64", "bool"):
        labels = np.array([1, 0, 0]).astype(dtype)
        for kind in (SparseCategoricalAccuracy(), AccuracyByShape(), BinaryAccuracy()):
            p = scores[:, 1] if isinstance(kind, BinaryAccuracy) else scores
            assert kind(labels, p) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="whole labels, not fractions"):
        SparseCategoricalAccuracy()([0.5, 1.0, 0.0], scores)


@pytest.mark.parametrize("k", [0, -1, 1.5, True])
def test_k_counts_classes(k):
    with pytest.raises(ValueError, match="k of .*TopK.* must be a whole number, 1 or more"):
        TopKCategoricalAccuracy(k)
