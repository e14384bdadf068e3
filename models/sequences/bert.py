"""BERT (Devlin et al. 2018, arXiv:1810.04805) and DistilBERT (Sanh et al. 2019, arXiv:1910.01108): words guessed from both sides.

An encoder reads a whole text; it is trained to guess tokens that were hidden from it, and then, with a small head, for a task of few
labels. Here a tiny one guesses words of Python's help texts and of reviews whose labels it is not shown, and learns from 200 labels.
Checkpoints of Hugging Face are read by name; `sentiment(folder)("a fine film")` is a line.

After 8000 steps on hidden words the tiny one gets .669 of the test reviews right, from random weights .577 (seeds 0, 1). What it
brings along is which adjectives praise and which blame: it sees them in pairs ("dull and clumsy"), and of 200 labelled reviews few
hold any one of them. With the paper's 15 % of words hidden it does not find that out in 4000 steps. The rate of fine-tuning, for
both, was chosen on other reviews of the training part.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, Callable, Iterator, Self

import numpy as np

import minigrad
from minigrad import Model, datasets, grad, no_grad, ops, plots, training
from minigrad.backend import backend
from minigrad.data import WordPiece
from minigrad.initializers import TruncatedNormal
from minigrad.layers import (
    Dense,
    Dropout,
    Embedding,
    LayerNormalization,
    LearnedPositions,
    TransformerEncoder,
)
from minigrad.layers.attention import as_tensor
from minigrad.losses import SparseCategoricalCrossentropy
from minigrad.optimizers.adam import AdamW
from minigrad.optimizers.schedules import CosineDecay
from minigrad.random import generator
from minigrad.utils.registry import lookup

from ..common import huggingface

# ---- the models ------------------------------------------------------------------------------------------------------------


class Bert(Model):
    """Ids (N, T) -> what each token means where it stands (N, T, width). The defaults are BERT base: 109,482,240 parameters.

    `segments` tells the first text from the second, 0 or 1 a token; `mask` is False at padding, by default where the id is `padding`.
    """

    def __init__(
        self,
        vocabulary: int = 30522,
        positions: int = 512,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        inner: int | None = None,
        segments: int = 2,
        pooler: bool = True,
        dropout: float = 0.1,
        attention_dropout: float | None = None,
        activation: Any = "gelu",
        epsilon: float = 1e-12,
        padding: int = 0,
        initializer: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        initializer = initializer or TruncatedNormal(stddev=0.02)
        self.width, self.padding, self.initializer = width, padding, initializer
        self.tokens, self.positions = (
            Embedding(vocabulary, width, initializer),
            LearnedPositions(positions, initializer),
        )
        self.segments = Embedding(segments, width, initializer) if segments else None
        self.norm, self.dropout = LayerNormalization(epsilon=epsilon), Dropout(dropout)
        self.blocks = [
            TransformerEncoder(
                inner or 4 * width,
                heads,
                dropout,
                activation,
                epsilon,
                attention_dropout=attention_dropout,
                kernel_initializer=initializer,
            )
            for _ in range(depth)
        ]
        self.pooler = Dense(width, "tanh", kernel_initializer=initializer) if pooler else None

    def build(self, input_shape):
        if self.pooler is not None:  # not on the way to call's output
            self.pooler.build_from_shape((self.width,))

    def call(self, ids, segments=None, mask=None):
        x = self.positions(self.tokens(ids))  # (N, T, width)
        if self.segments is not None:
            x = x + self.segments(
                backend(ids).zeros_like(ids.data) if segments is None else as_tensor(segments, ids)
            )
        x = self.dropout(self.norm(x))
        mask = ids.data != self.padding if mask is None else mask
        for block in self.blocks:
            x = block(x, mask=mask)
        return x

    @classmethod
    def from_pretrained(cls, folder: huggingface.Folder) -> Self:
        """The encoder of a checkpoint folder, without its head. Raises ValueError that lists all that does not fit."""
        return _loaded(cls.of, folder)

    @classmethod
    def of(cls, config: huggingface.Config, names=()) -> Self:
        """The network that a config.json describes; BERT has a pooler where the file, with those names, holds one."""
        act, get = huggingface.activation, config.get
        if config["model_type"] == "distilbert":
            return cls(
                get("vocab_size", 30522),
                get("max_position_embeddings", 512),
                get("dim", 768),
                get("n_layers", 6),
                get("n_heads", 12),
                get("hidden_dim", 3072),
                0,
                False,
                get("dropout", 0.1),
                get("attention_dropout", 0.1),
                act(get("activation", "gelu")),
                padding=get("pad_token_id", 0),
                initializer="zeros",
            )
        return cls(
            get("vocab_size", 30522),
            get("max_position_embeddings", 512),
            get("hidden_size", 768),
            get("num_hidden_layers", 12),
            get("num_attention_heads", 12),
            get("intermediate_size", 3072),
            get("type_vocab_size", 2),
            "pooler.dense.weight" in names,
            get("hidden_dropout_prob", 0.1),
            get("attention_probs_dropout_prob", 0.1),
            act(get("hidden_act", "gelu")),
            get("layer_norm_eps", 1e-12),
            get("pad_token_id", 0),
            initializer="zeros",
        )


def distilbert(**options) -> Bert:
    """Half as deep, without segments and pooler: 66,362,880 parameters."""
    return Bert(**{"depth": 6, "segments": 0, "pooler": False, **options})


class Classifier(Model):
    """Ids (N, T) -> logits (N, classes), from the first token. An encoder without pooler gets one, as DistilBERT's with relu."""

    def __init__(self, bert: Bert, classes: int = 2, dropout: float = 0.1, **options: Any) -> None:
        super().__init__(**options)
        self.bert, self.dropout = bert, Dropout(dropout)
        self.pooler = (
            Dense(bert.width, "relu", kernel_initializer=bert.initializer)
            if bert.pooler is None
            else None
        )
        self.classifier = Dense(classes, kernel_initializer=bert.initializer)

    def call(self, ids, segments=None, mask=None):
        first = self.bert(ids, segments=segments, mask=mask)[:, 0]  # (N, width)
        return self.classifier(self.dropout((self.pooler or self.bert.pooler)(first)))

    @classmethod
    def from_pretrained(cls, folder: huggingface.Folder) -> Self:
        """The classifier of a checkpoint folder. Raises ValueError that lists all that does not fit."""
        return _loaded(
            lambda config, names: cls(Bert.of(config, names), len(huggingface.labels(config))),
            folder,
        )


