"""Shapes: what does not fit, axes that are not there."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import ops

from .helpers import check_missing_axis, fails, leaf

ERRORS = [
    (
        "concatenate",
        lambda x: ops.concatenate([x, x[0]]),
        ValueError,
        ["concatenate", r"\[2, 3\]", r"\[3\]"],
    ),
    ("concatenate nothing", lambda x: ops.concatenate([]), ValueError, ["concatenate"]),
    ("stack nothing", lambda x: ops.stack([]), ValueError, ["stack"]),
    ("reshape", lambda x: x.reshape(4, 2), ValueError, ["reshape", r"\[2, 3\]"]),
    ("squeeze", lambda x: ops.squeeze(x, axis=1), ValueError, ["squeeze", "1", r"\(2, 3\)"]),
    ("split", lambda x: ops.split(x, sections=2, axis=1), ValueError, ["split", "3", "2"]),
    ("split into none", lambda x: ops.split(x, sections=0), ValueError, ["split"]),
    ("pad", lambda x: ops.pad(x, width=((1, 1),)), ValueError, ["pad", "2"]),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


AXES = {
    "flip": {},
    "expand_dims": {},
    "squeeze": {},
    "roll": {"shift": 1},
    "repeat": {"repeats": 2},
    "split": {"sections": 1},
}


@pytest.mark.parametrize("axis", [3, -4])
@pytest.mark.parametrize("name", sorted(AXES))
def test_an_axis_that_is_not_there(name, axis, xp):
    check_missing_axis(name, axis, AXES[name], xp)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ops.moveaxis(x, source=0, destination=2),
        lambda x: ops.swapaxes(x, axis1=0, axis2=2),
        lambda x: ops.concatenate([x, x], axis=2),
        lambda x: ops.stack([x, x], axis=3),
        lambda x: ops.transpose(x, axes=(0, 2)),
    ],
)
def test_an_axis_that_is_not_there_elsewhere(call):
    with pytest.raises((ValueError, IndexError), match="axis|axes"):
        call(leaf(np, np.ones((2, 2))))
