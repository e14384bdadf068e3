"""Recurrent layers: equations, masks, states, directions, dropout, wrappers, and what each says to input that does not fit."""

import copy
import warnings

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, Tensor, grad, ops, training
from minigrad.backend import to_cpu
from minigrad.config import device_module
from minigrad.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    GlobalAveragePooling1D,
    GRUCell,
    Layer,
    LayerNormalization,
    LSTMCell,
    Masking,
    SimpleRNN,
    SimpleRNNCell,
    TimeDistributed,
)

rng = np.random.default_rng(8)
X = rng.standard_normal((4, 5, 3)).astype("float32")
LAYERS = {
    "SimpleRNN": SimpleRNN,
    "LSTM": LSTM,
    "GRU": GRU,
    "GRU classic": lambda *a, **o: GRU(*a, reset_after=False, **o),
}
every = pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)


def values(y):
    return to_cpu(getattr(y, "data", y))


def shaken(layer, x=X):
    """The layer, built, with weights that are nowhere zero."""
    layer(device_module().asarray(x))
    draw = np.random.default_rng(1)
    layer.set_weights([w + draw.uniform(-0.5, 0.5, w.shape) for w in layer.get_weights()])
    return layer


def same(a, b, tolerance=1e-6):
    np.testing.assert_allclose(values(a), values(b), rtol=0, atol=tolerance)


def like(layer, other):
    """A layer with the weights of another."""
    layer(device_module().asarray(X[:2]))
    layer.set_weights(other.get_weights())
    return layer


# ---- sequences -----------------------------------------------------------------------------------


@every
def test_shapes(make, xp):
    x = xp.asarray(X)
    layer = make(6)
    assert layer(x).shape == (4, 6) and layer.output_shape == (None, 6) and layer.units == 6
    assert make(6, return_sequences=True)(x).shape == (4, 5, 6)
    y, *states = make(6, return_sequences=True, return_state=True)(x)
    assert y.shape == (4, 5, 6) and [s.shape for s in states] == [(4, 6)] * len(layer.state_sizes())
    np.testing.assert_array_equal(values(y[:, -1]), values(states[0]))


@pytest.mark.parametrize(
    "make, count", [(SimpleRNN, 4865), (LSTM, 19265), (GRU, 14657), (LAYERS["GRU classic"], 14465)]
)
def test_parameters_of_the_diabetes_models(make, count):
    model = Sequential(make(64, input_shape=(5, 10)), Dense(1))
    assert model.count_params() == count
    assert [n.split("/")[-1] for n in model.named_weights()] == [
        "kernel",
        "recurrent_kernel",
        "bias",
        "kernel",
        "bias",
    ]
    assert "lstm/cell/kernel" in model.named_weights() or make is not LSTM


def test_weights_start_as_in_keras():
    layer = LSTM(8)
    layer(X)
    kernel, recurrent, bias = layer.get_weights()
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 8))
    assert abs(kernel).max() <= np.sqrt(6 / (3 + 32))
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(8), atol=1e-5)
    layer = LSTM(8, unit_forget_bias=False, use_bias=True)
    layer(X)
    assert not layer.get_weights()[2].any()
    layer = GRU(8, use_bias=False)
    layer(X)
    assert len(layer.get_weights()) == 2


@every
def test_a_layer_is_its_cell_step_by_step(make, xp):
    layer = shaken(make(6, return_sequences=True))
    x, states, ys = xp.asarray(X), None, []
    for t in range(5):
        y, states = layer.cell(Tensor(x[:, t]), states)
        ys.append(values(y))
    same(layer(x), np.stack(ys, 1))
    same(RNN(layer.cell)(x), ys[-1])


@every
def test_other_activations_take_the_definition(make, xp):
    usual = shaken(make(6))
    ours = like(
        make(6, lambda x: ops.tanh(x)), usual
    )  # the same function, which the layer cannot know
    same(usual(xp.asarray(X)), ours(xp.asarray(X)))
    other = like(make(6, "relu"), usual)
    assert abs(values(usual(xp.asarray(X))) - values(other(xp.asarray(X)))).max() > 1e-2


