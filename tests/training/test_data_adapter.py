"""Data given to fit and evaluate: validation, weights, casts, and what is refused."""

import copy
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, grad, ops
from minigrad.layers import Conv2D, Dense, Embedding, Flatten
from minigrad.layers.base import Layer
from minigrad.optimizers.sgd import SGD

from .helpers import LABELS, X, Y, assert_equal_weights, classifier, regression, twins

rng = np.random.default_rng(1)


def test_validation_takes_the_last_rows_before_shuffling():
    model, twin = twins(lambda: regression(SGD(0.0)))
    seen = []

    class Peek(Sequential):
        def train_step(self, data):
            seen.append(data[0])
            return super().train_step(data)

    history = model.fit(X, Y, validation_split=0.2, verbose=0)
    assert history.history["val_loss"][0] == pytest.approx(twin.evaluate(X[40:], Y[40:]), rel=1e-6)
    assert history.history["loss"][0] == pytest.approx(twin.evaluate(X[:40], Y[:40]), rel=1e-5)
    peek = Peek(Dense(1, input_shape=(4,)))
    peek.compile("sgd", "mse")
    peek.fit(X, Y, validation_split=0.2, verbose=0, batch_size=15)
    rows = np.concatenate(seen)
    assert rows.shape == (40, 4) and (rows != X[:40]).any()
    np.testing.assert_array_equal(rows[np.lexsort(rows.T)], X[:40][np.lexsort(X[:40].T)])


def test_validation_data_wins_and_may_be_weighted():
    model = regression(SGD(0.0))
    w = rng.uniform(0, 2, 10)
    for validation, expected in (
        ((X[:10], Y[:10]), model.evaluate(X[:10], Y[:10])),
        ([X[:10], Y[:10]], model.evaluate(X[:10], Y[:10])),
        ((X[:10], Y[:10], w), model.evaluate(X[:10], Y[:10], sample_weight=w)),
    ):
        history = model.fit(X, Y, validation_data=validation, validation_split=0.5, verbose=0)
        assert history.history["val_loss"][0] == pytest.approx(expected, rel=1e-6)
        assert history.history["loss"][0] == pytest.approx(model.evaluate(X, Y), rel=1e-5)


def test_shuffling():
    def batches(shuffle, seed):
        seen, model = [], regression()
        model.train_step = lambda data: seen.append(data[0]) or {"loss": 0.0}
        minigrad.seed(seed)
        model.fit(X, Y, epochs=2, batch_size=20, verbose=0, shuffle=shuffle)
        return [np.concatenate(seen[:3]), np.concatenate(seen[3:])]

    first, second = batches(True, 1)
    again, _ = batches(True, 1)
    other, _ = batches(True, 2)
    np.testing.assert_array_equal(first, again)
    assert (first != second).any() and (first != other).any() and (first != X).any()
    for epoch in batches(False, 1):
        np.testing.assert_array_equal(epoch, X)


