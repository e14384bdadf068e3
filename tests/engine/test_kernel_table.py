"""The kernel table: which kernel runs an op, and what runs without one."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad
from minigrad.engine import kernel_table
from minigrad.engine.autograd import Primitive, fused, primitive
from minigrad.engine.kernel_table import Kernel, kernels_of, register_kernels


@pytest.fixture
def table(monkeypatch):
    """The table as it is, restored after the test; ops made inside leave the registry again."""
    monkeypatch.setattr(
        kernel_table, "_table", {k: list(v) for k, v in kernel_table._table.items()}
    )
    monkeypatch.setattr(kernel_table, "_by_op", {})
    monkeypatch.setattr(Primitive, "registry", list(Primitive.registry))


def test_the_kernel_added_last_for_a_device_is_chosen(table):
    kernels = kernels_of("double")
    assert kernels[np.ndarray] is None
    register_kernels(Kernel("double", lambda x: x))
    anywhere = kernels[np.ndarray]
    register_kernels(Kernel("double", lambda x: x, device="cuda", accelerator="cuda"))
    assert kernels[np.ndarray] is anywhere
    register_kernels(Kernel("double", lambda x: x, device="cpu", accelerator="numba"))
    assert kernels[np.ndarray].accelerator == "numba"


def test_a_fused_op_runs_its_kernel_or_its_definition(table):
    calls = []

    @fused(kernel="cube")
    def cube(x):
        calls.append("definition")
        return x * x * x

    def cube_forward(x):
        calls.append("forward")
        return x**3, x

    def cube_backward(g, residuals, x):
        calls.append("backward")
        return (3 * residuals**2 * g,)

    x = Tensor([2.0], requires_grad=True)
    assert grad(cube(x), [x])[0].numpy() == 12 and calls == ["definition"]
    register_kernels(Kernel("cube", cube_forward, cube_backward))
    calls.clear()
    assert grad(cube(x), [x])[0].numpy() == 12 and calls == ["forward", "backward"]
    calls.clear()
    with minigrad.use_kernels(False):
        assert grad(cube(x), [x])[0].numpy() == 12 and calls == ["definition"]
    calls.clear()
    (first,) = grad(cube(x), [x], create_graph=True)
    assert grad(first, [x])[0].numpy() == 12 and calls == ["forward", "definition"]
    calls.clear()
    assert cube(np.array([2.0])) == 8 and calls == ["forward"]
    minigrad.set_use_kernels(False)
    assert cube(np.array([2.0])) == 8 and calls == ["forward", "definition"]


def test_an_op_with_rules_takes_its_forward_from_the_table(table):
    @primitive(kernel="negated")
    def negated(x):
        return -x

    negated.gradients(lambda g, y, x: -g, needs="")
    register_kernels(Kernel("negated", lambda x: 0 - x))
    x = Tensor([2.0, 0.0], requires_grad=True)
    y = negated(x)
    assert not np.signbit(y.data[1]) and grad(y.sum(), [x])[0].numpy().tolist() == [-1, -1]
    with minigrad.use_kernels(False):
        assert np.signbit(negated(x).data[1])
