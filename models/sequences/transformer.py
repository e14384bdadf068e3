"""Transformer: attention alone, from sequence to sequence (Vaswani et al. 2017, arXiv:1706.03762).

Written dates become ISO dates, a character at a time: "Tue, 03 Mar 1998" -> "1998-03-03". One
embedding, scaled by sqrt(d), serves encoder, decoder and output (section 3.4), sinusoids encode the
positions, normalization is behind each step (`--pre-norm`: before it, arXiv:2002.04745), the
learning rate rises and falls by equation 3, labels are smoothed, and an answer is the likeliest of
a beam search. The weights are the mean of those after the last epochs (section 6.1): at the end one
epoch gets .978 of the dates right, the mean .999 (seed 0 after seven epochs; with twice the rate,
without the mean and after ten, .959). Dropout, .1 in the paper, is 0 here.

`base()` is the network of table 3, there given as 65 million parameters. With 37,000 tokens they
are 63,082,496: 18,944,000 in the embedding, 6 x 3,152,384 in the encoder, 6 x 4,204,032 in the
decoder; section 5.1 says "about 37000 tokens".

Lesson: tutorials/18_attention.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Model, Tensor, datasets, grad, no_grad, ops, plots, training
from minigrad.config import to_device
from minigrad.data.tokenizers.vocabulary import CharVocabulary
from minigrad.initializers import RandomNormal
from minigrad.layers import (
    Dropout,
    Embedding,
    LayerNormalization,
    SinusoidalPositions,
    TransformerDecoder,
    TransformerEncoder,
)
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import Noam
from minigrad.training.callbacks import Callback
from minigrad.utils.sequences import pad_sequences

PAD, START, END = range(3)

# ---- the model -----------------------------------------------------------------------------------


class Transformer(Model):
    """Ids (N, S) of a source, (N, T) of the target so far -> logits (N, T, vocabulary) of the next.

    Ids are padded at the end.

    Args:
        vocabulary: Number of tokens, of source and target together.
        width: Size d of a token's vector.
        layers: Number of layers of the encoder and of the decoder.
        heads: Attention heads per layer.
        inner: Width of the feed-forward networks.
        dropout: Dropout rate.
        pre_norm: True for normalization before each step, False for behind it.
        smoothing: Label smoothing of the loss.
        name: Name of the model.
    """

    def __init__(
        self,
        vocabulary: int,
        width: int = 512,
        layers: int = 6,
        heads: int = 8,
        inner: int = 2048,
        dropout: float = 0.1,
        pre_norm: bool = False,
        smoothing: float = 0.1,
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        self.width = width
        self.smoothing = smoothing
        initializer = RandomNormal(stddev=width**-0.5)
        self.embedding = Embedding(vocabulary, width, embeddings_initializer=initializer)
        self.positions = SinusoidalPositions()
        self.dropout = Dropout(dropout)
        options: dict[str, Any] = {
            "dropout": dropout,
            "normalize_first": pre_norm,
            "attention_dropout": 0.0,
        }
        self.encoder = [TransformerEncoder(inner, heads, **options) for _ in range(layers)]
        self.decoder = [TransformerDecoder(inner, heads, **options) for _ in range(layers)]
        self.norms = []  # of the ends of both stacks, where no layer ends with one
        if pre_norm:
            self.norms = [LayerNormalization(epsilon=1e-5) for _ in range(2)]

    def embed(self, ids: Any, start: int = 0) -> Tensor:
        """Embeddings with positions.

        Args:
            ids: Ids (N, T).
            start: Position of the first token.
        """
        x = self.embedding(ids) * self.width**0.5  # (N, T, width)
        return self.dropout(self.positions(x, start=start))

    def encode(self, source: Any) -> tuple[Tensor, Any]:
        """The memory (N, S, width), and its mask (N, S), False at padding.

        Args:
            source: Ids (N, S).
        """
        ids = to_device(source, self.device)
        x, mask = self.embed(ids), ids != PAD
        for layer in self.encoder:
            x = layer(x, mask=mask)
        if self.norms:
            x = self.norms[0](x)
        return x, mask

    def decode(self, target: Any, memory: Tensor, mask: Any, caches: Any = None) -> Tensor:
        """Logits (N, T, vocabulary) of the tokens after the target's.

        Args:
            target: Ids (N, T); with caches, those that have not been read yet.
            memory: Output of `encode`.
            mask: Mask of the memory.
            caches: `new_cache` of each layer of the decoder, or None.
        """
        ids = to_device(target, self.device)
        start = caches[0][0].length if caches else 0
        x = self.embed(ids, start)
        for layer, pair in zip(self.decoder, caches or [None] * len(self.decoder)):
            x = layer(x, memory, memory_mask=mask, cache=pair)
        if self.norms:
            x = self.norms[1](x)
        return x @ self.embedding.embeddings.T

    def call(self, source: Tensor, target: Any = None) -> Tensor:
        """Logits of the tokens after the target's."""
        if target is None:
            raise ValueError(
                "a Transformer reads a source and the target so far: model(source, target); "
                "greedy and beam_search write one"
            )
        memory, mask = self.encode(source.data)
        return self.decode(target.data if isinstance(target, Tensor) else target, memory, mask)

    @property
    def device(self) -> str | None:
        """The device of the parameters; None for that of new ones."""
        return self.embedding.embeddings.device if self.embedding.built else None

    # ---- training on (source, target) ------------------------------------------------------------

    def loss_and_accuracy(self, source: Any, target: Any) -> tuple[Tensor, Any]:
        """The loss, and the share of target tokens that were the likeliest."""
        logits, labels = self(source, target[:, :-1]), target[:, 1:]
        right = logits.data.argmax(-1) == labels
        accuracy = right[labels != PAD].mean()
        return smoothed_cross_entropy(logits, labels, self.smoothing), accuracy

    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of the optimizer on a batch (source, target)."""
        with training():
            loss, accuracy = self.loss_and_accuracy(*data)
        parameters = self.trained()
        self.optimizer.apply(grad(loss, parameters, retain_graph=False), parameters)
        return {"loss": loss, "accuracy": accuracy}

    def test_step(self, data: Any) -> dict[str, Any]:
        """Loss and accuracy of a batch (source, target)."""
        loss, accuracy = self.loss_and_accuracy(*data)
        return {"loss": loss, "accuracy": accuracy}


def smoothed_cross_entropy(logits: Tensor, labels: Any, epsilon: float = 0.1) -> Tensor:
    """-sum_k q_k log p_k with q = (1 - epsilon) one-hot + epsilon / K (section 5.4).

    The mean is over the labels that are not padding.

    Args:
        logits: Scores (N, T, K).
        labels: True ids (N, T).
        epsilon: Label smoothing.
    """
    log_p = ops.log_softmax(logits)
    of_label = ops.take_along_axis(log_p, labels[..., None], axis=-1)[..., 0]
    losses = -(1 - epsilon) * of_label - epsilon * ops.mean(log_p, axis=-1)
    real = labels != PAD
    return ops.sum(ops.where(real, losses, 0.0)) / int(real.sum())


class AverageLast(Callback):
    """When training ends the weights become the means of those after the last epochs (section 6.1).

    Args:
        epochs: Number of epochs.
    """

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.weights: list[list[np.ndarray]] = []

    def on_epoch_end(self, epoch: int, logs: Any) -> None:
        """Remember the weights of the last epochs."""
        self.weights = [*self.weights, self.model.get_weights()][-self.epochs :]

    def on_train_end(self, logs: Any) -> None:
        """Set the means."""
        if self.weights:
            self.model.set_weights([np.mean(values, axis=0) for values in zip(*self.weights)])


def base(vocabulary: int = 37000) -> Transformer:
    """The base model of table 3: N = 6, d_model = 512, d_ff = 2048, h = 8, dropout .1.

    Args:
        vocabulary: Number of tokens.
    """
    return Transformer(vocabulary, width=512, layers=6, heads=8, inner=2048)


# ---- generation ----------------------------------------------------------------------------------


def new_caches(model: Transformer, length: int, caching: bool) -> Any:
    """Empty caches of all layers of the decoder, or None."""
    return [layer.new_cache(length) for layer in model.decoder] if caching else None


def next_log_p(
    model: Transformer, ids: np.ndarray, memory: Tensor, mask: Any, caches: Any
) -> np.ndarray:
    """(N, vocabulary): log p of the next token. PAD and START are not an answer."""
    unread = ids[:, -1:] if caches else ids
    logits = model.decode(unread, memory, mask, caches)
    log_p = ops.log_softmax(logits[:, -1]).numpy()
    log_p[:, :END] = -np.inf
    return log_p


def greedy(model: Transformer, source: np.ndarray, length: int, caching: bool = True) -> np.ndarray:
    """The likeliest token after each other: ids (N, length), PAD after END.

    Args:
        model: A trained model.
        source: Ids (N, S).
        length: Largest number of tokens.
        caching: False reads the whole target anew in each step.
    """
    with no_grad(), training(False):
        memory, mask = model.encode(source)
        caches = new_caches(model, length, caching)
        ids = np.full((len(source), 1), START)
        for _ in range(length):
            best = next_log_p(model, ids, memory, mask, caches).argmax(-1)
            ended = (ids == END).any(1)
            ids = np.column_stack([ids, np.where(ended, PAD, best)])
    return ids[:, 1:]


def length_penalty(tokens: Any, alpha: float) -> Any:
    """((5 + tokens) / 6)**alpha (arXiv:1609.08144, equation 14)."""
    return ((5 + tokens) / 6) ** alpha


def beam_search(
    model: Transformer,
    source: np.ndarray,
    length: int,
    beams: int = 4,
    alpha: float = 0.6,
    caching: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """ids (N, beams, length), best first, and scores (N, beams): log p / length penalty.

    At each step every sequence goes on with every token, one that has ended with PAD alone, and the
    best `beams` of them stay.

    Args:
        model: A trained model.
        source: Ids (N, S).
        length: Largest number of tokens.
        beams: Number of sequences per row.
        alpha: Exponent of the length penalty; 0 for none.
        caching: False reads the whole target anew in each step.
    """
    n = len(source)
    with no_grad(), training(False):
        memory, mask = model.encode(np.repeat(source, beams, axis=0))  # (N * beams, S, width)
        caches = new_caches(model, length, caching)
        ids = np.full((n, beams, 1), START)
        total = np.full((n, beams), -np.inf)
        total[:, 0] = 0.0  # at first all are the same sequence
        for _ in range(length):
            log_p = next_log_p(model, ids.reshape(n * beams, -1), memory, mask, caches)
            log_p = log_p.reshape(n, beams, -1)
            parent, token, total = best_continuations(ids, total, log_p, alpha)
            ids = np.take_along_axis(ids, parent[..., None], 1)
            ids = np.concatenate([ids, token[..., None]], -1)
            rows = to_device((parent + beams * np.arange(n)[:, None]).ravel(), model.device)
            for own, _ in caches or ():
                own.reorder(rows)
    ids = ids[..., 1:]
    return ids, total / length_penalty((ids != PAD).sum(-1), alpha)


def best_continuations(
    ids: np.ndarray, total: np.ndarray, log_p: np.ndarray, alpha: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(sequence, token, log p) of the best continuations, each (N, beams), best first.

    Args:
        ids: The sequences (N, beams, T).
        total: log p of each (N, beams).
        log_p: log p of each next token (N, beams, vocabulary).
        alpha: Exponent of the length penalty.
    """
    n, beams, vocabulary = log_p.shape
    ended = (ids == END).any(-1)
    only_pad = np.where(np.arange(vocabulary) == PAD, 0.0, -np.inf)
    new = total[..., None] + np.where(ended[..., None], only_pad, log_p)
    tokens = (ids != PAD).sum(-1) - ended  # without START, with the new one
    scores = new / length_penalty(tokens[..., None], alpha)
    ranked = np.argsort(-scores.reshape(n, -1), axis=1, kind="stable")[:, :beams]
    parent, token = np.divmod(ranked, vocabulary)
    return parent, token, np.take_along_axis(new.reshape(n, -1), ranked, 1)


