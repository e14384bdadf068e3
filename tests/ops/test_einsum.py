"""Einstein sums: subscripts that do not fit their operands."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import ops

from .helpers import fails, leaf

ERRORS = [
    (
        "einsum, rank",
        lambda x: ops.einsum("ijk,jk->i", x, x),
        ValueError,
        ["einsum", "ijk", r"\(2, 3\)"],
    ),
    (
        "einsum, length",
        lambda x: ops.einsum("ij,jk->ik", x, x),
        ValueError,
        ["einsum", "3", "2", r"\(2, 3\)"],
    ),
    (
        "einsum, ellipsis",
        lambda x: ops.einsum("...,...", x, x.reshape(3, 2)),
        ValueError,
        ["einsum", r"\(3, 2\)"],
    ),
    ("einsum, diagonal", lambda x: ops.einsum("ii", x), ValueError, ["einsum", r"\(2, 3\)"]),
    ("einsum, count", lambda x: ops.einsum("ij,jk", x), ValueError, ["einsum", "2", "1"]),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))
