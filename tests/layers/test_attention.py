"""Attention: its kernel over blocks, memory, scores, dropout, errors."""

import tracemalloc

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, check_grads, grad, ops
from minigrad.backend import to_cpu
from minigrad.engine.gradcheck import check_definition
from minigrad.layers import (
    AdditiveAttention,
    Attention,
    KeyValueCache,
    MultiHeadAttention,
    SinusoidalPositions,
    TransformerDecoder,
    TransformerEncoder,
)
from minigrad.ops import attention

from .helpers import values

rng = np.random.default_rng(5)

X = rng.standard_normal((2, 6, 8)).astype("float32")
MEMORY = rng.standard_normal((2, 5, 8)).astype("float32")


def blocks(**settings):
    return TransformerEncoder(16, 2, activation="gelu", **settings)


def arrays(*shapes, xp=np):
    return [xp.asarray(rng.standard_normal(s)) for s in shapes]


@pytest.mark.parametrize("block, rows", [(1, 1), (8, 2), (20, 3)])
@pytest.mark.parametrize("masked", [False, True])
def test_any_cut_into_blocks_gives_the_same(block, rows, masked, xp, monkeypatch):
    monkeypatch.setattr(attention, "BLOCK", block)
    monkeypatch.setattr(attention, "ROWS", rows)
    mask = xp.asarray(rng.random((2, 1, 5, 5)) < 0.5) if masked else None
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
    monkeypatch.setattr(attention, "BLOCK", 64)
    for a, b in zip(whole, run(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


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
    np.testing.assert_allclose(y, np.take_along_axis(to_cpu(v), picked[..., None], 1), rtol=1e-5)
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
    for op in (ops.scaled_dot_product_attention, ops.scaled_dot_product_attention_definition):
        with pytest.raises(ValueError, match=problem):
            op(*(Tensor(a) for a in arrays(*shapes)), mask)


def test_a_mask_is_boolean():
    with pytest.raises(TypeError, match="must be boolean"):
        ops.scaled_dot_product_attention(
            *(Tensor(a) for a in arrays((3, 4), (5, 4), (5, 4))), np.zeros((3, 5), "float32")
        )


def test_attention_scores(xp):
    layer = MultiHeadAttention(2, 4)
    y, p = layer(
        xp.asarray(X),
        MEMORY,
        key_mask=[[True] * 5, [True] * 2 + [False] * 3],
        return_attention_scores=True,
    )
    assert p.shape == (2, 2, 6, 5)
    np.testing.assert_allclose(values(p).sum(-1), 1, rtol=1e-5)
    assert abs(values(p)[1, :, :, 2:]).max() == 0
    heads = values(layer.value(Tensor(xp.asarray(MEMORY)))).reshape(2, 5, 2, 4).swapaxes(1, 2)
    np.testing.assert_allclose(
        values(
            layer.attention_output(
                Tensor(xp.asarray((values(p) @ heads).swapaxes(1, 2).reshape(2, 6, 8)))
            )
        ),
        values(y),
        atol=1e-5,
    )


def test_dropout_falls_on_probabilities_in_training_alone(xp):
    layer = MultiHeadAttention(2, 4, dropout=0.5)
    minigrad.seed(3)
    quiet = values(layer(xp.asarray(X)))
    np.testing.assert_array_equal(values(layer(xp.asarray(X))), quiet)
    assert (values(layer(xp.asarray(X), training=True)) != quiet).any()
    draws = np.mean([values(layer(xp.asarray(X), training=True)) for _ in range(300)], 0)
    np.testing.assert_allclose(draws, quiet, atol=0.25)
    x = Tensor(xp.asarray(X[:1, :3]), requires_grad=True)

    def fixed(x):
        minigrad.seed(1)
        return layer(x, training=True)

    check_grads(fixed, xp.asarray(X[:1, :3]), order=1)
    assert np.isfinite(values(grad(ops.sum(fixed(x)), [x])[0])).all()


def test_no_gradient_passes_through_a_cache():
    with pytest.raises(ValueError, match="no_grad"):
        blocks(causal=True)(X, cache=KeyValueCache(6))


def softmax(s):
    e = np.exp(s - s.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


@pytest.mark.parametrize(
    "make, score",
    [
        (Attention, lambda layer, q, k: q @ k.T),
        (
            lambda: Attention(score_mode="general"),
            lambda layer, q, k: q @ (k @ layer.key.kernel.numpy()).T,
        ),
        (
            lambda: Attention(score_mode="concat"),
            lambda layer, q, k: additive(layer.additive, q, k),
        ),
        (lambda: AdditiveAttention(5), lambda layer, q, k: additive(layer, q, k)),
        (
            lambda: AdditiveAttention(use_scale=False),
            lambda layer, q, k: np.tanh(q[:, None] + k).sum(-1),
        ),
    ],
)
def test_scores_as_the_papers_write_them(make, score, xp):
    layer = make()
    y, p = layer(xp.asarray(X), MEMORY, return_attention_scores=True)
    for n in range(2):
        wanted = softmax(score(layer, X[n], MEMORY[n]))
        np.testing.assert_allclose(values(p)[n], wanted, atol=1e-5)
        np.testing.assert_allclose(values(y)[n], wanted @ MEMORY[n], atol=1e-5)
    hidden = values(layer(xp.asarray(X), MEMORY, key_mask=[[True, True, False, False, False]] * 2))
    np.testing.assert_allclose(hidden, values(layer(xp.asarray(X), MEMORY[:, :2])), atol=1e-5)


def additive(layer, q, k):
    w, u, v = (p.numpy() for p in (layer.query.kernel, layer.key.kernel, layer.scale))
    return np.tanh((q @ w)[:, None] + k @ u) @ v


def test_a_list_goes_in_as_in_keras():
    layer = Attention()
    q = Tensor(X)
    v = Tensor(MEMORY)
    np.testing.assert_array_equal(values(layer([q, v])), values(layer(q, v)))
    np.testing.assert_array_equal(values(layer([q, v, v * 2])), values(layer(q, v, v * 2)))


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


@pytest.mark.parametrize(
    "act, problem",
    [
        (lambda: TransformerEncoder(16, 3)(X), "width its 3 heads divide"),
        (lambda: TransformerEncoder(16, 2)(X[0]), r"\(6, 8\)"),
        (lambda: MultiHeadAttention(2, 4)(X[0]), "expects sequences"),
        (lambda: MultiHeadAttention(0, 4), "num_heads must be a positive integer"),
        (lambda: MultiHeadAttention(2, 4, dropout=1.0), r"dropout must be in \[0, 1\), not 1.0"),
        (lambda: MultiHeadAttention(2, 4)(X, MEMORY[:1]), "of one N"),
        (lambda: MultiHeadAttention(2, 4)(X, MEMORY, X), "keys as many as values"),
        (lambda: TransformerDecoder(16, 2)(X), "a memory"),
        (
            lambda: MultiHeadAttention(2, 4)(X, attention_mask=np.ones((6, 5), bool)),
            r"expected \(6, 6\) or \(2, 6, 6\)",
        ),
        (
            lambda: MultiHeadAttention(2, 4)(X, attention_mask=np.ones((3, 6, 6), bool)),
            r"shape \(3, 6, 6\) does not fit an input of shape \(2, 6, 8\)",
        ),
        (
            lambda: MultiHeadAttention(2, 4)(X, attention_mask=np.ones((2, 3, 6, 6), bool)),
            "does not broadcast",
        ),
        (lambda: MultiHeadAttention(2, 4)(X, attention_mask=np.ones(6, bool)), "does not fit"),
        (lambda: MultiHeadAttention(2, 4)(X, key_mask=np.ones((2, 5), bool)), r"expected \(2, 6\)"),
        (lambda: Attention()(X, MEMORY[..., :3]), "equal width"),
        (lambda: AdditiveAttention()(X, MEMORY[..., :3]), "equal width"),
        (lambda: Attention()(X, MEMORY[:1]), "of one N"),
        (lambda: Attention(score_mode="cosine"), "'dot', 'general', 'concat'"),
        (lambda: SinusoidalPositions()(X[0]), "expects sequences"),
    ],
)
def test_errors_teach(act, problem):
    with pytest.raises(ValueError, match=problem):
        act()
