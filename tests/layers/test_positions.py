"""Positions: sines and cosines, learned vectors."""

import numpy as np
import pytest

from minigrad.layers import LearnedPositions, SinusoidalPositions

from .helpers import values

rng = np.random.default_rng(5)

X = rng.standard_normal((2, 6, 8)).astype("float32")


def test_sinusoidal_positions(xp):
    y = values(SinusoidalPositions()(xp.zeros((1, 7, 5), "float32")))[0]
    wanted = [
        [(np.sin, np.cos)[i % 2](p / 10000 ** ((i - i % 2) / 5)) for i in range(5)]
        for p in range(7)
    ]
    np.testing.assert_allclose(y, wanted, atol=1e-6)
    np.testing.assert_array_equal(
        values(SinusoidalPositions()(xp.zeros((1, 2, 5), "float32"), start=5))[0], y[5:]
    )


def test_learned_positions(xp):
    layer = LearnedPositions(6)
    table = values(layer(xp.zeros((1, 6, 8), "float32")))[0]
    np.testing.assert_array_equal(
        values(layer(xp.asarray(X[:, :2]), start=4)), X[:, :2] + table[4:]
    )
    with pytest.raises(
        ValueError, match="5 tokens from position 2 on ends at 7, but there are 6 positions"
    ):
        layer(xp.asarray(X[:, :5]), start=2)
    with pytest.raises(ValueError, match="8 tokens from position 0"):
        LearnedPositions(6)(xp.zeros((1, 8, 4)))