class Leaky(Layer):
    """A cell of somebody else's, whose output is not its state."""

    state_size = 3

    def call(self, x, states):
        new = 0.5 * states[0] + x
        return new * 2, [new]


def test_any_cell(xp):
    layer = RNN(Leaky(), return_sequences=True, return_state=True)
    y, state = layer(xp.asarray(X))
    h = np.zeros((4, 3))
    for t in range(5):
        h = 0.5 * h + X[:, t]
        same(y[:, t], 2 * h)
    same(state, h)
    mask = np.ones((4, 5), bool)
    mask[:, :2] = mask[:, 4] = False
    y, state = layer(xp.asarray(X), mask=xp.asarray(mask))
    short, short_state = layer(xp.asarray(X[:, 2:4]))
    assert not values(y[:, :2]).any()
    same(y[:, 2:4], short)
    same(y[:, 4], short[:, 1])
    same(state, short_state)


@every
def test_backwards(make, xp):
    layer = shaken(make(6, return_sequences=True))
    back = like(make(6, return_sequences=True, go_backwards=True), layer)
    same(back(xp.asarray(X)), layer(xp.asarray(X[:, ::-1].copy())))


def test_stacked():
    model = Sequential(LSTM(6, return_sequences=True), GRU(5, return_sequences=True), SimpleRNN(4))
    assert model(X).shape == (4, 4)
    gradients = grad(ops.sum(ops.square(model(X))), model.trainable_weights)
    assert all(abs(g).max() > 0 for g in gradients)


# ---- masks ---------------------------------------------------------------------------------------

LENGTHS = [5, 3, 1, 4]


def padded(before):
    """X with sequences of LENGTHS, the rest junk, and the mask."""
    mask = np.arange(5) < np.array(LENGTHS)[:, None]
    return (X, mask) if not before else (X[:, ::-1].copy(), mask[:, ::-1].copy())


@every
@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("start", [False, True])
def test_a_padded_sequence_gives_what_the_unpadded_one_gives(make, before, start, xp):
    layer = shaken(make(6, return_sequences=True, return_state=True))
    last = like(make(6), layer)
    x, mask = padded(before)
    first = (
        [rng.standard_normal((4, 6)).astype("float32") for _ in layer.state_sizes()]
        if start
        else None
    )
    y, *states = layer(
        xp.asarray(x), initial_state=first and [xp.asarray(s) for s in first], mask=xp.asarray(mask)
    )
    final = last(
        xp.asarray(x), initial_state=first and [xp.asarray(s) for s in first], mask=xp.asarray(mask)
    )
    for n, length in enumerate(LENGTHS):
        real = slice(5 - length, 5) if before else slice(0, length)
        alone, *alone_states = layer(
            xp.asarray(x[n : n + 1, real]),
            initial_state=first and [xp.asarray(s[n : n + 1]) for s in first],
        )
        same(y[n, real], alone[0])
        same(final[n], alone[0, -1])
        for a, b in zip(states, alone_states, strict=True):
            same(a[n], b[0])
        assert not values(y)[n, : real.start].any()  # no output before the first real step
        assert (
            values(y)[n, real.stop :] == values(y)[n, real.stop - 1]
        ).all()  # afterwards the last one repeated


@every
def test_what_is_masked_has_no_gradient(make):
    layer, (x, mask) = shaken(make(6, return_sequences=True)), padded(False)
    inputs = Tensor(x, requires_grad=True)
    (g,) = grad(ops.sum(ops.square(layer(inputs, mask=mask))), [inputs])
    assert not g.numpy()[~mask].any() and (g.numpy()[mask] != 0).all()


@every
def test_a_row_that_is_all_padding(make, xp):
    layer = shaken(make(6, return_state=True))
    first = [rng.standard_normal((4, 6)).astype("float32") for _ in layer.state_sizes()]
    mask = np.ones((4, 5), bool)
    mask[2] = False
    y, *states = layer(
        xp.asarray(X), initial_state=[xp.asarray(s) for s in first], mask=xp.asarray(mask)
    )
    assert not values(y)[2].any() and np.isfinite(values(y)).all()
    for s, given in zip(states, first, strict=True):
        np.testing.assert_array_equal(values(s)[2], given[2])


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
    embedding, last = Embedding(7, 3, mask_zero=True), LSTM(4)
    ids = xp.asarray(IDS)
    y = values(Sequential(embedding, *middle, last)(ids))
    for n, row in enumerate(IDS[:3]):
        alone = Sequential(embedding, *middle, last)(xp.asarray(row[row > 0][None]))
        same(y[n], alone[0])
    assert not y[3].any()


