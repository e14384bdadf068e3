"""Solutions of lesson 20, autoencoders and the VAE."""

import math

import numpy as np

from minigrad import Tensor, grad, ops

# ---- 1: PCA there and back -----------------------------------------------------------------------


def answer_1(x, k):
    """The rows of x, encoded with k numbers each and decoded again."""
    mean = x.mean(axis=0)
    _, _, directions = np.linalg.svd(x - mean, full_matrices=False)
    codes = (x - mean) @ directions[:k].T
    return codes @ directions[:k] + mean


def check_1(answer):
    chance = np.random.default_rng(0)
    x = chance.normal(size=(40, 6)) * [5, 3, 2, 1, 0.5, 0.2] + 10
    variances = np.linalg.svd(x - x.mean(axis=0), compute_uv=False) ** 2
    for k in (1, 2, 4):
        rebuilt = np.asarray(answer(x.copy(), k))
        assert rebuilt.shape == x.shape, f"the result has shape {rebuilt.shape}, not {x.shape}"
        lost = ((rebuilt - x) ** 2).sum()
        best = variances[k:].sum()
        assert lost < best * 1.001, (
            f"with k = {k} the squared error is {lost:.2f}, and {best:.2f} is possible: subtract "
            "the mean, use the first k directions, add the mean again"
        )
        assert lost > best * 0.999, f"with k = {k} more than k numbers are kept"


def _without_mean(x, k):
    _, _, directions = np.linalg.svd(x, full_matrices=False)
    return x @ directions[:k].T @ directions[:k]


def _last_directions(x, k):
    mean = x.mean(axis=0)
    _, _, directions = np.linalg.svd(x - mean, full_matrices=False)
    return (x - mean) @ directions[-k:].T @ directions[-k:] + mean


def _mean_not_added(x, k):
    return answer_1(x, k) - x.mean(axis=0)


wrong_1 = [_without_mean, _last_directions, _mean_not_added]


# ---- 2: the KL divergence ------------------------------------------------------------------------


def answer_2(mean, log_variance):
    """KL(N(mean, sigma^2) || N(0, 1)) of each row."""
    terms = mean**2 + np.exp(log_variance) - log_variance - 1
    return terms.sum(axis=-1) / 2


def check_2(answer):
    at_prior = np.asarray(answer(np.zeros((2, 3)), np.zeros((2, 3))))
    assert at_prior.shape == (2,), f"one number per row: the shape is {at_prior.shape}, not (2,)"
    assert np.allclose(at_prior, 0), "a cloud that is the prior has KL divergence 0"
    mean = np.array([[0.5, 0.0], [1.0, -2.0]])
    log_variance = np.array([[math.log(0.25), 0.0], [0.3, -0.7]])
    expected = [0.443147, 2.623222]
    found = np.asarray(answer(mean, log_variance))
    assert np.allclose(found, expected, atol=1e-4), f"{found} instead of {expected}"


def _mean_over_numbers(mean, log_variance):
    return answer_2(mean, log_variance) / mean.shape[-1]


def _sigma_not_squared(mean, log_variance):
    terms = mean**2 + np.exp(log_variance / 2) - log_variance - 1
    return terms.sum(axis=-1) / 2


def _without_half(mean, log_variance):
    return 2 * answer_2(mean, log_variance)


wrong_2 = [_mean_over_numbers, _sigma_not_squared, _without_half]


# ---- 3: the reparameterization trick -------------------------------------------------------------


def answer_3(mean, log_variance, noise):
    """The code that the noise stands for."""
    return mean + ops.exp(log_variance / 2) * noise


def check_3(answer):
    mean = Tensor([0.5, -1.0], requires_grad=True)
    log_variance = Tensor([math.log(0.25), math.log(4.0)], requires_grad=True)
    noise = np.array([0.4, -1.5], "float32")
    z = answer(mean, log_variance, noise)
    assert isinstance(z, Tensor), "the result must be a Tensor: compute with Tensors alone"
    assert np.allclose(z.numpy(), [0.7, -4.0], atol=1e-5), f"{z.numpy()} instead of [0.7, -4.0]"
    assert z.requires_grad, "no gradient gets through: the graph is cut somewhere"
    slopes = grad(z.sum(), [mean, log_variance])
    assert np.allclose(slopes[0].numpy(), 1, atol=1e-5), "the slope of z with the mean is 1"
    assert np.allclose(slopes[1].numpy(), [0.1, -1.5], atol=1e-5), (
        "the slope of z with the log variance is sigma * noise / 2"
    )


def _variance_for_sigma(mean, log_variance, noise):
    return mean + ops.exp(log_variance) * noise


def _log_for_sigma(mean, log_variance, noise):
    return mean + log_variance * noise


def _cut_graph(mean, log_variance, noise):
    return Tensor(mean.numpy() + np.exp(log_variance.numpy() / 2) * noise)


wrong_3 = [_variance_for_sigma, _log_for_sigma, _cut_graph]


# ---- 4: a price in nats --------------------------------------------------------------------------

answer_4 = 2.0  # mean^2 / 2 = 2


def check_4(answer):
    assert isinstance(answer, (int, float)), "a number is asked for"
    assert answer > 0, "a mean above zero is asked for"
    price = answer**2 / 2
    assert abs(price - 2) < 0.02, (
        f"with sigma = 1 only mean^2 / 2 is left, and at {answer} that is {price:.3f} nats"
    )


wrong_4 = [4.0, math.sqrt(2), -2.0]


# ---- 5: the row that is rebuilt worst ------------------------------------------------------------


def answer_5(x, rebuilt):
    """The position of the row with the largest mean squared error."""
    return int(((x - rebuilt) ** 2).mean(axis=1).argmax())


def check_5(answer):
    x = np.zeros((4, 3))
    rebuilt = np.array([[0.5, -0.5, 0.5], [0.0, 0.0, -2.0], [1.0, 1.0, 0.9], [0.0, 0.1, 0.0]])
    found = answer(x, rebuilt)
    assert np.ndim(found) == 0, "the position of one row is asked for"
    assert int(found) == 1, f"row 1 has the mean squared error 4 / 3; the answer is row {found}"
    chance = np.random.default_rng(1)
    x = chance.normal(size=(30, 8))
    rebuilt = x + chance.normal(size=(30, 8))
    rebuilt[17] = x[17] - 4
    assert int(answer(x, rebuilt)) == 17, "row 17 is 4 away from its image in each number"


def _absolute(x, rebuilt):
    return int(abs(x - rebuilt).mean(axis=1).argmax())


def _signed(x, rebuilt):
    return int((rebuilt - x).mean(axis=1).argmax())


def _best(x, rebuilt):
    return int(((x - rebuilt) ** 2).mean(axis=1).argmin())


wrong_5 = [_absolute, _signed, _best]
