"""Training steps of a Transformer encoder block and of a small GPT, in every framework."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .numpy_baseline import dense_parameters
from .workload import Workload


def encoder_block(
    name: str, n: int, length: int, width: int, heads: int, dropout: float = 0.0
) -> Workload:
    """A Transformer encoder block, post-norm, and a linear head of 10 classes on each token."""

    def data():
        draw = np.random.default_rng(0)
        x = draw.standard_normal((n, length, width), dtype="float32")
        return x, draw.integers(0, 10, (n, length))

    return Workload(
        name,
        data,
        {
            "minigrad": partial(encoder_block_minigrad, width, heads, dropout),
            "torch": partial(encoder_block_torch, width, heads, dropout),
            "jax": partial(encoder_block_jax, width, heads, dropout),
            "keras": partial(encoder_block_keras, length, width, heads, dropout),
        },
    )


def encoder_block_minigrad(width, heads, dropout):
    from minigrad import Sequential
    from minigrad.layers import Dense, TransformerEncoder

    return Sequential(
        TransformerEncoder(4 * width, heads, dropout, inner_dropout=dropout), Dense(10)
    )


def encoder_block_torch(width, heads, dropout):
    from torch import nn

    block = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, batch_first=True)
    return _classes_second(nn.Sequential(block, nn.Linear(width, 10)))


def encoder_block_jax(width, heads, dropout):
    parameters, apply = block_jax(width, heads, dropout, activation="relu")
    (head,) = dense_parameters((width, 10))

    def classify(p, x, key):
        block, (w, b) = p
        return apply(block, x, key) @ w + b

    return (parameters, head), classify


def encoder_block_keras(length, width, heads, dropout):
    from keras import Input, Model, layers

    x = Input((length, width))
    y = block_keras(x, width, heads, dropout, "relu")
    return Model(x, layers.Dense(10)(y))


def _classes_second(model):
    """The model with its logits as (N, classes, T), the order of PyTorch's cross-entropy."""
    from torch import nn

    class ClassesSecond(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model(x).transpose(1, 2)

    return ClassesSecond()


def gpt(
    name: str, n: int, length: int, width: int, heads: int, blocks: int, vocabulary: int
) -> Workload:
    """GPT-2: learned positions, pre-norm causal blocks with GELU's tanh form, a norm, a head."""

    def data():
        tokens = np.random.default_rng(0).integers(0, vocabulary, (n, length + 1))
        return tokens[:, :-1].copy(), tokens[:, 1:].copy()

    builders = {"minigrad": gpt_minigrad, "torch": gpt_torch, "jax": gpt_jax, "keras": gpt_keras}
    sizes = length, width, heads, blocks, vocabulary
    return Workload(name, data, {f: partial(build, *sizes) for f, build in builders.items()})


def gpt_minigrad(length, width, heads, blocks, vocabulary):
    from minigrad import Sequential, ops
    from minigrad.layers import (
        Dense,
        Embedding,
        LayerNormalization,
        LearnedPositions,
        TransformerEncoder,
    )

    body = [
        TransformerEncoder(
            4 * width,
            heads,
            activation=partial(ops.gelu, approximate=True),
            normalize_first=True,
            causal=True,
        )
        for _ in range(blocks)
    ]
    return Sequential(
        Embedding(vocabulary, width),
        LearnedPositions(length),
        *body,
        LayerNormalization(),
        Dense(vocabulary),
    )


def gpt_torch(length, width, heads, blocks, vocabulary):
    import torch
    from torch import nn

    def block():
        gelu = partial(nn.functional.gelu, approximate="tanh")
        return nn.TransformerEncoderLayer(
            width, heads, 4 * width, 0.0, gelu, batch_first=True, norm_first=True
        )

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens = nn.Embedding(vocabulary, width)
            self.positions = nn.Embedding(length, width)
            self.blocks = nn.ModuleList(block() for _ in range(blocks))
            self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, vocabulary))
            self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))
            self.register_buffer("indices", torch.arange(length))

        def forward(self, x):
            x = self.tokens(x) + self.positions(self.indices)
            for block in self.blocks:
                x = block(x, self.mask, is_causal=True)
            return self.head(x)

    return _classes_second(GPT())


