"""The learning-rate finder beside a grid, at small size."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad.optimizers import SGD, Adam
from models.study import rate_finder


@pytest.fixture(autouse=True)
def short(monkeypatch):
    grids = {SGD: 10.0 ** np.arange(-3, 1), Adam: 10.0 ** np.arange(-4, 0)}
    monkeypatch.setattr(rate_finder, "GRIDS", grids)
    cases = {case: rate_finder.CASES[case] for case in ("MLP, SGD", "MLP, Adam")}
    monkeypatch.setattr(rate_finder, "CASES", cases)


def test_suggestions_are_near_the_best_rate_and_far_better_than_the_default(tmp_path):
    results, metrics = rate_finder.train(epochs=2, seed=1)
    assert metrics["decades_from_best_at_most"] < 1.25
    assert metrics["decades_from_best_adam"] < 0.6
    assert metrics["loss_over_default_at_most"] < 0.6
    for r in results.values():
        assert r.losses.argmin() not in (0,), "the best rate lies in the grid"
        assert 50 < len(r.finder.rates) <= 100
    rate_finder.pictures(results, tmp_path)
    assert (tmp_path / "rate_finder.png").stat().st_size > 10000
