"""GPT-2 (Radford et al. 2019, Language models are unsupervised multitask learners), and a tiny one on Python's help texts.

A token is guessed from those before it: embeddings and learned positions, blocks of causal attention and a feed-forward network,
each behind its normalisation, and the embeddings once more to score the next token. `GPT.from_pretrained(folder)` reads the
weights that Hugging Face keeps.

A token is some 2.3 characters, of 512 pieces that byte-pair encoding finds in the training text. The LSTM it is compared with takes
steps five times as large: at GPT's rate it learns next to nothing in the first hundred. So small and after 400 steps the LSTM is ahead:
1.91 bits per character on the held-out text against GPT's 2.15 (seed 0, 0.87 million parameters each).
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any, Iterator, Self, Sequence

import numpy as np

import minigrad
from minigrad import Model, Sequential, datasets, no_grad, ops, plots
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

# ---- the model -------------------------------------------------------------------------------------------------------------


class GPT(Model):
    """Ids (N, T) -> logits (N, T, vocabulary) of each next token. The defaults are GPT-2 small: 124,439,808 parameters."""

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
        **options: Any,
    ) -> None:
        super().__init__(**options)
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

    def build(self, input_shape):
        """The kernels that add to the path begin smaller, by 1 / sqrt(their number), so that the sum does not grow with depth."""
        for block in self.blocks:
            block.build_from_shape((1, self.width))
            for kernel in (block.self_attention.attention_output.kernel, block.output.kernel):
                kernel.assign(kernel.data / math.sqrt(2 * len(self.blocks)))

    def call(self, ids, cache: Sequence[KeyValueCache] | None = None):
        """With a cache for each block, ids are the tokens that it has not read yet."""
        x = self.dropout(
            self.positions(self.tokens(ids), start=cache[0].length if cache else 0)
        )  # (N, T, width)
        for block, memory in zip(self.blocks, cache or [None] * len(self.blocks)):
            x = block(x, cache=memory)
        return self.norm(x) @ ops.transpose(self.tokens.embeddings)

    # ---- writing ----
    def generate(
        self,
        ids,
        length: int,
        temperature: float = 1.0,
        top_k: int | None = None,
        cache: bool = True,
    ) -> np.ndarray:
        """ids (T,) and `length` more, each drawn by `sample` from what the model expects: (T + length,).

        With the cache a token costs one pass over itself; without, over all before it. Raises ValueError when there are too few positions.
        """
        ids, limit = np.asarray(ids, np.int64), self.positions.sequence_length
        if ids.ndim != 1 or not ids.size:
            raise ValueError(
                f"generate continues the ids (T,) of one text, of one token or more; got shape {ids.shape}"
            )
        if len(ids) + length > limit:
            raise ValueError(
                f"{len(ids)} tokens and {length} more do not fit into the {limit} positions of the model"
            )
        memory = [KeyValueCache(limit) for _ in self.blocks] if cache else None
        with no_grad(), minigrad.training(False):
            for _ in range(length):
                logits = self(self._row(ids[memory[0].length :] if memory else ids), cache=memory)[
                    0, -1
                ].numpy()
                ids = np.append(ids, sample(logits, temperature, top_k))
        return ids

    def attention(self, ids) -> np.ndarray:
        """How each head of each block looks at ids (T,): (depth, heads, T, T)."""
        maps = []
        with no_grad(), minigrad.training(False):
            x = self.positions(self.tokens(self._row(ids)))
            for block in self.blocks:
                _, weights = block.self_attention(
                    block.self_attention_norm(x), use_causal_mask=True, return_attention_scores=True
                )
                maps.append(weights.numpy()[0])
                x = block(x)
        return np.stack(maps)

    def _row(self, ids):
        """ids (T,) as a batch of one, where the weights are."""
        self.built or self.build_from_shape((1,))
        return to_device(np.asarray(ids, np.int64)[None], self.tokens.embeddings.device)

    # ---- weights of others ----
    @classmethod
    def from_pretrained(cls, folder: huggingface.Folder) -> Self:
        """The network of a checkpoint folder, with its weights. Raises ValueError that lists all that does not fit."""

        def make(config, _):
            get = config.get
            return cls(
                get("vocab_size", 50257),
                get("n_positions", 1024),
                get("n_embd", 768),
                get("n_layer", 12),
                get("n_head", 12),
                get("n_inner"),
                get("resid_pdrop", 0.1),
                get("attn_pdrop", 0.1),
                huggingface.activation(get("activation_function", "gelu_new")),
                get("layer_norm_epsilon", 1e-5),
                initializer="zeros",
            )

        return huggingface.loaded(
            make,
            folder,
            "gpt2",
            scale_attn_weights=True,
            scale_attn_by_inverse_layer_idx=False,
            add_cross_attention=False,
            tie_word_embeddings=True,
        )


def sample(logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None) -> int:
    """An id drawn from softmax(logits / temperature) of the `top_k` best; the best at temperature 0."""
    if temperature < 0 or top_k is not None and top_k < 1:
        raise ValueError(
            f"sample: temperature={temperature} must not be below 0, top_k={top_k} not below 1"
        )
    if temperature == 0:
        return int(logits.argmax())
    best = np.argsort(-logits)[:top_k]
    p = np.exp((logits[best] - logits[best[0]]).astype(np.float64) / temperature)
    return int(generator().choice(best, p=p / p.sum()))


# ---- training ----------------------------------------------------------------------------------------------------------------

SEEDS = 1
REFERENCE = "an LSTM of as many parameters, trained on the same tokens"
TARGETS = ["bits_per_character <= 2.4"]


@cache
def load(vocabulary: int = 512) -> tuple[BytePairEncoding, np.ndarray, np.ndarray, float]:
    """The tokens, learned on the training text; both texts as ids; how many characters a token of the second stands for."""
    text, held_out = datasets.python_help.load_data()
    tokens = BytePairEncoding.fit(text, vocabulary)
    ids, held_ids = tokens.encode(text), tokens.encode(held_out)
    return tokens, ids, held_ids, len(held_out) / len(held_ids)


def windows(ids: np.ndarray, length: int, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches without end: `size` stretches of `length` ids from random places, and the ids one place further on."""
    while True:
        starts = generator().integers(0, len(ids) - length, size)
        rows = ids[starts[:, None] + np.arange(length + 1)]
        yield rows[:, :-1], rows[:, 1:]


