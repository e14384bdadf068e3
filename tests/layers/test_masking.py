"""Masks: from Embedding and Masking through a model, and joined in attention."""

import copy
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, ops
from minigrad.layers import (
    GRU,
    LSTM,
    Activation,
    AdditiveAttention,
    Attention,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    GroupNormalization,
    InstanceNormalization,
    Lambda,
    LayerNormalization,
    LearnedPositions,
    Masking,
    MultiHeadAttention,
    Parallel,
    Residual,
    RMSNormalization,
    Softmax,
    SpatialDropout1D,
    TimeDistributed,
    TransformerDecoder,
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


# ---- which layers carry a mask -------------------------------------------------------------------

MASK = IDS != 0


def masked(xp=np, width=4):
    """An input (4, 5, width) with a mask."""
    return Embedding(7, width, mask_zero=True)(xp.asarray(IDS))


def mask_of(y):
    return None if y.mask is None else minigrad.to_cpu(y.mask)


@pytest.mark.parametrize(
    "layer",
    [
        lambda: Activation("tanh"),
        lambda: Softmax(),
        lambda: Dropout(0.5),
        lambda: SpatialDropout1D(0.5),
        lambda: BatchNormalization(),
        lambda: GroupNormalization(2),
        lambda: InstanceNormalization(),
        lambda: LayerNormalization(),
        lambda: RMSNormalization(),
        lambda: Residual(Dense(4, "relu")),
        lambda: Residual(Sequential(Dense(4), BatchNormalization()), Dense(4)),
        lambda: Parallel(Dense(4), GRU(3, return_sequences=True)),
        lambda: Parallel(Dense(4), Dense(4), join="sum"),
        lambda: Sequential(Sequential(Dense(3), Activation("relu")), Dropout(0.1)),
        lambda: Sequential(),
        lambda: TimeDistributed(Dense(3)),
        lambda: TimeDistributed(Sequential(Dense(3), BatchNormalization())),
        lambda: GRU(3, return_sequences=True, return_state=True),
        lambda: Bidirectional(LSTM(3, return_sequences=True), merge_mode=None),
        lambda: MultiHeadAttention(2, 4),
        lambda: TransformerEncoder(8, 2),
        lambda: Attention(),
        lambda: AdditiveAttention(3),
        lambda: Lambda(lambda x: x * 2.0, mask=lambda x, mask: mask),
        lambda: Lambda(lambda x: x * 2.0, mask=MASK),
    ],
)
@pytest.mark.parametrize("mode", [False, True])
def test_the_mask_goes_on(layer, mode, xp):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = layer()(masked(xp), training=mode)
    first = y[0] if isinstance(y, list) else y
    np.testing.assert_array_equal(mask_of(first), MASK)
    assert minigrad.backend.backend(first.mask) is minigrad.backend.backend(first.data)


def test_each_branch_and_each_direction_has_its_mask():
    x = masked()
    pooled, kept = Parallel(GlobalAveragePooling1D(), Dense(2), join="list")(x)
    assert pooled.mask is None and (kept.mask == MASK).all()
    for y in Bidirectional(LSTM(3, return_sequences=True), merge_mode=None)(x):
        assert (y.mask == MASK).all()
    y, *states = LSTM(3, return_sequences=True, return_state=True)(x)
    assert (y.mask == MASK).all() and not any(s.mask is not None for s in states)
    assert LSTM(3)(x).mask is None and GlobalAveragePooling1D()(x).mask is None
    backwards = GRU(3, return_sequences=True, go_backwards=True)(x)
    assert (backwards.mask == MASK[:, ::-1]).all()


def test_merged_masks_are_real_where_one_is():
    class Shifts(Dense):
        def compute_mask(self, x, mask=None):
            return mask[:, ::-1]

    x = masked()
    for merge in (Residual(Shifts(4)), Parallel(Shifts(4), Dense(4), join="sum")):
        assert (merge(x).mask == MASK | MASK[:, ::-1]).all()
    with pytest.warns(UserWarning, match="Conv1D ignores the mask"):
        assert Residual(Conv1D(4, 1))(x).mask is None


def test_what_ends_a_mask():
    for layer in (Flatten(), Conv1D(2, 1), Lambda(lambda x: x)):
        with pytest.warns(UserWarning, match="ignores the mask"):
            assert (
                layer(masked() if not isinstance(layer, Lambda) else masked() + 0, mask=MASK)
                is not None
            )


def test_functions_in_lambda_get_masks():
    function = Lambda(lambda x, mask: x * mask[..., None].astype(x.dtype))
    with pytest.warns(UserWarning, match="Lambda ignores"):
        y = values(function(masked()))
    assert not y[~MASK].any() and y[MASK].all()


# ---- Masking -------------------------------------------------------------------------------------


def test_a_step_is_padding_if_all_its_features_are():
    x = np.array([[[0.0, 0.0], [0.0, 1.0], [2.0, 0.0], [3.0, 4.0]]], "float32")
    y = Masking()(x)
    assert mask_of(y).tolist() == [[False, True, True, True]]
    assert (values(y) == x).all()
    other = Masking(1.0)(x)
    assert mask_of(other).all() and (values(other) == x).all()
    ones = np.where(x.any(-1, keepdims=True), x, 1.0)
    assert mask_of(Masking(1.0)(ones)).tolist() == [[False, True, True, True]]
    assert not values(Masking(1.0)(ones))[0, 0].any()


# ---- what padding holds changes nothing ----------------------------------------------------------


def test_batch_statistics_leave_padding_out(xp):
    """BatchNormalization of masked sequences is that of their real steps alone, in all modes."""
    x = np.random.default_rng(2).standard_normal((4, 5, 3)).astype("float32") * 3 + 1
    real = x[MASK]
    layers = [BatchNormalization(momentum=0.5) for _ in range(2)]
    y = layers[0](xp.asarray(x), mask=xp.asarray(MASK), training=True)
    alone = layers[1](xp.asarray(real), training=True)
    assert_close(values(y)[MASK], alone)
    for name in ("moving_mean", "moving_variance"):
        assert_close(getattr(layers[0], name), getattr(layers[1], name), 1e-5)
    assert_close(
        values(layers[0](xp.asarray(x), mask=xp.asarray(MASK)))[MASK], layers[1](xp.asarray(real))
    )
    everything = np.ones((4, 5), bool)
    assert_close(
        BatchNormalization()(xp.asarray(x), mask=xp.asarray(everything), training=True),
        BatchNormalization()(xp.asarray(x), training=True),
        1e-5,
    )
    nothing = BatchNormalization()(xp.asarray(x), mask=~everything, training=True)
    assert np.isfinite(values(nothing)).all()
    with pytest.raises(ValueError, match=r"mask of shape \(4, 4\) does not fit"):
        BatchNormalization()(xp.asarray(x), mask=MASK[:, :4], training=True)


def test_masked_batch_statistics_have_gradients():
    layer = BatchNormalization()
    x = np.random.default_rng(2).standard_normal((4, 5, 3)).astype("float32")
    layer(x)

    def normalize(x):
        return ops.where(MASK[..., None], layer(x, mask=MASK, training=True), 0.0)

    minigrad.check_grads(normalize, x, order=2, parameters=layer.trainable_weights)


def test_recomputed_statistics_leave_padding_out():
    model = Sequential(Masking(), BatchNormalization())
    x = np.random.default_rng(2).standard_normal((4, 5, 3)).astype("float32") * MASK[..., None]
    model(x)
    minigrad.layers.recompute_statistics(model, x, batch_size=3)
    assert_close(model[1].moving_mean, x[MASK].mean(0))
    assert_close(model[1].moving_variance, x[MASK].var(0))


def test_masks_of_sentences_within_documents(xp):
    """(N, sentences, words): each sentence has its mask; a sentence without words is padding."""
    ids = np.array([[[1, 2, 0], [3, 0, 0], [0, 0, 0]], [[4, 5, 6], [0, 0, 0], [0, 0, 0]]])
    embedding, words, document = Embedding(7, 4, mask_zero=True), LSTM(3), GRU(2)
    model = Sequential(embedding, TimeDistributed(words), document)
    y = values(model(xp.asarray(ids)))
    first = words(embedding(xp.asarray(ids[0, :1, :2])))
    second = words(embedding(xp.asarray(ids[0, 1:2, :1])))
    assert_close(y[0], document(ops.stack([first, second], axis=1))[0])
    steps = Sequential(embedding, TimeDistributed(LSTM(3, return_sequences=True)))(xp.asarray(ids))
    assert (mask_of(steps) == (ids != 0)).all()
    assert (mask_of(TimeDistributed(words)(embedding(xp.asarray(ids)))) == ids.any(-1)).all()


@pytest.mark.parametrize("make", [lambda: Attention(), lambda: AdditiveAttention(4)])
def test_attention_reads_the_masks_of_its_inputs(make, xp):
    layer = make()
    query, value = masked(xp), Embedding(9, 4, mask_zero=True)(xp.asarray(IDS[:, ::-1].copy()))
    y = layer(query, value)
    for n in range(3):
        rows, columns = MASK[n], MASK[n, ::-1].copy()
        alone = (
            layer(values(query)[n : n + 1, rows], values(value)[n : n + 1, columns])
            if xp is np
            else None
        )
        if alone is not None:
            assert_close(values(y)[n, rows], alone[0])
    assert not values(y)[~MASK].any() and (mask_of(y) == MASK).all()
    assert_close(layer([query, value]), y)
    plain = [query + 0, value + 0]
    masks = [xp.asarray(MASK), xp.asarray(MASK[:, ::-1].copy())]
    assert_close(layer(plain, mask=masks), y)
    assert_close(layer(*plain, mask=masks[0], value_mask=masks[1]), y)


def test_heads_and_decoders_read_the_masks_of_their_inputs(xp):
    query, memory = masked(xp, 8), Embedding(9, 8, mask_zero=True)(xp.asarray(IDS[:3, ::-1].copy()))
    query = Embedding(7, 8, mask_zero=True)(xp.asarray(IDS[:3]))
    keys = MASK[:3, ::-1].copy()
    heads, decoder = MultiHeadAttention(2, 4), TransformerDecoder(8, 2)
    y = heads(query, memory)
    assert_close(y, heads(query + 0, memory + 0, value_mask=xp.asarray(keys)))
    assert_close(y, heads(query + 0, memory + 0, key_mask=xp.asarray(keys)))
    assert (mask_of(y) == MASK[:3]).all()
    assert (mask_of(heads(query + 0, memory, query_mask=MASK[:3])) == MASK[:3]).all()
    z = decoder(query, memory)
    by_name = decoder(
        query + 0, memory + 0, mask=xp.asarray(MASK[:3]), memory_mask=xp.asarray(keys)
    )
    assert_close(z, by_name, 1e-5)
    assert (mask_of(z) == MASK[:3]).all()
    assert abs(values(y) - values(heads(query + 0, memory + 0))).max() > 1e-4
