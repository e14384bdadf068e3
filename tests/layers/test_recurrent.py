"""Recurrent layers: shapes, masks, states, directions, dropout, errors."""

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, grad, ops, training
from minigrad.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    Dropout,
    GRUCell,
    Input,
    LSTMCell,
    SimpleRNN,
    SimpleRNNCell,
)

from .helpers import (
    LENGTHS,
    SEQUENCES,
    assert_close,
    each_recurrent_layer,
    padded,
    values,
    with_random_weights,
    with_weights_of,
)

rng = np.random.default_rng(8)


@each_recurrent_layer
def test_shapes(make, xp):
    x = xp.asarray(SEQUENCES)
    layer = make(6)
    assert layer(x).shape == (4, 6)
    assert layer.output_shape == (None, 6)
    assert layer.units == 6
    assert make(6, return_sequences=True)(x).shape == (4, 5, 6)
    y, *states = make(6, return_sequences=True, return_state=True)(x)
    assert y.shape == (4, 5, 6)
    assert [s.shape for s in states] == [(4, 6)] * len(layer.state_sizes())
    np.testing.assert_array_equal(values(y[:, -1]), values(states[0]))


@each_recurrent_layer
def test_backwards(make, xp):
    layer = with_random_weights(make(6, return_sequences=True))
    back = with_weights_of(make(6, return_sequences=True, go_backwards=True), layer)
    assert_close(back(xp.asarray(SEQUENCES)), layer(xp.asarray(SEQUENCES[:, ::-1].copy())))


def test_stacked():
    model = Sequential(LSTM(6, return_sequences=True), GRU(5, return_sequences=True), SimpleRNN(4))
    assert model(SEQUENCES).shape == (4, 4)
    gradients = grad(ops.sum(ops.square(model(SEQUENCES))), model.trainable_weights)
    assert all(abs(g).max() > 0 for g in gradients)


def draw_states(layer):
    return [rng.standard_normal((4, 6)).astype("float32") for _ in layer.state_sizes()]


@each_recurrent_layer
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("start", [False, True])
def test_padding_changes_nothing(make, before, start, xp):
    """A padded sequence gives the outputs and states of the sequence alone."""
    layer = with_random_weights(make(6, return_sequences=True, return_state=True))
    last = with_weights_of(make(6), layer)
    sequences, mask = padded(before)
    first = draw_states(layer) if start else None

    def run(layer, x, rows=slice(None), **options):
        initial = first and [xp.asarray(s[rows]) for s in first]
        return layer(xp.asarray(x[rows]), initial_state=initial, **options)

    y, *states = run(layer, sequences, mask=xp.asarray(mask))
    final = run(last, sequences, mask=xp.asarray(mask))
    for n, length in enumerate(LENGTHS):
        real = slice(5 - length, 5) if before else slice(0, length)
        alone, *alone_states = run(layer, sequences[:, real], slice(n, n + 1))
        assert_close(y[n, real], alone[0])
        assert_close(final[n], alone[0, -1])
        for a, b in zip(states, alone_states, strict=True):
            assert_close(a[n], b[0])
        outputs = values(y)[n]
        assert not outputs[: real.start].any()  # no output before the first real step
        assert (outputs[real.stop :] == outputs[real.stop - 1]).all()  # the last one repeated


@each_recurrent_layer
def test_what_is_masked_has_no_gradient(make):
    layer = with_random_weights(make(6, return_sequences=True))
    sequences, mask = padded(False)
    inputs = Tensor(sequences, requires_grad=True)
    (g,) = grad(ops.sum(ops.square(layer(inputs, mask=mask))), [inputs])
    assert not g.numpy()[~mask].any()
    assert (g.numpy()[mask] != 0).all()


@each_recurrent_layer
def test_a_row_that_is_all_padding(make, xp):
    layer = with_random_weights(make(6, return_state=True))
    first = draw_states(layer)
    initial = [xp.asarray(s) for s in first]
    mask = np.ones((4, 5), bool)
    mask[2] = False
    y, *states = layer(xp.asarray(SEQUENCES), initial_state=initial, mask=xp.asarray(mask))
    assert not values(y)[2].any()
    assert np.isfinite(values(y)).all()
    for s, given in zip(states, first, strict=True):
        np.testing.assert_array_equal(values(s)[2], given[2])