class MaskedLM(Model):
    """Ids (N, T) -> logits (N, T, vocabulary) of the token at each place, scored by the embeddings."""

    def __init__(
        self, bert: Bert, activation: Any = "gelu", epsilon: float = 1e-12, **options: Any
    ) -> None:
        super().__init__(**options)
        self.bert = bert
        self.transform = Dense(bert.width, activation, kernel_initializer=bert.initializer)
        self.transform_norm = LayerNormalization(epsilon=epsilon)

    def build(self, input_shape):
        self.bias = self.add_weight((self.bert.tokens.input_dim,), "zeros")

    def call(self, ids, segments=None, mask=None, at=None):
        """`at` are the places asked for, counted through the batch: logits (len(at), vocabulary)."""
        x = self.bert(ids, segments=segments, mask=mask)
        if at is not None:
            x = ops.take(ops.reshape(x, shape=(-1, self.bert.width)), at)
        x = self.transform_norm(self.transform(x))
        return x @ ops.transpose(self.bert.tokens.embeddings) + self.bias

    def train_step(self, data):
        """Cross-entropy where y, the true id, is not -1: only those places are scored."""
        ids, y = data
        (at,) = backend(y).nonzero(y.reshape(-1) >= 0)
        with training():
            loss = ops.sparse_cross_entropy(self(ids, at=at), y.reshape(-1)[at])
        self.optimizer.apply(grad(loss, self.trained(), unused="zeros"), self.trained())
        return {"loss": loss}

    @classmethod
    def from_pretrained(cls, folder: huggingface.Folder) -> Self:
        """The masked language model of a checkpoint folder. Raises ValueError that lists all that does not fit."""

        def make(config, names):
            act = config.get("hidden_act", config.get("activation", "gelu"))
            return cls(
                Bert.of(config, names),
                huggingface.activation(act),
                config.get("layer_norm_eps", 1e-12),
            )

        return _loaded(make, folder)


def _loaded(make: Callable[..., Any], folder: huggingface.Folder) -> Any:
    """make(config, names) with the weights of the folder."""
    return huggingface.loaded(
        make,
        folder,
        "bert",
        "distilbert",
        position_embedding_type="absolute",
        is_decoder=False,
        tie_word_embeddings=True,
    )


# ---- a sentence on one line --------------------------------------------------------------------------------------------------


