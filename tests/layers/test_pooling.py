"""Pooling: windows by hand, TensorFlow's 'same', ties, masks, second order, errors."""

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, check_grads, grad, ops
from minigrad.backend import to_cpu
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
from minigrad.ops import pooling

from .helpers import SEQUENCES, assert_close, values

rng = np.random.default_rng(8)

IDS = np.array([[3, 1, 4, 0, 0], [0, 0, 5, 2, 6], [1, 2, 3, 4, 5], [0, 0, 0, 0, 0]])


def test_means_over_time_leave_padding_out(xp):
    model = Sequential(Embedding(7, 3, mask_zero=True), GlobalAveragePooling1D())
    y = values(model(xp.asarray(IDS)))
    table = values(model.weights[0])
    np.testing.assert_allclose(y[0], table[[3, 1, 4]].mean(0), rtol=1e-5)
    np.testing.assert_allclose(y[1], table[[5, 2, 6]].mean(0), rtol=1e-5)
    assert not y[3].any()
    assert_close(
        GlobalAveragePooling1D(keepdims=True)(xp.asarray(SEQUENCES), mask=xp.ones((4, 5), "int64")),
        SEQUENCES.mean(1, keepdims=True),
    )
    with pytest.raises(ValueError, match="mask of shape"):
        GlobalAveragePooling1D()(SEQUENCES, mask=np.ones((4, 4)))


def image(rows):
    """(1, H, W, 1)"""
    return np.asarray(rows, "float32")[None, :, :, None]


def shown(y):
    return to_cpu(y.data)[0, :, :, 0].tolist()


SQUARE = image(np.arange(16).reshape(4, 4))


def test_windows_by_hand(xp):
    x = xp.asarray(SQUARE)
    assert shown(MaxPooling2D()(x)) == [[5, 7], [13, 15]]
    assert shown(AveragePooling2D()(x)) == [[2.5, 4.5], [10.5, 12.5]]
    assert shown(MaxPooling2D(3, 1)(x)) == [[10, 11], [14, 15]]
    assert shown(MaxPooling2D((1, 4))(x)) == [[3], [7], [11], [15]]
    assert shown(AveragePooling2D(2, strides=(1, 2))(x)) == [[2.5, 4.5], [6.5, 8.5], [10.5, 12.5]]


