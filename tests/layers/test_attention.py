"""Attention: its kernel over blocks, memory, scores, dropout, errors."""

import tracemalloc

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, check_grads, grad, layers, ops
from minigrad.backend import to_cpu
from minigrad.engine.gradcheck import check_definition
from minigrad.kernels import attention
from minigrad.layers import AdditiveAttention, Attention, Dense, MultiHeadAttention

from .helpers import assert_close, assert_equal, values

rng = np.random.default_rng(5)

X = rng.standard_normal((2, 6, 8)).astype("float32")
MEMORY = rng.standard_normal((2, 5, 8)).astype("float32")


def arrays(*shapes, xp=np):
    return [xp.asarray(rng.standard_normal(s)) for s in shapes]


@pytest.mark.parametrize("block, rows", [(1, 1), (8, 2), (20, 3)])
@pytest.mark.parametrize("masked", [False, True, "by numbers"])
def test_any_cut_into_blocks_gives_the_same(block, rows, masked, xp, monkeypatch):
    monkeypatch.setattr(attention, "ATTENTION_BLOCK", block)
    monkeypatch.setattr(attention, "MIN_QUERIES", rows)
    mask = xp.asarray(rng.random((2, 1, 5, 5)) < 0.5) if masked else None
    if masked == "by numbers":
        mask = xp.asarray(rng.standard_normal((3, 5, 5)))
    keep = xp.asarray(rng.random((2, 3, 5, 5)) < 0.8) if masked else None
    for causal in (False, True):
        check_definition(
            ops.scaled_dot_product_attention,
            *arrays((2, 3, 5, 4), (2, 3, 5, 4), (2, 3, 5, 2), xp=xp),
            mask,
            keep,
            order=1,
            causal=causal,
            rate=0.2 if masked else 0.0,
        )


def test_cut_into_blocks_in_float32(monkeypatch):
    q, k, v = (Tensor(a, requires_grad=True) for a in arrays((2, 70, 8), (2, 90, 8), (2, 90, 8)))
    g = rng.standard_normal((2, 70, 8)).astype("float32")

    def run():
        y = ops.scaled_dot_product_attention(q, k, v)
        return [y.data, *(s.data for s in grad(y, [q, k, v], cotangent=g))]

    whole = run()
    monkeypatch.setattr(attention, "ATTENTION_BLOCK", 64)
    for a, b in zip(whole, run(), strict=True):
        assert_close(a, b)


def test_memory_grows_with_the_length_and_not_with_its_square():
    def peak(length):
        q, k, v = (
            Tensor(a.astype("float32"), requires_grad=True) for a in arrays(*[(1, length, 8)] * 3)
        )
        tracemalloc.start()
        grad(ops.sum(ops.scaled_dot_product_attention(q, k, v)), [q, k, v])
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    short = peak(2048)
    long = peak(8192)
    assert long < 8192**2 * 4 / 20  # one array of scores alone would be twenty times as much
    assert long < 4.5 * short


@pytest.mark.parametrize("recorded", [False, True])
def test_queries_that_see_nothing(recorded, xp):
    """Zeros and zero gradients, no NaN."""
    mask = xp.asarray([[True, False, True], [False, False, False]])
    q, k, v = (
        Tensor(a, requires_grad=True) for a in arrays((2, 2, 4), (2, 3, 4), (2, 3, 4), xp=xp)
    )
    y = ops.scaled_dot_product_attention(q, k, v, mask)
    assert abs(values(y)[:, 1]).max() == 0
    assert abs(values(y)[:, 0]).min() > 0
    gq, gk, gv = (values(g) for g in grad(ops.sum(y * y), [q, k, v], create_graph=recorded))
    assert abs(gq[:, 1]).max() == 0
    assert abs(gk[:, 1]).max() == 0
    assert abs(gv[:, 1]).max() == 0
    assert abs(gq[:, 0]).min() > 0
    nobody = ops.scaled_dot_product_attention(q, k, v, xp.zeros((1, 1), bool))
    assert all(
        abs(values(a)).max() == 0
        for a in (nobody, *grad(ops.sum(nobody + v[:, :2]), [q, k], unused="zeros"))
    )


