"""Every op on every device: values against NumPy, gradients to second order, dtypes, ties, extremes and errors."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu
from minigrad.engine.autograd import FusedOp, Primitive
from minigrad.engine.gradcheck import check_definition, check_grads

from ..cases import OPS
from ..mutation import has_gradient

FUSED = {
    p.name: p
    for p in Primitive.registry
    if isinstance(p, FusedOp) and p.__module__.startswith("minigrad.ops")
}
WITH_KERNEL = sorted(
    {p.name for p in Primitive.registry if p.kernel and p.__module__.startswith("minigrad.ops")}
    & set(ops.__all__)
)


def every_case(names):
    """Make of test(name, case, xp) one test for each op in `names`, on each device, that goes through the op's cases."""

    def decorate(test):
        @pytest.mark.parametrize("name", names)
        def through_all(name, xp):
            for number, case in enumerate(OPS[name]):
                try:
                    test(name, case, xp)
                except BaseException as failure:
                    failure.add_note(f"in case {number} of {name!r} in tests/cases/ops.py")
                    raise

        through_all.__name__, through_all.__doc__ = test.__name__, test.__doc__
        return through_all

    return decorate


def leaf(xp, values, dtype="float32"):
    return Tensor(xp.asarray(np.asarray(values, dtype)), requires_grad=True, dtype=dtype)


def tensors(inputs, dtype, requires_grad=False):
    """Floating inputs as Tensors, the others as they are."""
    return [
        Tensor(x, requires_grad, dtype)
        if getattr(getattr(x, "dtype", None), "kind", "") == "f"
        else x
        for x in inputs
    ]


def outputs(y):
    return list(y) if isinstance(y, (tuple, list)) else [y]


def fails(error, *words):
    """pytest.raises, for a message in which all the words stand."""
    return pytest.raises(error, match="(?s)" + "".join(f"(?=.*{w})" for w in words))


# ---- the registry --------------------------------------------------------------------------------------------------


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


# ---- values, gradients, dtypes -------------------------------------------------------------------------------------


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
                np.testing.assert_allclose(
                    to_cpu(getattr(a, "_array", a)), b, rtol=1e-10, atol=1e-12
                )


def check_gradients(name, case, xp):
    inputs, settings = case.on(xp)
    if not has_gradient(case, name, inputs, settings):
        for y in outputs(
            case.call(getattr(ops, name), *tensors(inputs, "float32", True), **settings)
        ):
            assert not getattr(y, "requires_grad", False), (
                "a result that is not floating cannot have a gradient"
            )
        return

    def f(*xs):
        return case.call(getattr(ops, name), *xs, **settings)

    f.__name__ = name
    check_grads(f, *inputs, order=2, float32=case.float32)


def check_dtypes(name, case, xp):
    inputs, settings = case.on(xp, "float32")
    plain = outputs(case.call(getattr(ops, name), *inputs, **settings))
    recorded = outputs(case.call(getattr(ops, name), *tensors(inputs, "float32"), **settings))
    for a, b in zip(plain, recorded):
        assert not isinstance(a, Tensor)
        if a is None:
            continue
        if (
            case.float32
            and any(getattr(getattr(x, "dtype", None), "kind", "") == "f" for x in inputs)
            and b.dtype.kind == "f"
        ):
            assert a.dtype == b.dtype == np.float32
        assert xp is np or isinstance(a, xp.ndarray), "an op has moved its result to the host"


test_values_are_numpys = every_case(ops.__all__)(check_values)
test_gradients_to_second_order = every_case(ops.__all__)(check_gradients)
test_arrays_in_arrays_out_and_float32_stays = every_case(ops.__all__)(check_dtypes)


@every_case(FUSED)
def test_kernel_is_its_definition(name, case, xp):
    inputs, settings = case.on(xp)
    check_definition(FUSED[name], *inputs, **settings)


@every_case(WITH_KERNEL)
@minigrad.use_kernels(False)
def test_values_gradients_and_dtypes_without_kernels(name, case, xp):
    check_values(name, case, xp)
    check_gradients(name, case, xp)
    check_dtypes(name, case, xp)