def sentiment(folder: huggingface.Folder, maxlen: int | None = None) -> Callable[[Any], Any]:
    """sentiment(folder)("a fine film") -> {"label": "POSITIVE", "score": .99}: the likeliest class, as the folder names it.

    The folder holds config.json, model.safetensors and the tokeniser (vocab.txt or tokenizer.json). A list of texts gives a list; a
    longer text than the model has positions raises ValueError, unless `maxlen` cuts it.
    """
    model, words = Classifier.from_pretrained(folder), WordPiece.load(folder)
    config = huggingface.config(folder, "bert", "distilbert")
    names = huggingface.labels(config)
    independent = len(names) == 1 or config.get("problem_type") == "multi_label_classification"

    def classify(text: Any) -> Any:
        ids, segments, mask = words.batch([text] if isinstance(text, str) else text, maxlen=maxlen)
        with no_grad(), training(False):
            logits = model(ids, segments=segments, mask=mask)
            p = (ops.sigmoid(logits) if independent else ops.softmax(logits)).numpy()
        found = [{"label": names[row.argmax()], "score": float(row.max())} for row in p]
        return found[0] if isinstance(text, str) else found

    return classify


# ---- pre-training ------------------------------------------------------------------------------------------------------------

LENGTH = 50  # the longest review, [CLS] and [SEP]


