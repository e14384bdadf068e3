"""Compiled loops: every case of the registry through them, on any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.engine.autograd import Primitive
from minigrad.engine.gradcheck import check_definition, check_grads
from minigrad.kernels import compiled
from minigrad.optimizers import SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Lion, Nadam, RMSprop

from ..cases import OPS
from ..mutation import has_gradient
from ..ops.helpers import outputs, tensors

ROWS = {row.op: row for row in compiled.ROWS}
USES_LOOP = {op.name for op in Primitive.registry if op.kernel in ROWS and not op.constant}
COMPILED = sorted(USES_LOOP & set(OPS))
KERNEL_OF = {op.name: op.kernel for op in Primitive.registry if op.name in COMPILED}
FUSED = {op.name: op for op in Primitive.registry if op.is_fused and op.name in COMPILED}
OPTIMIZERS = {
    "SGD": SGD(0.1),
    "SGD with momentum": SGD(0.1, momentum=0.9),
    "Nesterov": SGD(0.1, momentum=0.9, nesterov=True),
    "Adam": Adam(0.1),
    "Adam of the paper": Adam(0.1, epsilon_form="paper"),
    "AMSGrad": Adam(0.1, amsgrad=True),
    "AdamW": AdamW(0.1, weight_decay=0.1),
    "Adamax": Adamax(0.1),
    "Nadam": Nadam(0.1),
    "RMSprop": RMSprop(0.1),
    "RMSprop, centered": RMSprop(0.1, centered=True),
    "RMSprop with momentum": RMSprop(0.1, momentum=0.9, weight_decay=0.1),
    "RMSprop, centered, with momentum": RMSprop(0.1, momentum=0.9, centered=True),
    "Adagrad": Adagrad(0.1),
    "Adadelta": Adadelta(0.1),
    "Lion": Lion(0.1),
}

pytestmark = pytest.mark.usefixtures("everything_compiled")


# ---- ops -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMPILED)
def test_loops_give_what_definitions_give(name):
    """In float64 to ten digits, gradients to second order; in float32 what NumPy's kernels give."""
    row = ROWS[KERNEL_OF[name]]
    before = row.calls
    for case in OPS[name]:
        inputs, settings = case.on(np)
        expected = outputs(case.expect(*inputs, **settings))
        for a, b in zip(outputs(case.call(getattr(ops, name), *inputs, **settings)), expected):
            if b is not None:
                np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
        if has_gradient(case, name, inputs, settings):

            def f(*xs, case=case, settings=settings):
                return case.call(getattr(ops, name), *xs, **settings)

            check_grads(f, *inputs, order=2, float32=case.float32)
        if name in FUSED:
            check_definition(FUSED[name], *inputs, **settings)
    assert row.calls > before, "no case runs as a loop"


def run_float32(name, case):
    """The output and the gradients of a case in float32."""
    inputs, settings = case.on(np, "float32")
    made = tensors(inputs, "float32", True)
    y = outputs(case.call(getattr(ops, name), *made, **settings))[0]
    found = [getattr(y, "_array", y)]
    if isinstance(y, Tensor) and y.requires_grad:
        xs = [x for x in made if isinstance(x, Tensor)]
        found += [d._array for d in grad(y.sum(), xs, unused="zeros")]
    return found


@pytest.mark.parametrize("name", COMPILED)
def test_every_number_of_threads_gives_the_same_bits(name, set_threads):
    for case in OPS[name]:
        results = []
        for n in (1, 2, 3, 8):
            set_threads(n)
            results.append(run_float32(name, case))
        for other in results[1:]:
            for a, b in zip(results[0], other, strict=True):
                np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", sorted(FUSED))
def test_a_gradient_of_a_wider_dtype_is_taken(name):
    """float32 outputs that meet float64 send gradients in float64 back."""
    for case in OPS[name]:
        inputs, settings = case.on(np, "float32")
        made = tensors(inputs, "float32", True)
        xs = [x for x in made if isinstance(x, Tensor)]
        y = outputs(case.call(getattr(ops, name), *made, **settings))[0]
        wide = y * Tensor(np.ones(y.shape), dtype="float64")
        assert y.dtype == np.float32 and wide.dtype == np.float64
        for a, b in zip(grad(wide.sum(), xs), grad(y.sum(), xs), strict=True):
            assert a.dtype == np.float32
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted(FUSED))
def test_a_backward_whose_loop_fails_is_computed_by_numpy(name, monkeypatch):
    run = compiled.run

    def forward_only(loop, *arrays, **kwargs):
        return NotImplemented if "backward" in loop else run(loop, *arrays, **kwargs)

    monkeypatch.setattr(compiled, "run", forward_only)
    for case in OPS[name]:
        found = run_float32(name, case)
        with minigrad.use_kernels("numpy"):
            expected = run_float32(name, case)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_step_that_runs_loops_is_captured():
    layers = minigrad.layers
    model = minigrad.Sequential([layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    before = ROWS["max_pool"].calls
    for _ in range(16):
        model.train_on_batch(np.ones((4, 4, 4, 1), "float32"), np.ones((4, 2), "float32"))
    assert model.captured.startswith("captured") and ROWS["max_pool"].calls > before


# ---- optimizers ----------------------------------------------------------------------------------

SHAPES = [(20_003,), (7, 3), (1,), (0, 4)]  # of more than one block, and of little


def trained(optimizer, dtype, kernels=True, special=()):
    """Parameters and state after three steps."""
    rng = np.random.default_rng(0)
    with minigrad.default_dtype(dtype), minigrad.use_kernels(kernels):
        parameters = [minigrad.Parameter(rng.standard_normal(shape)) for shape in SHAPES]
        optimizer = type(optimizer).from_config(optimizer.get_config())
        for _ in range(3):
            gradients = [rng.standard_normal(shape).astype(dtype) for shape in SHAPES]
            gradients[0][: len(special)] = special
            with np.errstate(all="ignore"):
                optimizer.apply(gradients, parameters)
    state = [array for arrays in optimizer.state() for array in arrays]
    return [p._array.copy() for p in parameters] + state


@pytest.mark.parametrize("dtype, digits", [("float32", 1e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_are_those_of_the_definition(name, dtype, digits):
    row = ROWS[OPTIMIZERS[name].kernel]
    before = row.calls
    found = trained(OPTIMIZERS[name], dtype)
    assert row.calls > before
    expected = trained(OPTIMIZERS[name], dtype, kernels=False)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=digits, atol=digits)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_keep_nan_and_infinities(name):
    """A gradient that is no number shows in the parameters; it is not taken for a number."""
    special = [np.nan, np.inf, -np.inf, 0.0, 1e-30]
    found = trained(OPTIMIZERS[name], "float32", special=special)
    expected = trained(OPTIMIZERS[name], "float32", kernels=False, special=special)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_updates_have_the_same_bits_on_any_number_of_threads(name, set_threads):
    results = []
    for n in (1, 2, 3, 8):
        set_threads(n)
        results.append(trained(OPTIMIZERS[name], "float32"))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_an_update_of_ones_own_is_not_replaced():
    class Half(Adam):
        def update(self, p, g, *state):
            p *= 0.5

    p = minigrad.Parameter(np.ones(3))
    Half().apply([np.ones(3, "float32")], [p])
    np.testing.assert_array_equal(p.numpy(), 0.5)


def test_other_dtypes_run_without_loops():
    p = minigrad.Parameter(np.ones(3))
    before = ROWS["sgd"].calls
    SGD(0.5).apply([np.ones(3)], [p])  # a gradient in float64
    np.testing.assert_array_equal(p.numpy(), 0.5)
    assert ROWS["sgd"].calls == before
