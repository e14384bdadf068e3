"""Means of values and of functions."""

import numpy as np
import pytest
import sklearn.metrics as sk

from minigrad import Tensor, losses, metrics
from minigrad.metrics import Mean, MeanAbsoluteError, MeanMetricWrapper

from .samples import in_batches


def test_sums_are_kept_in_float64():
    """A float32 sum stands still at 2**24: 20 million samples would count as 16.8."""
    metric = MeanAbsoluteError()
    y = np.zeros(2_000_000, np.float32)
    p = np.ones(2_000_000, np.float32)
    for _ in range(10):
        metric.update_state(y, p)
    assert metric.result() == 1.0
    mean = Mean()
    mean.update_state(np.float32(2**24))
    mean.update_state(np.float32(1))
    assert mean.result() == (2**24 + 1) / 2
    batch = MeanMetricWrapper(lambda t, q: q.mean())
    for value in (2.0**24, 1.0):
        batch.update_state(y[:1], np.full(1, value, np.float32))
    assert batch.result() == (2**24 + 1) / 2


def test_mean():
    mean = Mean("loss")
    assert mean.result() == 0.0
    mean.update_state(2.0, 30)
    mean.update_state(Tensor(5.0), 10)
    assert mean.result() == 2.75
    assert mean.name == "loss"
    mean.reset_state()
    assert mean([1.0, 2.0, 6.0]) == 3.0
    # 9 of 3, then the row of mean 2 once
    assert mean(np.array([[1.0, 3.0], [5.0, 7.0]]), [1, 0]) == 2.75


def test_functions_are_averaged_by_rows():
    y = np.arange(10.0)
    p = np.arange(10.0) * 1.3
    # one number a batch: weighed by its rows
    of_a_batch = MeanMetricWrapper(lambda t, q: np.mean((t - q) ** 2), "mine")
    of_samples = metrics.get(losses.mean_squared_error)
    assert in_batches(of_a_batch, y, p) == pytest.approx(sk.mean_squared_error(y, p))
    assert in_batches(of_samples, y[:, None], p[:, None]) == pytest.approx(
        sk.mean_squared_error(y, p), rel=1e-6
    )
    w = np.arange(10.0)
    of_samples.reset_state()
    expected = sk.mean_squared_error(y, p, sample_weight=w)
    assert in_batches(of_samples, y[:, None], p[:, None], w) == pytest.approx(expected, rel=1e-6)
    assert of_a_batch.name == "mine"
    assert of_samples.name == "mean_squared_error"
    with pytest.raises(ValueError, match="cannot weigh its samples"):
        of_a_batch.update_state(y, p, w)
