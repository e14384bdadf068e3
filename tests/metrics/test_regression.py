"""Metrics of numbers against scikit-learn."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from minigrad.metrics import MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError

from .samples import drawn, in_batches, seeds


@drawn
@given(seeds, st.sampled_from([(), (1,), (3,)]), st.booleans())
def test_regression(seed, tail, weighted):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 40))
    y = rng.standard_normal((n, *tail)) * 3 + 5
    p = y + rng.standard_normal((n, *tail))
    w = rng.random(n) + 0.1 if weighted else None
    for metric, expected in (
        (MeanSquaredError(), sk.mean_squared_error),
        (MeanAbsoluteError(), sk.mean_absolute_error),
        (R2Score(), sk.r2_score),
    ):
        assert in_batches(metric, y, p, w) == pytest.approx(
            expected(y, p, sample_weight=w), rel=1e-9
        )
    root = sk.mean_squared_error(y, p, sample_weight=w) ** 0.5
    assert in_batches(RootMeanSquaredError(), y, p, w) == pytest.approx(root, rel=1e-9)


def test_one_axis_of_one_is_no_broadcast():
    """(N, 1) beside (N,) would broadcast to (N, N): a wrong number, silently."""
    y = np.arange(6.0)
    p = np.arange(6.0) ** 2 / 5
    for metric, expected in (
        (MeanSquaredError(), sk.mean_squared_error(y, p)),
        (R2Score(), sk.r2_score(y, p)),
        (MeanAbsoluteError(), sk.mean_absolute_error(y, p)),
    ):
        for pair in ((y[:, None], p), (y, p[:, None])):
            metric.reset_state()
            assert metric(*pair) == pytest.approx(expected)
            assert metric(*pair, np.ones((6, 1))) == pytest.approx(expected)


def test_r2_far_from_zero_and_without_spread():
    rng = np.random.default_rng(0)
    y = 1e8 + rng.standard_normal(50)  # a square of sums would cancel
    p = y + 0.3 * rng.standard_normal(50)
    assert in_batches(R2Score(), y, p) == pytest.approx(sk.r2_score(y, p), rel=1e-6)
    assert R2Score()([2.0, 2.0], [2.0, 2.0]) == sk.r2_score([2, 2], [2, 2]) == 1.0
    assert R2Score()([2.0, 2.0], [2.0, 3.0]) == sk.r2_score([2, 2], [2, 3]) == 0.0
    assert R2Score().result() == 0.0
    constant = (
        np.array([[1.0, 0.0], [1.0, 2.0], [1.0, 4.0]]),
        np.array([[1.0, 0.5], [1.0, 2.0], [1.5, 4.0]]),
    )
    assert R2Score()(*constant) == pytest.approx(sk.r2_score(*constant))


def test_unsigned_integers_do_not_wrap():
    y = np.array([1, 200], np.uint8)
    p = np.array([3, 100], np.uint8)
    assert MeanAbsoluteError()(y, p) == 51.0
    assert MeanSquaredError()(y, p) == (4 + 10_000) / 2


def test_r2_lowered_for_the_number_of_regressors():
    y, p = np.array([1.0, 2.0, 4.0, 7.0, 8.0]), np.array([1.5, 2.0, 3.5, 6.0, 8.5])
    plain = sk.r2_score(y, p)
    assert R2Score(num_regressors=2)(y, p) == pytest.approx(1 - (1 - plain) * 4 / 2)