# ---- ties ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["max", "min"])
@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1), -1])
def test_among_equals_one_place_has_the_gradient(name, axis, xp):
    x = leaf(xp, [[1, 1, 1], [1, 1, 1]])
    y = getattr(ops, name)(x, axis=axis)
    g = xp.asarray(np.asarray(2 + np.arange(y.size), "float32").reshape(y.shape))
    found = to_cpu(grad(y, [x], cotangent=g)[0].data)
    assert np.count_nonzero(found) == y.size
    np.testing.assert_array_equal(found.sum(axis), to_cpu(g))
    assert found.reshape(-1)[0] == to_cpu(g).reshape(-1)[0]  # the first of them


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_of_two_equals_the_first_has_the_gradient(name, xp):
    a, b = leaf(xp, [1.0, 2.0]), leaf(xp, [1.0, 2.0])
    ga, gb = grad(
        getattr(ops, name)(a, b), [a, b], cotangent=xp.asarray(np.array([3, 4], "float32"))
    )
    assert to_cpu(ga.data).tolist() == [3, 4] and to_cpu(gb.data).tolist() == [0, 0]


@pytest.mark.parametrize("name, value", [("absolute", 0), ("relu", 0), ("clip", 5), ("relu6", 1)])
def test_slopes_at_a_kink(name, value, xp):
    """|x| and relu have slope 0 at 0; a limit of clip still belongs to the inside."""
    x = leaf(xp, [0.0])
    y = ops.clip(x, min=0, max=1) * 5 if name == "clip" else getattr(ops, name)(x)
    assert to_cpu(grad(y, [x])[0].data).tolist() == [value]


# ---- extremes ------------------------------------------------------------------------------------------------------

FAR = [-1000.0, -100.0, 0.0, 100.0, 1000.0]


