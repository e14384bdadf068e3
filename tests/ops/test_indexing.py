"""Indexing: indices and axes outside, on every device."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor, ops
from minigrad.backend import to_cpu

from .helpers import check_missing_axis, fails, leaf

ERRORS = [
    ("top_k too many", lambda x: ops.top_k(x, k=4), ValueError, ["top_k", "4", "3"]),
    ("top_k of none", lambda x: ops.top_k(x, k=0), ValueError, ["top_k"]),
    (
        "take_along_axis",
        lambda x: ops.take_along_axis(x, x.argmax(1), axis=1),
        ValueError,
        ["take_along_axis", r"\(2,\)", r"\(2, 3\)"],
    ),
    ("too many indices", lambda x: x[0, 0, 0], IndexError, ["indexing", r"\(2, 3\)"]),
    ("integer index", lambda x: x[2], IndexError, ["indexing", "ndex 2", r"\(2, 3\)"]),
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
        ops.one_hot(xp.asarray(np.array(labels)), num_classes=3)


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
        lambda x, i: ops.take(x, i, axis=0),
        lambda x, i: ops.take(x, i, axis=-1),
        lambda x, i: ops.take_along_axis(x, i[None], axis=-1),
    ],
)
def test_gathers_outside_raise_on_every_device(call, xp):
    for wrong in (3, -4):
        with fails(IndexError, "take", str(wrong)):
            call(leaf(xp, np.ones((3, 3))), xp.asarray(np.array([0, wrong])))


NAN = float("nan")


def test_among_equals_the_lower_index_comes_first(xp):
    tied = Tensor(xp.asarray(np.array([[1.0, 3.0, 3.0, 1.0, 3.0]])))
    values, indices = ops.top_k(tied, k=4)
    assert to_cpu(indices).tolist() == [[1, 2, 4, 0]] and values.numpy().tolist() == [[3, 3, 3, 1]]
    assert ops.argsort(tied, descending=True).numpy().tolist() == [[1, 2, 4, 0, 3]]
    assert ops.argsort(tied).numpy().tolist() == [[0, 3, 1, 2, 4]]
    assert ops.argmax(tied).item() == 1 and ops.argmin(tied).item() == 0


def test_the_gradient_of_a_sort_goes_to_the_element_that_came_first():
    x = leaf(np, [2.0, 5.0, 5.0])
    (x.sort(descending=True) * [1.0, 2.0, 3.0]).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 1, 2])
    y = leaf(np, [5.0, 5.0, 2.0])
    ops.top_k(y, k=1)[0].sum().backward()
    np.testing.assert_array_equal(y.grad, [1, 0, 0])


def test_nan_counts_as_the_largest(xp):
    x = Tensor(xp.asarray(np.array([1.0, NAN, 3.0, NAN])))
    assert ops.argsort(x).numpy().tolist() == [0, 2, 1, 3]
    assert ops.argsort(x, descending=True).numpy().tolist() == [1, 3, 2, 0]
    assert to_cpu(ops.top_k(x, k=2)[1]).tolist() == [1, 3]
    assert ops.argmax(x).item() == 1 and np.isnan(x.max().item())


def test_one_hot_of_what_is_no_class_number(xp):
    for labels in ([0.5, 1.0], [NAN]):
        with fails(ValueError, "whole numbers"):
            ops.one_hot(xp.asarray(np.array(labels)), num_classes=3)
    for classes in (0, -1, 2.5):
        with fails(ValueError, "classes"):
            ops.one_hot(xp.asarray(np.array([0])), num_classes=classes)
    whole = ops.one_hot(xp.asarray(np.array([1.0, 0.0])), num_classes=2)
    assert to_cpu(whole).tolist() == [[0, 1], [1, 0]]
    assert ops.one_hot([1, 0], num_classes=2).tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize("indices", [[[0.5]], [["a"]]])
def test_indices_that_are_no_integers(indices):
    x = leaf(np, np.ones((2, 3)))
    for read in (ops.take, ops.take_along_axis):
        with fails((TypeError, IndexError), read.__name__):
            read(x, np.array(indices))


@pytest.mark.parametrize(
    "index, words",
    [
        (5, "index 5"),
        ((0, -4), "index -4"),
        (np.array([7]), "index 7"),
        ("a", "only integers"),
        (1.0, "whole number"),
        (np.array([True, False, True]), "boolean index"),
    ],
    ids=str,
)
def test_errors_name_the_index_and_the_shape(index, words):
    with fails(IndexError, r"^indexing\(float32\[2, 3\]\)", words):
        leaf(np, np.ones((2, 3)))[index]


def test_numpys_integers_are_settings():
    x = leaf(np, np.arange(6.0).reshape(2, 3))
    one = np.int64(1)
    assert ops.sort(x, axis=one).shape == ops.take_along_axis(x, [[0, 1, 2]], axis=one).shape
    assert ops.top_k(x, k=one, axis=one)[0].shape == (2, 1)
