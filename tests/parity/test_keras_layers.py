"""Layers and their options have Keras's values, from Keras's weights."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import minigrad
from minigrad import constraints

pytestmark = pytest.mark.parity


def numbers(x):
    return np.asarray(keras.ops.convert_to_numpy(x))


def same_weights(ours, theirs, seed=0):
    """Give both the same random weights, by their order."""
    draw = np.random.default_rng(seed)
    weights = [draw.standard_normal(w.shape).astype("float32") for w in theirs.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)


# ---- constraints ---------------------------------------------------------------------------------

CONSTRAINTS = {
    "non_neg": {},
    "max_norm": {"max_value": 0.7},
    "max_norm rows": {"max_value": 0.7, "axis": 1},
    "unit_norm": {},
    "unit_norm all": {"axis": [0, 1]},
    "min_max_norm": {"min_value": 0.5, "max_value": 0.8, "rate": 0.6},
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_constraints(name):
    w = np.random.default_rng(0).standard_normal((4, 3)).astype("float32")
    w[:, 1] = 0
    kind = name.split()[0]
    ours = getattr(constraints, kind)(**CONSTRAINTS[name])(w)
    theirs = getattr(keras.constraints, kind)(**CONSTRAINTS[name])(w)
    np.testing.assert_allclose(ours, numbers(theirs), rtol=1e-5, atol=1e-7)


OPTIMIZERS = {
    "sgd": lambda m: m.optimizers.SGD(0.2, momentum=0.9, weight_decay=0.1, clipnorm=0.5),
    "adam": lambda m: m.optimizers.Adam(0.1, clipvalue=0.1),
    "adamw": lambda m: m.optimizers.AdamW(0.1, weight_decay=0.2, global_clipnorm=0.3),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_constraints_in_training(name):
    draw = np.random.default_rng(1)
    x, y = (draw.standard_normal((12, n)).astype("float32") for n in (4, 2))
    models = []
    for module in (minigrad, keras):
        models.append(
            module.Sequential(
                [
                    module.layers.Input((4,)),
                    module.layers.Dense(
                        5, "tanh", kernel_constraint="max_norm", bias_constraint="non_neg"
                    ),
                    module.layers.BatchNormalization(gamma_constraint="unit_norm"),
                    module.layers.Dense(
                        2, kernel_constraint=module.constraints.MinMaxNorm(0.3, 0.6, 0.9)
                    ),
                ]
            )
        )
        models[-1].compile(OPTIMIZERS[name](module), "mse")
    same_weights(models[0].layers[0], models[1].layers[0])
    same_weights(models[0].layers[2], models[1].layers[2])
    for model in models:
        model.fit(x, y, epochs=3, batch_size=4, shuffle=False, verbose=0)
    for ours, theirs in zip(models[0].layers, models[1].layers, strict=True):
        for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


# ---- options -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["Dense", "LSTM", "LayerNormalization", "Conv1D"])
def test_dtype(name, dtype):
    options = {"Dense": {"units": 3}, "LSTM": {"units": 3}, "Conv1D": {"filters": 2}}.get(name, {})
    options |= {"kernel_size": 2} if name == "Conv1D" else {}
    ours, theirs = (getattr(m.layers, name)(dtype=dtype, **options) for m in (minigrad, keras))
    x = np.random.default_rng(0).standard_normal((2, 5, 4)).astype("float32")
    ours(x)
    theirs(x)
    same_weights(ours, theirs)
    y, expected = ours(x).numpy(), numbers(theirs(x))
    assert y.dtype == expected.dtype == dtype == theirs.dtype == ours.dtype
    np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-6)


NOISE_SHAPES = [None, (None, 1, None), (3, 1, 5), (1, None, 1)]


@pytest.mark.parametrize("noise_shape", NOISE_SHAPES)
def test_noise_shape_of_dropout(noise_shape):
    x = np.ones((3, 4, 5), "float32")
    for module in (minigrad, keras):
        layer = module.layers.Dropout(0.5, noise_shape=noise_shape, seed=1)
        y = layer(x, training=True)
        y = y.numpy() if module is minigrad else numbers(y)
        for axis, n in enumerate(noise_shape or ()):
            if n == 1:
                assert (y == y.take([0], axis)).all()
        assert set(np.unique(y)) == {0.0, 2.0}


# ---- values, from equal weights ------------------------------------------------------------------

SEQUENCES, IMAGES = (2, 7, 4), (2, 6, 5, 4)
TANH = {"activation": "tanh"}
LAYERS = {
    "Conv1DTranspose": ((3, 3), TANH, SEQUENCES),
    "Conv1DTranspose strides": ((3, 2), {"strides": 3}, SEQUENCES),
    "Conv1DTranspose output_padding": ((3, 3), {"strides": 2, "output_padding": 1}, SEQUENCES),
    "Conv1DTranspose dilation": ((3, 3), {"dilation_rate": 2, "use_bias": False}, SEQUENCES),
    "EinsumDense": (("abc,cd->abd", (None, 6)), {"bias_axes": "d", **TANH}, SEQUENCES),
    "EinsumDense heads": (("abc,cde->abde", (None, 2, 3)), {"bias_axes": "de"}, SEQUENCES),
    "EinsumDense transposed": (("abc,bd->adc", (5, 4)), {"bias_axes": "d"}, SEQUENCES),
    "EinsumDense ellipsis": (("...x,xy->...y", 5), {"bias_axes": "y"}, SEQUENCES),
    "DepthwiseConv1D": ((3,), TANH, SEQUENCES),
    "DepthwiseConv1D same": ((3, 2, "same", 2), {}, SEQUENCES),
    "DepthwiseConv1D dilation": ((3,), {"dilation_rate": 2}, SEQUENCES),
    "SeparableConv1D": ((5, 3), TANH, SEQUENCES),
    "SeparableConv1D same": ((5, 3, 2, "same"), {"depth_multiplier": 2}, SEQUENCES),
    "SeparableConv1D dilation": ((5, 2), {"dilation_rate": 3, "padding": "same"}, SEQUENCES),
}


@pytest.mark.parametrize("name", LAYERS)
def test_values(name):
    args, options, shape = LAYERS[name]
    ours, theirs = (getattr(m.layers, name.split()[0])(*args, **options) for m in (minigrad, keras))
    x = np.random.default_rng(0).standard_normal(shape).astype("float32")
    ours(x)
    theirs(x)
    same_weights(ours, theirs)
    y, expected = ours(x).numpy(), numbers(theirs(x))
    assert y.shape == expected.shape
    stated = theirs.compute_output_shape(shape)
    assert all(n in (None, m) for n, m in zip(stated, y.shape, strict=True))
    np.testing.assert_allclose(y, expected, rtol=2e-5, atol=2e-5)


def test_the_two_values_of_alpha_dropout():
    x = np.full((20, 30), 0.7, "float32")
    found = [
        np.unique(numbers(m.layers.AlphaDropout(0.3, seed=1)(x, training=True)).round(5))
        for m in (minigrad, keras)
    ]
    assert len(found[0]) == 2
    np.testing.assert_allclose(*found, rtol=1e-4)


# ---- activity regularizers -----------------------------------------------------------------------

PENALIZED = {
    "Dense": lambda m: m.layers.Dense(3, "tanh", activity_regularizer="l2"),
    "LSTM": lambda m: m.layers.LSTM(3, activity_regularizer=m.regularizers.L1(0.1)),
    "LSTM with states": lambda m: m.layers.LSTM(
        3, return_state=True, activity_regularizer=m.regularizers.L1(0.1)
    ),
    "Conv1D": lambda m: m.layers.Conv1D(3, 2, activity_regularizer=m.regularizers.L1L2(0.1, 0.1)),
    "ActivityRegularization": lambda m: m.layers.ActivityRegularization(0.1, 0.2),
}


@pytest.mark.parametrize("name", PENALIZED)
def test_activity_regularizers(name):
    ours, theirs = (PENALIZED[name](m) for m in (minigrad, keras))
    x = np.random.default_rng(0).standard_normal((4, 5, 3)).astype("float32")
    ours(x)
    theirs(x)
    same_weights(ours, theirs)
    ours(x)
    theirs(x)
    losses = [float(numbers(loss)) for loss in theirs.losses]
    np.testing.assert_allclose([loss.item() for loss in ours.losses], losses, rtol=1e-4)


def test_activity_regularizers_in_training():
    draw = np.random.default_rng(2)
    x, y = (draw.standard_normal((12, n)).astype("float32") for n in (4, 2))
    models = []
    for m in (minigrad, keras):
        inputs = m.layers.Input((4,))
        h = m.layers.Dense(5, "tanh", activity_regularizer=m.regularizers.L2(0.3))(inputs)
        inner = m.Model(inputs, h)
        outer = m.layers.Input((4,))
        h = m.layers.ActivityRegularization(l1=0.1)(inner(outer))
        models.append(m.Model(outer, m.layers.Dense(2, kernel_regularizer="l2")(h)))
        models[-1].compile(m.optimizers.SGD(0.1), "mse")
    same_weights(*models)
    histories = [
        model.fit(x, y, epochs=3, batch_size=5, shuffle=False, verbose=0).history["loss"]
        for model in models
    ]
    np.testing.assert_allclose(*histories, rtol=1e-4)
    np.testing.assert_allclose(*(m.evaluate(x, y, verbose=0, batch_size=12) for m in models), 1e-4)


# ---- images --------------------------------------------------------------------------------------

PICTURES = np.random.default_rng(5).random((2, 6, 5, 3)).astype("float32")
FIXED = {
    "Resizing": ((4, 7), {}),
    "Resizing nearest": ((4, 7, "nearest"), {}),
    "Resizing bicubic": ((9, 4, "bicubic"), {}),
    "Resizing antialias": ((3, 3), {"antialias": True}),
    "Resizing bicubic antialias": ((3, 2, "bicubic"), {"antialias": True}),
    "Resizing crop": ((4, 8), {"crop_to_aspect_ratio": True}),
    "Resizing crop wide": ((7, 3), {"crop_to_aspect_ratio": True}),
    "Resizing pad": ((4, 9), {"pad_to_aspect_ratio": True, "fill_value": 0.5}),
    "Resizing pad high": ((9, 4), {"pad_to_aspect_ratio": True, "fill_value": -1.0}),
    "CenterCrop": ((3, 2), {}),
    "CenterCrop even": ((4, 5), {}),
    "CenterCrop of smaller images": ((7, 3), {}),
    "UpSampling2D bicubic": (((2, 3),), {"interpolation": "bicubic"}),
    "RandomRotation": (((0.13, 0.13),), {}),
    "RandomRotation constant": (((-0.2, -0.2),), {"fill_mode": "constant", "fill_value": 0.3}),
    "RandomRotation nearest": (((0.13, 0.13),), {"fill_mode": "nearest"}),
    "RandomRotation wrap": (((0.13, 0.13),), {"fill_mode": "wrap"}),
    "RandomRotation by the nearest pixel": (((0.07, 0.07),), {"interpolation": "nearest"}),
    "RandomZoom out": (((0.3, 0.3),), {"fill_mode": "constant"}),
    "RandomZoom in": (((-0.3, -0.3), (-0.1, -0.1)), {}),
    "RandomTranslation": (((0.3, 0.3), (-0.25, -0.25)), {}),
    "RandomTranslation wrap": (((-0.3, -0.3), (0.25, 0.25)), {"fill_mode": "wrap"}),
    "RandomBrightness": (((0.3, 0.3),), {"value_range": (0, 1)}),
    "RandomBrightness down": (((-0.3, -0.3),), {"value_range": (0, 1)}),
}


@pytest.mark.parametrize("name", FIXED)
def test_images(name):
    args, options = FIXED[name]
    ours, theirs = (getattr(m.layers, name.split()[0])(*args, **options) for m in (minigrad, keras))
    mode = {"training": True} if name.startswith("Random") else {}
    y, expected = ours(PICTURES, **mode).numpy(), numbers(theirs(PICTURES, **mode))
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=2e-5)
    if mode:
        assert (y != PICTURES).any()
        for module, layer in ((minigrad, ours), (keras, theirs)):
            still = layer(PICTURES, training=False)
            still = still.numpy() if module is minigrad else numbers(still)
            assert (still == PICTURES).all()


def test_sizes_that_keep_proportions():
    for height, width in np.random.default_rng(0).integers(1, 9, (12, 2)):
        for key in ("crop_to_aspect_ratio", "pad_to_aspect_ratio"):
            ours, theirs = (
                m.layers.Resizing(int(height), int(width), **{key: True}) for m in (minigrad, keras)
            )
            np.testing.assert_allclose(
                ours(PICTURES).numpy(), numbers(theirs(PICTURES)), rtol=1e-4, atol=1e-5
            )


def test_contrast_changes_images_about_their_mean():
    """The gain that Keras drew is read off; with it ours has the same values."""
    theirs = keras.layers.RandomContrast((0.2, 0.9), value_range=(0, 1), seed=1)
    y = numbers(theirs(PICTURES[:1], training=True))
    mean = PICTURES[:1].mean((1, 2), keepdims=True)
    inside = (y > 0) & (y < 1)
    gain = float(((y - mean) / (PICTURES[:1] - mean))[inside].mean())
    ours = minigrad.layers.RandomContrast((0.2, 0.9), value_range=(0, 1))
    ours.factor = 1 - gain, gain - 1
    np.testing.assert_allclose(ours(PICTURES[:1]).numpy(), y, rtol=1e-4, atol=1e-5)