def test_sample_weights():
    w = rng.uniform(0, 2, 50).astype("float32")
    model, twin = twins(lambda: regression(metrics=["mae"], weighted_metrics=["mae", "mse"]))
    p = model.predict(X)
    values = model.train_on_batch(X, Y, sample_weight=w, return_dict=True)
    squares, distances = (p - Y)[:, 0] ** 2, abs(p - Y)[:, 0]
    # over the number of rows, as in Keras
    assert values["loss"] == pytest.approx((squares * w).sum() / 50, rel=1e-5)
    assert values["mae"] == pytest.approx(distances.mean(), rel=1e-5)
    assert values["weighted_mae"] == pytest.approx((distances * w).sum() / w.sum(), rel=1e-5)
    assert values["mse"] == pytest.approx((squares * w).sum() / w.sum(), rel=1e-5)
    loss = ops.mean(ops.square(twin(X) - Y) * w[:, None])
    SGD().apply(grad(loss, twin.weights), twin.weights)
    assert_equal_weights(model, twin, rtol=1e-5)
    a, b = twins(regression)
    a.fit(
        X,
        Y,
        sample_weight=np.where(np.arange(50) < 30, 1, 0),
        verbose=0,
        shuffle=False,
        batch_size=10,
    )
    for start in range(0, 30, 10):
        b.train_on_batch(X[start : start + 10], Y[start : start + 10])
    assert_equal_weights(a, b, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float64", "list", "tensor"])
def test_kinds_of_inputs(dtype):
    x = rng.integers(0, 3, (20, 4))
    given = x.tolist() if dtype == "list" else Tensor(x) if dtype == "tensor" else x.astype(dtype)
    a, b = twins(regression)
    a.fit(given, Y[:20].tolist() if dtype == "list" else Y[:20], verbose=0, shuffle=False)
    b.fit(x.astype("float32"), Y[:20], verbose=0, shuffle=False)
    assert_equal_weights(a, b)
    np.testing.assert_array_equal(a.predict(given), b.predict(x.astype("float32")))
    assert all(p.dtype == np.float32 for p in a.weights)


@pytest.mark.parametrize("use", ["fit", "evaluate", "predict", "train_on_batch", "__call__"])
@pytest.mark.parametrize(
    "first", [Conv2D(2, 3, input_shape=(6, 6, 1)), Flatten(input_shape=(6, 6, 1))]
)
def test_uint8_images_are_cast_once_and_told_of_once(use, first, monkeypatch):
    images, cast = rng.integers(0, 255, (20, 6, 6, 1)).astype("uint8"), []
    model = Sequential(copy.deepcopy(first), *[Flatten()] * isinstance(first, Conv2D), Dense(1))
    model.compile(SGD(0.0), "mse")
    monkeypatch.setattr(
        type(model), "cast", lambda self, x: cast.append(x.shape) or Layer.cast(self, x)
    )
    arguments = (images,) if use in ("predict", "__call__") else (images, np.zeros(20))
    options = {"batch_size": 4} if use in ("fit", "evaluate", "predict") else {}
    with pytest.warns(
        UserWarning,
        match="uint8 input of shape .* cast to float32 as it is, .* divide by 255 .*to_float",
    ) as told:
        getattr(model, use)(*arguments, **options)
        model.predict(images, batch_size=4)
    assert len(told) == 1
    assert cast == ([images.shape] * 2 if isinstance(first, Conv2D) else []), (
        "whole arrays; behind Flatten the Dense layer casts"
    )


def test_other_integers_are_cast_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        regression().fit(rng.integers(0, 3, (20, 4)), Y[:20], verbose=0)
        words = Sequential(Embedding(5, 3), Flatten(), Dense(1))
        words.compile("sgd", "mse")
        words.fit(rng.integers(0, 5, (20, 6)).astype("uint8"), np.zeros(20), verbose=0)
        regression().fit(X, (LABELS[:, None] % 2).astype("uint8"), verbose=0)


@pytest.mark.parametrize("rows, batch_size", [(5, 32), (1, 32), (1, 1), (33, 32)])
def test_few_rows(rows, batch_size):
    model = regression()
    history = model.fit(X[:rows], Y[:rows], batch_size=batch_size, verbose=0)
    assert model.optimizer.t == -(-rows // batch_size) and len(history.epoch) == 1
    assert model.predict(X[:rows]).shape == (rows, 1)


def holes(a, *rows):
    a = a.copy()
    a[list(rows)] = np.nan
    return a


@pytest.mark.parametrize(
    "give, error, words",
    [
        (
            lambda m: m.fit(holes(X, 7, 9), Y, verbose=0),
            ValueError,
            "x holds NaN or infinity in 2 of 50 rows, the first at row 7",
        ),
        (
            lambda m: m.fit(X, holes(Y, 3), verbose=0),
            ValueError,
            "y holds NaN or infinity in 1 of 50 rows, the first at row 3",
        ),
        (
            lambda m: m.fit(X * np.inf, Y, verbose=0),
            ValueError,
            "50 of 50 rows, the first at row 0",
        ),
        (
            lambda m: m.fit(X, Y, verbose=0, validation_data=(holes(X, 4), Y)),
            ValueError,
            "validation x holds NaN .* row 4",
        ),
        (
            lambda m: m.fit(X, Y, verbose=0, validation_data=X),
            ValueError,
            r"validation_data must be \(x, y\)",
        ),
        (lambda m: m.fit(X, Y[:49], verbose=0), ValueError, "y has 49 rows, x has 50"),
        (
            lambda m: m.fit(X, Y, sample_weight=np.ones(3), verbose=0),
            ValueError,
            "sample_weight has 3 rows, x has 50",
        ),
        (
            lambda m: m.fit(X, Y, verbose=0, validation_data=(X, Y[:2])),
            ValueError,
            "validation y has 2 rows, validation x has 50",
        ),
        (
            lambda m: m.fit(3.0, Y),
            ValueError,
            "x is a single number: expected an array whose first axis counts the rows",
        ),
        (lambda m: m.fit(X, 1), ValueError, "y is a single number"),
        (lambda m: m.fit(X[:0], Y[:0]), ValueError, "holds no rows"),
        (lambda m: m.predict(np.zeros((0, 4))), ValueError, "holds no rows"),
        (lambda m: m.fit(X, verbose=0), ValueError, "no targets y"),
        (
            lambda m: m.fit(X, class_weight={0: 1.0}, verbose=0),
            ValueError,
            "class_weight needs targets y",
        ),
        (
            lambda m: m.fit(X, sample_weight=np.ones(50), verbose=0),
            ValueError,
            "sample_weight needs y beside it",
        ),
        (
            lambda m: m.fit(X, Y, batch_size=0, verbose=0),
            ValueError,
            "batch_size must be a whole number, 1 or more, got 0",
        ),
        (
            lambda m: m.fit(X, Y, batch_size=64, drop_last=True, verbose=0),
            ValueError,
            "50 rows make no batch of 64",
        ),
        (
            lambda m: m.fit(X, Y, validation_split=1.0, verbose=0),
            ValueError,
            "fraction must lie between 0 and 1",
        ),
        (
            lambda m: m.fit(X, Y, validation_split=0.999, verbose=0),
            ValueError,
            "leaves none to train on",
        ),
        (lambda m: m.fit(["a", "b"], [1, 2]), TypeError, "expected numbers"),
        (lambda m: m.fit([[1, 2], [3]], [1, 2]), ValueError, "equal length"),
        (
            lambda m: m.fit(X[:, :3], Y, verbose=0),
            ValueError,
            "layer sequential/dense: Dense was built for 4 features",
        ),
        (
            lambda m: m.fit(X, np.zeros((50, 2)), verbose=0),
            ValueError,
            r"y_true has shape \(32, 2\), y_pred \(32, 1\)",
        ),
        (lambda m: m.train_on_batch(X, holes(Y, 3)), ValueError, "row 3"),
        (lambda m: m.evaluate(X, Y[:3]), ValueError, "y has 3 rows"),
        (lambda m: m.predict(holes(X, 1)), ValueError, "x holds NaN"),
    ],
)
def test_bad_data(give, error, words):
    model = regression()
    before = model.get_weights()
    with pytest.raises(error, match=words):
        give(model)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    "labels, error, words",
    [
        (np.full(50, 3), IndexError, "labels run from 3 to 3, but 3 classes"),
        (
            np.where(LABELS == 2, 7, LABELS),
            IndexError,
            r"end the model with Dense\(8\), for labels up to 7, or number the classes from 0 to 2",
        ),
        (LABELS * 2.0, IndexError, r"end the model with Dense\(5\)"),
        (LABELS - 1, IndexError, "from -1.* allow 0..2: number the classes from 0 to 2"),
        (LABELS * 0.5, ValueError, "must be integers, 0..2, but y_true holds 0.5"),
    ],
)
def test_bad_labels(labels, error, words, device):
    with pytest.raises(error, match=words):
        classifier().fit(X, labels, verbose=0)
