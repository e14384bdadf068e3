"""Recurrent cells: initial weights, step by step, other activations, cells of one's own."""

import numpy as np
import pytest

from minigrad import Sequential, Tensor, ops
from minigrad.layers import (
    GRU,
    LSTM,
    RNN,
    Dense,
    GRUCell,
    Layer,
    LSTMCell,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
)

from .helpers import (
    RECURRENT,
    SEQUENCES,
    assert_close,
    assert_equal,
    each_recurrent_layer,
    values,
    with_random_weights,
    with_weights_of,
)

rng = np.random.default_rng(8)


@pytest.mark.parametrize(
    "make, count",
    [(SimpleRNN, 4865), (LSTM, 19265), (GRU, 14657), (RECURRENT["GRU that resets before"], 14465)],
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
    layer(SEQUENCES)
    kernel, recurrent, bias = layer.get_weights()
    assert_equal(bias, np.repeat([0, 1, 0, 0], 8))
    assert abs(kernel).max() <= np.sqrt(6 / (3 + 32))
    assert_close(recurrent @ recurrent.T, np.eye(8), 1e-5)
    layer = LSTM(8, unit_forget_bias=False, use_bias=True)
    layer(SEQUENCES)
    assert not layer.get_weights()[2].any()
    layer = GRU(8, use_bias=False)
    layer(SEQUENCES)
    assert len(layer.get_weights()) == 2


@each_recurrent_layer
def test_a_layer_is_its_cell_step_by_step(make, xp):
    layer = with_random_weights(make(6, return_sequences=True))
    x = xp.asarray(SEQUENCES)
    states = None
    ys = []
    for t in range(5):
        y, states = layer.cell(Tensor(x[:, t]), states)
        ys.append(values(y))
    assert_close(layer(x), np.stack(ys, 1))
    assert_close(RNN(layer.cell)(x), ys[-1])


@each_recurrent_layer
def test_other_activations_take_the_definition(make, xp):
    x = xp.asarray(SEQUENCES)
    usual = with_random_weights(make(6))
    # the same function, in a form that no kernel supports
    same = with_weights_of(make(6, lambda x: ops.tanh(x)), usual)
    assert_close(usual(x), same(x))
    other = with_weights_of(make(6, "relu"), usual)
    assert abs(values(usual(x)) - values(other(x))).max() > 1e-2


class Leaky(Layer):
    """A cell of somebody else's, whose output is not its state."""

    state_size = 3

    def call(self, x, states):
        new = 0.5 * states[0] + x
        return new * 2, [new]


def test_any_cell(xp):
    layer = RNN(Leaky(), return_sequences=True, return_state=True)
    y, state = layer(xp.asarray(SEQUENCES))
    h = np.zeros((4, 3))
    for t in range(5):
        h = 0.5 * h + SEQUENCES[:, t]
        assert_close(y[:, t], 2 * h)
    assert_close(state, h)
    mask = np.ones((4, 5), bool)
    mask[:, :2] = mask[:, 4] = False
    y, state = layer(xp.asarray(SEQUENCES), mask=xp.asarray(mask))
    short, short_state = layer(xp.asarray(SEQUENCES[:, 2:4]))
    assert not values(y[:, :2]).any()
    assert_close(y[:, 2:4], short)
    assert_close(y[:, 4], short[:, 1])
    assert_close(state, short_state)


def test_a_cell_takes_one_step():
    message = r"expects one step of shape \(N, C\), got \(4, 5, 3\): sequences go through RNN"
    with pytest.raises(ValueError, match=message):
        LSTMCell(3)(SEQUENCES)


@pytest.mark.parametrize("cell", [SimpleRNNCell(4), LSTMCell(4), GRUCell(4)], ids=repr)
def test_states_that_do_not_fit(cell):
    name, n = type(cell).__name__, cell.num_states
    x = np.ones((2, 3), "float32")
    for shape in ((4,), (2, 1, 4), (1, 4), (2, 5), (), (3, 4)):
        wrong = [np.ones(shape, "float32")] * n
        with pytest.raises(ValueError, match=rf"{name}: state 0 has shape .* needs \(2, 4\)"):
            cell(x, wrong)
    fits = np.ones((2, 4), "float32")
    with pytest.raises(ValueError, match=f"{name} has {n} states, states holds {n + 1}"):
        cell(x, [fits] * (n + 1))
    y, states = cell(x, [fits] * n)
    other, _ = cell(x, [Tensor(fits)] * n)
    assert y.shape == (2, 4) and len(states) == n and (values(y) == values(other)).all()


STACKS = {
    "kernels": lambda: [LSTMCell(4), GRUCell(3), SimpleRNNCell(2)],
    "one's own": lambda: [GRUCell(4), Steps(3), LSTMCell(2)],
}


class Steps(Layer):
    """A cell whose state counts steps."""

    state_size = 4

    def __init__(self, units):
        super().__init__()
        self.dense = Dense(units)

    def call(self, x, states):
        return self.dense(x + states[0]), states[0] + 1


@pytest.mark.parametrize("stack", STACKS)
def test_a_list_of_cells_is_a_stack_of_layers(stack, xp):
    layer = RNN(STACKS[stack](), return_sequences=True, return_state=True)
    x = xp.asarray(SEQUENCES)
    y, *states = layer(x)
    assert layer.units == 2 and layer.state_sizes() == [
        n
        for s in states
        for n in ([t.shape[1] for t in s] if isinstance(s, list) else [s.shape[1]])
    ]
    expected = Tensor(x)
    for cell, state in zip(layer.cell.cells, states):
        expected, *own = RNN(cell, return_sequences=True, return_state=True)(expected)
        for a, b in zip(state if isinstance(state, list) else [state], own):
            assert_close(a, b)
    assert_close(y, expected)
    h = None
    for t in range(x.shape[1]):
        last, h = (
            layer.cell(Tensor(x[:, t]), h)
            if h
            else layer.cell(
                Tensor(x[:, t]), [xp.zeros((len(x), n), "float32") for n in layer.state_sizes()]
            )
        )
    assert_close(y[:, -1], last)


def test_a_stateful_stack_goes_on():
    layer = RNN([LSTMCell(4), GRUCell(3)], stateful=True)
    whole = RNN(StackedRNNCells(layer.cell.cells))
    first, second = SEQUENCES[:, :2], SEQUENCES[:, 2:]
    layer(first)
    assert_close(layer(second), whole(SEQUENCES))
    other = RNN([LSTMCell(4), GRUCell(3)], stateful=True)
    other(first)
    one = RNN([LSTMCell(4)], return_state=True)
    y, h, c = one(SEQUENCES, initial_state=[np.zeros((4, 4)), np.zeros((4, 4))])
    assert_close(one(SEQUENCES, initial_state=[[np.zeros((4, 4))] * 2])[2], c)
    assert_close(y, h)
    layer.reset_states()
    layer(first)
    state = layer.get_state()
    other.set_weights(layer.get_weights())
    other.set_state(state)
    assert_close(other(second), layer(second))


def test_stacks_that_are_none():
    with pytest.raises(
        TypeError, match="StackedRNNCells runs cells, Layers with a state_size.*Den"
    ):
        RNN([LSTMCell(3), Dense(3)])
    with pytest.raises(TypeError, match="StackedRNNCells runs cells.*None"):
        RNN([])
    layer = RNN([LSTMCell(4), GRUCell(3)])
    with pytest.raises(ValueError, match="RNN has 3 states, initial_state holds 1"):
        layer(SEQUENCES, initial_state=[np.zeros((4, 4))])
