"""Reductions: ties, nothing to reduce, axes that are not there."""

from __future__ import annotations

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
