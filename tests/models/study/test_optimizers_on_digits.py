"""The study of optimizers on digits: the search of a rate, other seeds for judging, metrics."""

from __future__ import annotations

import numpy as np
import pytest

from models.study import optimizers_on_digits as study


@pytest.fixture
def small(monkeypatch):
    """Two optimizers that want different rates, and a grid of two."""
    two = {name: study.OPTIMIZERS[name] for name in ("SGD", "Adam")}
    monkeypatch.setattr(study, "OPTIMIZERS", two)
    monkeypatch.setattr(study, "RATES", [3e-3, 3e-1])


def test_each_gets_its_own_rate_and_they_end_close(small, drawn):
    findings, metrics = study.train(epochs=5, searches=1, trainings=2)
    assert metrics["SGD_rate"] == 0.3 and metrics["Adam_rate"] == 0.003
    assert metrics["range_with_own_rates"] < 0.05
    assert metrics["worst_at_one_rate"] < 0.85 < 0.9 < metrics["worst_with_own_rates"]
    for found in findings.values():
        assert found["curves"].shape == (2, 5)
        assert found["accuracies"].min() > 0.9
    assert drawn(study, findings) == ["curves.png"]


def test_a_search_keeps_infinity_where_it_diverges(monkeypatch):
    monkeypatch.setattr(study, "RATES", [0.1, 1e20])
    found = study.search(study.SGD, epochs=1, seeds=range(1))
    assert np.isfinite(found["losses"][0]) and found["losses"][1] == np.inf
    assert found["by_rate"].shape == (2,)


def test_judging_uses_other_seeds_than_the_search(small, monkeypatch):
    used = {"search": [], "judge": []}

    def search(make, epochs, seeds):
        used["search"] += seeds
        return {"losses": np.array([1.0, 2.0]), "by_rate": np.array([0.5, 0.6])}

    def judge(make, rate, epochs, seeds):
        used["judge"] += seeds
        curves, accuracies = np.ones((len(seeds), 4)), np.array([0.8, 0.9])
        return {"rate": rate, "curves": curves, "accuracies": accuracies}

    monkeypatch.setattr(study, "search", search)
    monkeypatch.setattr(study, "judge", judge)
    _, metrics = study.train(searches=2, trainings=2, seed=1)
    assert set(used["search"]) == {1000, 1001} and set(used["judge"]) == {1002, 1003}
    assert metrics["Adam_rate"] == 0.003
    assert metrics["Adam_accuracy"] == pytest.approx(0.85)
    assert metrics["Adam_deviation"] == pytest.approx(0.1 / 2**0.5)
    assert metrics["Adam_good_rates"] == 1
    assert metrics["range_with_own_rates"] == 0
    assert metrics["worst_with_own_rates"] == pytest.approx(0.85)
    assert metrics["worst_at_one_rate"] == 0.6 and metrics["kindest_rate"] == 0.3
