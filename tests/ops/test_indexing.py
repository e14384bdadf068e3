"""Indexing: indices and axes outside, on every device."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import ops

from .helpers import check_missing_axis, fails, leaf

ERRORS = [
    ("top_k too many", lambda x: ops.top_k(x, k=4), ValueError, ["top_k", "4", "3"]),
    ("top_k of none", lambda x: ops.top_k(x, k=0), ValueError, ["top_k"]),
    (
        "take_along_axis",
        lambda x: ops.take_along_axis(x, x.argmax(1)),
        ValueError,
        ["take_along_axis", r"\(2,\)", r"\(2, 3\)"],
    ),
    ("too many indices", lambda x: x[0, 0, 0], IndexError, ["getitem", r"\[2, 3\]"]),
    ("integer index", lambda x: x[2], IndexError, ["getitem", "2"]),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


AXES = {"sort": {}, "argsort": {}, "top_k": {"k": 1}}


@pytest.mark.parametrize("axis", [3, -4])
@pytest.mark.parametrize("name", sorted(AXES))
def test_an_axis_that_is_not_there(name, axis, xp):
    check_missing_axis(name, axis, AXES[name], xp)


@pytest.mark.parametrize("call", [lambda x: ops.take(x, np.array([0]), axis=2)])
def test_an_axis_that_is_not_there_elsewhere(call):
    with pytest.raises((ValueError, IndexError), match="axis|axes"):
        call(leaf(np, np.ones((2, 2))))


@pytest.mark.parametrize("labels", [[0, 3], [-1]])
def test_one_hot_labels(labels, xp):
    with fails(IndexError, "0..2"):
        ops.one_hot(xp.asarray(np.array(labels)), classes=3)


OUTSIDE = [
    ([4],),
    ([-5],),
    (slice(None), [3]),
    (slice(None), [-4]),
    (..., [3]),
    (None, [4]),
    (1, [3]),
    ([0, 1], [0, 3]),
    ([True, False, False, True], 3),
]


@pytest.mark.parametrize("index", OUTSIDE, ids=str)
@pytest.mark.parametrize("as_list", [False, True], ids=["array", "list"])
def test_indices_outside_raise_on_every_device(index, as_list, xp):
    """A GPU wraps them around in silence, and so does the strict device."""
    index = tuple(
        i if as_list or not isinstance(i, list) else xp.asarray(np.array(i)) for i in index
    )
    with pytest.raises(IndexError):
        leaf(xp, np.ones((4, 3)))[index]
    with pytest.raises(IndexError):
        ops.put(leaf(xp, np.ones(())), index=index, shape=(4, 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda x, i: ops.take(x, i),
        lambda x, i: ops.take(x, i, axis=-1),
        lambda x, i: ops.take_along_axis(x, i[None]),
    ],
)
def test_gathers_outside_raise_on_every_device(call, xp):
    for wrong in (3, -4):
        with fails(IndexError, "getitem", str(wrong)):
            call(leaf(xp, np.ones((3, 3))), xp.asarray(np.array([0, wrong])))
