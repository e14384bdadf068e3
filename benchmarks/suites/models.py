"""Training steps (forward, loss, backward, Adam update; float32) of one model in every framework.

To add a model, write one function per framework that builds it, and add a Workload; trainers.py
turns the model into training steps. What a builder returns:
    minigrad  a Layer
    keras     a keras.Model
    torch     a torch.nn.Module
    jax       (parameters, apply(parameters, x, key))
    numpy     the training step, given x, labels and device (numpy_baseline.py): no framework
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
from .workload import Workload

FRAMEWORKS = ("minigrad", "numpy", "torch", "jax", "keras")


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    from .trainers import TRAINERS

    workload = REGISTRY[row]
    build = workload.builders.get(framework)
    if build is None:
        return {}
    return TRAINERS[framework](build, *workload.data(), device)


# ---- multilayer perceptrons ----------------------------------------------------------------------


def mlp(name: str, sizes: tuple[int, ...], batch: int, dropout: float = 0.0) -> Workload:
    """Dense layers with relu between, each followed by dropout if `dropout` is not 0."""
    builders: dict[str, Callable[..., Any]] = {
        "minigrad": mlp_minigrad,
        "torch": mlp_torch,
        "jax": mlp_jax,
        "keras": mlp_keras,
        "numpy": numpy_baseline.mlp,
    }
    return Workload(
        name,
        partial(classified, batch, sizes[0], sizes[-1]),
        {framework: partial(build, sizes, dropout) for framework, build in builders.items()},
    )


def classified(n: int, inputs: int, classes: int) -> tuple[Any, Any]:
    """Noise around one center per class, and the classes."""
    draw = np.random.default_rng(0)
    labels = draw.integers(0, classes, n)
    centers = draw.standard_normal((classes, inputs)).astype("float32")
    noise = draw.standard_normal((n, inputs), dtype="float32")
    return centers[labels] + noise, labels


def mlp_minigrad(sizes, dropout):
    from minigrad import Sequential
    from minigrad.layers import Dense, Dropout

    layers = []
    for n in sizes[1:-1]:
        layers.append(Dense(n, activation="relu"))
        if dropout:
            layers.append(Dropout(dropout))
    return Sequential([*layers, Dense(sizes[-1])])


def mlp_torch(sizes, dropout):
    from torch import nn

    layers: list[Any] = []
    for m, n in itertools.pairwise(sizes[:-1]):
        layers += [nn.Linear(m, n), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers, nn.Linear(*sizes[-2:]))


def mlp_keras(sizes, dropout):
    from keras import Input, Sequential
    from keras.layers import Dense, Dropout

    layers: list[Any] = [Input(sizes[:1])]
    for n in sizes[1:-1]:
        layers.append(Dense(n, activation="relu"))
        if dropout:
            layers.append(Dropout(dropout))
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
    workload.name: workload
    for workload in [
        mlp("MLP 64-128-64-10, batch 32", (64, 128, 64, 10), 32),
        mlp("MLP 784-128-10, batch 128", (784, 128, 10), 128),
        mlp("MLP 784-128-64-10, dropout, batch 128", (784, 128, 64, 10), 128, dropout=0.2),
        *(Workload(name, *images.network(name)) for name in images.NETWORKS),
        encoder_block("Transformer block 256, 8 heads, (16, 64)", 16, 64, 256, 8),
        encoder_block(
            "Transformer block 256, 8 heads, dropout, (16, 64)", 16, 64, 256, 8, dropout=0.1
        ),
        gpt("GPT 4 x 128, 4 heads, (16, 128)", 16, 128, 128, 4, 4, 100),
        *RECURRENT,
    ]
}
ROWS = list(REGISTRY)
SLOW = images.SLOW
