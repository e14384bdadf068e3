"""Activation layers: slopes on either side of the kinks, softmax over an axis."""

import math

import numpy as np
import pytest

from minigrad import Tensor
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


@pytest.mark.parametrize("axis", [-1, 1, (1, 2)])
def test_softmax_leaves_out_what_a_mask_hides(axis, xp):
    x = rng.standard_normal((2, 3, 4)).astype("float32")
    mask = rng.random((2, 3, 4)) < 0.6
    mask[0] = False  # all hidden: zeros
    scores = Tensor(xp.asarray(x), requires_grad=True)
    y = Softmax(axis)(scores, mask=xp.asarray(mask))
    exponentials = np.exp(x) * mask
    total = exponentials.sum(axis, keepdims=True)
    assert_close(values(y), exponentials / np.where(total == 0, 1, total), 1e-6, 1e-5)
    assert y.mask is None
    (y * y).sum().backward()
    assert np.isfinite(values(scores.grad)).all() and not values(scores.grad)[~mask].any()
    half = Softmax(axis)(Tensor(xp.asarray(x), dtype="float16"), mask=xp.asarray(mask))
    assert half.dtype == "float16"
    assert_close(values(half), values(y), 2e-3, 2e-3)
    part = mask[:, :, :1]
    y = Softmax(axis)(scores, mask=xp.asarray(part))
    assert not values(y)[~np.broadcast_to(part, x.shape)].any()


def test_softmax_hands_on_a_mask_of_steps():
    x, steps = rng.standard_normal((2, 3, 4)), np.array([[True, False, False], [True, True, False]])
    y = Softmax()(x, mask=steps)
    assert_close(values(y).sum(-1), np.ones((2, 3)), 1e-6, 1e-6)
    assert (y.mask == steps).all()
    weights = Softmax()(x[..., 0], mask=steps)  # of steps, and of elements
    assert not values(weights)[~steps].any() and (weights.mask == steps).all()


def test_softmax_over_an_axis(xp):
    x = rng.standard_normal((2, 3, 4))
    for axis in (1, -1):
        y = values(Softmax(axis)(xp.asarray(x)))
        assert_close(y, np.exp(x) / np.exp(x).sum(axis, keepdims=True), 0, 1e-5)
