"""Every op on every device, with kernels and without: values, gradients to second order, dtypes."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu
from minigrad.engine.autograd import FusedOp, Primitive
from minigrad.engine.gradcheck import check_definition, check_grads
from minigrad.engine.graph import Node

from ..cases import OPS
from ..mutation import has_gradient
from .helpers import every_case, is_floating, outputs, tensors

FUSED = {
    p.name: p
    for p in Primitive.registry
    if isinstance(p, FusedOp) and p.__module__.startswith("minigrad.ops")
}
WITH_KERNEL = sorted(
    {p.name for p in Primitive.registry if p.kernel and p.__module__.startswith("minigrad.ops")}
    & set(ops.__all__)
)


# ---- the registry --------------------------------------------------------------------------------


def test_every_public_op_has_cases():
    assert sorted(OPS) == sorted(ops.__all__), (
        "tests/cases/ops.py: OPS and minigrad.ops.__all__ differ"
    )
    assert [name for name, cases in OPS.items() if not cases] == []


@pytest.fixture
def ran(monkeypatch):
    """The primitives whose forward has run since the test began."""
    found = set()
    for p in Primitive.registry:

        def watched(*args, p=p, forward=p.forward, **settings):
            found.add(p)
            return forward(*args, **settings)

        monkeypatch.setattr(p, "forward", watched)
    return found


def test_every_primitive_runs_in_some_case(ran):
    """A primitive that nothing in the registry reaches is checked by nothing."""
    for kernels in (True, False):
        with minigrad.use_kernels(kernels):
            for name in OPS:
                for case in OPS[name]:
                    run_recorded(name, case)
    ours = {p for p in Primitive.registry if p.__module__.startswith("minigrad.")}
    missing = sorted(p.name for p in ours - ran)
    assert not missing, f"no case in tests/cases/ops.py reaches {missing}"


def run_recorded(name, case):
    """The case forward, and backward with a graph of its own."""
    inputs, settings = case.on(np)
    made = tensors(inputs, "float64", True)
    y = outputs(case.call(getattr(ops, name), *made, **settings))[0]
    if isinstance(y, Tensor) and y.requires_grad:
        xs = [x for x in made if isinstance(x, Tensor)]
        grad(y, xs, create_graph=True, unused="zeros")


VJP = Primitive.vjp


def spoiled(a):
    """Other values of the same kind and shape."""
    kind = a.dtype.kind
    return -a - 0.37 if kind == "f" else ~a if kind == "b" else np.zeros_like(a)


def gradients_of(node, g, needed):
    """What the rules of a call give, None if they fail."""
    try:
        with np.errstate(all="ignore"):
            return [d for _, d in VJP(node.op, node, g, needed, False)]
    except (ValueError, TypeError, IndexError, AttributeError):
        return None


def same(ds, es):
    return es is not None and all(
        np.array_equal(d, e, equal_nan=True) for d, e in zip(ds, es, strict=True)
    )


@pytest.fixture
def kept(monkeypatch):
    """By (op, place): whether any gradient has changed with what a recorded call keeps there."""
    read = {}

    def watched(self, node, g, needed, create_graph):
        array = getattr(g, "_array", g)
        ds = gradients_of(node, array, needed)
        places = {f"input {i}": a for i, a in enumerate(node.inputs) if isinstance(a, np.ndarray)}
        for place, a in ({**places, "output": node.residuals}).items():
            if isinstance(a, np.ndarray) and a.size and not read.get((self.name, place)):
                inputs = [spoiled(b) if b is a and place != "output" else b for b in node.inputs]
                y = spoiled(a) if place == "output" else node.residuals
                other = Node(self, node.parents, inputs, node.kwargs, y)
                changed = not same(ds, gradients_of(other, array, needed))
                read[self.name, place] = read.get((self.name, place), False) or changed
        return VJP(self, node, g, needed, create_graph)

    monkeypatch.setattr(Primitive, "vjp", watched)
    return read


def test_what_a_recorded_call_keeps_is_read_by_its_rules(kept):
    """What needs= does not name is not kept in memory, and what it names is needed."""
    with minigrad.use_kernels(False):
        for name in OPS:
            for case in OPS[name]:
                run_recorded(name, case)
    assert len(kept) > 60
    assert [place for place, is_read in kept.items() if not is_read] == []


# ---- values, gradients, dtypes -------------------------------------------------------------------


def check_values(name, case, xp):
    inputs, settings = case.on(xp)
    on_host = case.on(np)
    expected = outputs(case.expect(*on_host[0], **on_host[1]))
    with minigrad.default_dtype("float64"):
        for made in (inputs, tensors(inputs, "float64")):
            got = outputs(case.call(getattr(ops, name), *made, **settings))
            assert len(got) == len(expected)
            for a, b in zip(got, expected):
                if b is None:
                    continue
                assert a.shape == np.shape(b)
                values = to_cpu(getattr(a, "_array", a))
                np.testing.assert_allclose(values, b, rtol=1e-10, atol=1e-12)


def check_gradients(name, case, xp, order=2):
    inputs, settings = case.on(xp)
    if not has_gradient(case, name, inputs, settings):
        made = tensors(inputs, "float32", True)
        for y in outputs(case.call(getattr(ops, name), *made, **settings)):
            is_recorded = getattr(y, "requires_grad", False)
            assert not is_recorded, "a result that is not floating cannot have a gradient"
        return

    def f(*xs):
        return case.call(getattr(ops, name), *xs, **settings)

    f.__name__ = name
    check_grads(f, *inputs, order=order, float32=case.float32)


def check_gradients_to_second_order(name, case, xp):
    """On the strict device to first order what is made of other ops, which it checks further."""
    is_primitive = isinstance(getattr(ops, name), Primitive)
    check_gradients(name, case, xp, order=2 if is_primitive or xp is np else 1)


def check_dtypes(name, case, xp):
    inputs, settings = case.on(xp, "float32")
    plain = outputs(case.call(getattr(ops, name), *inputs, **settings))
    recorded = outputs(case.call(getattr(ops, name), *tensors(inputs, "float32"), **settings))
    for a, b in zip(plain, recorded):
        assert not isinstance(a, Tensor)
        if a is None:
            continue
        if case.float32 and any(map(is_floating, inputs)) and is_floating(b):
            assert a.dtype == b.dtype == np.float32
        assert xp is np or isinstance(a, xp.ndarray), "an op has moved its result to the host"


test_values_are_numpys = every_case(ops.__all__)(check_values)
test_gradients_to_second_order = every_case(ops.__all__)(check_gradients_to_second_order)
test_arrays_in_arrays_out_and_float32_stays = every_case(ops.__all__)(check_dtypes)


@every_case(FUSED)
def test_kernel_is_its_definition(name, case, xp):
    inputs, settings = case.on(xp)
    check_definition(FUSED[name], *inputs, **settings)


@every_case(WITH_KERNEL)
@minigrad.use_kernels(False)
def test_values_gradients_and_dtypes_without_kernels(name, case, xp):
    """On the strict device to first order: gradients of gradients run the definitions anyway."""
    check_values(name, case, xp)
    check_gradients(name, case, xp, order=2 if xp is np else 1)
    check_dtypes(name, case, xp)
