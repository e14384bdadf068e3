"""Inception: sizes by layer, auxiliary classifiers, faults of the known recipe, learning."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import datasets, grad, training
from minigrad.config import to_device
from minigrad.data.images import resize
from minigrad.layers import BatchNormalization, Conv2D
from minigrad.optimizers.adam import Adam
from models.convolutional import inception

# ---- sizes ---------------------------------------------------------------------------------------


def conv_bn_count(kernel_area: int, inputs: int, filters: int) -> int:
    """The parameters of a convolution with bias and its batch normalization."""
    return kernel_area * inputs * filters + filters + 4 * filters


def test_small_inception_v4_has_the_known_parameters():
    model = inception.inception_v4_small()
    assert model.count_params() == 1_755_690
    assert sum(p.size for p in model.trainable_weights) == 1_746_986
    assert [layer.count_params() for layer in model.layers[:4]] == [
        conv_bn_count(9, 1, 32),
        conv_bn_count(9, 32, 32),
        conv_bn_count(9, 32, 64),
        conv_bn_count(9, 64, 64),
    ]
    assert [layer.count_params() for layer in model.layers[-4:]] == [0, 0, 0, 245_770]
    convolutions = [layer for _, layer in model.named_layers() if isinstance(layer, Conv2D)]
    assert len(convolutions) == 75
    assert sorted(layer.count_params() for layer in convolutions)[-2:] == [73_792, 147_584]


def test_small_inception_v4_has_the_known_shapes():
    model = inception.inception_v4_small()
    sizes = [shape[1:3] for shape in (layer.output_shape for layer in model.layers[:14])]
    channels = [layer.output_shape[3] for layer in model.layers[:14]]
    assert sizes == 3 * [(32, 32)] + 11 * [(16, 16)]
    stem = [32, 32, 64, 128, 128, 256]
    assert channels == [*stem, 128, 128, 256, 256, 256, 256, 384, 384]


def test_googlenet_has_the_known_parameters():
    """6,998,552 at 224x224 with 1000 classes, without auxiliary classifiers."""
    model = inception.GoogLeNet(auxiliary=False)
    model.build_from_shape((224, 224, 3))
    assert model.count_params() == 6_998_552
    assert model.low.output_shape == (None, 14, 14, 512)
    assert model.middle.output_shape == (None, 14, 14, 528)
    assert model.high.layers[3].output_shape == (None, 7, 7, 1024)
    assert model.output_shape == (None, 1000)


def test_googlenet_has_two_auxiliary_classifiers():
    """Each has 1x1 of 128, 2048 -> 1024 and 1024 -> 1000."""
    model = inception.GoogLeNet()
    model.build_from_shape((224, 224, 3))
    dense = 2048 * 1024 + 1024 + 1024 * 1000 + 1000
    counts = [channels * 128 + 128 + dense for channels in (512, 528)]
    assert [head.count_params() for head in model.auxiliary] == counts
    assert model.count_params() == 6_998_552 + sum(counts)


# ---- auxiliary classifiers -----------------------------------------------------------------------


def small_googlenet():
    """A built model and a batch; biases are not 0, where relu of an empty map has a kink."""
    minigrad.seed(1)
    model = inception.GoogLeNet(5, width=1 / 16)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.build_from_shape((80, 80, 1))
    rng = np.random.default_rng(0)
    for p in model.trainable_weights:
        if p.ndim == 1:
            p.assign(rng.uniform(0.1, 0.3, p.shape))
    x = rng.random((2, 80, 80, 1)).astype(minigrad.floatx())
    return model, to_device(x), to_device(np.array([3, 1]))


def test_the_loss_counts_the_auxiliary_ones_in_training_only(device):
    model, x, y = small_googlenet()
    with training():
        minigrad.seed(2)
        low = model.low(x)
        middle = model.middle(low)
        guesses = [model.auxiliary[0](low), model.auxiliary[1](middle)]
        last = model.high(middle)
        auxiliary = sum(model.loss(y, guess).item() for guess in guesses)
        expected = model.loss(y, last).item() + 0.3 * auxiliary
        minigrad.seed(2)
        assert math.isclose(model.compute_loss(x, y, model(x)).item(), expected, rel_tol=1e-5)
    prediction = model(x)
    assert prediction.shape == (2, 5)
    assert model.compute_loss(x, y, prediction).item() == model.loss(y, prediction).item()


def small_v4():
    minigrad.seed(1)
    model = inception.inception_v4_small(1 / 16, size=8)
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).random((2, 8, 8, 1))
    return model, x, to_device(np.array([3, 1]))


@pytest.mark.parametrize("build", [small_googlenet, small_v4])
def test_gradients_of_the_training_loss(build):
    """Auxiliary losses, dropout and batch statistics included, by central differences.

    The derivative is along random directions of all parameters. One parameter after the other, to
    second order, a module of GoogLeNet is checked with all models.
    """
    with minigrad.default_dtype("float64"):
        model, x, y = build()
        weights = model.trainable_weights

        def loss():
            minigrad.seed(3)
            with training():
                return model.compute_loss(x, y, model(x))

        gradients = [g.numpy() for g in grad(loss(), weights)]
        start = [p.numpy().copy() for p in weights]
        for seed in range(3):
            rng = np.random.default_rng(seed)
            direction = [rng.standard_normal(p.shape) for p in weights]
            values = []
            for step in (1e-7, -1e-7):
                for p, value, d in zip(weights, start, direction):
                    p.assign(value + step * d)
                values.append(loss().item())
            for p, value in zip(weights, start):
                p.assign(value)
            derivative = sum(float((g * d).sum()) for g, d in zip(gradients, direction))
            assert math.isclose((values[0] - values[1]) / 2e-7, derivative, rel_tol=1e-4)


# ---- the known recipe ----------------------------------------------------------------------------


def test_known_recipe_wraps_and_does_not_normalize():
    (raw, _), (raw_test, _) = datasets.digits.load_data(flat=False, scale=None)
    (x, y), (x_test, _) = inception.load(recipe="known")
    assert x.shape == (1437, 32, 32, 1)
    assert x_test.shape == (360, 32, 32, 1)
    assert x.dtype == "float32"
    assert y.shape == (1437,)
    assert x.max() == 15
    assert np.array_equal(x[:, ::4, ::4], np.where(raw == 16, 0, raw))
    digits = np.concatenate([raw, raw_test])
    changed = inception.known(digits) != digits
    assert changed.sum() == 10_456
    assert changed.any((1, 2, 3)).sum() == 1765


def test_repaired_recipe_has_pixels_in_0_to_1():
    (raw, _), _ = datasets.digits.load_data(flat=False, scale=None)
    (x, _), _ = inception.load()
    assert x.max() == 1
    assert np.array_equal(x[:, 3::4, 3::4], raw / 16)
    with pytest.raises(ValueError, match="did you mean 'known'"):
        inception.load(recipe="knwon")


@pytest.mark.parametrize(
    "recipe, momentum",
    [pytest.param("known", 0.99, marks=pytest.mark.finds("unscaled_inputs")), ("repaired", 0.9)],
)
def test_training_reports_both_accuracies(recipe, momentum, monkeypatch, tmp_path):
    """On few rows and few filters; only the known recipe scores the test rows every epoch."""
    (x, y), (x_test, y_test) = inception.load(recipe=recipe)
    test = x_test[:60], y_test[:60]
    monkeypatch.setattr(inception, "load", lambda *_: ((x[:64], y[:64]), test))
    model, metrics = inception.train(recipe=recipe, epochs=1, width=1 / 16, verbose=0)
    layers = [layer for _, layer in model.named_layers()]
    norms = [layer for layer in layers if isinstance(layer, BatchNormalization)]
    assert {norm.momentum for norm in norms} == {momentum}
    assert "val_accuracy" in model.history.history
    assert {"accuracy", "accuracy_recomputed"} <= set(metrics)
    assert model.evaluate(*test)[1] == metrics["accuracy_recomputed"]
    inception.pictures(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        "history.png",
        "predictions.png",
        "confusion.png",
        "filters.png",
        "features.png",
        "saliency.png",
        "gradcam.png",
    }
    assert "precision" in inception.report(model)


# ---- learning ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "build, size, rate",
    [
        (lambda: inception.inception_v4_small(1 / 8, size=8), 8, 3e-3),
        (lambda: inception.GoogLeNet(10, width=1 / 8), 80, 2e-3),
    ],
    ids=["v4", "googlenet"],
)
def test_learns(build, size, rate):
    minigrad.seed(0)
    (images, labels), _ = datasets.digits.load_data(flat=False)
    x, y = resize(images[:64], size, "nearest"), labels[:64]
    model = build()
    model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=16, epochs=18, verbose=0).history
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    assert history["accuracy"][-1] > 2 * history["accuracy"][0] > 0
