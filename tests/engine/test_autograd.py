"""The backward pass: gradients of every order, what runs, what adds up, and what is refused."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, grad, no_grad, ops
from minigrad.config import settings
from minigrad.engine.autograd import fused, primitive
from minigrad.engine.kernel_table import Kernel, register_kernels

from .helpers import host, leaf


def counting_op():
    """An op y = a * b that counts how often each of its rules runs."""
    calls = [0, 0]

    def rule_of_a(g, y, a, b):
        calls[0] += 1
        return g * b

    def rule_of_b(g, y, a, b):
        calls[1] += 1
        return g * a

    op = primitive(lambda a, b: a * b).gradients(rule_of_a, rule_of_b)
    return op, calls


# ---- orders --------------------------------------------------------------------------------------


def test_third_order_of_a_polynomial(device):
    x = leaf([1.5, -2.0, 0.5], "float64")
    y = (x**4 + 2 * x**3).sum()
    (first,) = grad(y, [x], create_graph=True)
    (second,) = grad(first.sum(), [x], create_graph=True)
    (third,) = grad(second.sum(), [x], create_graph=True)
    (fourth,) = grad(third.sum(), [x])
    v = np.array([1.5, -2.0, 0.5])
    for got, expected in (
        (first, 4 * v**3 + 6 * v**2),
        (second, 12 * v**2 + 12 * v),
        (third, 24 * v + 12),
        (fourth, 24 + 0 * v),
    ):
        np.testing.assert_allclose(host(got), expected, rtol=1e-12)


def test_third_order_of_tanh(device):
    x = leaf([0.3, -1.2], "float64")
    y = mg.tanh(x)
    for _ in range(3):
        (y,) = grad(y.sum(), [x], create_graph=True)
    t = np.tanh([0.3, -1.2])
    np.testing.assert_allclose(host(y), (1 - t**2) * (6 * t**2 - 2), rtol=1e-12)


def test_mixed_second_derivative():
    x, y = leaf(0.7, "float64"), leaf(1.3, "float64")
    (dx,) = grad(mg.sin(x * y), [x], create_graph=True)
    (dxdy,) = grad(dx, [y])
    assert dxdy.item() == pytest.approx(np.cos(0.91) - 0.91 * np.sin(0.91), rel=1e-12)


def test_gradient_of_a_gradient_penalty_reaches_the_weights():
    w = leaf([[1.0, 2.0], [-0.5, 1.5]], "float64")
    x = leaf([[0.2, -0.4]], "float64")
    (slope,) = grad(mg.tanh(x @ w).sum(), [x], create_graph=True)
    penalty = (slope * slope).sum()
    penalty.backward()
    h, expected = 1e-6, np.zeros((2, 2))

    def value(array):
        t = np.tanh(x.numpy() @ array)
        return float((((1 - t * t) @ array.T) ** 2).sum())

    for i in np.ndindex(2, 2):
        step = np.zeros((2, 2))
        step[i] = h
        expected[i] = (value(w.data + step) - value(w.data - step)) / (2 * h)
    np.testing.assert_allclose(w.grad, expected, rtol=1e-7)


def test_without_create_graph_gradients_are_plain():
    x = leaf([1.0, 2.0])
    (g,) = grad((x * x).sum(), [x])
    assert g.node is None and not g.requires_grad


# ---- only what is needed -------------------------------------------------------------------------


def test_rules_run_only_for_inputs_that_need_gradients():
    op, calls = counting_op()
    a, b, constant = leaf([2.0]), leaf([3.0]), Tensor([5.0])
    op(a, constant).backward(np.ones(1))
    assert calls == [1, 0]
    op(constant, b).backward(np.ones(1))
    assert calls == [1, 1]
    op(a, b).backward(np.ones(1))
    assert calls == [2, 2]


def test_grad_runs_no_rule_off_the_way_to_its_targets():
    op, calls = counting_op()
    a, b = leaf([2.0]), leaf([3.0])
    side = op(b, b)  # no target lies here
    y = op(a, side)
    (g,) = grad(y, [a])
    assert g.data == 9.0 and calls == [1, 0]
    (g,) = grad(y, [a], create_graph=True)
    assert g.data == 9.0 and calls == [2, 0]


def test_targets_cut_nothing_off_below_them():
    op, calls = counting_op()
    a = leaf([2.0])
    middle = op(a, Tensor([3.0]))
    y = op(middle, Tensor([4.0]))
    (g,) = grad(y, [middle])
    assert g.data == 4.0
    assert calls == [1, 0], "nothing upstream of the only target is needed"


def test_constants_and_no_grad_record_nothing():
    x = leaf([1.0])
    assert mg.tanh(Tensor([1.0])).node is None
    with no_grad():
        assert mg.tanh(x).node is None
        with no_grad():
            pass
        assert mg.tanh(x).node is None
    assert mg.tanh(x).node is not None
    assert (x > 0).node is None and mg.ops.argmax(x).node is None
    assert not (x == x).requires_grad


def test_no_grad_ends_with_an_error_too():
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert mg.tanh(leaf([1.0])).node is not None


def test_no_grad_stays_in_its_thread():
    inside, seen = threading.Event(), []
    leave = threading.Event()

    def other():
        with no_grad():
            inside.set()
            leave.wait(5)
            seen.append(mg.tanh(leaf([1.0])).node)

    thread = threading.Thread(target=other)
    thread.start()
    assert inside.wait(5)
    here = mg.tanh(leaf([1.0])).node
    leave.set()
    thread.join()
    assert here is not None and seen == [None]


def test_plain_arrays_give_plain_arrays(xp):
    a = xp.asarray(np.ones(3, np.float32))
    assert type(mg.tanh(a)) is type(a)
    assert type(mg.softmax(a)) is type(a)
    assert mg.tanh(a).dtype == np.float32


# ---- accumulation --------------------------------------------------------------------------------


def test_a_tensor_used_twice_has_the_sum(device):
    x = leaf([2.0, 3.0])
    (x * x + x).sum().backward()
    np.testing.assert_array_equal(host(x.grad), [5, 7])


def test_diamond():
    x = leaf(0.5, "float64")
    a = mg.sin(x)
    b, c = a * a, mg.exp(a)
    (b * c).backward()
    s = np.sin(0.5)
    assert x.grad == pytest.approx(np.cos(0.5) * np.exp(s) * (2 * s + s * s), rel=1e-12)


def test_exponentially_many_paths_are_visited_once():
    x = leaf(1.0, "float64")
    y = x
    for _ in range(60):
        y = y + y  # 2**60 paths
    y.backward()
    assert x.grad == 2.0**60


def test_backward_adds_to_grad():
    x = leaf([1.0, 2.0])
    (3 * x).sum().backward()
    (4 * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [7, 7])


def test_gradients_of_two_leaves_do_not_share_memory(device):
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (a + b).sum().backward()
    a.grad[0] = 100
    np.testing.assert_array_equal(host(b.grad), [1, 1])
    np.testing.assert_array_equal(host(a.grad), [100, 1])


def test_grad_does_not_alias_the_cotangent(xp):
    x = leaf([1.0, 2.0])
    cotangent = xp.asarray(np.ones(2, np.float32))
    (x + 1.0).backward(cotangent)
    x.grad += 1
    np.testing.assert_array_equal(host(cotangent), [1, 1])


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x.sum(),
        lambda x: x.mean(),
        lambda x: x.reshape(-1).sum(),
        lambda x: x[0, 0],
        lambda x: x.max(),
    ],
)
def test_grad_is_an_array_that_can_be_written_to(make, xp):
    x = leaf(np.arange(6.0).reshape(2, 3))
    make(x).backward()
    assert isinstance(x.grad, xp.ndarray)
    x.grad += 1
    x.grad[0, 0] = 5
    assert host(x.grad)[0, 0] == 5 and host(x.grad).sum() != 30


def test_grad_of_a_0d_leaf_is_an_array(xp):
    x = leaf(2.0)
    (x * 3.0).backward()
    assert isinstance(x.grad, xp.ndarray) and x.grad.shape == () and float(x.grad) == 3
    (x * 3.0).backward()
    assert isinstance(x.grad, xp.ndarray) and float(x.grad) == 6


# ---- targets, cotangents, refusals ---------------------------------------------------------------


def test_targets_upstream_of_one_another():
    x = leaf([0.5, 1.0], "float64")
    a = mg.tanh(x)
    b = a * a
    y = b.sum()
    gy, gb, ga, gx = grad(y, [y, b, a, x])
    t = np.tanh([0.5, 1.0])
    assert gy.item() == 1
    np.testing.assert_allclose(gb.data, [1, 1])
    np.testing.assert_allclose(ga.data, 2 * t)
    np.testing.assert_allclose(gx.data, 2 * t * (1 - t * t))


def test_grad_leaves_dot_grad_alone():
    x = leaf([1.0])
    grad((x * 2).sum(), [x])
    assert x.grad is None


def test_unused_targets_raise_or_count_as_zero(xp):
    x, other = leaf([1.0, 2.0]), leaf([[1.0, 2.0]], "float64")
    y = (x * x).sum()
    words = r"does not depend on xs\[1\] of shape \(1, 2\).*unused='zeros'"
    with pytest.raises(ValueError, match=words):
        grad(y, [x, other])
    gx, go = grad(y, [x, other], unused="zeros")
    np.testing.assert_array_equal(host(gx), [2, 4])
    np.testing.assert_array_equal(host(go), [[0, 0]])
    assert go.dtype == np.float64 and isinstance(go.data, xp.ndarray)


def test_a_result_without_gradients_is_refused_by_name():
    x = leaf([1.0])
    with no_grad():
        y = mg.tanh(x)
    with pytest.raises(ValueError, match="no_grad"):
        grad(y, [x])
    with pytest.raises(ValueError, match="no_grad"):
        y.backward(np.ones(1))
    assert grad(y, [x], unused="zeros")[0].data == 0


def test_target_that_does_not_require_gradients():
    x, c = leaf([1.0]), Tensor([1.0])
    with pytest.raises(ValueError, match=r"xs\[0\].*requires_grad=True"):
        grad((x * c).sum(), [c])


def test_targets_are_a_list():
    x = leaf([1.0, 2.0])
    with pytest.raises(TypeError, match=r"grad\(y, \[x\]\)"):
        grad((x * x).sum(), x)


def test_backward_needs_one_number_or_a_cotangent():
    x = leaf([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"shape \(1, 2\).*sum\(\).*cotangent="):
        (x * 2).backward()
    assert x.grad is None
    (x * 2).backward(np.array([[1.0, 10.0]]))
    np.testing.assert_array_equal(x.grad, [[2, 20]])


@pytest.mark.parametrize("cotangent", [np.ones(3), np.ones((2, 1)), 1.0, np.ones(())])
def test_cotangent_must_have_the_shape(cotangent):
    x = leaf([1.0, 2.0])
    with pytest.raises(ValueError, match="cotangent has shape"):
        (x * 2).backward(cotangent)
    with pytest.raises(ValueError, match="cotangent has shape"):
        grad(x * 2, [x], cotangent=cotangent)


@pytest.mark.parametrize("create_graph", [False, True])
def test_cotangent_takes_the_dtype_and_may_be_a_list_number_or_tensor(create_graph):
    x = leaf([1.0, 2.0])
    for cotangent in (
        [1.0, 3.0],
        np.array([1.0, 3.0]),
        np.array([1, 3]),
        Tensor([1.0, 3.0]),
        Tensor([1.0, 3.0], dtype="float64"),
    ):
        (g,) = grad(x * x, [x], cotangent=cotangent, create_graph=create_graph)
        assert g.dtype == np.float32
        np.testing.assert_array_equal(g.data, [2, 12])
    (g,) = grad((x * x).sum(), [x], cotangent=2.0, create_graph=create_graph)
    np.testing.assert_array_equal(g.data, [4, 8])


def test_cotangent_tensor_is_differentiated_through():
    """The gradient is linear in the cotangent: reverse mode twice is forward mode."""
    x, v = leaf([0.5, 1.0], "float64"), leaf([1.0, 1.0], "float64")
    (g,) = grad(mg.sin(x), [x], cotangent=v, create_graph=True)
    (jvp,) = grad(g, [v], cotangent=np.array([2.0, 3.0]))
    np.testing.assert_allclose(jvp.data, np.cos([0.5, 1.0]) * [2, 3])


def test_backward_under_no_grad():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    with no_grad():
        y.backward()
        (g,) = grad(y, [x], create_graph=True)  # asked for explicitly, so it is recorded
    np.testing.assert_array_equal(x.grad, [2, 4])
    assert g.requires_grad
    assert settings.recording


def test_recording_state_survives_a_failing_backward():
    bad = primitive(lambda x: x * 2.0).gradients(lambda g, y, x: 1 / 0)
    for create_graph in (False, True):
        with pytest.raises(ZeroDivisionError):
            x = leaf(1.0)
            grad(bad(x), [x], create_graph=create_graph)
        assert settings.recording


@pytest.mark.parametrize("data", [[1, 2], [True, False], np.arange(3, dtype=np.uint8)])
def test_integers_have_no_gradients(data):
    with pytest.raises(TypeError, match="has no gradients"):
        Tensor(data, requires_grad=True)
    t = Tensor(data)
    with pytest.raises(TypeError, match="has no gradients"):
        t.requires_grad = True
    with pytest.raises(ValueError, match="does not require gradients"):
        grad(leaf(1.0) * 2, [t])


def test_requires_grad_of_a_result_cannot_be_set():
    y = mg.tanh(leaf([1.0]))
    for wanted in (True, False):
        with pytest.raises(TypeError, match="result of tanh.*detach"):
            y.requires_grad = wanted


def test_op_without_rules():
    mystery = primitive(lambda x: x + 1)
    mystery.name = "mystery"
    y = mystery(leaf([1.0]))
    words = r"mystery has no gradient rules: give them with mystery\.gradients"
    with pytest.raises(TypeError, match=words):
        y.backward(np.ones(1))


# ---- fused ops -----------------------------------------------------------------------------------


def make_fused():
    """A fused cube whose kernel is wrong (3 for the gradient), which shows which of the two ran."""
    runs = []

    @fused(kernel="wrong_cube")
    def cube(x):
        runs.append("definition")
        return x * x * x

    def forward(x):
        runs.append("kernel")
        return x**3, "kept"

    def backward(g, kept, x):
        assert kept == "kept"
        runs.append("backward")
        return (g * 3.0,)

    register_kernels(Kernel("wrong_cube", forward, backward))
    return cube, runs


def test_fused_uses_its_kernel_in_the_fast_pass():
    cube, runs = make_fused()
    x = leaf([2.0])
    (g,) = grad(cube(x).sum(), [x])
    assert g.data == 3 and runs == ["kernel", "backward"]


def test_fused_reruns_its_definition_when_recorded():
    cube, runs = make_fused()
    x = leaf([2.0], "float64")
    (g,) = grad(cube(x).sum(), [x], create_graph=True)
    assert g.data == 12 and runs == ["kernel", "definition"]
    (second,) = grad(g.sum(), [x], create_graph=True)
    (third,) = grad(second.sum(), [x])
    assert second.data == 12 and third.data == 6
    assert cube(np.array([2.0])) == 8


# ---- settings by position ------------------------------------------------------------------------

SETTINGS = [
    (ops.mean, (-1,), {"axis": -1}),
    (ops.sum, (0, True), {"axis": 0, "keepdims": True}),
    (ops.reshape, ((2, -1),), {"shape": (2, -1)}),
    (ops.transpose, ((1, 0),), {"axes": (1, 0)}),
    (ops.expand_dims, (1,), {"axis": 1}),
    (ops.softmax, (0,), {"axis": 0}),
    (ops.clip, (-0.5, 0.5), {"min": -0.5, "max": 0.5}),
    (ops.norm, (1, 0), {"ord": 1, "axis": 0}),
]


@pytest.mark.parametrize("op, given, named", SETTINGS)
def test_settings_may_stand_behind_the_arrays(op, given, named):
    values = np.random.default_rng(0).standard_normal((3, 4))
    np.testing.assert_array_equal(op(values, *given), op(values, **named))
    gradients = []
    for args, kwargs in [(given, {}), ((), named)]:
        x = Tensor(values, requires_grad=True)
        y = op(x, *args, **kwargs)
        y.backward(np.arange(y.size, dtype=float).reshape(y.shape))
        gradients.append(x.grad)
    np.testing.assert_array_equal(*gradients)


def test_settings_by_position_that_do_not_fit():
    x = Tensor(np.ones((3, 4)))
    with pytest.raises(ValueError, match=r"do not fill the shape \(5, 5\)") as caught:
        ops.reshape(x, (5, 5))
    assert caught.value.__cause__.__suppress_context__
    with pytest.raises(TypeError, match="got 4 arguments by position"):
        ops.mean(x, -1, True, 3)
    with pytest.raises(TypeError, match="got 2 arguments by position"):
        ops.mean(x, -1, axis=-1)
