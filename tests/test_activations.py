"""Activations by name: the table, what it refuses, and known figures."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from minigrad import Tensor, activations, layers, ops
from minigrad.backend import to_cpu

X = np.array([[-2.0, -0.5, 0.0, 0.5, 3.0]])


def test_every_activation_of_ops_has_a_name():
    known = {name for name in activations.NAMES if name != "linear"}
    written = {
        name
        for home in (ops.activations, ops.shrinkage)
        for name, op in vars(home).items()
        if name in ops.__all__
        and op is getattr(ops, name)
        and getattr(op, "__module__", "") == home.__name__
    }
    assert written
    assert written <= known | {"threshold"}  # which needs two numbers


@pytest.mark.parametrize("name", sorted(activations.NAMES.keys() - {"glu"}))
def test_by_name(name, xp, same_dtype):
    f = activations.get(name)
    y = f(Tensor(xp.asarray(X)))
    same_dtype("float32", y)
    assert y.shape == X.shape
    layer = layers.Activation(name)(Tensor(xp.asarray(X)))
    assert_array_equal(layer.numpy(), y.numpy())
    same = {"linear": "linear", "exponential": "exp", "swish": "silu"}.get(name, name)
    if same != "linear":
        assert_array_equal(y.numpy(), getattr(ops, same)(Tensor(xp.asarray(X))).numpy())
    else:
        assert_array_equal(y.numpy(), X)


@pytest.mark.parametrize(
    "name, expected",
    [
        ("relu", [0, 0, 0, 0.5, 3]),
        ("leaky_relu", [-0.4, -0.1, 0, 0.5, 3]),
        ("elu", [np.expm1(-2), np.expm1(-0.5), 0, 0.5, 3]),
        ("softsign", [-2 / 3, -1 / 3, 0, 1 / 3, 0.75]),
        ("hard_sigmoid", [1 / 6, 0.5 - 0.5 / 6, 0.5, 0.5 + 0.5 / 6, 1]),
        ("sigmoid", 1 / (1 + np.exp(-X[0]))),
        ("softmax", np.exp(X[0]) / np.exp(X[0]).sum()),
        ("linear", X[0]),
    ],
)
def test_keras_defaults(name, expected):
    assert_allclose(
        to_cpu(activations.get(name)(Tensor(X)).data)[0], expected, rtol=1e-6, atol=1e-7
    )


def test_functions_and_none_pass():
    def own(x):
        return x * 2

    assert activations.get(own) is own
    assert activations.get(None) is activations.linear
    assert layers.Dense(2, activation=own).activation is own


def test_unknown_names():
    with pytest.raises(ValueError, match="unknown activation 'rleu': did you mean 'relu'"):
        layers.Dense(3, activation="rleu")
    with pytest.raises(TypeError, match="activation"):
        activations.get(3)


def test_every_name_but_the_synonyms_is_a_function_of_the_module():
    for name, function in activations.NAMES.items():
        assert activations.get(getattr(activations, name)) is function
        assert name in activations.__all__


def test_relu_with_settings():
    """Keras's, also where the slope at the kink is asked for; without settings it is the op."""
    x = np.array([-2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
    f = activations.relu
    assert_array_equal(f(x), [0, 0, 0, 1, 2, 3])
    assert_allclose(f(x, 0.1, 2.0, 1.0), [-0.3, -0.2, -0.1, 0, 2, 2])
    assert_array_equal(f(x, threshold=1.0), [0, 0, 0, 0, 2, 3])
    assert activations.get(f) is layers.Dense(2, f).activation is ops.relu
    t = Tensor(x, requires_grad=True)
    f(t, 0.1, 2.0).sum().backward()
    assert_allclose(t.grad, [0.1, 0.1, 0.1, 1, 0, 0])


def test_glu_halves_an_axis():
    assert activations.get("glu")(np.zeros((2, 6))).shape == (2, 3)


def test_names_of_functions_and_back():
    for name, function in activations.NAMES.items():
        assert activations.deserialize(activations.serialize(function)) is function, name
    assert activations.serialize(activations.relu) == "relu"
    with pytest.raises(ValueError, match="has no name"):
        activations.serialize(lambda x: x)
    with pytest.raises(ValueError, match="unknown activation 'relv'"):
        activations.deserialize("relv")
