"""Weights of classes in fit and train_on_batch, and what is refused."""

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense, Embedding
from minigrad.optimizers.sgd import SGD
from minigrad.training.class_weights import apply_class_weights

from .helpers import LABELS, X, assert_equal_weights, classifier, regression, twins

rng = np.random.default_rng(1)


def test_class_weights():
    weights = {0: 3.0, 2: 0.5}  # class 1 counts once, as in Keras
    each = np.array([weights.get(c, 1.0) for c in LABELS])
    for y, loss in (
        (LABELS, "sparse_categorical_crossentropy"),
        (LABELS[:, None], "sparse_categorical_crossentropy"),
        (np.eye(3)[LABELS], "categorical_crossentropy"),
    ):
        pair = twins(lambda: classifier(SGD(0.1)))
        for model in pair:
            model.compile(SGD(0.1), loss)
        minigrad.seed(1)
        pair[0].fit(X, y, class_weight=weights, verbose=0, batch_size=20)
        minigrad.seed(1)
        pair[1].fit(X, y, sample_weight=each, verbose=0, batch_size=20)
        assert_equal_weights(*pair)
        both = pair[0].train_on_batch(X, y, class_weight=weights, sample_weight=each)
        assert both == pytest.approx(
            pair[1].train_on_batch(X, y, sample_weight=each * each), rel=1e-5
        )
    model = classifier(SGD(0.0))
    history = model.fit(X, LABELS, class_weight={0: 100.0}, validation_split=0.2, verbose=0)
    # training rows alone
    assert history.history["val_loss"][0] == pytest.approx(
        model.evaluate(X[40:], LABELS[40:]), rel=1e-6
    )
    assert history.history["loss"][0] > 5 * history.history["val_loss"][0]


def weights_of(y, class_weight, sample_weight=None, class_numbers=False):
    extra = [] if sample_weight is None else [np.asarray(sample_weight, "float32")]
    arrays = [np.zeros((len(y), 1)), np.asarray(y), *extra]
    weights = apply_class_weights(arrays, class_weight, class_numbers)[2]
    assert weights.dtype == np.float32
    return weights.tolist()


TABLE = {0: 1.0, 1: 2.0, 2: 5.0}


@pytest.mark.parametrize(
    "y, weights",
    [
        ([0, 2, 1], [1, 5, 2]),
        ([0.0, 2.0, 1.0], [1, 5, 2]),
        ([[0], [2]], [1, 5]),
        (np.eye(3)[[0, 2]], [1, 5]),
        (np.eye(3, dtype=int)[[1, 2]], [2, 5]),
        ([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]], [2, 5]),  # smoothed
        ([[0, 2, 1, 1], [2, 2, 0, 1]], [[1, 5, 2, 2], [5, 5, 1, 2]]),  # sequences, no argmax
        ([[[0], [2]], [[1], [1]]], [[1, 5], [2, 2]]),
        (np.eye(3)[[[0, 2], [1, 1]]], [[1, 5], [2, 2]]),
        ([0, 3], [1, 1]),  # not in the table
        ([True, False], [2, 1]),
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["dict", "numpy keys"])
def test_weights_of_classes(y, weights, kind, device):
    table = TABLE if kind == "dict" else {np.int64(k): np.float64(v) for k, v in TABLE.items()}
    assert weights_of(y, table) == weights
    if np.max(y) < 3:
        for listed in ([1.0, 2.0, 5.0], (1, 2, 5), np.array([1.0, 2.0, 5.0])):
            assert weights_of(y, listed) == weights


def test_class_numbers_that_look_like_one_hot_rows():
    y = [[0, 1, 0], [1, 0, 0]]
    assert weights_of(y, TABLE) == [2, 1]
    assert weights_of(y, TABLE, class_numbers=True) == [[1, 2, 1], [2, 1, 1]]


