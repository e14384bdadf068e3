"""The study of schedules on digits: equal peaks, ends, and constant beside cosine."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.optimizers.schedules import CosineDecay
from models.study import schedules_on_digits as study

STEPS = 700


def test_all_have_one_peak_and_their_shape():
    rates = {
        name: np.array([schedule(step) for step in range(STEPS)])
        for name, schedule in study.schedules_of(0.1, STEPS).items()
    }
    for name, values in rates.items():
        assert values.max() == pytest.approx(0.1, rel=0.01), name
        assert values.min() >= 0, name
    ends = {name: values[-1] for name, values in rates.items()}
    assert ends.pop("constant") == 0.1
    assert max(ends.values()) < 0.003
    rising = (np.diff(rates["warm restarts"]) > 0).sum()
    assert rising == 2  # periods of 100, 200 and 400 steps
    assert rates["step"][[349, 350, 525]] == pytest.approx([0.1, 0.01, 0.001])
    assert rates["warm-up + cosine"][0] == 0 and rates["warm-up + cosine"].argmax() == 70


def test_a_cosine_settles_where_a_constant_rate_does_not():
    steps = 6 * -(-1077 // study.BATCH_SIZE)
    constant = study.follow(lambda step: 0.1, 6, range(2))
    cosine = study.follow(CosineDecay(0.1, steps), 6, range(2))
    assert (cosine["losses"] < constant["losses"] / 2).all()
    assert cosine["curves"].shape == (2, 6)


def test_pictures(drawn):
    one = {"rates": [0.1, 0.05, 0.0], "curves": np.array([[1.0, 0.1], [0.5, 0.2]])}
    one["accuracies"] = np.array([0.9, 0.95])
    findings = {peak: {"cosine": one, "step": one} for peak in study.PEAKS}
    assert drawn(study, findings) == ["accuracies.png", "curves.png"]


def test_metrics_by_hand():
    def one(loss, accuracy):
        return {"losses": np.array(loss), "accuracies": np.array(accuracy)}

    findings = {
        "constant": one([0.4, 0.2], [0.90, 0.94]),
        "cosine": one([0.1, 0.15], [0.94, 0.96]),
        "warm-up + cosine": one([0.1, 0.1], [0.97, 0.97]),
    }
    metrics = study.metrics_of({"high": findings})
    assert metrics["high_constant_over_cosine_loss"] == pytest.approx(2.4)
    assert metrics["high_trainings_where_cosine_is_lower"] == 1  # below a half
    assert metrics["high_accuracy_gain_of_cosine"] == pytest.approx(0.03)
    assert metrics["high_accuracy_gain_of_the_best"] == pytest.approx(0.05)
    assert metrics["high_warm_up_cosine_accuracy"] == pytest.approx(0.97)
    assert metrics["high_cosine_deviation"] == pytest.approx(0.02 / 2**0.5)
