"""GPT-2 (Radford et al. 2019, Language models are unsupervised multitask learners), and a tiny one
on Python's help texts.

A token is guessed from those before it: embeddings and learned positions, blocks of causal
attention and a feed-forward network, each behind its normalization, and the embeddings once more to
score the next token. `GPT.from_pretrained(folder)` reads the weights that Hugging Face distributes.

A token is some 2.3 characters, of 512 pieces that byte-pair encoding finds in the training text.
The LSTM it is compared with takes steps five times as large: at GPT's rate it learns next to
nothing in the first hundred. So small and after 400 steps the LSTM is ahead: 1.91 bits per
character on the held-out text against GPT's 2.15 (seed 0, 0.87 million parameters each).

Lesson: tutorials/19_bert_and_gpt.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

import numpy as np

import minigrad
from minigrad import Model, Sequential, Tensor, datasets, no_grad, ops, plots, training
from minigrad.config import to_device
from minigrad.data import BytePairEncoding
from minigrad.initializers import RandomNormal
from minigrad.layers import (
    LSTM,
    Dense,
    Dropout,
    Embedding,
    KeyValueCache,
    LayerNormalization,
    LearnedPositions,
    TransformerEncoder,
)
from minigrad.losses import SparseCategoricalCrossentropy
from minigrad.optimizers.adam import AdamW
from minigrad.optimizers.schedules import CosineDecay
from minigrad.random import generator

from ..common import huggingface

# ---- the model -----------------------------------------------------------------------------------


class GPT(Model):
    """Ids (N, T) -> logits (N, T, vocabulary) of each next token.

    The defaults are GPT-2 small: 124,439,808 parameters.

    Args:
        vocabulary: Number of tokens.
        positions: Largest number of tokens per text.
        width: Size of a token's vector.
        depth: Number of blocks.
        heads: Attention heads per block.
        inner: Width of the feed-forward networks; None for 4 * width.
        dropout: Dropout rate.
        attention_dropout: Dropout rate of attention weights; None for `dropout`.
        activation: Activation of the feed-forward networks.
        epsilon: Epsilon of layer normalization.
        initializer: Initializer of kernels and embeddings; None for a normal of deviation .02.
        name: Name of the model.
    """

    def __init__(
        self,
        vocabulary: int = 50257,
        positions: int = 1024,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        inner: int | None = None,
        dropout: float = 0.1,
        attention_dropout: float | None = None,
        activation: Any = huggingface.gelu_tanh,
        epsilon: float = 1e-5,
        initializer: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        initializer = initializer or RandomNormal(stddev=0.02)
        self.width = width
        self.tokens = Embedding(vocabulary, width, initializer)
        self.positions = LearnedPositions(positions, initializer)
        self.dropout = Dropout(dropout)
        self.blocks = [
            TransformerEncoder(
                inner or 4 * width,
                heads,
                dropout,
                activation,
                epsilon,
                normalize_first=True,
                causal=True,
                attention_dropout=attention_dropout,
                kernel_initializer=initializer,
            )
            for _ in range(depth)
        ]
        self.norm = LayerNormalization(epsilon=epsilon)

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Scale the kernels that add to the residual path by 1 / sqrt(their number).

        Then the sum does not grow with depth.
        """
        scale = math.sqrt(2 * len(self.blocks))
        for block in self.blocks:
            block.build_from_shape((1, self.width))
            for kernel in (block.self_attention.attention_output.kernel, block.output.kernel):
                kernel.assign(kernel.data / scale)

    def call(self, ids: Tensor, cache: Sequence[KeyValueCache] | None = None) -> Tensor:
        """Logits of each next token.

        Args:
            ids: Ids (N, T); with a cache, those that it has not read yet.
            cache: One cache per block.
        """
        start = cache[0].length if cache else 0
        x = self.dropout(self.positions(self.tokens(ids), start=start))  # (N, T, width)
        caches: Any = cache or [None] * len(self.blocks)
        for block, block_cache in zip(self.blocks, caches):
            x = block(x, cache=block_cache)
        return self.norm(x) @ ops.transpose(self.tokens.embeddings)

    # ---- generation ------------------------------------------------------------------------------

    def generate(
        self,
        ids: Any,
        length: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        cache: bool = True,
    ) -> np.ndarray:
        """ids and `length` more, each drawn from softmax(logits / temperature).

        Args:
            ids: Ids (T,) of one text.
            length: Number of tokens to write.
            temperature: Boldness; 0 takes the likeliest token.
            top_k: Number of tokens to draw from; None for all.
            cache: True to compute keys and values of a token once: each step costs one token.

        Shape:
            (T,) -> (T + length,)

        Raises:
            ValueError: For ids that are not one text, and when there are too few positions.
        """
        text, limit = np.asarray(ids, np.int64), self.positions.sequence_length
        if text.ndim != 1 or not text.size:
            raise ValueError(
                "generate continues the ids (T,) of one text, of one token or more; "
                f"got shape {text.shape}"
            )
        if len(text) + length > limit:
            raise ValueError(
                f"{len(text)} tokens and {length} more do not fit into the {limit} positions of "
                "the model"
            )
        caches = [KeyValueCache(limit) for _ in self.blocks] if cache else None
        with no_grad(), training(False):
            for _ in range(length):
                unread = text[caches[0].length :] if caches else text
                logits = self(self._as_batch(unread), cache=caches)
                text = np.append(text, sample(logits[0, -1].numpy(), temperature, top_k))
        return text

    def attention(self, ids: Any) -> np.ndarray:
        """Attention weights of each head of each block.

        Args:
            ids: Ids (T,) of one text.

        Shape:
            (T,) -> (depth, heads, T, T)
        """
        maps = []
        with no_grad(), training(False):
            x = self.positions(self.tokens(self._as_batch(ids)))
            for block in self.blocks:
                _, weights = block.self_attention(
                    block.self_attention_norm(x), use_causal_mask=True, return_attention_scores=True
                )
                maps.append(weights.numpy()[0])
                x = block(x)
        return np.stack(maps)

    def _as_batch(self, ids: Any) -> Any:
        """ids (T,) as a batch of one, on the device of the weights."""
        if not self.built:
            self.build_from_shape((1,))
        return to_device(np.asarray(ids, np.int64)[None], self.tokens.embeddings.device)

    # ---- weights from Hugging Face ---------------------------------------------------------------

    @classmethod
    def from_pretrained(cls, folder: huggingface.Folder) -> Self:
        """The network of a checkpoint folder, with its weights.

        Args:
            folder: A checkpoint folder of Hugging Face.

        Raises:
            ValueError: Lists everything that does not fit.
        """

        def build(config: huggingface.Config, _: Any) -> Any:
            get = config.get
            return cls(
                vocabulary=get("vocab_size", 50257),
                positions=get("n_positions", 1024),
                width=get("n_embd", 768),
                depth=get("n_layer", 12),
                heads=get("n_head", 12),
                inner=get("n_inner"),
                dropout=get("resid_pdrop", 0.1),
                attention_dropout=get("attn_pdrop", 0.1),
                activation=huggingface.activation(get("activation_function", "gelu_new")),
                epsilon=get("layer_norm_epsilon", 1e-5),
                initializer="zeros",
            )

        required = {
            "scale_attn_weights": True,
            "scale_attn_by_inverse_layer_idx": False,
            "add_cross_attention": False,
            "tie_word_embeddings": True,
        }
        return huggingface.load_pretrained(build, folder, ("gpt2",), required)


