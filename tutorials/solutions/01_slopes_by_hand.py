"""Solutions of lesson 1, slopes and the chain rule by hand."""

import math
from numbers import Real

# ---- 1. the chain rule on a number ---------------------------------------------------------------

answer_1 = 28  # u = 7; y grows 2 * 7 = 14 times as fast as u, and u grows 2 times as fast as x


def check_1(answer):
    """The slope of (2 * x + 1) ** 2 at 3."""
    assert isinstance(answer, Real), "the answer is one number"
    x, h = 3, 1e-5
    measured = ((2 * (x + h) + 1) ** 2 - (2 * (x - h) + 1) ** 2) / (2 * h)
    assert abs(answer - measured) < 0.01, "multiply the slope of u * u at u = 7 by the slope of u"


wrong_1 = [14, 49, 12, 16]  # without the slope of u; y itself; 2 * x * 2; the two slopes added

# ---- 2. gradient descent -------------------------------------------------------------------------


def answer_2(x, rate, steps):
    """x minus learning rate times slope, again and again."""
    for _ in range(steps):
        x = x - rate * 2 * (x - 4)
    return x


def check_2(answer):
    """The distance from 4 is multiplied by 1 - 2 * rate at each step."""
    for x, rate, steps in (
        (0.0, 0.1, 1),
        (0.0, 0.1, 30),
        (9.0, 0.25, 3),
        (5.0, 0.6, 4),
        (2, 0.1, 0),
    ):
        expected = 4 + (x - 4) * (1 - 2 * rate) ** steps
        got = _without_error(answer, x, rate, steps)
        close = math.isclose(got, expected, abs_tol=1e-9)
        assert close, f"from {x} with rate {rate}, {steps} steps: {got}, not {expected}"


def _wrong_2_uphill(x, rate, steps):
    for _ in range(steps):
        x = x + rate * 2 * (x - 4)
    return x


def _wrong_2_loss_for_slope(x, rate, steps):
    for _ in range(steps):
        x = x - rate * (x - 4) ** 2
    return x


def _wrong_2_slope_of_the_start(x, rate, steps):
    slope = 2 * (x - 4)
    for _ in range(steps):
        x = x - rate * slope
    return x


wrong_2 = [_wrong_2_uphill, _wrong_2_loss_for_slope, _wrong_2_slope_of_the_start]

# ---- 3. the slopes of a neuron -------------------------------------------------------------------


def answer_3(w1, w2, b, x1, x2, target):
    """Forward, then back through the square, the sigmoid and the sum."""
    a = 1 / (1 + math.exp(-(w1 * x1 + w2 * x2 + b)))
    slope_a = 2 * (a - target)
    slope_z = slope_a * a * (1 - a)
    return slope_z * x1, slope_z * x2, slope_z


def check_3(answer):
    """The three slopes agree with central differences."""
    for point in ((0.1, 0.2, 0.05, 0.5, -0.2, 1.0), (-1.0, 0.7, 0.3, 2.0, 1.5, 0.0)):
        slopes = _without_error(answer, *point)
        assert len(slopes) == 3, "return three slopes: for w1, w2 and b"
        for i, name in enumerate(("w1", "w2", "b")):
            measured = _central_difference(point, i)
            close = abs(slopes[i] - measured) < 1e-7
            assert close, f"the slope for {name} is {slopes[i]:.5f}, measured {measured:.5f}"


def _loss(w1, w2, b, x1, x2, target):
    a = 1 / (1 + math.exp(-(w1 * x1 + w2 * x2 + b)))
    return (a - target) ** 2


def _central_difference(point, i, h=1e-5):
    above, below = list(point), list(point)
    above[i] += h
    below[i] -= h
    return (_loss(*above) - _loss(*below)) / (2 * h)


def _wrong_3_no_sigmoid(w1, w2, b, x1, x2, target):
    a = 1 / (1 + math.exp(-(w1 * x1 + w2 * x2 + b)))
    slope_a = 2 * (a - target)
    return slope_a * x1, slope_a * x2, slope_a


def _wrong_3_weights_for_inputs(w1, w2, b, x1, x2, target):
    _, _, slope_z = answer_3(w1, w2, b, x1, x2, target)
    return slope_z * w1, slope_z * w2, slope_z


def _wrong_3_sign(w1, w2, b, x1, x2, target):
    return tuple(-slope for slope in answer_3(w1, w2, b, x1, x2, target))


wrong_3 = [_wrong_3_no_sigmoid, _wrong_3_weights_for_inputs, _wrong_3_sign]

# ---- 4. the largest learning rate ----------------------------------------------------------------

answer_4 = 1 / 3  # x becomes (1 - 6 * rate) * x, and 1 - 6 * rate is -1 at a rate of 1 / 3


def check_4(answer):
    """A little below the answer x shrinks, a little above it grows."""
    assert isinstance(answer, Real), "the answer is one number"
    assert abs(1 - 6 * (answer - 0.01)) < 1, f"just below {answer} x already grows"
    assert abs(1 - 6 * (answer + 0.01)) > 1, f"just above {answer} x still shrinks"


wrong_4 = [1.0, 1 / 6, 0.1, 0.5]  # the rate for x * x; the rate that arrives in one step; ...


def _without_error(answer, *arguments):
    """What the answer returns; an error in it is a failed check."""
    assert callable(answer), "the answer must be a function"
    try:
        return answer(*arguments)
    except Exception as error:
        raise AssertionError(f"it fails with {type(error).__name__}: {error}") from error
