"""Layers of adversarial networks: their formulas, their state, and what does not fit."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, grad, layers, ops
from minigrad.layers import (
    Conv2D,
    Dense,
    EqualizedLearningRate,
    MinibatchStdDev,
    ModulatedConv2D,
    PixelNormalization,
    SpectralNormalization,
)

from .helpers import assert_close, assert_equal, raises_with_all, values

X = np.random.default_rng(3).standard_normal((6, 4, 5, 8)).astype("float32")


def test_pixel_normalization():
    y = values(PixelNormalization()(X))
    assert_close(np.square(y).mean(-1), np.ones((6, 4, 5)), atol=1e-5)
    assert_close(np.sign(y), np.sign(X))


# ---- minibatch standard deviation ----------------------------------------------------------------


def test_minibatch_standard_deviation_by_hand():
    y = values(MinibatchStdDev(group_size=3, num_channels=2)(X))
    assert_equal(y[..., :8], X)
    for group in (0, 1):  # images 0, 2, 4 and 1, 3, 5
        deviation = np.sqrt(X[group::2].var(0) + 1e-8)  # (H, W, C)
        for channel, share in enumerate((deviation[..., :4], deviation[..., 4:])):
            assert_close(y[group::2, ..., 8 + channel], np.full((3, 4, 5), share.mean()))


@pytest.mark.parametrize("n, size", [(6, 3), (5, 1), (3, 3), (8, 4), (1, 1)])
def test_a_group_divides_the_batch(n, size):
    batch = np.resize(X, (n, 4, 5, 8))
    assert_equal(MinibatchStdDev(4)(batch), MinibatchStdDev(size)(batch))


def test_equal_images_have_no_deviation():
    y = values(MinibatchStdDev(epsilon=0.0)(np.repeat(X[:1], 4, axis=0)))
    assert_equal(y[..., 8], np.zeros((4, 4, 5)))


# ---- modulation ----------------------------------------------------------------------------------


def test_a_fresh_style_of_zeros_leaves_the_scale_alone():
    minigrad.seed(1)
    layer = ModulatedConv2D(16)
    y = values(layer(np.tile(X, (40, 1, 1, 1)), np.zeros((240, 7), "float32")))
    assert [p.shape for p in layer.weights] == [(3, 3, 8, 16), (7, 8), (8,)]
    inner = y[:, 1:-1, 1:-1]
    assert 0.8 < inner.std() < 1.2  # demodulation: images of variance 1 stay so


# ---- equalized learning rate ---------------------------------------------------------------------


def test_equalized_weights():
    minigrad.seed(0)
    layer = EqualizedLearningRate(Dense(400, use_bias=False), gain=2.0, lr_multiplier=0.1)
    layer.build((None, 100))
    assert abs(layer.layer.kernel.numpy().std() - 10) < 0.2  # 1 / lr_multiplier
    x = np.eye(100, dtype="float32")
    assert_close(layer(x), layer.layer.kernel.numpy() * 0.1 * 2 / 10)


def test_the_multiplier_scales_the_bias_too():
    layer = EqualizedLearningRate(Dense(2, bias_initializer="ones"), lr_multiplier=0.25)
    assert_equal(layer(np.zeros((1, 3))), [[0.25, 0.25]])


def test_wrapped_layers_keep_their_weights():
    layer = EqualizedLearningRate(Conv2D(3, 3))
    before = layer(X), layer.layer.kernel
    assert layer.layer.kernel is before[1] and len(layer.trainable_weights) == 2
    assert layer.named_weights().keys() == {"layer/kernel", "layer/bias"}


# ---- spectral normalization ----------------------------------------------------------------------


def largest_singular_value(kernel):
    return np.linalg.svd(kernel.reshape(-1, kernel.shape[-1]), compute_uv=False)[0]


@pytest.mark.parametrize("inner", [Dense(6), Conv2D(6, 3)], ids=["dense", "conv2d"])
def test_the_kernel_has_norm_one(inner):
    minigrad.seed(2)
    layer = SpectralNormalization(inner, power_iterations=3)
    with minigrad.training():
        for _ in range(30):
            layer(X)
    used = layer._weights()["kernel"].numpy()
    assert abs(largest_singular_value(used) - 1) < 1e-4
    assert_close(used * largest_singular_value(inner.kernel.numpy()), inner.kernel, atol=1e-4)


def test_u_moves_in_training_alone():
    layer = SpectralNormalization(Dense(6))
    layer(X)
    before = layer.u.numpy().copy()
    first = values(layer(X))
    assert_equal(layer(X), first)
    assert_equal(layer.u, before)
    with minigrad.training():
        layer(X)
    moved = layer.u.numpy().copy()
    assert (moved != before).any()
    layer.trainable = False
    with minigrad.training():
        layer(X)
    assert_equal(layer.u, moved)


def test_two_calls_of_one_step_have_their_gradients():
    """The second call moves u; the first one's gradient does not need it any more."""
    layer = SpectralNormalization(Dense(3))
    layer(X)
    with minigrad.training():
        loss = ops.sum(ops.square(layer(X) - layer(2 * X)))
    assert all(np.isfinite(values(g)).all() for g in grad(loss, layer.trainable_weights))


