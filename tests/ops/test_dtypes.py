"""Every op given integers, float16, and NumPy's numbers as settings; sums keep their digits."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu
from minigrad.ops.normalization import batch_moments
from minigrad.ops.windows import Window

from ..cases import OPS
from .helpers import every_case, is_floating, leaf, outputs, tensors

# what these give is whole numbers where their inputs are, in the arithmetic of their dtype
KEEP_INTEGERS = set(
    [
        "absolute",
        "add",
        "clip",
        "dot",
        "einsum",
        "matmul",
        "maximum",
        "minimum",
        "multiply",
        "negative",
        "outer",
        "power",
        "prod",
        "relu",
        "relu6",
        "hard_tanh",
        "round",
        "sign",
        "square",
        "subtract",
        "sum",
        "sum_to",
        "cumsum",
        "max",
        "min",
        "top_k",
        "sort",
        "broadcast_to",
        "ceil",
        "floor",
        "where",
        "getitem",
        "put",
        "take",
        "take_along_axis",
        "concatenate",
        "crop",
        "expand_dims",
        "flatten",
        "flip",
        "moveaxis",
        "pad",
        "pad_grad",
        "repeat",
        "reshape",
        "roll",
        "split",
        "squeeze",
        "stack",
        "swapaxes",
        "tile",
        "transpose",
        "tril",
        "triu",
        "col2im",
        "im2col",
        "max_pool",
        "max_pool_grad",
        "gather_at_argmax",
        "copy",
        "cumprod",
        "diagonal",
        "diff",
        "floor_divide",
        "hstack",
        "inner",
        "meshgrid",
        "mod",
        "nan_to_num",
        "ones_like",
        "remainder",
        "scatter_add",
        "segment_sum",
        "tensordot",
        "trace",
        "trunc",
        "unique",
        "vstack",
        "amax",
        "amin",
        "ptp",
        "nansum",
        "nanprod",
        "nanmax",
        "nanmin",
        "ravel",
        "append",
        "dstack",
        "array_split",
        "hsplit",
        "vsplit",
        "dsplit",
        "unstack",
        "fliplr",
        "flipud",
        "rot90",
        "diag",
        "diagflat",
        "vdot",
        "kron",
        "cross",
        "slice",
        "slice_update",
        "scatter",
        "scatter_update",
        "segment_max",
        "segment_min",
        "select",
        "fmax",
        "fmin",
        "empty_like",
        "zeros_like",
    ]
)
FAIL_AT_0 = {"power", "floor_divide", "mod", "remainder"}  # of integers
MADE_OF_NUMBERS = set(
    ["arange", "empty", "eye", "full", "identity", "linspace", "logspace", "ones", "tri", "zeros"]
)
OF_OTHER_DTYPES = {"array", "astype", "cast", "one_hot", "full_like", *MADE_OF_NUMBERS}
# 1e-7 from 1 is another number in float32, matrices of ones are singular
UNFIT = {"binary_crossentropy", "det", "inv", "solve"}
REAL = sorted(set(ops.__all__) - KEEP_INTEGERS - OF_OTHER_DTYPES - UNFIT)


def host(y):
    """An output as a NumPy array."""
    return np.asarray(to_cpu(getattr(y, "_array", y)))


def as_tensors(inputs):
    return [Tensor(x) if isinstance(x, np.ndarray) else x for x in inputs]


@pytest.mark.parametrize("name", REAL)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of logarithms of 0 and their like
def test_integers_become_the_default_float(name):
    """The result is that of the same numbers in float64, and as precise as float32."""
    for dtype in ("int8", "uint8", "int16", "int64", "bool"):
        integers_become_the_default_float(name, dtype)


def integers_become_the_default_float(name, dtype):
    largest = 1 if dtype == "bool" else 100
    for case in OPS[name]:
        inputs, settings = case.on(np)
        floating = [isinstance(x, np.ndarray) and is_floating(x) for x in inputs]
        if not any(floating) or not case.any_dtype:
            continue
        integers = [
            (np.abs(x) * 40).clip(0, largest).astype(dtype) if changed else x
            for x, changed in zip(inputs, floating)
        ]
        doubles = [x.astype("float64") if changed else x for x, changed in zip(integers, floating)]
        op = getattr(ops, name)
        expected = outputs(case.call(op, *doubles, **settings))
        scale = max(
            1,
            *(np.nanmax(np.abs(host(y)), initial=0, where=np.isfinite(host(y))) for y in expected),
        )
        for use_kernels in (True, False):
            with minigrad.use_kernels(use_kernels):
                for given in (integers, as_tensors(integers)):
                    for y, want in zip(outputs(case.call(op, *given, **settings)), expected):
                        assert y.dtype == np.float32 or y.dtype.kind in "iub"
                        np.testing.assert_allclose(
                            host(y), host(want), rtol=2e-5, atol=2e-6 * scale
                        )


@pytest.mark.parametrize("name", sorted(KEEP_INTEGERS))
def test_integers_stay_where_the_result_is_whole(name):
    for dtype in ("int8", "uint8", "int16", "int64"):
        integers_stay_where_the_result_is_whole(name, dtype)


def integers_stay_where_the_result_is_whole(name, dtype):
    for case in OPS[name]:
        inputs, settings = case.on(np)
        if not all(np.ndim(x) and is_floating(x) for x in inputs) or name in FAIL_AT_0:
            continue
        if not all(np.isfinite(x).all() for x in inputs):
            continue
        small = [np.round(x).clip(0 if dtype == "uint8" else -2, 2) for x in inputs]
        if name in ("subtract", "negative", "diff", "cross") and dtype == "uint8":
            continue  # wraps around
        op = getattr(ops, name)
        expected = outputs(case.call(op, *small, **settings))
        integers = [x.astype(dtype) for x in small]
        for given in (integers, as_tensors(integers)):
            for y, want in zip(outputs(case.call(op, *given, **settings)), expected):
                is_real = any(isinstance(s, float) for s in settings.values())
                assert y.dtype == np.float32 if is_real else y.dtype.kind in "iu"
                np.testing.assert_array_equal(host(y), host(want))


def test_the_padding_of_integers_is_never_the_largest():
    x = np.full((1, 3, 3, 1), -5, "int8")
    for use_kernels in (True, False):
        with minigrad.use_kernels(use_kernels):
            assert (ops.max_pool(x, pool_size=2, padding="same") == -5).all()
            assert (ops.average_pool(x, pool_size=2, padding="same") == -5).all()
    assert ops.pad(np.array([1], "int8"), pad_width=1, constant_values=0.5).tolist() == [
        0.5,
        1,
        0.5,
    ]


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "bool"])
@pytest.mark.parametrize("other", ["float16", "float32", "float64"])
@pytest.mark.parametrize("op", [ops.add, ops.multiply, ops.divide, ops.maximum, ops.matmul])
def test_integers_beside_floats_take_their_dtype(op, dtype, other, xp):
    n = xp.asarray(np.ones((2, 2), dtype))
    x = xp.asarray(np.full((2, 2), 0.5, other))
    t = Tensor(x, requires_grad=True, dtype=other)
    for y in (op(n, x), op(x, n), op(t, n), op(n, t), op(t, Tensor(n)), op(Tensor(n), t)):
        assert y.dtype == other
    (g,) = grad(op(t, n), [t], unused="zeros")
    assert g.dtype == other


# ---- settings ------------------------------------------------------------------------------------


def numpy_numbers(settings):
    """The settings with NumPy's numbers for Python's."""
    types = {float: np.float64, int: np.int64}
    return {name: types.get(type(value), lambda x: x)(value) for name, value in settings.items()}


@every_case(ops.__all__)
def test_numpys_numbers_as_settings_change_nothing(name, case, xp):
    inputs, settings = case.on(xp, "float32")
    op = getattr(ops, name)
    for use_kernels in (True, False):
        with minigrad.use_kernels(use_kernels):
            for given in (inputs, tensors(inputs, "float32")):
                expected = outputs(case.call(op, *given, **settings))
                got = outputs(case.call(op, *given, **numpy_numbers(settings)))
                for y, want in zip(got, expected):
                    if want is not None:
                        assert y.dtype == want.dtype
                        np.testing.assert_array_equal(host(y), host(want))


# ---- float16 -------------------------------------------------------------------------------------


def outputs_and_gradients(case, op, inputs, dtype, settings):
    """The outputs of an op, and the gradients of its inputs, fast and recorded."""
    made = tensors(inputs, dtype, True)
    found = [y for y in outputs(case.call(op, *made, **settings)) if y is not None]
    leaves = [x for x in made if isinstance(x, Tensor)]
    if getattr(found[0], "requires_grad", False):
        for create_graph in (False, True):
            found += grad(found[0], leaves, create_graph=create_graph, unused="zeros")
    return found


@pytest.mark.parametrize("name", sorted(set(ops.__all__) - OF_OTHER_DTYPES))
def test_float16_is_float32_rounded(name):
    op = getattr(ops, name)
    for case in OPS[name]:
        inputs, settings = case.on(np, "float16")
        if not (case.float32 and any(map(is_floating, inputs))):
            continue
        exact = [x.astype("float32") if is_floating(x) else x for x in inputs]
        for use_kernels in (True, False):
            with minigrad.use_kernels(use_kernels):
                found = outputs_and_gradients(case, op, inputs, "float16", settings)
                expected = outputs_and_gradients(case, op, exact, "float32", settings)
            for y, want in zip(found, expected):
                assert y.dtype == np.float16 if want.dtype == np.float32 else y.dtype == want.dtype
                scale = np.abs(host(want).astype("float64")).max(initial=1)
                np.testing.assert_allclose(host(y), host(want), rtol=4e-3, atol=4e-3 * scale)


def test_counts_and_sums_of_float16_do_not_overflow(xp):
    x = leaf(xp, np.ones(70_000), "float16")
    (g,) = grad(ops.mean(x), [x])
    assert float(ops.mean(x)) == 1
    np.testing.assert_allclose(host(g), 1 / 70_000, rtol=1e-2)
    assert float(ops.var(x)) == 0
    many = leaf(xp, np.full((4096, 2), 0.1), "float16")
    np.testing.assert_allclose(host(ops.sum(many, axis=0).data), 409.5, rtol=2e-3)
    np.testing.assert_allclose(host(ops.logsumexp(many, axis=0).data), 8.418, rtol=2e-3)


# ---- digits --------------------------------------------------------------------------------------

ROWS = np.random.default_rng(0).standard_normal((64, 32, 32, 16)).astype("float32") + 3
PER_CHANNEL = (0, 1, 2)


@pytest.mark.parametrize("name", ["sum", "mean", "var"])
def test_reductions_over_leading_axes_keep_their_digits(name):
    for x, axis in ((ROWS, PER_CHANNEL), (ROWS.T, (1, 2, 3)), (ROWS[:, ::2], (0, 2))):
        expected = getattr(np, name)(x.astype("float64"), axis)
        np.testing.assert_allclose(getattr(ops, name)(x, axis=axis), expected, rtol=5e-7)


def test_sums_for_a_broadcast_input_keep_their_digits():
    expected = ROWS.sum(PER_CHANNEL, dtype="float64")
    np.testing.assert_allclose(ops.sum_to(ROWS, shape=(16,)), expected, rtol=5e-7)


def test_batch_norm_recorded_and_defined_keeps_its_digits():
    g = np.random.default_rng(1).standard_normal(ROWS.shape)

    def run(dtype, create_graph):
        x, gamma, beta = (Tensor(a, True, dtype) for a in (ROWS, np.full(16, 1.5), np.zeros(16)))
        y = ops.batch_norm(x, gamma, beta, epsilon=1e-3)
        cotangent = Tensor(g, dtype=dtype)
        found = grad(y, [x, gamma, beta], cotangent=cotangent, create_graph=create_graph)
        return [y.data, *(t.data for t in found)]

    expected = run("float64", False)
    for use_kernels in (True, False):
        for create_graph in (False, True):
            with minigrad.use_kernels(use_kernels):
                found = run("float32", create_graph)
            for a, b in zip(found, expected):
                np.testing.assert_allclose(a, b, rtol=0, atol=2e-6 * np.abs(b).max())


@pytest.mark.parametrize("use_kernels", [True, False])
def test_moments_keep_their_digits(use_kernels):
    with minigrad.use_kernels(use_kernels):
        moments = batch_moments(ROWS)
    np.testing.assert_allclose(moments.mean, ROWS.mean(PER_CHANNEL, dtype="float64"), rtol=5e-7)
    np.testing.assert_allclose(moments.variance, ROWS.astype("float64").var(PER_CHANNEL), rtol=5e-6)


# ---- two dtypes at once --------------------------------------------------------------------------


def in_dtypes(inputs, dtypes):
    """The floating inputs as leaves, in these dtypes by turns."""
    made, count = [], 0
    for x in inputs:
        if is_floating(x):
            x = Tensor(x.astype(dtypes[count % 2]), True, dtypes[count % 2])
            count += 1
        made.append(x)
    return made


# each output of meshgrid is one input, repeated
@pytest.mark.parametrize("name", sorted(set(ops.__all__) - OF_OTHER_DTYPES - {"meshgrid"}))
def test_float32_beside_float64_computes_in_float64(name, xp):
    """Outputs are those of float64; each gradient has the dtype of its input."""
    for dtypes in (("float32", "float64"), ("float64", "float32")):
        float32_beside_float64_computes_in_float64(name, dtypes, xp)


def float32_beside_float64_computes_in_float64(name, dtypes, xp):
    op = getattr(ops, name)
    for case in OPS[name]:
        inputs, settings = case.on(xp)
        has_moments = getattr(case.call, "__name__", "") == "call_with_moments"  # in x's dtype
        if (
            not (case.float32 and case.any_dtype)
            or has_moments
            or sum(map(is_floating, inputs)) < 2
        ):
            continue
        mixed = in_dtypes(inputs, dtypes)
        exact = [Tensor(x._array, True, "float64") if is_floating(x) else x for x in mixed]
        for use_kernels in (True, False):
            with minigrad.use_kernels(use_kernels):
                found = gradients_last(case, op, mixed, settings)
                expected = gradients_last(case, op, exact, settings)
            for y, want in zip(found[0], expected[0]):
                assert y.dtype == want.dtype
                np.testing.assert_allclose(host(y), host(want), rtol=1e-9, atol=1e-11)
            leaves = [x for x in mixed if is_floating(x)]
            for g, want, x in zip(found[1], expected[1], 2 * leaves):
                assert g.dtype == x.dtype
                scale = np.abs(host(want)).max(initial=1)
                tolerance = 1e-9 if x.dtype == "float64" else 1e-6
                np.testing.assert_allclose(
                    host(g), host(want), rtol=tolerance, atol=tolerance * scale
                )


def gradients_last(case, op, made, settings):
    """(outputs, the gradients of the leaves, fast and recorded)."""
    ys = [y for y in outputs(case.call(op, *made, **settings)) if y is not None]
    gradients = []
    if getattr(ys[0], "requires_grad", False):
        leaves = [x for x in made if is_floating(x)]
        for create_graph in (False, True):
            gradients += grad(ys[0], leaves, create_graph=create_graph, unused="zeros")
    return ys, gradients


def test_a_gradient_keeps_the_dtype_of_its_leaf(xp):
    half, single, double = (leaf(xp, [2.0, 3.0], f"float{bits}") for bits in (16, 32, 64))
    y = (ops.relu(half) * single + ops.exp(single) * double).sum()
    y.backward()
    for x in (half, single, double):
        assert x.grad.dtype == x.dtype
    for x, g in zip((half, single), grad((half + single * double).sum(), [half, single])):
        assert g.dtype == x.dtype


# ---- what holds a value keeps its dtype ----------------------------------------------------------


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64"])
def test_padding_keeps_the_dtype_that_holds_the_value(dtype, xp):
    x = xp.asarray(np.ones((1, 2, 2, 1), dtype))
    window = Window.of((2, 2), 3, padding="same")
    for value in (0, 1.0, True):
        assert ops.pad(x, pad_width=1, constant_values=value).dtype == dtype
        assert ops.im2col(x, window=window, fill=value).dtype == dtype
    assert host(ops.pad(x, pad_width=1, constant_values=0.5)).flat[0] == 0.5


def test_sums_and_squares_of_bools_are_integers(xp):
    x = xp.asarray(np.array([True, False, True]))
    for shape in ((), (1,), (3,)):
        assert ops.sum_to(x, shape=shape).dtype == np.int64
    assert host(ops.square(x)).tolist() == [1, 0, 1]


def test_powers_of_float16_do_not_overflow_on_the_way(xp):
    """The gradient for the exponent, y log(x), is finite where y is beyond float16."""
    base, exponent = leaf(xp, [300.0], "float16"), leaf(xp, [2.0], "float16")
    with np.errstate(over="ignore"):
        y = ops.power(base, exponent)
    (g,) = grad(y, [exponent], cotangent=xp.asarray([1e-3]))
    assert y.dtype == g.dtype == np.float16
    np.testing.assert_allclose(host(g), 1e-3 * 300**2 * np.log(300), rtol=1e-2)
