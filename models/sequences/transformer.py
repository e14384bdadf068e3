"""Transformer: attention alone, from sequence to sequence (Vaswani et al. 2017, arXiv:1706.03762).

Written dates become ISO dates, a character at a time: "Tue, 03 Mar 1998" -> "1998-03-03". One embedding, scaled by sqrt(d), serves
encoder, decoder and output (section 3.4), waves tell the positions, normalisation stands after each step (`--pre-norm` before it:
arXiv:2002.04745), the rate rises and falls by equation 3, labels are smoothed, and an answer is the likeliest of a beam search. The
weights are the mean of those after the last epochs (section 6.1): at the end one epoch gets .978 of the dates right, the mean .999
(seed 0 after seven epochs; with twice the rate, without the mean and after ten, .959). Dropout, .1 in the paper, is 0 here.
`base()` is the network of table 3, there given as 65 million parameters. With 37,000 tokens they are 63,082,496: 18,944,000 in the
embedding, 6 x 3,152,384 in the encoder, 6 x 4,204,032 in the decoder; section 5.1 says "about 37000 tokens".
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

import minigrad
from minigrad import Model, datasets, grad, no_grad, ops, plots, training
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

# ---- the model -------------------------------------------------------------------------------------------------------


class Transformer(Model):
    """Ids (N, S) of a source and (N, T) of the target so far, padded at the end -> logits (N, T, vocabulary) of the next ones."""

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
    ):
        super().__init__()
        settings = {"dropout": dropout, "normalize_first": pre_norm, "attention_dropout": 0.0}
        self.width, self.smoothing = width, smoothing
        self.embedding = Embedding(
            vocabulary, width, embeddings_initializer=RandomNormal(stddev=width**-0.5)
        )
        self.positions, self.dropout = SinusoidalPositions(), Dropout(dropout)
        self.encoder = [TransformerEncoder(inner, heads, **settings) for _ in range(layers)]
        self.decoder = [TransformerDecoder(inner, heads, **settings) for _ in range(layers)]
        self.norms = [
            LayerNormalization(epsilon=1e-5) for _ in range(2 * pre_norm)
        ]  # where none stands at a stack's end

    def embed(self, ids, start: int = 0):
        """(N, T) -> (N, T, width); the first token stands at position `start`."""
        return self.dropout(self.positions(self.embedding(ids) * self.width**0.5, start=start))

    def encode(self, source):
        """The memory (N, S, width), and its mask (N, S), False at padding."""
        source = to_device(source, self.device)
        x, mask = self.embed(source), source != PAD
        for layer in self.encoder:
            x = layer(x, mask=mask)
        return self.norms[0](x) if self.norms else x, mask

    def decode(self, target, memory, mask, caches=None):
        """Logits (N, T, vocabulary). With caches, the target holds only the tokens that they have not seen."""
        x = self.embed(to_device(target, self.device), caches[0][0].length if caches else 0)
        for layer, pair in zip(self.decoder, caches or [None] * len(self.decoder)):
            x = layer(x, memory, memory_mask=mask, cache=pair)
        x = self.norms[1](x) if self.norms else x
        return x @ self.embedding.embeddings.T

    def call(self, source, target=None):
        if target is None:
            raise ValueError(
                "a Transformer reads a source and the target so far: model(source, target); greedy and beam_search write one"
            )
        return self.decode(getattr(target, "data", target), *self.encode(source.data))

    @property
    def device(self):
        """Where the parameters are, or will be."""
        return self.embedding.embeddings.device if self.embedding.built else None

    # ---- training on (source, target) ----
    def losses(self, source, target):
        """The loss, and the share of target tokens that were the likeliest."""
        logits, labels = self(source, target[:, :-1]), target[:, 1:]
        right = (logits.data.argmax(-1) == labels)[labels != PAD].mean()
        return smoothed_cross_entropy(logits, labels, self.smoothing), right

    def train_step(self, data):
        with training():
            loss, accuracy = self.losses(*data)
        self.optimizer.apply(grad(loss, self.trained(), retain_graph=False), self.trained())
        return {"loss": loss, "accuracy": accuracy}

    def test_step(self, data):
        loss, accuracy = self.losses(*data)
        return {"loss": loss, "accuracy": accuracy}


def smoothed_cross_entropy(logits, labels, epsilon: float = 0.1):
    """-sum_k q_k log p_k, q = (1 - epsilon) one-hot + epsilon / K, its mean over the labels that are no padding (section 5.4)."""
    log_p = ops.log_softmax(logits)
    of_label = ops.take_along_axis(log_p, labels[..., None])[..., 0]
    losses = -(1 - epsilon) * of_label - epsilon * ops.mean(log_p, axis=-1)
    real = labels != PAD
    return ops.sum(ops.where(real, losses, 0.0)) / int(real.sum())


class AverageLast(Callback):
    """When training ends the weights become the means of those after each of the last `epochs` epochs (section 6.1)."""

    def __init__(self, epochs: int) -> None:
        self.epochs, self.kept = epochs, []

    def on_epoch_end(self, epoch, logs):
        self.kept = [*self.kept, self.model.get_weights()][-self.epochs :]

    def on_train_end(self, logs):
        if self.kept:
            self.model.set_weights([np.mean(values, axis=0) for values in zip(*self.kept)])


def base(vocabulary: int = 37000, **options) -> Transformer:
    """The base model of table 3: N = 6, d_model = 512, d_ff = 2048, h = 8, dropout .1."""
    return Transformer(vocabulary, 512, 6, 8, 2048, **options)


# ---- writing ---------------------------------------------------------------------------------------------------------


def next_log_p(model: Transformer, ids: np.ndarray, memory, mask, caches) -> np.ndarray:
    """(N, vocabulary): log p of the next token. PAD and START are no answer."""
    log_p = ops.log_softmax(
        model.decode(ids[:, -1:] if caches else ids, memory, mask, caches)[:, -1]
    ).numpy()
    log_p[:, :END] = -np.inf
    return log_p


def greedy(model: Transformer, source, length: int, caching: bool = True) -> np.ndarray:
    """(N, length): the likeliest token after each other, PAD after END. Without the cache each step reads all again."""
    with no_grad(), training(False):
        memory, mask = model.encode(source)
        caches = [layer.new_cache(length) for layer in model.decoder] if caching else None
        ids = np.full((len(source), 1), START)
        for _ in range(length):
            best, ended = (
                next_log_p(model, ids, memory, mask, caches).argmax(-1),
                (ids == END).any(1),
            )
            ids = np.column_stack([ids, np.where(ended, PAD, best)])
    return ids[:, 1:]


def beam_search(
    model: Transformer,
    source,
    length: int,
    beams: int = 4,
    alpha: float = 0.6,
    caching: bool = True,
):
    """ids (N, beams, length), best first, and scores (N, beams): log p / ((5 + tokens) / 6)**alpha (arXiv:1609.08144, section 7).

    At each step every sequence goes on with every token, one that has ended with PAD alone, and the best `beams` of them stay.
    """
    n = len(source)
    with no_grad(), training(False):
        memory, mask = model.encode(np.repeat(source, beams, axis=0))  # (N * beams, S, width)
        caches = [layer.new_cache(length) for layer in model.decoder] if caching else None
        ids = np.full((n, beams, 1), START)
        total = np.where(np.arange(beams) == 0, 0.0, -np.inf) * np.ones(
            (n, 1)
        )  # at first all are the same sequence
        for _ in range(length):
            log_p = next_log_p(model, ids.reshape(n * beams, -1), memory, mask, caches).reshape(
                n, beams, -1
            )
            ended = (ids == END).any(-1)
            log_p = np.where(
                ended[..., None], np.where(np.arange(log_p.shape[-1]) == PAD, 0.0, -np.inf), log_p
            )
            tokens = ((ids != PAD).sum(-1) - ended)[
                ..., None
            ]  # START not counted, the new one counted
            new = total[..., None] + log_p  # (N, beams, vocabulary)
            ranked = np.argsort(
                -(new / ((5 + tokens) / 6) ** alpha).reshape(n, -1), axis=1, kind="stable"
            )[:, :beams]
            parent, token = np.divmod(ranked, log_p.shape[-1])
            total = np.take_along_axis(new.reshape(n, -1), ranked, 1)
            ids = np.concatenate(
                [np.take_along_axis(ids, parent[..., None], 1), token[..., None]], -1
            )
            for own, _ in caches or ():
                own.reorder(
                    to_device((parent + beams * np.arange(n)[:, None]).ravel(), model.device)
                )
    return ids[..., 1:], total / ((5 + (ids[..., 1:] != PAD).sum(-1)) / 6) ** alpha


# ---- dates -----------------------------------------------------------------------------------------------------------

ROWS, LENGTH = 10000, 11  # "1998-03-03" and END


@cache
def load():
    """((source, target), (source_test, target_test), vocabulary): ids, PAD at the end; a target begins with START and has an END."""
    train, test = datasets.dates.load_data(ROWS)
    vocabulary = CharVocabulary.fit(
        [text for part in (*train, *test) for text in part], special=["<pad>", "<start>", "<end>"]
    )

    def ids(written, iso):
        targets = [[START, *vocabulary.encode(text), END] for text in iso]
        return pad_sequences(
            [vocabulary.encode(text) for text in written], padding="post"
        ), pad_sequences(targets, padding="post")

    return ids(*train), ids(*test), vocabulary


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
):
    """Adam as in section 5.3; a tenth of the training rows validates. Exact match: every character of a held-out date is right."""
    minigrad.seed(seed)
    rows, (x, y), vocabulary = load()
    model = Transformer(
        len(vocabulary), width, layers, heads, 4 * width, dropout, pre_norm, smoothing
    )
    model.compile(optimizer=Adam(Noam(width, warmup, scale), beta_1=0.9, beta_2=0.98, epsilon=1e-9))
    model.fit(
        *rows,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=0.1,
        verbose=verbose,
        callbacks=[AverageLast(average)],
    )
    last = {name: values[-1] for name, values in model.history.history.items()}
    exact = (greedy(model, x, LENGTH) == y[:, 1:]).all(1)
    beam = (beam_search(model, x, LENGTH)[0][:, 0] == y[:, 1:]).all(1)
    return model, {
        "exact_match": float(exact.mean()),
        "exact_match_beam": float(beam.mean()),
        "wrong": int((~exact).sum()),
        "loss": model.evaluate(x, y, return_dict=True)["loss"],
        "training_loss": last["loss"],
    }


# ---- looking at it ---------------------------------------------------------------------------------------------------


def report(model) -> str:
    """The first held-out dates, one for each way of writing them at best, and all that were wrong."""
    _, (x, y), vocabulary = load()
    found = greedy(model, x, LENGTH)
    wrong = np.flatnonzero((found != y[:, 1:]).any(1))
    lines = [
        f"  {vocabulary.decode(x[i]):38} {vocabulary.decode(found[i])}"
        + (f"  wrong: {vocabulary.decode(y[i])}" if i in wrong else "")
        for i in dict.fromkeys([*range(12), *wrong[:20]])
    ]
    return "\n".join(
        [f"{len(x) - len(wrong)} of {len(x)} held-out dates are right, such as", *lines]
    )


def cross_attention(model: Transformer, source, target, layer: int = -1) -> np.ndarray:
    """Where a decoder layer looks while it writes each token after target[:, 0]: (N, heads, T, S)."""
    with no_grad(), training(False):
        memory, mask = model.encode(source)
        x = model.embed(to_device(target, model.device))
        for block in model.decoder:
            x, scores = block(x, memory, memory_mask=mask, return_attention_scores=True)
            if block is model.decoder[layer]:
                return scores.numpy()


def pictures(model, out: Path):
    """History, and from which characters of a written date the last layer's heads take those of the answer."""
    _, (x, y), vocabulary = load()
    plots.history(model.history, path=out / "history.png")
    row = max(range(len(x)), key=lambda i: (x[i] != PAD).sum())
    written, iso = vocabulary.decode(x[row]), vocabulary.decode(y[row])
    weights = cross_attention(model, x[row : row + 1], y[row : row + 1, :-1])[0]
    plots.attention_maps(
        weights[..., : len(written)],
        [*iso, "end"],
        list(written),
        title=f"{written} -> {iso}",
        path=out / "attention.png",
    )
