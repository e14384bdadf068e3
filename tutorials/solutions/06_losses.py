"""Solutions of lesson 6, losses."""

import math

import numpy as np

# ---- 1. the mean Huber loss ----------------------------------------------------------------------


def answer_1(y, p, delta):
    total = 0.0
    for right, said in zip(y, p):
        d = abs(said - right)
        total += d * d / 2 if d <= delta else delta * d - delta * delta / 2
    return total / len(y)


def check_1(answer):
    cases = [
        ([1, 0, -1, 3], [0.5, 2, -1.2, 0], 1.0, 1.03625),
        ([0.0, 0.0], [3.0, -3.0], 1.0, 2.5),
        ([0.0], [3.0], 2.0, 4.0),
        ([0.0], [3.0], 5.0, 4.5),
    ]
    for y, p, delta, expected in cases:
        got = float(answer(y, p, delta))
        assert abs(got - expected) < 1e-6, (
            f"y = {y}, p = {p}, delta = {delta:g}: the mean is {expected:g}; you have {got:g}"
        )


def ignores_the_sign(y, p, delta):
    d = np.array(p, float) - np.array(y, float)
    return np.where(d <= delta, d * d / 2, delta * d - delta * delta / 2).mean()


def forgets_delta(y, p, delta):
    d = abs(np.array(p, float) - np.array(y, float))
    return np.where(d <= delta, d * d / 2, d - 0.5).mean()


def forgets_the_half(y, p, delta):
    d = abs(np.array(p, float) - np.array(y, float))
    return np.where(d <= delta, d * d, 2 * delta * d - delta * delta).mean()


wrong_1 = [ignores_the_sign, forgets_delta, forgets_the_half]

# ---- 2. binary cross-entropy from logits ---------------------------------------------------------


def answer_2(z, y):
    z, y = np.asarray(z, float), np.asarray(y, float)
    return (np.maximum(z, 0) - z * y + np.log1p(np.exp(-abs(z)))).mean()


def check_2(answer):
    cases = [
        ([0.0], [1], math.log(2)),
        ([2.0, -1.0, 0.5], [1, 0, 0], None),
        ([1000.0], [0], 1000.0),
        ([-1000.0], [1], 1000.0),
        ([1000.0, -1000.0], [1, 0], 0.0),
    ]
    for z, y, expected in cases:
        if expected is None:
            p = 1 / (1 + np.exp(-np.array(z)))
            expected = -np.log(np.where(np.array(y) == 1, p, 1 - p)).mean()
        with np.errstate(all="ignore"):
            got = float(attempt(answer, z, y))
        assert abs(got - expected) < 1e-6, (
            f"logits {z}, labels {y}: the mean loss is {expected:.5f}; you have {got:.5f}"
        )


def attempt(answer, z, y):
    """The answer, or not a number if the arithmetic of Python gives up."""
    try:
        return answer(z, y)
    except (ArithmeticError, ValueError) as error:
        raise AssertionError(f"logits {z}, labels {y}: your function stops, {error}") from None


def goes_through_the_sigmoid(z, y):
    p = 1 / (1 + np.exp(-np.asarray(z, float)))
    y = np.asarray(y, float)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()


def clips_the_probability(z, y):
    p = np.clip(1 / (1 + np.exp(-np.asarray(z, float))), 1e-7, 1 - 1e-7)
    y = np.asarray(y, float)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()


def adds_up(z, y):
    return answer_2(z, y) * len(z)


wrong_2 = [goes_through_the_sigmoid, clips_the_probability, adds_up]

# ---- 3. the loss of a network that knows nothing -------------------------------------------------

answer_3 = math.log(1000)


def check_3(answer):
    assert abs(float(answer) - 6.9078) < 0.001, (
        "each of the 1000 classes gets the probability 0.001, and the loss is -log(0.001), with "
        f"the natural logarithm; you have {float(answer):g}"
    )


wrong_3 = [3.0, -math.log(1000), 1000 * 0.001]  # log to base 10; wrong sign; no logarithm

# ---- 4. the gradient of cross-entropy ------------------------------------------------------------


def answer_4(logits, labels):
    logits = np.asarray(logits, float)
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    gradient = e / e.sum(axis=1, keepdims=True)
    gradient[np.arange(len(labels)), labels] -= 1
    return gradient / len(labels)


def mean_cross_entropy(logits, labels):
    """Mean of log(sum(exp(logits))) - right logit."""
    largest = logits.max(axis=1, keepdims=True)
    totals = np.log(np.exp(logits - largest).sum(axis=1)) + largest[:, 0]
    return (totals - logits[np.arange(len(labels)), labels]).mean()


def check_4(answer):
    chance = np.random.default_rng(6)
    for n, classes in ((1, 3), (4, 3), (5, 10)):
        logits = chance.normal(0, 2, (n, classes))
        labels = chance.integers(0, classes, n)
        got = np.asarray(answer(logits.copy(), labels), float)
        assert got.shape == logits.shape, (
            f"the gradient needs the shape of the logits, {logits.shape}; you have {got.shape}"
        )
        for place in np.ndindex(*logits.shape):
            nudge = np.zeros_like(logits)
            nudge[place] = 1e-5
            up = mean_cross_entropy(logits + nudge, labels)
            down = mean_cross_entropy(logits - nudge, labels)
            measured = (up - down) / 2e-5
            assert abs(got[place] - measured) < 1e-6, (
                f"{n} rows, {classes} classes: at {place} a nudge measures {measured:.5f}; you "
                f"have {got[place]:.5f}"
            )


def forgets_the_mean(logits, labels):
    return answer_4(logits, labels) * len(labels)


def has_the_wrong_sign(logits, labels):
    return -answer_4(logits, labels)


def forgets_the_label(logits, labels):
    e = np.exp(logits)
    return e / e.sum(axis=1, keepdims=True) / len(labels)


wrong_4 = [forgets_the_mean, has_the_wrong_sign, forgets_the_label]

# ---- 5. the best constant for the absolute error -------------------------------------------------


def answer_5(y):
    return float(np.median(y))


def check_5(answer):
    for y in ([1, 2, 2.5, 4, 90], [3.0], [0.0, 10.0, 1.0, 2.0], [-5.0, -5.0, 7.0]):
        got = float(answer(list(y)))
        values = np.array(y, float)
        cost = abs(values - got).mean()
        best = abs(values - np.median(values)).mean()
        assert cost < best + 1e-6, (
            f"for {y} your c = {got:g} costs {cost:g}; another number costs only {best:g}"
        )


def takes_the_mean(y):
    return float(np.mean(y))


def takes_the_middle_of_the_range(y):
    return (min(y) + max(y)) / 2


def forgets_to_sort(y):
    return y[len(y) // 2 - 1]


wrong_5 = [takes_the_mean, takes_the_middle_of_the_range, forgets_to_sort]
