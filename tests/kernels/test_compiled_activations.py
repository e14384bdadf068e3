"""Activations, softmax and losses in compiled loops: no numbers, layouts, many blocks, threads."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.engine.autograd import Primitive
from minigrad.engine.gradcheck import check_definition, check_grads
from minigrad.kernels import compiled
from minigrad.ops.activations import _silu

ROWS = {row.op: row for row in compiled.ROWS}
UNARY = {
    "elu": ops.elu,
    "gelu": ops.gelu,
    "gelu, tanh": lambda x: ops.gelu(x, approximate=True),
    "mish": ops.mish,
    "sigmoid": ops.sigmoid,
    "silu": ops.silu,
    "softplus": ops.softplus,
    "tanh": ops.tanh,
    "softmax": ops.softmax,
    "log_softmax": ops.log_softmax,
}
LOSSES = {
    "binary_cross_entropy": ops.binary_cross_entropy,
    "cross_entropy": ops.cross_entropy,
    "mean_squared_error": ops.mean_squared_error,
    "sparse_cross_entropy": ops.sparse_cross_entropy,
}

pytestmark = pytest.mark.usefixtures("everything_compiled")


def draw(*shape, dtype="float32"):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def results(f, *arrays):
    """f, and its gradients for a cotangent that differs from element to element."""
    xs = [Tensor(x, dtype=x.dtype, requires_grad=x.dtype.kind == "f") for x in arrays]
    y = f(*xs)
    weights = np.cos(np.arange(y.size)).astype("float32").reshape(y.shape)
    gradients = grad((y * weights).sum(), [x for x in xs if x.requires_grad])
    return [x._array for x in (y, *gradients)]


def loss_inputs(name, n, classes):
    """Scores and targets."""
    if name == "sparse_cross_entropy":
        return draw(n, classes), np.arange(n) % classes
    targets = np.abs(draw(n, classes))
    return draw(n, classes), targets / targets.sum(-1, keepdims=True)


@pytest.mark.parametrize("name", UNARY)
def test_curves_of_many_blocks_are_numpys_on_any_number_of_threads(name, set_threads):
    x, row = 4 * draw(70, 301), ROWS[name.partition(",")[0]]
    with minigrad.use_kernels("numpy"):
        expected = results(UNARY[name], x)
    rows = [row, *(ROWS[op] for op in [f"{name}_grad"] if op in ROWS)]
    found, before = [], [row.calls for row in rows]
    for n in (1, 2, 3, 8):
        set_threads(n)
        found.append(results(UNARY[name], x))
        for a, b, c in zip(found[-1], found[0], expected, strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_allclose(a, c, rtol=2e-6, atol=1e-6)
    assert all(row.calls >= count + 4 for row, count in zip(rows, before, strict=True))


CURVES = ["elu", "mish", "sigmoid", "softplus", "tanh"]


def test_the_gradient_of_each_curve_is_a_loop_of_its_own():
    assert all(f"{name}_grad" in ROWS for name in CURVES)


@pytest.mark.parametrize("name", CURVES)
def test_a_gradient_of_another_dtype_than_its_curve(name):
    x, row = 4 * draw(70, 301), ROWS[f"{name}_grad"]
    wide = np.cos(np.arange(x.size)).reshape(x.shape)  # float64
    before = row.calls
    leaf = Tensor(x, requires_grad=True)
    (found,) = grad((UNARY[name](leaf).astype("float64") * wide).sum(), [leaf])
    assert row.calls > before and found.dtype == "float32"
    (op,) = [op for op in Primitive.registry if op.kernel == f"{name}_grad"]
    settings = {"alpha": 1.0} if name == "elu" else {}
    before, mixed = row.calls, op(wide, x, **settings)
    assert row.calls == before and mixed.dtype == "float64"
    expected = op(wide, x.astype("float64"), **settings)
    np.testing.assert_allclose(mixed, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_many_blocks_are_numpys_on_any_number_of_threads(name, set_threads):
    arrays = loss_inputs(name, 301, 70)
    with minigrad.use_kernels("numpy"):
        expected = results(LOSSES[name], *arrays)
    found, before = [], ROWS[name].calls
    for n in (1, 2, 3, 8):
        set_threads(n)
        found.append(results(LOSSES[name], *arrays))
        for a, b, c in zip(found[-1], found[0], expected, strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_allclose(a, c, rtol=1e-5, atol=1e-8)
    assert ROWS[name].calls == before + 4


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", UNARY)
def test_curves_of_nan_infinities_and_far_numbers(name, dtype):
    far = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e4, -1e4, 90.0, -90.0, 1e30, -1e30, 1e-30]
    x = np.array(far, dtype)[:, None] * np.ones((1, 1), dtype)
    with minigrad.use_kernels("numpy"), np.errstate(all="ignore"):
        expected = results(UNARY[name], x)
    for a, b in zip(results(UNARY[name], x), expected, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_nan_and_infinite_scores(name):
    scores, targets = loss_inputs(name, 4, 3)
    for value in (np.nan, 90.0, -90.0, np.inf, -np.inf):
        scores[1, 1] = value
        if targets.ndim == 2:  # a class that is ruled out, or a pixel that is right
            targets[1] = 0.0, float(value == np.inf), 1.0
        with minigrad.use_kernels("numpy"), np.errstate(all="ignore"):
            expected = results(LOSSES[name], scores, targets)
        with np.errstate(all="ignore"):
            found = results(LOSSES[name], scores, targets)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6, err_msg=str(value))


@pytest.mark.parametrize("name", UNARY)
def test_layouts_give_the_same_numbers(name):
    x = draw(6, 40)
    expected = results(UNARY[name], x)
    read_only = x.copy()
    read_only.flags.writeable = False
    for other in (read_only, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
        for a, b in zip(results(UNARY[name], other), expected, strict=True):
            np.testing.assert_array_equal(a, b)
    assert results(UNARY[name], x[:0])[0].shape == (0, 40)


def test_sums_do_not_depend_on_where_arrays_lie():
    """A loop that is run another way where arrays lie close must add up in the same order."""
    from minigrad.kernels.compiled import softmax

    for dtype, offsets in itertools.product("fd", itertools.permutations(range(3))):
        x, g = draw(3, 4, dtype=dtype), draw(4, 3, dtype=dtype).reshape(3, 4)
        bits = set()
        for gap in range(4):
            room = np.empty(60, dtype)
            a, b, y = (room[o * (12 + gap) :][:12].reshape(3, 4) for o in offsets)
            a[...], b[...] = x, g
            softmax._run_softmax(0, a, y)
            first = y.tobytes()
            softmax._run_log_softmax(0, a, y)
            second = y.tobytes()
            softmax._run_softmax_grad(0, b, a, y)
            bits.add((first, second, y.tobytes()))
        assert len(bits) == 1


def test_silu_and_sigmoid_to_second_order():
    """The ops behind these names have others, so that the cases of the registry miss their loops."""
    x, before = draw(3, 5, dtype="float64"), ROWS["silu"].calls
    for f in (ops.silu, ops.sigmoid):
        check_grads(f, x, order=2)
    check_definition(_silu, x)
    assert ROWS["silu"].calls > before