def test_large_scores_and_nan(xp):
    q, k, v = (a.astype("float32") for a in arrays((2, 3, 4), (2, 5, 4), (2, 5, 4), xp=xp))
    y = to_cpu(ops.scaled_dot_product_attention(q * 1e4, k, v))
    picked = (to_cpu(q).astype("float64") @ to_cpu(k).swapaxes(-1, -2)).argmax(-1)
    assert_close(y, np.take_along_axis(to_cpu(v), picked[..., None], 1), 0, 1e-5)
    q[0, 1] = np.nan
    y = to_cpu(ops.scaled_dot_product_attention(q, k, v))
    assert np.isnan(y[0, 1]).all()
    assert np.isfinite(y[1]).all()
    assert np.isfinite(y[0, [0, 2]]).all()


@pytest.mark.parametrize(
    "shapes, mask, problem",
    [
        ([(3, 4), (5, 3), (5, 3)], None, "queries"),
        ([(3, 4), (5, 4), (6, 4)], None, "queries"),
        ([(4,), (5, 4), (5, 4)], None, "queries"),
        ([(2, 3, 4), (3, 5, 4), (3, 5, 4)], None, "do not broadcast"),
        (
            [(2, 3, 4), (2, 5, 4), (2, 5, 4)],
            np.ones((5, 3), bool),
            r"mask of shape \(5, 3\) does not broadcast to \(2, 3, 5\)",
        ),
        ([(3, 4), (5, 4), (5, 4)], np.ones((2, 3, 5), bool), "does not broadcast"),
    ],
)
def test_wrong_shapes(shapes, mask, problem):
    inputs = [Tensor(a) for a in arrays(*shapes)]
    for kernels in (True, False):
        with minigrad.use_kernels(kernels), pytest.raises(ValueError, match=problem):
            ops.scaled_dot_product_attention(*inputs, mask)


def test_a_mask_is_boolean_or_floating():
    q, k, v = (Tensor(a) for a in arrays((3, 4), (5, 4), (5, 4)))
    with pytest.raises(TypeError, match="must be boolean.*or floating.*not int64"):
        ops.scaled_dot_product_attention(q, k, v, np.zeros((3, 5), "int64"))
    with pytest.raises(TypeError, match="must be boolean, .*; not float32"):
        ops.scaled_dot_product_attention(q, k, v, None, np.zeros((3, 5), "float32"), rate=0.5)


# ---- many heads ----------------------------------------------------------------------------------


def test_attention_probabilities(xp):
    layer = MultiHeadAttention(2, 4)
    key_mask = [[True] * 5, [True] * 2 + [False] * 3]
    y, p = layer(xp.asarray(X), MEMORY, key_mask=key_mask, return_attention_scores=True)
    p = values(p)
    assert p.shape == (2, 2, 6, 5)
    assert_close(p.sum(-1), np.ones((2, 2, 6)), 0, 1e-5)
    assert abs(p[1, :, :, 2:]).max() == 0
    projected = values(layer.value(Tensor(xp.asarray(MEMORY))))
    v = projected.reshape(2, 5, 2, 4).swapaxes(1, 2)
    heads = (p @ v).swapaxes(1, 2).reshape(2, 6, 8)
    assert_close(layer.attention_output(Tensor(xp.asarray(heads))), y, 1e-5)


@pytest.mark.parametrize("use_bias", [True, False])
def test_weights_have_the_shapes_of_keras(use_bias):
    """Their first values are those of Dense kernels with the heads side by side."""
    minigrad.seed(4)
    layer = MultiHeadAttention(2, 3, 5, use_bias=use_bias, output_shape=7)
    layer(X, MEMORY)
    kernels = [(8, 2, 3), (8, 2, 3), (8, 2, 5), (2, 5, 7)]
    biases = [(2, 3), (2, 3), (2, 5), (7,)]
    expected = [shape for pair in zip(kernels, biases) for shape in pair[: 1 + use_bias]]
    assert [w.shape for w in layer.weights] == expected
    minigrad.seed(4)
    for part, shape in zip(("query", "key", "value", "attention_output"), kernels):
        kernel = getattr(layer, part).kernel.numpy()
        dense = Dense(7 if part == "attention_output" else shape[1] * shape[2])
        dense.build((1, 10 if part == "attention_output" else 8))
        np.testing.assert_array_equal(kernel, dense.kernel.numpy().reshape(shape))


def test_dropout_falls_on_probabilities_in_training_alone(xp):
    layer = MultiHeadAttention(2, 4, dropout=0.5)
    x = xp.asarray(X)
    minigrad.seed(3)
    inference = values(layer(x))
    assert_equal(layer(x), inference)
    assert (values(layer(x, training=True)) != inference).any()
    mean = np.mean([values(layer(x, training=True)) for _ in range(300)], 0)
    assert_close(mean, inference, 0.25)