@pytest.mark.parametrize(
    "name, values, slopes",
    [
        ("sigmoid", [0, 0, 0.5, 1, 1], [0, 0, 0.25, 0, 0]),
        ("softplus", [0, 0, math.log(2), 100, 1000], [0, 0, 0.5, 1, 1]),
        ("log_sigmoid", [-1000, -100, -math.log(2), 0, 0], [1, 1, 0.5, 0, 0]),
        ("tanh", [-1, -1, 0, 1, 1], [0, 0, 1, 0, 0]),
        ("silu", [0, 0, 0, 100, 1000], [0, 0, 0.5, 1, 1]),
        ("mish", [0, 0, 0, 100, 1000], [0, 0, 0.6, 1, 1]),
        ("gelu", [0, 0, 0, 100, 1000], [0, 0, 0.5, 1, 1]),
        ("elu", [-1, -1, 0, 100, 1000], [0, 0, 1, 1, 1]),
        (
            "softsign",
            [-1000 / 1001, -100 / 101, 0, 100 / 101, 1000 / 1001],
            [1001**-2, 101**-2, 1, 101**-2, 1001**-2],
        ),
    ],
)
def test_activations_far_out(name, values, slopes, xp):
    x = leaf(xp, FAR)
    y = getattr(ops, name)(x)
    (slope,) = grad(y, [x], create_graph=True)
    np.testing.assert_allclose(to_cpu(y.data), values, rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose(to_cpu(slope.data), slopes, rtol=1e-5, atol=1e-30)
    (second,) = grad(slope, [x])
    assert np.isfinite(to_cpu(second.data)).all()


def test_binary_cross_entropy_far_out(xp):
    logits, targets = leaf(xp, FAR + FAR), leaf(xp, [0.0] * 5 + [1.0] * 5)
    log2 = math.log(2)
    losses = [0, 0, log2, 100, 1000, 1000, 100, log2, 0, 0]
    y = ops.binary_cross_entropy(logits, targets)
    assert y.item() == pytest.approx(sum(losses) / 10, rel=1e-6)
    for recorded in (False, True):
        (g,) = grad(y, [logits], create_graph=recorded)
        np.testing.assert_allclose(
            to_cpu(g.data) * 10, [0, 0, 0.5, 1, 1, -1, -1, -0.5, 0, 0], rtol=1e-6, atol=1e-30
        )


INF = math.inf
ROWS = [
    [-1000.0, 0, 1000],
    [1000.0, 1000, 1000],
    [-1000.0, -1000, -1001],
    [-INF, 0, 0],
    [-INF, -INF, 5],
]
SHARES = [
    [0, 0, 1],
    [1 / 3] * 3,
    [1 / (2 + math.exp(-1))] * 2 + [math.exp(-1) / (2 + math.exp(-1))],
    [0, 0.5, 0.5],
    [0, 0, 1],
]


def test_softmax_family_far_out(xp):
    x = leaf(xp, ROWS)
    y = ops.softmax(x)
    np.testing.assert_allclose(to_cpu(y.data), SHARES, rtol=1e-6)
    total = ops.logsumexp(x)
    totals = [1000, 1000 + math.log(3), -1000 + math.log(2 + math.exp(-1)), math.log(2), 5]
    np.testing.assert_allclose(to_cpu(total.data), totals, rtol=1e-6)
    np.testing.assert_allclose(
        to_cpu(grad(total, [x])[0].data), SHARES, rtol=1e-4, atol=1e-30
    )  # float32 has 7 digits of 1000
    logs = to_cpu(ops.log_softmax(x).data)
    np.testing.assert_allclose(
        logs[:3], [[-2000, -1000, 0], [-math.log(3)] * 3, np.log(SHARES[2])], rtol=1e-6
    )
    assert logs[3, 0] == logs[4, 0] == logs[4, 1] == -math.inf and logs[4, 2] == 0
    for f in (ops.softmax, ops.log_softmax):
        for recorded in (False, True):
            (g,) = grad(
                f(x),
                [x],
                cotangent=xp.asarray(np.eye(5, 3, dtype="float32")),
                create_graph=recorded,
            )
            assert np.isfinite(to_cpu(g.data)).all() and g.dtype == np.float32


def test_logsumexp_of_nothing_but_minus_infinity(xp):
    assert to_cpu(ops.logsumexp(leaf(xp, [[-math.inf, -math.inf]])).data).tolist() == [-math.inf]


def test_sparse_cross_entropy_far_out(xp):
    x, labels = leaf(xp, ROWS), xp.asarray(np.array([0, 1, 2, 1, 2]))
    losses = [2000, math.log(3), -math.log(SHARES[2][2]), math.log(2), 0]
    y = ops.sparse_cross_entropy(x, labels)
    assert y.item() == pytest.approx(sum(losses) / 5, rel=1e-6) and y.dtype == np.float32
    for recorded in (False, True):
        (g,) = grad(y, [x], create_graph=recorded)
        np.testing.assert_allclose(
            to_cpu(g.data) * 5, np.array(SHARES) - np.eye(3)[[0, 1, 2, 1, 2]], rtol=1e-5, atol=1e-6
        )


def test_powers_of_zero(xp):
    """0 ** 2 has slope 0, 0 ** 1 slope 1 and 0 ** 0 counts as constant; none gives NaN, at second order neither."""
    for exponent, slope, second in ((2, 0, 2), (1, 1, 0), (0, 0, 0), (3, 0, 0)):
        for e in (exponent, Tensor(xp.asarray(np.array([float(exponent)])))):
            x = leaf(xp, [0.0])
            (g,) = grad(x**e, [x], create_graph=True)
            assert to_cpu(g.data).tolist() == [slope]
            if slope or second:
                assert to_cpu(grad(g, [x], unused="zeros")[0].data).tolist() == [second]


# ---- exact values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, settings, values",
    [
        (
            "sigmoid",
            {},
            [
                0.0066928509242848554,
                0.2689414213699951,
                0.5,
                0.7310585786300049,
                0.9933071490757153,
            ],
        ),
        ("relu", {}, [0.0, 0.0, 0.0, 1.0, 5.0]),
        ("leaky_relu", {"negative_slope": 0.01}, [-0.05, -0.01, 0.0, 1.0, 5.0]),
        (
            "tanh",
            {},
            [-0.9999092042625951, -0.7615941559557649, 0.0, 0.7615941559557649, 0.9999092042625951],
        ),
        (
            "swish",
            {},
            [-0.03346425462142428, -0.2689414213699951, 0.0, 0.7310585786300049, 4.966535745378576],
        ),
        ("elu", {}, [-0.9932620530009145, -0.6321205588285577, 0.0, 1.0, 5.0]),
        (
            "softplus",
            {},
            [
                0.006715348489118068,
                0.31326168751822286,
                0.6931471805599453,
                1.3132616875182228,
                5.006715348489118,
            ],
        ),
    ],
)
def test_activations_have_their_known_values(name, settings, values, xp):
    got = getattr(ops, name)(xp.asarray(np.array([-5.0, -1.0, 0.0, 1.0, 5.0])), **settings)
    np.testing.assert_allclose(to_cpu(got), values, rtol=1e-13, atol=1e-15)


