"""Five leaks, one data set each."""

from __future__ import annotations

import numpy as np

import minigrad
from models.study import leakage


def test_leaks_raise_scores_that_fresh_data_does_not_keep(tmp_path):
    scores, metrics = leakage.train(repeats=2, seed=1)
    for name in ("selection", "shuffled_windows", "duplicate_rows", "target_column"):
        assert metrics[f"{name}_seems"] > metrics[f"{name}_fresh"] + 0.12, name
        assert metrics[f"{name}_seems"] > metrics[f"{name}_apart"] + 0.12, name
    assert abs(metrics["selection_fresh"] - 0.5) < 0.06
    assert abs(metrics["scaler_bias"]) < 0.08
    leakage.pictures(scores, tmp_path)
    assert (tmp_path / "leakage.png").stat().st_size > 10000


def test_halves_keep_rows_and_labels_together():
    minigrad.seed(0)
    x = np.arange(10)[:, None]
    a, b, labels_a, labels_b = leakage.halves(x, np.arange(10))
    assert a[:, 0].tolist() == labels_a.tolist() and b[:, 0].tolist() == labels_b.tolist()
    assert sorted([*labels_a, *labels_b]) == list(range(10)) and len(a) == 5


def test_three_of_ten_labels_are_wrong():
    x, y = leakage.noisy_rows(np.random.default_rng(0), 4000)
    assert abs(np.mean((x[:, 0] > 0) == y) - 0.7) < 0.03