def test_masks_of_a_model_within_a_model():
    inner = Sequential(Embedding(7, 3, mask_zero=True), Dense(4))
    outer = Sequential(inner, LSTM(4))
    y = values(outer(IDS))
    same(y[0], outer(IDS[:1, :3])[0])
    assert inner.output_shape == (None, 5, 4)
    same(outer(IDS), y, 0)


def test_masking_layer(xp):
    x = X.copy()
    x[0, 3:] = x[1, :2] = -1
    model = Sequential(Masking(-1.0), GRU(4))
    y = model(xp.asarray(x))
    same(y[0], model(xp.asarray(x[:1, :3]))[0])
    same(y[1], model(xp.asarray(x[1:2, 2:]))[0])
    assert values(Masking(-1.0)(xp.asarray(x)))[0, 3:].tolist() == [[0, 0, 0]] * 2


def test_means_over_time_leave_padding_out(xp):
    model = Sequential(Embedding(7, 3, mask_zero=True), GlobalAveragePooling1D())
    y, table = values(model(xp.asarray(IDS))), values(model.weights[0])
    np.testing.assert_allclose(y[0], table[[3, 1, 4]].mean(0), rtol=1e-5)
    np.testing.assert_allclose(y[1], table[[5, 2, 6]].mean(0), rtol=1e-5)
    assert not y[3].any()
    same(
        GlobalAveragePooling1D(keepdims=True)(xp.asarray(X), mask=xp.ones((4, 5), "int64")),
        X.mean(1, keepdims=True),
    )


