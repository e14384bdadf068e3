"""Solutions of lesson 7, optimizers."""

import math

import numpy as np


def square(w):
    """The gradient of w * w."""
    return 2 * w


def wave(w):
    """The gradient of -cos(w) + w * w / 4."""
    return math.sin(w) + w / 2


CASES = [(square, 1.0, 0.1, 1), (square, 1.0, 0.1, 2), (wave, -2.0, 0.05, 7), (wave, 3.0, 0.2, 30)]


def compare(answer, right):
    """Every case: the answer against the right function."""
    for gradient, w, rate, steps in CASES:
        expected = right(gradient, w, rate, steps)
        got = float(answer(gradient, w, rate, steps))
        assert abs(got - expected) < 1e-4, (
            f"gradient of {gradient.__doc__[16:-1]}, w = {w:g}, rate {rate:g}, steps {steps}: "
            f"w becomes {expected:.5f}; you have {got:.5f}"
        )


# ---- 1. momentum ---------------------------------------------------------------------------------


def answer_1(gradient, w, rate, steps):
    v = 0.0
    for _ in range(steps):
        v = 0.9 * v - rate * gradient(w)
        w = w + v
    return w


def check_1(answer):
    compare(answer, answer_1)


def is_plain_descent(gradient, w, rate, steps):
    for _ in range(steps):
        w = w - rate * gradient(w)
    return w


def forgets_the_velocity(gradient, w, rate, steps):
    for _ in range(steps):
        v = 0.9 * 0.0 - rate * gradient(w)
        w = w + 0.9 * v
    return w


def averages_the_gradient(gradient, w, rate, steps):
    v = 0.0
    for _ in range(steps):
        v = 0.9 * v + 0.1 * gradient(w)
        w = w - rate * v
    return w


wrong_1 = [is_plain_descent, forgets_the_velocity, averages_the_gradient]

# ---- 2. Adam -------------------------------------------------------------------------------------


def answer_2(gradient, w, rate, steps):
    m, s = 0.0, 0.0
    for t in range(1, steps + 1):
        g = gradient(w)
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g * g
        w = w - rate * (m / (1 - 0.9**t)) / ((s / (1 - 0.999**t)) ** 0.5 + 1e-7)
    return w


def check_2(answer):
    compare(answer, answer_2)


def forgets_the_correction(gradient, w, rate, steps):
    m, s = 0.0, 0.0
    for _ in range(steps):
        g = gradient(w)
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g * g
        w = w - rate * m / (s**0.5 + 1e-7)
    return w


def counts_from_zero(gradient, w, rate, steps):
    m, s = 0.0, 0.0
    for t in range(steps):
        g = gradient(w)
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g * g
        # at t = 0 the correction is 0, so "max" was added to get rid of the error
        correction_m, correction_s = max(1 - 0.9**t, 0.1), max(1 - 0.999**t, 0.001)
        w = w - rate * (m / correction_m) / ((s / correction_s) ** 0.5 + 1e-7)
    return w


def forgets_the_root(gradient, w, rate, steps):
    m, s = 0.0, 0.0
    for t in range(1, steps + 1):
        g = gradient(w)
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g * g
        w = w - rate * (m / (1 - 0.9**t)) / (s / (1 - 0.999**t) + 1e-7)
    return w


wrong_2 = [forgets_the_correction, counts_from_zero, forgets_the_root]

# ---- 3. the limit of the velocity ----------------------------------------------------------------

answer_3 = 10.0  # v = 0.9 * v - rate has the solution v = -rate / (1 - 0.9)


def check_3(answer):
    v = 0.0
    for _ in range(1000):
        v = 0.9 * v - 1.0
    assert abs(float(answer) + v) < 0.01, (
        f"let a loop run with v = 0.9 * v - 1, and look where v stops; you have {float(answer):g}"
    )


wrong_3 = [9.0, 1.9, 0.9]

# ---- 4. where SGD diverges -----------------------------------------------------------------------

answer_4 = 0.04  # a step multiplies w by 1 - 50 * rate, which reaches -1 at 2 / 50


def check_4(answer):
    rate = float(answer)
    assert rate > 0, f"a rate is above 0; you have {rate:g}"
    below, above = abs(1 - 50 * rate * 0.99), abs(1 - 50 * rate * 1.01)
    assert below < 1, (
        f"at rate {rate * 0.99:g} each step multiplies w by {1 - 50 * rate * 0.99:.3f}: it diverges"
    )
    assert above > 1, (
        f"at rate {rate * 1.01:g} each step multiplies w by {1 - 50 * rate * 1.01:.3f}: it still "
        "comes closer"
    )


wrong_4 = [0.02, 0.08, 0.4]  # 1 / 50 is the best rate; 2 / 25 forgets the slope of the square

# ---- 5. the steps of Adagrad ---------------------------------------------------------------------


def answer_5(gradients, rate):
    s, changes = 0.0, []
    for g in gradients:
        s = s + g * g
        changes.append(-rate * g / (s**0.5 + 1e-12))
    return changes


def check_5(answer):
    for gradients, rate in (([2.0, 1.8], 0.1), ([1.0] * 9, 0.5), ([3.0, -4.0, 12.0], 0.01)):
        expected = np.array(answer_5(gradients, rate))
        got = np.asarray(answer(list(gradients), rate), float).ravel()
        assert got.shape == expected.shape, (
            f"{len(gradients)} gradients make {len(expected)} changes; you have {len(got)}"
        )
        assert np.allclose(got, expected, rtol=1e-4), (
            f"gradients {gradients}, rate {rate:g}: the changes are {expected.round(5).tolist()}; "
            f"you have {got.round(5).tolist()}"
        )


def has_the_wrong_sign(gradients, rate):
    return [-change for change in answer_5(gradients, rate)]


def forgets_the_past(gradients, rate):
    return [-rate * g / abs(g) for g in gradients]


def adds_after_the_step(gradients, rate):
    s, changes = 0.0, []
    for g in gradients:
        changes.append(-rate * g / (s**0.5 + 1e-7))
        s = s + g * g
    return changes


wrong_5 = [has_the_wrong_sign, forgets_the_past, adds_after_the_step]
