"""Reductions: ties, nothing to reduce, axes that are not there."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from minigrad import grad, ops
from minigrad.backend import to_cpu

from .helpers import check_missing_axis, fails, leaf


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1), -1])
def test_among_equals_one_place_has_the_gradient(name, axis, xp):
    x = leaf(xp, [[1, 1, 1], [1, 1, 1]])
    y = getattr(ops, name)(x, axis=axis)
    g = xp.asarray(np.asarray(2 + np.arange(y.size), "float32").reshape(y.shape))
    found = to_cpu(grad(y, [x], cotangent=g)[0].data)
    assert np.count_nonzero(found) == y.size
    np.testing.assert_array_equal(found.sum(axis), to_cpu(g))
    assert found.reshape(-1)[0] == to_cpu(g).reshape(-1)[0]  # the first of them


def test_the_gradient_of_cumsum_cancels_nothing(xp):
    g = xp.asarray(np.array([1e8, 1, 1, 1], "float32"))
    x = leaf(xp, np.zeros(4))
    assert to_cpu(grad(ops.cumsum(x), [x], cotangent=g)[0].data).tolist() == [1e8, 3, 2, 1]
    x = leaf(xp, np.zeros((2, 2)))
    found = grad(ops.cumsum(x), [x], cotangent=g)[0]
    assert to_cpu(found.data).tolist() == [[1e8, 3], [2, 1]]


@pytest.mark.filterwarnings("error")
def test_the_deviation_of_equal_elements_has_gradient_0(xp):
    x = leaf(xp, [[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]])
    y = ops.std(x, axis=1)
    (g,) = grad(y, [x], create_graph=True)
    (second,) = grad(g, [x])
    (fast,) = grad(y, [x])
    for found in (g, fast):
        np.testing.assert_allclose(
            to_cpu(found.data), [[0] * 3, [-(6**-0.5), 0, 6**-0.5]], atol=1e-6
        )
    assert np.isfinite(to_cpu(second.data)).all() and not to_cpu(second.data)[0].any()
    assert np.isnan(float(ops.std(leaf(xp, [1.0, np.nan]))))


ERRORS = [("max of nothing", lambda x: x[:0].max(), ValueError, ["max", r"\[0, 3\]"])]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


NAMES = [
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "var",
    "std",
    "any",
    "all",
    "argmax",
    "argmin",
    "cumsum",
]


@pytest.mark.parametrize("axis", [3, -4])
@pytest.mark.parametrize("name", NAMES)
def test_an_axis_that_is_not_there(name, axis, xp):
    check_missing_axis(name, axis, {}, xp)


REDUCTIONS = ["sum", "mean", "prod", "max", "min", "var", "std", "any", "all"]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_axes_in_every_form(name, xp):
    x = leaf(xp, np.arange(1.0, 13).reshape(2, 3, 2))
    op = getattr(ops, name)
    expected = to_cpu(op(x, axis=(0, 2)).data)
    for axes in ([0, 2], (0, -1), [-3, -1], (np.int64(0), np.int64(2)), np.array([0, 2])):
        np.testing.assert_array_equal(to_cpu(op(x, axis=axes).data), expected)
    np.testing.assert_array_equal(op(x, axis=()).shape, (2, 3, 2))


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize(
    "axis, error, words",
    [
        ((0, 0), ValueError, "twice"),
        ((0, -2), ValueError, "twice"),
        (2, ValueError, "from -2 to 1"),
        ([0, 5], ValueError, "no axis 5"),
        (1.0, TypeError, "whole number"),
        ("rows", TypeError, "rows"),
    ],
)
def test_axes_that_do_not_fit(name, axis, error, words, xp):
    with fails(error, f"^{name}", words):
        getattr(ops, name)(leaf(xp, np.ones((2, 3))), axis=axis)


@pytest.mark.parametrize("name", [*REDUCTIONS, "argmax", "argmin", "cumsum", "softmax", "sort"])
def test_a_number_has_the_axes_0_and_minus_1(name, xp):
    """As in PyTorch, for all ops alike; NumPy has it for some."""
    x = leaf(xp, 3.0)
    for axis in (0, -1):
        assert getattr(ops, name)(x, axis=axis).shape == ()
    for axis in (1, -2):
        with fails(ValueError, name, f"no axis {axis}"):
            getattr(ops, name)(x, axis=axis)


def test_of_no_elements(xp):
    empty = leaf(xp, np.ones((2, 0)))
    assert ops.sum(empty).item() == 0 and ops.prod(empty).item() == 1
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning) if xp is np else nullcontext():
        assert np.isnan(ops.mean(empty).item())
    for name in ("max", "min", "argmax", "argmin"):
        with fails(ValueError, name, "no elements to compare", r"\(2, 0\)"):
            getattr(ops, name)(empty, axis=1)
        assert getattr(ops, name)(empty, axis=0).shape == (0,)
    for name in ("argmax", "argmin"):
        with fails(TypeError, name, r"\(0, 1\)"):
            getattr(ops, name)(leaf(xp, np.ones((2, 2))), axis=(0, 1))
