"""Training steps of a Transformer encoder block and of a small GPT, in minigrad and PyTorch."""

from __future__ import annotations

from functools import partial

import numpy as np

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

    sizes = length, width, heads, blocks, vocabulary
    return Workload(
        name, data, {"minigrad": partial(gpt_minigrad, *sizes), "torch": partial(gpt_torch, *sizes)}
    )


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
