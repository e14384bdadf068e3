"""The same values, gradients and optimizer paths as PyTorch, over shapes and values that hypothesis draws."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import HealthCheck, given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

import minigrad as mg  # noqa: E402
from minigrad import Tensor, grad, ops  # noqa: E402
from minigrad import losses as mg_losses  # noqa: E402
from minigrad.optimizers import base as optimizers  # noqa: E402

F = torch.nn.functional
pytestmark = pytest.mark.parity
torch.set_num_threads(1)
drawn = settings(
    derandomize=True,
    deadline=None,
    max_examples=15,
    database=None,
    suppress_health_check=list(HealthCheck),
)

seeds = st.integers(0, 2**32 - 1)


def shapes(least=0, most=3, smallest=1, longest=4):
    """Shapes of `least` to `most` axes."""
    return st.lists(st.integers(smallest, longest), min_size=least, max_size=most).map(tuple)


def normal(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape) * 1.5


def compare(ours, theirs, *arrays, rtol=1e-9, atol=1e-11):
    """Both functions on the same float64 inputs: equal values, and equal gradients for one random cotangent."""
    xs = [
        Tensor(a, requires_grad=True, dtype="float64") if a.dtype.kind == "f" else Tensor(a)
        for a in arrays
    ]
    ts = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    ys, us = ours(*xs), theirs(*ts)
    ys, us = (list(v) if isinstance(v, (list, tuple)) else [v] for v in (ys, us))
    assert len(ys) == len(us)
    for y, u in zip(ys, us, strict=True):
        values = np.asarray(getattr(y, "data", y))
        assert values.shape == tuple(u.shape)
        np.testing.assert_allclose(values, u.detach().numpy(), rtol=rtol, atol=atol)
    floating = [(y, u) for y, u in zip(ys, us, strict=True) if u.requires_grad]
    assert all(y.requires_grad for y, _ in floating)
    if not floating:
        return
    leaves = [(x, t) for x, t in zip(xs, ts, strict=True) if t.requires_grad]
    seed = [np.random.default_rng(11 + i).normal(size=y.shape) for i, (y, _) in enumerate(floating)]
    total = sum(
        (ops.sum(y * s) for (y, _), s in zip(floating, seed, strict=True)),
        start=Tensor(0.0, dtype="float64"),
    )
    torch_total = sum((u * torch.tensor(s)).sum() for (_, u), s in zip(floating, seed, strict=True))
    got = grad(total, [x for x, _ in leaves], unused="zeros")
    wanted = torch.autograd.grad(torch_total, [t for _, t in leaves], allow_unused=True)
    for (x, _), g, w in zip(leaves, got, wanted, strict=True):
        assert g.dtype == np.float64 and g.shape == x.shape
        np.testing.assert_allclose(
            g.data, np.zeros(x.shape) if w is None else w.numpy(), rtol=rtol, atol=atol
        )


# ---- one argument --------------------------------------------------------------------------------------------------


def positive(a):
    return abs(a) + 0.05


def unit(a):
    return np.tanh(a) * 0.97


UNARY = {
    "exp": (torch.exp, None),
    "expm1": (torch.expm1, None),
    "log": (torch.log, positive),
    "log1p": (torch.log1p, positive),
    "sin": (torch.sin, None),
    "cos": (torch.cos, None),
    "tan": (torch.tan, unit),
    "arcsin": (torch.arcsin, unit),
    "arccos": (torch.arccos, unit),
    "arctan": (torch.arctan, None),
    "sinh": (torch.sinh, None),
    "cosh": (torch.cosh, None),
    "tanh": (torch.tanh, None),
    "erf": (torch.erf, None),
    "sqrt": (torch.sqrt, positive),
    "square": (torch.square, None),
    "reciprocal": (torch.reciprocal, positive),
    "absolute": (torch.abs, None),
    "negative": (torch.neg, None),
    "sigmoid": (torch.sigmoid, None),
    "log_sigmoid": (F.logsigmoid, None),
    "softplus": (lambda x: F.softplus(x, threshold=100), None),
    "relu": (F.relu, None),
    "leaky_relu": (lambda x: F.leaky_relu(x, 0.2), None),
    "elu": (F.elu, None),
    "selu": (F.selu, None),
    "gelu": (F.gelu, None),
    "silu": (F.silu, None),
    "swish": (F.silu, None),
    "mish": (F.mish, None),
    "softsign": (F.softsign, None),
    "relu6": (F.relu6, lambda a: a * 5),
    "hard_tanh": (F.hardtanh, None),
    "hard_sigmoid": (
        lambda x: F.relu6(x + 3) / 6,
        lambda a: a * 3,
    ),  # PyTorch's own has a slope of 1/6 in float32
    "hard_silu": (F.hardswish, lambda a: a * 3),
    "hard_swish": (F.hardswish, lambda a: a * 3),
    "sign": (torch.sign, None),
    "floor": (torch.floor, lambda a: a * 4),
    "ceil": (torch.ceil, lambda a: a * 4),
    "rint": (torch.round, lambda a: a * 4),
    "isnan": (torch.isnan, None),
    "isfinite": (torch.isfinite, None),
}
UNARY_SETTINGS = {
    "leaky_relu": ({"negative_slope": 0.01}, lambda x: F.leaky_relu(x, 0.01)),
    "elu": ({"alpha": 0.7}, lambda x: F.elu(x, 0.7)),
    "gelu": ({"approximate": True}, lambda x: F.gelu(x, approximate="tanh")),
    "clip": ({"min": -0.5, "max": 0.8}, lambda x: torch.clamp(x, -0.5, 0.8)),
    "flip": ({"axis": None}, lambda x: torch.flip(x, tuple(range(x.ndim)))),
}
CONSTANT = {"sign", "floor", "ceil", "rint", "isnan", "isfinite"}


@pytest.mark.parametrize("name", UNARY)
def test_elementwise(name):
    theirs, domain = UNARY[name]

    @drawn
    @given(shapes(smallest=0), seeds)
    def check(shape, seed):
        x = normal(seed, *shape)
        compare(
            getattr(ops, name),
            (lambda t: theirs(t).detach()) if name in CONSTANT else theirs,
            domain(x) if domain else x,
        )

    check()


@pytest.mark.parametrize("name", UNARY_SETTINGS)
def test_elementwise_with_settings(name):
    options, theirs = UNARY_SETTINGS[name]

    @drawn
    @given(shapes(), seeds)
    def check(shape, seed):
        compare(lambda x: getattr(ops, name)(x, **options), theirs, normal(seed, *shape))

    check()


@pytest.mark.parametrize(
    "name, theirs",
    [
        ("sigmoid", torch.sigmoid),
        ("log_sigmoid", F.logsigmoid),
        ("tanh", torch.tanh),
        ("silu", F.silu),
        ("gelu", F.gelu),
        ("softsign", F.softsign),
    ],
)
def test_activations_far_out(name, theirs):
    compare(
        getattr(ops, name), theirs, np.array([-1000.0, -100.0, -30.0, 0.0, 30.0, 100.0, 1000.0])
    )


# ---- two arguments -------------------------------------------------------------------------------------------------


@st.composite
def broadcastable(draw, count=2):
    """Shapes that broadcast together."""
    whole = draw(shapes(most=3))
    picked = []
    for _ in range(count):
        start = draw(st.integers(0, len(whole)))
        picked.append(tuple(draw(st.sampled_from([n, 1])) for n in whole[start:]))
    return picked


BINARY = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "power": torch.pow,
}
COMPARE = {
    "equal": torch.eq,
    "not_equal": torch.ne,
    "less": torch.lt,
    "less_equal": torch.le,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
}


@pytest.mark.parametrize("name", BINARY)
def test_arithmetic_with_broadcasting(name):
    @drawn
    @given(broadcastable(), seeds)
    def check(pair, seed):
        a, b = normal(seed, *pair[0]), normal(seed + 1, *pair[1])
        if name == "power":
            a = positive(a)
        if name == "divide":
            b = np.copysign(positive(b), b)
        compare(getattr(ops, name), BINARY[name], a, b)

    check()


@pytest.mark.parametrize("exponent", [2, 3, -1, 0.5, 0, 1])
def test_power_of_a_number(exponent):
    compare(lambda x: x**exponent, lambda t: t**exponent, positive(normal(0, 3, 4)))
    if exponent in (0, 1, 2, 3):
        compare(lambda x: x**exponent, lambda t: t**exponent, np.array([-1.5, 0.0, 2.0]))
    compare(lambda x: 2.5**x, lambda t: 2.5**t, normal(0, 3, 4))


@pytest.mark.parametrize("name", COMPARE)
def test_comparisons(name):
    @drawn
    @given(broadcastable(), seeds)
    def check(pair, seed):
        a, b = (
            np.random.default_rng(seed + i).integers(0, 3, size=shape)
            for i, shape in enumerate(pair)
        )
        compare(getattr(ops, name), COMPARE[name], a, b)

    check()


@drawn
@given(broadcastable(3), seeds)
def test_where(trio, seed):
    condition = np.asarray(np.random.default_rng(seed).random(trio[0]) < 0.5)
    compare(ops.where, torch.where, condition, normal(seed, *trio[1]), normal(seed + 1, *trio[2]))


# ---- reductions ----------------------------------------------------------------------------------------------------


@st.composite
def reductions(draw, tuples=True, least=1):
    """(shape, axis, keepdims)"""
    shape = draw(shapes(least=least))
    single = st.integers(-len(shape), len(shape) - 1)
    several = st.lists(st.integers(0, len(shape) - 1), min_size=1, unique=True).map(tuple)
    return shape, draw(st.one_of(single, several) if tuples else single), draw(st.booleans())


REDUCE = {
    "sum": torch.sum,
    "mean": torch.mean,
    "max": torch.amax,
    "min": torch.amin,
    "logsumexp": torch.logsumexp,
}


@pytest.mark.parametrize("name", REDUCE)
def test_reductions(name):
    @drawn
    @given(reductions(), seeds)
    def check(how, seed):
        shape, axis, keepdims = how
        compare(
            lambda x: getattr(ops, name)(x, axis=axis, keepdims=keepdims),
            lambda t: REDUCE[name](t, dim=axis, keepdim=keepdims),
            normal(seed, *shape),
        )

    check()


@pytest.mark.parametrize(
    "name, theirs",
    [
        ("sum", torch.sum),
        ("mean", torch.mean),
        ("prod", torch.prod),
        ("max", torch.max),
        ("min", torch.min),
    ],
)
def test_reductions_of_everything(name, theirs):
    @drawn
    @given(shapes(), seeds)
    def check(shape, seed):
        compare(getattr(ops, name), theirs, normal(seed, *shape))

    check()


@pytest.mark.parametrize("name, theirs", [("var", torch.var), ("std", torch.std)])
def test_spread(name, theirs):
    @drawn
    @given(reductions(), st.integers(0, 1), seeds)
    def check(how, ddof, seed):
        shape, axis, keepdims = how
        shape = tuple(n + 1 for n in shape)
        compare(
            lambda x: getattr(ops, name)(x, axis=axis, keepdims=keepdims, ddof=ddof),
            lambda t: theirs(t, dim=axis, keepdim=keepdims, correction=ddof),
            normal(seed, *shape),
            rtol=1e-8,
        )

    check()


@drawn
@given(reductions(tuples=False), st.integers(0, 3), seeds)
def test_prod_with_zeros(how, zeros, seed):
    shape, axis, keepdims = how
    x = normal(seed, *shape)
    x.flat[np.random.default_rng(seed).integers(0, x.size, zeros)] = 0
    compare(
        lambda x: ops.prod(x, axis=axis, keepdims=keepdims),
        lambda t: torch.prod(t, dim=axis, keepdim=keepdims),
        x,
    )


@drawn
@given(reductions(tuples=False), seeds)
def test_along_one_axis(how, seed):
    shape, axis, _ = how
    x = normal(seed, *shape)
    compare(lambda x: ops.cumsum(x, axis=axis), lambda t: torch.cumsum(t, axis), x)
    compare(lambda x: ops.softmax(x, axis=axis), lambda t: torch.softmax(t, axis), x)
    compare(lambda x: ops.log_softmax(x, axis=axis), lambda t: torch.log_softmax(t, axis), x)
    compare(lambda x: ops.argmax(x, axis=axis), lambda t: torch.argmax(t, axis), x)
    compare(lambda x: ops.argmin(x, axis=axis), lambda t: torch.argmin(t, axis), x)
    compare(lambda x: ops.any(x > 0, axis=axis), lambda t: torch.any(t > 0, axis), x)
    compare(lambda x: ops.all(x > 0, axis=axis), lambda t: torch.all(t > 0, axis), x)


def test_softmax_family_at_extremes():
    x = np.array([[1000.0, 0.0, -1000.0], [-1000.0, -1000.0, -1000.0], [700.0, 700.0, 0.0]])
    compare(ops.softmax, lambda t: torch.softmax(t, -1), x)
    compare(ops.log_softmax, lambda t: torch.log_softmax(t, -1), x)
    compare(ops.logsumexp, lambda t: torch.logsumexp(t, -1), x)


# ---- shapes --------------------------------------------------------------------------------------------------------


@drawn
@given(shapes(least=2), st.randoms(use_true_random=False), seeds)
def test_moving_axes(shape, random, seed):
    x, n = normal(seed, *shape), len(shape)
    order = list(range(n))
    random.shuffle(order)
    a, b = random.randrange(-n, n), random.randrange(n)
    compare(lambda x: ops.transpose(x, axes=tuple(order)), lambda t: t.permute(order), x)
    compare(ops.transpose, lambda t: t.permute(list(range(n))[::-1]), x)
    compare(lambda x: ops.swapaxes(x, axis1=a, axis2=b), lambda t: t.swapaxes(a, b), x)
    compare(lambda x: ops.moveaxis(x, source=a, destination=b), lambda t: t.movedim(a, b), x)
    compare(lambda x: ops.flip(x, axis=b), lambda t: t.flip(b), x)
    compare(lambda x: ops.roll(x, shift=a, axis=b), lambda t: t.roll(a, b), x)
    compare(lambda x: ops.roll(x, shift=a), lambda t: t.roll(a), x)
    compare(lambda x: ops.tril(x, k=a), lambda t: t.tril(a), x)
    compare(lambda x: ops.triu(x, k=a), lambda t: t.triu(a), x)


@drawn
@given(shapes(least=1), st.randoms(use_true_random=False), seeds)
def test_reshaping(shape, random, seed):
    x, n = normal(seed, *shape), len(shape)
    axis = random.randrange(-n, n)
    times = [random.randint(1, 3) for _ in shape]
    width = [(random.randint(0, 2), random.randint(0, 2)) for _ in shape]
    flat_width = [w for pair in reversed(width) for w in pair]
    compare(lambda x: ops.reshape(x, shape=(-1, 1)), lambda t: t.reshape(-1, 1), x)
    compare(ops.flatten, torch.ravel, x)
    compare(lambda x: ops.expand_dims(x, axis=axis), lambda t: t.unsqueeze(axis), x)
    compare(ops.squeeze, torch.squeeze, x)
    compare(
        lambda x: ops.repeat(x, repeats=times[0], axis=axis),
        lambda t: t.repeat_interleave(times[0], axis),
        x,
    )
    compare(lambda x: ops.tile(x, reps=(2, *times)), lambda t: t.tile((2, *times)), x)
    compare(lambda x: ops.broadcast_to(x, shape=(2, *shape)), lambda t: t.expand(2, *shape), x)
    compare(
        lambda x: ops.pad(x, width=width, value=1.5), lambda t: F.pad(t, flat_width, value=1.5), x
    )
    compare(lambda x: ops.split(x, sections=[1], axis=axis), lambda t: t.tensor_split([1], axis), x)
    compare(lambda x: ops.split(x, sections=shape[axis], axis=axis), lambda t: t.split(1, axis), x)


@drawn
@given(shapes(least=1), st.integers(1, 3), st.randoms(use_true_random=False), seeds)
def test_joining(shape, count, random, seed):
    axis = random.randrange(-len(shape), len(shape))
    same = [normal(seed + i, *shape) for i in range(count)]
    other = [
        normal(seed + i, *(n + i if k == axis % len(shape) else n for k, n in enumerate(shape)))
        for i in range(count)
    ]
    compare(lambda *xs: ops.stack(xs, axis=axis), lambda *ts: torch.stack(ts, axis), *same)
    compare(lambda *xs: ops.concatenate(xs, axis=axis), lambda *ts: torch.cat(ts, axis), *other)


# ---- indexing ------------------------------------------------------------------------------------------------------


@st.composite
def indexes(draw):
    """(shape, index), the index made of integers, slices, None, ... and arrays of integers or booleans."""
    shape = draw(shapes(least=1, most=3))
    random = draw(st.randoms(use_true_random=False))
    kind = draw(st.sampled_from(["basic", "arrays", "mask", "mixed"]))
    if kind == "mask":
        return shape, np.array([random.random() < 0.5 for _ in range(math.prod(shape))]).reshape(
            shape
        )
    index = []
    common = random.randint(1, 5)
    for n in shape[: random.randint(1, len(shape))]:
        if kind == "arrays" or kind == "mixed" and random.random() < 0.5:
            index.append(np.array([random.randrange(-n, n) for _ in range(common)]))
        else:
            number = (
                [random.randrange(-n, n)] if kind == "basic" else []
            )  # PyTorch places it otherwise among arrays
            index.append(
                random.choice(
                    [*number, slice(random.randint(0, n), None), slice(None), slice(None, None, 2)]
                )
            )
    if kind == "basic":
        index.insert(random.randint(0, len(index)), random.choice([None, ...]))
    return shape, tuple(index)


def torch_index(index):
    if isinstance(index, tuple):
        return tuple(map(torch_index, index))
    return torch.tensor(index) if isinstance(index, np.ndarray) else index


@settings(drawn, max_examples=60)
@given(indexes(), seeds)
def test_getitem(how, seed):
    shape, index = how
    compare(lambda x: x[index], lambda t: t[torch_index(index)], normal(seed, *shape))


@drawn
@given(
    st.integers(1, 5),
    st.lists(st.integers(0, 100), min_size=1, max_size=8),
    st.integers(1, 3),
    seeds,
)
def test_put_adds_where_indices_repeat(rows, places, columns, seed):
    index = np.array([p % rows for p in places])
    compare(
        lambda x: ops.put(x, index=index, shape=(rows, columns)),
        lambda t: torch.zeros(rows, columns, dtype=t.dtype).index_add(0, torch.tensor(index), t),
        normal(seed, len(index), columns),
    )


@drawn
@given(reductions(tuples=False), st.integers(1, 5), seeds)
def test_take_and_gather(how, count, seed):
    shape, axis, _ = how
    rng, x = np.random.default_rng(seed), normal(seed, *shape)
    chosen = rng.integers(0, shape[axis], count)
    compare(
        lambda x: ops.take(x, chosen, axis=axis),
        lambda t: t.index_select(axis, torch.tensor(chosen)),
        x,
    )
    each = rng.integers(
        0, shape[axis], tuple(count if i == axis % len(shape) else n for i, n in enumerate(shape))
    )
    compare(
        lambda x: ops.take_along_axis(x, each, axis=axis),
        lambda t: torch.gather(t, axis, torch.tensor(each)),
        x,
    )


@drawn
@given(reductions(tuples=False), st.booleans(), seeds)
def test_sorting(how, descending, seed):
    shape, axis, _ = how
    x = normal(seed, *shape)
    k = 1 + seed % shape[axis]
    compare(
        lambda x: ops.sort(x, axis=axis, descending=descending),
        lambda t: torch.sort(t, axis, descending).values,
        x,
    )
    compare(
        lambda x: ops.argsort(x, axis=axis, descending=descending),
        lambda t: torch.argsort(t, axis, descending),
        x,
    )
    compare(lambda x: ops.top_k(x, k=k, axis=axis), lambda t: tuple(torch.topk(t, k, axis)), x)


@drawn
@given(shapes(most=2), st.integers(1, 5), seeds)
def test_one_hot(shape, classes, seed):
    labels = np.asarray(np.random.default_rng(seed).integers(0, classes, shape))
    compare(lambda x: ops.one_hot(x, classes=classes), lambda t: F.one_hot(t, classes), labels)


# ---- products ------------------------------------------------------------------------------------------------------


@st.composite
def products(draw):
    """Shapes that @ multiplies: vectors, matrices and stacks of them that broadcast."""
    n, m, k = (draw(st.integers(1, 4)) for _ in range(3))
    first, second = draw(broadcastable())
    left, right = (*first, n, k), (*second, k, m)
    return draw(st.sampled_from([((k,), (k,)), (left, (k,)), ((k,), right), (left, right)]))


@settings(drawn, max_examples=40)
@given(products(), seeds)
def test_matmul(pair, seed):
    compare(ops.matmul, torch.matmul, normal(seed, *pair[0]), normal(seed + 1, *pair[1]))


@drawn
@given(shapes(most=2), st.integers(1, 4), st.integers(1, 4), seeds)
def test_linear_dot_and_outer(lead, inside, outside, seed):
    w = normal(seed + 1, inside, outside)
    compare(
        ops.linear,
        lambda x, w, b: F.linear(x, w.T, b),
        normal(seed, *lead, inside),
        w,
        normal(seed + 2, outside),
    )
    compare(ops.dot, torch.matmul, normal(seed, 3, inside), w)
    compare(ops.outer, torch.outer, normal(seed, inside), normal(seed, outside))


EINSUMS = [
    "ij,jk->ik",
    "bij,bjk->bik",
    "i,j->ij",
    "ij->ji",
    "ij->",
    "ii->i",
    "ii->",
    "ij,ij->",
    "bhqd,bhkd->bhqk",
    "ij,jk,kl->il",
    "...ij,...jk->...ik",
    "ij,k->i",
    "ijk,jil->kl",
    "i,i",
    "ij,jk",
    "bi,bi->b",
    "iij->ij",
    "ij,ij->j",
]


@pytest.mark.parametrize("subscripts", EINSUMS)
def test_einsum(subscripts):
    @settings(drawn, max_examples=6)
    @given(st.lists(st.integers(1, 3), min_size=26, max_size=26), seeds)
    def check(lengths, seed):
        length = dict(zip("abcdefghijklmnopqrstuvwxyz", lengths, strict=True))
        terms = subscripts.partition("->")[0].replace("...", "xy").split(",")
        arrays = [normal(seed + i, *(length[c] for c in term)) for i, term in enumerate(terms)]
        compare(
            lambda *xs: ops.einsum(subscripts, *xs),
            lambda *ts: torch.einsum(subscripts, *ts),
            *arrays,
        )

    check()


@drawn
@given(shapes(most=2), shapes(least=1, most=2, smallest=2), seeds)
def test_layer_norm(lead, last, seed):
    compare(
        lambda x, gamma, beta: ops.layer_norm(x, gamma, beta, epsilon=1e-3),
        lambda x, gamma, beta: F.layer_norm(x, last, gamma, beta, 1e-3),
        normal(seed, *lead, *last),
        normal(seed + 1, *last),
        normal(seed + 2, *last),
        rtol=1e-7,
        atol=1e-9,
    )


# ---- pooling and normalisation --------------------------------------------------------------------------------------


def first(x):
    """(N, H, W, C) as PyTorch has it, (N, C, H, W), for a tensor of any number of axes."""
    return x.movedim(-1, 1)


@st.composite
def windows(draw):
    """The shape of images, and window sizes, strides and paddings (at most half a window: PyTorch takes no more)."""
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = tuple(draw(st.integers(0, k // 2)) for k in size)
    height, width = (
        draw(st.integers(max(1, k - 2 * p), 9)) for k, p in zip(size, padding, strict=True)
    )
    return (
        (draw(st.integers(1, 3)), height, width, draw(st.integers(1, 4))),
        size,
        draw(st.tuples(*[st.integers(1, 4)] * 2)),
        padding,
    )


@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
def test_pooling(name):
    @settings(drawn, max_examples=60)
    @given(windows(), seeds, st.booleans())
    def check(window, seed, ties):
        shape, size, strides, padding = window
        theirs = {
            "max_pool": lambda t: F.max_pool2d(first(t), size, strides, padding),
            "avg_pool": lambda t: F.avg_pool2d(
                first(t), size, strides, padding, count_include_pad=False
            ),
        }[name]
        x = normal(seed, *shape)
        compare(
            lambda x: getattr(ops, name)(x, size=size, strides=strides, padding=padding),
            lambda t: theirs(t).movedim(1, -1),
            x.round() if ties else x,
        )

    check()


@drawn
@given(st.integers(2, 4), shapes(least=1, most=2), st.integers(1, 5), seeds)
def test_batch_norm(rows, middle, channels, seed):
    compare(
        lambda x, g, b: ops.batch_norm(x, g, b, epsilon=1e-3),
        lambda x, g, b: F.batch_norm(first(x), None, None, g, b, training=True, eps=1e-3).movedim(
            1, -1
        ),
        normal(seed, rows, *middle, channels),
        normal(seed + 1, channels),
        normal(seed + 2, channels),
        rtol=1e-7,
        atol=1e-9,
    )


@drawn
@given(st.integers(1, 5), st.floats(0.01, 0.99), seeds)
def test_batch_normalization_layer(channels, momentum, seed):
    """Training steps and then inference. PyTorch's running variance is n / (n - 1) times the biased one that Keras keeps."""
    with mg.default_dtype("float64"):
        ours = mg.layers.BatchNormalization(momentum=momentum)
        theirs = torch.nn.BatchNorm2d(
            channels, eps=1e-3, momentum=1 - momentum, dtype=torch.float64
        )
        n = 3 * 2 * 4
        wanted = np.ones(channels)
        for step in range(3):
            x = normal(seed + step, 3, 2, 4, channels)
            y, u = ours(x, training=True), theirs(first(torch.tensor(x)))
            np.testing.assert_allclose(
                y.data, u.detach().movedim(1, -1).numpy(), rtol=1e-7, atol=1e-9
            )
            wanted = wanted * momentum + x.var((0, 1, 2)) * (1 - momentum)
        np.testing.assert_allclose(
            ours.moving_mean.data, theirs.running_mean.numpy(), rtol=1e-8, atol=1e-10
        )
        np.testing.assert_allclose(ours.moving_variance.data, wanted, rtol=1e-8)
        unbiased = (ours.moving_variance.data - momentum**3) * (n / (n - 1)) + momentum**3
        np.testing.assert_allclose(unbiased, theirs.running_var.numpy(), rtol=1e-8)
        theirs.running_var[:] = torch.tensor(ours.moving_variance.data)
        theirs.eval()
        compare(ours, lambda t: theirs(first(t)).movedim(1, -1), x, rtol=1e-8)


