"""Dense: the equation, its initial weights, its units."""

import math

import numpy as np
import pytest

import minigrad
from minigrad import activations
from minigrad.layers import Activation, Conv2D, Dense

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


@pytest.mark.parametrize(
    "layer, x",
    [
        (Dense(2, "softmax"), np.ones((3, 4))),
        (Conv2D(2, 3, activation="softmax"), np.ones((1, 4, 4, 1))),
        (Activation("softmax"), np.ones((3, 4))),
    ],
)
def test_an_activation_may_be_set_afterwards(layer, x):
    layer(x)
    layer.activation = "relu"
    assert (
        layer.activation is activations.get("relu") and layer.get_config()["activation"] == "relu"
    )
    layer.activation = None  # as scripts do before they look at the scores
    y = layer(x)
    layer.activation = "softmax"
    np.testing.assert_allclose(layer(x).numpy(), minigrad.softmax(y).numpy(), rtol=1e-6)
    with pytest.raises(ValueError, match="unknown activation 'sofmax': did you mean 'softmax'"):
        layer.activation = "sofmax"
    assert layer.activation is activations.get("softmax")
