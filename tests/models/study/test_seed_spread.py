"""What a seed is worth: known spreads, and a small run."""

from __future__ import annotations

import numpy as np
import pytest

from models.study import seed_spread as study


def test_the_interval_is_that_of_students_t():
    values = np.array([1.0, 2.0, 3.0, 4.0])
    assert study.half_interval(values) == pytest.approx(3.182446 * 1.290994 / 2, rel=1e-5)


def test_seeds_needed_give_that_power():
    """Scores of a known deviation: the formula and the drawn comparisons agree on 80 %."""
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal(20000), rng.standard_normal(20000) + 0.8
    n = study.seeds_needed(0.8, 1.0, 2)
    assert n == pytest.approx(24.5)
    assert 0.74 < study.power(a, b, round(n), paired=False) < 0.86
    assert study.power(a, a.copy() + rng.standard_normal(20000), 10, paired=False) < 0.1


def test_pairs_need_fewer_where_scores_go_together():
    rng = np.random.default_rng(0)
    common = rng.standard_normal(5000)
    a, b = (common + 0.2 * rng.standard_normal(5000) + d for d in (0.0, 0.5))
    assert study.power(a, b, 6, paired=True) > 0.9 > 0.4 > study.power(a, b, 6, paired=False)


def test_only_what_varies_changes_the_score():
    same = study.spread("weights", 8, [study.FIXED] * 2, 1)
    assert same[0] == same[1]
    assert len(set(study.spread("split", 8, range(3), 1))) > 1
    with_order = study.spread("order", 8, range(3), 1)
    assert len(set(with_order)) > 1 and with_order[0] == same[0]


def test_a_small_run_compares_both_models(tmp_path):
    scores, metrics = study.train(seeds=3, epochs=1, units=2, rival=64)
    assert metrics["rival_gains"] > metrics["rival_half_interval"] > 0
    assert metrics["single_seed_picks_the_worse"] == 0
    assert set(scores) == {"weights", "order", "split", "all", "rival"}
    study.pictures(scores, tmp_path)
    assert (tmp_path / "seeds.png").stat().st_size > 10000
