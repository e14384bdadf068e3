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
    (
        "einsum, broadcast diagonal",
        lambda x: ops.einsum("ii->i", x[:1]),
        ValueError,
        ["einsum", r"\(1, 3\)"],
    ),
    ("einsum, count", lambda x: ops.einsum("ij,jk", x), ValueError, ["einsum", "2", "1"]),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


FORMS = [
    ("ij->ik", r"output 'ik'"),
    ("ij->ii", r"output 'ii'"),
    ("ij-ji", "'-'"),
    ("i1", "'1'"),
    ("i.j->ij", r"'\.'"),
]


@pytest.mark.parametrize("subscripts, words", FORMS)
def test_subscripts_of_another_form(subscripts, words, xp):
    with fails(ValueError, "^einsum", words):
        ops.einsum(subscripts, leaf(xp, np.ones((2, 3))))


def test_operands_before_the_subscripts():
    with fails(TypeError, r'einsum\("ij,jk->ik", a, b\)'):
        ops.einsum(leaf(np, np.ones((2, 3))), "ij")


def test_lists_are_operands():
    assert ops.einsum("i,i", leaf(np, [1.0, 2.0]), [3.0, 4.0]).item() == 11