@drawn
@given(
    st.integers(1, 3),
    st.sampled_from([(4, 1), (4, 2), (4, 4), (6, 3), (1, 1), (5, 5)]),
    shapes(1, 2, longest=5),
    seeds,
)
def test_group_and_instance_norm(rows, layout, pixels, seed):
    channels, groups = layout
    gain, offset, near = (
        normal(seed + 1, channels),
        normal(seed + 2, channels),
        {"rtol": 1e-7, "atol": 1e-9},
    )
    compare(
        lambda x, g, b: ops.group_norm(x, g, b, groups=groups, epsilon=1e-3),
        lambda x, g, b: F.group_norm(first(x), groups, g, b, eps=1e-3).movedim(1, -1),
        normal(seed, rows, 2, *pixels, channels),
        gain,
        offset,
        **near,
    )
    # PyTorch 2.13's own gradient of instance_norm is wrong for some gradients that are not contiguous: here it gets what it likes
    compare(
        lambda x, g, b: ops.moveaxis(
            ops.group_norm(
                ops.moveaxis(x, source=1, destination=-1), g, b, groups=channels, epsilon=1e-3
            ),
            source=-1,
            destination=1,
        ),
        lambda x, g, b: F.instance_norm(x, weight=g, bias=b, eps=1e-3),
        normal(seed, rows, channels, 2, *pixels),
        gain,
        offset,
        **near,
    )


