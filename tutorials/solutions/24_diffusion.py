"""Solutions of lesson 24: answers, the checks that accept them, and typical mistakes."""

import numpy as np

# ---- 1. the shares of the signal -----------------------------------------------------------------


def answer_1(betas):
    """1, and the products of 1 - beta up to each step."""
    return np.concatenate([[1.0], np.cumprod(1 - np.asarray(betas))])


def check_1(answer):
    """Compare with a loop, for schedules of several lengths."""
    for betas in ([0.36, 0.36], [0.1, 0.2, 0.5, 0.9], [0.02]):
        got = np.asarray(answer(betas))
        expected = [1.0]
        for beta in betas:
            expected.append(expected[-1] * (1 - beta))
        assert got.shape == (len(betas) + 1,), (
            f"{len(betas)} betas give {len(betas) + 1} shares, a_0 = 1 among them, not {got.shape}"
        )
        assert np.allclose(got, expected), f"betas {betas}: {got.tolist()} instead of {expected}"


def _without_the_first(betas):
    return np.cumprod(1 - np.asarray(betas))


def _sum_of_betas(betas):
    return np.concatenate([[1.0], 1 - np.cumsum(betas)])


def _products_of_roots(betas):
    return np.concatenate([[1.0], np.cumprod((1 - np.asarray(betas)) ** 0.5)])


wrong_1 = [_without_the_first, _sum_of_betas, _products_of_roots]

# ---- 2. a noisy batch ----------------------------------------------------------------------------


def answer_2(x_0, noise, t, shares):
    """The closed form, with the share of each row as a column."""
    share = np.asarray(shares)[t][:, None]
    return share**0.5 * x_0 + (1 - share) ** 0.5 * noise


def check_2(answer):
    """Compare with loops over rows and columns, also for as many rows as columns."""
    chance = np.random.default_rng(0)
    shares = np.array([1.0, 0.8, 0.5, 0.1, 0.0])
    for n, d in ((3, 2), (4, 4), (1, 5)):
        x_0, noise = chance.normal(size=(n, d)), chance.normal(size=(n, d))
        t = chance.integers(0, 5, n)
        t[0] = 4
        got = np.asarray(answer(x_0, noise, t, shares))
        assert got.shape == (n, d), f"the batch has shape {got.shape} instead of {(n, d)}"
        for i in range(n):
            for j in range(d):
                a = shares[t[i]]
                expected = np.sqrt(a) * x_0[i, j] + np.sqrt(1 - a) * noise[i, j]
                assert np.isclose(got[i, j], expected), (
                    f"N = {n}, D = {d}: element [{i}, {j}] is {got[i, j]:.4f} instead of "
                    f"{expected:.4f}; each row has a share of its own"
                )


def _row_in_place_of_column(x_0, noise, t, shares):
    share = np.asarray(shares)[t]
    if len(share) != x_0.shape[1]:
        share = share[:, None]
    return share**0.5 * x_0 + (1 - share) ** 0.5 * noise


def _without_roots(x_0, noise, t, shares):
    share = np.asarray(shares)[t][:, None]
    return share * x_0 + (1 - share) * noise


def _one_step_for_all(x_0, noise, t, shares):
    share = shares[t[0]]
    return share**0.5 * x_0 + (1 - share) ** 0.5 * noise


wrong_2 = [_row_in_place_of_column, _without_roots, _one_step_for_all]

# ---- 3. from the noise to the data ---------------------------------------------------------------


def answer_3(x_t, noise, share):
    """The closed form, solved for x_0."""
    return (x_t - (1 - share) ** 0.5 * noise) / share**0.5


def check_3(answer):
    """Adding noise and taking it away gives back what was there."""
    chance = np.random.default_rng(0)
    for share in (0.9, 0.5, 0.04):
        x_0, noise = chance.normal(size=(3, 2)), chance.normal(size=(3, 2))
        x_t = share**0.5 * x_0 + (1 - share) ** 0.5 * noise
        got = np.asarray(answer(x_t, noise, share))
        assert np.allclose(got, x_0), (
            f"share {share}: the noise is not taken away: off by {abs(got - x_0).max():.3f}"
        )


def _not_divided(x_t, noise, share):
    return x_t - (1 - share) ** 0.5 * noise


def _all_the_noise(x_t, noise, share):
    return (x_t - noise) / share**0.5


def _without_root_of_share(x_t, noise, share):
    return (x_t - (1 - share) ** 0.5 * noise) / share


wrong_3 = [_not_divided, _all_the_noise, _without_root_of_share]

# ---- 4. how many steps until the signal is gone --------------------------------------------------

answer_4 = 11


def check_4(answer):
    """0.64 ** 10 is 0.0115 and 0.64 ** 11 is 0.0074."""
    assert answer == int(answer), "a number of steps is a whole number"
    share = 0.64 ** int(answer)
    assert share < 0.01, f"after {answer} steps a_t is {share:.4f}, not yet below 0.01"
    assert 0.64 ** (int(answer) - 1) >= 0.01, f"{answer} steps are enough, but fewer are, too"


wrong_4 = [10, 21, 5]

# ---- 5. the best guess for points ----------------------------------------------------------------


def answer_5(x_t, share, data):
    """The mean of the points, each weighted by how likely it leads to x_t."""
    squares = ((x_t - share**0.5 * np.asarray(data)) ** 2).sum(1)
    weights = np.exp(-(squares - squares.min()) / (2 * (1 - share)))
    return weights @ np.asarray(data) / weights.sum()


def check_5(answer):
    """The numbers of the lesson, a case by loops, and weights that round to 0."""
    got = np.asarray(answer(np.array([0.5]), 0.5, np.array([[-1.0], [1.0]])))
    assert got.shape == (1,), f"the guess for a point of one number has shape {got.shape}, not (1,)"
    assert abs(got[0] - 0.60886) < 1e-4, f"the guess of the lesson is 0.609, not {got[0]:.4f}"
    chance = np.random.default_rng(0)
    data, x_t = chance.normal(size=(5, 3)), chance.normal(size=3)
    for share in (0.1, 0.5, 0.9):
        total, expected = 0.0, np.zeros(3)
        for point in data:
            square = sum((x_t[j] - share**0.5 * point[j]) ** 2 for j in range(3))
            weight = np.exp(-square / (2 * (1 - share)))
            total, expected = total + weight, expected + weight * point
        got = np.asarray(answer(x_t, share, data))
        assert got.shape == (3,), f"the guess has shape {got.shape} instead of (3,)"
        assert np.allclose(got, expected / total), f"share {share}: {got} is not the weighted mean"
    with np.errstate(all="ignore"):
        got = np.asarray(answer(np.array([100.0, 0.0]), 0.99, np.array([[1.0, 0.0], [0.0, 1.0]])))
    assert np.allclose(got, [1, 0]), (
        f"far from all points the guess is {got}, not the nearest point [1, 0]: all weights "
        "have become 0"
    )


def _weights_round_to_zero(x_t, share, data):
    squares = ((x_t - share**0.5 * data) ** 2).sum(1)
    weights = np.exp(-squares / (2 * (1 - share)))
    return weights @ data / weights.sum()


def _data_not_shrunk(x_t, share, data):
    squares = ((x_t - data) ** 2).sum(1)
    weights = np.exp(-(squares - squares.min()) / (2 * (1 - share)))
    return weights @ data / weights.sum()


def _nearest_point(x_t, share, data):
    return data[((x_t - share**0.5 * data) ** 2).sum(1).argmin()]


wrong_5 = [_weights_round_to_zero, _data_not_shrunk, _nearest_point]
