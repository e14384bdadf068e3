"""Optimizers of one's own as Keras writes them."""

import numpy as np
import pytest

from minigrad import Sequential, Variable, ops
from minigrad.constraints import NonNeg
from minigrad.layers import Dense
from minigrad.optimizers import SGD, Optimizer


class Momentum(Optimizer):
    """SGD with momentum, variable by variable."""

    def __init__(self, learning_rate=0.01, beta=0.9, **options):
        super().__init__(learning_rate=learning_rate, **options)
        self.beta = beta

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = [self.add_variable_from_reference(v, name="m") for v in variables]
        self.count = self.add_variable((), "zeros", name="count")

    def update_step(self, gradient, variable, learning_rate):
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, self.beta * m - ops.cast(learning_rate, variable.dtype) * gradient)
        self.assign_add(variable, m)
        self.assign_sub(self.count, -1.0)


@pytest.mark.parametrize(
    "options",
    [{}, {"clipnorm": 0.5}, {"weight_decay": 0.1}, {"learning_rate": lambda t: 0.1 / (1 + t)}],
)
def test_it_takes_the_steps_of_sgd_with_momentum(options):
    rate = {"learning_rate": 0.1}
    mine, theirs = Momentum(**{**rate, **options}), SGD(momentum=0.9, **{**rate, **options})
    draw = np.random.default_rng(0)
    values = [draw.normal(size=(2, 3)).astype("float32"), draw.normal(size=4).astype("float32")]
    first, second = [Variable(v) for v in values], [Variable(v) for v in values]
    for _ in range(3):
        gs = [draw.normal(size=v.shape).astype("float32") for v in values]
        mine.apply(gs, first)
        theirs.apply(gs, second)
    for a, b in zip(first, second):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5)
    assert mine.iterations == 3 and mine.count.item() == 6


def test_what_has_no_gradient_stays_and_constraints_hold():
    class Down(Optimizer):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_sub(variable, learning_rate * gradient)

    a, b = Variable([1.0]), Variable([1.0])
    Down(1.0).apply([None, np.ones(1)], [a, b])
    assert (a.item(), b.item()) == (1.0, 0.0)
    layer = Dense(1, kernel_constraint=NonNeg(), input_shape=(1,))
    layer.build((None, 1))
    Down(100.0).apply([np.ones((1, 1)), np.ones(1)], layer.weights)
    assert layer.kernel.item() == 0.0


def test_a_checkpoint_names_what_it_does_not_hold(tmp_path):
    model = Sequential(Dense(1, input_shape=(2,)))
    model.compile(Momentum(0.1), "mse")
    model.fit(np.ones((4, 2)), np.ones(4), verbose=0)
    model.save(tmp_path / "net.safetensors", epoch=1)
    model.load(tmp_path / "net.safetensors")
    with pytest.warns(UserWarning, match="the variables that Momentum made in build"):
        model.fit(np.ones((4, 2)), np.ones(4), initial_epoch=1, epochs=2, verbose=0)


def test_without_a_step_it_says_both_forms():
    class Nothing(Optimizer):
        pass

    with pytest.raises(TypeError, match=r"update\(self, p, g.*update_step\(self, gradient"):
        Nothing().apply([np.ones(1)], [Variable([1.0])])
