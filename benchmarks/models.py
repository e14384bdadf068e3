"""Training steps (forward, loss, backward, Adam update; float32) of one model in every framework.

A row is a name, its data and, for each framework, a function that builds the model: to add a model, write one such function
a framework and add a Row. trainers.py turns a model into training steps. What a builder returns:
    minigrad  a Layer                                            keras  a keras.Model
    torch     a torch.nn.Module                                  jax    (parameters, apply(parameters, x, key))
    numpy     the whole training step, given x, labels and device (by_hand.py): the floor under the price of a framework
All end in logits; the loss is the cross-entropy with integer labels.
"""
from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Any
from collections.abc import Callable

import numpy as np

from . import by_hand

FRAMEWORKS = ("minigrad", "numpy", "torch", "jax", "keras")


@dataclass
class Row:
    """A model: its name, `data()` -> (x, labels) of one batch, and who builds it, framework by framework."""
    name: str
    data: Callable[[], tuple[Any, Any]]
    builders: dict[str, Callable[..., Any]]


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    from .trainers import TRAINERS
    chosen = REGISTRY[row]
    build = chosen.builders.get(framework)
    return TRAINERS[framework](build, *chosen.data(), device) if build else {}


# ---- multilayer perceptrons ----------------------------------------------------------------------------------------

def mlp(name: str, sizes: tuple[int, ...], batch: int, dropout: float = 0.0) -> Row:
    """Dense layers with relu between, each followed by dropout where that is asked for."""
    builders: dict[str, Callable[..., Any]] = {
        "minigrad": mlp_minigrad, "torch": mlp_torch, "jax": mlp_jax, "keras": mlp_keras, "numpy": by_hand.mlp}
    return Row(name, partial(classified, batch, sizes[0], sizes[-1]),
               {framework: partial(build, sizes, dropout) for framework, build in builders.items()})


def classified(n: int, inputs: int, classes: int) -> tuple[Any, Any]:
    """Noise around one centre a class, and the classes."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, classes, n)
    x = draw.standard_normal((classes, inputs)).astype("float32")[labels] + draw.standard_normal((n, inputs), dtype="float32")
    return x, labels


def mlp_minigrad(sizes, dropout):
    from minigrad import Sequential
    from minigrad.layers import Dense, Dropout
    layers = []
    for n in sizes[1:-1]:
        layers += [Dense(n, activation="relu")] + [Dropout(dropout)] * bool(dropout)
    return Sequential([*layers, Dense(sizes[-1])])


def mlp_torch(sizes, dropout):
    from torch import nn
    layers: list[Any] = []
    for m, n in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(m, n), nn.ReLU()] + [nn.Dropout(dropout)] * bool(dropout)
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))


def mlp_keras(sizes, dropout):
    from keras import Input, Sequential
    from keras.layers import Dense, Dropout
    layers: list[Any] = [Input(sizes[:1])]
    for n in sizes[1:-1]:
        layers += [Dense(n, activation="relu")] + [Dropout(dropout)] * bool(dropout)
    return Sequential([*layers, Dense(sizes[-1])])


def mlp_jax(sizes, dropout):
    import jax
    parameters = by_hand.dense_parameters(sizes)

    def apply(parameters, x, key):
        for i, (w, b) in enumerate(parameters[:-1]):
            x = jax.nn.relu(x @ w + b)
            if dropout:
                keep = jax.random.bernoulli(jax.random.fold_in(key, i), 1 - dropout, x.shape)
                x = x * keep / (1 - dropout)
        w, b = parameters[-1]
        return x @ w + b
    return parameters, apply


# ---- recurrent layers ------------------------------------------------------------------------------------------------

def recurrent(name: str, kind: str, batch: int, steps: int, inputs: int, units: int, vocabulary: int = 0) -> Row:
    """A recurrent layer over sequences (of ids, through an Embedding, where there is a vocabulary) and Dense to 2 logits."""
    builders: dict[str, Callable[..., Any]] = {
        "minigrad": recurrent_minigrad, "torch": recurrent_torch, "jax": recurrent_jax, "keras": recurrent_keras}
    if kind != "LSTM" or vocabulary:
        del builders["jax"]
    return Row(name, partial(sequences, batch, steps, inputs, vocabulary),
               {framework: partial(build, kind, steps, inputs, units, vocabulary) for framework, build in builders.items()})


def sequences(n: int, steps: int, inputs: int, vocabulary: int) -> tuple[Any, Any]:
    """Noise, or ids, and labels 0 and 1."""
    draw = np.random.default_rng(0)
    x = draw.integers(0, vocabulary, (n, steps)) if vocabulary else draw.standard_normal((n, steps, inputs), dtype="float32")
    return x, draw.integers(0, 2, n)


def recurrent_minigrad(kind, steps, inputs, units, vocabulary):
    from minigrad import Sequential, layers
    return Sequential([*([layers.Embedding(vocabulary, inputs)] if vocabulary else []), getattr(layers, kind)(units), layers.Dense(2)])


def recurrent_torch(kind, steps, inputs, units, vocabulary):
    from torch import nn

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(vocabulary, inputs) if vocabulary else nn.Identity()
            self.layer = {"SimpleRNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}[kind](inputs, units, batch_first=True)
            self.dense = nn.Linear(units, 2)

        def forward(self, x):
            return self.dense(self.layer(self.embedding(x))[0][:, -1])
    return Last()


def recurrent_keras(kind, steps, inputs, units, vocabulary):
    from keras import Input, Sequential, layers
    first = [Input((steps,), dtype="int64"), layers.Embedding(vocabulary, inputs)] if vocabulary else [Input((steps, inputs))]
    return Sequential([*first, getattr(layers, kind)(units), layers.Dense(2)])


def recurrent_jax(kind, steps, inputs, units, vocabulary):
    import jax
    import jax.numpy as jnp
    (kernel, bias), = by_hand.dense_parameters((inputs, 4 * units))
    (back, _), last = by_hand.dense_parameters((units, 4 * units)), by_hand.dense_parameters((units, 2))[0]

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
    *(recurrent(f"{kind} on windows of 5, batch 32", kind, 32, 5, 10, 64) for kind in ("SimpleRNN", "LSTM", "GRU")),
    recurrent("LSTM 128 -> 64, T 200, batch 32", "LSTM", 32, 200, 128, 64),
    recurrent("LSTM 128 -> 256, T 50, batch 64", "LSTM", 64, 50, 128, 256),
    recurrent("GRU 128 -> 64, T 200, batch 32", "GRU", 32, 200, 128, 64),
    recurrent("Embedding 10000x128, LSTM 64, T 200, batch 32", "LSTM", 32, 200, 128, 64, vocabulary=10000)]

REGISTRY = {row.name: row for row in [
    mlp("MLP 64-128-64-10, batch 32", (64, 128, 64, 10), 32),
    mlp("MLP 784-128-10, batch 128", (784, 128, 10), 128),
    mlp("MLP 784-128-64-10, dropout, batch 128", (784, 128, 64, 10), 128, dropout=0.2), *RECURRENT,
]}
ROWS = list(REGISTRY)
