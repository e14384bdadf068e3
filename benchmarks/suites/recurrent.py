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
    if kind != "LSTM" or vocabulary:
        del builders["jax"]
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

    ((kernel, bias),) = numpy_baseline.dense_parameters((inputs, 4 * units))
    ((back, _),) = numpy_baseline.dense_parameters((units, 4 * units))
    (last,) = numpy_baseline.dense_parameters((units, 2))

    def apply(parameters, x, key):
        kernel, back, bias, (w, b) = parameters

        def step(states, a):
            h, c = states
            i, f, g, o = jnp.split(a + h @ back, 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((len(x), units), x.dtype)
        (h, _), _ = jax.lax.scan(step, (zeros, zeros), jnp.swapaxes(x @ kernel + bias, 0, 1))
        return h @ w + b

    return (kernel, back, bias, last), apply


RECURRENT = [
    *(
        recurrent(f"{kind} on windows of 5, batch 32", kind, 32, 5, 10, 64)
        for kind in ("SimpleRNN", "LSTM", "GRU")
    ),
    recurrent("LSTM 128 -> 64, T 200, batch 32", "LSTM", 32, 200, 128, 64),
    recurrent("LSTM 128 -> 256, T 50, batch 64", "LSTM", 64, 50, 128, 256),
    recurrent("GRU 128 -> 64, T 200, batch 32", "GRU", 32, 200, 128, 64),
    recurrent(
        "Embedding 10000x128, LSTM 64, T 200, batch 32", "LSTM", 32, 200, 128, 64, vocabulary=10000
    ),
]
