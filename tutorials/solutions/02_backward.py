"""Solutions of lesson 2, the same by backward(), and how to trust it."""

from numbers import Real

import numpy as np

from minigrad import Tensor, check_grads, grad, primitive, sigmoid, tanh

# ---- 1. two backward passes without clearing -----------------------------------------------------

answer_1 = 28  # 3 * v * v + 2 is 14 at v = 2, and the second backward() adds 14 again


def check_1(answer):
    """What two passes of minigrad leave in .grad."""
    assert isinstance(answer, Real), "the answer is one number"
    v = Tensor(2.0, requires_grad=True)
    for _ in range(2):
        y = v * v * v + 2 * v
        y.backward()
    assert abs(answer - float(v.grad)) < 1e-3, "the second pass adds to what the first has left"


wrong_1 = [14, 12, 24, 196]  # one pass; without the term 2 * v; both mistakes; the product

# ---- 2. the second derivative --------------------------------------------------------------------


def answer_2(function, x):
    """The gradient of the gradient, of one number."""
    x = Tensor(float(x), requires_grad=True, dtype="float64")
    (first,) = grad(function(x), [x], create_graph=True)
    (second,) = grad(first, [x])
    return second.item()


def _cube(x):
    return x * x * x


def _squared_sigmoid(x):
    return sigmoid(x) * sigmoid(x)


def check_2(answer):
    """Second derivatives of three functions, against formulas in NumPy."""
    t, s = np.tanh(0.7), 1 / (1 + np.exp(0.4))
    cases = [
        (_cube, 2.0, 12.0),
        (tanh, 0.7, -2 * t * (1 - t**2)),
        (_squared_sigmoid, -0.4, 2 * s**2 * (1 - s) * (2 - 3 * s)),
    ]
    for function, x, expected in cases:
        got = _without_error(answer, function, x)
        name = getattr(function, "name", getattr(function, "__name__", "function")).strip("_")
        assert abs(float(got) - expected) < 1e-3, f"{name} at {x}: {got}, not {expected:.4f}"


def _wrong_2_first(function, x):
    x = Tensor(float(x), requires_grad=True, dtype="float64")
    (first,) = grad(function(x), [x])
    return first.item()


def _wrong_2_square(function, x):
    return _wrong_2_first(function, x) ** 2


def _wrong_2_no_graph(function, x):
    x = Tensor(float(x), requires_grad=True, dtype="float64")
    (first,) = grad(function(x), [x])  # create_graph is forgotten
    (second,) = grad(first, [x])
    return second.item()


wrong_2 = [_wrong_2_first, _wrong_2_square, _wrong_2_no_graph]

# ---- 3. the rule of an op ------------------------------------------------------------------------


def answer_3(g, y, x):
    """The product rule: the slope of x times sigmoid(x), plus x times the slope of sigmoid(x)."""
    s = sigmoid(x)
    return g * (s + x * s * (1 - s))


def check_3(answer):
    """check_grads to second order, at points that are not special."""
    assert callable(answer), "the answer must be a function of g, y and x"

    @primitive
    def swish(x):
        return x / (1 + np.exp(-x))

    swish.gradients(lambda g, y, x: answer(g, y, x))  # its own name: the rule takes g, y and x
    for point in ([0.3, -1.2, 2.0], [[-0.5, 1.7], [0.9, -2.4]]):
        _without_error(check_grads, swish, Tensor(point, dtype="float64"), order=2)


def _wrong_3_no_product_rule(g, y, x):
    s = sigmoid(x)
    return g * s * (1 - s)


def _wrong_3_forgotten_g(g, y, x):
    s = sigmoid(x)
    return g * 0 + s + x * s * (1 - s)


def _wrong_3_half(g, y, x):
    return g * sigmoid(x)


wrong_3 = [_wrong_3_no_product_rule, _wrong_3_forgotten_g, _wrong_3_half]

# ---- 4. a gradient check of one's own ------------------------------------------------------------


def answer_4(function, gradient, x):
    """Each number of x a little up, a little down."""
    x = np.asarray(x, dtype="float64")
    claimed = np.asarray(gradient(x))
    h = 1e-5
    for place in np.ndindex(x.shape):
        change = np.zeros_like(x)
        change[place] = h
        measured = (function(x + change) - function(x - change)) / (2 * h)
        if abs(claimed[place] - measured) > 1e-4:
            return False
    return True


def _sum_of_cubes(x):
    return float((x**3).sum())


def _weighted_sum(x):
    return float((x * np.arange(1.0, x.size + 1)).sum())


def check_4(answer):
    """Accepts right gradients; refuses a wrong one, a wrong sign, and one wrong number of many."""
    point = np.array([0.3, -1.2, 2.0])
    cases = [
        (_sum_of_cubes, lambda x: 3 * x**2, True, "a right gradient"),
        (_weighted_sum, lambda x: np.arange(1.0, x.size + 1), True, "a right gradient"),
        (_sum_of_cubes, lambda x: 3 * x, False, "3 * x for the sum of cubes"),
        (_sum_of_cubes, lambda x: -3 * x**2, False, "a wrong sign"),
        (_weighted_sum, lambda x: np.array([1.0, 2.0, 0.0]), False, "a zero in the last place"),
        (_weighted_sum, lambda x: np.array([1.0, 3.0, 2.0]), False, "two numbers exchanged"),
    ]
    for function, gradient, expected, what in cases:
        got = _without_error(answer, function, gradient, point.copy())
        assert bool(got) == expected, f"it says {got} to {what}"


def _wrong_4_first_number(function, gradient, x):
    change = np.zeros_like(x)
    change[0] = 1e-5
    measured = (function(x + change) - function(x - change)) / 2e-5
    return abs(gradient(x)[0] - measured) < 1e-4


def _wrong_4_all_at_once(function, gradient, x):
    measured = (function(x + 1e-5) - function(x - 1e-5)) / 2e-5
    return abs(gradient(x).sum() - measured) < 1e-4


def _wrong_4_size(function, gradient, x):
    found = [abs(g) for g in gradient(x)]
    for i, size in enumerate(found):
        change = np.eye(len(x))[i] * 1e-5
        measured = (function(x + change) - function(x - change)) / 2e-5
        if abs(size - abs(measured)) > 1e-4:
            return False
    return True


wrong_4 = [_wrong_4_first_number, _wrong_4_all_at_once, _wrong_4_size]


def _without_error(answer, *arguments, **settings):
    """What the answer returns; an error in it is a failed check."""
    assert callable(answer), "the answer must be a function"
    try:
        return answer(*arguments, **settings)
    except AssertionError:
        raise
    except Exception as error:
        raise AssertionError(f"it fails with {type(error).__name__}: {error}") from error
