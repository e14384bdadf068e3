"""The engine: gradients of every order, what is kept, what is freed, and what is refused."""

from __future__ import annotations

import gc
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, grad, no_grad
from minigrad.config import settings
from minigrad.engine.autograd import Primitive, VariadicRule, fused, primitive
from minigrad.engine.promotion import ShapeDtype


def leaf(values, dtype=None):
    """A leaf on the device that is chosen."""
    return Tensor(values, requires_grad=True, dtype=dtype, device=mg.config.default_device())


def host(x):
    """The values of a Tensor or an array of any device, on the host."""
    return mg.to_cpu(getattr(x, "data", x))


def probe_op(monkeypatch=None):
    """An op y = a * b outside the registry that counts how often each of its rules runs."""
    calls = [0, 0]

    def counting(i, rule):
        def counted(*args):
            calls[i] += 1
            return rule(*args)

        return counted

    op = primitive(lambda a, b: a * b).gradients(
        counting(0, lambda g, y, a, b: g * b), counting(1, lambda g, y, a, b: g * a)
    )
    Primitive.registry.remove(op)
    return op, calls


# ---- orders --------------------------------------------------------------------------------------------------------


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
    w, x = (
        leaf(np.array([[1.0, 2.0], [-0.5, 1.5]]), "float64"),
        leaf(np.array([[0.2, -0.4]]), "float64"),
    )
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


# ---- depth and memory ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [20_000, 200_000])
def test_depth_has_no_limit(depth):
    x = leaf(1.0)
    y = x
    for _ in range(depth):
        y = -y
    y.backward()
    assert x.grad == 1.0
    last = weakref.ref(y)
    del y  # a recursive deallocation would overflow the C stack here
    assert last() is None


def test_recorded_backward_has_no_depth_limit():
    x = leaf(1.0)
    y = x
    for _ in range(20_000):
        y = y * 1.0
    (g,) = grad(y, [x], create_graph=True)
    assert g.item() == 1.0
    del y, g


class NoGarbageCollector:
    """The block runs without the cycle collector, so only reference counts free memory."""

    def __enter__(self):
        gc.collect()
        gc.disable()

    def __exit__(self, *_):
        gc.enable()


def test_a_graph_is_freed_by_reference_counts_alone():
    with NoGarbageCollector():
        x = leaf(np.ones(1000))
        inner = mg.tanh(x)
        watched = [weakref.ref(inner.data), weakref.ref(inner)]
        y = mg.exp(inner).sum()
        (g,) = grad(y, [x], create_graph=True)
        watched.append(weakref.ref(g))
        del inner, y, g
        assert [ref() for ref in watched] == [None] * 3


def test_failed_forward_and_backward_leave_no_cycles():
    def fail():
        x = leaf(np.ones(1000))
        y = mg.tanh(x)
        seen.append(weakref.ref(y))
        with pytest.raises(ValueError):
            y.backward()
        with pytest.raises(ValueError):
            y @ Tensor(np.ones(7))

    seen = []
    fail()
    gc.collect()
    assert seen[0]() is None


def test_memory_is_flat_over_training_steps_without_garbage_collector():
    rng = np.random.default_rng(0)
    x, labels = Tensor(rng.normal(size=(32, 64))), rng.integers(0, 10, 32)
    w1, w2 = leaf(rng.normal(size=(64, 64)) / 8), leaf(rng.normal(size=(64, 10)) / 8)

    def step():
        loss = mg.sparse_cross_entropy(mg.tanh(x @ w1) @ w2, labels)
        (slope,) = grad(loss, [w2], create_graph=True)
        (loss + 0.01 * (slope * slope).sum()).backward()
        for w in (w1, w2):
            w.data -= 0.1 * w.grad
            w.grad = None
        return loss.item()

    with NoGarbageCollector():
        for _ in range(20):
            first = step()
        tracemalloc.start()
        step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            last = step()
        grown = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
    assert last < first
    assert grown < 150_000, (
        f"200 steps left {grown} bytes behind"
    )  # free lists fill up; a graph a step: 20 MB


