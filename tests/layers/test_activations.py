"""Activation layers: slopes on either side of the kinks, softmax over an axis."""

import math

import numpy as np
import pytest

from minigrad.layers import ELU, LeakyReLU, PReLU, ReLU, Softmax

from .helpers import assert_close, values

rng = np.random.default_rng(3)


@pytest.mark.parametrize(
    "kind, arguments, expected",
    [
        (ReLU, {}, [0, 0, 0, 0.5, 4]),
        (ReLU, {"max_value": 1}, [0, 0, 0, 0.5, 1]),
        (ReLU, {"negative_slope": 0.1}, [-0.3, -0.05, 0, 0.5, 4]),
        (ReLU, {"threshold": 1}, [0, 0, 0, 0, 4]),
        (
            ReLU,
            {"max_value": 2, "negative_slope": 0.5, "threshold": 1},
            [-2, -0.75, -0.5, -0.25, 2],
        ),
        (LeakyReLU, {}, [-0.9, -0.15, 0, 0.5, 4]),
        (LeakyReLU, {"negative_slope": 0.2}, [-0.6, -0.1, 0, 0.5, 4]),
        (LeakyReLU, {"alpha": 0.2}, [-0.6, -0.1, 0, 0.5, 4]),
        (ELU, {}, [math.expm1(-3), math.expm1(-0.5), 0, 0.5, 4]),
        (ELU, {"alpha": 2.0}, [2 * math.expm1(-3), 2 * math.expm1(-0.5), 0, 0.5, 4]),
        (PReLU, {"alpha_initializer": "ones"}, [-3, -0.5, 0, 0.5, 4]),
        (PReLU, {}, [0, 0, 0, 0.5, 4]),
    ],
)
def test_piecewise_activations(kind, arguments, expected, xp):
    layer = kind(**arguments)
    assert_close(values(layer(xp.asarray([[-3, -0.5, 0, 0.5, 4.0]])))[0], expected, 1e-7, 1e-6)


def test_softmax_over_an_axis(xp):
    x = rng.standard_normal((2, 3, 4))
    for axis in (1, -1):
        y = values(Softmax(axis)(xp.asarray(x)))
        assert_close(y, np.exp(x) / np.exp(x).sum(axis, keepdims=True), 0, 1e-5)