def sample(logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None) -> int:
    """An id drawn from softmax(logits / temperature).

    Args:
        logits: Scores (vocabulary,).
        temperature: Boldness; 0 takes the likeliest id.
        top_k: Number of ids to draw from; None for all.

    Raises:
        ValueError: For a negative temperature, or a top_k below 1.
    """
    if temperature < 0 or (top_k is not None and top_k < 1):
        raise ValueError(
            f"sample: temperature={temperature} must not be below 0, top_k={top_k} not below 1"
        )
    if temperature == 0:
        return int(logits.argmax())
    best = np.argsort(-logits)[:top_k]
    scores = (logits[best] - logits[best[0]]).astype(np.float64)
    p = np.exp(scores / temperature)
    return int(generator().choice(best, p=p / p.sum()))


# ---- training ------------------------------------------------------------------------------------

SEEDS = 1
REFERENCE = "an LSTM of as many parameters, trained on the same tokens"
TARGETS = ["bits_per_character <= 2.4"]


@cache
def load(vocabulary: int = 512) -> tuple[BytePairEncoding, np.ndarray, np.ndarray, float]:
    """(tokens, ids of the training text, ids of the held-out text, its characters per token).

    Args:
        vocabulary: Number of tokens, learned on the training text.
    """
    text, held_out = datasets.python_help.load_data()
    tokens = BytePairEncoding.fit(text, vocabulary)
    ids, held_ids = tokens.encode(text), tokens.encode(held_out)
    return tokens, ids, held_ids, len(held_out) / len(held_ids)