@each_recurrent_layer
def test_two_halves_with_states_are_the_whole(make, xp):
    whole = with_random_weights(make(6, return_sequences=True, return_state=True))
    stateful = with_weights_of(make(6, return_sequences=True, stateful=True), whole)
    stateful.reset_states()
    x = xp.asarray(SEQUENCES)
    y = whole(xp.asarray(SEQUENCES))
    assert_close(stateful(x[:, :2]), y[0][:, :2])
    assert_close(stateful(x[:, 2:]), y[0][:, 2:])
    first, *states = whole(x[:, :2])
    assert_close(whole(x[:, 2:], initial_state=states)[0], y[0][:, 2:])
    Sequential(stateful).reset_states()
    assert_close(stateful(x[:, :2]), y[0][:, :2])
    stateful.reset_state()  # the name that Keras 3 gives it
    assert_close(stateful(x[:, :2]), y[0][:, :2])
    with pytest.raises(
        ValueError, match=r"holds the states of 4 sequences, this batch has 3.*reset_states"
    ):
        stateful(x[:3])
    stateful.reset_states([values(s) for s in states] if xp is np else states)
    assert_close(stateful(x[:, 2:]), y[0][:, 2:])


def test_states_have_gradients_unless_they_come_from_the_batch_before():
    layer = with_random_weights(LSTM(6, return_state=True))
    first = [Tensor(rng.standard_normal((4, 6)), requires_grad=True) for _ in range(2)]
    y, h, c = layer(SEQUENCES, initial_state=first)
    assert all(abs(g).max() > 0 for g in grad(ops.sum(h * c), first))
    stateful = with_weights_of(LSTM(6, stateful=True), layer)
    assert not any(s.requires_grad for s in stateful._states)


@each_recurrent_layer
def test_dropout_is_one_mask_for_all_steps(make):
    layer = with_random_weights(make(6, dropout=0.5, return_sequences=True))
    plain = with_weights_of(make(6, return_sequences=True), layer)
    assert_close(layer(SEQUENCES), plain(SEQUENCES), 0)  # inference
    minigrad.seed(3)
    with training():
        y = layer(SEQUENCES)
    minigrad.seed(3)
    assert_close(y, plain(Dropout(0.5)(np.ones((4, 1, 3)), training=True).numpy() * SEQUENCES))


@each_recurrent_layer
def test_recurrent_dropout_is_one_mask_for_all_steps(make):
    layer = with_random_weights(make(6, recurrent_dropout=0.5, return_sequences=True))
    plain = with_weights_of(make(6, return_sequences=True), layer)
    assert_close(layer(SEQUENCES), plain(SEQUENCES), 0)
    with training():
        minigrad.seed(3)
        y = values(layer(SEQUENCES))
        minigrad.seed(3)
        np.testing.assert_array_equal(values(layer(SEQUENCES)), y)  # one seed, one mask
        minigrad.seed(3)
        _, drop = layer.cell.draw_dropout_masks(Tensor(SEQUENCES))
    assert set(np.unique(drop)) == {0, 2}
    states = None
    for t in range(5):
        out, states = layer.cell(Tensor(SEQUENCES[:, t]), states, (None, drop))
        assert_close(out, y[:, t])
    assert abs(y - values(plain(SEQUENCES))).max() > 1e-3
    assert abs(y[:, 0] - values(plain(SEQUENCES))[:, 0]).max() < 1e-6


# ---- errors --------------------------------------------------------------------------------------


def run_lstm(x=SEQUENCES, **options):
    return LSTM(6)(x, **options)