def gpt_jax(length, width, heads, blocks, vocabulary):
    draw = np.random.default_rng(0)
    parts = [
        block_jax(width, heads, 0.0, "gelu", normalize_first=True, causal=True)
        for _ in range(blocks)
    ]
    parameters = {
        "tokens": draw.standard_normal((vocabulary, width), "float32"),
        "positions": draw.standard_normal((length, width), "float32"),
        "blocks": [p for p, _ in parts],
        "norm": (np.ones(width, "float32"), np.zeros(width, "float32")),
        "head": dense_parameters((width, vocabulary))[0],
    }

    def apply(p, x, key):
        y = p["tokens"][x] + p["positions"]
        for block, (_, apply_block) in zip(p["blocks"], parts):
            y = apply_block(block, y, key)
        w, b = p["head"]
        return layer_norm_jax(p["norm"], y) @ w + b

    return parameters, apply


def gpt_keras(length, width, heads, blocks, vocabulary):
    from keras import Input, Model, layers, ops

    x = Input((length,), dtype="int64")
    positions = layers.Embedding(length, width)
    y = layers.Embedding(vocabulary, width)(x) + positions(ops.arange(length))
    for _ in range(blocks):
        y = block_keras(y, width, heads, 0.0, "gelu", normalize_first=True, causal=True)
    return Model(x, layers.Dense(vocabulary)(layers.LayerNormalization()(y)))


# ---- a block in JAX and in Keras -----------------------------------------------------------------


def block_jax(
    width: int,
    heads: int,
    dropout: float,
    activation: str,
    normalize_first: bool = False,
    causal: bool = False,
) -> tuple[Any, Callable[..., Any]]:
    """Self-attention and two dense layers, each around a shortcut and a norm."""
    import jax

    parameters = {
        "qkv": dense_parameters((width, 3 * width))[0],
        "out": dense_parameters((width, width))[0],
        "inner": dense_parameters((width, 4 * width))[0],
        "outer": dense_parameters((4 * width, width))[0],
        **{name: (np.ones(width, "float32"), np.zeros(width, "float32")) for name in NORMS},
    }

    def drop(x, key, number):
        if not dropout:
            return x
        kept = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - dropout, x.shape)
        return x * kept / (1 - dropout)

    def attend(p, x):
        n, length, _ = x.shape
        (w, b), (w_out, b_out) = p["qkv"], p["out"]
        q, k, v = jax.numpy.moveaxis((x @ w + b).reshape(n, length, 3, heads, -1), 2, 0)
        y = jax.nn.dot_product_attention(q, k, v, is_causal=causal)
        return y.reshape(x.shape) @ w_out + b_out

    def feed_forward(p, x, key):
        (w, b), (w_out, b_out) = p["inner"], p["outer"]
        return drop(getattr(jax.nn, activation)(x @ w + b), key, 0) @ w_out + b_out

    def apply(p, x, key):
        norms = [partial(layer_norm_jax, p[name]) for name in NORMS]
        if normalize_first:
            x = x + drop(attend(p, norms[0](x)), key, 1)
            return x + drop(feed_forward(p, norms[1](x), key), key, 2)
        x = norms[0](x + drop(attend(p, x), key, 1))
        return norms[1](x + drop(feed_forward(p, x, key), key, 2))

    return parameters, apply


NORMS = ("norm_1", "norm_2")


def layer_norm_jax(p: Any, x: Any) -> Any:
    gamma, beta = p
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * (variance + 1e-5) ** -0.5 * gamma + beta


def block_keras(
    x: Any,
    width: int,
    heads: int,
    dropout: float,
    activation: str,
    normalize_first: bool = False,
    causal: bool = False,
) -> Any:
    """Self-attention and two dense layers, each around a shortcut and a norm."""
    from functools import reduce

    from keras import activations, layers

    gelu = partial(activations.gelu, approximate=True)
    attention = layers.MultiHeadAttention(heads, width // heads)
    attend = lambda x: layers.Dropout(dropout)(attention(x, x, use_causal_mask=causal))
    chain = [
        layers.Dense(4 * width, activation=gelu if activation == "gelu" else activation),
        layers.Dropout(dropout),
        layers.Dense(width),
        layers.Dropout(dropout),
    ]
    feed_forward = lambda x: reduce(lambda y, layer: layer(y), chain, x)
    for part in (attend, feed_forward):
        norm = layers.LayerNormalization()
        x = x + part(norm(x)) if normalize_first else norm(x + part(x))
    return x
