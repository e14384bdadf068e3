"""The checker is right about right functions, and says what is wrong about wrong ones."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, check_definition, check_grads, grad, ops, primitive
from minigrad.backend import backend, to_cpu
from minigrad.engine import gradcheck
from minigrad.engine.autograd import fused
from minigrad.engine.gradcheck import KinkError
from minigrad.engine.kernel_table import Kernel, register_kernels

from ..cases import LAYERS, MODELS, View


@pytest.fixture
def draw(xp):
    generator = np.random.default_rng(3)
    return lambda *shape: xp.asarray(np.asarray(generator.uniform(0.3, 1.2, shape)))


def op(forward, *rules):
    """A primitive with these rules."""
    return primitive(forward).gradients(*rules)


def fails(*words):
    return pytest.raises(AssertionError, match="(?s)" + "".join(f"(?=.*{w})" for w in words))


# ---- what is right passes ------------------------------------------------------------------------


def test_right_functions_pass(draw, xp):
    check_grads(lambda x, w, b: ops.tanh(x @ w + b), draw(2, 3), draw(3, 4), draw(4))
    check_grads(lambda x: ops.sum(ops.exp(x) * x) / 3, draw(2, 2), order=3)
    # several outputs; integers have no gradient
    check_grads(lambda x: [ops.sin(x), x * x, ops.argmax(x)], draw(3))
    labels = xp.asarray(np.array([0, 2, 1, 1]))
    check_grads(lambda x, labels: ops.sparse_cross_entropy(x, labels), draw(4, 3), labels)
    check_grads(lambda x, k: x**k, draw(3), 3)  # a Python number is a setting
    check_grads(lambda x: ops.sign(x) + 2 * x, draw(3))
    check_grads(lambda x, y: x * 2.0, draw(3), draw(2))  # an input that is not used: gradient 0
    check_grads(lambda x: ops.maximum(x, 0), Tensor(draw(3), dtype="float64"))
    check_grads(lambda x: x.T @ x, Tensor(draw(3, 2)), order=3)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 1, 3)])
def test_shapes(shape, draw):
    check_grads(lambda x, y: ops.exp(x) * y, draw(*shape), draw(*shape))


@pytest.mark.parametrize(
    "view", [lambda a: a.T, lambda a: a[::2], lambda a: a[:, ::-1], lambda a: a.transpose(1, 0)[1:]]
)
def test_views_stay_views(view, xp):
    """f is called with memory that is not contiguous either, so an op that fails on it is found."""
    seen = []

    def f(x):
        seen.append(x.data.flags.c_contiguous)
        return x * x

    x = View(np.random.default_rng(0).standard_normal((4, 5)), view)
    check_grads(f, x.view(xp.asarray(x.base)))
    assert seen and not any(seen)


def test_parameters_are_checked_and_get_their_own_arrays_back(draw, xp):
    w, b = Tensor(draw(3, 2), requires_grad=True), Tensor(draw(2), requires_grad=True)
    w.grad = xp.asarray(np.ones((3, 2), "float32"))
    arrays = [w.data, b.data]
    bits = [to_cpu(array).tobytes() for array in arrays]
    seen = set()

    def model(x):
        seen.add(str(w.dtype))
        return ops.tanh(x @ w + b)

    check_grads(model, draw(4, 3), parameters=[w, b])
    check_grads(lambda: ops.sum(w * w), parameters=[w])  # nothing but parameters
    assert seen == {"float32", "float64"}
    assert w.data is arrays[0] and b.data is arrays[1]
    assert [to_cpu(array).tobytes() for array in arrays] == bits
    assert w.dtype == np.float32 and (to_cpu(w.grad) == 1).all() and b.grad is None


def test_parameters_come_back_after_a_failure_too(draw):
    w = Tensor(draw(3), requires_grad=True)
    array = w.data
    with fails("parameter 0"):
        check_grads(lambda x: x * w + (w * w).detach(), draw(3), parameters=[w])
    with pytest.raises(ZeroDivisionError):
        check_grads(lambda x: x * w * (1 / 0), draw(3), parameters=[w])
    assert w.data is array


def test_inputs_are_left_alone(draw):
    x = draw(3)
    before = to_cpu(x).copy()
    t = Tensor(x, requires_grad=True, dtype="float64")
    check_grads(ops.exp, t)
    assert (to_cpu(x) == before).all() and t.grad is None and t.data is x


def test_two_checks_are_equal_and_draw_nothing_from_minigrads_generator(draw):
    wrong = op(lambda x: x * x, lambda g, y, x: g * x)
    x = draw(4)
    messages = []
    minigrad.seed(5)
    expected = minigrad.random.generator().standard_normal()
    minigrad.seed(5)
    for _ in range(2):
        with pytest.raises(AssertionError) as failure:
            check_grads(wrong, x)
        messages.append(str(failure.value))
    assert messages[0] == messages[1]
    assert minigrad.random.generator().standard_normal() == expected


def test_a_gradient_inside_the_function(draw):
    """A gradient penalty: the check goes through grad(create_graph=True)."""

    def penalty(x):
        (slope,) = grad(ops.sum(ops.tanh(x)), [x], create_graph=True)
        return ops.sum(slope * slope)

    check_grads(penalty, draw(3))


# ---- what is wrong is found ----------------------------------------------------------------------


def spoiled(rule, factors):
    """The rule, its result times these factors."""

    def broken(*args):
        right = rule(*args)
        wrong = backend(right).asarray(factors).astype(right.dtype)
        return right * (Tensor(wrong, dtype=right.dtype) if isinstance(right, Tensor) else wrong)

    return broken


def test_the_report_names_input_element_values_and_cause(draw):
    factors = np.array([[1, 1, 1], [1, 1, 0.5]])

    def my_product(a, b):
        return a * b

    product = op(my_product, lambda g, y, a, b: g * b, spoiled(lambda g, y, a, b: g * a, factors))
    where = r"input 1 of shape \(2, 3\)", r"element \[1, 2\]"
    with fails("my_product", "order 1", *where, "A common cause") as failure:
        check_grads(product, draw(2, 3), draw(2, 3))
    values = str(failure.value).split("[1, 2]: ")[1].split(" (an error")[0]
    wrong, right = map(float, values.split(" instead of "))
    assert wrong == pytest.approx(right / 2, rel=1e-6)


def test_the_worst_element_is_found_among_many(draw):
    factors = np.ones(3000)
    factors[1234] = 1.01
    with fails(r"element \[1234\]"):
        check_grads(op(lambda x: x * x, spoiled(lambda g, y, x: g * 2 * x, factors)), draw(3000))


def test_one_element_in_a_hundred_thousand_that_is_off_by_a_percent(draw):
    factors = np.ones(100_000)
    factors[54_321] = 1.01
    with fails(r"element \[54321\]"):
        wrong = op(lambda x: x * x, spoiled(lambda g, y, x: g * 2 * x, factors))
        check_grads(wrong, draw(100_000), order=1)


def square(factors):
    """x * x with the elements of its gradient times these factors."""
    return op(lambda x: x * x, spoiled(lambda g, y, x: g * 2 * x, factors))


@pytest.mark.parametrize("n", [1, 30, 3000])
@pytest.mark.parametrize("order", [1, 2])
def test_the_size_of_error_that_could_have_passed(n, order, draw):
    x = draw(n)
    unseen = check_grads(ops.square, x, order=order)
    assert 1e-6 < unseen < 3e-5 * n**0.5
    largest = max(1, 2 * 1.2 * 1.5)  # the largest element there can be, with its cotangent
    for element in {0, n // 2, n - 1}:
        factors = np.ones(n)
        size = 2 * 0.3 * 0.5  # the smallest element there can be
        factors[element] += 1.01 * unseen * largest / size
        with fails(rf"element \[{element}\]", r"an error below \d.* could have passed"):
            check_grads(square(factors), x, order=order)
        factors[element] = 1 + unseen / 100
        check_grads(square(factors), x, order=1)


def test_small_elements_beside_large_ones_are_checked_by_themselves(draw, xp):
    """In all directions at once, an error of 1 in them is lost in that of a million times more."""
    scale = np.array([3e6, 1.0, 1e-3, 1e6, 0.7])

    def scaled(factors=1):
        rule = spoiled(lambda g, y, x: g * 2 * x * xp.asarray(scale).astype(x.dtype), factors)
        return op(lambda x: x * x * xp.asarray(scale).astype(x.dtype), rule)

    check_grads(scaled(np.ones(5)), draw(5))
    for element, factor in ((1, 1.01), (2, 0), (4, 0.999)):
        factors = np.ones(5)
        factors[element] = factor
        with fails(rf"element \[{element}\]"):
            check_grads(scaled(factors), draw(5), order=1)


@pytest.mark.parametrize(
    "rule, cause",
    [
        (lambda g, y, x: g * 0, "gives nothing"),
        (lambda g, y, x: -2 * g * x, "minus sign"),
        (lambda g, y, x: g * x, "factor"),
        (lambda g, y, x: 4 * g * x, "more than once"),
        (lambda g, y, x: g * 2 * x * x, "missing term"),
        (lambda g, y, x: g * 2.0001 * x, "few digits"),
    ],
)
def test_causes(rule, cause, draw):
    with fails(cause):
        check_grads(op(lambda x: x * x, rule), draw(4))


def test_detached_and_raw_values_in_a_forward(draw):
    with fails("order 1", "input 0"):
        check_grads(lambda x: ops.exp(x.detach()) * x, draw(3))
    with fails("order 1", "input 0", "gives nothing"):
        check_grads(lambda x: Tensor(ops.exp(x.data), dtype=x.dtype) + 0 * x, draw(3))


def test_a_softmax_without_gradient_is_caught(draw):
    """Its outputs add up to 1, so with a cotangent of ones its gradient would be 0 anyway."""
    blind = op(lambda x: ops.softmax(x), lambda g, y, x: g * 0)
    x = Tensor(draw(2, 3), requires_grad=True, dtype="float64")
    h = 1e-6
    slope_of_the_sum = (blind(x.data + h).sum() - blind(x.data - h).sum()) / (2 * h)
    assert abs(float(slope_of_the_sum)) < 1e-8
    (g,) = grad(ops.sum(blind(x)), [x])
    assert (to_cpu(g.data) == 0).all()
    with fails("order 1", "gives nothing"):
        check_grads(blind, x)


def fixed(x):
    """x as a constant."""
    return x.detach() if isinstance(x, Tensor) else x


def test_a_wrong_second_order_is_caught(draw):
    """A statistic taken as a constant: right at first order, wrong at second."""
    constant = op(lambda x: backend(x).exp(x), lambda g, y, x: g * fixed(y))
    check_grads(constant, draw(3), order=1)
    with fails("order 2", "input 0", "constant"):
        check_grads(constant, draw(3), order=2)


def test_a_rule_that_is_not_linear_in_its_incoming_gradient_is_caught(draw):
    bent = op(lambda x: 3 * x, lambda g, y, x: 3 * fixed(g))
    check_grads(bent, draw(3), order=1)
    with fails("order 2", "incoming gradient of output 0"):
        check_grads(bent, draw(3), order=2)


def test_passes_that_disagree_are_caught(draw):
    two_faced = op(lambda x: 3 * x, lambda g, y, x: 3 * g if not isinstance(g, Tensor) else 4 * g)
    with fails("recorded and fast gradient differ", "input 0"):
        check_grads(two_faced, draw(3), order=1)


def test_a_wrong_interaction_is_caught_though_each_input_alone_is_right(draw):
    """What is lost is the second-order gradient between the two."""
    product = op(lambda a, b: a * b, lambda g, y, a, b: g * fixed(b), lambda g, y, a, b: g * a)
    check_grads(product, draw(3), draw(3), order=1)
    with fails("order 2", "input 1"):
        check_grads(product, draw(3), draw(3))


@pytest.mark.parametrize("float32", [True, False])
def test_shapes_of_gradients(float32, draw):
    add = op(lambda a, b: a + b, lambda g, y, a, b: g, lambda g, y, a, b: g)
    with fails("fast gradient", "input 1", r"shape \(3, 4\)", "sum_to"):
        check_grads(add, draw(3, 4), draw(4), float32=float32)


def test_float64_that_leaks_is_caught(draw):
    def widen(x):
        return x * 1.0 if isinstance(x, Tensor) else x.astype("float64")

    with fails("float32 inputs", "float64"):
        check_grads(op(lambda x: x.astype("float64") * 2.0, lambda g, y, x: 2.0 * g), draw(3))
    with fails("fast gradient", "float32", "float64"):
        check_grads(op(lambda x: 2 * x, lambda g, y, x: 2 * widen(g)), draw(3))
    check_grads(op(lambda x: 2 * x, lambda g, y, x: 2 * widen(g)), draw(3), float32=False)


def test_noise_is_noticed(draw):
    noise = np.random.default_rng(0)
    with fails("called again", "noise"):
        check_grads(lambda x: x * noise.random(), draw(3))


# ---- kinks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "f, x",
    [
        (ops.relu, 0.0),
        (ops.absolute, 0.0),
        (ops.relu6, 6.0),
        (lambda x: ops.clip(x, min=-1), -1.0),
        (lambda x: ops.maximum(x, 1.5), 1.5),
    ],
)
def test_a_kink_is_called_a_kink(f, x, xp):
    with pytest.raises(KinkError, match="kink at order 1"):
        check_grads(f, xp.asarray(np.array([0.7, x, 2.0])))


def test_a_kink_of_the_slope_shows_at_second_order(xp):
    x = xp.asarray(np.array([0.7, 0.0]))
    check_grads(lambda x: ops.relu(x) * x, x, order=1)
    with pytest.raises(KinkError, match="kink at order 2"):
        check_grads(lambda x: ops.relu(x) * x, x)


def test_ties_are_kinks(xp):
    with pytest.raises(KinkError):
        check_grads(ops.max, xp.asarray(np.array([1.0, 1.0, 0.5])))


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 4e-5])
def test_close_to_a_kink_is_no_kink(distance, xp):
    x = xp.asarray(np.array([distance, -distance, 1.0]))
    check_grads(lambda x: ops.relu(x) * x + ops.absolute(x), x)


def test_a_wrong_rule_is_not_taken_for_a_kink(xp):
    """Beside a strong curvature, and close to a kink."""
    steep = op(lambda x: backend(x).exp(20 * x), lambda g, y, x: 19 * g * y)
    wrong = op(lambda x: backend(x).maximum(x, 0), lambda g, y, x: 2 * g * (x > 0))
    for f, x in ((steep, [0.1, 0.2]), (wrong, [1e-4, 1.0])):
        with fails("wrong gradient of order 1") as failure:
            check_grads(f, xp.asarray(np.array(x)))
        assert not isinstance(failure.value, KinkError)


# ---- loss of precision ---------------------------------------------------------------------------


def through_float32(x):
    return ops.astype(ops.astype(x, dtype="float32"), dtype=x.dtype)


ROUNDED = {
    "the output in the rule": (
        op(lambda x: backend(x).exp(x), lambda g, y, x: g * through_float32(y)),
        2,
    ),
    "g in the rule": (op(lambda x: 3 * x, lambda g, y, x: 3 * through_float32(g)), 2),
    "the forward": (lambda x: through_float32(ops.exp(x)), 1),
    "a sum": (lambda x: through_float32(ops.sum(ops.exp(x))), 1),
}


@pytest.mark.parametrize("n", [1, 2, 7])
@pytest.mark.parametrize("what", ROUNDED)
def test_a_round_trip_to_float32_is_loss_of_precision(what, n, draw):
    f, order = ROUNDED[what]
    for seed in range(3):
        with fails(f"precision loss at order {order}", "float32") as failure:
            check_grads(f, draw(n), seed=seed)
        assert not isinstance(failure.value, KinkError)


def test_kinks_and_wrong_rules_are_no_loss_of_precision(draw, xp):
    with pytest.raises(KinkError):
        check_grads(ops.floor, xp.asarray(np.array([1.0, 0.3])))  # one stair, not stairs
    rule = op(lambda x: backend(x).exp(x), lambda g, y, x: g * through_float32(fixed(y)))
    with fails("wrong gradient of order 2", "constant"):
        check_grads(rule, draw(3))


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_values_of_any_size(scale, draw):
    check_grads(lambda x: ops.exp(x) * scale, draw(3))
    with fails("wrong gradient"):
        check_grads(op(lambda x: backend(x).exp(x) * scale, lambda g, y, x: g * y * 1.001), draw(3))


# ---- what cannot be checked ----------------------------------------------------------------------


def test_nothing_to_check(draw, xp):
    with pytest.raises(ValueError, match="no input is a floating array"):
        check_grads(ops.argmax, xp.asarray(np.array([1, 2])))
    with pytest.raises(TypeError, match="no floating Tensor"):
        check_grads(ops.argmax, draw(3))
    with pytest.raises(TypeError, match="no floating Tensor"):
        check_grads(lambda x: x.data, draw(3))


def test_values_that_are_not_finite(xp):
    with np.errstate(all="ignore"), fails("not finite|edge of the domain"):
        check_grads(ops.log, xp.asarray(np.array([0.0, 1.0])))
    for analytic, numeric in ((math.inf, 1.0), (1.0, math.nan), (math.nan, math.inf)):
        assert "a rule divides by zero" in gradcheck._common_cause(analytic, numeric, 1)


# ---- kernels and definitions ---------------------------------------------------------------------


def cube_with(forward, backward):
    """A fused cube with this kernel."""
    register_kernels(Kernel("cube", forward, backward))

    @fused(kernel="cube")
    def cube(x):
        return x * x * x

    return cube


def slope(g, _, x):
    return (3 * g * x * x,)


def double(x):
    return x.astype("float64")


def test_a_kernel_that_is_right_passes(draw):
    right = cube_with(lambda x: (x**3, x * x), lambda g, squared, x: (3 * g * squared,))
    check_definition(right, draw(3, 2), order=3)


WRONG_KERNELS = [
    (lambda x: (x**3 * 1.001, None), slope, ["float64", "output", "element"]),
    (
        lambda x: (x**3, None),
        lambda g, _, x: (2 * g * x * x,),
        ["fast gradient of order 1", "input 0"],
    ),
    (lambda x: (double(x**3), None), slope, ["float32", "output", "float64"]),
    (
        lambda x: (x**3, None),
        lambda g, _, x: (double(3 * g * x * x),),
        ["float32", "fast gradient", "float64"],
    ),
    (lambda x: ((x**3)[:1], None), slope, ["output", r"\[1, 2\]"]),
]


@pytest.mark.parametrize("forward, backward, words", WRONG_KERNELS)
def test_a_kernel_that_is_wrong_is_caught(forward, backward, words, draw):
    with fails("check_definition", *words):
        check_definition(cube_with(forward, backward), draw(3, 2))


def test_an_op_without_definition(draw):
    with pytest.raises(TypeError, match="has no kernel"):
        check_definition(ops.exp, draw(3))


def test_variables_together(draw):
    """Above the order `each` one direction moves all; what is wrong is still found and named."""
    seen = []

    def f(a, b, c):
        seen.append([float(v.data[0]) for v in (a, b, c)])
        return wrong(a) * b * c

    @primitive
    def wrong(a):
        return a * 1

    wrong.gradients(lambda g, y, a: g * (1 + 0 * a))
    check_grads(f, *(draw(3) for _ in range(3)), each=0)
    together = len(seen)
    assert all(len({moved[i] for moved in seen}) > 1 for i in range(3))
    check_grads(f, *(draw(3) for _ in range(3)))
    assert len(seen) - together > 2 * together, "each alone costs more"
    wrong.gradients(lambda g, y, a: g * 1.001)
    words = "wrong gradient of order 1 for input 0 .*worst at element"
    with pytest.raises(AssertionError, match=words):
        check_grads(f, *(draw(3) for _ in range(3)), each=0)


# ---- layers and models of the registry -----------------------------------------------------------


@pytest.mark.parametrize("name", sorted({**LAYERS, **MODELS}))
def test_gradients_of_layers_and_models(name, xp, device):
    """Of models, each parameter alone to first order only, and on the CPU.

    On the strict device models are checked to first order: their ops and layers are to second.
    """
    f, parameters, inputs = {**LAYERS, **MODELS}[name]()
    there = [xp.asarray(x) if isinstance(x, np.ndarray) else x for x in inputs]
    each = 2 if name in LAYERS else int(device == "cpu")
    order = 2 if name in LAYERS or device == "cpu" else 1
    check_grads(f, *there, parameters=parameters, order=order, each=each)
