"""Pooling layers: windows by hand, padding, masks, second order, errors."""

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, check_grads, ops
from minigrad.layers import (
    AveragePooling1D,
    AveragePooling2D,
    Dense,
    Embedding,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)

from .helpers import SEQUENCES, assert_close, values

rng = np.random.default_rng(8)


def image(rows):
    """(1, H, W, 1)"""
    return np.asarray(rows, "float32")[None, :, :, None]


def rows_of(y):
    """The rows of an image of one channel, as lists."""
    return values(y)[0, :, :, 0].tolist()


SQUARE = image(np.arange(16).reshape(4, 4))


# ---- windows -------------------------------------------------------------------------------------


def test_maxima_by_hand(xp):
    x = xp.asarray(SQUARE)
    assert rows_of(MaxPooling2D()(x)) == [[5, 7], [13, 15]]
    assert rows_of(MaxPooling2D(3, 1)(x)) == [[10, 11], [14, 15]]
    assert rows_of(MaxPooling2D((1, 4))(x)) == [[3], [7], [11], [15]]


def test_means_by_hand(xp):
    x = xp.asarray(SQUARE)
    assert rows_of(AveragePooling2D()(x)) == [[2.5, 4.5], [10.5, 12.5]]
    y = AveragePooling2D(2, strides=(1, 2))(x)
    assert rows_of(y) == [[2.5, 4.5], [6.5, 8.5], [10.5, 12.5]]


@pytest.mark.parametrize("padding", ["same", 1, ((0, 1), (1, 0))])
def test_means_leave_padding_out(padding, xp):
    ones = xp.ones((1, 5, 5, 2), "float32")
    y = values(AveragePooling2D(3, 2, padding)(ones))
    np.testing.assert_allclose(y, 1, rtol=1e-6)


def test_padding_is_never_the_maximum(xp):
    x = xp.asarray(-1 - SQUARE)
    assert rows_of(MaxPooling2D(3, 2, "same")(x)) == [[-1, -3], [-9, -11]]
    assert rows_of(MaxPooling2D(3, 2, 1)(x)) == [[-1, -2], [-5, -6]]


@pytest.mark.parametrize(
    "layer, expected",
    [
        (MaxPooling1D(), [3, 4]),
        (AveragePooling1D(), [2, 2.5]),
        (MaxPooling1D(3, 1), [4, 4, 5]),
        (MaxPooling1D(2, padding="same"), [3, 4, 5]),
        (AveragePooling1D(2, padding="same"), [2, 2.5, 5]),
        (AveragePooling1D(3, 2, 1), [2, 2, 3]),
        (MaxPooling1D((2,), (1,)), [3, 4, 4, 5]),
    ],
)
def test_windows_of_sequences(layer, expected, xp):
    x = np.array([[3, 1, 4, 1, 5]], "float32")
    y = layer(xp.asarray(x[:, :, None]))
    assert values(y)[0, :, 0].tolist() == expected


# ---- everything ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, reduce", [(GlobalAveragePooling2D, np.mean), (GlobalMaxPooling2D, np.max)]
)
def test_global_pooling_of_images(kind, reduce, xp):
    x = rng.standard_normal((2, 3, 4, 5)).astype("float32")
    assert_close(kind()(xp.asarray(x)), reduce(x, (1, 2)), 0, 1e-5)
    assert kind(keepdims=True)(xp.asarray(x)).shape == (2, 1, 1, 5)


@pytest.mark.parametrize(
    "kind, reduce", [(GlobalAveragePooling1D, np.mean), (GlobalMaxPooling1D, np.max)]
)
def test_global_pooling_of_sequences(kind, reduce, xp):
    x = rng.standard_normal((3, 4, 5)).astype("float32")
    assert_close(kind()(xp.asarray(x)), reduce(x, 1), 0, 1e-5)
    assert kind(keepdims=True)(xp.asarray(x)).shape == (3, 1, 5)


IDS = np.array([[3, 1, 4, 0, 0], [0, 0, 5, 2, 6], [1, 2, 3, 4, 5], [0, 0, 0, 0, 0]])


