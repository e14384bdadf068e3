"""Residual and Parallel: equations, lists of Tensors."""

import numpy as np

from minigrad import Sequential, Tensor, grad, ops
from minigrad.layers import Dense, Lambda, Layer, Parallel, Residual

from .helpers import assert_close, assert_equal, values

rng = np.random.default_rng(3)
X = rng.standard_normal((5, 4)).astype("float32")


def test_residual_equation(xp):
    a = Dense(4, "tanh")
    b = Dense(4)
    x = xp.asarray(X)
    ya = values(a(x))
    yb = values(b(x))
    assert_close(Residual(a)(x), ya + X, 0, 1e-6)
    assert_close(Residual(a, b)(x), ya + yb, 0, 1e-6)


def test_parallel_equations(xp):
    a = Dense(4, "tanh")
    b = Dense(4)
    x = xp.asarray(X)
    ya = values(a(x))
    yb = values(b(x))
    assert_equal(Parallel(a, b)(x), np.concatenate([ya, yb], -1))
    assert_equal(Parallel(a, b, a, join="sum")(x), ya + yb + ya)
    first, second = Parallel(a, b, join="list")(x)
    assert_equal(first, ya)
    assert_equal(second, yb)


def test_a_list_of_tensors_keeps_its_graph():
    both = Parallel(Dense(3), Dense(3), join="list")
    product = Lambda(lambda pair: pair[0] * pair[1])
    model = Sequential(both, product)
    y = model(X)
    gradients = grad(ops.sum(y), model.weights)
    assert y.shape == (5, 3)
    assert len(gradients) == 4
    assert all(float(abs(g).max()) > 0 for g in gradients)


class Mix(Layer):
    """A layer of one's own with a list as its input."""

    def build(self, input_shape):
        self.shapes = input_shape
        self.share = self.add_weight((), "ones")

    def call(self, pair):
        return pair[0] * self.share + pair[1]


def test_a_layer_is_built_from_a_list_of_shapes():
    mix = Mix()
    mix([Tensor(X), Tensor(X)])
    assert mix.shapes == [(5, 4), (5, 4)]
    assert mix.share.name == "share"
