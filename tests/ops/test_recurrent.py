"""Recurrent ops: one step against NumPy, and which activations run in the kernel."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu
from minigrad.engine.gradcheck import check_grads
from minigrad.ops import recurrent

from ..cases.ops import GATES, RECURRENT_STEPS, recurrent_inputs
from .helpers import leaf

every_step = pytest.mark.parametrize("name", RECURRENT_STEPS)
every_op = pytest.mark.parametrize("name", GATES)


@every_step
def test_a_step_is_numpys(name, xp):
    for case in RECURRENT_STEPS[name]:
        expected = case.expect(*case.on(np)[0])
        got = getattr(recurrent, name)(*case.on(xp)[0])
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(to_cpu(a), b, rtol=1e-10, atol=1e-12)


@every_step
def test_gradients_of_a_step(name, xp):
    for case in RECURRENT_STEPS[name]:
        check_grads(getattr(recurrent, name), *case.on(xp)[0], order=2)


@every_step
def test_a_step_of_float32_stays_float32(name, xp):
    for case in RECURRENT_STEPS[name]:
        inputs = case.on(xp, "float32")[0]
        tensors = [None if x is None else Tensor(x) for x in inputs]
        for a, b in zip(getattr(recurrent, name)(*inputs), getattr(recurrent, name)(*tensors)):
            assert a.dtype == b.dtype == np.float32 and isinstance(b, Tensor)


@every_op
def test_other_activations_run_the_definition(name, xp):
    """With the same functions under other names the values agree; with others they differ."""
    op = getattr(ops, name)
    inputs = [Tensor(xp.asarray(x), requires_grad=True) for x in recurrent_inputs(name)]
    usual = op(*inputs)
    assert usual.node.op is op
    same = op(*inputs, activation=lambda x: ops.tanh(x))
    assert same.node.op is not op
    np.testing.assert_allclose(to_cpu(same.data), to_cpu(usual.data), atol=1e-6)
    for a, b in zip(grad(usual.sum(), inputs), grad(same.sum(), inputs), strict=True):
        np.testing.assert_allclose(to_cpu(a.data), to_cpu(b.data), atol=1e-5)
    other = op(*inputs, activation=ops.relu)
    assert abs(to_cpu(other.data) - to_cpu(usual.data)).max() > 1e-2


@every_op
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("far", [200, 6e4, 1e30])
def test_gates_far_out_are_open_or_closed(name, dtype, far, xp):
    """Nothing overflows, and the kernel agrees with the definition, which uses tanh alone."""
    if dtype == "float16" and far > 6e4:
        return
    signs = np.array([[[1.0], [-1.0], [1.0]], [[-1.0], [-1.0], [1.0]]])
    width = GATES[name] * 2
    kernel = np.resize([1.0, -1.0, 1.0], (1, width))
    found = []
    for use_kernels in (True, False):
        arrays = signs * far, kernel, np.full((2, width), 0.5)
        inputs = [leaf(xp, a, dtype) for a in arrays]
        with minigrad.use_kernels(use_kernels):
            y = getattr(ops, name)(*inputs, None)
            gradients = grad(y, inputs)
            recorded = grad(y, inputs, create_graph=True)
        found.append([to_cpu(t.data) for t in (y, *gradients, *recorded)])
    for a, b in zip(*found, strict=True):
        assert np.isfinite(a).all() and a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-3 if dtype == "float16" else 1e-6)


# ---- errors --------------------------------------------------------------------------------------


def test_a_kernel_that_does_not_fit():
    x = np.ones((4, 5, 3), "float32")
    with pytest.raises(ValueError, match=r"the kernel has shape \(3, 3\)"):
        ops.lstm(x, x[0, :3], x[0], None)


def test_a_mask_is_boolean():
    x = np.ones((4, 5, 3), "float32")
    kernel = np.ones((3, 2))
    recurrent = np.ones((2, 2))
    mask = np.ones((4, 5), int)
    with pytest.raises(TypeError, match="the mask is boolean"):
        ops.simple_rnn(x, kernel, recurrent, None, None, mask)
