"""Transformer blocks: causality, padding, caches, weights on the memory."""

import numpy as np
import pytest

import minigrad
from minigrad import no_grad
from minigrad.layers import KeyValueCache, TransformerDecoder, TransformerEncoder

from .helpers import values

rng = np.random.default_rng(5)

X = rng.standard_normal((2, 6, 8)).astype("float32")
MEMORY = rng.standard_normal((2, 5, 8)).astype("float32")


def blocks(**settings):
    return TransformerEncoder(16, 2, activation="gelu", **settings)


CAUSAL = [blocks(causal=True), blocks(causal=True, normalize_first=True, rotary=True)]


@pytest.mark.parametrize("layer", CAUSAL, ids=["post-norm", "pre-norm, rotary"])
def test_a_later_token_changes_no_earlier_output(layer, xp):
    first = values(layer.to(minigrad.config.settings.device)(xp.asarray(X)))
    other = X.copy()
    other[:, 4] *= -1
    second = values(layer(xp.asarray(other)))
    np.testing.assert_array_equal(first[:, :4], second[:, :4])
    assert abs(first[:, 4:] - second[:, 4:]).max(-1).min() > 1e-4
    layer.to("cpu")


def test_padding_changes_nothing(xp):
    mask = np.array([[True] * 6, [True] * 4 + [False] * 2])
    other = X.copy()
    other[1, 4:] = 7
    memory = MEMORY.copy()
    memory[0, 3:] = -5
    memory_mask = np.array([[True] * 3 + [False] * 2, [True] * 5])
    encoder = blocks()
    decoder = TransformerDecoder(16, 2)
    first = values(encoder(xp.asarray(X), mask=xp.asarray(mask)))
    second = values(encoder(xp.asarray(other), mask=mask))  # a mask of the host is moved
    np.testing.assert_allclose(
        first[mask], second[mask], atol=1e-6
    )  # to rounding: exp is shifted or not, by all scores of a block
    np.testing.assert_allclose(first[1, :4], values(encoder(xp.asarray(X[1:, :4])))[0], atol=1e-6)
    first = values(decoder(xp.asarray(X), MEMORY, mask=mask, memory_mask=memory_mask))
    second = values(decoder(xp.asarray(other), memory, mask=mask, memory_mask=memory_mask))
    np.testing.assert_allclose(first[mask], second[mask], atol=1e-6)
    assert (
        abs(values(decoder(xp.asarray(X), MEMORY)) - values(decoder(xp.asarray(X), memory))).max()
        > 1e-2
    )


@pytest.mark.parametrize("rotary", [False, True])
@pytest.mark.parametrize("cuts", [[1] * 6, [4, 1, 1], [6], [2, 3, 1]])
def test_a_cache_equals_none(rotary, cuts, xp):
    layer = blocks(causal=True, rotary=rotary)
    cache = KeyValueCache(6)
    whole = values(layer(xp.asarray(X)))
    at = 0
    with no_grad():
        for n in cuts:
            part = values(layer(xp.asarray(X[:, at : at + n]), cache=cache))
            np.testing.assert_allclose(part, whole[:, at : at + n], atol=2e-6)
            at += n
        assert cache.length == 6
        with pytest.raises(ValueError, match="capacity of 6 tokens and holds 6: 1 more"):
            layer(xp.asarray(X[:, :1]), cache=cache)
        cache.reset()
        with pytest.raises(ValueError, match=r"holds 2 samples of 2 heads, got 1"):
            layer(xp.asarray(X[:, :1]), cache=cache)
            layer(xp.asarray(X[:1, :1]), cache=cache)


def test_a_decoder_reads_its_memory_once(xp):
    decoder = TransformerDecoder(16, 2)
    padding = [[True] * 5, [True] * 3 + [False] * 2]
    whole = values(decoder(xp.asarray(X), MEMORY, memory_mask=padding))
    cache = decoder.new_cache(6)
    with no_grad():
        for i in range(6):
            memory = MEMORY if i == 0 else np.zeros_like(MEMORY)
            part = values(
                decoder(xp.asarray(X[:, i : i + 1]), memory, memory_mask=padding, cache=cache)
            )
            np.testing.assert_allclose(part, whole[:, i : i + 1], atol=2e-6)


@pytest.mark.parametrize("first", [False, True])
def test_a_decoder_shows_where_it_looks(first, xp):
    """The weights of the cross-attention come beside the output, which stays what it is; none lies on padding."""
    decoder = TransformerDecoder(16, 2, normalize_first=first)
    padding = np.array([[True] * 5, [True] * 3 + [False] * 2])
    plain = values(decoder(xp.asarray(X), MEMORY, memory_mask=padding))
    y, scores = decoder(xp.asarray(X), MEMORY, memory_mask=padding, return_attention_scores=True)
    scores = values(scores)
    assert scores.shape == (2, 2, X.shape[1], 5)
    assert np.array_equal(values(y), plain)
    np.testing.assert_allclose(scores.sum(-1), 1, atol=1e-6)
    assert (scores[1, ..., 3:] == 0).all()
    assert (scores[1, ..., :3] > 0).all()
    assert (scores[0] > 0).all()
    kernel = decoder.cross_attention.query.kernel
    kernel.assign(np.zeros(kernel.shape))
    even = values(
        decoder(xp.asarray(X), MEMORY, memory_mask=padding, return_attention_scores=True)[1]
    )
    np.testing.assert_allclose(even[0], 1 / 5, atol=1e-6)


def test_beams_change_places(xp):
    layer = blocks(causal=True)
    cache = KeyValueCache(6)
    turned = xp.asarray(X[[1, 1]])
    with no_grad():
        layer(xp.asarray(X[:, :3]), cache=cache)
        cache.reorder(xp.asarray([1, 1]))
        np.testing.assert_allclose(
            values(layer(turned[:, 3:], cache=cache)), values(layer(turned))[:, 3:], atol=2e-6
        )