@drawn
@given(
    st.integers(1, 8), st.sampled_from([1, 3, 5]), st.floats(0.01, 2), st.floats(0.3, 1.2), seeds
)
def test_local_response_norm(channels, n, alpha, beta, seed):
    """PyTorch divides alpha by n; the paper does not."""
    compare(
        lambda x: ops.local_response_norm(x, n=n, k=1.5, alpha=alpha, beta=beta),
        lambda t: F.local_response_norm(first(t), n, alpha * n, beta, 1.5).movedim(1, -1),
        normal(seed, 2, 3, 2, channels),
    )


# ---- losses --------------------------------------------------------------------------------------------------------


def probabilities(seed, *shape):
    e = np.exp(normal(seed, *shape))
    return e / e.sum(-1, keepdims=True)


@drawn
@given(st.integers(1, 6), st.integers(2, 5), seeds)
def test_cross_entropies(rows, classes, seed):
    x, labels = (
        normal(seed, rows, classes) * 4,
        np.random.default_rng(seed).integers(0, classes, rows),
    )
    for ours in (ops.sparse_cross_entropy, ops.sparse_cross_entropy.forward):
        compare(ours, F.cross_entropy, x, labels)
    for ours in (ops.cross_entropy, ops.cross_entropy.forward):
        compare(ours, F.cross_entropy, x, probabilities(seed + 1, rows, classes))
    targets = 1 / (1 + np.exp(-normal(seed + 2, rows, classes)))
    for ours in (ops.binary_cross_entropy, ops.binary_cross_entropy.forward):
        compare(ours, F.binary_cross_entropy_with_logits, x, targets)
    for ours in (ops.mean_squared_error, ops.mean_squared_error.forward):
        compare(ours, F.mse_loss, x, targets)