def random_windows(
    ids: np.ndarray, length: int, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches without end of random windows, and the ids one position further on.

    Args:
        ids: The text.
        length: Ids per window.
        size: Windows per batch.
    """
    while True:
        starts = generator().integers(0, len(ids) - length, size)
        rows = ids[starts[:, None] + np.arange(length + 1)]
        yield rows[:, :-1], rows[:, 1:]


def lstm(vocabulary: int, units: int) -> Sequential:
    """The baseline: embedding, LSTM, scores.

    Args:
        vocabulary: Number of tokens.
        units: Units of the LSTM.
    """
    return Sequential(
        [Embedding(vocabulary, 64), LSTM(units, return_sequences=True), Dense(vocabulary)]
    )


def fit(
    model: Model,
    ids: np.ndarray,
    held_ids: np.ndarray,
    length: int,
    steps: int,
    batch_size: int,
    rate: float,
    verbose: int,
) -> float:
    """Train on random windows; returns bits per token on the held-out text.

    Args:
        model: GPT or the LSTM.
        ids: The training text.
        held_ids: The held-out text, which is cut into windows.
        length: Ids per window.
        steps: Training steps.
        batch_size: Windows per step.
        rate: Largest learning rate.
        verbose: 1 shows progress, 0 does not.
    """
    warmup = steps // 10
    schedule = CosineDecay(0.0, steps - warmup, 0.1, warmup_target=rate, warmup_steps=warmup)
    model.compile(
        AdamW(schedule, weight_decay=0.1, beta_2=0.99, global_clipnorm=1.0),
        SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=True,
    )
    n = (len(held_ids) - 1) // length * length
    x, y = held_ids[:n].reshape(-1, length), held_ids[1 : n + 1].reshape(-1, length)
    epochs = min(10, steps)
    model.fit(
        random_windows(ids, length, batch_size),
        epochs=epochs,
        steps_per_epoch=steps // epochs,
        validation_data=(x, y),
        validation_batch_size=32,
        verbose=verbose,
    )
    return model.history.history["val_loss"][-1] / math.log(2)


def train(
    steps: int = 400,
    width: int = 128,
    depth: int = 4,
    length: int = 128,
    vocabulary: int = 512,
    batch_size: int = 16,
    rate: float = 0.002,
    dropout: float = 0.0,
    lstm_units: int = 372,
    lstm_rate: float = 0.01,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[dict[str, Any], dict[str, float]]:
    """GPT, then the LSTM, on equally many tokens: ({name: model}, metrics).

    Args:
        steps: Training steps of each.
        width: Size of a token's vector in GPT.
        depth: Blocks of GPT.
        length: Ids per window.
        vocabulary: Number of tokens.
        batch_size: Windows per step.
        rate: Largest learning rate of GPT.
        dropout: Dropout rate of GPT.
        lstm_units: Units of the LSTM; 0 leaves the LSTM out.
        lstm_rate: Largest learning rate of the LSTM.
        seed: Seed of weights and windows.
        verbose: 1 shows progress, 0 does not.
    """
    _, ids, held_ids, characters = load(vocabulary)
    minigrad.seed(seed)
    gpt = GPT(vocabulary, length, width, depth, 4, dropout=dropout)
    gpt.name = "gpt"
    bits = fit(gpt, ids, held_ids, length, steps, batch_size, rate, verbose)
    models: dict[str, Model] = {"gpt": gpt}
    metrics = {"bits_per_character": bits / characters, "parameters": gpt.count_params()}
    if lstm_units:
        minigrad.seed(seed)
        baseline = models["lstm"] = lstm(vocabulary, lstm_units)
        baseline.name = "lstm"
        bits = fit(baseline, ids, held_ids, length, steps, batch_size, lstm_rate, verbose)
        metrics["lstm_bits_per_character"] = bits / characters
        metrics["lstm_parameters"] = baseline.count_params()
    return models, metrics


# ---- report and pictures -------------------------------------------------------------------------

PROMPT = "The following"
STYLES: dict[str, dict[str, Any]] = {
    "temperature 0 (the likeliest)": {"temperature": 0},
    "temperature .7, top 40": {"temperature": 0.7, "top_k": 40},
    "temperature 1": {},
}
SENTENCE = "The value of the expression is the value of the function."


def report(models: dict[str, Any], vocabulary: int = 512) -> str:
    """Continuations of a few words: the likeliest, from the 40 likeliest tokens, from all."""
    tokens, *_ = load(vocabulary)
    gpt = models["gpt"]
    prompt = tokens.encode(PROMPT)
    length = min(100, gpt.positions.sequence_length - len(prompt))
    parts = []
    for name, style in STYLES.items():
        text = tokens.decode(gpt.generate(prompt, length, **style))
        parts.append(f"--- {name}\n{text}")
    return "\n\n".join(parts)


def pictures(models: dict[str, Any], out: Path, vocabulary: int = 512) -> None:
    """Held-out loss of both, and the attention of the last block on a sentence."""
    lines = {}
    for name, model in models.items():
        bits = np.array(model.history.history["val_loss"]) / math.log(2)
        lines[name] = (np.arange(1, len(bits) + 1), bits)
    plots.curves(
        lines,
        xlabel="tenth of the training",
        ylabel="bits per token",
        title="Python's help texts, held out",
        path=out / "loss.png",
    )
    tokens, *_ = load(vocabulary)
    gpt = models["gpt"]
    ids = tokens.encode(SENTENCE)[: gpt.positions.sequence_length]
    plots.attention_maps(
        gpt.attention(ids)[-1],
        [tokens.decode([i]) for i in ids],
        title="Attention of the last block",
        path=out / "attention.png",
    )
