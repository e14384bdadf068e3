"""Dropout: statistics, seeds, devices, gradients, whole channels."""

import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, layers, ops, training
from minigrad.layers import (
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
)

from .helpers import assert_close, assert_equal, values


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_statistics(rate, xp):
    layer = Dropout(rate)
    x = xp.ones((200, 200), dtype="float32")
    with training():
        y = values(layer(x))
    assert_close(np.unique(y), [0, 1 / (1 - rate)], 0, 1e-6)
    deviation = math.sqrt(rate * (1 - rate) / y.size)
    assert abs((y == 0).mean() - rate) < 4 * deviation
    assert np.corrcoef(y[:, 0], y[:, 1])[0, 1] < 0.5


def test_dropout_follows_the_seed(xp):
    layer = Dropout(0.5)
    x = xp.ones((4, 30))
    minigrad.seed(4)
    first = values(layer(x, training=True))
    minigrad.seed(4)
    with training():
        assert_equal(layer(x), first)
        assert (values(layer(x)) != first).any()  # a new mask each call


def test_dropout_follows_the_mode(xp):
    layer = Dropout(0.5)
    x = xp.ones((4, 30))
    ones = np.ones((4, 30))
    assert_equal(layer(x), ones)
    with training():
        assert_equal(layer(x, training=False), ones)
        with training(False):
            assert_equal(layer(x), ones)
        assert layers.is_training()
    assert not layers.is_training()
    assert_equal(Dropout(0.0)(x, training=True), ones)


def test_dropout_masks_are_the_same_on_every_device(xp):
    layer = Dropout(0.3)
    minigrad.seed(1)
    y = layer(xp.ones((3, 5)), training=True)
    minigrad.seed(1)
    assert_equal(y, Dropout(0.3)(np.ones((3, 5)), training=True))


def test_dropout_gradient():
    layer = Dropout(0.5)
    x = Tensor(np.ones((3, 4)), requires_grad=True)
    y = layer(x, training=True)
    (g,) = grad(ops.sum(y), [x])
    assert_equal(g, y)


@pytest.mark.parametrize("rate", [1, 1.5, -0.1])
def test_dropout_rate(rate):
    with pytest.raises(ValueError, match="rate must be in"):
        Dropout(rate)


@pytest.mark.parametrize(
    "kind, shape", [(SpatialDropout1D, (6, 7, 40)), (SpatialDropout2D, (6, 3, 4, 40))]
)
def test_spatial_dropout_drops_whole_channels(kind, shape, xp):
    layer = kind(0.5)
    ones = xp.ones(shape, "float32")
    y = values(layer(ones, training=True))
    y = y.reshape(6, -1, 40)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0.0, 2.0}
    assert (y[0] != y[1]).any()
    assert 0.3 < (y[:, 0] == 0).mean() < 0.7
    assert (values(layer(ones)) == 1).all()
    with pytest.raises(ValueError, match=r"of shape \(N, "):
        kind(0.5)(xp.ones((2, 3)))


@pytest.mark.parametrize(
    "layer, mean, deviation", [(GaussianNoise(0.3), 2.0, 0.3), (GaussianDropout(0.2), 2.0, 1.0)]
)
def test_noise_has_its_mean_and_deviation(layer, mean, deviation, xp):
    x = xp.full((200, 200), 2.0, "float32")
    assert_equal(layer(x), np.full((200, 200), 2.0, "float32"))
    y = values(layer(x, training=True))
    assert y.dtype == np.float32
    assert abs(y.mean() - mean) < 4 * deviation / 200
    assert abs(y.std() - deviation) < 4 * deviation / 200
    minigrad.seed(3)
    first = values(layer(x, training=True))
    minigrad.seed(3)
    assert_equal(layer(x, training=True), first)


def test_no_noise_at_all(xp):
    x = xp.ones((3, 4), dtype="float32")
    for layer in (GaussianNoise(0.0), GaussianDropout(0.0)):
        assert_equal(layer(x, training=True), np.ones((3, 4), "float32"))
    with pytest.raises(ValueError, match="stddev must be 0 or more, not -1"):
        GaussianNoise(-1)
    with pytest.raises(ValueError, match="GaussianDropout: rate must be in"):
        GaussianDropout(1.0)
