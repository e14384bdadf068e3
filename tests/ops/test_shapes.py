"""Shapes: what does not fit, axes that are not there."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor, ops

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
    (
        "split",
        lambda x: ops.split(x, indices_or_sections=2, axis=1),
        ValueError,
        ["split", "3", "2"],
    ),
    ("split into none", lambda x: ops.split(x, indices_or_sections=0), ValueError, ["split"]),
    ("pad", lambda x: ops.pad(x, pad_width=((1, 1),)), ValueError, ["pad", "2"]),
    (
        "pad by more than there is",
        lambda x: ops.pad(x, pad_width=2, mode="reflect"),
        ValueError,
        ["'reflect' cannot add 2 elements to axis 0", r"\(2, 3\)", "at most 1"],
    ),
    (
        "symmetric pad by more than there is",
        lambda x: ops.pad(x, pad_width=((0, 0), (0, 4)), mode="symmetric"),
        ValueError,
        ["cannot add 4 elements to axis 1", "at most 3"],
    ),
    (
        "pad of an empty axis",
        lambda x: ops.pad(x[:0], pad_width=1, mode="edge"),
        ValueError,
        ["cannot add 1 elements to axis 0", r"\(0, 3\)", "at most 0"],
    ),
    (
        "pad by less than nothing",
        lambda x: ops.pad(x, pad_width=-1, mode="edge"),
        ValueError,
        ["mode 'edge'", "crop"],
    ),
    (
        "pad in another mode",
        lambda x: ops.pad(x, pad_width=1, mode="reflected"),
        ValueError,
        ["'reflected'", "reflect"],
    ),
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
    "split": {"indices_or_sections": 1},
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


WRONG = [
    ("tril of a number", lambda x: ops.tril(x.sum()), ValueError, ["tril", "diagonal"]),
    ("tile by less than 0", lambda x: ops.tile(x, repeats=-1), ValueError, ["tile", "-1"]),
    ("tile by a fraction", lambda x: ops.tile(x, repeats=(1, 1.5)), TypeError, ["tile", "1.5"]),
    ("repeat", lambda x: ops.repeat(x, repeats=-1, axis=0), ValueError, ["repeat", "-1"]),
    (
        "repeats",
        lambda x: ops.repeat(x, repeats=[1, 2, 3], axis=0),
        ValueError,
        ["repeat", "3", "2"],
    ),
    ("pad by a fraction", lambda x: ops.pad(x, pad_width=1.5), TypeError, ["pad", "1.5"]),
    ("pad away too much", lambda x: ops.pad(x, pad_width=-2), ValueError, ["pad", r"\(2, 3\)"]),
    ("crop too much", lambda x: ops.crop(x, width=2), ValueError, ["crop", r"\(2, 3\)"]),
    ("axes twice", lambda x: ops.transpose(x, axes=(0, 0)), ValueError, ["transpose", r"\(0, 0\)"]),
    ("squeeze twice", lambda x: ops.squeeze(x[:1], axis=(0, -2)), ValueError, ["squeeze", "twice"]),
    ("new axes twice", lambda x: ops.expand_dims(x, axis=(0, 0)), ValueError, ["twice"]),
    ("a fraction as axis", lambda x: ops.flip(x, axis=0.5), TypeError, ["flip", "0.5"]),
    ("moves", lambda x: ops.moveaxis(x, source=(0, 1), destination=0), ValueError, ["moveaxis"]),
    ("shifts", lambda x: ops.roll(x, shift=(1, 2), axis=0), ValueError, ["roll", "2 numbers"]),
    (
        "fraction of sections",
        lambda x: ops.split(x, indices_or_sections=1.0),
        TypeError,
        ["split", "1.0"],
    ),
    (
        "split of a number",
        lambda x: ops.split(x.sum(), indices_or_sections=1),
        ValueError,
        ["split"],
    ),
    ("numbers joined", lambda x: ops.concatenate([x.sum(), x.sum()]), ValueError, ["stack"]),
    ("shapes stacked", lambda x: ops.stack([x, x[0]]), ValueError, ["stack", "concatenate"]),
    ("no list", lambda x: ops.stack(3), TypeError, [r"stack\(\[a, b\]\)"]),
    ("unfit lengths", lambda x: ops.concatenate([x, x[:1]], axis=1), ValueError, ["axis 1 alone"]),
    ("two lengths open", lambda x: x.reshape(-1, -1), ValueError, [r"\(2, 3\)", "one length"]),
    ("length open", lambda x: x.reshape(-1, 4), ValueError, [r"\(-1, 4\)", r"\(2, 3\)"]),
    ("fraction in a shape", lambda x: x.reshape((2.0, 3)), TypeError, ["reshape", "2.0"]),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in WRONG], ids=[e[0] for e in WRONG])
def test_settings_that_do_not_fit(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


def test_numpys_integers_are_settings():
    x, one = leaf(np, np.arange(6.0).reshape(2, 3)), np.int64(1)
    assert ops.repeat(x, repeats=np.int64(2), axis=one).shape == (2, 6)
    assert ops.repeat(x, repeats=np.array([1, 2]), axis=0).shape == (3, 3)
    assert [part.shape for part in ops.split(x, indices_or_sections=np.int64(3), axis=one)] == [
        (2, 1)
    ] * 3
    assert ops.pad(x, pad_width=one).shape == (4, 5)
    assert ops.pad(x, pad_width=np.array([[1, 0], [0, 2]])).shape == (3, 5)
    assert ops.tile(x, repeats=np.array([2, 1])).shape == (4, 3)
    ops.roll(x, shift=one, axis=one)[0, 0].backward()
    np.testing.assert_array_equal(x.grad, [[0, 0, 1], [0, 0, 0]])
    assert ops.transpose(x, axes=np.array([1, 0])).shape == (3, 2)


def test_the_gradient_of_a_triangle_of_a_vector():
    x = leaf(np, [1.0, 2.0, 3.0])
    ops.tril(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 2, 1])


def test_stack_and_concatenate_mix_dtypes_and_numbers():
    x, n = leaf(np, [1.0, 2.0]), Tensor([3, 4])
    joined = ops.concatenate([x, n, [5.0]])
    assert joined.dtype == np.float32 and joined.numpy().tolist() == [1, 2, 3, 4, 5]
    joined.sum().backward()
    assert x.grad.tolist() == [1, 1]
    assert ops.stack([1.0, x[0], 2]).numpy().tolist() == [1, 1, 2]
    assert ops.stack([1.0, 2.0]).dtype == np.float32
    assert ops.concatenate(part for part in (x, x)).shape == (4,)
