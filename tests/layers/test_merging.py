"""Layers that merge several tensors: values by hand, masks, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor, layers
from minigrad.layers import Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract
from minigrad.layers.calls import under_mask
from minigrad.layers.merging import Merge

A = np.array([[1.0, 5.0, -2.0], [0.0, 2.0, 3.0]], "float32")
B = np.array([[4.0, 1.0, -3.0], [1.0, 2.0, 0.5]], "float32")


@pytest.mark.parametrize(
    "layer, function, expected",
    [
        (Add(), layers.add, A + B),
        (Subtract(), layers.subtract, A - B),
        (Multiply(), layers.multiply, A * B),
        (Average(), layers.average, (A + B) / 2),
        (Maximum(), layers.maximum, np.maximum(A, B)),
        (Minimum(), layers.minimum, np.minimum(A, B)),
        (Concatenate(), layers.concatenate, np.concatenate([A, B], 1)),
    ],
)
def test_two_tensors(layer, function, expected, xp):
    inputs = [xp.asarray(A), xp.asarray(B)]
    for y in (layer(inputs), layer(tuple(inputs)), function(inputs)):
        assert y.dtype == "float32" and (y.numpy() == expected).all()


def test_three_tensors_of_fewer_axes():
    wide = np.ones((2, 4, 3), "float32")
    assert (Add()([wide, A, wide]).numpy() == A[:, None] + 2 * wide).all()
    assert (Multiply()([A, A[:, :1]]).numpy() == A * A[:, :1]).all()
    assert (Average()([A]).numpy() == A).all()
    assert (Maximum()([A, B, A + 9]).numpy() == A + 9).all()


def test_concatenate_along_any_axis():
    assert Concatenate(axis=1)([np.ones((2, 3, 4)), np.ones((2, 1, 4))]).shape == (2, 4, 4)
    assert layers.concatenate([A, B], axis=0).shape == (4, 3)
    assert Concatenate()([np.ones((2, 3), int), np.ones((2, 1), int)]).dtype.kind == "i"


@pytest.mark.parametrize(
    "axes, subscripts",
    [(1, "nab,nac->nbc"), (2, "nab,ncb->nac"), ((1, 2), "nab,nca->nbc"), (-1, "nab,ncb->nac")],
)
def test_dot(axes, subscripts):
    draw = np.random.default_rng(0)
    a, b = draw.standard_normal((2, 2, 4, 4)).astype("float32")
    expected = np.einsum(subscripts, a, b)
    assert np.allclose(Dot(axes)([a, b]).numpy(), expected, atol=1e-5)
    assert np.allclose(layers.dot([a, b], axes).numpy(), expected, atol=1e-5)


def test_cosines():
    cosines = Dot(1, normalize=True)([A, 3 * A]).numpy()
    assert cosines.shape == (2, 1) and np.allclose(cosines, 1)
    zero = Dot(1, normalize=True)([np.zeros((1, 3)), np.ones((1, 3))]).numpy()
    assert (zero == 0).all()


def test_masks():
    steps = np.ones((1, 3, 2), "float32")
    first = under_mask(Tensor(steps), np.array([[True, False, False]]))
    second = under_mask(Tensor(steps), np.array([[True, True, False]]))
    bare = Tensor(steps)
    assert Add()([first, second]).mask.tolist() == [[True, True, False]]
    assert Add()([first, bare]).mask.tolist() == [[True, False, False]]
    assert Add()([bare, bare]).mask is None
    assert Concatenate(axis=1)([first, bare]).mask.tolist() == [[True, False, False] + [True] * 3]
    assert Concatenate()([first, second]).mask.tolist() == [[True, True, False]]
    assert Concatenate()([bare, bare]).mask is None
    assert Dot(2)([first, second]).mask is None


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: Add()(A), TypeError, r"Add takes a list of tensors, Add\(\)\(\[a, b\]\)"),
        (lambda: Add()([]), (TypeError, ValueError), "takes"),
        (lambda: Add()([A, B[:, :2]]), ValueError, r"equal or 1, got \(2, 3\) and \(2, 2\)"),
        (lambda: Subtract()([A, B, A]), ValueError, "Subtract takes 2 tensors, got 3"),
        (lambda: Concatenate()([A, B[:1]]), ValueError, r"axis -1, got \(2, 3\) and \(1, 3\)"),
        (
            lambda: Concatenate()([np.ones((2, 4, 4, 1)), A]),
            ValueError,
            r"label \(N, 10\) beside images",
        ),
        (lambda: Dot(0), ValueError, "never 0, the rows"),
        (lambda: Dot((1, 2, 3)), ValueError, r"like \(1, 2\)"),
        (lambda: Dot(1)([A, B[:, :2]]), ValueError, r"equal length.*\(1, 1\) of \(2, 3\) and"),
        (lambda: Dot(1)([A]), ValueError, "Dot takes 2 tensors, got 1"),
        (lambda: Merge()([A, B]), TypeError, "Merge needs a method merge"),
    ],
)
def test_what_does_not_fit(call, error, words):
    with pytest.raises(error, match=words):
        call()
