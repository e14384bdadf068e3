"""Transformer blocks: causality, padding, caches, weights on the memory."""

import numpy as np
import pytest

import minigrad
from minigrad import no_grad
from minigrad.layers import KeyValueCache, TransformerDecoder, TransformerEncoder

from .helpers import assert_close, assert_equal, values

rng = np.random.default_rng(5)
X = rng.standard_normal((2, 6, 8)).astype("float32")
MEMORY = rng.standard_normal((2, 5, 8)).astype("float32")
MEMORY_MASK = np.array([[True] * 5, [True] * 3 + [False] * 2])


def encoder_block(**settings):
    return TransformerEncoder(16, 2, activation="gelu", **settings)


CAUSAL = [encoder_block(causal=True), encoder_block(causal=True, normalize_first=True, rotary=True)]


@pytest.mark.parametrize("layer", CAUSAL, ids=["post-norm", "pre-norm, rotary"])
def test_a_later_token_changes_no_earlier_output(layer, xp):
    layer.to(minigrad.config.settings.device)
    other = X.copy()
    other[:, 4] *= -1
    first = values(layer(xp.asarray(X)))
    second = values(layer(xp.asarray(other)))
    assert_equal(first[:, :4], second[:, :4])
    differences = abs(first[:, 4:] - second[:, 4:])
    assert differences.max(-1).min() > 1e-4
    layer.to("cpu")


def test_padding_changes_nothing_in_an_encoder(xp):
    encoder = encoder_block()
    mask = np.array([[True] * 6, [True] * 4 + [False] * 2])
    other = X.copy()
    other[1, 4:] = 7
    first = values(encoder(xp.asarray(X), mask=xp.asarray(mask)))
    second = values(encoder(xp.asarray(other), mask=mask))  # a mask of the host is moved
    # to rounding: exp is shifted or not, by all scores of a block
    assert_close(first[mask], second[mask])
    alone = encoder(xp.asarray(X[1:, :4]))
    assert_close(first[1, :4], alone[0])


def test_padding_changes_nothing_in_a_decoder(xp):
    decoder = TransformerDecoder(16, 2)
    x = xp.asarray(X)
    mask = np.array([[True] * 6, [True] * 4 + [False] * 2])
    other = X.copy()
    other[1, 4:] = 7
    memory = MEMORY.copy()
    memory[0, 3:] = -5
    memory_mask = np.array([[True] * 3 + [False] * 2, [True] * 5])
    first = values(decoder(x, MEMORY, mask=mask, memory_mask=memory_mask))
    second = values(decoder(xp.asarray(other), memory, mask=mask, memory_mask=memory_mask))
    assert_close(first[mask], second[mask])
    unmasked = values(decoder(x, MEMORY))
    assert abs(unmasked - values(decoder(x, memory))).max() > 1e-2


# ---- caches --------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("lengths", [[1] * 6, [4, 1, 1], [6], [2, 3, 1]])
def test_a_cache_changes_nothing(rotary, lengths, xp):
    layer = encoder_block(causal=True, rotary=rotary)
    cache = KeyValueCache(6)
    expected = values(layer(xp.asarray(X)))
    start = 0
    with no_grad():
        for n in lengths:
            end = start + n
            y = layer(xp.asarray(X[:, start:end]), cache=cache)
            assert_close(y, expected[:, start:end], 2e-6)
            start = end
        assert cache.length == 6


def test_a_cache_has_a_capacity_and_a_batch_size(xp):
    layer = encoder_block(causal=True)
    cache = KeyValueCache(6)
    x = xp.asarray(X)
    with no_grad():
        layer(x, cache=cache)
        with pytest.raises(ValueError, match="capacity of 6 tokens and holds 6: 1 more"):
            layer(x[:, :1], cache=cache)
        cache.reset()
        layer(x[:, :1], cache=cache)
        with pytest.raises(ValueError, match=r"holds 2 samples of 2 heads, got 1"):
            layer(x[:1, :1], cache=cache)


