"""Series: windows over rows in time, splits that see no future, and forecasts judged beside what costs nothing to say."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..backend import to_cpu
from ..config import as_data
from ..utils.registry import lookup

Part = tuple[np.ndarray, np.ndarray]


def windows(x: Any, size: int, horizon: int = 1, target: Any = None, stride: int = 1) -> Part:
    """(N, size, F) and (N, C): `size` rows in order, and the row of `target` (default: x) that is `horizon` steps behind the last.

    x is (T, F) or (T,), target (T, C) or (T,); each window begins `stride` rows after the one before. No window holds a row of
    its target's time or later. Raises ValueError for a series too short for one window.
    """
    rows = _rows("x", x)
    targets = rows if target is None else _rows("target", target)
    for name, value in (("size", size), ("horizon", horizon), ("stride", stride)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"windows: {name} is a number of rows, 1 or more, not {value!r}")
    if len(targets) != len(rows):
        raise ValueError(
            f"windows: {len(rows)} rows beside {len(targets)} targets: expected one for each time"
        )
    if len(rows) < size + horizon:
        raise ValueError(
            f"windows: a series of {len(rows)} rows has no window of {size} with a target {horizon} behind it: at least "
            f"{size + horizon} are needed"
        )
    seen = np.lib.stride_tricks.sliding_window_view(rows, size, 0)[
        : len(rows) - size - horizon + 1 : stride
    ]
    return np.ascontiguousarray(seen.swapaxes(1, 2)), targets[size + horizon - 1 :: stride].copy()


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
    """Windows cut by time: (x_train, y_train), (x_test, y_test), (scaler of x, scaler of the targets); the last ones are the test.

    scikit-learn's scaler ("minmax", "standard" or None) is fitted on the rows that training windows and their targets see, as
    tomorrow's minimum is not known today. `leak` fits it on all rows, as many a tutorial does, to show what that is worth.
    """
    rows = _rows("x", x)
    targets = rows if target is None else _rows("target", target)
    n = len(windows(rows, size, horizon, targets, stride)[0])
    train = n - math.ceil(n * test_size)
    if not 0 < test_size < 1 or train < 1:
        raise ValueError(
            f"split_windows: {n} windows and test_size={test_size!r} (a fraction) leave one part empty"
        )
    last = (train - 1) * stride + size  # one behind the last row of a training window
    known = last + horizon  # one behind the last training target
    of_targets = _fitted(scaler, targets if leak else targets[:known])
    of_x = of_targets if target is None else _fitted(scaler, rows if leak else rows[:last])
    rows, targets = (
        a if s is None else s.transform(a) for s, a in ((of_x, rows), (of_targets, targets))
    )
    inputs, outputs = (
        as_data(a, device="cpu") for a in windows(rows, size, horizon, targets, stride)
    )
    return (inputs[:train], outputs[:train]), (inputs[train:], outputs[train:]), (of_x, of_targets)


def _rows(name: str, x: Any) -> np.ndarray:
    """A series (T, F) in float64 on the host."""
    x = np.asarray(to_cpu(as_data(x, np.float64)))
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2:
        raise ValueError(
            f"{name} of shape {x.shape} is no series: expected (T,) or (T, F), time first"
        )
    if not np.isfinite(x).all():
        raise ValueError(
            f"{name} holds NaN or infinity, first in row {np.flatnonzero(~np.isfinite(x).all(1))[0]}: fill the gaps first"
        )
    return x


def _fitted(name: str | None, rows: np.ndarray) -> Any:
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    return (
        None
        if name is None
        else lookup(name, {"minmax": MinMaxScaler, "standard": StandardScaler}, "scaler")().fit(
            rows
        )
    )


# ---- how good is a forecast --------------------------------------------------------------------------------------------


class ForecastReport(dict[str, dict[str, float]]):
    """{who forecasts: {"mse", "rmse", "mae", "r2"}}, the model first; printed as a table with a verdict below."""

    def __str__(self) -> str:
        width = max(map(len, self))
        lines = [f"{'':{width}}" + "".join(f"{name:>12}" for name in ("MSE", "RMSE", "MAE", "R2"))]
        lines += [
            f"{who:{width}}" + "".join(f"{value:12.4g}" for value in found.values())
            for who, found in self.items()
        ]
        model, *naive = self
        best = min(naive, key=lambda who: self[who]["mse"])
        ratio = self[model]["mse"] / self[best]["mse"] if self[best]["mse"] else math.inf
        return "\n".join(
            [
                *lines,
                f"The model's MSE is {ratio:.3g} times that of the best naive forecast ({best}).",
            ]
        )


def forecast_report(
    y: Any, predicted: Any, y_train: Any, horizon: int = 1, last: Any = None, name: str = "model"
) -> ForecastReport:
    """MSE, RMSE, MAE and R2 of a forecast, and beside it of the training targets' mean and of the last value known.

    All (N,) or (N, C); y follows y_train in time, a row a step, so the last value known is that `horizon` steps before; `last`
    gives it where this is not so.
    """
    from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

    true, guess, before = (
        _rows(what, a) for what, a in (("y", y), ("predicted", predicted), ("y_train", y_train))
    )
    if len(true) < 2 or guess.shape != true.shape or before.shape[1] != true.shape[1]:
        raise ValueError(
            f"forecast_report: y {true.shape}, predicted {guess.shape}, y_train {before.shape}: expected two rows or more, "
            "the first two of one shape, all of one width"
        )
    if not 1 <= horizon <= len(before):
        raise ValueError(
            f"forecast_report: horizon={horizon} steps before the first row lie outside of {len(before)} training targets"
        )
    known = (
        np.concatenate([before, true])[len(before) - horizon : -horizon]
        if last is None
        else _rows("last", last)
    )
    if known.shape != true.shape:
        raise ValueError(
            f"forecast_report: last {known.shape} beside y {true.shape}: expected the last value known for each row"
        )
    forecasts = {
        name: guess,
        "mean of training": np.broadcast_to(before.mean(0), true.shape),
        "last value": known,
    }
    return ForecastReport(
        {
            who: {
                "mse": float(mean_squared_error(true, p)),
                "rmse": math.sqrt(mean_squared_error(true, p)),
                "mae": float(mean_absolute_error(true, p)),
                "r2": float(r2_score(true, p)),
            }
            for who, p in forecasts.items()
        }
    )
