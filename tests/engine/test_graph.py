"""The graph: what a node keeps and frees, copies of leaves, arrays changed in place."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import tracemalloc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, grad, ops
from minigrad.engine.anomaly import Observer
from minigrad.engine.autograd import VariadicRule
from minigrad.engine.graph import VersionLedger, ledger
from minigrad.engine.promotion import ShapeDtype

from ..cases import OPS
from .helpers import host, leaf

# ---- depth and memory ----------------------------------------------------------------------------


class NoGarbageCollector:
    """The block runs without the cycle collector, so only reference counts free memory."""

    def __enter__(self):
        gc.collect()
        gc.disable()

    def __exit__(self, *_):
        gc.enable()


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
        loss = mg.ops.sparse_cross_entropy(mg.tanh(x @ w1) @ w2, labels)
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
    # free lists fill up; a graph per step would be 20 MB
    assert grown < 150_000, f"200 steps left {grown} bytes behind"


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


# ---- what a node keeps ---------------------------------------------------------------------------


class Recorder(Observer):
    """Records the calls of ops that declare what their rules read."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __enter__(self):
        super().__enter__()
        return self.calls

    def after_op(self, op, y, args, kwargs, node):
        declares = op.unused_inputs or op.shape_inputs or op.factors or not op.saves_output
        if node is not None and declares and y.size:
            self.calls.append((op, y, [getattr(a, "_array", a) for a in args], node))


def is_real(x):
    return getattr(x, "dtype", np.dtype(int)).kind == "f"


LEAVES = {"all": slice(None), "the first": slice(1), "all but the first": slice(1, None)}


def recorded_calls():
    """Every recorded call inside every case of the registry, with leaves among its inputs."""
    with Recorder() as calls, mg.default_dtype("float64"):
        for name, cases in OPS.items():
            for case in cases:
                inputs, keywords = case.on(np)
                places = [i for i, x in enumerate(inputs) if is_real(x)]
                for chosen in {tuple(places[part]) for part in LEAVES.values()}:
                    given = [leaf(x) if i in chosen else x for i, x in enumerate(inputs)]
                    case.call(getattr(ops, name), *given, **keywords)
    return calls


def poisoned(x):
    """`x` with other values, or nothing in place of a shape."""
    if isinstance(x, ShapeDtype):
        return None
    array = np.asarray(x)
    if array.dtype.kind == "f":
        return np.full_like(array, np.nan)
    return ~array if array.dtype.kind == "b" else array + 1


def gradients_by_rules(node, g, residuals, inputs):
    """What the rules of a call return when they read these residuals and inputs."""
    found = []
    with np.errstate(all="ignore"):
        for rule, parent, _ in zip(node.op.rules, node.parents, inputs, strict=False):
            has_gradient = parent is not None and rule is not None
            found.append(rule(g, residuals, *inputs, **node.kwargs) if has_gradient else None)
    return found


def are_same(these, those):
    return all(
        a is b or np.array_equal(a, b, equal_nan=True) for a, b in zip(these, those, strict=True)
    )


def changes_when_poisoned(node, g, declared, i):
    """True if the gradients change, or cannot be computed, with other values of one kept array."""
    residuals, inputs = node.residuals, list(node.inputs)
    if i == "y":
        residuals = poisoned(residuals)
    else:
        inputs[i] = poisoned(inputs[i])
    try:
        return not are_same(declared, gradients_by_rules(node, g, residuals, inputs))
    except (AttributeError, TypeError, ValueError, IndexError):
        return True


def test_needs_are_enough_and_no_more():
    """Rules need no more than an op declares, and read each thing that it declares."""
    read, seen = {}, set()
    for op, y, inputs, node in recorded_calls():
        g = np.random.default_rng(1).normal(size=y.shape).astype(y.dtype)
        declared = gradients_by_rules(node, g, node.residuals, node.inputs)
        everything = gradients_by_rules(node, g, y, inputs)
        assert are_same(declared, everything), f"{op.name}: what it declares is not enough"
        seen.add(op.name)
        kept = [i for i, x in enumerate(node.inputs) if x is not None]
        if op.saves_output:
            kept.append("y")
        for i in kept:
            any_input = isinstance(op.rules, VariadicRule) and i != "y"
            declaration = op.name, "inputs" if any_input else i
            if not read.get(declaration):
                read[declaration] = changes_when_poisoned(node, g, declared, i)
    assert len(seen) > 50
    assert [declaration for declaration, is_read in read.items() if not is_read] == []


PRODUCTS = {
    "multiply": (ops.multiply, [(3, 4), (3, 1)]),
    "matmul": (ops.matmul, [(2, 3), (3, 4)]),
    "linear": (ops.linear, [(2, 3), (3, 4), (4,)]),
    "conv2d": (ops.conv2d, [(1, 5, 5, 2), (3, 3, 2, 4)]),
}


@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("i", [0, 1])
def test_a_factor_of_a_constant_is_not_kept(name, i):
    """x * 2 needs no x for its gradient; the gradients are those with both factors kept."""
    op, shapes = PRODUCTS[name]
    draw = np.random.default_rng(0)
    arrays = [draw.normal(size=shape) for shape in shapes]
    x = leaf(arrays[i])
    y = op(*(x if i == j else a for j, a in enumerate(arrays)))
    kept = [isinstance(a, np.ndarray) for a in y.node.inputs[:2]]
    assert kept == [i == 1, i == 0]
    leaves = [leaf(a) for a in arrays]
    (expected,) = grad(op(*leaves).sum(), [leaves[i]])
    (g,) = grad(y.sum(), [x], create_graph=True)
    np.testing.assert_array_equal(host(g), host(expected))


