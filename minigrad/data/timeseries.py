"""Series: windows, splits that see no future, and forecasts judged beside naive ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..arguments import explains_arguments
from ..backend import to_cpu
from ..config import as_data
from ..utils.registry import lookup
from .loader import Dataset

Part = tuple[np.ndarray, np.ndarray]

# ---- windows -------------------------------------------------------------------------------------


@explains_arguments
def windows(x: Any, size: int, horizon: int = 1, target: Any = None, stride: int = 1) -> Part:
    """(inputs, targets): windows of rows, and the row that is `horizon` steps after each.

    No window holds a row of its target's time or later.

    Args:
        x: The series, one row per time.
        size: Number of rows per window.
        horizon: Steps from the last row of a window to its target.
        target: The series of targets; None for x.
        stride: Rows from the start of a window to the start of the next.

    Shape:
        x: (T, F) or (T,), target: (T, C) or (T,) -> (N, size, F), (N, C)

    Raises:
        ValueError: If the series is too short for one window, or an argument does not fit.

    Example:
        >>> inputs, targets = windows([1, 2, 3, 4], 2)
        >>> inputs[..., 0].tolist(), targets.tolist()
        ([[1.0, 2.0], [2.0, 3.0]], [[3.0], [4.0]])
    """
    rows = _as_series("x", x)
    targets = rows if target is None else _as_series("target", target)
    for name, value in (("size", size), ("horizon", horizon), ("stride", stride)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"windows: {name} is a number of rows, 1 or more, not {value!r}")
    if len(targets) != len(rows):
        raise ValueError(
            f"windows: {len(rows)} rows beside {len(targets)} targets: expected one per time"
        )
    if len(rows) < size + horizon:
        raise ValueError(
            f"windows: a series of {len(rows)} rows has no window of {size} with a target "
            f"{horizon} behind it: at least {size + horizon} are needed"
        )
    last_start = len(rows) - size - horizon
    views = np.lib.stride_tricks.sliding_window_view(rows, size, 0)  # (N, F, size)
    inputs = views[: last_start + 1 : stride].swapaxes(1, 2)
    return np.ascontiguousarray(inputs), targets[size + horizon - 1 :: stride].copy()


@explains_arguments
def timeseries_dataset_from_array(
    data: Any,
    targets: Any = None,
    sequence_length: int = 1,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
) -> Dataset:
    """A Dataset of windows of a series, cut out batch by batch; Keras's form of `windows`.

    Args:
        data: The series (T,) or (T, features).
        targets: What belongs to the window that starts at each step; None for none.
        sequence_length: Steps of a window.
        sequence_stride: Steps between the starts of two windows.
        sampling_rate: Steps between two rows of a window.
        batch_size: Windows per batch.
        shuffle: True for another order in each pass.
        seed: Seed of the order of windows before the first pass; None for that of time.
        start_index: The first row that is used; None for 0.
        end_index: The first row that is not used; None for all.

    Shape:
        x: (N, sequence_length, ...)

    Raises:
        ValueError: If the series is shorter than a window.

    Example:
        >>> data = timeseries_dataset_from_array(np.arange(9), sequence_length=3, sampling_rate=2)
        >>> next(iter(data))[0][:2].tolist()
        [[0, 2, 4], [1, 3, 5]]
    """
    series = np.asarray(getattr(data, "_array", data))[start_index:end_index]
    number = len(series) - (sequence_length - 1) * sampling_rate
    if targets is not None:
        targets = np.asarray(getattr(targets, "_array", targets))[start_index:end_index]
        number = min(number, len(targets))
    starts = np.arange(0, number, sequence_stride)
    if not len(starts):
        raise ValueError(
            f"{len(series)} rows make no window of {sequence_length} steps at a sampling rate of "
            f"{sampling_rate}"
        )
    if shuffle and seed is not None:
        np.random.RandomState(seed).shuffle(starts)
    offsets = np.arange(sequence_length) * sampling_rate

    def cut(first: np.ndarray, y: Any = None) -> Any:
        x = series[first[:, None] + offsets]
        return x if y is None else (x, y)

    y = None if targets is None else targets[starts]
    return Dataset(starts, y, batch_size=batch_size, shuffle=shuffle, transform=cut)


@explains_arguments
def split_windows(
    x: Any,
    size: int,
    horizon: int = 1,
    target: Any = None,
    stride: int = 1,
    test_size: float = 0.2,
    scaler: str | None = "minmax",
    leak: bool = False,
) -> tuple[Part, Part, tuple[Any, Any]]:
    """Windows split by time: (train, test, (scaler of x, scaler of the targets)).

    The last windows are the test. Scalers are fitted to the rows that training windows and their
    targets cover, as tomorrow's minimum is not known today.

    Args:
        x: The series, one row per time.
        size: Number of rows per window.
        horizon: Steps from the last row of a window to its target.
        target: The series of targets; None for x.
        stride: Rows from the start of a window to the start of the next.
        test_size: Fraction of the windows for testing.
        scaler: scikit-learn's scaler: "minmax", "standard" or None.
        leak: True to fit the scalers to all rows, to measure the effect of this common mistake.

    Shape:
        train and test: (N, size, F), (N, C)

    Raises:
        ValueError: If one part is empty, the scaler is unknown, or windows cannot be made.

    Example:
        >>> (x, y), (x_test, y_test), scalers = split_windows(np.arange(20.0), 5)
        >>> x.shape, x_test.shape, float(y.max()), float(y_test.max())
        ((12, 5, 1), (3, 5, 1), 1.0, 1.1875)
    """
    rows = _as_series("x", x)
    targets = rows if target is None else _as_series("target", target)
    n = len(windows(rows, size, horizon, targets, stride)[0])
    train = n - math.ceil(n * test_size)
    if not 0 < test_size < 1 or train < 1:
        raise ValueError(
            f"split_windows: {n} windows and test_size={test_size!r} (a fraction) "
            "leave one part empty"
        )
    rows_end = len(rows) if leak else (train - 1) * stride + size  # of the last training window
    targets_end = len(rows) if leak else rows_end + horizon
    target_scaler = _fit_scaler(scaler, targets[:targets_end])
    x_scaler = target_scaler if target is None else _fit_scaler(scaler, rows[:rows_end])
    if scaler is not None:
        rows, targets = x_scaler.transform(rows), target_scaler.transform(targets)
    made = windows(rows, size, horizon, targets, stride)
    inputs, outputs = (as_data(a, device="cpu") for a in made)
    scalers = (x_scaler, target_scaler)
    return (inputs[:train], outputs[:train]), (inputs[train:], outputs[train:]), scalers


def _as_series(name: str, x: Any) -> np.ndarray:
    """A series (T, F) in float64 on the host."""
    x = np.asarray(to_cpu(as_data(x, np.float64)))
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2:
        raise ValueError(
            f"{name} of shape {x.shape} is no series: expected (T,) or (T, F), time first"
        )
    is_finite = np.isfinite(x).all(1)
    if not is_finite.all():
        first = np.flatnonzero(~is_finite)[0]
        raise ValueError(f"{name} holds NaN or infinity, first in row {first}: fill the gaps first")
    return x


def _fit_scaler(name: str | None, rows: np.ndarray) -> Any:
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    if name is None:
        return None
    scalers = {"minmax": MinMaxScaler, "standard": StandardScaler}
    return lookup(name, scalers, "scaler")().fit(rows)


# ---- forecasts -----------------------------------------------------------------------------------


class ForecastReport(dict[str, dict[str, float]]):
    """{forecast: {"mse", "rmse", "mae", "r2"}}, the model first, printed as a table.

    Example:
        >>> report = forecast_report([4.0, 5.0], [4.0, 6.0], [1.0, 2.0, 3.0])
        >>> print(str(report).splitlines()[-1])
        The model's MSE is 0.5 times that of the best naive forecast (last value).
    """

    def __str__(self) -> str:
        width = max(map(len, self))
        header = "".join(f"{name:>12}" for name in ("MSE", "RMSE", "MAE", "R2"))
        lines = [f"{'':{width}}{header}"]
        for name, figures in self.items():
            row = "".join(f"{value:12.4g}" for value in figures.values())
            lines.append(f"{name:{width}}{row}")
        model, *naive = self
        best = min(naive, key=lambda name: self[name]["mse"])
        best_mse = self[best]["mse"]
        ratio = self[model]["mse"] / best_mse if best_mse else math.inf
        lines.append(
            f"The model's MSE is {ratio:.3g} times that of the best naive forecast ({best})."
        )
        return "\n".join(lines)


@explains_arguments
def forecast_report(
    y: Any, predicted: Any, y_train: Any, horizon: int = 1, last: Any = None, name: str = "model"
) -> ForecastReport:
    """MSE, RMSE, MAE and R2 of a forecast, of the mean of training, and of the last known value.

    Args:
        y: True values, which follow y_train in time, one row per step.
        predicted: The forecast of y.
        y_train: Targets of the training part.
        horizon: Steps from the last known value to the forecast one.
        last: The last known value per row, where it is not that of `horizon` steps before.
        name: Name of the model in the report.

    Shape:
        y, predicted, y_train, last: (N,) or (N, C)

    Raises:
        ValueError: If shapes or the horizon do not fit.

    Example:
        >>> report = forecast_report([4.0, 5.0], [4.0, 6.0], [1.0, 2.0, 3.0])
        >>> report["model"]["mse"], report["last value"]["mse"]
        (0.5, 1.0)
    """
    true = _as_series("y", y)
    forecast = _as_series("predicted", predicted)
    train = _as_series("y_train", y_train)
    if len(true) < 2 or forecast.shape != true.shape or train.shape[1] != true.shape[1]:
        raise ValueError(
            f"forecast_report: y {true.shape}, predicted {forecast.shape}, y_train {train.shape}: "
            "expected two rows or more, the first two of one shape, all of one width"
        )
    if not 1 <= horizon <= len(train):
        raise ValueError(
            f"forecast_report: horizon={horizon} steps before the first row lie outside of "
            f"{len(train)} training targets"
        )
    if last is None:
        known = np.concatenate([train, true])[len(train) - horizon : -horizon]
    else:
        known = _as_series("last", last)
    if known.shape != true.shape:
        raise ValueError(
            f"forecast_report: last {known.shape} beside y {true.shape}: "
            "expected the last value known per row"
        )
    forecasts = {
        name: forecast,
        "mean of training": np.broadcast_to(train.mean(0), true.shape),
        "last value": known,
    }
    return ForecastReport({name: _figures(true, values) for name, values in forecasts.items()})


def _figures(true: np.ndarray, forecast: np.ndarray) -> dict[str, float]:
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    mse = float(mean_squared_error(true, forecast))
    mae = float(mean_absolute_error(true, forecast))
    r2 = float(r2_score(true, forecast))
    return {"mse": mse, "rmse": math.sqrt(mse), "mae": mae, "r2": r2}
