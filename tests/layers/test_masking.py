"""Masks: from Embedding and Masking through a model, and joined in attention."""

import copy
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential
from minigrad.layers import (
    GRU,
    LSTM,
    Bidirectional,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    GlobalAveragePooling1D,
    LayerNormalization,
    LearnedPositions,
    Masking,
    MultiHeadAttention,
    RMSNormalization,
    TimeDistributed,
    TransformerEncoder,
)

from .helpers import SEQUENCES, assert_close, assert_equal, values

rng = np.random.default_rng(8)

IDS = np.array([[3, 1, 4, 0, 0], [0, 0, 5, 2, 6], [1, 2, 3, 4, 5], [0, 0, 0, 0, 0]])


@pytest.mark.parametrize(
    "middle",
    [
        [],
        [Dropout(0.5), Dense(6, "tanh"), LayerNormalization()],
        [GRU(7, return_sequences=True)],
        [Bidirectional(GRU(3, return_sequences=True))],
        [TimeDistributed(Dense(2))],
        [
            GRU(7, return_sequences=True, go_backwards=True),
            GRU(7, return_sequences=True, go_backwards=True),
        ],
        [Sequential(Dense(3), LSTM(4, return_sequences=True))],
    ],
    ids=lambda m: str(len(m)),
)
def test_masks_travel_through_sequential(middle, xp):
    middle = copy.deepcopy(middle)  # so that each device builds its own
    embedding = Embedding(7, 3, mask_zero=True)
    last = LSTM(4)
    ids = xp.asarray(IDS)
    y = values(Sequential(embedding, *middle, last)(ids))
    for n, row in enumerate(IDS[:3]):
        alone = Sequential(embedding, *middle, last)(xp.asarray(row[row > 0][None]))
        assert_close(y[n], alone[0])
    assert not y[3].any()


def test_masks_of_a_model_within_a_model():
    inner = Sequential(Embedding(7, 3, mask_zero=True), Dense(4))
    outer = Sequential(inner, LSTM(4))
    y = values(outer(IDS))
    assert_close(y[0], outer(IDS[:1, :3])[0])
    assert inner.output_shape == (None, 5, 4)
    assert_close(outer(IDS), y, 0)


def test_masking_layer(xp):
    x = SEQUENCES.copy()
    x[0, 3:] = x[1, :2] = -1
    model = Sequential(Masking(-1.0), GRU(4))
    y = model(xp.asarray(x))
    assert_close(y[0], model(xp.asarray(x[:1, :3]))[0])
    assert_close(y[1], model(xp.asarray(x[1:2, 2:]))[0])
    assert values(Masking(-1.0)(xp.asarray(x)))[0, 3:].tolist() == [[0, 0, 0]] * 2


def test_a_layer_that_ends_the_mask_says_so():
    model = Sequential(Embedding(7, 3, mask_zero=True), Conv1D(3, 2), LSTM(4))
    with pytest.warns(UserWarning, match="conv1d: Conv1D ignores the mask"):
        model(IDS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Sequential(Embedding(7, 3, mask_zero=True), LSTM(4), Dense(2))(IDS)


TOKENS = rng.standard_normal((2, 6, 8)).astype("float32")


@pytest.mark.parametrize(
    "layer",
    [
        lambda: TransformerEncoder(16, 2),
        lambda: MultiHeadAttention(2, 4),
        lambda: LearnedPositions(9),
        lambda: RMSNormalization(),
    ],
)
def test_the_mask_of_an_embedding_reaches_attention(layer):
    """Three tokens and padding give, through layers of a Sequential, what the three give alone."""
    minigrad.seed(0)
    model = Sequential(
        Embedding(7, 8, mask_zero=True),
        layer(),
        MultiHeadAttention(2, 4),
        TransformerEncoder(16, 2),
        GlobalAveragePooling1D(),
    )
    short = model(np.array([[3, 1, 6]]))
    long = model(np.array([[3, 1, 6, 0, 0]]))
    assert_close(long, short)


def test_masks_join(xp):
    layer = MultiHeadAttention(2, 4)
    mask = rng.random((2, 6, 6)) < 0.6
    padding = rng.random((2, 6)) < 0.7
    together = layer(xp.asarray(TOKENS), attention_mask=mask & padding[:, None])
    assert_equal(layer(xp.asarray(TOKENS), attention_mask=mask, key_mask=padding), together)
    four = np.repeat(mask[:, None], 2, 1)
    assert_equal(
        layer(xp.asarray(TOKENS), attention_mask=four),
        layer(xp.asarray(TOKENS), attention_mask=mask),
    )
    causal = layer(xp.asarray(TOKENS), attention_mask=np.tril(np.ones((6, 6), bool)))
    assert_close(layer(xp.asarray(TOKENS), use_causal_mask=True), causal)
