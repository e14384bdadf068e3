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
        for name, op in vars(ops.activations).items()
        if name in ops.__all__
        and op is getattr(ops, name)
        and getattr(op, "__module__", "") == ops.activations.__name__
    }
    assert written
    assert written <= known


@pytest.mark.parametrize("name", sorted(activations.NAMES))
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
        assert getattr(activations, name) is function
        assert name in activations.__all__
