"""Elementwise ops: ties, kinks, powers of zero, shapes that do not broadcast."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu

from .helpers import fails, leaf


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_of_two_equals_the_first_has_the_gradient(name, xp):
    a, b = leaf(xp, [1.0, 2.0]), leaf(xp, [1.0, 2.0])
    ga, gb = grad(
        getattr(ops, name)(a, b), [a, b], cotangent=xp.asarray(np.array([3, 4], "float32"))
    )
    assert to_cpu(ga.data).tolist() == [3, 4] and to_cpu(gb.data).tolist() == [0, 0]


@pytest.mark.parametrize("name, value", [("absolute", 0), ("clip", 5)])
def test_gradients_at_a_kink(name, value, xp):
    """|x| has derivative 0 at 0; a limit of clip still belongs to the inside."""
    x = leaf(xp, [0.0])
    y = ops.clip(x, min=0, max=1) * 5 if name == "clip" else getattr(ops, name)(x)
    assert to_cpu(grad(y, [x])[0].data).tolist() == [value]


CONSTANT = ["ceil", "floor", "rint", "sign", "round", "isnan", "isfinite", "logical_not", "argsort"]
COMPARING = [
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "logical_and",
    "logical_or",
]


@pytest.mark.parametrize("name", [*CONSTANT, *COMPARING])
def test_results_that_no_small_change_moves_are_constants(name, xp):
    x = leaf(xp, [0.5, -1.5])
    y = getattr(ops, name)(*[x, x][: 2 if name in COMPARING else 1])
    assert isinstance(y, Tensor) and not y.requires_grad
    assert to_cpu(grad((x + y).sum(), [x])[0].data).tolist() == [1, 1]


def test_powers_of_zero(xp):
    """The derivative of 0 ** 2 is 0, of 0 ** 1 it is 1, 0 ** 0 counts as constant; none is NaN."""
    for exponent, slope, second in ((2, 0, 2), (1, 1, 0), (0, 0, 0), (3, 0, 0), (2.0, 0, 2)):
        for e in (exponent, Tensor(xp.asarray(np.array([float(exponent)])))):
            x = leaf(xp, [0.0])
            (g,) = grad(x**e, [x], create_graph=True)
            assert to_cpu(g.data).tolist() == [slope]
            if slope or second:
                assert to_cpu(grad(g, [x], unused="zeros")[0].data).tolist() == [second]


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_roots_and_inverse_powers_of_zero(xp):
    for exponent, value, slope in ((0.5, 0, math.inf), (-2, math.inf, -math.inf)):
        for e in (exponent, Tensor(xp.asarray(np.array([float(exponent)])))):
            x = leaf(xp, [0.0])
            assert to_cpu((x**e).data).tolist() == [value]
            assert to_cpu(grad(x**e, [x])[0].data).tolist() == [slope]


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_the_gradient_for_the_exponent_of_zero(xp):
    """0 ** b is constant where b is not negative, as in PyTorch."""
    for base in (0, 0.0, Tensor(xp.asarray(np.zeros(1)))):
        b = leaf(xp, [0.0, 0.5, 1.0, 2.0, -2.0])
        (g,) = grad(base**b, [b])
        assert to_cpu(g.data).tolist() == [0, 0, 0, 0, -math.inf]


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_integers_to_a_negative_power_are_real(xp):
    n = Tensor(xp.asarray([1, 2, 0]))
    assert to_cpu((n**-2).data).tolist() == [1, 0.25, math.inf]
    assert (n**-2).dtype == ops.power(n.data, -2).dtype == np.float32
    assert to_cpu((2 ** Tensor(xp.asarray([-1, 2]))).data).tolist() == [0.5, 4]
    assert (n**2).dtype == n.dtype


@pytest.mark.parametrize(
    "name",
    ["add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "equal", "less"],
)
def test_shapes_that_do_not_broadcast(name, xp):
    with fails(ValueError, name, r"\[2, 3\]", r"\[4\]"):
        getattr(ops, name)(leaf(xp, np.ones((2, 3))), leaf(xp, np.ones(4)))


ERRORS = [
    (
        "broadcast_to",
        lambda x: ops.broadcast_to(x, shape=(2, 4)),
        ValueError,
        ["broadcast_to", r"\[2, 3\]"],
    )
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


def test_rounding(xp):
    whole = Tensor(xp.asarray(np.array([15, 25, -7])))
    assert whole.round().dtype == whole.dtype and whole.round().numpy().tolist() == [15, 25, -7]
    assert ops.round(whole, decimals=-1).numpy().tolist() == [20, 20, -10]
    x = Tensor(xp.asarray(np.array([1.234, -0.05], "float32")))
    np.testing.assert_allclose(x.round(2).numpy(), [1.23, -0.05], rtol=1e-6)
    assert round(x, 1).numpy()[0] == np.float32(1.2) and round(x).numpy()[0] == 1
    assert ops.round(xp.asarray(np.array([True, False]))).dtype == bool
    with fails(TypeError, "round", "1.5"):
        ops.round(x, decimals=1.5)


def test_limits_that_are_tensors_have_gradients(xp):
    x, low = leaf(xp, [0.0, 1.0, 2.0]), leaf(xp, [0.5, 1.0, 0.5])
    y = ops.clip(x, min=low, max=1.5)
    assert y.dtype == np.float32 and y.numpy().tolist() == [0.5, 1, 1.5]
    gx, glow = grad(y.sum(), [x, low])
    assert to_cpu(gx.data).tolist() == [0, 1, 0] and to_cpu(glow.data).tolist() == [1, 0, 0]
    assert ops.clip(x).numpy().tolist() == [0, 1, 2], "without limits nothing changes"
    assert ops.clip(x, min=[1, 1, 1]).dtype == np.float32


def test_dtypes_that_hold_no_numbers():
    for dtype in (str, object, "complex64"):
        with fails(TypeError, "no dtype of numbers", "float32"):
            ops.astype(leaf(np, [1.0]), dtype=dtype)
        with fails(TypeError, "no dtype of numbers"):
            Tensor([1.0], dtype=dtype)
