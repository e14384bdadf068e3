"""Embedding: vectors, gradients, ids that do not fit."""

import numpy as np
import pytest

from minigrad import Input, Model, grad, ops
from minigrad.layers import Embedding, Lambda

from .helpers import assert_equal, values


def test_embedding(xp):
    layer = Embedding(6, 3)
    ids = [[5, 0, 0], [1, 5, 2]]
    y = layer(xp.asarray(ids))
    (table,) = layer.get_weights()
    assert_equal(y, table[np.asarray(ids)])
    (slope,) = grad(ops.sum(y), [layer.embeddings])
    assert values(slope)[:, 0].tolist() == [2, 1, 1, 0, 0, 2]
    for dtype in ("uint8", "float32", "float64"):
        assert_equal(layer(xp.asarray(ids, dtype=dtype)), values(y))
    assert layer(np.zeros((0, 2), int) if xp is np else xp.zeros((0, 2), int)).shape == (0, 2, 3)


@pytest.mark.parametrize(
    "ids, error, words",
    [
        ([0, 6], IndexError, "ids run from 0 to 6.*input_dim=6 allows 0..5"),
        ([6], IndexError, "ids run from 6 to 6"),
        ([-1, 2], IndexError, "from -1 to 2"),
        ([-1], IndexError, "from -1 to -1"),
        ([0.0, 1.5], ValueError, "whole numbers as ids, got 1.5"),
        ([0.0, 7.0], IndexError, "ids run from 0 to 7"),
    ],
)
def test_embedding_refuses(ids, error, words, xp):
    layer = Embedding(6, 3)
    with pytest.raises(error, match=f"layer embedding: .*{words}"):
        layer(xp.asarray(ids))
    assert not layer.built


def test_vectors_to_start_from():
    vectors = np.arange(8.0, dtype="float32").reshape(4, 2)
    for weights in (vectors, [vectors]):
        layer = Embedding(4, 2, weights=weights, trainable=False)
        assert_equal(layer([[3, 1]]).numpy(), vectors[[[3, 1]]])
        assert layer.trainable_weights == [] and layer.get_config()["weights"] is None
    with pytest.raises(ValueError, match=r"expects arrays of shapes \[\(5, 2\)\]"):
        Embedding(5, 2, weights=[vectors])([[0]])


def test_positions_in_a_sequence_of_open_length():
    """The length that stands for it while shapes are found may be beyond the table."""
    embedding = Embedding(6, 2)
    x = Input((None,), dtype="int64")
    add_positions = Lambda(lambda ids: embedding(ids) + embedding(ops.arange(ids.shape[-1])))
    model = Model(x, add_positions(x))
    assert model.output_shape == (None, None, 2)
    assert model.predict(np.ones((3, 6), int)).shape == (3, 6, 2)
    with pytest.raises(IndexError, match="ids run from 0 to 6"):
        model.predict(np.ones((3, 7), int))
