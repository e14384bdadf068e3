"""Layers that pad, crop and enlarge images."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import layers
from minigrad.layers import (
    Cropping1D,
    Cropping2D,
    ReflectionPadding2D,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding1D,
    ZeroPadding2D,
)

from .helpers import raises_with_all


@pytest.mark.parametrize(
    "layer, output_shape",
    [
        (ReflectionPadding2D((1, 2)), (5, 8, 2)),
        (ZeroPadding2D(), (5, 6, 2)),
        (ZeroPadding2D((1, 2)), (5, 8, 2)),
        (ZeroPadding2D(((1, 0), (2, 3))), (4, 9, 2)),
        (Cropping2D(1), (1, 2, 2)),
        (Cropping2D(((0, 2), (1, 0))), (1, 3, 2)),
        (UpSampling2D(), (6, 8, 2)),
        (UpSampling2D((2, 3), interpolation="bilinear"), (6, 12, 2)),
    ],
)
def test_shapes(layer, output_shape):
    assert layer(np.ones((2, 3, 4, 2))).shape == (2, *output_shape)
    assert layer.output_shape == (None, *output_shape)
    assert layer.count_params() == 0
    assert layer(np.ones((0, 3, 4, 2))).shape == (0, *output_shape)


def test_sequences_by_hand():
    x = np.array([[[1.0], [2.0], [3.0]]])

    def of(layer):
        return layer(x).numpy().ravel().tolist()

    assert of(ZeroPadding1D()) == [0, 1, 2, 3, 0]
    assert of(ZeroPadding1D((0, 2))) == [1, 2, 3, 0, 0]
    assert of(Cropping1D()) == [2] and of(Cropping1D((2, 0))) == [3]
    assert of(UpSampling1D()) == [1, 1, 2, 2, 3, 3]


def test_enlarging_by_hand():
    row = np.array([0.0, 1.0, 3.0]).reshape(1, 1, 3, 1)
    nearest = UpSampling2D((1, 2))
    assert nearest(row).data.ravel().tolist() == [0, 0, 1, 1, 3, 3]
    bilinear = UpSampling2D((1, 2), interpolation="bilinear")
    assert bilinear(row).data.ravel().tolist() == [0, 0.25, 0.75, 1.5, 2.5, 3]
    vertical = UpSampling2D((2, 1), interpolation="bilinear")
    assert vertical(row).data.shape == (1, 2, 3, 1)
    square = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    y = UpSampling2D(2)(square).data[0, :, :, 0]
    assert y.tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layer, shape, words",
    [
        (ZeroPadding2D(1), (3, 3), [r"\(N, H, W, C\)"]),
        (ReflectionPadding2D(1), (3, 3), [r"\(N, H, W, C\)"]),
        (ReflectionPadding2D(3), (1, 3, 9, 1), ["cannot add 3 elements to axis 1", "at most 2"]),
        (UpSampling2D(), (3, 3, 1), [r"x\[None\]"]),
        (Cropping2D(2), (1, 4, 5, 1), ["nothing", "4 x 5"]),
        (Cropping1D(2), (1, 4, 1), ["nothing", "4 steps"]),
        (ZeroPadding1D(), (3, 3), [r"\(N, T, C\)"]),
    ],
)
def test_inputs_that_do_not_fit(layer, shape, words):
    with raises_with_all(*words):
        layer(np.zeros(shape))
    assert not layer.built


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: UpSampling2D(2, interpolation="cubic"), ["'cubic'", "known: nearest, bilinear"]),
        (lambda: UpSampling2D(0), ["size"]),
        (lambda: ReflectionPadding2D("same"), ["padding must be a number"]),
        (lambda: ZeroPadding2D("same"), ["padding must be a number"]),
        (lambda: Cropping2D((1, -1)), ["cropping must be a number"]),
        (lambda: Cropping1D((1, -1)), ["cropping must be a number or"]),
        (lambda: ZeroPadding1D((1, 2, 3)), ["padding must be a number or"]),
        (lambda: UpSampling1D(0), ["size"]),
    ],
)
def test_settings_that_do_not_fit(make, words):
    with raises_with_all(*words):
        make()


def test_repeat_vector():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    y = layers.RepeatVector(3)(x)
    np.testing.assert_array_equal(y.numpy(), np.stack([x] * 3, axis=1))
    for n in (0, -1, 1.5):
        with pytest.raises(ValueError, match="n must be a whole number above 0"):
            layers.RepeatVector(n)


def test_the_short_names_of_poolings():
    for name in ("Max", "Avg", "GlobalMax", "GlobalAvg"):
        for d in ("1D", "2D"):
            full = f"{name.replace('Avg', 'Average')}Pooling{d}"
            assert getattr(layers, f"{name}Pool{d}") is getattr(layers, full)
