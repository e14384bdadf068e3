"""A wrong rule gets a cross at its own step, a right one a tick, a kink is called so."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, record
from minigrad.engine.autograd import Primitive, primitive


@pytest.fixture
def op():
    """Makes an op that is forgotten after the test."""
    made = []

    def make(forward, *rules):
        made.append(primitive(forward).gradients(*rules))
        return made[-1]

    yield make
    for one in made:
        Primitive.registry.remove(one)


def cube(x):
    """x ** 3"""
    return x * x * x


def verdicts(function, *inputs):
    with record() as run:
        minigrad.sum(function(*inputs)).backward()
    return {step.name: [c.verdict for c in step.checks] for step in run.steps if run.check()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3,), (7, 9)])
def test_a_forgotten_square_is_found(op, dtype, shape):
    values = np.random.default_rng(0).uniform(0.5, 1.5, shape)
    x = Tensor(values, requires_grad=True, dtype=dtype)
    right = op(cube, lambda g, y, x: g * (3 * x * x))
    assert verdicts(right, x)["cube"] == ["right"]
    wrong = op(cube, lambda g, y, x: g * (3 * x))
    found = verdicts(wrong, x)
    assert found["cube"] == ["wrong"] and found["sum"] == ["right"], "its own step, no other"


def test_an_error_in_one_element_of_a_small_array_is_named(op):
    x = Tensor([1.0, 2.0, 0.5], requires_grad=True)
    wrong = op(cube, lambda g, y, x: g * (3 * x * x) * np.array([1, 1, 1.01], "float32"))
    with record() as run:
        minigrad.sum(wrong(x)).backward()
    (check,) = [c for c in run.check() if c.verdict == "wrong"]
    assert "for element 2 the rule says 0.7575, a nudge says 0.75" in check.text
    np.testing.assert_allclose(check.slopes, [3.0, 12.0, 0.75], rtol=1e-5)


def test_a_kink_is_no_error():
    x = Tensor([0.0, 1.0], requires_grad=True)
    assert verdicts(minigrad.relu, x)["relu"] == ["kink"]
    assert verdicts(minigrad.relu, x + 0.5)["relu"] == ["right"]


def test_what_cannot_be_checked_is_said():
    x = Tensor([1.0], requires_grad=True)
    y = minigrad.exp(x)
    with record() as run:
        y.backward()
    (check,) = run.check()
    assert check.verdict == "open" and "not recorded" in check.text
    nothing = Tensor(np.zeros((0, 3)), requires_grad=True)
    assert verdicts(minigrad.exp, nothing)["exp"] == ["right"]
    with np.errstate(all="ignore"):
        assert verdicts(minigrad.log, Tensor([0.0], requires_grad=True))["log"] == ["open"]


def test_a_sum_that_is_nearly_zero_is_no_error():
    """The gradient of a bias before a batch normalization is rounding alone."""
    minigrad.seed(0)
    layers = minigrad.layers
    model = minigrad.Sequential([layers.Dense(8), layers.BatchNormalization(), layers.Dense(2)])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).random((32, 4)).astype("float32")
    with record() as run:
        model.train_on_batch(x, x[:, :2])
    assert {check.verdict for check in run.check()} == {"right"}