def test_cross_entropies_at_extremes():
    x = np.array([[1000.0, -1000.0, 0.0], [-1000.0, 1000.0, 30.0]])
    compare(ops.sparse_cross_entropy, F.cross_entropy, x, np.array([1, 1]))
    compare(
        ops.binary_cross_entropy,
        F.binary_cross_entropy_with_logits,
        x,
        np.array([[1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]),
    )


LOSSES = {
    "MeanSquaredError": (F.mse_loss, {}),
    "MeanAbsoluteError": (F.l1_loss, {}),
    "Huber": (lambda p, t: F.huber_loss(p, t, delta=0.8), {"delta": 0.8}),
    "CosineSimilarity": (lambda p, t: -F.cosine_similarity(p, t, dim=-1).mean(), {}),
    "LogCosh": (lambda p, t: torch.log(torch.cosh(p - t)).mean(), {}),
}


@pytest.mark.parametrize("name", LOSSES)
def test_distances(name):
    theirs, options = LOSSES[name]
    ours = getattr(mg_losses, name)(**options)

    @drawn
    @given(st.integers(1, 5), st.integers(2, 4), seeds)
    def check(rows, columns, seed):
        compare(
            lambda p, t: ours(t, p),
            theirs,
            normal(seed, rows, columns),
            normal(seed + 1, rows, columns),
            rtol=1e-8,
        )

    check()


@drawn
@given(st.integers(1, 5), st.integers(2, 4), seeds)
def test_losses_on_probabilities(rows, classes, seed):
    p, y = probabilities(seed, rows, classes), probabilities(seed + 1, rows, classes)
    labels = np.random.default_rng(seed).integers(0, classes, rows)
    binary, categorical = mg_losses.BinaryCrossentropy(), mg_losses.CategoricalCrossentropy()
    compare(lambda p: binary(y, p), lambda t: F.binary_cross_entropy(t, torch.tensor(y)), p)
    compare(
        lambda p: categorical(y, p), lambda t: F.cross_entropy(torch.log(t), torch.tensor(y)), p
    )
    compare(
        lambda p: mg_losses.SparseCategoricalCrossentropy()(labels, p),
        lambda t: F.nll_loss(torch.log(t / t.sum(-1, keepdim=True)), torch.tensor(labels)),
        p,
    )
    compare(
        lambda p: mg_losses.KLDivergence()(y, p),
        lambda t: F.kl_div(torch.log(t), torch.tensor(y), reduction="batchmean"),
        p,
    )
    compare(
        lambda p: mg_losses.Poisson()(y, p),
        lambda t: F.poisson_nll_loss(t, torch.tensor(y), log_input=False, eps=1e-7),
        p,
    )


@drawn
@given(st.integers(1, 5), st.integers(2, 4), seeds)
def test_losses_on_the_output_of_softmax_and_sigmoid(rows, classes, seed):
    x, labels = (
        normal(seed, rows, classes) * 10,
        np.random.default_rng(seed).integers(0, classes, rows),
    )
    compare(
        lambda x: mg_losses.SparseCategoricalCrossentropy()(labels, ops.softmax(x)),
        lambda t: F.cross_entropy(t, torch.tensor(labels)),
        x,
    )
    compare(
        lambda x: mg_losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)(
            np.eye(classes)[labels], x
        ),
        lambda t: F.cross_entropy(t, torch.tensor(labels), label_smoothing=0.1),
        x,
    )
    compare(
        lambda x: mg_losses.BinaryCrossentropy(from_logits=True)(np.eye(classes)[labels], x),
        lambda t: F.binary_cross_entropy_with_logits(t, torch.tensor(np.eye(classes)[labels])),
        x,
    )