def test_reordering_a_cache(xp):
    layer = encoder_block(causal=True)
    cache = KeyValueCache(6)
    reordered = xp.asarray(X[[1, 1]])
    with no_grad():
        layer(xp.asarray(X[:, :3]), cache=cache)
        cache.reorder(xp.asarray([1, 1]))
        y = layer(reordered[:, 3:], cache=cache)
        assert_close(y, values(layer(reordered))[:, 3:], 2e-6)


def test_no_gradient_passes_through_a_cache():
    with pytest.raises(ValueError, match="no_grad"):
        encoder_block(causal=True)(X, cache=KeyValueCache(6))


# ---- the memory ----------------------------------------------------------------------------------


def test_a_decoder_reads_its_memory_once(xp):
    decoder = TransformerDecoder(16, 2)
    expected = values(decoder(xp.asarray(X), MEMORY, memory_mask=MEMORY_MASK))
    cache = decoder.new_cache(6)
    with no_grad():
        for i in range(6):
            token = xp.asarray(X[:, i : i + 1])
            memory = MEMORY if i == 0 else np.zeros_like(MEMORY)
            y = decoder(token, memory, memory_mask=MEMORY_MASK, cache=cache)
            assert_close(y, expected[:, i : i + 1], 2e-6)


@pytest.mark.parametrize("first", [False, True])
def test_a_decoder_returns_its_weights_on_the_memory(first, xp):
    """They come beside the output, which stays what it is; none lies on padding."""
    decoder = TransformerDecoder(16, 2, normalize_first=first)
    x = xp.asarray(X)
    plain = decoder(x, MEMORY, memory_mask=MEMORY_MASK)

    def with_weights():
        return decoder(x, MEMORY, memory_mask=MEMORY_MASK, return_attention_scores=True)

    y, weights = with_weights()
    weights = values(weights)
    assert_equal(y, plain)
    assert weights.shape == (2, 2, X.shape[1], 5)
    assert_close(weights.sum(-1), np.ones((2, 2, 6)))
    assert (weights[1, ..., 3:] == 0).all()
    assert (weights[1, ..., :3] > 0).all()
    assert (weights[0] > 0).all()
    kernel = decoder.cross_attention.query.kernel
    kernel.assign(np.zeros(kernel.shape))
    uniform = values(with_weights()[1])
    assert_close(uniform[0], np.full((2, 6, 5), 1 / 5))


# ---- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: TransformerEncoder(16, 3)(X), "width its 3 heads divide"),
        (lambda: TransformerEncoder(16, 2)(X[0]), r"\(6, 8\)"),
        (lambda: TransformerDecoder(16, 2)(X), "a memory"),
    ],
)
def test_errors_of_blocks(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("block", [TransformerEncoder, TransformerDecoder])
def test_attention_dropout_reaches_every_attention(block):
    inputs = (X,) if block is TransformerEncoder else (X, MEMORY)

    def attentions(layer):
        names = ("self_attention", "cross_attention")[: len(inputs)]
        return [getattr(layer, name) for name in names]

    for options, rate in (
        ({}, 0.0),
        ({"dropout": 0.3}, 0.3),
        ({"dropout": 0.3, "attention_dropout": 0.0}, 0.0),
        ({"attention_dropout": 0.4}, 0.4),
        ({"inner_dropout": 0.4}, 0.0),
    ):
        layer = block(16, 2, **options)
        layer(*inputs)
        assert [attention.dropout for attention in attentions(layer)] == [rate] * len(inputs)
        others = options.get("dropout", 0.0) or options.get("inner_dropout", 0.0)
        drops = (values(layer(*inputs)) != values(layer(*inputs, training=True))).any()
        assert drops == bool(rate or others)
    layer = block(16, 2, attention_dropout=0.4)
    layer(*inputs)
    for attention in attentions(layer):  # each one by itself
        for other in attentions(layer):
            other.dropout = 0.4 if other is attention else 0.0
        assert (values(layer(*inputs)) != values(layer(*inputs, training=True))).any()