def test_means_over_time_leave_masked_steps_out(xp):
    model = Sequential(Embedding(7, 3, mask_zero=True), GlobalAveragePooling1D())
    y = values(model(xp.asarray(IDS)))
    table = values(model.weights[0])
    assert_close(y[0], table[[3, 1, 4]].mean(0), 0, 1e-5)
    assert_close(y[1], table[[5, 2, 6]].mean(0), 0, 1e-5)
    assert not y[3].any()


def test_masks_of_means_over_time(xp):
    layer = GlobalAveragePooling1D(keepdims=True)
    y = layer(xp.asarray(SEQUENCES), mask=xp.ones((4, 5), "int64"))
    assert_close(y, SEQUENCES.mean(1, keepdims=True))
    with pytest.raises(ValueError, match="mask of shape"):
        GlobalAveragePooling1D()(SEQUENCES, mask=np.ones((4, 4)))


@pytest.mark.parametrize("kind", [MaxPooling2D, AveragePooling2D])
@pytest.mark.parametrize("arguments", [(), (3, 2, "same")])
def test_second_order_inside_a_network(kind, arguments, xp):
    """The gradient of a gradient goes through the routing: what a gradient penalty needs."""
    model = Sequential(Dense(3, "tanh"), kind(*arguments), Dense(2, "tanh"))
    x = rng.standard_normal((2, 4, 4, 2))
    model(xp.asarray(x))
    check_grads(model, xp.asarray(x), order=2, parameters=model.weights)


@pytest.mark.parametrize(
    "kind", [MaxPooling2D, AveragePooling2D, GlobalMaxPooling2D, GlobalAveragePooling2D]
)
def test_images_have_four_axes(kind):
    expected = rf"{kind.__name__} expects images of shape \(N, H, W, C\), channels last"
    with pytest.raises(ValueError, match=rf"{expected}, got \(4, 4, 1\): .* as x\[None\]"):
        kind()(np.zeros((4, 4, 1)))
    layer = kind()
    layer(np.zeros((1, 4, 4, 1)))
    with pytest.raises(ValueError, match=r"\(N, H, W, C\), channels last, got \(4, 4\)"):
        layer(np.zeros((4, 4)))


@pytest.mark.parametrize(
    "kind", [MaxPooling1D, AveragePooling1D, GlobalMaxPooling1D, GlobalAveragePooling1D]
)
def test_sequences_have_three_axes(kind):
    with pytest.raises(ValueError, match=r"sequences of shape \(N, T, C\)"):
        kind()(np.zeros((1, 4, 4, 1)))


@pytest.mark.parametrize(
    "arguments, words",
    [
        ((5,), "window of 5 x 5 is larger than the image of 4 x 4.*smaller window or padding"),
        (((2, 7), 1, ((0, 0), (1, 1))), "window of 2 x 7 is larger .* padding makes 4 x 6"),
        ((0,), "must be a whole number above 0"),
        ((2, 0), "strides must be"),
        ((2.5,), "whole number"),
        ((2, 2, "full"), "padding must be 'valid', 'same'"),
        ((2, 2, 2), "less than the window of 2"),
        ((2, 2, -1), "at least 0"),
        (((2, 2, 2),), "or two of them"),
    ],
)
def test_bad_windows(arguments, words):
    with pytest.raises(ValueError, match=words):
        MaxPooling2D(*arguments)(np.zeros((1, 4, 4, 1)))
    with pytest.raises(ValueError, match=words):
        AveragePooling2D(*arguments)(np.zeros((1, 4, 4, 1)))


def test_raw_pixels():
    y = MaxPooling2D()(np.arange(16, dtype="uint8").reshape(1, 4, 4, 1))
    assert y.dtype == "float32"
    assert rows_of(y) == [[5, 7], [13, 15]]


def test_float32_stays(xp, same_dtype):
    x = Tensor(xp.asarray(rng.standard_normal((2, 5, 5, 3)).astype("float32")), requires_grad=True)
    for layer in (MaxPooling2D(3, 2, "same"), AveragePooling2D(3, 2, "same")):
        y = layer(x)
        same_dtype("float32", y, *minigrad.grad(ops.sum(ops.square(y)), [x], create_graph=True))