def test_a_penalty_on_gradients_goes_through():
    model = Sequential(SpectralNormalization(Dense(6, "tanh")), SpectralNormalization(Dense(1)))
    x = Tensor(X[:, 0, 0], requires_grad=True)
    with minigrad.training():
        (slope,) = grad(ops.sum(model(x)), [x], create_graph=True)
        gradients = grad(ops.sum(ops.square(slope)), model.trainable_weights, unused="zeros")
    assert all(np.abs(values(g)).max() > 0 for g in gradients[::2])


def test_training_with_it_and_saving(tmp_path):
    def made():
        model = Sequential(SpectralNormalization(Dense(4, "relu")), Dense(1), name="critic")
        model.build((None, 8))
        model.compile("adam", "mse")
        return model

    model, x = made(), X[:, 0, 0]
    model.fit(x, x[:, 0], epochs=2, verbose=0)
    model.save(tmp_path / "critic.safetensors")
    other = made()
    other.load(tmp_path / "critic.safetensors")
    assert_equal(other.predict(x, verbose=0), model.predict(x, verbose=0))
    assert_equal(copy.deepcopy(model)(x), model(x))


def test_all_of_them_in_one_functional_model():
    images, styles = layers.Input((4, 5, 8)), layers.Input((7,))
    y = MinibatchStdDev()(PixelNormalization()(ModulatedConv2D(3, up=2)(images, styles)))
    y = SpectralNormalization(Conv2D(2, 3))(layers.ReflectionPadding2D(1)(y))
    y = EqualizedLearningRate(Dense(1))(layers.Flatten()(y))
    model = minigrad.Model([images, styles], y)
    model.compile("adam", "mse")
    inputs, before = [X, X[:, 0, 0, :7]], model.get_weights()
    model.train_on_batch(inputs, np.ones((6, 1)))
    assert model.output_shape == (None, 1)
    assert all((a != b).any() for a, b in zip(model.get_weights(), before, strict=True))


# ---- penalties on gradients ----------------------------------------------------------------------


@pytest.mark.parametrize("target", [0, 1], ids=["r1", "gradient penalty"])
def test_the_gradient_of_a_penalty_by_finite_differences(target):
    with minigrad.default_dtype("float64"):
        minigrad.seed(0)
        critic = Sequential(
            Conv2D(6, 3, 2, "same", input_shape=(4, 5, 8)),
            layers.LeakyReLU(0.2),
            Conv2D(5, 3, padding="same"),
            layers.LayerNormalization(epsilon=1e-3),
            layers.LeakyReLU(0.2),
            layers.Flatten(),
            Dense(1),
        )
        x = Tensor(X.astype("float64"), requires_grad=True)
        weights = [p for p in critic.trainable_weights if p.ndim > 1]

        def penalty():
            (slope,) = grad(ops.sum(critic(x)), [x], create_graph=True)
            squares = ops.sum(ops.square(slope), axis=(1, 2, 3))
            return ops.mean(ops.square(ops.sqrt(squares) - 1) if target else squares)

        gradients = grad(penalty(), weights)
        draw = np.random.default_rng(0)
        direction = [draw.standard_normal(p.shape) for p in weights]
        expected = sum((values(g) * d).sum() for g, d in zip(gradients, direction))
        ends = []
        for step in (1e-5, -2e-5):  # there, and on the other side
            for p, d in zip(weights, direction):
                p.assign_add(step * d)
            ends.append(float(penalty().data))
    assert abs((ends[0] - ends[1]) / 2e-5 - expected) < 1e-6 * abs(expected)


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapper", [EqualizedLearningRate, SpectralNormalization])
def test_layers_that_cannot_be_wrapped(wrapper):
    with raises_with_all("wraps a layer with a kernel", "Dense or Conv2D"):
        wrapper(layers.LayerNormalization())(X)
    with raises_with_all("wraps a layer with a kernel"):
        wrapper(layers.LSTM(3))(X[:, 0])
    with pytest.raises(TypeError, match="expects layers"):
        wrapper("dense")


def test_bad_arguments():
    built = Dense(3)
    built(X)
    with raises_with_all("is built", "wrap a new layer"):
        EqualizedLearningRate(built)(X)
    with raises_with_all("lr_multiplier must be above 0"):
        EqualizedLearningRate(Dense(3), lr_multiplier=0)
    with raises_with_all("power_iterations must be a positive integer"):
        SpectralNormalization(Dense(3), power_iterations=0)
    with raises_with_all("8 channels do not divide into 3"):
        MinibatchStdDev(num_channels=3)(X)
    with raises_with_all(r"style of shape \(6, 8\)"):
        ops.modulated_conv2d(X, np.ones((3, 3, 8, 2)), np.ones((5, 8)))
