"""Solutions of lesson 10, overfitting."""

import math

import numpy as np

# ---- 1: the elastic net --------------------------------------------------------------------------


def answer_1(weights, l1, l2):
    """Absolute values times l1, squares times l2."""
    return sum(l1 * abs(w) + l2 * w * w for w in weights)


def without_absolute_values(weights, l1, l2):
    return sum(l1 * w + l2 * w * w for w in weights)


def mean_instead_of_sum(weights, l1, l2):
    return answer_1(weights, l1, l2) / len(weights)


def square_of_the_sum(weights, l1, l2):
    return l1 * sum(abs(w) for w in weights) + l2 * sum(weights) ** 2


wrong_1 = [without_absolute_values, mean_instead_of_sum, square_of_the_sum]


def check_1(answer):
    """A function of a list of weights and two factors."""
    cases = [
        (([0.5, -1.0, 2.0], 0.01, 0.0), 0.035),
        (([0.5, -1.0, 2.0], 0.0, 0.01), 0.0525),
        (([0.5, -1.0, 2.0], 0.01, 0.01), 0.0875),
        (([-3.0, -4.0], 2.0, 0.5), 26.5),
    ]
    for arguments, penalty in cases:
        got = float(answer(*arguments))
        assert math.isclose(got, penalty, rel_tol=1e-6), (
            f"weights, l1, l2 = {arguments}: {got}, but the penalty is {penalty}"
        )


# ---- 2: dropout in training ----------------------------------------------------------------------


def answer_2(values, rate, keep):
    """What is kept is divided by the probability of being kept."""
    return np.where(keep, values / (1 - rate), 0.0)


def not_divided(values, rate, keep):
    return np.where(keep, values, 0.0)


def divided_by_the_rate(values, rate, keep):
    return np.where(keep, values / rate, 0.0)


def kept_and_dropped_exchanged(values, rate, keep):
    return np.where(keep, 0.0, values / (1 - rate))


wrong_2 = [not_divided, divided_by_the_rate, kept_and_dropped_exchanged]


def check_2(answer):
    """A function of an array, the rate and an array of True and False."""
    cases = [
        ([2.0, 4.0, 6.0, 8.0], 0.5, [True, False, True, False], [4.0, 0.0, 12.0, 0.0]),
        ([1.0, 2.0, 3.0, 4.0], 0.2, [True, True, False, True], [1.25, 2.5, 0.0, 5.0]),
        ([3.0, -9.0], 0.75, [False, True], [0.0, -36.0]),
    ]
    for values, rate, keep, expected in cases:
        got = answer(np.array(values), rate, np.array(keep))
        assert np.allclose(got, expected), (
            f"values {values}, rate {rate}, keep {keep}: {np.asarray(got).tolist()}, "
            f"but it should be {expected}"
        )


# ---- 3: batch normalization in training ----------------------------------------------------------


def answer_3(batch, gamma, beta, epsilon):
    """Mean and variance of each column, then gamma and beta."""
    mean, variance = batch.mean(axis=0), batch.var(axis=0)
    return gamma * (batch - mean) / np.sqrt(variance + epsilon) + beta


def over_each_row(batch, gamma, beta, epsilon):
    mean, variance = batch.mean(axis=1, keepdims=True), batch.var(axis=1, keepdims=True)
    return gamma * (batch - mean) / np.sqrt(variance + epsilon) + beta


def over_everything(batch, gamma, beta, epsilon):
    return gamma * (batch - batch.mean()) / np.sqrt(batch.var() + epsilon) + beta


def divided_by_the_variance(batch, gamma, beta, epsilon):
    return gamma * (batch - batch.mean(axis=0)) / (batch.var(axis=0) + epsilon) + beta


def without_epsilon(batch, gamma, beta, epsilon):
    with np.errstate(all="ignore"):
        return gamma * (batch - batch.mean(axis=0)) / batch.std(axis=0) + beta


wrong_3 = [over_each_row, over_everything, divided_by_the_variance, without_epsilon]


def check_3(answer):
    """A function of an array (rows, neurons), gamma, beta and epsilon."""
    batch = np.array([[1.0, 0.0], [1.0, 0.0], [5.0, 10.0], [5.0, 10.0]])
    got = np.asarray(answer(batch, np.array([2.0, 1.0]), np.array([10.0, 0.0]), 1e-12))
    expected = np.array([[8.0, -1.0], [8.0, -1.0], [12.0, 1.0], [12.0, 1.0]])
    assert got.shape == expected.shape, f"the shape is {got.shape}, not {expected.shape}"
    assert np.allclose(got, expected, atol=1e-4), (
        f"for {batch.tolist()}: {got.round(3).tolist()}, but it should be {expected.tolist()}"
    )
    equal = np.asarray(answer(np.full((3, 1), 7.0), np.array([1.0]), np.array([0.5]), 1e-3))
    assert np.allclose(equal, 0.5), (
        "a neuron with the same value in all rows must give beta; epsilon prevents 0 / 0"
    )


# ---- 4: early stopping ---------------------------------------------------------------------------


def answer_4(losses, patience):
    """The best epoch so far, until it is `patience` epochs ago."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best + 1, epoch + 1
    return best + 1, len(losses)


def compared_with_the_last_epoch(losses, patience):
    wait, best = 0, 0
    for epoch in range(1, len(losses)):
        wait = 0 if losses[epoch] < losses[epoch - 1] else wait + 1
        best = epoch if losses[epoch] < losses[best] else best
        if wait >= patience:
            return best + 1, epoch + 1
    return best + 1, len(losses)


def equal_counts_as_better(losses, patience):
    best = 0
    for epoch, loss in enumerate(losses):
        if loss <= losses[best]:
            best = epoch
        if epoch - best >= patience:
            return best + 1, epoch + 1
    return best + 1, len(losses)


def counted_from_zero(losses, patience):
    best, last = answer_4(losses, patience)
    return best - 1, last - 1


def never_stops(losses, patience):
    return losses.index(min(losses)) + 1, len(losses)


wrong_4 = [compared_with_the_last_epoch, equal_counts_as_better, counted_from_zero, never_stops]


def check_4(answer):
    """A function of a list of losses and the patience."""
    losses = [0.9, 0.7, 0.6, 0.65, 0.62, 0.7, 0.5]
    cases = [
        (losses, 3, (3, 6)),
        (losses, 4, (7, 7)),
        ([0.5, 0.5, 0.5, 0.4], 2, (1, 3)),
        ([0.9, 0.8, 0.7], 2, (3, 3)),
        ([0.3, 0.4], 1, (1, 2)),
    ]
    for values, patience, expected in cases:
        got = tuple(answer(values, patience))
        assert got == expected, (
            f"losses {values} with patience {patience}: {got}, but it should be {expected}"
        )