def test_a_layer_that_ends_the_mask_says_so():
    model = Sequential(Embedding(7, 3, mask_zero=True), Conv1D(3, 2), LSTM(4))
    with pytest.warns(UserWarning, match="conv1d: Conv1D ignores the mask"):
        model(IDS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Sequential(Embedding(7, 3, mask_zero=True), LSTM(4), Dense(2))(IDS)


# ---- states --------------------------------------------------------------------------------------


@every
def test_two_halves_with_states_are_the_whole(make, xp):
    whole = shaken(make(6, return_sequences=True, return_state=True))
    stateful = like(make(6, return_sequences=True, stateful=True), whole)
    stateful.reset_states()
    x, y = xp.asarray(X), whole(xp.asarray(X))
    same(stateful(x[:, :2]), y[0][:, :2])
    same(stateful(x[:, 2:]), y[0][:, 2:])
    first, *states = whole(x[:, :2])
    same(whole(x[:, 2:], initial_state=states)[0], y[0][:, 2:])
    Sequential(stateful).reset_states()
    same(stateful(x[:, :2]), y[0][:, :2])
    with pytest.raises(
        ValueError, match=r"holds the states of 4 sequences, this batch has 3.*reset_states"
    ):
        stateful(x[:3])
    stateful.reset_states([values(s) for s in states] if xp is np else states)
    same(stateful(x[:, 2:]), y[0][:, 2:])


def test_states_have_gradients_unless_they_come_from_the_batch_before():
    layer = shaken(LSTM(6, return_state=True))
    first = [Tensor(rng.standard_normal((4, 6)), requires_grad=True) for _ in range(2)]
    y, h, c = layer(X, initial_state=first)
    assert all(abs(g).max() > 0 for g in grad(ops.sum(h * c), first))
    stateful = like(LSTM(6, stateful=True), layer)
    assert not any(s.requires_grad for s in stateful._states)


# ---- dropout -------------------------------------------------------------------------------------


@every
def test_dropout_is_one_mask_for_all_steps(make):
    layer = shaken(make(6, dropout=0.5, return_sequences=True))
    plain = like(make(6, return_sequences=True), layer)
    same(layer(X), plain(X), 0)  # inference
    minigrad.seed(3)
    with training():
        y = layer(X)
    minigrad.seed(3)
    same(y, plain(Dropout(0.5)(np.ones((4, 1, 3)), training=True).numpy() * X))


@every
def test_recurrent_dropout_is_one_mask_for_all_steps(make):
    layer = shaken(make(6, recurrent_dropout=0.5, return_sequences=True))
    plain = like(make(6, return_sequences=True), layer)
    same(layer(X), plain(X), 0)
    with training():
        minigrad.seed(3)
        y = values(layer(X))
        minigrad.seed(3)
        np.testing.assert_array_equal(values(layer(X)), y)  # one seed, one mask
        minigrad.seed(3)
        _, drop = layer.cell.draw_dropout_masks(Tensor(X))
    assert set(np.unique(drop)) == {0, 2}
    states = None
    for t in range(5):
        out, states = layer.cell(Tensor(X[:, t]), states, (None, drop))
        same(out, y[:, t])
    assert (
        abs(y - values(plain(X))).max() > 1e-3
        and abs(y[:, 0] - values(plain(X))[:, 0]).max() < 1e-6
    )


# ---- wrappers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", Bidirectional.MERGE_MODES)
@pytest.mark.parametrize("sequences", [False, True])
def test_bidirectional(mode, sequences, xp):
    layer = shaken(Bidirectional(GRU(6, return_sequences=sequences), merge_mode=mode))
    assert [n.split("/")[0] for n in layer.named_weights()] == ["forward_layer"] * 3 + [
        "backward_layer"
    ] * 3
    a = values(like(GRU(6, return_sequences=sequences), layer.forward_layer)(xp.asarray(X)))
    b = values(
        like(GRU(6, return_sequences=sequences), layer.backward_layer)(
            xp.asarray(X[:, ::-1].copy())
        )
    )
    b = b[:, ::-1] if sequences else b
    y = layer(xp.asarray(X))
    if mode is None:
        same(y[0], a)
        same(y[1], b)
    else:
        same(
            y,
            {"concat": np.concatenate([a, b], -1), "sum": a + b, "mul": a * b, "ave": (a + b) / 2}[
                mode
            ],
        )


def test_bidirectional_states_and_masks(xp):
    layer = shaken(Bidirectional(LSTM(6, return_sequences=True, return_state=True)))
    y, *states = layer(xp.asarray(X))
    assert y.shape == (4, 5, 12) and [s.shape for s in states] == [(4, 6)] * 4
    same(y[:, -1, :6], states[0])
    same(y[:, 0, 6:], states[2])
    again, *_ = layer(xp.asarray(X), initial_state=states)
    same(again[:, :, :6], layer.forward_layer(xp.asarray(X), initial_state=states[:2])[0])
    for before in (False, True):
        x, mask = padded(before)
        y, *_ = layer(xp.asarray(x), mask=xp.asarray(mask))
        real = slice(2, 5) if before else slice(0, 3)
        same(y[1, real], layer(xp.asarray(x[1:2, real]))[0][0])
        assert not values(y)[~mask].any()  # as in Keras


def test_directions_may_differ():
    layer = Bidirectional(LSTM(6), backward_layer=GRU(4, go_backwards=True))
    assert layer(X).shape == (4, 10)


def test_time_distributed(xp):
    inner = Dense(2, "tanh")
    x = rng.standard_normal((2, 3, 4, 5)).astype("float32")
    y = TimeDistributed(inner)(xp.asarray(x))
    assert y.shape == (2, 3, 4, 2)
    same(y[:, 1], inner(xp.asarray(x[:, 1])))
    assert TimeDistributed(Embedding(5, 2))(xp.ones((2, 3, 4), int)).shape == (2, 3, 4, 2)


# ---- what does not fit ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make, says",
    [
        (
            lambda: LSTM(6)(X[0]),
            r"lstm: LSTM expects sequences of shape \(N, T, C\), got \(5, 3\): one sequence x goes in as x\[None\]",
        ),
        (lambda: LSTM(6)(X[:, :0]), "have no steps"),
        (
            lambda: shaken(GRU(6))(X[..., :2]),
            r"kernel has shape \(3, 18\); sequences of shape \(4, 5, 2\) and 6 units want \(2, 18\)",
        ),
        (
            lambda: LSTM(6)(X, initial_state=[np.zeros((4, 6))]),
            "LSTM has 2 states, initial_state holds 1",
        ),
        (
            lambda: LSTM(6)(X, initial_state=[np.zeros((4, 6)), np.zeros((3, 6))]),
            r"state 1 has shape \(3, 6\); an input of shape \(4, 5, 3\) needs \(4, 6\)",
        ),
        (
            lambda: LSTM(6)(X, initial_state=[np.zeros((4, 5)), np.zeros((4, 6))]),
            r"state 0 has shape \(4, 5\)",
        ),
        (
            lambda: LSTM(6)(X, mask=np.ones((4, 4), bool)),
            r"mask of shape \(4, 4\) does not fit an input of shape \(4, 5, 3\): expected \(4, 5\)",
        ),
        (lambda: GlobalAveragePooling1D()(X, mask=np.ones((4, 4))), "mask of shape"),
        (lambda: Embedding(7, 3)(np.array([[7]])), "ids run from 7 to 7"),
        (lambda: Embedding(7, 3)(np.array([[-1]])), "-1"),
        (lambda: LSTM(0), "units must be a positive integer"),
        (lambda: GRU(3, dropout=1.0), "dropout must be in"),
        (lambda: GRU(3, recurrent_dropout=-0.1), "recurrent_dropout must be in"),
        (
            lambda: Bidirectional(LSTM(3), merge_mode="mean"),
            "merge_mode must be one of 'concat', 'sum', 'mul', 'ave', None, not 'mean'",
        ),
        (lambda: Bidirectional(LSTM(3), backward_layer=LSTM(3)), "go_backwards is False in both"),
        (
            lambda: Bidirectional(
                LSTM(3), backward_layer=LSTM(3, go_backwards=True, return_sequences=True)
            ),
            "return_sequences is False",
        ),
        (
            lambda: Bidirectional(
                LSTM(3), merge_mode="sum", backward_layer=LSTM(4, go_backwards=True)
            )(X),
            "merge_mode 'sum' needs",
        ),
        (lambda: Bidirectional(shaken(LSTM(3))), "has weights already"),
        (
            lambda: Bidirectional(LSTM(3))(X, initial_state=[np.zeros((4, 3))] * 3),
            "holds 3 states; forward and backward need 2 each",
        ),
        (lambda: TimeDistributed(Dense(2))(X[:, :, 0]), "with a sample at each step"),
        (lambda: LSTMCell(3)(X), r"expects one step of shape \(N, C\), got \(4, 5, 3\)"),
        (lambda: ops.lstm(X, X[0, :3], X[0], None), r"the kernel has shape \(3, 3\)"),
        (
            lambda: ops.simple_rnn(
                X, np.ones((3, 2)), np.ones((2, 2)), None, None, np.ones((4, 5), int)
            ),
            None,
        ),
    ],
)
def test_errors_say_what_would_fit(make, says):
    with pytest.raises((ValueError, IndexError, TypeError), match=says or "the mask is boolean"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: RNN(Dense(3)),
        lambda: RNN("lstm"),
        lambda: Bidirectional(Dense(3)),
        lambda: TimeDistributed(len),
        lambda: LSTM(3, wrong=1),
    ],
)
def test_what_is_no_layer_is_refused(make):
    with pytest.raises(TypeError):
        make()


def test_a_wrong_first_call_leaves_nothing_built():
    layer = LSTM(6)
    with pytest.raises(ValueError, match="mask"):
        layer(X, mask=np.ones((2, 2)))
    assert not layer.built and not layer.weights and layer(X[..., :2]).shape == (4, 6)


def test_weights_go_round_by_name(tmp_path):
    make = [
        lambda: Sequential(
            Bidirectional(LSTM(3, return_sequences=True), input_shape=(5, 3)),
            RNN(SimpleRNNCell(4)),
            Dense(1),
        )
    ] * 2
    a, b = (m() for m in make)
    a.save_weights(tmp_path / "w.safetensors")
    b.load_weights(tmp_path / "w.safetensors")
    same(a(X), b(X), 0)
    assert "bidirectional/forward_layer/cell/recurrent_kernel" in a.named_weights() and GRUCell(
        3
    ).state_size == [3]
