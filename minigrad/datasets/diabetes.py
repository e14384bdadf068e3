"""scikit-learn's diabetes data, as rows and as windows."""

from __future__ import annotations

from typing import Any

from ..arguments import explains_arguments
from ..config import as_data
from ..data.timeseries import split_windows
from .preparation import Split


@explains_arguments
def load_data(test_size: float = 0.2, random_state: int = 42) -> Split:
    """(x, y) for training and for testing: 442 patients, and the disease's progression in a year.

    The 10 columns of x have mean 0 and standard deviation 1 over the training part; y is 25..346.

    Args:
        test_size: Fraction of the rows for testing.
        random_state: Seed of the split.

    Shape:
        x: (N, 10), y: (N, 1)

    References:
        Efron, Hastie, Johnstone & Tibshirani 2004, Least angle regression.

    Example:
        >>> (x, y), (x_test, y_test) = load_data()
        >>> x.shape, y_test.shape
        ((353, 10), (89, 1))
    """
    from sklearn.datasets import load_diabetes
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    x, y = load_diabetes(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=test_size, random_state=random_state
    )
    scaler = StandardScaler().fit(x_train)
    return (
        (as_data(scaler.transform(x_train)), as_data(y_train[:, None])),
        (as_data(scaler.transform(x_test)), as_data(y_test[:, None])),
    )


def load_windows(
    length: int = 5, test_size: float = 0.2, return_scaler: bool = False, leak: bool = False
) -> Any:
    """(x, y) for training and for testing: windows of rows, and the target of the next row.

    Everything is scaled to 0..1; the last windows are the test. The rows are patients, not a
    series, so there is next to nothing to find: an R2 near 0 is the right answer.

    Args:
        length: Number of rows per window.
        test_size: Fraction of the windows for testing.
        return_scaler: True to return a third item, the scaler of the targets, whose
            inverse_transform gives 25..346 again.
        leak: True to fit both scalers to all rows, as the recipe that made these windows known
            does.

    Shape:
        x: (N, length, 10), y: (N, 1)

    Example:
        >>> (x, y), (x_test, y_test) = load_windows()
        >>> x.shape, x_test.shape
        ((349, 5, 10), (88, 5, 10))
    """
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True)
    train, test, (_, scaler) = split_windows(x, length, target=y, test_size=test_size, leak=leak)
    return (train, test, scaler) if return_scaler else (train, test)