def test_retain_graph_false_frees_what_was_kept():
    x = leaf(np.ones(1000))
    y = mg.tanh(x)
    kept = weakref.ref(y.data)
    z = y.sum()
    del y
    assert kept() is not None
    z.backward(retain_graph=False)
    assert kept() is None


def test_second_backward_through_a_freed_graph_raises():
    x = leaf([1.0, 2.0])
    y = mg.tanh(x).sum()
    y.backward(retain_graph=False)
    with pytest.raises(RuntimeError, match="a second time.*retain_graph=True"):
        y.backward()
    z = mg.tanh(x).sum()
    z.backward()
    z.backward()  # the default keeps the graph


# ---- only what is needed -------------------------------------------------------------------------------------------


def test_rules_run_only_for_inputs_that_need_gradients():
    op, calls = probe_op()
    a, b, constant = leaf([2.0]), leaf([3.0]), Tensor([5.0])
    op(a, constant).backward(np.ones(1))
    assert calls == [1, 0]
    op(constant, b).backward(np.ones(1))
    assert calls == [1, 1]
    op(a, b).backward(np.ones(1))
    assert calls == [2, 2]


def test_grad_runs_no_rule_off_the_way_to_its_targets():
    op, calls = probe_op()
    a, b = leaf([2.0]), leaf([3.0])
    side = op(b, b)  # no target lies here
    y = op(a, side)
    (g,) = grad(y, [a])
    assert g.data == 9.0 and calls == [1, 0]
    (g,) = grad(y, [a], create_graph=True)
    assert g.data == 9.0 and calls == [2, 0]


def test_targets_cut_nothing_off_below_them():
    op, calls = probe_op()
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
    assert (x > 0).node is None and mg.argmax(x).node is None
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


# ---- accumulation --------------------------------------------------------------------------------------------------


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


def test_exponentially_many_paths_are_walked_once():
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


def test_grad_does_not_alias_the_seed(xp):
    x = leaf([1.0, 2.0])
    seed = xp.asarray(np.ones(2, np.float32))
    (x + 1.0).backward(seed)
    x.grad += 1
    np.testing.assert_array_equal(host(seed), [1, 1])


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


# ---- targets, seeds, refusals --------------------------------------------------------------------------------------


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
    with pytest.raises(
        ValueError, match=r"does not depend on xs\[1\] of shape \(1, 2\).*unused='zeros'"
    ):
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


@pytest.mark.parametrize("seed", [np.ones(3), np.ones((2, 1)), 1.0, np.ones(())])
def test_cotangent_must_have_the_shape(seed):
    x = leaf([1.0, 2.0])
    with pytest.raises(ValueError, match="cotangent has shape"):
        (x * 2).backward(seed)
    with pytest.raises(ValueError, match="cotangent has shape"):
        grad(x * 2, [x], cotangent=seed)


@pytest.mark.parametrize("create_graph", [False, True])
def test_cotangent_takes_the_dtype_and_may_be_a_list_number_or_tensor(create_graph):
    x = leaf([1.0, 2.0])
    for seed in (
        [1.0, 3.0],
        np.array([1.0, 3.0]),
        np.array([1, 3]),
        Tensor([1.0, 3.0]),
        Tensor([1.0, 3.0], dtype="float64"),
    ):
        (g,) = grad(x * x, [x], cotangent=seed, create_graph=create_graph)
        assert g.dtype == np.float32
        np.testing.assert_array_equal(g.data, [2, 12])
    (g,) = grad((x * x).sum(), [x], cotangent=2.0, create_graph=create_graph)
    np.testing.assert_array_equal(g.data, [4, 8])


def test_cotangent_tensor_is_differentiated_through():
    """The gradient is linear in its seed: reverse mode twice gives the forward-mode product."""
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
    Primitive.registry.remove(bad)
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
    Primitive.registry.remove(mystery)
    y = mystery(leaf([1.0]))
    with pytest.raises(
        TypeError, match=r"mystery has no gradient rules: give them with mystery\.gradients"
    ):
        y.backward(np.ones(1))


