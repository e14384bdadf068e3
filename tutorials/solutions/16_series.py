"""Solutions of lesson 16, series."""

import math

import numpy as np

# ---- 1: windows ----------------------------------------------------------------------------------


def answer_1(series, size, horizon):
    """Each window, and the value `horizon` steps after its last one."""
    series = np.asarray(series)
    count = len(series) - size - horizon + 1
    inputs = np.array([series[start : start + size] for start in range(count)])
    targets = np.array([series[start + size + horizon - 1] for start in range(count)])
    return inputs, targets


def target_inside_the_window(series, size, horizon):
    series = np.asarray(series)
    count = len(series) - size - horizon + 1
    inputs = np.array([series[start : start + size] for start in range(count)])
    return inputs, inputs[:, -1]


def one_step_too_far(series, size, horizon):
    series = np.asarray(series)
    count = len(series) - size - horizon
    inputs = np.array([series[start : start + size] for start in range(count)])
    targets = np.array([series[start + size + horizon] for start in range(count)])
    return inputs, targets


def windows_side_by_side(series, size, horizon):
    inputs, targets = answer_1(series, size, horizon)
    return inputs[::size], targets[::size]


def horizon_is_always_one(series, size, horizon):
    return answer_1(series, size, 1)


wrong_1 = [target_inside_the_window, one_step_too_far, windows_side_by_side, horizon_is_always_one]


def check_1(answer):
    """A function of a series, the size and the horizon."""
    series = [3.0, 5.0, 4.0, 6.0, 7.0, 8.0, 2.0]
    for size, horizon in ((3, 1), (2, 3), (1, 1)):
        inputs, targets = (np.asarray(part) for part in answer(series, size, horizon))
        count = len(series) - size - horizon + 1
        assert inputs.shape == (count, size) and targets.shape == (count,), (
            f"7 values, size {size}, horizon {horizon}: shapes {inputs.shape} and {targets.shape}, "
            f"expected {(count, size)} and {(count,)}"
        )
        for row in range(count):
            window, target = series[row : row + size], series[row + size - 1 + horizon]
            assert inputs[row].tolist() == window and targets[row] == target, (
                f"size {size}, horizon {horizon}, row {row}: {inputs[row].tolist()} -> "
                f"{targets[row]}, expected {window} -> {target}"
            )


# ---- 2: R2 ---------------------------------------------------------------------------------------


def answer_2(truth, forecast):
    """1 - squared error / squared distance from the mean."""
    truth, forecast = np.asarray(truth, float), np.asarray(forecast, float)
    return 1 - ((truth - forecast) ** 2).sum() / ((truth - truth.mean()) ** 2).sum()


def squared_correlation(truth, forecast):
    return float(np.corrcoef(truth, forecast)[0, 1] ** 2)


def without_one_minus(truth, forecast):
    return 1 - answer_2(truth, forecast)


def mean_of_the_forecast(truth, forecast):
    truth, forecast = np.asarray(truth, float), np.asarray(forecast, float)
    return 1 - ((truth - forecast) ** 2).sum() / ((truth - forecast.mean()) ** 2).sum()


def never_below_zero(truth, forecast):
    return max(answer_2(truth, forecast), 0.0)


wrong_2 = [squared_correlation, without_one_minus, mean_of_the_forecast, never_below_zero]


def check_2(answer):
    """A function of the truth and the forecast."""
    cases = [
        ([4, 6, 5], [4.5, 5.5, 5], 0.75),
        ([4, 6, 5], [6, 4, 5], -3.0),
        ([1, 2, 3, 4], [2, 3, 4, 5], 0.2),
        ([1.0, 3.0], [1.0, 3.0], 1.0),
    ]
    for truth, forecast, expected in cases:
        got = float(answer(np.array(truth, float), np.array(forecast, float)))
        assert math.isclose(got, expected, abs_tol=1e-6), (
            f"truth {truth}, forecast {forecast}: got {got:.4f}, expected {expected}"
        )


# ---- 3: autocorrelation --------------------------------------------------------------------------


def answer_3(series, lag):
    """Products of distances from the mean, `lag` apart, over the squares."""
    distances = np.asarray(series, float) - np.mean(series)
    return (distances[lag:] * distances[: len(distances) - lag]).sum() / (distances**2).sum()


def without_the_mean(series, lag):
    series = np.asarray(series, float)
    return (series[lag:] * series[: len(series) - lag]).sum() / (series**2).sum()


def around_the_circle(series, lag):
    distances = np.asarray(series, float) - np.mean(series)
    return (distances * np.roll(distances, lag)).sum() / (distances**2).sum()


def always_lag_one(series, lag):
    return answer_3(series, 1)


wrong_3 = [without_the_mean, around_the_circle, always_lag_one]


def check_3(answer):
    """A function of a series and a lag. Dividing by the numbers of terms is right, too."""
    for series, lag in (([1, 3, 2, 4], 1), ([1, 3, 2, 4], 2), ([5, 5, 1, 1, 5, 5, 1, 1], 4)):
        got = float(answer(np.array(series, float), lag))
        by_sums = answer_3(series, lag)
        by_means = by_sums * len(series) / (len(series) - lag)
        assert min(abs(got - by_sums), abs(got - by_means)) < 1e-6, (
            f"series {series}, lag {lag}: got {got:.4f}, expected {by_sums:.4f}"
        )


# ---- 4: the seasonal naive forecast --------------------------------------------------------------


def answer_4(series, period):
    """Mean squared difference to the value a period before."""
    series = np.asarray(series, float)
    return ((series[period:] - series[:-period]) ** 2).mean()


def last_value(series, period):
    return answer_4(series, 1)


def absolute_error(series, period):
    series = np.asarray(series, float)
    return np.abs(series[period:] - series[:-period]).mean()


def counts_all_values(series, period):
    return answer_4(series, period) * (len(series) - period) / len(series)


wrong_4 = [last_value, absolute_error, counts_all_values]


def check_4(answer):
    """A function of a series and a period."""
    cases = [
        ([1, 5, 9, 2, 5, 12], 3, 10 / 3),
        ([1, 2, 1, 2, 1, 2], 2, 0.0),
        ([0, 3, 1, 7], 1, 49 / 3),
    ]
    for series, period, expected in cases:
        got = float(answer(np.array(series, float), period))
        assert math.isclose(got, expected, abs_tol=1e-6), (
            f"series {series}, period {period}: got {got:.4f}, expected {expected:.4f}"
        )


# ---- 5: the number of windows --------------------------------------------------------------------

answer_5 = 100 - 24 - 6 + 1
wrong_5 = [70, 76, 72, 4]


def check_5(answer):
    """A number."""
    assert answer == 71, (
        f"got {answer}; the last window starts where its target, 24 - 1 + 6 steps later, is the "
        "last value"
    )
