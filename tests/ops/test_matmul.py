"""Matrix products: shapes that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import ops

from .helpers import fails, leaf

ERRORS = [
    ("matmul", lambda x: ops.matmul(x, x), ValueError, ["matmul", r"\[2, 3\]"]),
    ("matmul of a scalar", lambda x: x @ 2.0, ValueError, ["matmul", r"\[2, 3\], 2.0", r"\*"]),
    ("matmul of a 0-d array", lambda x: ops.matmul(x.sum(), x), ValueError, ["matmul", r"\[\], "]),
    ("linear", lambda x: ops.linear(x, x, x[0]), ValueError, ["linear", r"\[2, 3\]"]),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


FITTING = [
    ((2, 3), (2, 3), r"b\.swapaxes\(-1, -2\) or a\.swapaxes\(-1, -2\) fits"),
    ((4, 2, 3), (4, 5, 3), r"b\.swapaxes\(-1, -2\) fits"),
    ((3,), (4,), "3 is not 4"),
    ((3,), (4, 2), r"\(3,\).*\(4, 2\)"),
    ((4, 2, 3), (5, 3, 2), r"\(4, 2, 3\) and \(5, 3, 2\) do not broadcast"),
]


@pytest.mark.parametrize("a, b, words", FITTING)
def test_errors_show_the_shapes_as_written_and_what_would_fit(a, b, words, xp):
    x, y = leaf(xp, np.ones(a)), leaf(xp, np.ones(b))
    given = rf"matmul\(float32\{list(a)}, float32\{list(b)}\)".replace("]", r"\]")
    for multiply in (lambda: x @ y, lambda: ops.matmul(x, y)):
        with fails(ValueError, given, words):
            multiply()


def test_lists_are_operands():
    np.testing.assert_array_equal(
        (leaf(np, np.eye(2)) @ [[1.0, 2.0], [3.0, 4.0]]).numpy()[1], [3, 4]
    )
    np.testing.assert_array_equal(ops.outer([1, 2], [3]), [[3], [6]])
