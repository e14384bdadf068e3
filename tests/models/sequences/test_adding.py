"""The adding problem: that it is learned where it is short, new samples, the stop when solved."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

import minigrad
from models.sequences import adding


def test_short_sequences_are_learned(tmp_path):
    models, metrics = adding.train(
        kind="GRU",
        lengths="8",
        units=16,
        steps=600,
        every=100,
        learning_rate=0.01,
        solved=0.01,
        verbose=0,
    )
    model = models["GRU_8"]
    assert metrics["GRU_8_mse"] < 0.02 < adding.BASELINE
    assert metrics["GRU_8_within_.04"] > 0.25
    assert [step for step, _ in model.curve][:3] == [0, 100, 200]
    assert model.gradients_before.shape == (8,)
    adding.pictures(models, tmp_path, lengths="8")
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"mse_8.png", "gradients_8_before.png", "gradients_8_after.png"}
    assert not pyplot.get_fignums()


def test_every_step_has_new_samples():
    minigrad.seed(0)
    (x, _), (again, _) = adding.new_samples(4, 6), adding.new_samples(4, 6)
    assert not (x == again)[..., 0].any()
    minigrad.seed(0)
    assert np.array_equal(adding.new_samples(4, 6)[0], x)


def test_training_stops_when_solved():
    models, metrics = adding.train(
        kind="LSTM", lengths="4, 6", units=4, steps=50, every=10, solved=10.0, verbose=0
    )
    assert metrics["LSTM_4_steps"] == metrics["LSTM_6_steps"] == 10
    assert [len(model.curve) for model in models.values()] == [2, 2]


def test_lengths_that_are_not_numbers():
    with pytest.raises(ValueError, match="numbers of steps with commas between"):
        adding.train(lengths="50;100")
