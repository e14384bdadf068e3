"""Dense and Embedding."""

import math

import numpy as np
import pytest

from minigrad import grad, ops
from minigrad.layers import Dense, Embedding

from .helpers import assert_close, assert_equal, values

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


def test_embedding(xp):
    layer = Embedding(6, 3)
    ids = [[5, 0, 0], [1, 5, 2]]
    y = layer(xp.asarray(ids))
    (table,) = layer.get_weights()
    assert_equal(y, table[np.asarray(ids)])
    (slope,) = grad(ops.sum(y), [layer.embeddings])
    assert values(slope)[:, 0].tolist() == [2, 1, 1, 0, 0, 2]
    assert layer(xp.asarray(ids, dtype="uint8")).shape == (2, 3, 3)
    assert layer(np.zeros((0, 2), int) if xp is np else xp.zeros((0, 2), int)).shape == (0, 2, 3)


@pytest.mark.parametrize(
    "ids, error, words",
    [
        ([0, 6], IndexError, "ids run from 0 to 6.*input_dim=6 allows 0..5"),
        ([-1, 2], IndexError, "from -1 to 2"),
        ([0.0, 1.0], TypeError, "integer ids, got float32"),
    ],
)
def test_embedding_refuses(ids, error, words, xp):
    layer = Embedding(6, 3)
    with pytest.raises(error, match=f"layer embedding: .*{words}"):
        layer(xp.asarray(ids))
    assert not layer.built


def test_units_may_be_any_integer():
    assert Dense(np.int64(3))(X).shape == (5, 3)