@pytest.mark.parametrize(
    "n, size, stride, before, after",
    [  # TensorFlow: ceil(n / stride) windows, the odd pixel after
        (4, 2, 2, 0, 0),
        (5, 2, 2, 0, 1),
        (5, 3, 2, 1, 1),
        (6, 3, 2, 0, 1),
        (7, 3, 3, 1, 1),
        (7, 4, 3, 1, 2),
        (3, 5, 1, 2, 2),
        (4, 4, 1, 1, 2),
        (2, 5, 2, 1, 2),
        (9, 2, 4, 0, 1),
        (1, 3, 2, 1, 1),
    ],
)
def test_same_is_tensorflows(n, size, stride, before, after):
    rows, _ = pooling.window_geometry((1, n, 4, 1), (size, 1), (stride, 1), "same", "")
    assert rows == (n, size, stride, before, -(-n // stride))
    assert max((rows[4] - 1) * stride + size - n, 0) == before + after


def test_averages_count_real_pixels_only(xp):
    ones = xp.ones((1, 5, 5, 2), "float32")
    for padding in ("same", 1, ((0, 1), (1, 0))):
        np.testing.assert_allclose(to_cpu(AveragePooling2D(3, 2, padding)(ones).data), 1, rtol=1e-6)


def test_padding_never_wins(xp):
    x = xp.asarray(-1 - SQUARE)
    assert shown(MaxPooling2D(3, 2, "same")(x)) == [[-1, -3], [-9, -11]]
    assert shown(MaxPooling2D(3, 2, 1)(x)) == [[-1, -2], [-5, -6]]


@pytest.mark.parametrize(
    "settings", [{}, {"size": 3, "strides": 1}, {"size": 3, "strides": 2, "padding": "same"}]
)
def test_ties_have_one_gradient_a_window(settings, xp):
    x = Tensor(xp.ones((2, 6, 6, 3)), requires_grad=True)
    y = ops.max_pool(x, **settings)
    (g,) = grad(ops.sum(y), [x])
    assert float(g.sum()) == y.size


def test_ties_go_to_the_first_in_the_window(xp):
    x = Tensor(xp.asarray(image([[0, 1, 0, 0], [1, 1, 0, 0]])), requires_grad=True)
    assert shown(grad(ops.sum(ops.max_pool(x)), [x])[0]) == [[0, 1, 1, 0], [0, 0, 0, 0]]
    x = Tensor(xp.asarray(image([[0, 0, 2], [2, 0, 0], [2, 2, 0]])), requires_grad=True)
    assert shown(grad(ops.sum(ops.max_pool(x, size=3)), [x])[0]) == [
        [0, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
    ]


@pytest.mark.parametrize("block", [1, 40, 10**6])
def test_blocks_of_images_change_nothing(block, monkeypatch):
    x = rng.standard_normal((5, 7, 6, 3))
    settings = {"size": 3, "strides": 2, "padding": "same"}

    def both():
        t = Tensor(x, requires_grad=True)
        ys = ops.max_pool(t, **settings), ops.avg_pool(t, **settings)
        return [
            *(y.numpy() for y in ys),
            *(grad(ops.sum(ops.square(y)), [t])[0].numpy() for y in ys),
        ]

    wanted = both()
    monkeypatch.setattr(pooling, "BLOCK", block)
    for a, b in zip(both(), wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_large_windows_count_their_places_right():
    """More places than a byte can tell apart."""
    x = Tensor(rng.standard_normal((1, 18, 17, 2)), requires_grad=True)
    (g,) = grad(ops.sum(ops.max_pool(x, size=(18, 17))), [x])
    assert (g.numpy() != 0).reshape(-1, 2).argmax(0).tolist() == x.numpy().reshape(-1, 2).argmax(
        0
    ).tolist()


def test_sequences(xp):
    x = xp.asarray(np.array([[3, 1, 4, 1, 5]], "float32")[:, :, None])

    def values(layer):
        return to_cpu(layer(x).data)[0, :, 0].tolist()

    assert values(MaxPooling1D()) == [3, 4]
    assert values(AveragePooling1D()) == [2, 2.5]
    assert values(MaxPooling1D(3, 1)) == [4, 4, 5]
    assert values(MaxPooling1D(2, padding="same")) == [3, 4, 5]
    assert values(AveragePooling1D(2, padding="same")) == [2, 2.5, 5]
    assert values(AveragePooling1D(3, 2, 1)) == [2, 2, 3]
    assert values(MaxPooling1D((2,), (1,))) == [3, 4, 4, 5]


def test_global_pooling(xp):
    x = rng.standard_normal((2, 3, 4, 5)).astype("float32")
    for kind, reduce in ((GlobalAveragePooling2D, np.mean), (GlobalMaxPooling2D, np.max)):
        np.testing.assert_allclose(to_cpu(kind()(xp.asarray(x)).data), reduce(x, (1, 2)), rtol=1e-5)
        assert kind(keepdims=True)(xp.asarray(x)).shape == (2, 1, 1, 5)
    for kind, reduce in ((GlobalAveragePooling1D, np.mean), (GlobalMaxPooling1D, np.max)):
        np.testing.assert_allclose(
            to_cpu(kind()(xp.asarray(x[0])).data), reduce(x[0], 1), rtol=1e-5
        )
        assert kind(keepdims=True)(xp.asarray(x[0])).shape == (3, 1, 5)


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
        ((5,), r"a window of 5x5 does not fit into images \(N, H, W, C\) of shape \(1, 4, 4, 1\)"),
        (((2, 7), 1, ((0, 0), (1, 1))), r"2x7 does not fit .* with padding"),
        ((0,), "window size must be a whole number above 0"),
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
    assert shown(y) == [[5, 7], [13, 15]]


def test_float32_stays(xp, same_dtype):
    x = Tensor(xp.asarray(rng.standard_normal((2, 5, 5, 3)).astype("float32")), requires_grad=True)
    for layer in (MaxPooling2D(3, 2, "same"), AveragePooling2D(3, 2, "same")):
        y = layer(x)
        same_dtype("float32", y, *minigrad.grad(ops.sum(ops.square(y)), [x], create_graph=True))
