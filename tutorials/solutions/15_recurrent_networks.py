"""Solutions of lesson 15, recurrent networks."""

import math

import numpy as np

# ---- 1: the states of a recurrent unit -----------------------------------------------------------


def answer_1(x, w, u, b):
    """tanh(w x + u h + b), from h = 0."""
    states, h = [], 0.0
    for value in x:
        h = math.tanh(w * value + u * h + b)
        states.append(h)
    return states


def forgets_the_state(x, w, u, b):
    return [math.tanh(w * value + b) for value in x]


def includes_the_start(x, w, u, b):
    return [0.0, *answer_1(x, w, u, b)]


def exchanges_the_weights(x, w, u, b):
    return answer_1(x, u, w, b)


def without_tanh(x, w, u, b):
    states, h = [], 0.0
    for value in x:
        h = w * value + u * h + b
        states.append(h)
    return states


wrong_1 = [forgets_the_state, includes_the_start, exchanges_the_weights, without_tanh]


def check_1(answer):
    """A function of the sequence, w, u and b."""
    cases = [
        (([0.5, 0.2, -0.3], 1.0, 0.5, 0.0), [0.462117, 0.406206, -0.096595]),
        (([1.0, 0.0], 0.5, -1.0, 0.1), [0.537050, -0.411265]),
    ]
    for arguments, expected in cases:
        got = [float(h) for h in answer(*arguments)]
        assert len(got) == len(expected), f"expected {len(expected)} states, got {len(got)}: {got}"
        assert np.allclose(got, expected, atol=1e-4), (
            f"x, w, u, b = {arguments}: got {np.round(got, 4)}, expected {expected}"
        )


# ---- 2: backpropagation through time -------------------------------------------------------------


def answer_2(x, w, u, target):
    """The gradients for w and u, added over the steps."""
    h = [0.0, *answer_1(x, w, u, 0.0)]
    gradient = 2 * (h[-1] - target)
    gradient_w = gradient_u = 0.0
    for t in range(len(x), 0, -1):
        d = gradient * (1 - h[t] ** 2)
        gradient_w += d * x[t - 1]
        gradient_u += d * h[t - 1]
        gradient = d * u
    return gradient_w, gradient_u


def last_step_alone(x, w, u, target):
    h = [0.0, *answer_1(x, w, u, 0.0)]
    d = 2 * (h[-1] - target) * (1 - h[-1] ** 2)
    return d * x[-1], d * h[-2]


def forgets_tanh_on_the_way(x, w, u, target):
    h = [0.0, *answer_1(x, w, u, 0.0)]
    gradient = 2 * (h[-1] - target)
    gradient_w = gradient_u = 0.0
    for t in range(len(x), 0, -1):
        gradient_w += gradient * x[t - 1]
        gradient_u += gradient * h[t - 1]
        gradient *= u
    return gradient_w, gradient_u


def passes_w_onward(x, w, u, target):
    h = [0.0, *answer_1(x, w, u, 0.0)]
    gradient = 2 * (h[-1] - target)
    gradient_w = gradient_u = 0.0
    for t in range(len(x), 0, -1):
        d = gradient * (1 - h[t] ** 2)
        gradient_w += d * x[t - 1]
        gradient_u += d * h[t - 1]
        gradient = d * w
    return gradient_w, gradient_u


wrong_2 = [last_step_alone, forgets_tanh_on_the_way, passes_w_onward]


def check_2(answer):
    """A function of the sequence, w, u and the target."""

    def loss(x, w, u, target):
        return (answer_1(x, w, u, 0.0)[-1] - target) ** 2

    nudge = 1e-5
    for x, w, u, target in (
        ([0.5, 0.2, -0.3], 1.0, 0.5, 0.4),
        ([0.3, -0.6, 0.9, 0.1, -0.4], 0.7, -0.8, -0.5),
    ):
        by_w = (loss(x, w + nudge, u, target) - loss(x, w - nudge, u, target)) / (2 * nudge)
        by_u = (loss(x, w, u + nudge, target) - loss(x, w, u - nudge, target)) / (2 * nudge)
        got = tuple(float(value) for value in answer(x, w, u, target))
        assert len(got) == 2, f"expected two gradients, for w and for u, got {got}"
        assert np.allclose(got, (by_w, by_u), atol=1e-5), (
            f"x {x}, w {w}, u {u}, target {target}: got {np.round(got, 5)}, a nudge measures "
            f"{by_w:.5f} for w and {by_u:.5f} for u"
        )


