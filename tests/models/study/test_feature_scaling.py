"""Scalers by kind of model, at small size."""

from __future__ import annotations

import numpy as np

from models.study import feature_scaling as study


def test_neighbors_need_one_unit_and_a_linear_model_does_not():
    data = study.diabetes(0)
    scores = {
        (model, scaler): np.mean([study.score(model, scaler, data, 0, s) for s in range(5)])
        for model in study.COMPANIONS
        for scaler in ("none", "standard")
    }
    assert scores["neighbors", "standard"] > scores["neighbors", "none"] + 0.04
    assert abs(scores["linear", "standard"] - scores["linear", "none"]) < 0.01


def test_quartiles_of_pixels_are_nothing_for_neighbors():
    digits = study.digits(0)
    none, robust = (study.score("neighbors", s, digits, 0, 1) for s in ("none", "robust"))
    assert none > robust + 0.04


def test_outliers_squeeze_a_sigmoid_network_unless_they_are_not_counted():
    data = study.outliers(1)
    scores = {s: study.score("sigmoid", s, data, 150, 1) for s in ("standard", "robust")}
    assert scores["standard"] < 0.7 and scores["robust"] > 0.78


def test_one_value_in_a_hundred_is_wrong():
    x, clean = study.outliers(3).x, study.load_breast_cancer().data
    wrong = x != clean
    assert 0.005 < wrong.mean() < 0.015
    assert np.allclose(x[wrong], 1000 * clean[wrong])


def test_all_networks_read_all_data(tmp_path):
    results, metrics = study.train(steps=1, seed=0)
    assert len(metrics) == 3 * 5 * 4 + 5 and all(np.isfinite(list(metrics.values())))
    study.pictures(results, tmp_path)
    assert (tmp_path / "feature_scaling.png").stat().st_size > 10000