def test_losses_have_their_known_values(xp):
    """Mean squared error, binary and categorical cross-entropy of probabilities, which are reached through their logits."""
    truth, p = xp.asarray(np.array([1.0, 0, 1, 0])), np.array([0.9, 0.2, 0.8, 0.3])
    assert float(ops.mean_squared_error(xp.asarray(p), truth)) == pytest.approx(0.045, rel=1e-12)
    logits = xp.asarray(np.log(p / (1 - p)))
    assert float(ops.binary_cross_entropy(logits, truth)) == pytest.approx(
        0.22708064055624455, rel=1e-12
    )
    rows = xp.asarray(np.log([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.3, 0.5]]))
    assert float(ops.cross_entropy(rows, xp.asarray(np.eye(3)))) == pytest.approx(
        0.4243218919376292, rel=1e-12
    )
    assert float(ops.sparse_cross_entropy(rows, xp.asarray(np.arange(3)))) == pytest.approx(
        0.4243218919376292, rel=1e-12
    )


# ---- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "equal", "less"],
)
def test_shapes_that_do_not_broadcast(name, xp):
    with fails(ValueError, name, r"\[2, 3\]", r"\[4\]"):
        getattr(ops, name)(leaf(xp, np.ones((2, 3))), leaf(xp, np.ones(4)))


ERRORS = [
    ("matmul", lambda x: ops.matmul(x, x), ValueError, ["matmul", r"\[2, 3\]"]),
    ("matmul of a scalar", lambda x: x @ 2.0, ValueError, ["matmul", r"\(2, 3\)", r"\*"]),
    ("matmul of a 0-d array", lambda x: ops.matmul(x.sum(), x), ValueError, ["matmul", r"\(\)"]),
    ("linear", lambda x: ops.linear(x, x, x[0]), ValueError, ["linear", r"\[2, 3\]"]),
    (
        "concatenate",
        lambda x: ops.concatenate([x, x[0]]),
        ValueError,
        ["concatenate", r"\[2, 3\]", r"\[3\]"],
    ),
    ("concatenate nothing", lambda x: ops.concatenate([]), ValueError, ["concatenate"]),
    ("stack nothing", lambda x: ops.stack([]), ValueError, ["stack"]),
    ("reshape", lambda x: x.reshape(4, 2), ValueError, ["reshape", r"\[2, 3\]"]),
    (
        "broadcast_to",
        lambda x: ops.broadcast_to(x, shape=(2, 4)),
        ValueError,
        ["broadcast_to", r"\[2, 3\]"],
    ),
    ("squeeze", lambda x: ops.squeeze(x, axis=1), ValueError, ["squeeze", "1", r"\(2, 3\)"]),
    ("split", lambda x: ops.split(x, sections=2, axis=1), ValueError, ["split", "3", "2"]),
    ("split into none", lambda x: ops.split(x, sections=0), ValueError, ["split"]),
    ("pad", lambda x: ops.pad(x, width=((1, 1),)), ValueError, ["pad", "2"]),
    ("top_k too many", lambda x: ops.top_k(x, k=4), ValueError, ["top_k", "4", "3"]),
    ("top_k of none", lambda x: ops.top_k(x, k=0), ValueError, ["top_k"]),
    (
        "take_along_axis",
        lambda x: ops.take_along_axis(x, x.argmax(1)),
        ValueError,
        ["take_along_axis", r"\(2,\)", r"\(2, 3\)"],
    ),
    (
        "einsum, rank",
        lambda x: ops.einsum("ijk,jk->i", x, x),
        ValueError,
        ["einsum", "ijk", r"\(2, 3\)"],
    ),
    (
        "einsum, length",
        lambda x: ops.einsum("ij,jk->ik", x, x),
        ValueError,
        ["einsum", "3", "2", r"\(2, 3\)"],
    ),
    (
        "einsum, ellipsis",
        lambda x: ops.einsum("...,...", x, x.reshape(3, 2)),
        ValueError,
        ["einsum", r"\(3, 2\)"],
    ),
    ("einsum, diagonal", lambda x: ops.einsum("ii", x), ValueError, ["einsum", r"\(2, 3\)"]),
    ("einsum, count", lambda x: ops.einsum("ij,jk", x), ValueError, ["einsum", "2", "1"]),
    ("too many indices", lambda x: x[0, 0, 0], IndexError, ["getitem", r"\[2, 3\]"]),
    ("integer index", lambda x: x[2], IndexError, ["getitem", "2"]),
    ("max of nothing", lambda x: x[:0].max(), ValueError, ["max", r"\[0, 3\]"]),
    (
        "(N, 1) against (N,)",
        lambda x: ops.mean_squared_error(x[:, :1], x[:, 0]),
        ValueError,
        ["mean_squared_error", r"\(2, 1\)", r"\(2,\)"],
    ),
    (
        "cross_entropy, shapes",
        lambda x: ops.cross_entropy(x, x[0]),
        ValueError,
        ["cross_entropy", r"\(3,\)", r"\(2, 3\)"],
    ),
    (
        "binary, shapes",
        lambda x: ops.binary_cross_entropy(x, x[:, :1]),
        ValueError,
        ["binary_cross_entropy", r"\(2, 1\)", r"\(2, 3\)"],
    ),
]