def test_dropout_of_attention_has_gradients(xp):
    layer = MultiHeadAttention(2, 4, dropout=0.5)
    x = xp.asarray(X[:1, :3])

    def with_one_mask(x):
        minigrad.seed(1)
        return layer(x, training=True)

    with_one_mask(x)
    check_grads(with_one_mask, x, order=1)
    leaf = Tensor(x, requires_grad=True)
    (g,) = grad(ops.sum(with_one_mask(leaf)), [leaf])
    assert np.isfinite(values(g)).all()


# ---- attention before the Transformer ------------------------------------------------------------


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def dot(layer, q, k):
    return q @ k.T


def general(layer, q, k):
    return q @ (k @ layer.key.kernel.numpy()).T


def additive(layer, q, k):
    w = layer.query.kernel.numpy()
    u = layer.key.kernel.numpy()
    joint = np.tanh((q @ w)[:, None] + k @ u)
    return joint @ layer.scale.numpy()


def concat(layer, q, k):
    return plain_sum(layer, q, k) * layer.concat_score_weight.item()


def plain_sum(layer, q, k):
    return np.tanh(q[:, None] + k).sum(-1)


def scaled_dot(layer, q, k):
    return dot(layer, q, k) * layer.scale.item()


def scaled_concat(layer, q, k):
    joint = np.tanh((q[:, None] + k) * layer.scale.item())
    return joint.sum(-1) * layer.concat_score_weight.item()


SCORES = [
    (lambda: Attention(), dot),
    (lambda: Attention(use_scale=True), scaled_dot),
    (lambda: Attention(use_scale=True, score_mode="concat"), scaled_concat),
    (lambda: Attention(score_mode="general"), general),
    (lambda: Attention(score_mode="concat"), concat),
    (lambda: AdditiveAttention(5), additive),
    (lambda: AdditiveAttention(use_scale=False), plain_sum),
]


@pytest.mark.parametrize("make, score", SCORES)
def test_scores_as_the_papers_write_them(make, score, xp):
    layer = make()
    x = xp.asarray(X)
    layer(x, MEMORY)
    for parameter in layer.weights:
        parameter.assign(parameter.numpy() * 0.7)  # learned numbers begin at 1
    y, p = layer(x, MEMORY, return_attention_scores=True)
    for n in range(2):
        expected = softmax(score(layer, X[n], MEMORY[n]))
        assert_close(values(p)[n], expected, 1e-5)
        assert_close(values(y)[n], expected @ MEMORY[n], 1e-5)
    two_keys = [[True, True, False, False, False]] * 2
    assert_close(layer(x, MEMORY, key_mask=two_keys), layer(x, MEMORY[:, :2]), 1e-5)
    assert all(part.built for _, part in layer.named_layers())


def test_a_list_goes_in_as_in_keras():
    layer = Attention()
    q = Tensor(X)
    v = Tensor(MEMORY)
    assert_equal(layer([q, v]), layer(q, v))
    assert_equal(layer([q, v, v * 2]), layer(q, v, v * 2))


# ---- rotary positions ----------------------------------------------------------------------------


@pytest.mark.parametrize("interleaved", [True, False])
def test_rotary_products_depend_on_the_distance_alone(interleaved, xp):
    q, k = arrays((8,), (8,), xp=xp)

    def product(i, j):
        turned = [
            ops.rotary(x[None], xp.asarray([p]), interleaved=interleaved)
            for x, p in ((q, i), (k, j))
        ]
        return float((turned[0] * turned[1]).sum())

    assert product(3, 1) == pytest.approx(product(103, 101), rel=1e-9) == product(2, 0)
    assert product(3, 1) != pytest.approx(product(1, 3), rel=1e-3)
    with pytest.raises(ValueError, match="pairs of features"):
        ops.rotary(xp.zeros((3, 5)), xp.arange(3))


# ---- errors --------------------------------------------------------------------------------------


def attend(x=X, value=None, key=None, **options):
    return MultiHeadAttention(2, 4)(x, value, key, **options)