# ---- dates ---------------------------------------------------------------------------------------

ROWS = 10000
LENGTH = 11  # "1998-03-03" and END


@cache
def load() -> Any:
    """((source, target), (source_test, target_test), vocabulary): ids, PAD at the end.

    A target begins with START and has an END.
    """
    (written, iso), (written_test, iso_test) = datasets.dates.load_data(ROWS)
    texts = [*written, *iso, *written_test, *iso_test]
    vocabulary = CharVocabulary.fit(texts, special=["<pad>", "<start>", "<end>"])

    def to_ids(sources: Any, targets: Any) -> tuple[np.ndarray, np.ndarray]:
        x = [vocabulary.encode(text) for text in sources]
        y = [[START, *vocabulary.encode(text), END] for text in targets]
        return pad_sequences(x, padding="post"), pad_sequences(y, padding="post")

    return to_ids(written, iso), to_ids(written_test, iso_test), vocabulary


SEEDS = 3
TARGETS = ["exact_match >= 0.99", "exact_match_beam >= 0.99"]


def train(
    width: int = 64,
    layers: int = 2,
    heads: int = 4,
    dropout: float = 0.0,
    pre_norm: bool = False,
    smoothing: float = 0.1,
    warmup: int = 400,
    scale: float = 0.5,
    epochs: int = 8,
    average: int = 5,
    batch_size: int = 32,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Transformer, dict[str, float]]:
    """Adam as in section 5.3; a tenth of the training rows is for validation.

    Exact match is the share of held-out dates of which every character is right.

    Args:
        width: Size of a token's vector.
        layers: Number of layers of the encoder and of the decoder.
        heads: Attention heads per layer.
        dropout: Dropout rate.
        pre_norm: True for normalization before each step, False for behind it.
        smoothing: Label smoothing of the loss.
        warmup: Steps in which the learning rate rises.
        scale: Factor of the learning rate of equation 3.
        epochs: Passes over the training rows.
        average: Number of last epochs whose weights are averaged.
        batch_size: Rows per step.
        seed: Seed of weights, dropout and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (source, target), (x, y), vocabulary = load()
    model = Transformer(
        len(vocabulary), width, layers, heads, 4 * width, dropout, pre_norm, smoothing
    )
    schedule = Noam(width, warmup, scale)
    model.compile(optimizer=Adam(schedule, beta_1=0.9, beta_2=0.98, epsilon=1e-9))
    model.fit(
        source,
        target,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=0.1,
        verbose=verbose,
        callbacks=[AverageLast(average)],
    )
    beams, _ = beam_search(model, x, LENGTH)
    exact = (greedy(model, x, LENGTH) == y[:, 1:]).all(1)
    exact_beam = (beams[:, 0] == y[:, 1:]).all(1)
    return model, {
        "exact_match": float(exact.mean()),
        "exact_match_beam": float(exact_beam.mean()),
        "wrong": int((~exact).sum()),
        "loss": model.evaluate(x, y, return_dict=True)["loss"],
        "training_loss": model.history.history["loss"][-1],
    }


# ---- report and pictures -------------------------------------------------------------------------


def report(model: Transformer) -> str:
    """The first held-out dates, of which each is written another way, and all that are wrong."""
    _, (x, y), vocabulary = load()
    answers = greedy(model, x, LENGTH)
    wrong = np.flatnonzero((answers != y[:, 1:]).any(1))
    lines = [f"{len(x) - len(wrong)} of {len(x)} held-out dates are right, such as"]
    for i in dict.fromkeys([*range(12), *wrong[:20]]):
        line = f"  {vocabulary.decode(x[i]):38} {vocabulary.decode(answers[i])}"
        if i in wrong:
            line += f"  wrong: {vocabulary.decode(y[i])}"
        lines.append(line)
    return "\n".join(lines)


def cross_attention(
    model: Transformer, source: np.ndarray, target: np.ndarray, layer: int = -1
) -> np.ndarray:
    """Weights of a decoder layer's attention to the source.

    Args:
        model: A trained model.
        source: Ids (N, S).
        target: Ids (N, T).
        layer: Index of the layer.

    Shape:
        (N, heads, T, S)
    """
    with no_grad(), training(False):
        memory, mask = model.encode(source)
        x = model.embed(to_device(target, model.device))
        weights = []
        for block in model.decoder:
            x, scores = block(x, memory, memory_mask=mask, return_attention_scores=True)
            weights.append(scores)
    return weights[layer].numpy()


def pictures(model: Transformer, out: Path) -> None:
    """History, and the last layer's attention to the source for each character of the answer."""
    _, (x, y), vocabulary = load()
    plots.history(model.history, path=out / "history.png")
    row = int((x != PAD).sum(1).argmax())
    written, iso = vocabulary.decode(x[row]), vocabulary.decode(y[row])
    weights = cross_attention(model, x[row : row + 1], y[row : row + 1, :-1])[0]
    plots.attention_maps(
        weights[..., : len(written)],
        [*iso, "end"],
        list(written),
        title=f"{written} -> {iso}",
        path=out / "attention.png",
    )
