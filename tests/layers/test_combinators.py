"""Residual and Parallel: equations, lists of Tensors."""

import numpy as np

from minigrad import Sequential, Tensor, grad, ops
from minigrad.layers import Dense, Lambda, Layer, Parallel, Residual

from .helpers import values

rng = np.random.default_rng(3)

X = rng.standard_normal((5, 4)).astype("float32")


def test_residual_and_parallel_equations(xp):
    a = Dense(4, "tanh")
    b = Dense(4)
    x = xp.asarray(X)
    np.testing.assert_allclose(values(Residual(a)(x)), values(a(x)) + X, rtol=1e-6)
    np.testing.assert_allclose(values(Residual(a, b)(x)), values(a(x)) + values(b(x)), rtol=1e-6)
    np.testing.assert_array_equal(
        values(Parallel(a, b)(x)), np.concatenate([values(a(x)), values(b(x))], -1)
    )
    np.testing.assert_array_equal(
        values(Parallel(a, b, a, join="sum")(x)), values(a(x)) + values(b(x)) + values(a(x))
    )
    first, second = Parallel(a, b, join="list")(x)
    np.testing.assert_array_equal(values(first), values(a(x)))
    np.testing.assert_array_equal(values(second), values(b(x)))


def test_a_list_of_tensors_keeps_its_graph():
    model = Sequential(
        Parallel(Dense(3), Dense(3), join="list"), Lambda(lambda pair: pair[0] * pair[1])
    )
    y = model(X)
    slopes = grad(ops.sum(y), model.weights)
    assert y.shape == (5, 3)
    assert len(slopes) == 4
    assert all(float(abs(g).max()) > 0 for g in slopes)

    class Mix(Layer):
        def build(self, input_shape):
            self.shapes = input_shape
            self.share = self.add_weight((), "ones")

        def call(self, pair):
            return pair[0] * self.share + pair[1]

    mix = Mix()
    mix([Tensor(X), Tensor(X)])
    assert mix.shapes == [(5, 4), (5, 4)]
    assert mix.share.name == "share"