def test_class_weights_of_the_steps_of_sequences():
    """fit(class_weight=) is fit(sample_weight=) with the weight of each step."""

    def make():
        model = Sequential(Embedding(9, 4, input_shape=(5,)), Dense(3, activation="softmax"))
        model.compile(SGD(0.5), "sparse_categorical_crossentropy")
        return model

    a, b = twins(make)
    x, y = rng.integers(0, 9, (20, 5)), rng.integers(0, 3, (20, 5))
    each = np.array([1.0, 2.0, 5.0])[y]
    a.fit(x, y, class_weight=TABLE, shuffle=False, verbose=0)
    b.fit(x, y, sample_weight=each, shuffle=False, verbose=0)
    assert_equal_weights(a, b)
    a.train_on_batch(x, y, class_weight=[1, 2, 5], sample_weight=np.arange(20.0))
    b.train_on_batch(x, y, sample_weight=each * np.arange(20.0)[:, None])
    assert_equal_weights(a, b)


def test_class_weights_times_sample_weights():
    assert weights_of([0, 1], TABLE, [3.0, 4.0]) == [3, 8]
    assert weights_of([[0, 2], [1, 1]], TABLE, [3.0, 4.0]) == [[3, 15], [8, 8]]
    assert weights_of([[0, 2], [1, 1]], TABLE, [[1, 2], [3, 4]], True) == [[1, 10], [6, 8]]
    assert weights_of([1, 0], TABLE, [[1, 2], [3, 4]]) == [[2, 4], [3, 4]]


def test_balanced_class_weights_are_those_of_scikit_learn():
    from sklearn.utils import compute_class_weight

    y = rng.integers(0, 3, 60) ** 2  # 0, 1 and 4
    classes = np.unique(y)
    table = dict(zip(classes, compute_class_weight("balanced", classes=classes, y=y), strict=True))
    np.testing.assert_allclose(weights_of(y, "balanced"), [table[c] for c in y], rtol=1e-6)
    a, b = twins(classifier)
    counts = np.bincount(LABELS)
    a.fit(X, LABELS, class_weight="balanced", verbose=0, shuffle=False)
    b.fit(X, LABELS, class_weight=50 / (3 * counts), verbose=0, shuffle=False)
    assert_equal_weights(a, b)
    a.train_on_batch(X, np.eye(3)[LABELS].argmax(1), class_weight="balanced")
    b.train_on_batch(X, LABELS, class_weight=(50 / (3 * counts)).tolist())
    assert_equal_weights(a, b)


@pytest.mark.parametrize(
    "y, class_weight, error, words",
    [
        ([0, 1], "balance", ValueError, "did you mean 'balanced'"),
        ([0, 1], 2.0, TypeError, "expected {class number: weight}, a list or array"),
        ([0, 2], [1.0, 2.0], ValueError, r"of shape \(2,\) does not fit the classes 0 to 2 in y"),
        ([-1, 1], [1.0, 2.0], ValueError, "does not fit the classes -1 to 1"),
        ([0, 1], np.ones((2, 2)), ValueError, "class_weight of shape"),
        ([0, 1], {"cat": 2.0}, ValueError, "keys are class numbers, as in y, not 'cat'"),
        ([0, 1], {0.5: 2.0}, ValueError, "keys are class numbers, as in y, not 0.5"),
        ([0, 1], {0: -1.0}, ValueError, "the weight of class 0 must be a number and not negative"),
        ([0, 1], {0: float("nan")}, ValueError, "the weight of class 0 must be"),
        ([0, 1], {0: "2"}, ValueError, "the weight of class 0 must be"),
        ([0, 1], [1.0, -2.0], ValueError, "the weight of class 1 must be"),
        ([0.5, 1.0], {0: 1.0}, ValueError, "needs class numbers or one-hot rows: .* holds 0.5"),
        ([[0.5, 1.7]], {0: 1.0}, ValueError, "needs class numbers or one-hot rows"),
    ],
    ids=str,
)
def test_class_weights_that_do_not_fit(y, class_weight, error, words):
    with pytest.raises(error, match=words):
        weights_of(y, class_weight)
    model = regression()
    with pytest.raises(error, match=words):
        model.fit(X[: len(y)], np.asarray(y), class_weight=class_weight, verbose=0)
    with pytest.raises(error, match=words):
        model.train_on_batch(X[: len(y)], np.asarray(y), class_weight=class_weight)
