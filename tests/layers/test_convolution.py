"""Convolution layers: shapes, values by hand, Keras's names, errors that say what would fit."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Model, Sequential, check_grads, default_dtype
from minigrad.layers import (
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Cropping2D,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Flatten,
    SeparableConv1D,
    SeparableConv2D,
    UpSampling2D,
    ZeroPadding2D,
)

from .helpers import assert_close, raises_with_all

rng = np.random.default_rng(5)


def normal(*shape):
    return rng.standard_normal(shape).astype("float32")


@pytest.mark.parametrize(
    "layer, shape, output_shape, count",
    [
        (Conv2D(32, 3), (28, 28, 1), (26, 26, 32), 320),
        (Conv2D(64, (5, 3), 2, "same"), (28, 27, 3), (14, 14, 64), 2944),
        (Conv2D(96, 11, 4), (227, 227, 3), (55, 55, 96), 34944),
        (Conv2D(8, 3, padding=1, strides=2), (9, 8, 2), (5, 4, 8), 152),
        (Conv2D(8, 3, padding=((1, 2), (0, 3))), (4, 5, 2), (5, 6, 8), 152),
        (Conv2D(4, 3, dilation_rate=2), (7, 8, 2), (3, 4, 4), 76),
        (Conv2D(6, 3, groups=3, use_bias=False), (5, 5, 6), (3, 3, 6), 108),
        (Conv2D(4, 3, padding=(2, 0)), (5, 5, 1), (7, 3, 4), 40),
        (Conv1D(4, 3), (10, 2), (8, 4), 28),
        (Conv1D(4, (3,), (2,), "same"), (9, 2), (5, 4), 28),
        (Conv1D(4, 3, padding="causal", dilation_rate=4), (9, 2), (9, 4), 28),
        (Conv1D(4, 3, padding=(2, 1)), (5, 2), (6, 4), 28),
        (Conv1D(4, 3, padding=1, groups=2), (5, 2), (5, 4), 16),
        (DepthwiseConv2D(3), (6, 5, 4), (4, 3, 4), 40),
        (DepthwiseConv2D(3, 2, "same", depth_multiplier=2), (6, 5, 4), (3, 3, 8), 80),
        (SeparableConv2D(10, 3), (6, 5, 4), (4, 3, 10), 86),
        (SeparableConv2D(10, 3, depth_multiplier=2), (6, 5, 4), (4, 3, 10), 162),
        (Conv2DTranspose(3, 5, 2, "same"), (7, 7, 4), (14, 14, 3), 303),
        (Conv2DTranspose(3, 5, 2), (7, 6, 4), (17, 15, 3), 303),
        (Conv2DTranspose(3, 2, 3), (2, 2, 4), (6, 6, 3), 51),
        (Conv2DTranspose(3, 3, 2, output_padding=1), (2, 3, 4), (6, 8, 3), 111),
        (Conv2DTranspose(3, 3, 2, "same", 0), (4, 4, 1), (7, 7, 3), 30),
        (Conv2DTranspose(3, 4, 2, 1), (5, 5, 1), (10, 10, 3), 51),
        (Conv2DTranspose(6, 3, 2, groups=3), (2, 3, 9), (5, 7, 6), 168),
        (Conv1DTranspose(3, 5, 2, "same"), (7, 4), (14, 3), 63),
        (Conv1DTranspose(3, 3, 2, output_padding=(1,)), (2, 4), (6, 3), 39),
        (Conv1DTranspose(3, 4, 2, 1), (5, 1), (10, 3), 15),
        (Conv1DTranspose(4, 2, 3, groups=2), (2, 6), (6, 4), 28),
        (DepthwiseConv1D(3), (6, 4), (4, 4), 16),
        (DepthwiseConv1D(3, 2, "same", depth_multiplier=2), (6, 4), (3, 8), 32),
        (DepthwiseConv1D(3, padding=(2, 1), dilation_rate=2), (6, 4), (5, 4), 16),
        (SeparableConv1D(10, 3), (6, 4), (4, 10), 62),
        (SeparableConv1D(10, 3, 2, 1, depth_multiplier=2), (6, 4), (3, 10), 114),
    ],
)
def test_shapes_and_parameters(layer, shape, output_shape, count):
    y = layer(normal(2, *shape))
    assert y.shape == (2, *output_shape)
    assert layer.output_shape == (None, *output_shape)
    assert layer.count_params() == count
    assert layer(normal(0, *shape)).shape == (0, *output_shape)


# ---- values --------------------------------------------------------------------------------------


def test_a_convolution_by_hand():
    layer = Conv2D(1, 2, kernel_initializer="ones", bias_initializer="ones")
    image = np.arange(9.0).reshape(1, 3, 3, 1)
    sums = [[0 + 1 + 3 + 4, 1 + 2 + 4 + 5], [3 + 4 + 6 + 7, 4 + 5 + 7 + 8]]
    y = layer(image).data[0, :, :, 0]
    assert (y == np.array(sums) + 1).all()


def test_filters_read_the_channels_of_their_group():
    layer = Conv2D(4, 3, groups=2, use_bias=False)
    x = normal(1, 5, 5, 6)
    y = layer(x).data
    x[..., 3:] += 1
    changed = layer(x).data != y
    assert not changed[..., :2].any()
    assert changed[..., 2:].any()


def test_causal_outputs_depend_on_no_later_step():
    layer = Conv1D(3, 3, padding="causal", dilation_rate=2)
    x = normal(1, 9, 2)
    y = layer(x).data
    x[:, 5:] += 1
    changed = (layer(x).data != y).any((0, 2))
    assert changed.tolist() == [False] * 5 + [True] * 4


def test_separable_is_depthwise_then_pointwise():
    separable = SeparableConv2D(5, 3, 2, "same", depth_multiplier=2)
    x = normal(2, 6, 7, 3)
    separable(x)
    depthwise = DepthwiseConv2D(3, 2, "same", 2, use_bias=False)
    pointwise = Conv2D(5, 1)
    pointwise(depthwise(x))
    depthwise.set_weights([separable.depthwise_kernel.numpy()])
    pointwise.set_weights([separable.pointwise_kernel.numpy(), separable.bias.numpy()])
    assert_close(separable(x), pointwise(depthwise(x)), 1e-6, 1e-5)


def test_a_transposed_convolution_of_groups_is_one_for_each():
    whole = Conv2DTranspose(4, 3, 2, groups=2, use_bias=False)
    x = normal(2, 3, 4, 6)
    y = whole(x).numpy()
    assert whole.kernel.shape == (3, 3, 2, 6)
    for half in (0, 1):
        part = Conv2DTranspose(2, 3, 2, use_bias=False)
        part(x[..., :3])
        channels = slice(3 * half, 3 * half + 3)
        part.set_weights([whole.kernel.numpy()[..., channels]])
        assert_close(part(x[..., channels]), y[..., 2 * half : 2 * half + 2], 1e-6, 1e-5)


ROWS = [
    (Conv1D, Conv2D, (5, 3)),
    (DepthwiseConv1D, DepthwiseConv2D, (3,)),
    (SeparableConv1D, SeparableConv2D, (5, 3)),
    (Conv1DTranspose, Conv2DTranspose, (5, 3)),
]


@pytest.mark.parametrize("line, image, arguments", ROWS)
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_a_sequence_is_an_image_of_one_row(line, image, arguments, padding):
    ours = line(*arguments, strides=2, padding=padding, activation="tanh")
    *first, size = arguments
    theirs = image(*first, (1, size), (1, 2), padding, activation="tanh")
    x = normal(2, 7, 4)
    ours(x), theirs(x[:, None])
    weights = [normal(*p.shape) for p in theirs.weights]
    theirs.set_weights(weights)
    ours.set_weights([w.reshape(p.shape) for w, p in zip(weights, ours.weights, strict=True)])
    assert_close(ours(x), theirs(x[:, None]).numpy()[:, 0], 1e-6, 1e-5)


# ---- in a model ----------------------------------------------------------------------------------


def test_a_script_written_for_keras_runs():
    model = Sequential(
        [
            Conv2D(32, kernel_size=(3, 3), activation="relu", input_shape=(28, 28, 1)),
            Conv2D(64, (3, 3), (2, 2)),
            Flatten(),
            Dense(10, activation="softmax"),
        ]
    )
    assert isinstance(model, Model)
    assert model.output_shape == (None, 10)
    assert list(model.named_weights())[:2] == ["conv2d/kernel", "conv2d/bias"]
    assert model.count_params() == 320 + 18496 + 92170


def test_integers_are_cast_and_float64_stays():
    images = rng.integers(0, 255, (1, 4, 4, 1)).astype("uint8")
    assert Conv2D(2, 3)(images).dtype == np.float32
    with default_dtype("float64"):
        y = Conv2D(2, 3, padding="same")(rng.standard_normal((1, 4, 4, 1)))
    assert y.dtype == np.float64


def test_a_stack_of_all_kinds_is_differentiable_to_second_order(xp):
    model = Sequential(
        ZeroPadding2D(1),
        Conv2D(4, 3, 2, activation="tanh"),
        DepthwiseConv2D(2, depth_multiplier=2),
        UpSampling2D(2, interpolation="bilinear"),
        SeparableConv2D(2, 3, padding="same"),
        Cropping2D(1),
        Conv2DTranspose(2, 3, 2, "same", activation="tanh"),
    )
    x = xp.asarray(normal(1, 5, 6, 2))
    model(x)
    check_grads(model, x, parameters=model.trainable_weights, order=2)


# ---- errors --------------------------------------------------------------------------------------

IMAGES = r"\(N, H, W, C\)"


@pytest.mark.parametrize(
    "layer, shape, words",
    [
        (Conv2D(2, 3), (28, 28), [IMAGES, r"\(28, 28\)", r"x\[None, ..., None\]"]),
        (Conv2D(2, 3), (8, 28, 28), [IMAGES, r"x\[None\]", r"x\[..., None\]"]),
        (Conv2D(2, 3), (1, 2, 3, 4, 5), [IMAGES, "5"]),
        (Conv1D(2, 3), (5,), [r"\(N, T, C\)", r"x\[None, :, None\]"]),
        (Conv2D(2, 5), (1, 4, 8, 1), ["kernel of 5 x 5", "image of 4 x 8", "padding='same'"]),
        (Conv2D(2, 3, dilation_rate=3), (1, 6, 6, 1), ["dilated to 7 x 7", "6 x 6"]),
        (Conv2D(4, 3, groups=2), (1, 5, 5, 3), ["3 channels", "2 groups"]),
        (Conv2DTranspose(4, 3, groups=2), (1, 5, 5, 3), ["3 channels", "2 groups"]),
        (SeparableConv1D(4, 3), (1, 5, 5, 3), ["SeparableConv1D"]),
        (DepthwiseConv2D(3), (4, 4, 2), [IMAGES]),
    ],
)
def test_inputs_that_do_not_fit(layer, shape, words):
    with raises_with_all(*words):
        layer(np.zeros(shape))
    assert not layer.built
    assert not layer.weights


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda: Conv2D(2, 3, padding="full"), ["'valid', 'same'", "'full'"]),
        (lambda: Conv2D(2, 3, padding=-1), ["-1"]),
        (lambda: Conv2D(2, 3, padding=(1, 2, 3)), [r"\(1, 2, 3\)"]),
        (lambda: Conv2D(2, 3, padding=((1, 2, 3), 1)), ["top, bottom"]),
        (lambda: Conv2D(2, 3, padding="causal"), ["'valid', 'same'"]),
        (lambda: Conv2D(2, (3, 3, 3)), ["kernel_size", "height, width"]),
        (lambda: Conv2D(2, 0), ["kernel_size", "0"]),
        (lambda: Conv2D(2, 3, strides=1.5), ["strides", "1.5"]),
        (lambda: Conv2D(2, 3, dilation_rate=(1, 0)), ["dilation_rate"]),
        (lambda: Conv2D(0, 3), ["filters", "0"]),
        (lambda: Conv2D(4, 3, groups=3), ["4 filters", "3 groups"]),
        (lambda: Conv2DTranspose(4, 3, groups=3), ["4 filters", "3 groups"]),
        (lambda: Conv1DTranspose(4, 3, strides=(1, 2)), ["strides", r"\(1, 2\)"]),
        (lambda: DepthwiseConv1D(3, padding="causal"), ["DepthwiseConv1D", "causal"]),
        (lambda: Conv2D(4, 3, groups=0), ["groups"]),
        (lambda: Conv1D(4, (3, 3)), ["kernel_size"]),
        (lambda: DepthwiseConv2D(3, depth_multiplier=0), ["depth_multiplier"]),
        (lambda: Conv2D(2, 3, data_format="channels_first"), ["channels_last", r"\(0, 2, 3, 1\)"]),
    ],
)
def test_settings_that_do_not_fit(make, words):
    with raises_with_all(*words):
        make()


def test_another_number_of_channels_than_when_built():
    layer = Conv2D(2, 3, name="edges")
    layer(normal(1, 5, 5, 3))
    with raises_with_all("layer edges", "3 features", r"\(1, 5, 5, 1\)"):
        layer(normal(1, 5, 5, 1))
