"""Diabetes as rows and as windows."""

import numpy as np
import sklearn.datasets
from numpy.testing import assert_allclose

from minigrad import datasets


def test_diabetes_is_scaled_by_the_training_part():
    (x_train, y_train), (x_test, _) = datasets.diabetes.load_data()
    assert_allclose(x_train.mean(0), 0, atol=1e-6)
    assert_allclose(x_train.std(0), 1, atol=1e-5)
    assert abs(x_test.mean(0)).max() > 0.01  # it was not fitted on these
    assert y_train.min() == 25
    assert y_train.max() == 346


def test_diabetes_windows():
    (x_train, y_train), (x_test, y_test), scaler = datasets.diabetes.load_windows(
        return_scaler=True
    )
    x, y = sklearn.datasets.load_diabetes(return_X_y=True)
    # the rows that training windows contain
    low = x[:353].min(0)
    high = x[:353].max(0)
    assert_allclose(x_train[7], (x[7:12] - low) / (high - low), atol=1e-6)
    assert_allclose(x_test[3], (x[352:357] - low) / (high - low), atol=1e-6)
    assert_allclose(scaler.inverse_transform(y_train)[:, 0], y[5:354], rtol=1e-5)
    assert_allclose(scaler.inverse_transform(y_test)[:, 0], y[354:], rtol=1e-5)
    assert x_train.min() == 0
    assert x_train.max() == 1
    assert y_train.min() == 0
    assert y_train.max() == 1
    (short, _), (rest, _), scaler = datasets.diabetes.load_windows(
        length=2, test_size=0.5, return_scaler=True
    )
    assert scaler.n_samples_seen_ == 222
    assert scaler.data_max_ == y[:222].max() < y.max()
    assert short.shape == rest.shape == (220, 2, 10)


def test_the_known_recipe_of_the_windows_leaks():
    x, y = sklearn.datasets.load_diabetes(return_X_y=True)
    (x_train, _), (x_test, y_test), scaler = datasets.diabetes.load_windows(
        return_scaler=True, leak=True
    )
    whole = (x - x.min(0)) / (x.max(0) - x.min(0))
    assert_allclose(x_train[7], whole[7:12], atol=1e-6)
    assert_allclose(x_test[-1], whole[-6:-1], atol=1e-6)
    assert scaler.n_samples_seen_ == 442
    assert y_test[-1, 0] == np.float32((y[-1] - y.min()) / (y.max() - y.min()))
