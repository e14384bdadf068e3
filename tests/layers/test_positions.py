"""Positions: sines and cosines, learned vectors."""

import numpy as np
import pytest

from minigrad.layers import LearnedPositions, SinusoidalPositions

from .helpers import assert_close, assert_equal, values

rng = np.random.default_rng(5)
X = rng.standard_normal((2, 6, 8)).astype("float32")


def encoding(position, feature, features):
    """The formula of the paper for one element."""
    wave = np.cos if feature % 2 else np.sin
    exponent = (feature - feature % 2) / features
    return wave(position / 10000**exponent)


def test_sinusoidal_positions(xp):
    layer = SinusoidalPositions()
    y = values(layer(xp.zeros((1, 7, 5), "float32")))[0]
    expected = [[encoding(p, i, 5) for i in range(5)] for p in range(7)]
    assert_close(y, expected)
    later = layer(xp.zeros((1, 2, 5), "float32"), start=5)
    assert_equal(later[0], y[5:])


def test_learned_positions(xp):
    layer = LearnedPositions(6)
    table = values(layer(xp.zeros((1, 6, 8), "float32")))[0]
    y = layer(xp.asarray(X[:, :2]), start=4)
    assert_equal(y, X[:, :2] + table[4:])
    message = "5 tokens from position 2 on ends at 7, but there are 6 positions"
    with pytest.raises(ValueError, match=message):
        layer(xp.asarray(X[:, :5]), start=2)
    with pytest.raises(ValueError, match="8 tokens from position 0"):
        LearnedPositions(6)(xp.zeros((1, 8, 4)))


def test_positions_are_for_sequences():
    with pytest.raises(ValueError, match="expects sequences"):
        SinusoidalPositions()(X[0])