@pytest.mark.parametrize("call, error, words", [e[1:] for e in ERRORS], ids=[e[0] for e in ERRORS])
def test_bad_calls(call, error, words, xp):
    with fails(error, *words):
        call(leaf(xp, np.ones((2, 3))))


def test_recorded_kernels_refuse_what_their_definitions_refuse(xp):
    for op in (ops.mean_squared_error, ops.binary_cross_entropy, ops.cross_entropy):
        for kernels in (True, False):
            with minigrad.use_kernels(kernels), fails(ValueError, op.name, r"\(3, 1\)", r"\(3,\)"):
                op(leaf(xp, np.ones((3, 1))), leaf(xp, np.ones(3)))


REDUCTIONS = [
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "var",
    "std",
    "any",
    "all",
    "argmax",
    "argmin",
    "logsumexp",
]
ALONG = ["cumsum", "flip", "expand_dims", "squeeze", "sort", "argsort", "softmax", "log_softmax"]
AXES = {
    **dict.fromkeys(REDUCTIONS + ALONG, {}),
    "roll": {"shift": 1},
    "repeat": {"repeats": 2},
    "split": {"sections": 1},
    "top_k": {"k": 1},
}


@pytest.mark.parametrize("axis", [3, -4])
@pytest.mark.parametrize("name", sorted(AXES))
def test_an_axis_that_is_not_there(name, axis, xp):
    with pytest.raises((ValueError, IndexError), match="axis"):
        getattr(ops, name)(leaf(xp, np.ones((2, 2))), axis=axis, **AXES[name])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: ops.take(x, np.array([0]), axis=2),
        lambda x: ops.moveaxis(x, source=0, destination=2),
        lambda x: ops.swapaxes(x, axis1=0, axis2=2),
        lambda x: ops.concatenate([x, x], axis=2),
        lambda x: ops.stack([x, x], axis=3),
        lambda x: ops.transpose(x, axes=(0, 2)),
    ],
)
def test_an_axis_that_is_not_there_elsewhere(call):
    with pytest.raises((ValueError, IndexError), match="axis|axes"):
        call(leaf(np, np.ones((2, 2))))


@pytest.mark.parametrize(
    "labels, error, words",
    [
        ([0, 3], IndexError, ["3", "0..2"]),
        ([-1, 0], IndexError, ["-1", "0..2"]),
        ([0.0, 1.0], TypeError, ["integers", "float"]),
        ([0, 1, 2], ValueError, [r"\(3,\)", r"\(2, 3\)"]),
        ([[0], [1]], ValueError, [r"\(2, 1\)", r"\(2,\)"]),
    ],
)
@pytest.mark.parametrize("kernels", [True, False])
def test_labels(kernels, labels, error, words, xp):
    with minigrad.use_kernels(kernels), fails(error, *words):
        ops.sparse_cross_entropy(leaf(xp, np.ones((2, 3))), xp.asarray(np.array(labels)))


@pytest.mark.parametrize("labels", [[0, 3], [-1]])
def test_one_hot_labels(labels, xp):
    with fails(IndexError, "0..2"):
        ops.one_hot(xp.asarray(np.array(labels)), classes=3)


OUTSIDE = [
    ([4],),
    ([-5],),
    (slice(None), [3]),
    (slice(None), [-4]),
    (..., [3]),
    (None, [4]),
    (1, [3]),
    ([0, 1], [0, 3]),
    ([True, False, False, True], 3),
]


