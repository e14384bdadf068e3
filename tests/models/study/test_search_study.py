"""The study of random and Bayesian search: what it counts, what it draws, that it repeats."""

from __future__ import annotations

import numpy as np
import pytest

from models.common.search_spaces import TASKS, Split, Task
from models.study import search_study


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    """The mlp, with a tenth of the rows."""
    task, parts = TASKS["mlp"], TASKS["mlp"].load()
    split = Split(*(tuple(part[::10] for part in rows) for rows in vars(parts).values()))
    monkeypatch.setitem(TASKS, "mlp", Task(task.build, lambda: split, task.network, 1))


def found(*best, test=0.5, epochs=10):
    return [{"best": np.array(curve), "test": test, "epochs": epochs} for curve in best]


def test_both_methods_have_as_many_trials_and_a_seed_repeats(tmp_path):
    searches, metrics = search_study.train(trials=10, seeds=2, epochs=3, verbose=0)
    again, _ = search_study.train(trials=10, seeds=1, epochs=3, seed=1, verbose=0)
    for method in search_study.METHODS:
        assert [len(run["best"]) for run in searches[method]] == [10, 10]
        assert all((np.diff(run["best"]) >= 0).all() for run in searches[method])
        assert np.array_equal(searches[method][1]["best"], again[method][0]["best"])
    assert [run["epochs"] for run in searches["random"]] == [30, 30]
    assert all(24 <= run["epochs"] <= 30 for run in searches["bayesian"])
    search_study.pictures(searches, tmp_path)
    assert (tmp_path / "searches.png").stat().st_size > 5000


def test_medians_and_spread():
    searches = {
        "random": found([0.1, 0.5], [0.2, 0.7], [0.3, 0.9], test=0.6, epochs=30),
        "bayesian": found([0.1, 0.8], [0.2, 0.75], [0.3, 0.6], test=0.7, epochs=20),
    }
    metrics = search_study.metrics_of(searches)
    assert metrics == pytest.approx(
        {
            "random_median": 0.7,
            "random_lowest": 0.5,
            "random_highest": 0.9,
            "random_test_median": 0.6,
            "random_epochs": 30,
            "bayesian_median": 0.75,
            "bayesian_lowest": 0.6,
            "bayesian_highest": 0.8,
            "bayesian_test_median": 0.7,
            "bayesian_epochs": 20,
            "bayesian_minus_random": 0.05,
            "seeds_won": 2,
        }
    )
