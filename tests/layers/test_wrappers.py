"""Bidirectional and TimeDistributed."""

import numpy as np
import pytest

from minigrad.layers import GRU, LSTM, Bidirectional, Dense, Embedding, TimeDistributed

from .helpers import SEQUENCES, assert_close, padded, values, with_random_weights, with_weights_of

rng = np.random.default_rng(8)


def merged(forward, backward, mode):
    """What each merge mode returns."""
    if mode == "concat":
        return np.concatenate([forward, backward], -1)
    if mode == "mul":
        return forward * backward
    total = forward + backward
    return total if mode == "sum" else total / 2


@pytest.mark.parametrize("mode", [*Bidirectional.MERGE_MODES, None])
@pytest.mark.parametrize("sequences", [False, True])
def test_bidirectional(mode, sequences, xp):
    def gru():
        return GRU(6, return_sequences=sequences)

    layer = with_random_weights(Bidirectional(gru(), merge_mode=mode))
    directions = [name.split("/")[0] for name in layer.named_weights()]
    assert directions == ["forward_layer"] * 3 + ["backward_layer"] * 3
    x = xp.asarray(SEQUENCES)
    reversed_x = xp.asarray(SEQUENCES[:, ::-1].copy())
    forward = values(with_weights_of(gru(), layer.forward_layer)(x))
    backward = values(with_weights_of(gru(), layer.backward_layer)(reversed_x))
    if sequences:
        backward = backward[:, ::-1]
    y = layer(x)
    if mode is None:
        assert_close(y[0], forward)
        assert_close(y[1], backward)
    else:
        assert_close(y, merged(forward, backward, mode))


def test_bidirectional_states(xp):
    lstm = LSTM(6, return_sequences=True, return_state=True)
    layer = with_random_weights(Bidirectional(lstm))
    x = xp.asarray(SEQUENCES)
    y, *states = layer(x)
    assert y.shape == (4, 5, 12)
    assert [s.shape for s in states] == [(4, 6)] * 4
    assert_close(y[:, -1, :6], states[0])
    assert_close(y[:, 0, 6:], states[2])
    again, *_ = layer(x, initial_state=states)
    forward, *_ = layer.forward_layer(x, initial_state=states[:2])
    assert_close(again[:, :, :6], forward)


@pytest.mark.parametrize("before", [False, True])
def test_bidirectional_masks(before, xp):
    lstm = LSTM(6, return_sequences=True, return_state=True)
    layer = with_random_weights(Bidirectional(lstm))
    x, mask = padded(before)
    y, *_ = layer(xp.asarray(x), mask=xp.asarray(mask))
    real = slice(2, 5) if before else slice(0, 3)
    alone, *_ = layer(xp.asarray(x[1:2, real]))
    assert_close(y[1, real], alone[0])
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
    ids = xp.ones((2, 3, 4), int)
    assert TimeDistributed(Embedding(5, 2))(ids).shape == (2, 3, 4, 2)


# ---- errors --------------------------------------------------------------------------------------


def opposite(layer):
    """A pair for Bidirectional whose layers must match."""
    return Bidirectional(LSTM(3), backward_layer=layer)


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: Bidirectional(LSTM(3), merge_mode="mean"),
            "unknown merge_mode of Bidirectional 'mean': known: concat, sum, mul, ave",
        ),
        (lambda: opposite(LSTM(3)), "go_backwards is False in both"),
        (
            lambda: opposite(LSTM(3, go_backwards=True, return_sequences=True)),
            "return_sequences is False",
        ),
        (
            lambda: Bidirectional(
                LSTM(3), merge_mode="sum", backward_layer=LSTM(4, go_backwards=True)
            )(SEQUENCES),
            "merge_mode 'sum' needs",
        ),
        (lambda: Bidirectional(with_random_weights(LSTM(3))), "has weights already"),
        (
            lambda: Bidirectional(LSTM(3))(SEQUENCES, initial_state=[np.zeros((4, 3))] * 3),
            "holds 3 states; forward and backward need 2 each",
        ),
        (lambda: TimeDistributed(Dense(2))(SEQUENCES[:, :, 0]), "with a sample at each step"),
    ],
)
def test_errors_say_what_would_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("make", [lambda: Bidirectional(Dense(3)), lambda: TimeDistributed(len)])
def test_what_cannot_be_wrapped_is_refused(make):
    with pytest.raises(TypeError):
        make()
