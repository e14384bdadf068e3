"""LeNet-5: sizes as in the paper, that it learns, and that the known recipe fails as known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.convolutional import lenet

from .helpers import output_shapes, parameter_counts


@pytest.mark.parametrize(
    "build, counts, total",
    [
        (lenet.lenet5, [156, 2416, 48120, 10164, 850], 61706),
        (lenet.lenet8, [60, 880, 2040, 10164, 850], 13994),
    ],
)
def test_parameter_counts(build, counts, total):
    model = build()
    assert parameter_counts(model) == counts
    assert model.count_params() == total


def test_lenet5_has_the_maps_of_the_paper():
    maps = output_shapes(lenet.lenet5(), {"Conv2D", "AveragePooling2D", "Dense"})
    assert maps == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (1, 1, 120), (84,), (10,)]


def test_unknown_recipe_is_suggested():
    with pytest.raises(ValueError, match="did you mean 'known'"):
        lenet.load("knwon")


@pytest.mark.parametrize("recipe, epochs, at_least", [("repaired", 5, 0.85), ("1998", 1, 0.8)])
def test_learns(recipe, epochs, at_least, device):
    model, metrics = lenet.train(recipe, epochs=epochs, seed=1, verbose=0)
    assert metrics["accuracy"] >= at_least
    assert all(math.isfinite(value) for value in metrics.values())
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}
    assert {p.device for p in model.weights} == {device}


@pytest.mark.finds("unscaled_inputs", "constant_prediction")  # the known recipe and what it gives
def test_known_recipe_stays_at_chance():
    model, metrics = lenet.train("known", verbose=0)
    _, (x, _) = lenet.load("known")
    assert x.max() == 16
    assert metrics["accuracy"] < 0.12
    assert abs(metrics["training_loss"] - math.log(10)) < 0.01
    assert len(set(model.predict(x).argmax(1))) == 1


@pytest.mark.finds("unscaled_inputs")  # of the known recipe
def test_sigmoids_leave_the_first_kernels_nothing():
    left = {}
    for recipe in ("repaired", "known"):
        _, metrics = lenet.train(recipe, epochs=1, verbose=0)
        left[recipe] = metrics["gradient_left_at_C1"]
    assert left["known"] < 0.03
    assert left["repaired"] > 1


def test_pictures_and_report(tmp_path):
    model, _ = lenet.train(epochs=1, verbose=0)
    lenet.pictures(model, tmp_path)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"gradients.png", "history.png", "predictions.png", "confusion.png"}
    assert "precision" in lenet.report(model)
