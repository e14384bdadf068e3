"""Inception: sizes layer by layer, the classifiers halfway, the known recipe's faults, and that both networks learn."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import datasets, grad, training
from minigrad.layers import BatchNormalization, Conv2D
from models.convolutional import inception

# ---- sizes ---------------------------------------------------------------------------------------------------------------


def conv_bn(k, inputs, filters):
    return k * inputs * filters + filters + 4 * filters


def test_small_inception_v4_has_the_known_parameters():
    model = inception.inception_v4_small()
    assert (
        model.count_params() == 1_755_690
        and sum(p.size for p in model.trainable_weights) == 1_746_986
    )
    assert [layer.output_shape[1:] for layer in model.layers[:14]] == [
        (32, 32, 32),
        (32, 32, 32),
        (32, 32, 64),
        (16, 16, 128),
        (16, 16, 128),
        (16, 16, 256),
        (16, 16, 128),
        (16, 16, 128),
        (16, 16, 256),
        (16, 16, 256),
        (16, 16, 256),
        (16, 16, 256),
        (16, 16, 384),
        (16, 16, 384),
    ]
    assert [layer.count_params() for layer in model.layers[:4]] == [
        conv_bn(9, 1, 32),
        conv_bn(9, 32, 32),
        conv_bn(9, 32, 64),
        conv_bn(9, 64, 64),
    ]
    assert [layer.count_params() for layer in model.layers[-4:]] == [0, 0, 0, 245_770]
    convolutions = [layer for _, layer in model.named_layers() if isinstance(layer, Conv2D)]
    assert len(convolutions) == 75 and sorted(layer.count_params() for layer in convolutions)[
        -2:
    ] == [73_792, 147_584]


def test_googlenet_has_the_known_parameters():
    """6,998,552 at 224x224 with 1000 classes; each head halfway adds 1x1 of 128, 2048 -> 1024 and 1024 -> 1000."""
    model = inception.GoogLeNet(auxiliary=False)
    model.build_from_shape((224, 224, 3))
    assert model.count_params() == 6_998_552
    assert [part.output_shape for part in (model.low, model.middle)] == [
        (None, 14, 14, 512),
        (None, 14, 14, 528),
    ]
    assert model.high.layers[3].output_shape == (None, 7, 7, 1024) and model.output_shape == (
        None,
        1000,
    )


def test_googlenet_has_two_heads_halfway():
    model = inception.GoogLeNet()
    model.build_from_shape((224, 224, 3))
    heads = [
        channels * 128 + 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000 for channels in (512, 528)
    ]
    assert [head.count_params() for head in model.auxiliary] == heads
    assert model.count_params() == 6_998_552 + sum(heads)


# ---- the classifiers halfway ---------------------------------------------------------------------------------------------


def small():
    minigrad.seed(1)
    model = inception.GoogLeNet(5, width=1 / 16)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.build_from_shape((80, 80, 1))
    rng = np.random.default_rng(0)
    for p in (
        model.trainable_weights
    ):  # a map that is all zero would stand on relu's kink without a bias
        if p.ndim == 1:
            p.assign(rng.uniform(0.1, 0.3, p.shape))
    to_device = minigrad.config.to_device
    return (
        model,
        to_device(rng.random((2, 80, 80, 1)).astype(minigrad.floatx())),
        to_device(np.array([3, 1])),
    )


def test_the_loss_counts_the_heads_in_training_only(device):
    model, x, y = small()
    with training():
        minigrad.seed(2)
        low = model.low(x)
        middle = model.middle(low)
        guesses = [model.auxiliary[0](low), model.auxiliary[1](middle)]
        last = model.high(middle)
        expected = model.loss(y, last).item() + 0.3 * sum(
            model.loss(y, guess).item() for guess in guesses
        )
        minigrad.seed(2)
        assert math.isclose(model.compute_loss(x, y, model(x)).item(), expected, rel_tol=1e-5)
    prediction = model(x)
    assert (
        prediction.shape == (2, 5)
        and model.compute_loss(x, y, prediction).item() == model.loss(y, prediction).item()
    )


@pytest.mark.parametrize("name", ["googlenet", "v4"])
def test_gradients_of_the_training_loss(name):
    """Heads, dropout and batch statistics included: the slope along random directions of all parameters, by central differences.

    One parameter after the other, to second order, a module of GoogLeNet is checked with all models in test_check.
    """
    with minigrad.default_dtype("float64"):
        model, x, y = small()
        if name == "v4":
            model, x = (
                inception.inception_v4_small(1 / 16, size=8),
                np.random.default_rng(0).random((2, 8, 8, 1)),
            )
            model.compile("sgd", "sparse_categorical_crossentropy")
        weights = model.trainable_weights

        def loss():
            minigrad.seed(3)
            with training():
                return model.compute_loss(x, y, model(x))

        gradients = grad(loss(), weights)
        for seed in range(3):
            rng, start = np.random.default_rng(seed), [p.numpy().copy() for p in weights]
            along = [rng.standard_normal(p.shape) for p in weights]
            values = []
            for step in (1e-7, -1e-7):
                for p, at, d in zip(weights, start, along):
                    p.assign(at + step * d)
                values.append(loss().item())
            for p, at in zip(weights, start):
                p.assign(at)
            slope = sum(float((g.numpy() * d).sum()) for g, d in zip(gradients, along))
            assert math.isclose((values[0] - values[1]) / 2e-7, slope, rel_tol=1e-4)


# ---- the known recipe ----------------------------------------------------------------------------------------------------


def test_known_recipe_wraps_and_does_not_normalise():
    (raw, _), _ = datasets.digits.load_data(flat=False, scale=None)
    (x, y), (x_test, _) = inception.load(recipe="known")
    assert (
        x.shape == (1437, 32, 32, 1)
        and x_test.shape == (360, 32, 32, 1)
        and x.dtype == "float32"
        and y.shape == (1437,)
    )
    assert x.max() == 15 and np.array_equal(x[:, ::4, ::4], np.where(raw == 16, 0, raw))
    digits = np.concatenate([part for part, _ in datasets.digits.load_data(flat=False, scale=None)])
    changed = inception.known(digits) != digits
    assert changed.sum() == 10_456 and changed.any((1, 2, 3)).sum() == 1765
    (x, _), _ = inception.load()
    assert x.max() == 1 and np.array_equal(x[:, 3::4, 3::4], raw / 16)
    with pytest.raises(ValueError, match="did you mean 'known'"):
        inception.load(recipe="knwon")


@pytest.mark.parametrize("recipe, momentum", [("known", 0.99), ("repaired", 0.9)])
def test_training_reports_both_accuracies(recipe, momentum, monkeypatch, tmp_path):
    """On few rows and few filters; only the known recipe watches the test rows."""
    (x, y), (x_test, y_test) = inception.load(recipe=recipe)
    monkeypatch.setattr(
        inception, "load", lambda *_: ((x[:64], y[:64]), (x_test[:60], y_test[:60]))
    )
    model, metrics = inception.train(recipe=recipe, epochs=1, width=1 / 16, verbose=0)
    assert {
        layer.momentum for _, layer in model.named_layers() if isinstance(layer, BatchNormalization)
    } == {momentum}
    assert ("val_accuracy" in model.history.history) == (recipe == "known")
    assert {"accuracy", "accuracy_recomputed"} <= set(metrics) and model.evaluate(
        x_test[:60], y_test[:60]
    )[1] == metrics["accuracy_recomputed"]
    inception.pictures(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        f"{name}.png"
        for name in (
            "history",
            "predictions",
            "confusion",
            "filters",
            "features",
            "saliency",
            "gradcam",
        )
    }
    assert "precision" in inception.report(model)


# ---- learning ------------------------------------------------------------------------------------------------------------


def few_digits(rows, size):
    (x, y), _ = datasets.digits.load_data(flat=False)
    return minigrad.data.images.resize(x[:rows], size, "nearest"), y[:rows]


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
    x, y = few_digits(64, size)
    model = build()
    model.compile(
        minigrad.optimizers.adam.Adam(rate), "sparse_categorical_crossentropy", ["accuracy"]
    )
    record = model.fit(x, y, batch_size=16, epochs=12, verbose=0).history
    assert (
        record["loss"][-1] < 0.8 * record["loss"][0]
        and record["accuracy"][-1] > 2 * record["accuracy"][0] > 0
    )
