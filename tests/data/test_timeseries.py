"""Windows, splits in time, forecasts beside naive ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

import minigrad
from minigrad.data import forecast_report, split_windows, timeseries_dataset_from_array, windows
from minigrad.metrics import MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError


def test_windows_by_hand():
    x, y = windows([0.0, 1, 2, 3, 4, 5], 3)
    assert x.shape == (3, 3, 1)
    assert x[..., 0].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert y.tolist() == [[3], [4], [5]]
    x, y = windows(np.arange(12.0).reshape(6, 2), 2, horizon=2, target=np.arange(6) * 10, stride=2)
    assert x.tolist() == [[[0, 1], [2, 3]], [[4, 5], [6, 7]]]
    assert y.tolist() == [[30], [50]]


@given(
    st.integers(2, 40),
    st.integers(1, 6),
    st.integers(1, 5),
    st.integers(1, 4),
    st.floats(0.05, 0.95),
)
def test_no_window_sees_its_target_and_no_training_row_a_test_target(
    n, size, horizon, stride, test_size
):
    time = np.arange(float(n))
    if n < size + horizon:
        with pytest.raises(
            ValueError,
            match=f"a series of {n} rows has no window of {size} with a target {horizon} behind it",
        ):
            windows(time, size, horizon)
        return
    x, y = windows(time, size, horizon, stride=stride)
    assert (y[:, 0] - x[:, -1, 0] == horizon).all()
    assert (x[:, :, 0] == x[:, :1, 0] + np.arange(size)).all()
    assert len(x) == (n - size - horizon) // stride + 1
    if len(x) - np.ceil(len(x) * test_size) < 1:
        with pytest.raises(ValueError, match="leave one part empty"):
            split_windows(time, size, horizon, stride=stride, test_size=test_size)
        return
    (x, y), (x_test, y_test), (scaler, same) = split_windows(
        time, size, horizon, stride=stride, test_size=test_size
    )
    assert scaler is same
    assert x.dtype == np.float32
    back = [scaler.inverse_transform(part.reshape(-1, 1)) for part in (x, y, y_test)]
    assert scaler.data_max_[0] == pytest.approx(back[1].max(), abs=1e-3)
    assert back[2].min() > scaler.data_max_[0] + 0.5
    assert back[0].max() < back[1].max()
    assert scaler.n_samples_seen_ == round(back[1].max()) + 1


def test_the_future_does_not_move_the_scale():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    y = rng.normal(size=40)
    early = split_windows(x, 4, target=y, scaler="standard")[0]
    x[33:], y[34:] = 100, 100  # 36 windows, 28 train: rows to 30, targets to 31
    late, test, scalers = split_windows(x, 4, target=y, scaler="standard")
    assert_array_equal(early[0], late[0])
    assert_array_equal(early[1], late[1])
    assert test[1].max() > 50
    assert scalers[0].n_samples_seen_ == 31
    assert scalers[1].n_samples_seen_ == 32
    leaky = split_windows(x, 4, target=y, scaler="standard", leak=True)
    assert leaky[2][0].n_samples_seen_ == leaky[2][1].n_samples_seen_ == 40
    assert abs(leaky[0][0] - late[0]).max() > 0.1
    raw = split_windows(x, 4, target=y, scaler=None)
    assert_allclose(raw[0][0][3], x[3:7], rtol=1e-6)
    assert raw[2] == (None, None)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: windows(np.zeros(5), 0), "size is a number of rows, 1 or more, not 0"),
        (lambda: windows(np.zeros(5), 2, 0), "horizon"),
        (lambda: windows(np.zeros(5), 2, stride=-1), "stride"),
        (lambda: windows(np.zeros(5), 2.5), "not 2.5"),
        (lambda: windows(np.zeros(5), 5), "at least 6 are needed"),
        (lambda: windows(np.zeros(5), 2, target=np.zeros(4)), "5 rows beside 4"),
        (lambda: windows(np.zeros((5, 1, 1)), 2), r"\(5, 1, 1\) is no series"),
        (lambda: windows([1, np.nan, 2], 1), "NaN.*first in row 1"),
        (lambda: split_windows(np.zeros(9), 2, test_size=0), "test_size=0 "),
        (lambda: split_windows(np.zeros(9), 2, scaler="max"), "unknown scaler"),
        (lambda: split_windows(np.zeros(9), 2, target=np.zeros((9, 1, 1))), "^target of shape"),
        (lambda: forecast_report([1.0], [1.0], [1.0]), "two rows or more"),
        (lambda: forecast_report([1.0, 2], [1.0], [1.0]), r"predicted \(1, 1\)"),
        (lambda: forecast_report([1.0, 2], [1.0, 2], [1.0], 2), "horizon=2"),
        (
            lambda: forecast_report([1.0, 2], [1.0, 2], [1.0], last=[1.0]),
            r"last \(1, 1\) beside y \(2, 1\)",
        ),
    ],
)
def test_series_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_forecast_beside_naive_ones():
    y = [3.0, 5, 4, 8]
    guess = [3.0, 4, 4, 7]
    train = [1.0, 2, 3]
    report = forecast_report(y, guess, train, name="LSTM")
    assert list(report) == ["LSTM", "mean of training", "last value"]
    assert report["LSTM"]["mse"] == 0.5
    assert report["LSTM"]["mae"] == 0.5
    assert report["LSTM"]["r2"] == pytest.approx(1 - 2 / 14)
    assert report["mean of training"]["mse"] == (1 + 9 + 4 + 36) / 4, "their mean is 2"
    assert report["last value"]["mse"] == (0 + 4 + 1 + 16) / 4, "3, 3, 5, 4"
    assert (
        forecast_report(y, guess, train, horizon=2)["last value"]["mse"] == (1 + 4 + 1 + 9) / 4
    ), "2, 3, 3, 5"
    assert forecast_report(y, guess, train, last=y)["last value"]["mse"] == 0
    for name, metric in (
        ("mse", MeanSquaredError()),
        ("rmse", RootMeanSquaredError()),
        ("mae", MeanAbsoluteError()),
        ("r2", R2Score()),
    ):
        metric.update_state(np.array(y)[:, None], np.array(guess)[:, None])
        assert report["LSTM"][name] == pytest.approx(float(metric.result()))
    lines = str(report).split("\n")
    assert lines[0].split() == ["MSE", "RMSE", "MAE", "R2"]
    assert lines[1].split()[:3] == ["LSTM", "0.5", "0.7071"]
    assert (
        lines[-1] == "The model's MSE is 0.0952 times that of the best naive forecast (last value)."
    )


# ---- Keras's form --------------------------------------------------------------------------------


def test_timeseries_dataset_of_keras_documentation():
    """Sequences of ten at a rate of 2, every third, of 0..98: Keras's own example."""
    data = timeseries_dataset_from_array(
        np.arange(99), sequence_length=10, sampling_rate=2, sequence_stride=3, batch_size=100
    )
    ((x,),) = list(data)
    assert x[0].tolist() == list(range(0, 20, 2))
    assert x[1].tolist() == list(range(3, 23, 2))
    assert x[-1].tolist() == list(range(78, 98, 2))