@cache
def load(labels: int = 200, unlabelled: int = 20000):
    """The tokeniser; the rows to guess words in, of Python's help texts and of the reviews; the labelled reviews; those to test with."""
    text, _ = datasets.python_help.load_data()
    (reviews, y), (test, y_test) = datasets.reviews.load_data()
    (others, _), _ = datasets.reviews.load_data(unlabelled, seed=1, test_size=0.01)
    known = {*reviews[:labels], *test}
    others = [review for review in others if review not in known]
    rules = WordPiece(WordPiece.special)
    words = rules.words(text)
    counts = Counter(words) + Counter(word for review in reviews for word in rules.words(review))
    tokens = WordPiece([*WordPiece.special, *(word for word, n in counts.most_common() if n >= 5)])
    ids = np.array([tokens.ids.get(word, tokens["[UNK]"]) for word in words])
    ids = ids[: len(ids) // (LENGTH - 2) * (LENGTH - 2)].reshape(-1, LENGTH - 2)
    corpus = np.pad(
        ids, ((0, 0), (1, 1)), constant_values=((0, 0), (tokens["[CLS]"], tokens["[SEP]"]))
    )
    x, x_others, x_test = (tokens.batch(texts)[0] for texts in (reviews[:labels], others, test))
    x, x_others, x_test = (
        np.pad(rows, ((0, 0), (0, LENGTH - rows.shape[1]))) for rows in (x, x_others, x_test)
    )
    return tokens, {"corpus": corpus, "reviews": x_others}, (x, y[:labels]), (x_test, y_test)


def hidden(ids: np.ndarray, tokens: WordPiece, rate: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Ids with some hidden, and the targets: the true id where one is to be guessed, -1 elsewhere.

    Of the tokens that are words `rate` are to be guessed: 80 % of these become [MASK], 10 % any word, 10 % stay (section 3.1). The
    paper hides 15 %; more teach more per step (Wettig et al. 2022, arXiv:2202.08005).
    """
    draw, special = generator(), len(tokens.special)
    chosen = (draw.random(ids.shape) < rate) & ((ids >= special) | (ids == tokens["[UNK]"]))
    fate = draw.random(ids.shape)
    shown = np.where(chosen & (fate < 0.8), tokens["[MASK]"], ids)
    shown = np.where(chosen & (fate >= 0.9), draw.integers(special, len(tokens), ids.shape), shown)
    return shown, np.where(chosen, ids, -1)


def batches(
    rows: np.ndarray, tokens: WordPiece, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches without end of rows about as long as each other, without the padding they share, hidden anew each time."""
    lengths = (rows != tokens["[PAD]"]).sum(1)
    rows, lengths = rows[np.argsort(lengths, kind="stable")], np.sort(lengths)
    while True:
        start = generator().integers(0, len(rows) - size + 1)
        yield hidden(rows[start : start + size, : lengths[start + size - 1]], tokens)


def optimizer(rate: float, steps: int) -> AdamW:
    """AdamW whose rate rises in a tenth of the steps and falls in the others."""
    return AdamW(
        CosineDecay(0.0, steps - steps // 10, warmup_target=rate, warmup_steps=steps // 10),
        weight_decay=0.01,
        global_clipnorm=1.0,
    )


def pretrained(
    rows: np.ndarray,
    tokens: WordPiece,
    width: int,
    depth: int,
    steps: int,
    batch_size: int,
    rate: float,
    verbose: int,
) -> MaskedLM:
    """A tiny BERT that has guessed hidden words for so many steps."""
    model = MaskedLM(tiny(len(tokens), width, depth))
    model.compile(optimizer(rate, steps), loss=None)
    epochs = min(20, steps)
    model.fit(
        batches(rows, tokens, batch_size),
        epochs=epochs,
        steps_per_epoch=steps // epochs,
        verbose=verbose,
    )
    return model


def tiny(vocabulary: int, width: int = 64, depth: int = 2) -> Bert:
    """A BERT for short texts, without dropout: it has too few parameters to learn its rows by heart."""
    return Bert(vocabulary, LENGTH, width, depth, heads=4, dropout=0.0)


def fine_tuned(
    bert: Bert, labelled, test, epochs: int, batch_size: int, rate: float, verbose: int
) -> Classifier:
    """A classifier on top of it, all trained on the labelled rows."""
    model = Classifier(bert)
    steps = epochs * -(-len(labelled[0]) // batch_size)
    model.compile(
        optimizer(rate, steps),
        SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(
        *labelled, batch_size=batch_size, epochs=epochs, validation_data=test, verbose=verbose
    )
    return model


# ---- training ----------------------------------------------------------------------------------------------------------------

SEEDS = 2
REFERENCE = "the same network from random weights, fine-tuned on the same 200 labels"
TARGETS = ["gain >= 0.05"]


def train(
    labels: int = 200,
    unlabelled: int = 20000,
    steps: int = 8000,
    texts: str = "both",
    width: int = 64,
    depth: int = 2,
    batch_size: int = 32,
    rate: float = 0.003,
    epochs: int = 20,
    fine_tuning_rate: float = 0.002,
    seed: int = 0,
    verbose: int = 1,
):
    """Pre-train, then fine-tune, and fine-tune the same network untrained: ({name: model}, metrics).

    `texts` to guess words in: "corpus" (the help texts), "reviews" (`unlabelled` others) or "both".
    """
    minigrad.seed(seed)
    tokens, rows, labelled, test = load(labels, unlabelled)
    chosen = lookup(texts, {**rows, "both": np.concatenate(list(rows.values()))}, "texts")
    guesser = pretrained(chosen, tokens, width, depth, steps, batch_size, rate, verbose)
    found: dict[str, Model] = {"guesser": guesser}
    metrics = {"guessing_loss": guesser.history.history["loss"][-1]}
    for name in ("pretrained", "untrained"):
        minigrad.seed(seed)
        bert = guesser.bert if name == "pretrained" else tiny(len(tokens), width, depth)
        model = found[name] = fine_tuned(
            bert, labelled, test, epochs, 16, fine_tuning_rate, verbose
        )
        metrics[f"{name}_accuracy"] = model.history.history["val_accuracy"][-1]
    return found, {
        **metrics,
        "gain": metrics["pretrained_accuracy"] - metrics["untrained_accuracy"],
    }


def report(found, labels: int = 200, unlabelled: int = 20000) -> str:
    """What the guesser puts for a hidden word, and what the classifier says of reviews of the test."""
    tokens, _, _, (x, y) = load(labels, unlabelled)
    lines = []
    for text in (
        "the acting was not [MASK], but the plot was superb.",
        "although the story was [MASK], the music was dreadful.",
    ):
        ids = tokens.batch([text])[0]
        best = np.argsort(-found["guesser"].predict(ids)[0, ids[0] == tokens["[MASK]"]][0])[:5]
        lines.append(f"{text}\n    {', '.join(tokens.tokens[i] for i in best)}")
    said = found["pretrained"].predict(x[:5]).argmax(-1)
    lines += [
        f"{tokens.decode(row[row > 0])}\n    {'praise' if say else 'blame'}, {'right' if say == true else 'wrong'}"
        for row, say, true in zip(x, said, y)
    ]
    return "\n".join(lines)


def pictures(found, out: Path):
    """Accuracy on the test reviews by epoch of fine-tuning; the loss of guessing."""
    lines = {
        name: found[name].history.history["val_accuracy"] for name in ("pretrained", "untrained")
    }
    plots.curves(
        {name: (np.arange(1, len(values) + 1), values) for name, values in lines.items()},
        xlabel="epoch of fine-tuning",
        ylabel="accuracy",
        title="Reviews from 200 labels",
        path=out / "accuracy.png",
    )
    plots.curves(
        {"hidden words": found["guesser"].history.history["loss"]},
        xlabel="twentieth of the pre-training",
        ylabel="loss",
        title="Guessing hidden words",
        path=out / "guessing.png",
    )