def masked(*shape):
    return attend(attention_mask=np.ones(shape, bool))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: attend(X[0]), "expects sequences"),
        (lambda: MultiHeadAttention(0, 4), "num_heads must be a positive integer"),
        (lambda: MultiHeadAttention(2, 4, dropout=1.0), r"dropout must be in \[0, 1\), not 1.0"),
        (lambda: attend(X, MEMORY[:1]), "of one N"),
        (lambda: attend(X, MEMORY, X), "keys as many as values"),
        (lambda: masked(6, 5), r"expected \(6, 6\) or \(2, 6, 6\)"),
        (lambda: masked(3, 6, 6), r"\(3, 6, 6\) does not fit an input of shape \(2, 6, 8\)"),
        (lambda: masked(2, 3, 6, 6), "does not broadcast"),
        (lambda: masked(6), "does not fit"),
        (lambda: attend(key_mask=np.ones((2, 5), bool)), r"expected \(2, 6\)"),
        (lambda: Attention()(X, MEMORY[..., :3]), "equal width"),
        (lambda: AdditiveAttention()(X, MEMORY[..., :3]), "equal width"),
        (lambda: Attention()(X, MEMORY[:1]), "of one N"),
        (lambda: Attention(score_mode="cosine"), "known: dot, general, concat"),
    ],
)
def test_errors_say_what_would_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "shape",
    [
        (5, 6),
        (6, 5),
        (2, 5, 6),
        (2, 6, 5),
        (3, 6, 6),
        (2, 2, 5, 6),
        (2, 2, 6, 5),
        (3, 2, 6, 6),
        (6,),
        (2, 6),
        (1, 2, 2, 6, 6),
    ],
)
def test_every_length_of_an_attention_mask_is_checked(shape):
    with pytest.raises(ValueError, match="attention_mask of shape .* does not fit"):
        masked(*shape)


@pytest.mark.parametrize(
    "shape", [(6, 6), (1, 6), (6, 1), (2, 6, 6), (1, 6, 6), (2, 1, 6), (2, 2, 6, 6), (1, 1, 6, 6)]
)
def test_lengths_of_one_stand_for_all(shape):
    minigrad.seed(0)
    layer = MultiHeadAttention(2, 4)
    mask = rng.random(shape) < 0.7
    per_head = mask[:, None] if mask.ndim == 3 else mask
    whole = np.broadcast_to(per_head, (2, 2, 6, 6))
    assert_close(layer(X, attention_mask=mask), layer(X, attention_mask=whole))


def test_shapes_of_the_four_products():
    """Each option of a shape reaches its kernel, and its bias."""
    layer = MultiHeadAttention(3, 4, value_dim=5, output_shape=2)
    assert layer(np.ones((2, 6, 7), np.float32), np.ones((2, 4, 8), np.float32)).shape == (2, 6, 2)
    shapes = {
        "query": [(7, 3, 4), (3, 4)],
        "key": [(8, 3, 4), (3, 4)],
        "value": [(8, 3, 5), (3, 5)],
        "attention_output": [(3, 5, 2), (2,)],
    }
    for name, expected in shapes.items():
        assert [p.shape for p in getattr(layer, name).weights] == expected, name
    plain = MultiHeadAttention(3, 4, use_bias=False)
    assert plain(np.ones((2, 6, 7), np.float32)).shape == (2, 6, 7)
    kernels = {"query": (7, 3, 4), "key": (7, 3, 4), "value": (7, 3, 4)}
    for name, shape in (kernels | {"attention_output": (3, 4, 7)}).items():
        assert [p.shape for p in getattr(plain, name).weights] == [shape], name


def test_initializers_reach_the_four_products():
    layer = MultiHeadAttention(2, 3, kernel_initializer="ones", bias_initializer="ones")
    layer(np.ones((1, 2, 4), np.float32))
    assert len(layer.weights) == 8 and all((p.numpy() == 1).all() for p in layer.weights)


# ---- masks of numbers ----------------------------------------------------------------------------


def heads(*shape, **options):
    minigrad.seed(1)
    layer = MultiHeadAttention(2, 4, **options)
    return layer, np.random.default_rng(2).standard_normal(shape).astype("float32")


@pytest.mark.parametrize("shape", [(5, 5), (3, 5, 5), (3, 2, 5, 5), (3, 1, 1, 5)])
def test_numbers_are_added_to_the_scores(shape, xp):
    layer, x = heads(3, 5, 8)
    hidden = np.random.default_rng(0).random(shape) < 0.3
    hidden[..., 0] = False
    booleans = layer(xp.asarray(x), attention_mask=xp.asarray(~hidden)).numpy()
    for low in (-np.inf, -1e30, -1e9):
        numbers = xp.asarray(np.where(hidden, low, 0).astype("float32"))
        y, p = layer(xp.asarray(x), attention_mask=numbers, return_attention_scores=True)
        assert_close(y, booleans, 1e-5, 1e-5)
        assert (p.numpy()[np.broadcast_to(_four(hidden), p.shape)] == 0).all()
    shifted = xp.asarray(np.full(shape, -3.0, "float32"))  # the same for all keys
    assert_close(layer(xp.asarray(x), attention_mask=shifted), layer(xp.asarray(x)).numpy(), 1e-5)