# ---- optimizers ----------------------------------------------------------------------------------------------------

SHAPES = [(3, 4), (4,), (2, 1, 3), ()]


def gradient_at(p, i, t):
    """The slope of a bumpy bowl, with a little noise that depends on the step alone."""
    noise = np.random.default_rng(1000 * t + i).normal(size=p.shape)
    return np.asarray(p + 0.3 * np.sin(3 * p) + 0.2 * noise)


def our_path(optimizer, start, steps, decay=0.0):
    parameters = [Tensor(p.copy(), requires_grad=True, dtype="float64") for p in start]
    path = []
    for t in range(steps):
        optimizer.apply(
            [gradient_at(p.numpy(), i, t) + decay * p.numpy() for i, p in enumerate(parameters)],
            parameters,
        )
        path.append([p.numpy().copy() for p in parameters])
    return path


def torch_path(make, start, steps, accumulator=None):
    parameters = [torch.nn.Parameter(torch.tensor(p)) for p in start]
    optimizer = make(parameters)
    path = []
    for t in range(steps):
        for i, p in enumerate(parameters):
            p.grad = torch.tensor(gradient_at(p.detach().numpy(), i, t))
        optimizer.step()
        path.append([p.detach().numpy().copy() for p in parameters])
    return path


O, S = optimizers, torch.optim
# (ours, theirs, decay): `decay` is added to our gradients by hand where PyTorch's weight_decay does that
OPTIMIZERS = {
    "sgd": (lambda: O.SGD(0.05), lambda p: S.SGD(p, 0.05), 0),
    "sgd decay": (
        lambda: O.SGD(0.05, weight_decay=0.1),
        lambda p: S.SGD(p, 0.05, weight_decay=0.1),
        0,
    ),
    "momentum": (lambda: O.SGD(0.02, momentum=0.9), lambda p: S.SGD(p, 0.02, momentum=0.9), 0),
    "Momentum": (lambda: O.Momentum(0.02), lambda p: S.SGD(p, 0.02, momentum=0.9), 0),
    "momentum decay": (
        lambda: O.SGD(0.02, momentum=0.8),
        lambda p: S.SGD(p, 0.02, momentum=0.8, weight_decay=0.1),
        0.1,
    ),
    "nesterov": (
        lambda: O.SGD(0.02, momentum=0.9, nesterov=True),
        lambda p: S.SGD(p, 0.02, momentum=0.9, nesterov=True),
        0,
    ),
    "Nesterov": (
        lambda: O.Nesterov(0.02, momentum=0.7),
        lambda p: S.SGD(p, 0.02, momentum=0.7, nesterov=True),
        0,
    ),
    "adam": (lambda: O.Adam(0.05), lambda p: S.Adam(p, 0.05, eps=1e-7), 0),
    "adam betas": (
        lambda: O.Adam(0.05, beta_1=0.5, beta_2=0.9, epsilon=1e-3),
        lambda p: S.Adam(p, 0.05, (0.5, 0.9), 1e-3),
        0,
    ),
    "adam decay": (
        lambda: O.Adam(0.05),
        lambda p: S.Adam(p, 0.05, eps=1e-7, weight_decay=0.1),
        0.1,
    ),
    "amsgrad": (
        lambda: O.Adam(0.05, amsgrad=True),
        lambda p: S.Adam(p, 0.05, eps=1e-7, amsgrad=True),
        0,
    ),
    "adamw": (lambda: O.AdamW(0.05), lambda p: S.AdamW(p, 0.05, eps=1e-7, weight_decay=0.004), 0),
    "adamw decay": (
        lambda: O.AdamW(0.05, weight_decay=0.2),
        lambda p: S.AdamW(p, 0.05, eps=1e-7, weight_decay=0.2),
        0,
    ),
    # Keras, and minigrad with it, has epsilon inside the root, PyTorch outside: equal where it is 0
    "rmsprop": (
        lambda: O.RMSprop(0.01, epsilon=0.0),
        lambda p: S.RMSprop(p, 0.01, alpha=0.9, eps=0.0),
        0,
    ),
    "rmsprop momentum": (
        lambda: O.RMSprop(0.01, rho=0.95, momentum=0.5, epsilon=0.0),
        lambda p: S.RMSprop(p, 0.01, alpha=0.95, momentum=0.5, eps=0.0),
        0,
    ),
    "adagrad": (
        lambda: O.Adagrad(0.1, epsilon=0.0),
        lambda p: S.Adagrad(p, 0.1, initial_accumulator_value=0.1, eps=0.0),
        0,
    ),
    "adagrad accumulator": (
        lambda: O.Adagrad(0.1, initial_accumulator_value=1.0, epsilon=0.0),
        lambda p: S.Adagrad(p, 0.1, initial_accumulator_value=1.0, eps=0.0),
        0,
    ),
}


