"""Ops have PyTorch's values and gradients, over shapes and values that hypothesis draws."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import ops

from .compare import broadcastable, compare, drawn, normal, positive, reductions, seeds, shapes

F = torch.nn.functional
pytestmark = pytest.mark.parity


# ---- one argument --------------------------------------------------------------------------------


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
    "arcsinh": (torch.arcsinh, None),
    "arccosh": (torch.arccosh, lambda a: positive(a) + 1),
    "arctanh": (torch.arctanh, unit),
    "log2": (torch.log2, positive),
    "log10": (torch.log10, positive),
    "exp2": (torch.exp2, None),
    "rsqrt": (torch.rsqrt, positive),
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
    "celu": (F.celu, None),
    "hard_shrink": (F.hardshrink, None),
    "soft_shrink": (F.softshrink, None),
    "tanh_shrink": (F.tanhshrink, None),
    "softsign": (F.softsign, None),
    "relu6": (F.relu6, lambda a: a * 5),
    "hard_tanh": (F.hardtanh, None),
    # PyTorch's own has a gradient of 1/6 in float32
    "hard_sigmoid": (lambda x: F.relu6(x + 3) / 6, lambda a: a * 3),
    "hard_silu": (F.hardswish, lambda a: a * 3),
    "hard_swish": (F.hardswish, lambda a: a * 3),
    "sign": (torch.sign, None),
    "floor": (torch.floor, lambda a: a * 4),
    "ceil": (torch.ceil, lambda a: a * 4),
    "rint": (torch.round, lambda a: a * 4),
    "trunc": (torch.trunc, lambda a: a * 4),
    "isinf": (torch.isinf, None),
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
CONSTANT = {"sign", "floor", "ceil", "rint", "trunc", "isinf", "isnan", "isfinite"}


@pytest.mark.parametrize("name", UNARY)
def test_elementwise(name):
    theirs, domain = UNARY[name]

    @drawn
    @given(shapes(smallest=0), seeds)
    def check(shape, seed):
        x = normal(seed, *shape)
        expected = (lambda t: theirs(t).detach()) if name in CONSTANT else theirs
        compare(getattr(ops, name), expected, domain(x) if domain else x)

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
    x = np.array([-1000.0, -100.0, -30.0, 0.0, 30.0, 100.0, 1000.0])
    compare(getattr(ops, name), theirs, x)


# ---- two arguments -------------------------------------------------------------------------------


BINARY = {
    "add": torch.add,
    "subtract": torch.sub,
    "multiply": torch.mul,
    "divide": torch.div,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "power": torch.pow,
    "remainder": torch.remainder,
    "logaddexp": torch.logaddexp,
    "hypot": torch.hypot,
    "arctan2": torch.arctan2,
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
    "logical_xor": torch.logical_xor,
}


@pytest.mark.parametrize("name", BINARY)
def test_arithmetic_with_broadcasting(name):
    @drawn
    @given(broadcastable(), seeds)
    def check(pair, seed):
        a, b = normal(seed, *pair[0]), normal(seed + 1, *pair[1])
        if name == "power":
            a = positive(a)
        if name in ("divide", "remainder"):
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
        a = np.random.default_rng(seed).integers(0, 3, size=pair[0])
        b = np.random.default_rng(seed + 1).integers(0, 3, size=pair[1])
        compare(getattr(ops, name), COMPARE[name], a, b)

    check()


@drawn
@given(broadcastable(3), seeds)
def test_where(trio, seed):
    condition = np.asarray(np.random.default_rng(seed).random(trio[0]) < 0.5)
    compare(ops.where, torch.where, condition, normal(seed, *trio[1]), normal(seed + 1, *trio[2]))


# ---- reductions ----------------------------------------------------------------------------------


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
def test_variances(name, theirs):
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
@given(reductions(tuples=False), st.sampled_from([0.5, 1, 2, 3.5, math.inf, -math.inf]), seeds)
def test_norms(how, order, seed):
    shape, axis, keepdims = how
    x = normal(seed, *shape)
    compare(
        lambda x: ops.norm(x, ord=order, axis=axis, keepdims=keepdims),
        lambda t: torch.linalg.vector_norm(t, order, axis, keepdims),
        x,
    )
    compare(ops.norm, torch.linalg.vector_norm, x)


@drawn
@given(reductions(tuples=False), st.floats(0, 1), seeds)
def test_quantiles(how, q, seed):
    shape, axis, keepdims = how
    x = normal(seed, *shape)
    compare(
        lambda x: ops.quantile(x, q=q, axis=axis, keepdims=keepdims),
        lambda t: torch.quantile(t, q, axis, keepdims),
        x,
    )
    several = torch.tensor([0.5, q], dtype=torch.float64)
    compare(lambda x: ops.quantile(x, q=[0.5, q]), lambda t: t.quantile(several), x)


@drawn
@given(shapes(least=2), st.integers(-3, 3), seeds)
def test_diagonals_and_differences(shape, offset, seed):
    x = normal(seed, *shape)
    offset = max(-shape[0], min(offset, shape[1]))  # beyond them PyTorch has none
    compare(lambda x: ops.diagonal(x, offset=offset), lambda t: t.diagonal(offset), x)
    compare(lambda x: ops.trace(x, offset=offset), lambda t: t.diagonal(offset).sum(-1), x)
    compare(lambda x: ops.diff(x, axis=0), lambda t: t.diff(dim=0), x)
    compare(lambda x: ops.diff(x, n=2), lambda t: t.diff(n=2), np.concatenate([x, x], -1))


@drawn
@given(st.integers(0, 12), st.integers(1, 5), seeds)
def test_sums_of_segments(n, count, seed):
    x, ids = normal(seed, n, 3), np.random.default_rng(seed).integers(0, count, n)
    compare(
        lambda x, ids: ops.segment_sum(x, ids, num_segments=count),
        lambda t, ids: torch.zeros(count, 3, dtype=t.dtype).index_add(0, ids, t),
        x,
        ids,
    )
    compare(
        lambda x, v, ids: ops.scatter_add(x, v, index=ids),
        lambda t, v, ids: t.index_add(0, ids, v),
        normal(seed + 1, count, 3),
        x,
        ids,
    )


@drawn
@given(shapes(most=2), shapes(most=2), shapes(most=2), seeds)
def test_tensordots(before, summed, after, seed):
    a, b = normal(seed, *before, *summed), normal(seed + 1, *summed, *after)
    compare(
        lambda a, b: ops.tensordot(a, b, axes=len(summed)),
        lambda a, b: torch.tensordot(a, b, len(summed)),
        a,
        b,
    )


@drawn
@given(reductions(tuples=False), st.integers(0, 3), seeds)
def test_cumprod_with_zeros(how, zeros, seed):
    shape, axis, _ = how
    x = normal(seed, *shape)
    x.flat[np.random.default_rng(seed).integers(0, x.size, zeros)] = 0
    compare(lambda x: ops.cumprod(x, axis=axis), lambda t: torch.cumprod(t, axis), x)


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
    compare(lambda x: ops.logsumexp(x, axis=-1), lambda t: torch.logsumexp(t, -1), x)


# ---- shapes --------------------------------------------------------------------------------------


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
    compare(lambda x: ops.tile(x, repeats=(2, *times)), lambda t: t.tile((2, *times)), x)
    compare(lambda x: ops.broadcast_to(x, shape=(2, *shape)), lambda t: t.expand(2, *shape), x)
    compare(
        lambda x: ops.pad(x, pad_width=width, constant_values=1.5),
        lambda t: F.pad(t, flat_width, value=1.5),
        x,
    )
    for mode, theirs in (("reflect", "reflect"), ("edge", "replicate"), ("wrap", "circular")):
        image = normal(seed, 1, 2, 4, 5)
        pads = [random.randint(0, 3) for _ in range(4)]
        border = ((0, 0), (0, 0), pads[2:], pads[:2])
        compare(
            partial(ops.pad, pad_width=border, mode=mode),
            partial(F.pad, pad=pads, mode=theirs),
            image,
        )
    compare(
        lambda x: ops.split(x, indices_or_sections=[1], axis=axis),
        lambda t: t.tensor_split([1], axis),
        x,
    )
    compare(
        lambda x: ops.split(x, indices_or_sections=shape[axis], axis=axis),
        lambda t: t.split(1, axis),
        x,
    )


@drawn
@given(shapes(least=1), st.integers(1, 3), st.randoms(use_true_random=False), seeds)
def test_joining(shape, count, random, seed):
    axis = random.randrange(-len(shape), len(shape))
    equal = [normal(seed + i, *shape) for i in range(count)]
    longer = []
    for i in range(count):
        lengths = list(shape)
        lengths[axis] += i
        longer.append(normal(seed + i, *lengths))
    compare(lambda *xs: ops.stack(xs, axis=axis), lambda *ts: torch.stack(ts, axis), *equal)
    compare(lambda *xs: ops.concatenate(xs, axis=axis), lambda *ts: torch.cat(ts, axis), *longer)


# ---- indexing ------------------------------------------------------------------------------------


@st.composite
def indexes(draw):
    """(shape, index), the index of integers, slices, None, ... and integer or boolean arrays."""
    shape = draw(shapes(least=1, most=3))
    random = draw(st.randoms(use_true_random=False))
    kind = draw(st.sampled_from(["basic", "arrays", "mask", "mixed"]))
    if kind == "mask":
        mask = [random.random() < 0.5 for _ in range(math.prod(shape))]
        return shape, np.array(mask).reshape(shape)
    count = random.randint(1, len(shape))
    lengths, position, extra = shape[:count], random.randint(0, count), random.choice([None, ...])
    if kind == "basic" and extra is ...:  # what follows it indexes the last axes
        lengths = [*shape[:position], *shape[len(shape) - (count - position) :]]
    index = []
    common = random.randint(1, 5)
    for n in lengths:
        if kind == "arrays" or kind == "mixed" and random.random() < 0.5:
            index.append(np.array([random.randrange(-n, n) for _ in range(common)]))
        else:
            choices = [slice(random.randint(0, n), None), slice(None), slice(None, None, 2)]
            if kind == "basic":  # among arrays, PyTorch puts its axis elsewhere
                choices.append(random.randrange(-n, n))
            index.append(random.choice(choices))
    if kind == "basic":
        index.insert(position, extra)
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
def test_put_adds_where_indices_repeat(rows, numbers, columns, seed):
    index = np.array([number % rows for number in numbers])
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
    lengths = list(shape)
    lengths[axis] = count
    each = rng.integers(0, shape[axis], lengths)
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
    compare(lambda x: ops.one_hot(x, num_classes=classes), lambda t: F.one_hot(t, classes), labels)


# ---- products ------------------------------------------------------------------------------------


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
    x, b = normal(seed, *lead, inside), normal(seed + 2, outside)
    w = normal(seed + 1, inside, outside)
    compare(ops.linear, lambda x, w, b: F.linear(x, w.T, b), x, w, b)
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