def test_a_node_keeps_only_what_is_declared():
    big = np.ones((300, 300))
    x = leaf(big)
    total = (x + 1.0).reshape(-1).sum()
    tracked, stack = 0, [total.node]
    while stack:
        node = stack.pop()
        for a in (*node.inputs, node.residuals):
            tracked += 0 if isinstance(a, ShapeDtype) else getattr(a, "nbytes", 0)
        stack += [p for p in node.parents if p is not None]
    assert tracked == 0


# ---- copies --------------------------------------------------------------------------------------


def duplicates(tensor):
    return [copy.copy(tensor), copy.deepcopy(tensor), pickle.loads(pickle.dumps(tensor))]


def test_a_copy_of_a_leaf_is_independent(device):
    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * 3).sum().backward()
    for i, y in enumerate(duplicates(x)):
        assert y.requires_grad and y is not x and y.dtype == x.dtype and y.device == device
        np.testing.assert_array_equal(host(y), [1, 2])
        np.testing.assert_array_equal(host(y.grad), [3, 3])
        if i:
            y.data -= 5
            y.grad = None
            (y * y).sum().backward()
            np.testing.assert_array_equal(host(y.grad), [-8, -6])
            np.testing.assert_array_equal(host(x), [1, 2])
            np.testing.assert_array_equal(host(x.grad), [3, 3])
    plain = copy.deepcopy(Tensor([1, 2]))
    assert not plain.requires_grad and plain.dtype == np.int64


def test_a_pickled_leaf_works_in_a_process_that_is_younger():
    """Nodes are visited by creation number, so an unpickled one needs a number of its own."""
    x = Tensor([2.0], requires_grad=True)
    x.node.time = 10**12
    y = pickle.loads(pickle.dumps(x))
    (y * y).sum().backward()
    np.testing.assert_array_equal(y.grad, [4])


def test_tensors_shared_by_two_names_stay_shared():
    x = Tensor([1.0], requires_grad=True)
    pair = copy.deepcopy([x, x])
    assert pair[0] is pair[1] and pair[0] is not x


@pytest.mark.parametrize("act", [copy.deepcopy, pickle.dumps])
def test_a_result_is_not_copied_with_its_graph(act):
    y = mg.tanh(Tensor([1.0], requires_grad=True))
    with pytest.raises(TypeError, match=r"result of tanh.*\.detach\(\)"):
        act(y)
    act(y.detach())


# ---- in-place changes ----------------------------------------------------------------------------


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
    words = r"array of shape \(2,\) that sin needs.*changed in place after sin ran"
    with pytest.raises(RuntimeError, match=words):
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
    loss = mg.ops.mean_squared_error(x, Tensor([[0.0, 0.0]]))
    x.data -= 1.0
    with pytest.raises(RuntimeError, match="mean_squared_error"):
        loss.backward()


def test_memory_borrowed_from_bytes_can_be_edited():
    memory = bytearray(np.ones(4, np.float32).tobytes())
    x = Tensor(np.frombuffer(memory, np.float32), requires_grad=True)
    y = mg.sin(x).sum()
    x.data -= 1.0
    with pytest.raises(RuntimeError, match="sin"):
        y.backward()


def test_the_ledger_of_edits_forgets_dead_arrays():
    edits = VersionLedger()  # its own: that of the process has what other tests keep alive
    kept = np.ones(1)
    edits.record(kept)
    for _ in range(5000):
        edits.record(np.ones(1))
    assert len(edits._edits) < 100
    assert edits.changed_after(kept, 0)


def test_an_array_in_the_place_of_a_freed_one_was_not_edited():
    """`id` is given to another array as soon as one is freed."""
    for _ in range(100):
        edited = np.ones(3, np.float32)
        ledger.record(edited)
        key = id(edited)
        del edited
        fresh = np.ones(3, np.float32)
        if id(fresh) == key:
            break
    assert id(fresh) == key
    assert not ledger.changed_after(fresh, 0)


def test_freed_arrays_run_no_python_code():
    """An interrupt that strikes in the callback of a weak reference is printed and lost."""
    edited = np.ones(3, np.float32)
    ledger.record(edited)
    calls = []
    sys.setprofile(lambda frame, event, _: calls.append((event, frame.f_code.co_name)))
    del edited
    sys.setprofile(None)
    assert [name for event, name in calls if event == "call"] == []


def test_an_interrupt_in_the_ledger_leaves_no_lock():
    """An interrupt at any line of an edit: the next edit is recorded as ever."""
    array, ledger = np.zeros(3), VersionLedger()

    def interrupt_at(stop):
        def trace(frame, event, _):
            nonlocal stop
            if frame.f_code is VersionLedger.record.__code__:
                stop -= event == "line"
                if stop == 0:
                    raise KeyboardInterrupt
            return trace

        return trace

    for stop in range(1, 12):
        sys.settrace(interrupt_at(stop))
        try:
            ledger.record(array)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        before = ledger.last
        recorder = threading.Thread(target=ledger.record, args=(array,), daemon=True)
        recorder.start()
        recorder.join(10)
        assert not recorder.is_alive()
        assert ledger.changed_after(array, before)
