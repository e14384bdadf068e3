"""Data and small models that the tests of training share."""

import numpy as np

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense

rng = np.random.default_rng(1)

X = rng.standard_normal((50, 4)).astype("float32")


LABELS = (X[:, 0] + X[:, 1] > 0).astype(int) + (X[:, 2] > 1)


Y = X @ np.array([[1.0], [2.0], [-1.0], [0.5]], "float32") + 0.1


def classifier(optimizer="adam", **options):
    model = Sequential(
        [Dense(8, activation="relu", input_shape=(4,)), Dense(3, activation="softmax")]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", **options)
    return model


def regression(optimizer="sgd", loss="mse", **options):
    model = Sequential(Dense(1, input_shape=(4,)))
    model.compile(optimizer, loss, **options)
    return model


def twins(make, n=2):
    """The same model n times."""
    made = []
    for _ in range(n):
        minigrad.seed(3)
        made.append(make())
    return made


def assert_equal_weights(a, b, **close):
    for p, q in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_allclose(p, q, **close) if close else np.testing.assert_array_equal(p, q)