def assert_same_path(ours, theirs):
    for step, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
        for p, q in zip(mine, other, strict=True):
            np.testing.assert_allclose(p, q, rtol=1e-9, atol=1e-11, err_msg=f"step {step}")
    moved = max(abs(a - b).max() for a, b in zip(ours[0], ours[-1], strict=True))
    assert moved > 0.05, "a path that goes nowhere proves nothing"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_paths_of_50_steps(name):
    ours, theirs, decay = OPTIMIZERS[name]

    @settings(drawn, max_examples=3)
    @given(seeds)
    def check(seed):
        start = [np.asarray(normal(seed + i, *shape)) for i, shape in enumerate(SHAPES)]
        assert_same_path(our_path(ours(), start, 50, decay), torch_path(theirs, start, 50))

    check()


def test_centered_rmsprop_path():
    """One large epsilon, so that the difference of two nearly equal means, not rounding, decides."""
    start = [np.asarray(normal(i, *shape)) for i, shape in enumerate(SHAPES)]
    parameters = [Tensor(p, requires_grad=True, dtype="float64") for p in start]
    optimizer = O.RMSprop(0.01, rho=0.9, centered=True, epsilon=0.5)
    square, mean, p = ([np.zeros_like(a) for a in start] for _ in range(3))
    p = [a.copy() for a in start]
    for t in range(50):
        optimizer.apply(
            [gradient_at(q.numpy(), i, t) for i, q in enumerate(parameters)], parameters
        )
        for i in range(len(p)):
            g = gradient_at(p[i], i, t)
            square[i] = 0.9 * square[i] + 0.1 * g * g
            mean[i] = 0.9 * mean[i] + 0.1 * g
            p[i] = p[i] - 0.01 * g / np.sqrt(square[i] - mean[i] ** 2 + 0.5)
    for a, b in zip(parameters, p, strict=True):
        np.testing.assert_allclose(a.numpy(), b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(
    "ours, clip",
    [
        ({"clipvalue": 0.3}, lambda ps: torch.nn.utils.clip_grad_value_(ps, 0.3)),
        ({"global_clipnorm": 0.5}, lambda ps: torch.nn.utils.clip_grad_norm_(ps, 0.5)),
        ({"clipnorm": 0.5}, lambda ps: [torch.nn.utils.clip_grad_norm_([p], 0.5) for p in ps]),
    ],
    ids=lambda v: str(v)[:20],
)
def test_clipped_paths(ours, clip):
    start = [np.asarray(normal(i, *shape)) for i, shape in enumerate(SHAPES)]

    def make(parameters):
        optimizer = S.SGD(parameters, 0.05, momentum=0.9)
        step = optimizer.step
        optimizer.step = lambda: (clip(parameters), step())
        return optimizer

    mine, other = (
        our_path(O.SGD(0.05, momentum=0.9, **ours), start, 50),
        torch_path(make, start, 50),
    )
    for a, b in zip(mine[-1], other[-1], strict=True):
        np.testing.assert_allclose(
            a, b, rtol=2e-4, atol=1e-5
        )  # PyTorch divides by the norm plus 1e-6


def test_a_small_network_trains_along_the_same_path():
    """Forward, loss, backward and Adam together, 50 steps of an MLP in float64."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(16, 5)), rng.integers(0, 3, 16)
    start = [rng.normal(size=(5, 8)) * 0.4, np.zeros(8), rng.normal(size=(8, 3)) * 0.4, np.zeros(3)]
    ours = [Tensor(p.copy(), requires_grad=True, dtype="float64") for p in start]
    theirs = [torch.nn.Parameter(torch.tensor(p)) for p in start]
    adam, torch_adam = O.Adam(0.01), S.Adam(theirs, 0.01, eps=1e-7)
    data, torch_data, torch_labels = (
        Tensor(x, dtype="float64"),
        torch.tensor(x),
        torch.tensor(labels),
    )
    for _ in range(50):
        w1, b1, w2, b2 = ours
        loss = mg.sparse_cross_entropy(
            ops.linear(ops.tanh(ops.linear(data, w1, b1)), w2, b2), labels
        )
        adam.apply(grad(loss, ours), ours)
        v1, c1, v2, c2 = theirs
        torch_loss = F.cross_entropy(torch.tanh(torch_data @ v1 + c1) @ v2 + c2, torch_labels)
        torch_adam.zero_grad()
        torch_loss.backward()
        torch_adam.step()
        assert loss.item() == pytest.approx(torch_loss.item(), rel=1e-9)
    assert loss.item() < 0.8
