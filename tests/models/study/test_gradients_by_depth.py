"""The study of gradients by depth: factors per layer, time steps, clipping."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from models.study import gradients_by_depth as study


def test_each_activation_has_an_initializer_but_the_sigmoid():
    minigrad.seed(0)
    table = study.factors(depth=12)
    rows = {name: dict(zip(study.INITIALIZERS, values)) for name, values in table.items()}
    assert max(rows["sigmoid"].values()) < 0.55
    for activation, kind in (("tanh", "Glorot"), ("relu", "He"), ("selu", "LeCun")):
        assert 0.85 < rows[activation][kind] < 1.15, activation
    assert rows["linear"]["orthogonal"] == pytest.approx(1, abs=1e-3)
    assert rows["relu"]["Glorot"] == pytest.approx(math.sqrt(0.5), abs=0.1)
    assert rows["relu"]["normal 0.25"] == pytest.approx(math.sqrt(2), abs=0.15)  # 64 * .25**2 / 2


def test_the_gain_decides_over_time():
    minigrad.seed(0)
    norms = study.time_norms(40)
    ratio = {name: values[0] / values[-1] for name, values in norms.items()}
    assert ratio["tanh, gain 0.7"] < 1e-4
    assert ratio["tanh, gain 0.7"] < ratio["tanh, gain 1.0"] < ratio["tanh, gain 1.5"]
    assert ratio["tanh, gain 1.5"] > 3
    assert ratio["LSTM"] < 0.1


def test_without_a_limit_the_loss_explodes():
    free = study.follow(0.01, None, 30, 30, seed=0)
    assert not max(free["loss"]) < 1000 or not math.isfinite(free["norm"][-1])
    clipped = study.follow(0.01, 1.0, 30, 30, seed=0)
    assert len(clipped["loss"]) == 30 and max(clipped["loss"]) < 100
    assert max(clipped["norm"]) > 100  # what arrives, not what is used
    assert clipped["loss"][0] == free["loss"][0]  # the same weights and samples


def test_with_a_limit_a_short_one_is_learned():
    curve = study.follow(0.01, 1.0, 8, 400, seed=0)
    assert study.lowest_loss(curve) < study.BASELINE / 3


def test_norm_and_lowest_loss_by_hand():
    assert study.norm_of([Tensor([3.0, 0.0]), Tensor([[4.0]])]) == pytest.approx(5)
    assert study.lowest_loss({"loss": [1.0] * 60 + [0.5] * 50 + [2.0]}) == pytest.approx(0.5)
    assert study.lowest_loss({"loss": [0.0] * 49}) == study.BASELINE
    good = {"loss": [0.01] * 50, "norm": [1.0] * 50}
    bad = {"loss": [0.2, math.inf], "norm": [1.0, math.nan]}
    metrics = study.clipping_metrics({"a": good, "b": bad, "clipped": good})
    assert metrics["rates_that_learn_without_a_limit"] == 1
    assert metrics["explodes_without_a_limit"] == metrics["clipped_learns"] == 1
    nan = {"loss": [0.2, math.nan], "norm": [1.0, math.nan]}
    assert study.clipping_metrics({"a": nan, "clipped": good})["explodes_without_a_limit"] == 1
    assert study.clipping_metrics({"a": good, "clipped": bad})["clipped_learns"] == 0


def test_a_run_and_its_pictures(drawn):
    found, metrics = study.train(depth=4, length=10, steps=20)
    assert metrics["clipped_loss"] == study.BASELINE  # too few steps to tell
    assert drawn(study, found) == ["curves.png", "factors.png", "time.png"]


def test_smoothing_takes_the_last_twenty():
    smoothed = study.smooth([1.0] * 20 + [3.0] * 20)
    assert np.allclose(smoothed[[0, 19, 29, 39]], [1, 1, 2, 3])
