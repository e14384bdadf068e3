"""Recurrent layers have Keras's values, with Keras's weights, masks, states and directions."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

import minigrad
from minigrad import layers

pytestmark = pytest.mark.parity
KERAS = {"SimpleRNN": {}, "LSTM": {}, "GRU": {}, "GRU classic": {"reset_after": False}}


@pytest.mark.parametrize("name", KERAS)
@pytest.mark.parametrize(
    "settings",
    [
        {"return_sequences": True},
        {},
        {"go_backwards": True, "return_sequences": True},
        {"return_state": True},
        {"use_bias": False},
        {"activation": "softsign"},
        {"mask": "pre", "return_sequences": True},
        {"mask": "post", "return_state": True},
        {"mask": "holes", "return_sequences": True, "go_backwards": True},
        {"initial": True, "mask": "pre", "return_sequences": True},
        {"initial": True, "return_state": True, "mask": "all"},
        {"merge": "concat", "mask": "pre"},
        {"merge": "sum"},
        {"merge": "mul"},
        {"merge": "ave", "return_sequences": True, "mask": "post"},
        {"merge": None, "return_sequences": True},
    ],
    ids=str,
)
def test_keras(name, settings):
    settings = {**settings, **KERAS[name]}
    kind, initial, merge = (
        settings.pop("mask", None),
        settings.pop("initial", False),
        settings.pop("merge", "none"),
    )
    draw = np.random.default_rng(0)
    x = draw.standard_normal((3, 5, 4)).astype("float32")
    mask = {
        None: None,
        "pre": np.arange(5) >= np.array([0, 2, 4])[:, None],
        "post": np.arange(5) < np.array([5, 3, 1])[:, None],
        "holes": draw.random((3, 5)) < 0.6,
        "all": np.array([[True] * 5, [False] * 5, [True] * 5]),
    }[kind]
    ours, theirs = (
        getattr(module, name.split()[0])(6, **settings) for module in (layers, keras.layers)
    )
    states = (
        [draw.standard_normal((3, 6)).astype("float32") for _ in ours.state_sizes()]
        if initial
        else None
    )
    if merge != "none":
        ours, theirs = (
            layers.Bidirectional(ours, merge_mode=merge),
            keras.layers.Bidirectional(theirs, merge_mode=merge),
        )
    ours(x)
    theirs(x)
    weights = [draw.standard_normal(w.shape).astype("float32") for w in ours.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    options = {
        **({} if mask is None else {"mask": mask}),
        **({} if states is None else {"initial_state": states}),
    }
    ys, us = (
        list(y) if isinstance(y, (list, tuple)) else [y]
        for y in (ours(x, **options), theirs(x, **options))
    )
    assert len(ys) == len(us)
    for y, u in zip(ys, us, strict=True):
        np.testing.assert_allclose(y.numpy(), keras.ops.convert_to_numpy(u), rtol=1e-4, atol=2e-6)


class Minimal:
    """The cell of Keras's guide, over either library."""

    def __new__(cls, module, units):
        class MinimalRNNCell(module.layers.Layer):
            def __init__(self, units):
                super().__init__()
                self.units = units
                self.state_size = units

            def build(self, input_shape):
                self.kernel = self.add_weight((input_shape[-1], units), "uniform", name="kernel")
                self.recurrent_kernel = self.add_weight((units, units), "uniform", name="recurrent")
                self.built = True

            def call(self, inputs, states):
                h = module.ops.matmul(inputs, self.kernel)
                output = h + module.ops.matmul(states[0], self.recurrent_kernel)
                return output, [output]

        return MinimalRNNCell(units)


STACKS = {
    "lstm, gru": lambda m: [m.layers.LSTMCell(4), m.layers.GRUCell(6)],
    "gru, lstm, simple": lambda m: [
        m.layers.GRUCell(3, reset_after=False),
        m.layers.LSTMCell(5),
        m.layers.SimpleRNNCell(4),
    ],
    "own": lambda m: [Minimal(m, 4), m.layers.LSTMCell(3), Minimal(m, 5)],
}


def nested(states, convert):
    if isinstance(states, (list, tuple)):
        return [nested(item, convert) for item in states]
    return convert(states)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("kind", [None, "pre", "post", "holes"])
@pytest.mark.parametrize("initial", [False, True])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_stacks_of_cells(stack, kind, initial, return_sequences):
    draw = np.random.default_rng(0)
    x = draw.standard_normal((3, 5, 4)).astype("float32")
    mask = {
        None: None,
        "pre": np.arange(5) >= np.array([0, 2, 4])[:, None],
        "post": np.arange(5) < np.array([5, 3, 1])[:, None],
        "holes": draw.random((3, 5)) < 0.6,
    }[kind]
    options = {"return_sequences": return_sequences, "return_state": True}
    ours, theirs = (m.layers.RNN(STACKS[stack](m), **options) for m in (minigrad, keras))
    for layer in (ours, theirs):
        layer(x)
    weights = [draw.standard_normal(w.shape).astype("float32") for w in theirs.get_weights()]
    ours.set_weights(weights)
    theirs.set_weights(weights)
    arguments = {} if mask is None else {"mask": mask}
    if initial:
        _, *states = ours(x)
        arguments["initial_state"] = nested(
            states, lambda s: draw.standard_normal(s.shape).astype("float32")
        )
    found = nested(ours(x, **arguments), lambda s: s.numpy())
    expected = nested(theirs(x, **arguments), keras.ops.convert_to_numpy)
    assert len(found) == len(expected)
    for a, b in zip(found, expected):
        assert isinstance(a, list) == isinstance(b, list)
        for s, t in zip(a, b) if isinstance(a, list) else [(a, b)]:
            np.testing.assert_allclose(s, t, rtol=1e-4, atol=2e-6)
