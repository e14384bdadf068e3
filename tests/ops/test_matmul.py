"""Matrix products: shapes that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import ops

from .helpers import fails, leaf

ERRORS = [
    ("matmul", lambda x: ops.matmul(x, x), ValueError, ["matmul", r"\[2, 3\]"]),
    ("matmul of a scalar", lambda x: x @ 2.0, ValueError, ["matmul", r"\(2, 3\)", r"\*"]),
    ("matmul of a 0-d array", lambda x: ops.matmul(x.sum(), x), ValueError, ["matmul", r"\(\)"]),
    ("linear", lambda x: ops.linear(x, x, x[0]), ValueError, ["linear", r"\[2, 3\]"]),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))
