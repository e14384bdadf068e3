"""The softmax family: far from zero, rows of minus infinity, axes that are not there."""

from __future__ import annotations

import math

import numpy as np
import pytest

from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu

from .helpers import check_missing_axis, leaf

INF = math.inf
ROWS = [
    [-1000.0, 0, 1000],
    [1000.0, 1000, 1000],
    [-1000.0, -1000, -1001],
    [-INF, 0, 0],
    [-INF, -INF, 5],
]
SHARES = [
    [0, 0, 1],
    [1 / 3] * 3,
    [1 / (2 + math.exp(-1))] * 2 + [math.exp(-1) / (2 + math.exp(-1))],
    [0, 0.5, 0.5],
    [0, 0, 1],
]


def test_softmax_family_far_out(xp):
    x = leaf(xp, ROWS)
    y = ops.softmax(x)
    np.testing.assert_allclose(to_cpu(y.data), SHARES, rtol=1e-6)
    total = ops.logsumexp(x, axis=-1)
    totals = [1000, 1000 + math.log(3), -1000 + math.log(2 + math.exp(-1)), math.log(2), 5]
    np.testing.assert_allclose(to_cpu(total.data), totals, rtol=1e-6)
    # float32 has 7 digits of 1000
    np.testing.assert_allclose(to_cpu(grad(total, [x])[0].data), SHARES, rtol=1e-4, atol=1e-30)
    logs = to_cpu(ops.log_softmax(x).data)
    np.testing.assert_allclose(
        logs[:3], [[-2000, -1000, 0], [-math.log(3)] * 3, np.log(SHARES[2])], rtol=1e-6
    )
    assert logs[3, 0] == logs[4, 0] == logs[4, 1] == -math.inf and logs[4, 2] == 0
    for f in (ops.softmax, ops.log_softmax):
        for recorded in (False, True):
            (g,) = grad(
                f(x),
                [x],
                cotangent=xp.asarray(np.eye(5, 3, dtype="float32")),
                create_graph=recorded,
            )
            assert np.isfinite(to_cpu(g.data)).all() and g.dtype == np.float32


def test_logsumexp_of_nothing_but_minus_infinity(xp):
    assert to_cpu(ops.logsumexp(leaf(xp, [[-math.inf, -math.inf]]), axis=-1).data).tolist() == [
        -math.inf
    ]


@pytest.mark.parametrize("axis", [3, -4])
@pytest.mark.parametrize("name", ["logsumexp", "softmax", "log_softmax"])
def test_an_axis_that_is_not_there(name, axis, xp):
    check_missing_axis(name, axis, {}, xp)


@pytest.mark.parametrize("shape, axis", [((0,), -1), ((2, 0), 1), ((2, 0), (0, 1)), ((0, 3), 0)])
def test_the_logarithm_of_a_sum_over_nothing(shape, axis, xp):
    x = leaf(xp, np.ones(shape))
    y = ops.logsumexp(x, axis=axis)
    assert y.shape == np.ones(shape).sum(axis).shape and np.all(to_cpu(y.data) == -INF)
    (g,) = grad(y.sum(), [x])
    assert g.shape == shape


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
@pytest.mark.parametrize("axis", [(0, 0), 2, 1.5, "a"])
def test_axes_that_do_not_fit(name, axis):
    with pytest.raises((ValueError, TypeError), match=rf"^{name}\(float32"):
        getattr(ops, name)(leaf(np, np.ones((2, 2))), axis=axis)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_logsumexp_of_infinities_and_huge_numbers(dtype, xp):
    large = 1e30 if dtype == "float32" else 1e4
    x = leaf(xp, [[-INF, -INF, -INF], [-INF, 0, 0], [-large, 0, large], [0, large, INF]], dtype)
    y = ops.logsumexp(x, axis=-1)
    np.testing.assert_allclose(to_cpu(y.data), [-INF, math.log(2), large, INF], rtol=1e-3)
    for create_graph in (False, True):
        (g,) = grad(y, [x], create_graph=create_graph)
        shares = [[0, 0.5, 0.5], [0, 0, 1], [0, 0, 1]]
        np.testing.assert_allclose(to_cpu(g.data)[1:], shares, rtol=1e-3)
        assert np.isfinite(to_cpu(g.data)).all()


@pytest.mark.parametrize("axis", [(0, 2), [0, 2], (-1, 0), (0, 1, 2), None, (1,)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_over_several_axes(axis, keepdims, xp):
    x = np.random.default_rng(0).standard_normal((2, 3, 4)) * 50
    axes = tuple(axis) if axis is not None else None
    expected = np.log(np.exp(x).sum(axes, keepdims=keepdims))
    for a in (xp.asarray(x), Tensor(xp.asarray(x), dtype="float64")):
        y = ops.logsumexp(a, axis=axis, keepdims=keepdims)
        assert y.shape == expected.shape
        np.testing.assert_allclose(to_cpu(getattr(y, "_array", y)), expected, rtol=1e-12)


@pytest.mark.parametrize("axis", [(0, 2), (-1, 1), (0, 1, 2)])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_over_several_axes_is_that_over_them_as_one(name, axis, xp):
    x = np.random.default_rng(1).standard_normal((2, 3, 4))
    total = np.exp(x).sum(axis, keepdims=True)
    expected = np.exp(x) / total if name == "softmax" else x - np.log(total)
    y = getattr(ops, name)(Tensor(xp.asarray(x), dtype="float64"), axis=axis)
    np.testing.assert_allclose(to_cpu(y.data), expected, rtol=1e-12)