@pytest.mark.parametrize("index", OUTSIDE, ids=str)
@pytest.mark.parametrize("as_list", [False, True], ids=["array", "list"])
def test_indices_outside_raise_on_every_device(index, as_list, xp):
    """A GPU wraps them around in silence, and so does the strict device."""
    index = tuple(
        i if as_list or not isinstance(i, list) else xp.asarray(np.array(i)) for i in index
    )
    with pytest.raises(IndexError):
        leaf(xp, np.ones((4, 3)))[index]
    with pytest.raises(IndexError):
        ops.put(leaf(xp, np.ones(())), index=index, shape=(4, 3))


@pytest.mark.parametrize(
    "call",
    [
        lambda x, i: ops.take(x, i),
        lambda x, i: ops.take(x, i, axis=-1),
        lambda x, i: ops.take_along_axis(x, i[None]),
    ],
)
def test_gathers_outside_raise_on_every_device(call, xp):
    for wrong in (3, -4):
        with fails(IndexError, "getitem", str(wrong)):
            call(leaf(xp, np.ones((3, 3))), xp.asarray(np.array([0, wrong])))


# ---- operators and methods -----------------------------------------------------------------------------------------


def test_operators_and_methods_are_numpys(xp):
    a, b = (
        np.array([[1.5, -2.0, 0.5], [3.0, 0.25, -1.0]], "float32"),
        np.array([2.0, 0.5, 4.0], "float32"),
    )
    x, y = Tensor(xp.asarray(a)), Tensor(xp.asarray(b))
    ones = xp.asarray(np.array([1, 1]))
    pairs = [
        (x + y, a + b),
        (x - y, a - b),
        (x * y, a * b),
        (x / y, a / b),
        (y**x, b**a),
        (x @ y, a @ b),
        (-x, -a),
        (abs(x), abs(a)),
        (2 + x, 2 + a),
        (2 - x, 2 - a),
        (2 * x, 2 * a),
        (2 / y, 2 / b),
        (2**x, 2**a),
        (x == y, a == b),
        (x != y, a != b),
        (x < y, a < b),
        (x <= y, a <= b),
        (x > y, a > b),
        (x >= y, a >= b),
        (~(x > 0), ~(a > 0)),
        (x.T, a.T),
        (x[0, 1:], a[0, 1:]),
        ((x > 0) & (x < 2), (a > 0) & (a < 2)),
        ((x > 2) | (x < 0), (a > 2) | (a < 0)),
        (x.sum(), a.sum()),
        (x.sum(0), a.sum(0)),
        (x.mean(1, keepdims=True), a.mean(1, keepdims=True)),
        (x.std(1), a.std(1)),
        (x.var(0, ddof=1), a.var(0, ddof=1)),
        (x.max(-1), a.max(-1)),
        (x.min(), a.min()),
        (x.prod(0), a.prod(0)),
        (x.argmax(), a.argmax()),
        (x.argmin(1), a.argmin(1)),
        (x.cumsum(1), a.cumsum(1)),
        (x.cumsum(), a.cumsum()),
        (x.reshape(3, 2), a.reshape(3, 2)),
        (x.reshape((6,)), a.reshape(6)),
        (x.transpose(1, 0), a.T),
        (x.transpose((1, 0)), a.T),
        (x.swapaxes(0, 1), a.T),
        (x[None].squeeze(0), a),
        (x.ravel(), a.ravel()),
        (x.flatten(), a.ravel()),
        (x.clip(-1, 1), a.clip(-1, 1)),
        (x.round(), a.round()),
        (x.repeat(2, 0), a.repeat(2, 0)),
        (x.take(ones, 1), a.take([1, 1], 1)),
        (x.any(), a.any()),
        ((x > 0).all(1), (a > 0).all(1)),
        (x.argsort(), a.argsort()),
        (x.sort(0), np.sort(a, 0)),
        (x.dot(y), a.dot(b)),
        (x.astype("int32"), a.astype("int32")),
    ]
    for i, (got, expected) in enumerate(pairs):
        assert (
            isinstance(got, Tensor)
            and got.shape == np.shape(expected)
            and got.dtype == expected.dtype
        ), i
        np.testing.assert_allclose(to_cpu(got.data), expected, rtol=1e-6, err_msg=str(i))


def test_arrays_leave_operators_to_the_tensor(xp):
    a = xp.asarray(np.ones((2, 3), "float32"))
    x = leaf(xp, np.full((2, 3), 2))
    for y in (a + x, a - x, a * x, a / x, a**x, a @ x.T, a < x):
        assert isinstance(y, Tensor)
