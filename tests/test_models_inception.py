"""Inception: sizes layer by layer, the classifiers halfway, the known recipe's faults, and that both networks learn."""
from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import check_grads, training
from minigrad.data import datasets
from minigrad.layers import BatchNormalization, Conv2D
from models import inception

# ---- sizes ---------------------------------------------------------------------------------------------------------------

def conv_bn(k, inputs, filters):
    return k * inputs * filters + filters + 4 * filters


def test_small_inception_v4_has_the_known_parameters():
    model = inception.inception_v4_small()
    assert model.count_params() == 1_755_690 and sum(p.size for p in model.trainable_weights) == 1_746_986
    assert [layer.output_shape[1:] for layer in model.layers[:14]] == [
        (32, 32, 32), (32, 32, 32), (32, 32, 64), (16, 16, 128), (16, 16, 128), (16, 16, 256), (16, 16, 128), (16, 16, 128),
        (16, 16, 256), (16, 16, 256), (16, 16, 256), (16, 16, 256), (16, 16, 384), (16, 16, 384)]
    assert [layer.count_params() for layer in model.layers[:4]] == [
        conv_bn(9, 1, 32), conv_bn(9, 32, 32), conv_bn(9, 32, 64), conv_bn(9, 64, 64)]
    assert [layer.count_params() for layer in model.layers[-4:]] == [0, 0, 0, 245_770]
    convolutions = [layer for _, layer in model.walk() if isinstance(layer, Conv2D)]
    assert len(convolutions) == 75 and sorted(layer.count_params() for layer in convolutions)[-2:] == [73_792, 147_584]


def test_googlenet_has_the_known_parameters():
    """6,998,552 at 224x224 with 1000 classes; each head halfway adds 1x1 of 128, 2048 -> 1024 and 1024 -> 1000."""
    model = inception.GoogLeNet(auxiliary=False)
    model.build_for((224, 224, 3))
    assert model.count_params() == 6_998_552
    assert [part.output_shape for part in (model.low, model.middle)] == [(None, 14, 14, 512), (None, 14, 14, 528)]
    assert model.high.layers[3].output_shape == (None, 7, 7, 1024) and model.output_shape == (None, 1000)


def test_googlenet_has_two_heads_halfway():
    model = inception.GoogLeNet()
    model.build_for((224, 224, 3))
    heads = [channels * 128 + 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000 for channels in (512, 528)]
    assert [head.count_params() for head in model.auxiliary] == heads
    assert model.count_params() == 6_998_552 + sum(heads)


# ---- the classifiers halfway ---------------------------------------------------------------------------------------------

def small():
    minigrad.seed(1)
    model = inception.GoogLeNet(5, width=1 / 16)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.build_for((80, 80, 1))
    return model, np.random.default_rng(0).random((2, 80, 80, 1)), minigrad.backend.to_device(np.array([3, 1]))


def test_the_loss_counts_the_heads_in_training_only(device):
    model, x, y = small()
    with training():
        minigrad.seed(2)
        low = model.low(x)
        middle = model.middle(low)
        guesses = [model.auxiliary[0](low), model.auxiliary[1](middle)]
        last = model.high(middle)
        expected = model.loss(y, last).item() + 0.3 * sum(model.loss(y, guess).item() for guess in guesses)
        minigrad.seed(2)
        assert math.isclose(model.compute_loss(x, y, model(x)).item(), expected, rel_tol=1e-5)
    prediction = model(x)
    assert prediction.shape == (2, 5) and model.compute_loss(x, y, prediction).item() == model.loss(y, prediction).item()


def test_gradients_of_the_loss_with_heads():
    with minigrad.default_dtype("float64"):
        model, x, y = small()

        def loss(x):
            minigrad.seed(3)
            with training():
                return model.compute_loss(x, y, model(x))
        check_grads(loss, x, parameters=model.trainable_weights)


# ---- the known recipe ----------------------------------------------------------------------------------------------------

def test_known_recipe_wraps_and_does_not_normalise():
    (raw, _), _ = datasets.digits(flat=False, scale=None)
    (x, y), (x_test, _) = inception.load(recipe="known")
    assert x.shape == (1437, 32, 32, 1) and x_test.shape == (360, 32, 32, 1) and x.dtype == "float32" and y.shape == (1437,)
    assert x.max() == 15 and np.array_equal(x[:, ::4, ::4], np.where(raw == 16, 0, raw))
    digits = np.concatenate([part for part, _ in datasets.digits(flat=False, scale=None)])
    changed = inception.known(digits) != digits
    assert changed.sum() == 10_456 and changed.any((1, 2, 3)).sum() == 1765
    (x, _), _ = inception.load()
    assert x.max() == 1 and np.array_equal(x[:, 3::4, 3::4], raw / 16)
    with pytest.raises(ValueError, match="did you mean 'known'"):
        inception.load(recipe="knwon")


def test_known_recipe_watches_the_test_rows_and_keeps_slow_statistics():
    model, _ = inception.train(recipe="known", epochs=1, width=1 / 16, batch_size=128, verbose=0)
    norms = [layer for _, layer in model.walk() if isinstance(layer, BatchNormalization)]
    assert "val_accuracy" in model.history.history and {layer.momentum for layer in norms} == {0.99}


# ---- learning ------------------------------------------------------------------------------------------------------------

def test_a_narrow_v4_learns(tmp_path):
    model, metrics = inception.train(epochs=3, width=1 / 8, seed=1, verbose=0)
    assert metrics["accuracy"] > 0.9 and metrics["accuracy_recomputed"] > 0.9
    assert list(model.history.history) == ["loss", "accuracy"], "the test rows are not watched"
    inception.pictures(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {f"{name}.png" for name in (
        "history", "predictions", "confusion", "filters", "features", "saliency", "gradcam")}
    assert "precision" in inception.report(model)


def test_a_narrow_googlenet_learns():
    minigrad.seed(0)
    (x, y), _ = datasets.digits(flat=False)
    x, y = minigrad.data.images.resize(x[:64], 80, "nearest"), y[:64]
    model = inception.GoogLeNet(10, width=1 / 8)
    model.compile(minigrad.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", ["accuracy"])
    record = model.fit(x, y, batch_size=16, epochs=12, verbose=0).history
    assert record["loss"][-1] < 0.8 * record["loss"][0]