# ---- 3: a step of an LSTM ------------------------------------------------------------------------


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def sums_of(x, h, kernel, recurrent, bias):
    """What goes into the gates i, f, g, o."""
    return [x * kernel[k] + h * recurrent[k] + bias[k] for k in range(4)]


def answer_3(x, h, c, kernel, recurrent, bias):
    """c' = f c + i g, h' = o tanh(c')."""
    i, f, g, o = sums_of(x, h, kernel, recurrent, bias)
    new_c = sigmoid(f) * c + sigmoid(i) * math.tanh(g)
    return sigmoid(o) * math.tanh(new_c), new_c


def exchanges_i_and_f(x, h, c, kernel, recurrent, bias):
    f, i, g, o = sums_of(x, h, kernel, recurrent, bias)
    new_c = sigmoid(f) * c + sigmoid(i) * math.tanh(g)
    return sigmoid(o) * math.tanh(new_c), new_c


def candidate_by_sigmoid(x, h, c, kernel, recurrent, bias):
    i, f, g, o = sums_of(x, h, kernel, recurrent, bias)
    new_c = sigmoid(f) * c + sigmoid(i) * sigmoid(g)
    return sigmoid(o) * math.tanh(new_c), new_c


def shows_c_without_tanh(x, h, c, kernel, recurrent, bias):
    i, f, g, o = sums_of(x, h, kernel, recurrent, bias)
    new_c = sigmoid(f) * c + sigmoid(i) * math.tanh(g)
    return sigmoid(o) * new_c, new_c


def returns_c_first(x, h, c, kernel, recurrent, bias):
    return answer_3(x, h, c, kernel, recurrent, bias)[::-1]


wrong_3 = [exchanges_i_and_f, candidate_by_sigmoid, shows_c_without_tanh, returns_c_first]


def check_3(answer):
    """A function of x, h, c and three lists of four numbers."""
    weights = [-1.5, 0.5, 1.0, 0.5], [1.0, 1.0, -1.0, -1.0], [0.0, 1.0, 0.0, 0.0]
    cases = [
        ((1.0, 0.5, 0.8, *weights), (0.339948, 0.828920)),
        ((-2.0, 0.1, -0.5, *weights), (-0.207514, -1.191108)),
    ]
    for arguments, expected in cases:
        got = tuple(float(value) for value in answer(*arguments))
        assert len(got) == 2, f"expected two numbers, h and c, got {got}"
        assert np.allclose(got, expected, atol=1e-4), (
            f"x, h, c = {arguments[:3]}: got h, c = {np.round(got, 4)}, expected {expected}"
        )


# ---- 4: the parameters of an LSTM ----------------------------------------------------------------


def answer_4(features, units):
    """Four times a kernel, a recurrent kernel and a bias."""
    return 4 * (features * units + units * units + units)


def one_gate_alone(features, units):
    return features * units + units * units + units


def three_gates(features, units):
    return 3 * (features * units + units * units + units)


def without_the_recurrent_kernel(features, units):
    return 4 * (features * units + units)


def without_the_bias(features, units):
    return 4 * (features * units + units * units)


wrong_4 = [one_gate_alone, three_gates, without_the_recurrent_kernel, without_the_bias]


def check_4(answer):
    """A function of the number of features and of units."""
    for (features, units), count in {(2, 16): 1216, (10, 64): 19200, (1, 1): 12}.items():
        got = answer(features, units)
        assert got == count, f"{features} features, {units} units: got {got}, expected {count}"


# ---- 5: how open the forget gate must be ---------------------------------------------------------

answer_5 = 0.5 ** (1 / 100)
wrong_5 = [0.5, 0.995, 0.99, 0.5**100]


def check_5(answer):
    """A number."""
    left = float(answer) ** 100
    assert abs(left - 0.5) < 0.005, (
        f"a gate of {answer} leaves {answer} ** 100 = {left:.4g} after 100 steps, not 0.5"
    )