def test_timeseries_dataset_with_targets():
    series = np.arange(20.0).reshape(10, 2)
    data = timeseries_dataset_from_array(series[:-3], np.arange(3, 10), 3, batch_size=2)
    batches = list(data)
    assert [len(y) for _, y in batches] == [2, 2, 1]
    assert batches[0][0].shape == (2, 3, 2)
    for x, y in batches:
        np.testing.assert_array_equal(x[:, -1, 0] / 2, y - 1)
    part = timeseries_dataset_from_array(np.arange(10), None, 2, start_index=4, end_index=8)
    assert next(iter(part))[0].tolist() == [[4, 5], [5, 6], [6, 7]]


def test_timeseries_dataset_shuffles():
    def windows_of(seed):
        data = timeseries_dataset_from_array(np.arange(50), None, 2, shuffle=True, seed=seed)
        return [x.tolist() for x in next(iter(data))[0]]

    minigrad.seed(0)
    first = windows_of(1)
    assert sorted(first) == [[i, i + 1] for i in range(49)] != first
    minigrad.seed(0)
    assert windows_of(1) == first != windows_of(2)
    with pytest.raises(ValueError, match="3 rows make no window of 4 steps at a sampling rate"):
        timeseries_dataset_from_array(np.arange(3), None, 4)
