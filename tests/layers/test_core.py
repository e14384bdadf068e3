"""Dense: the equation, its initial weights, its units."""

import math

import numpy as np

from minigrad.layers import Dense

from .helpers import assert_close

rng = np.random.default_rng(3)

X = rng.standard_normal((5, 4)).astype("float32")


def test_dense(xp):
    layer = Dense(3, activation="relu", bias_initializer="ones")
    y = layer(xp.asarray(X))
    kernel, bias = layer.get_weights()
    assert layer.kernel.name == "kernel"
    assert layer.bias.name == "bias"
    assert bias.tolist() == [1, 1, 1]
    assert_close(y, np.maximum(X @ kernel + bias, 0), 0, 1e-6)
    limit = math.sqrt(6 / 7)
    assert 0 < abs(kernel).max() <= limit
    assert abs(kernel).max() > limit / 3


def test_units_may_be_any_integer():
    assert Dense(np.int64(3))(X).shape == (5, 3)
