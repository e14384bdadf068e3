"""scikit-learn's diabetes data, as rows and as windows."""

from __future__ import annotations

from typing import Any

from ..config import as_data
from ..data.timeseries import split_windows
from .preparation import Split

# ---- diabetes ------------------------------------------------------------------------------------------------------


def load_data(test_size: float = 0.2, random_state: int = 42) -> Split:
    """442 patients: x (N, 10) with mean 0 and deviation 1 over the training part; y (N, 1), progression after a year, 25..346."""
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x_train, x_test, y_train, y_test = train_test_split(
        *load_diabetes(return_X_y=True), test_size=test_size, random_state=random_state
    )
    scaler = StandardScaler().fit(x_train)
    return (
        (as_data(scaler.transform(x_train)), as_data(y_train[:, None])),
        (as_data(scaler.transform(x_test)), as_data(y_test[:, None])),
    )


def load_windows(
    length: int = 5, test_size: float = 0.2, return_scaler: bool = False, leak: bool = False
) -> Any:
    """Windows of `length` rows (N, length, 10) -> the target of the next row (N, 1), all in 0..1; the last windows are the test.

    With `return_scaler` also the scaler of the targets, whose inverse_transform gives 25..346 again. The rows are patients and
    no series, so there is next to nothing to find: R2 near 0 is the right answer. `leak` fits both scalers on all rows, as the
    recipe that made these windows known does.
    """
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    train, test, (_, scaler) = split_windows(
        x, length, target=y, test_size=test_size, leak=leak
    )  # 437 windows: 349 and 88
    return (train, test, scaler) if return_scaler else (train, test)
