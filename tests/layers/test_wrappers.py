"""Bidirectional and TimeDistributed."""

import numpy as np
import pytest

from minigrad.layers import GRU, LSTM, Bidirectional, Dense, Embedding, TimeDistributed

from .helpers import SEQUENCES, assert_close, padded, values, with_random_weights, with_weights_of

rng = np.random.default_rng(8)


@pytest.mark.parametrize("mode", Bidirectional.MERGE_MODES)
@pytest.mark.parametrize("sequences", [False, True])
def test_bidirectional(mode, sequences, xp):
    layer = with_random_weights(Bidirectional(GRU(6, return_sequences=sequences), merge_mode=mode))
    assert [n.split("/")[0] for n in layer.named_weights()] == ["forward_layer"] * 3 + [
        "backward_layer"
    ] * 3
    a = values(
        with_weights_of(GRU(6, return_sequences=sequences), layer.forward_layer)(
            xp.asarray(SEQUENCES)
        )
    )
    b = values(
        with_weights_of(GRU(6, return_sequences=sequences), layer.backward_layer)(
            xp.asarray(SEQUENCES[:, ::-1].copy())
        )
    )
    b = b[:, ::-1] if sequences else b
    y = layer(xp.asarray(SEQUENCES))
    if mode is None:
        assert_close(y[0], a)
        assert_close(y[1], b)
    else:
        assert_close(
            y,
            {"concat": np.concatenate([a, b], -1), "sum": a + b, "mul": a * b, "ave": (a + b) / 2}[
                mode
            ],
        )


def test_bidirectional_states_and_masks(xp):
    layer = with_random_weights(Bidirectional(LSTM(6, return_sequences=True, return_state=True)))
    y, *states = layer(xp.asarray(SEQUENCES))
    assert y.shape == (4, 5, 12)
    assert [s.shape for s in states] == [(4, 6)] * 4
    assert_close(y[:, -1, :6], states[0])
    assert_close(y[:, 0, 6:], states[2])
    again, *_ = layer(xp.asarray(SEQUENCES), initial_state=states)
    assert_close(
        again[:, :, :6], layer.forward_layer(xp.asarray(SEQUENCES), initial_state=states[:2])[0]
    )
    for before in (False, True):
        x, mask = padded(before)
        y, *_ = layer(xp.asarray(x), mask=xp.asarray(mask))
        real = slice(2, 5) if before else slice(0, 3)
        assert_close(y[1, real], layer(xp.asarray(x[1:2, real]))[0][0])
        assert not values(y)[~mask].any()  # as in Keras


def test_directions_may_differ():
    layer = Bidirectional(LSTM(6), backward_layer=GRU(4, go_backwards=True))
    assert layer(SEQUENCES).shape == (4, 10)


def test_time_distributed(xp):
    inner = Dense(2, "tanh")
    x = rng.standard_normal((2, 3, 4, 5)).astype("float32")
    y = TimeDistributed(inner)(xp.asarray(x))
    assert y.shape == (2, 3, 4, 2)
    assert_close(y[:, 1], inner(xp.asarray(x[:, 1])))
    assert TimeDistributed(Embedding(5, 2))(xp.ones((2, 3, 4), int)).shape == (2, 3, 4, 2)
