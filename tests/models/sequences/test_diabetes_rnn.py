"""Diabetes patients in windows: naive forecasts, the known leak, the shuffled order."""

from __future__ import annotations

import math

import numpy as np
from matplotlib import pyplot

from models.sequences import diabetes_rnn


def test_training_stands_beside_its_baselines(tmp_path):
    models, metrics = diabetes_rnn.train(kind="SimpleRNN", epochs=30, seed=1)
    assert list(models) == ["SimpleRNN"]
    assert all(math.isfinite(value) for value in metrics.values())
    losses = models["SimpleRNN"].history.history["loss"]
    assert losses[-1] < 0.7 * losses[0]
    assert metrics["SimpleRNN_r2"] < 0.1
    assert math.isclose(metrics["SimpleRNN_rmse"], math.sqrt(metrics["SimpleRNN_mse"]))
    assert abs(metrics["mean_mse"] - 6484.78) < 0.1, "as scikit-learn has it"
    assert abs(metrics["mean_r2"] + 0.002175) < 1e-5, "as scikit-learn has it"
    header, *lines = diabetes_rnn.report(models, seed=1).splitlines()
    assert header.split() == ["MSE", "RMSE", "MAE", "R2"]
    names = [line.split("  ")[0] for line in lines]
    assert names == ["SimpleRNN", "mean of training", "last value"]
    diabetes_rnn.pictures(models, tmp_path, seed=1)
    assert {file.name for file in tmp_path.iterdir()} == {"forecast_SimpleRNN.png", "loss.png"}
    assert not pyplot.get_fignums()


def test_known_recipe_fits_the_scalers_to_the_test_rows():
    (x, _), (x_test, y_test), scaler = diabetes_rnn.load("repaired")
    (leaked_x, _), (leaked_x_test, leaked_y_test), leaked_scaler = diabetes_rnn.load("known")
    assert x.shape == leaked_x.shape == (349, 5, 10)
    assert x_test.shape == (88, 5, 10)
    assert leaked_x_test.min() >= 0, "every test row is in the range that was seen beforehand"
    assert leaked_x_test.max() <= 1, "every test row is in the range that was seen beforehand"
    assert x_test.min() < 0 or x_test.max() > 1
    truth = scaler.inverse_transform(y_test)
    assert np.allclose(truth, leaked_scaler.inverse_transform(leaked_y_test), rtol=1e-5)


def test_shuffled_windows_are_of_the_same_patients():
    (_, y), (_, y_test), scaler = diabetes_rnn.load("shuffled", seed=3)
    (_, again), _, _ = diabetes_rnn.load("shuffled", seed=3)
    (_, other), _, other_scaler = diabetes_rnn.load("repaired")
    assert y.shape == (349, 1)
    assert y_test.shape == (88, 1)
    assert np.array_equal(y, again)
    in_order = other_scaler.inverse_transform(other)
    assert not np.allclose(scaler.inverse_transform(y), in_order)
