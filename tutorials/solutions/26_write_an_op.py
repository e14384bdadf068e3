"""Solutions of lesson 26: answers, the checks that accept them, and typical mistakes."""

import numpy as np

import minigrad
from minigrad import Tensor, check_grads, ops, primitive
from minigrad.backend import backend
from minigrad.layers import Layer

# ---- 1. an op of one input -----------------------------------------------------------------------


def _log_op(rule):
    """The op log(1 + x * x) with the given gradient rule."""

    @primitive
    def log_of_square(x):
        return backend(x).log1p(x * x)

    return log_of_square.gradients(rule)


def _rule(g, y, x):
    return g * 2 * x / (1 + x * x)


answer_1 = _log_op(_rule)


def check_1(answer):
    """It is an op, its values are right, and so are its gradients to second order."""
    assert hasattr(answer, "gradients"), "make the op with @primitive"
    x = np.array([[0.3, -1.2], [2.0, 0.0]])
    got = np.asarray(answer(x))
    assert np.allclose(got, np.log(1 + x**2)), f"at {x.tolist()} it gives {got.tolist()}"
    check_grads(answer, x, order=2)


def _lost_factor(g, y, x):
    return g * x / (1 + x * x)


def _slope_as_constant(g, y, x):
    slope = 2 * x / (1 + x * x)
    return g * (slope.data if isinstance(slope, Tensor) else slope)


@primitive
def _wide_log(x):
    return np.log(np.float64(1) + x * x)


_wide_log.gradients(_rule)

wrong_1 = [_log_op(_lost_factor), _log_op(_slope_as_constant), _wide_log]

# ---- 2. an op of two inputs ----------------------------------------------------------------------


def _quotient_op(rule_a, rule_b):
    """The op a / (1 + b * b) with the given gradient rules."""

    @primitive
    def quotient(a, b):
        return a / (1 + b * b)

    return quotient.gradients(rule_a, rule_b)


def _rule_a(g, y, a, b):
    return ops.sum_to(g / (1 + b * b), shape=a.shape)


def _rule_b(g, y, a, b):
    return ops.sum_to(g * y * -2 * b / (1 + b * b), shape=b.shape)


answer_2 = _quotient_op(_rule_a, _rule_b)


def check_2(answer):
    """Values, and gradients with equal shapes and with each input broadcast."""
    assert hasattr(answer, "gradients"), "make the op with @primitive"
    chance = np.random.default_rng(0)
    for shapes in (((2, 3), (2, 3)), ((2, 1), (3,)), ((3,), (2, 3)), ((2, 3), ())):
        a, b = (chance.normal(size=shape) for shape in shapes)
        got = np.asarray(answer(np.asarray(a), np.asarray(b)))
        assert np.allclose(got, a / (1 + b**2)), f"wrong values for inputs of shapes {shapes}"
        check_grads(answer, np.asarray(a), np.asarray(b), order=2)


def _rule_a_without_sum(g, y, a, b):
    return g / (1 + b * b)


def _rule_b_lost_minus(g, y, a, b):
    return ops.sum_to(g * y * 2 * b / (1 + b * b), shape=b.shape)


def _rule_b_lost_a(g, y, a, b):
    return ops.sum_to(g * -2 * b / (1 + b * b) ** 2, shape=b.shape)


wrong_2 = [
    _quotient_op(_rule_a_without_sum, _rule_b),
    _quotient_op(_rule_a, _rule_b_lost_minus),
    _quotient_op(_rule_a, _rule_b_lost_a),
]

# ---- 3. back to the shape before broadcasting ----------------------------------------------------


def answer_3(g, shape):
    """The sum over new axes, and over axes that had length 1."""
    g = np.asarray(g)
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(i for i, length in enumerate(shape) if length == 1)
    return g.sum(axis=stretched, keepdims=True)


def check_3(answer):
    """Each number of the small array gets the sum of what its copies got."""
    chance = np.random.default_rng(0)
    cases = [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 3), (2, 1)), ((4, 2, 3), (2, 1)), ((2, 3), ())]
    for full, shape in cases:
        g = chance.normal(size=full)
        size = int(np.prod(shape))
        origin = np.broadcast_to(np.arange(size).reshape(shape), full)
        expected = np.array([g[origin == i].sum() for i in range(size)]).reshape(shape)
        got = np.asarray(answer(g.copy(), shape))
        assert got.shape == shape, f"from {full} to {shape}: the result has shape {got.shape}"
        assert np.allclose(got, expected), f"from {full} to {shape}: wrong sums"


def _new_axes_alone(g, shape):
    return g.sum(axis=tuple(range(g.ndim - len(shape))))


def _axes_lost(g, shape):
    g = _new_axes_alone(g, shape)
    return g.sum(axis=tuple(i for i, length in enumerate(shape) if length == 1))


def _first_copy(g, shape):
    g = g[(0,) * (g.ndim - len(shape))]
    return g[tuple(slice(0, length) for length in shape)]


def _mean(g, shape):
    copies = g.size / np.prod(shape)
    return answer_3(g, shape) / copies


wrong_3 = [_new_axes_alone, _axes_lost, _first_copy, _mean]

# ---- 4. a layer ----------------------------------------------------------------------------------


class answer_4(Layer):
    """x times a parameter for each feature, 1 at the start."""

    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "ones")

    def call(self, x):
        return x * self.scale


def check_4(answer):
    """One parameter of the right shape, 1 at the start; then products, and their gradients."""
    x = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, 4.0]], "float32")
    layer = answer()
    assert np.allclose(layer(x).numpy(), x), "with all parameters 1 the output is the input"
    weights = layer.trainable_weights
    assert len(weights) == 1, f"the layer has {len(weights)} parameters: make one in build"
    assert weights[0].shape == (3,), f"3 features need 3 numbers, not {weights[0].shape}"
    weights[0].assign(np.array([2.0, 0.5, -1.0]))
    got = layer(x).numpy()
    assert np.allclose(got, x * [2.0, 0.5, -1.0]), "each feature is multiplied by its own number"
    check_grads(layer, x.astype("float64"), parameters=weights)


class _NoParameter(Layer):
    def build(self, input_shape):
        self.scale = np.ones(input_shape[-1], "float32")

    def call(self, x):
        return x * self.scale


class _OneForAll(Layer):
    def build(self, input_shape):
        self.scale = self.add_weight((), "ones")

    def call(self, x):
        return x * self.scale


class _ZeroAtTheStart(Layer):
    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "zeros")

    def call(self, x):
        return x * self.scale


class _Sum(Layer):
    def build(self, input_shape):
        self.scale = self.add_weight((input_shape[-1],), "ones")

    def call(self, x):
        return x + self.scale - 1


wrong_4 = [_NoParameter, _OneForAll, _ZeroAtTheStart, _Sum]

# ---- 5. memory -----------------------------------------------------------------------------------

answer_5 = 1000 * 64 * 4


def check_5(answer):
    """A float32 has 4 bytes."""
    expected = minigrad.ops.zeros((1000, 64), dtype="float32").size * 4
    assert answer == expected, f"{answer}: count the numbers, and the bytes of each float32"


wrong_5 = [64_000, 512_000, 2_048_000]
