"""Training steps of recurrent layers over sequences, in every framework."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import numpy_baseline
from .workload import Workload


def recurrent(
    name: str, kind: str, batch: int, steps: int, inputs: int, units: int, vocabulary: int = 0
) -> Workload:
    """A recurrent layer over sequences, of ids if there is a vocabulary, and Dense to 2 logits."""
    builders: dict[str, Callable[..., Any]] = {
        "minigrad": recurrent_minigrad,
        "torch": recurrent_torch,
        "jax": recurrent_jax,
        "keras": recurrent_keras,
    }
    return Workload(
        name,
        partial(sequences, batch, steps, inputs, vocabulary),
        {
            framework: partial(build, kind, steps, inputs, units, vocabulary)
            for framework, build in builders.items()
        },
    )


def sequences(n: int, steps: int, inputs: int, vocabulary: int) -> tuple[Any, Any]:
    """Noise, or ids, and labels 0 and 1."""
    draw = np.random.default_rng(0)
    if vocabulary:
        x = draw.integers(0, vocabulary, (n, steps))
    else:
        x = draw.standard_normal((n, steps, inputs), dtype="float32")
    return x, draw.integers(0, 2, n)


def recurrent_minigrad(kind, steps, inputs, units, vocabulary):
    from minigrad import Sequential, layers

    return Sequential(
        [
            *([layers.Embedding(vocabulary, inputs)] if vocabulary else []),
            getattr(layers, kind)(units),
            layers.Dense(2),
        ]
    )


def recurrent_torch(kind, steps, inputs, units, vocabulary):
    from torch import nn

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, inputs) if vocabulary else nn.Identity()
            layers = {"SimpleRNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
            self.layer = layers[kind](inputs, units, batch_first=True)
            self.dense = nn.Linear(units, 2)

        def forward(self, x):
            return self.dense(self.layer(self.embedding(x))[0][:, -1])

    return Last()


def recurrent_keras(kind, steps, inputs, units, vocabulary):
    from keras import Input, Sequential, layers

    first = [Input((steps, inputs))]
    if vocabulary:
        first = [Input((steps,), dtype="int64"), layers.Embedding(vocabulary, inputs)]
    return Sequential([*first, getattr(layers, kind)(units), layers.Dense(2)])


def recurrent_jax(kind, steps, inputs, units, vocabulary):
    import jax
    import jax.numpy as jnp

    gates = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}[kind]
    table = np.random.default_rng(0).standard_normal((vocabulary, inputs), "float32")
    parameters = {
        "table": table,
        "kernel": numpy_baseline.dense_parameters((inputs, gates * units))[0],
        "back": numpy_baseline.dense_parameters((units, gates * units))[0],
        "last": numpy_baseline.dense_parameters((units, 2))[0],
    }
    sigmoid, tanh, split = jax.nn.sigmoid, jnp.tanh, jnp.split

    def simple_rnn(states, a, back, bias):
        (h,) = states
        return (tanh(a + h @ back),)

    def lstm(states, a, back, bias):
        h, c = states
        i, f, g, o = split(a + h @ back, 4, -1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c

    def gru(states, a, back, bias):
        """With the reset after the product, as cuDNN, PyTorch and Keras have it."""
        (h,) = states
        (a_z, a_r, a_g), (b_z, b_r, b_g) = split(a, 3, -1), split(h @ back + bias, 3, -1)
        z = sigmoid(a_z + b_z)
        return (z * h + (1 - z) * tanh(a_g + sigmoid(a_r + b_r) * b_g),)

    cell = {"SimpleRNN": simple_rnn, "LSTM": lstm, "GRU": gru}[kind]

    def apply(parameters, x, key):
        (kernel, bias), (back, back_bias) = parameters["kernel"], parameters["back"]
        x = parameters["table"][x] if vocabulary else x
        start = (jnp.zeros((len(x), units), "float32"),) * (2 if kind == "LSTM" else 1)
        step = lambda states, a: (cell(states, a, back, back_bias), None)
        states, _ = jax.lax.scan(step, start, jnp.swapaxes(x @ kernel + bias, 0, 1))
        w, b = parameters["last"]
        return states[0] @ w + b

    return parameters, apply


RECURRENT = [
    *(
        recurrent(f"{kind} on windows of 5, batch 32", kind, 32, 5, 10, 64)
        for kind in ("SimpleRNN", "LSTM", "GRU")
    ),
    recurrent("LSTM 128 -> 64, T 200, batch 32", "LSTM", 32, 200, 128, 64),
    recurrent("LSTM 128 -> 256, T 50, batch 64", "LSTM", 64, 50, 128, 256),
    recurrent("GRU 128 -> 64, T 200, batch 32", "GRU", 32, 200, 128, 64),
    recurrent(
        "IMDB: Embedding 10000x128, LSTM 64, T 200, batch 32",
        "LSTM",
        32,
        200,
        128,
        64,
        vocabulary=10000,
    ),
]