def states_of(*shapes):
    return [np.zeros(shape) for shape in shapes]


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda: run_lstm(SEQUENCES[0]),
            r"lstm: LSTM expects sequences of shape \(N, T, C\), got \(5, 3\): .* as x\[None\]",
        ),
        (lambda: run_lstm(SEQUENCES[:, :0]), "have no steps"),
        (
            lambda: with_random_weights(GRU(6))(SEQUENCES[..., :2]),
            r"kernel has shape \(3, 18\); .* \(4, 5, 2\) and 6 units need \(2, 18\)",
        ),
        (
            lambda: run_lstm(initial_state=states_of((4, 6))),
            "LSTM has 2 states, initial_state holds 1",
        ),
        (
            lambda: run_lstm(initial_state=states_of((4, 6), (3, 6))),
            r"state 1 has shape \(3, 6\); an input of shape \(4, 5, 3\) needs \(4, 6\)",
        ),
        (lambda: run_lstm(initial_state=states_of((4, 5), (4, 6))), r"state 0 has shape \(4, 5\)"),
        (
            lambda: run_lstm(mask=np.ones((4, 4), bool)),
            r"mask of shape \(4, 4\) does not fit an input of shape \(4, 5, 3\): expected \(4, 5\)",
        ),
        (lambda: LSTM(0), "units must be a positive integer"),
        (lambda: GRU(3, dropout=1.0), "dropout must be in"),
        (lambda: GRU(3, recurrent_dropout=-0.1), "recurrent_dropout must be in"),
    ],
)
def test_errors_say_what_would_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    "make", [lambda: RNN(Dense(3)), lambda: RNN("lstm"), lambda: LSTM(3, wrong=1)]
)
def test_what_is_no_cell_and_no_argument_is_refused(make):
    with pytest.raises(TypeError):
        make()


def test_a_wrong_first_call_leaves_nothing_built():
    layer = LSTM(6)
    with pytest.raises(ValueError, match="mask"):
        layer(SEQUENCES, mask=np.ones((2, 2)))
    assert not layer.built
    assert not layer.weights
    assert layer(SEQUENCES[..., :2]).shape == (4, 6)


def test_weights_go_round_by_name(tmp_path):
    def make():
        lstm = LSTM(3, return_sequences=True)
        both = Bidirectional(lstm, input_shape=(5, 3))
        return Sequential(both, RNN(SimpleRNNCell(4)), Dense(1))

    a = make()
    b = make()
    a.save_weights(tmp_path / "w.safetensors")
    b.load_weights(tmp_path / "w.safetensors")
    assert_close(a(SEQUENCES), b(SEQUENCES), 0)
    assert "bidirectional/forward_layer/cell/recurrent_kernel" in a.named_weights()
    assert GRUCell(3).state_size == [3]


# ---- a declared input shape ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda: [LSTM(3, stateful=True, input_shape=(5, 3))],
        lambda: [Input(batch_shape=(4, 5, 3)), GRU(3, stateful=True)],
        lambda: [Bidirectional(SimpleRNN(3, stateful=True), input_shape=(None, 3))],
        lambda: [RNN(LSTMCell(3), stateful=True, return_sequences=True, input_shape=(5, 3))],
        lambda: [LSTM(3, stateful=True, return_sequences=True, input_shape=(5, 3)), Dense(2)],
    ],
)
def test_building_leaves_no_states(make, xp):
    model = Sequential(make())
    assert model.built
    x = xp.asarray(SEQUENCES)
    first = values(model(x))
    second = values(model(x))
    assert abs(first - second).max() > 1e-4  # the states went on
    model.reset_states()
    assert_close(model(x), first, 0)  # and the first batch began at zeros
    model.reset_states()
    assert model(x[:2]).shape[0] == 2


def test_building_anew_keeps_the_states_of_the_last_batch():
    model = Sequential(LSTM(3, stateful=True, return_sequences=True, input_shape=(5, 3)))
    model(SEQUENCES)
    states = [values(s) for s in model[0]._states]
    model.add(Dense(2))
    assert all((values(s) == old).all() for s, old in zip(model[0]._states, states))
    late = Sequential(LSTM(3, stateful=True))
    late.build((None, 5, 3))
    assert late[0]._states is None and late(SEQUENCES).shape == (4, 3)
