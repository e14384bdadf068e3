"""Activations: kinks, far from zero, known values."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import grad, ops
from minigrad.backend import to_cpu

from .helpers import leaf


@pytest.mark.parametrize(
    "name, settings, x, slopes",
    [
        ("relu", {}, [0.0], [0]),
        ("relu6", {}, [0.0, 3.0, 6.0], [0, 1, 0]),
        ("hard_tanh", {}, [-1.0, 0.0, 1.0], [0, 1, 0]),
        ("hard_sigmoid", {}, [-3.0, 0.0, 3.0], [0, 1 / 6, 0]),
        ("hard_silu", {}, [-3.0, 0.0, 3.0], [0, 0.5, 1]),
        ("leaky_relu", {"negative_slope": 0.1}, [0.0], [0.1]),
        ("elu", {"alpha": 0.7}, [0.0], [0.7]),
        ("clip", {"min": -1, "max": 1}, [-1.0, 1.0], [1, 1]),
    ],
)
def test_gradients_at_a_kink(name, settings, x, slopes, xp):
    """PyTorch's: relu and its relatives have slope 0 at their limits, clip has slope 1."""
    x = leaf(xp, x)
    (g,) = grad(getattr(ops, name)(x, **settings), [x])
    np.testing.assert_allclose(to_cpu(g.data), slopes, rtol=1e-6)


FAR = [-1000.0, -100.0, 0.0, 100.0, 1000.0]


@pytest.mark.parametrize(
    "name, values, slopes",
    [
        ("sigmoid", [0, 0, 0.5, 1, 1], [0, 0, 0.25, 0, 0]),
        ("softplus", [0, 0, math.log(2), 100, 1000], [0, 0, 0.5, 1, 1]),
        ("log_sigmoid", [-1000, -100, -math.log(2), 0, 0], [1, 1, 0.5, 0, 0]),
        ("tanh", [-1, -1, 0, 1, 1], [0, 0, 1, 0, 0]),
        ("silu", [0, 0, 0, 100, 1000], [0, 0, 0.5, 1, 1]),
        ("mish", [0, 0, 0, 100, 1000], [0, 0, 0.6, 1, 1]),
        ("gelu", [0, 0, 0, 100, 1000], [0, 0, 0.5, 1, 1]),
        ("elu", [-1, -1, 0, 100, 1000], [0, 0, 1, 1, 1]),
        (
            "softsign",
            [-1000 / 1001, -100 / 101, 0, 100 / 101, 1000 / 1001],
            [1001**-2, 101**-2, 1, 101**-2, 1001**-2],
        ),
    ],
)
def test_activations_far_out(name, values, slopes, xp):
    x = leaf(xp, FAR)
    y = getattr(ops, name)(x)
    (slope,) = grad(y, [x], create_graph=True)
    np.testing.assert_allclose(to_cpu(y.data), values, rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(to_cpu(slope.data), slopes, rtol=1e-5, atol=1e-30)
    (second,) = grad(slope, [x])
    assert np.isfinite(to_cpu(second.data)).all()


@pytest.mark.parametrize(
    "name, settings, values",
    [
        (
            "sigmoid",
            {},
            [
                0.0066928509242848554,
                0.2689414213699951,
                0.5,
                0.7310585786300049,
                0.9933071490757153,
            ],
        ),
        ("relu", {}, [0.0, 0.0, 0.0, 1.0, 5.0]),
        ("leaky_relu", {"negative_slope": 0.01}, [-0.05, -0.01, 0.0, 1.0, 5.0]),
        (
            "tanh",
            {},
            [-0.9999092042625951, -0.7615941559557649, 0.0, 0.7615941559557649, 0.9999092042625951],
        ),
        (
            "swish",
            {},
            [-0.03346425462142428, -0.2689414213699951, 0.0, 0.7310585786300049, 4.966535745378576],
        ),
        ("elu", {}, [-0.9932620530009145, -0.6321205588285577, 0.0, 1.0, 5.0]),
        (
            "softplus",
            {},
            [
                0.006715348489118068,
                0.31326168751822286,
                0.6931471805599453,
                1.3132616875182228,
                5.006715348489118,
            ],
        ),
    ],
)
def test_activations_have_their_known_values(name, settings, values, xp):
    got = getattr(ops, name)(xp.asarray(np.array([-5.0, -1.0, 0.0, 1.0, 5.0])), **settings)
    np.testing.assert_allclose(to_cpu(got), values, rtol=1e-13, atol=1e-15)


LIMITS = {
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "erf": (-1, 1),
    "softsign": (-1, 1),
    "arctan": (-math.pi / 2, math.pi / 2),
    "hard_sigmoid": (0, 1),
    "hard_tanh": (-1, 1),
    "relu6": (0, 6),
}  # with slope 0 on both sides; the others have 0 on the left, but for log_sigmoid, and x on the right
GATED = ["softplus", "gelu", "silu", "mish", "hard_silu", "relu"]
DISTANCES = [1e4, 1e30, math.inf]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("use_kernels", [True, False])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", [*LIMITS, *GATED, "log_sigmoid"])
def test_nothing_overflows_however_far_out(name, dtype, use_kernels, xp):
    with np.errstate(over="ignore"):
        right = np.asarray(DISTANCES, dtype)
    values = np.concatenate([-right, right])
    left = np.zeros(3)
    if name in LIMITS:
        low, high = LIMITS[name]
        expected, slopes = np.repeat([low, high], 3), np.zeros(6)
    elif name == "log_sigmoid":
        expected, slopes = np.concatenate([-right, left]), np.repeat([1, 0], 3)
    else:
        expected, slopes = np.concatenate([left, right]), np.repeat([0, 1], 3)
    op = getattr(ops, name)
    for x in (leaf(xp, values, dtype), leaf(xp, np.resize(values, 3000), dtype)):
        with minigrad.use_kernels(use_kernels):
            y = op(x)
            (fast,) = grad(y, [x])
            (slope,) = grad(y, [x], create_graph=True)
            (second,) = grad(slope, [x], unused="zeros")
        for found, want in ((y, expected), (fast, slopes), (slope, slopes), (second, 0)):
            assert found.dtype == dtype
            np.testing.assert_allclose(to_cpu(found.data)[:6], want, rtol=1e-3, atol=1e-7)


def test_gelu_by_tanh_does_not_overflow(xp):
    x = leaf(xp, [-math.inf, -1e30, 1e30, math.inf])
    y = ops.gelu(x, approximate=True)
    np.testing.assert_allclose(to_cpu(y.data), [0, 0, 1e30, math.inf], atol=1e-30)
    np.testing.assert_allclose(to_cpu(grad(y, [x])[0].data), [0, 0, 1, 1], atol=1e-20)