def _four(mask):
    return mask[:, None] if mask.ndim == 3 else mask


def test_numbers_beside_padding_and_causality():
    layer, x = heads(2, 4, 8)
    real = np.array([[True, True, True, False], [True] * 4])
    slopes = -0.5 * abs(np.arange(4) - np.arange(4)[:, None]).astype("float32")  # as ALiBi has them
    y, p = layer(
        Tensor(x),
        attention_mask=slopes,
        key_mask=real,
        use_causal_mask=True,
        return_attention_scores=True,
    )
    p = p.numpy()
    assert (p[0, ..., 3] == 0).all() and (np.triu(p, 1) == 0).all()
    assert_close(p.sum(-1), np.ones(p.shape[:-1]), 1e-6)
    plain = layer(
        Tensor(x),
        attention_mask=None,
        key_mask=real,
        use_causal_mask=True,
        return_attention_scores=True,
    )[1].numpy()
    assert_close(
        p * 1.0,
        plain * np.exp(slopes) / (plain * np.exp(slopes)).sum(-1, keepdims=True),
        1e-5,
        1e-6,
    )


def test_a_learned_bias_has_a_gradient(xp):
    with minigrad.default_dtype("float64"):
        layer, x = heads(2, 3, 8)
        x = xp.asarray(x.astype("float64"))
        layer(x)
        bias = Tensor(xp.zeros((2, 3, 3)), requires_grad=True)
        for kernels in (True, False):
            with minigrad.use_kernels(kernels):
                (g,) = grad(ops.sum(ops.square(layer(x, attention_mask=bias))), [bias])
            assert g.shape == (2, 3, 3) and abs(g.numpy()).max() > 0.1
            assert_close(g.numpy().sum(-1), np.zeros((2, 3)), 1e-14)  # a shift of all keys is none


def test_zeros_and_ones_are_booleans():
    layer, x = heads(2, 4, 8)
    booleans = np.tril(np.ones((4, 4), bool))
    expected = layer(x, attention_mask=booleans).numpy()
    for mask in (booleans.astype("float32"), booleans.astype("int32"), booleans.tolist()):
        assert_equal(layer(x, attention_mask=mask).numpy(), expected)
    with pytest.raises(ValueError, match="nothing but 0.0.*give booleans"):
        layer(x, attention_mask=np.zeros((4, 4), "float32"))


@pytest.mark.parametrize("kind", [layers.Attention, layers.AdditiveAttention])
def test_attention_with_one_head_takes_a_mask_too(kind):
    x = np.random.default_rng(2).standard_normal((2, 4, 3)).astype("float32")
    layer = kind()
    visible = np.tril(np.ones((4, 4), bool))
    expected = layer(x, use_causal_mask=True).numpy()
    numbers = np.where(visible, 0, -np.inf).astype("float32")
    for mask in (visible, numbers, np.stack([numbers] * 2)):
        assert_close(layer(x, attention_mask=mask), expected, 1e-6, 1e-6)


def test_sliding_window():
    layer, x = heads(2, 5, 8, sliding_window=2)
    p = layer(x, return_attention_scores=True)[1].numpy()
    near = abs(np.arange(5) - np.arange(5)[:, None]) < 2
    assert ((p > 0) == near).all()
    p = layer(x, use_causal_mask=True, return_attention_scores=True)[1].numpy()
    assert ((p > 0) == np.tril(near)).all()
    cache = layers.KeyValueCache(5)
    with minigrad.no_grad():
        parts = [layer(x[:, i : i + 1], use_causal_mask=True, cache=cache) for i in range(5)]
    assert_close(ops.concatenate(parts, axis=1), layer(x, use_causal_mask=True).numpy(), 1e-5, 1e-5)
    with pytest.raises(ValueError, match="sliding_window must be a positive integer"):
        MultiHeadAttention(2, 4, sliding_window=0)
    with pytest.raises(ValueError, match="attention_axes must be 1"):
        MultiHeadAttention(2, 4, attention_axes=(1, 2))