def test_errors_of_a_forward_name_the_op_and_what_it_got():
    with pytest.raises(ValueError, match=r"add\(float32\[2\], float32\[3\]\)"):
        leaf([1.0, 2.0]) + Tensor([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"matmul\(float32\[2, 3\], float32\[2, 3\]\)"):
        leaf(np.ones((2, 3))) @ leaf(np.ones((2, 3)))
    with pytest.raises(TypeError, match=r"linear\(int64\[1, 2\], int64\[2, 2\], float32\[2\]\)"):
        mg.ops.linear(Tensor([[1, 2]]), Tensor([[1, 2], [3, 4]]), Tensor([0.5, 0.5]))
    with pytest.raises(ValueError, match=r"sum\(float32\[2\]\)"):
        leaf([1.0, 2.0]).sum(axis=3)


# ---- in-place changes ----------------------------------------------------------------------------------------------


def edit_data(t):
    t.data -= 1.0


def edit_index(t):
    t[0] = 9.0


def edit_all(t):
    t[...] = 2.0


def edit_assign(t):
    t.assign(3.0)


EDITS = [edit_data, edit_index, edit_all, edit_assign]


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("create_graph", [False, True])
def test_change_between_forward_and_backward_is_named(edit, create_graph, device):
    x = leaf([1.0, 2.0])
    y = mg.sin(x).sum()
    edit(x)
    with pytest.raises(
        RuntimeError, match=r"array of shape \(2,\) that sin needs.*changed in place after sin ran"
    ):
        grad(y, [x], create_graph=create_graph)
    with pytest.raises(RuntimeError, match="sin"):
        y.backward()
    assert x.grad is None


@pytest.mark.parametrize("edit", EDITS)
def test_change_of_an_input_that_no_rule_reads_is_allowed(edit):
    x = leaf([1.0, 2.0])
    y = mg.tanh(x + 1.0).sum()  # add keeps shapes, tanh its own output
    edit(x)
    y.backward()
    np.testing.assert_allclose(x.grad, 1 - np.tanh([2.0, 3.0]) ** 2, rtol=1e-5)


@pytest.mark.parametrize("edit", EDITS)
def test_no_false_alarm_before_forward_or_after_backward(edit, device):
    x = leaf([1.0, 2.0])
    edit(x)
    mg.sin(x).sum().backward()
    edit(x)
    x.grad = None
    mg.sin(x).sum().backward()
    np.testing.assert_allclose(host(x.grad), np.cos(host(x)), rtol=1e-6)


def test_no_false_alarm_for_another_tensor_or_a_new_array():
    x, other = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    y = mg.sin(x).sum()
    other.data -= 1
    x.data = np.array([7.0, 8.0])  # the old array stays as it was, and the graph keeps it
    y.backward()
    np.testing.assert_allclose(x.grad, np.cos([1.0, 2.0]), rtol=1e-6)


@pytest.mark.parametrize(
    "view", [lambda x: x.reshape(4), lambda x: x.T, lambda x: x[1], lambda x: x[:, :1]]
)
def test_change_through_a_view_is_found(view, device):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = mg.sin(x).sum()
    seen = view(x.detach())
    seen.data -= 1.0
    with pytest.raises(RuntimeError, match="sin"):
        y.backward()


@pytest.mark.parametrize("edit", EDITS)
def test_change_under_a_kept_view_is_found(edit, device):
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    y = mg.sin(x.T).sum()
    edit(x)
    with pytest.raises(RuntimeError, match="sin"):
        y.backward()


def test_change_of_a_kept_output_is_found():
    x = leaf([1.0, 2.0])
    h = mg.tanh(x)
    y = h.sum()
    h.data *= 2.0
    with pytest.raises(RuntimeError, match="tanh"):
        y.backward()


def test_change_of_a_fused_kernels_input_is_found(device):
    x = leaf([[1.0, 2.0]])
    loss = mg.mean_squared_error(x, Tensor([[0.0, 0.0]]))
    x.data -= 1.0
    with pytest.raises(RuntimeError, match="mean_squared_error"):
        loss.backward()


def test_memory_borrowed_from_bytes_can_be_edited():
    x = Tensor(
        np.frombuffer(bytearray(np.ones(4, np.float32).tobytes()), np.float32), requires_grad=True
    )
    y = mg.sin(x).sum()
    x.data -= 1.0
    with pytest.raises(RuntimeError, match="sin"):
        y.backward()


def test_the_ledger_of_edits_forgets_dead_arrays():
    from minigrad.engine.graph import ledger

    before = len(ledger._times)
    for _ in range(50):
        leaf([1.0]).assign(2.0)
    assert len(ledger._times) <= before


# ---- fused ops -----------------------------------------------------------------------------------------------------


def make_fused():
    """A fused cube whose kernel is wrong on purpose (3 for the gradient), so that one sees which of the two ran."""
    runs = []

    def definition(x):
        runs.append("definition")
        return x * x * x

    @fused(definition)
    def cube(x):
        runs.append("kernel")
        return x**3, "kept"

    @cube.backward
    def _(g, kept, x):
        assert kept == "kept"
        runs.append("backward")
        return (g * 3.0,)

    Primitive.registry.remove(cube)
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


# ---- raw values among Tensors --------------------------------------------------------------------------------------

RAW = [
    np.ones(2),
    np.float64(3.0),
    np.float32(3.0),
    np.array(3.0),
    [1.0, 2.0],
    (1, 2),
    [1, 2],
    2,
    2.5,
    True,
    np.arange(1, 3),
    np.ones(2, np.float16),
    np.array([True, False]),
    np.int64(2),
]


@pytest.mark.parametrize("raw", RAW, ids=repr)
@pytest.mark.parametrize("op", [mg.add, mg.subtract, mg.multiply, mg.divide, mg.maximum, mg.power])
def test_float32_stays_float32_among_raw_values(op, raw):
    if isinstance(raw, np.ndarray) and raw.dtype == bool and op in (mg.power, mg.divide):
        return  # divides by False
    for args in ((raw, leaf([1.0, 2.0])), (leaf([1.0, 2.0]), raw)):
        y = op(*args)
        assert y.dtype == np.float32
        x = next(a for a in args if isinstance(a, Tensor))
        (g,) = grad(y.sum(), [x])
        assert g.dtype == np.float32
        np.testing.assert_allclose(
            y.data, op(*[np.asarray(getattr(a, "data", a), np.float64) for a in args]), rtol=1e-6
        )


@pytest.mark.parametrize("raw", [np.ones(2, np.float32), np.float32(1.5), [1.0, 2.0], 2])
def test_float64_tensors_stay_float64_among_raw_values(raw):
    x = leaf([1.0, 2.0], "float64")
    y = x * raw
    assert y.dtype == np.float64
    assert grad(y.sum(), [x])[0].dtype == np.float64


def test_lists_of_integers_can_be_labels(device):
    logits = leaf([[1.0, 2.0], [3.0, 1.0]])
    from_list, from_array = (
        mg.sparse_cross_entropy(logits, [0, 1]),
        mg.sparse_cross_entropy(logits, Tensor([0, 1])),
    )
    assert from_list.item() == from_array.item()


def test_host_arrays_are_not_moved_in_silence(xp, device):
    x = leaf([1.0, 2.0])
    if device == "cpu":
        assert (x + np.ones(2)).dtype == np.float32
        return
    for make in (lambda: x + np.ones(2), lambda: np.ones(2) * x, lambda: mg.maximum(x, np.ones(2))):
        with pytest.raises(
            TypeError, match=rf"on {device}.*on cpu.*\.to\(device\), to_gpu or to_cpu"
        ):
            make()
    assert isinstance((x + np.float32(1)).data, xp.ndarray), "numbers have no place: they follow"
    assert isinstance((x * [1.0, 2.0]).data, xp.ndarray)


def test_tensors_of_two_devices():
    a, b = Tensor([1.0, 2.0], device="strict"), Tensor([1.0, 2.0])
    for make in (lambda: a + b, lambda: b + a, lambda: b @ a):
        with pytest.raises(TypeError, match="cpu") as error:
            make()
        assert "strict" in str(error.value)


# ---- what rules declare --------------------------------------------------------------------------------------------


class Recorder:
    """Watches calls of ops that declare what their rules read."""

    def __init__(self):
        self.calls = []

    def __enter__(self):
        settings.anomaly_detector = self
        return self.calls

    def __exit__(self, *_):
        settings.anomaly_detector = None

    def check_forward(self, op, y, args, node):
        if (
            node is not None
            and (op.unused_inputs or op.shape_inputs or not op.saves_output)
            and y.size
        ):
            self.calls.append((op, y, [getattr(a, "_array", a) for a in args], node))

    def check_backward(self, node, gradients):
        pass


def recorded_calls():
    """Every recorded call inside every case of the registry."""
    from minigrad import ops

    from ..cases import OPS

    with Recorder() as calls, mg.default_dtype("float64"):
        for name, cases in OPS.items():
            for case in cases:
                inputs, settings = case.on(np)
                xs = [
                    leaf(x) if getattr(x, "dtype", np.dtype(int)).kind == "f" else x for x in inputs
                ]
                case.call(getattr(ops, name), *xs, **settings)
    return calls


def poisoned(kept):
    """`kept` with other values, or nothing in place of a shape."""
    if isinstance(kept, ShapeDtype):
        return None
    kept = np.asarray(kept)
    return (
        np.full_like(kept, np.nan)
        if kept.dtype.kind == "f"
        else ~kept
        if kept.dtype.kind == "b"
        else kept + 1
    )


def test_needs_are_enough_and_no_more():
    """What an op declares suffices for its rules, and each thing it declares is read: spoilt, it spoils a gradient."""
    read, seen = {}, set()
    for op, y, inputs, node in recorded_calls():
        g = np.random.default_rng(1).normal(size=y.shape).astype(y.dtype)
        rules = [rule for rule, _ in zip(op.rules, inputs, strict=False)]

        def gradients(kept, saved):
            with np.errstate(all="ignore"):
                return [
                    rule(g, kept, *saved, **node.kwargs) if p is not None and rule else None
                    for rule, p in zip(rules, node.parents, strict=False)
                ]

        def same(these, those):
            return all(
                a is b or np.array_equal(a, b, equal_nan=True)
                for a, b in zip(these, those, strict=True)
            )

        declared = gradients(node.residuals, node.inputs)
        assert same(declared, gradients(y, inputs)), f"{op.name}: what it declares is not enough"
        seen.add(op.name)
        for i in [i for i, kept in enumerate(node.inputs) if kept is not None] + [
            "y"
        ] * op.saves_output:
            slot = op.name, "inputs" if isinstance(op.rules, VariadicRule) and i != "y" else i
            if read.setdefault(slot, False):
                continue
            try:
                spoilt = (
                    gradients(poisoned(node.residuals), node.inputs)
                    if i == "y"
                    else gradients(
                        node.residuals,
                        [poisoned(a) if j == i else a for j, a in enumerate(node.inputs)],
                    )
                )
                read[slot] = not same(declared, spoilt)
            except (AttributeError, TypeError, ValueError, IndexError):
                read[slot] = True
    assert len(seen) > 50
    assert [slot for slot, found in read.items() if not found] == []


def test_a_node_keeps_only_what_is_declared():
    big = np.ones((300, 300))
    x = leaf(big)
    total = (x + 1.0).reshape(-1).sum()
    tracked, stack = 0, [total.node]
    while stack:
        node = stack.pop()
        tracked += sum(
            getattr(a, "nbytes", 0)
            for a in (*node.inputs, node.residuals)
            if not isinstance(a, ShapeDtype)
        )
        stack += [p for p in node.parents if p is not None]
    assert tracked == 0