def lstm(vocabulary: int, units: int) -> Sequential:
    """What GPT is compared with: embedding, LSTM, scores."""
    return Sequential(
        [Embedding(vocabulary, 64), LSTM(units, return_sequences=True), Dense(vocabulary)]
    )


def learn(
    model: Model,
    ids: np.ndarray,
    held_ids: np.ndarray,
    length: int,
    steps: int,
    batch_size: int,
    rate: float,
    verbose: int,
) -> float:
    """Train on random windows, the rate rising and falling; returns the bits a token on held-out text, cut into windows."""
    schedule = CosineDecay(
        0.0, steps - steps // 10, 0.1, warmup_target=rate, warmup_steps=steps // 10
    )
    model.compile(
        AdamW(schedule, weight_decay=0.1, beta_2=0.99, global_clipnorm=1.0),
        SparseCategoricalCrossentropy(from_logits=True),
    )
    n = (len(held_ids) - 1) // length * length
    held = held_ids[:n].reshape(-1, length), held_ids[1 : n + 1].reshape(-1, length)
    epochs = min(10, steps)
    model.fit(
        windows(ids, length, batch_size),
        epochs=epochs,
        steps_per_epoch=steps // epochs,
        validation_data=held,
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
):
    """GPT, then the LSTM, on as many tokens: ({name: model}, metrics). `lstm_units=0` leaves the LSTM out."""
    _, ids, held_ids, characters = load(vocabulary)
    found: dict[str, Model] = {}
    metrics: dict[str, float] = {}
    for name, prefix in (("gpt", ""), ("lstm", "lstm_"))[: 1 + bool(lstm_units)]:
        minigrad.seed(seed)
        model = found[name] = (
            lstm(vocabulary, lstm_units)
            if prefix
            else GPT(vocabulary, length, width, depth, 4, dropout=dropout)
        )
        bits = learn(
            model, ids, held_ids, length, steps, batch_size, lstm_rate if prefix else rate, verbose
        )
        metrics |= {
            f"{prefix}bits_per_character": bits / characters,
            f"{prefix}parameters": model.count_params(),
        }
    return found, metrics


PROMPT = "The following "
STYLES = {
    "temperature 0 (the likeliest)": {"temperature": 0},
    "temperature .7, top 40": {"temperature": 0.7, "top_k": 40},
    "temperature 1": {},
}


def report(found, vocabulary: int = 512) -> str:
    """What the model goes on with after a few words: the likeliest, from the 40 likeliest, from all."""
    tokens, model = load(vocabulary)[0], found["gpt"]
    start = tokens.encode(PROMPT.strip())
    length = min(100, model.positions.sequence_length - len(start))
    return "\n\n".join(
        f"--- {name}\n{tokens.decode(model.generate(start, length, **how))}"
        for name, how in STYLES.items()
    )


def pictures(found, out: Path, vocabulary: int = 512):
    """Held-out loss of both, and how each head of the last block looks at a sentence."""
    lines = {
        name: (np.arange(1, len(values) + 1), np.array(values) / math.log(2))
        for name, model in found.items()
        for values in [model.history.history["val_loss"]]
    }
    plots.curves(
        lines,
        xlabel="tenth of the training",
        ylabel="bits a token",
        title="Python's help texts, held out",
        path=out / "loss.png",
    )
    tokens = load(vocabulary)[0]
    ids = tokens.encode("The value of the expression is the value of the function.")[
        : found["gpt"].positions.sequence_length
    ]
    pieces = [tokens.decode([i]) for i in ids]
    maps = found["gpt"].attention(ids)
    plots.attention_maps(
        maps[-1], pieces, title="What the last block looks at", path=out / "attention.png"
    )
