"""Dropout: statistics, seeds, devices, gradients, whole channels."""

import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, layers, ops, training
from minigrad.layers import Dropout, SpatialDropout1D, SpatialDropout2D

from .helpers import values


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_statistics(rate, xp):
    layer = Dropout(rate)
    x = xp.ones((200, 200), dtype="float32")
    with training():
        y = values(layer(x))
    np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - rate)], rtol=1e-6)
    assert abs((y == 0).mean() - rate) < 4 * math.sqrt(rate * (1 - rate) / y.size)
    assert np.corrcoef(y[:, 0], y[:, 1])[0, 1] < 0.5


def test_dropout_follows_seed_and_mode(xp):
    layer = Dropout(0.5)
    x = xp.ones((4, 30))

    def drawn(**options):
        return values(layer(x, **options))

    np.testing.assert_array_equal(drawn(), np.ones((4, 30)))  # inference
    minigrad.seed(4)
    first = drawn(training=True)
    minigrad.seed(4)
    with training():
        np.testing.assert_array_equal(drawn(), first)
        assert (drawn() != first).any()  # a new mask each call
        np.testing.assert_array_equal(drawn(training=False), np.ones((4, 30)))
        with training(False):
            np.testing.assert_array_equal(drawn(), np.ones((4, 30)))
        assert layers.is_training()
    assert not layers.is_training()
    np.testing.assert_array_equal(values(Dropout(0.0)(x, training=True)), np.ones((4, 30)))


def test_dropout_masks_are_the_same_on_every_device(xp):
    minigrad.seed(1)
    y = values(Dropout(0.3)(xp.ones((3, 5)), training=True))
    minigrad.seed(1)
    np.testing.assert_array_equal(y, values(Dropout(0.3)(np.ones((3, 5)), training=True)))


def test_dropout_gradient():
    layer = Dropout(0.5)
    x = Tensor(np.ones((3, 4)), requires_grad=True)
    y = layer(x, training=True)
    np.testing.assert_array_equal(values(grad(ops.sum(y), [x])[0]), values(y))


@pytest.mark.parametrize("rate", [1, 1.5, -0.1])
def test_dropout_rate(rate):
    with pytest.raises(ValueError, match="rate must be in"):
        Dropout(rate)


@pytest.mark.parametrize(
    "layer, shape", [(SpatialDropout1D(0.5), (6, 7, 40)), (SpatialDropout2D(0.5), (6, 3, 4, 40))]
)
def test_spatial_dropout_drops_whole_channels(layer, shape, xp):
    y = values(layer(xp.ones(shape, "float32"), training=True)).reshape(6, -1, 40)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0.0, 2.0}
    assert (y[0] != y[1]).any()
    assert 0.3 < (y[:, 0] == 0).mean() < 0.7
    assert (values(layer(xp.ones(shape, "float32"))) == 1).all()
    with pytest.raises(ValueError, match=r"of shape \(N, "):
        type(layer)(0.5)(xp.ones((2, 3)))
