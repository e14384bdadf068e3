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
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from . import images, numpy_baseline
from .recurrent import RECURRENT
from .transformers import encoder_block, gpt
from .workload import Row

FRAMEWORKS = ("minigrad", "numpy", "torch", "jax", "keras")


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    from .trainers import TRAINERS

    chosen = REGISTRY[row]
    build = chosen.builders.get(framework)
    return TRAINERS[framework](build, *chosen.data(), device) if build else {}


# ---- multilayer perceptrons ----------------------------------------------------------------------------------------


def mlp(name: str, sizes: tuple[int, ...], batch: int, dropout: float = 0.0) -> Row:
    """Dense layers with relu between, each followed by dropout where that is asked for."""
    builders: dict[str, Callable[..., Any]] = {
        "minigrad": mlp_minigrad,
        "torch": mlp_torch,
        "jax": mlp_jax,
        "keras": mlp_keras,
        "numpy": numpy_baseline.mlp,
    }
    return Row(
        name,
        partial(classified, batch, sizes[0], sizes[-1]),
        {framework: partial(build, sizes, dropout) for framework, build in builders.items()},
    )


def classified(n: int, inputs: int, classes: int) -> tuple[Any, Any]:
    """Noise around one centre a class, and the classes."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, classes, n)
    x = draw.standard_normal((classes, inputs)).astype("float32")[labels] + draw.standard_normal(
        (n, inputs), dtype="float32"
    )
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

    parameters = numpy_baseline.dense_parameters(sizes)

    def apply(parameters, x, key):
        for i, (w, b) in enumerate(parameters[:-1]):
            x = jax.nn.relu(x @ w + b)
            if dropout:
                keep = jax.random.bernoulli(jax.random.fold_in(key, i), 1 - dropout, x.shape)
                x = x * keep / (1 - dropout)
        w, b = parameters[-1]
        return x @ w + b

    return parameters, apply


REGISTRY = {
    row.name: row
    for row in [
        mlp("MLP 64-128-64-10, batch 32", (64, 128, 64, 10), 32),
        mlp("MLP 784-128-10, batch 128", (784, 128, 10), 128),
        mlp("MLP 784-128-64-10, dropout, batch 128", (784, 128, 64, 10), 128, dropout=0.2),
        *(Row(name, *images.network(name)) for name in images.NETWORKS),
        encoder_block("Transformer block 256, 8 heads, (16, 64)", 16, 64, 256, 8),
        encoder_block(
            "Transformer block 256, 8 heads, dropout, (16, 64)", 16, 64, 256, 8, dropout=0.1
        ),
        gpt("GPT 4 x 128, 4 heads, (16, 128)", 16, 128, 128, 4, 4, 100),
        *RECURRENT,
    ]
}
ROWS = list(REGISTRY)
