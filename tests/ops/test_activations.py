"""Activations: kinks, far from zero, known values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minigrad import grad, ops
from minigrad.backend import to_cpu

from .helpers import leaf


@pytest.mark.parametrize("name, value", [("relu", 0), ("relu6", 1)])
def test_gradients_at_a_kink(name, value, xp):
    """relu has derivative 0 at 0; a limit of relu6 still belongs to the inside."""
    x = leaf(xp, [0.0])
    assert to_cpu(grad(getattr(ops, name)(x), [x])[0].data).tolist() == [value]


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
