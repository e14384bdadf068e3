"""BERT (Devlin et al. 2018, arXiv:1810.04805) and DistilBERT (Sanh et al. 2019, arXiv:1910.01108):
words guessed from both sides.

An encoder reads a whole text. It is pre-trained to guess tokens that were hidden from it, and then
fine-tuned, with a small head, for a task of few labels. Here a tiny one guesses words of Python's
help texts and of reviews whose labels it is not shown, and learns from 200 labels. Checkpoints of
Hugging Face are read by name; `sentiment(folder)("a fine film")` is one line.

After 8000 steps on hidden words the tiny one gets .669 of the test reviews right, from random
weights .577 (seeds 0, 1). What it brings along is which adjectives praise and which blame: it reads
them in pairs ("dull and clumsy"), and of 200 labeled reviews few hold any one of them. With the
paper's 15 % of words hidden it does not find that out in 4000 steps. The rate of fine-tuning, for
both, was chosen on other reviews of the training part.

Lesson: tutorials/19_bert_and_gpt.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

import minigrad
from minigrad import Model, Tensor, datasets, grad, no_grad, ops, plots, training
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
from minigrad.utils.registry import check_choice

from ..common import huggingface

# ---- the encoder ---------------------------------------------------------------------------------


class Bert(Model):
    """Ids (N, T) -> the meaning of each token in its context (N, T, width).

    The defaults are BERT base: 109,482,240 parameters.

    Args:
        vocabulary: Number of tokens.
        positions: Largest number of tokens per text.
        width: Size of a token's vector.
        depth: Number of blocks.
        heads: Attention heads per block.
        inner: Width of the feed-forward networks; None for 4 * width.
        segments: Number of segments, 2 for pairs of texts; 0 for no segments.
        pooler: True for a pooler, which classifiers read.
        dropout: Dropout rate.
        attention_dropout: Dropout rate of attention weights; None for `dropout`.
        activation: Activation of the feed-forward networks.
        epsilon: Epsilon of layer normalization.
        padding: Id of padding.
        initializer: Initializer of kernels and embeddings; None for a normal of deviation .02.
        name: Name of the model.
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
        name: str | None = None,
    ) -> None:
        super().__init__(name)
        initializer = initializer or TruncatedNormal(stddev=0.02)
        self.width = width
        self.padding = padding
        self.initializer = initializer
        self.tokens = Embedding(vocabulary, width, initializer)
        self.positions = LearnedPositions(positions, initializer)
        self.segments = Embedding(segments, width, initializer) if segments else None
        self.norm = LayerNormalization(epsilon=epsilon)
        self.dropout = Dropout(dropout)
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

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Build the pooler, which is not on the way to the output."""
        if self.pooler is not None:
            self.pooler.build_from_shape((self.width,))

    def call(self, ids: Tensor, segments: Any = None, mask: Any = None) -> Tensor:
        """The vector of each token.

        Args:
            ids: Ids (N, T).
            segments: 0 for tokens of the first text, 1 for those of the second; None for zeros.
            mask: False at padding; None for False where the id is that of padding.
        """
        x = self.positions(self.tokens(ids))  # (N, T, width)
        if self.segments is not None:
            if segments is None:
                segments = backend(ids).zeros_like(ids.data)
            x = x + self.segments(as_tensor(segments, ids))
        x = self.dropout(self.norm(x))
        if mask is None:
            mask = ids.data != self.padding
        for block in self.blocks:
            x = block(x, mask=mask)
        return x

    @classmethod
    def from_pretrained(cls, folder: huggingface.Folder) -> Self:
        """The encoder of a checkpoint folder, without its head.

        Args:
            folder: A checkpoint folder of Hugging Face.

        Raises:
            ValueError: Lists everything that does not fit.
        """
        return load_pretrained(cls.from_huggingface_config, folder)

    @classmethod
    def from_huggingface_config(cls, config: huggingface.Config, names: Any = ()) -> Self:
        """The network that a config.json describes.

        Args:
            config: The content of a config.json.
            names: Names of the weights in the file; BERT has a pooler where one of them is its own.
        """
        get = config.get
        if config["model_type"] == "distilbert":
            return cls(
                vocabulary=get("vocab_size", 30522),
                positions=get("max_position_embeddings", 512),
                width=get("dim", 768),
                depth=get("n_layers", 6),
                heads=get("n_heads", 12),
                inner=get("hidden_dim", 3072),
                segments=0,
                pooler=False,
                dropout=get("dropout", 0.1),
                attention_dropout=get("attention_dropout", 0.1),
                activation=huggingface.activation(get("activation", "gelu")),
                padding=get("pad_token_id", 0),
                initializer="zeros",
            )
        return cls(
            vocabulary=get("vocab_size", 30522),
            positions=get("max_position_embeddings", 512),
            width=get("hidden_size", 768),
            depth=get("num_hidden_layers", 12),
            heads=get("num_attention_heads", 12),
            inner=get("intermediate_size", 3072),
            segments=get("type_vocab_size", 2),
            pooler="pooler.dense.weight" in names,
            dropout=get("hidden_dropout_prob", 0.1),
            attention_dropout=get("attention_probs_dropout_prob", 0.1),
            activation=huggingface.activation(get("hidden_act", "gelu")),
            epsilon=get("layer_norm_eps", 1e-12),
            padding=get("pad_token_id", 0),
            initializer="zeros",
        )


def distilbert(
    vocabulary: int = 30522,
    positions: int = 512,
    width: int = 768,
    depth: int = 6,
    heads: int = 12,
    dropout: float = 0.1,
) -> Bert:
    """DistilBERT: half as deep, without segments and pooler, 66,362,880 parameters.

    Args:
        vocabulary: Number of tokens.
        positions: Largest number of tokens per text.
        width: Size of a token's vector.
        depth: Number of blocks.
        heads: Attention heads per block.
        dropout: Dropout rate.
    """
    return Bert(
        vocabulary, positions, width, depth, heads, segments=0, pooler=False, dropout=dropout
    )


def load_pretrained(build: Callable[..., Any], folder: huggingface.Folder) -> Any:
    """build(config, names) with the weights of a folder of BERT or DistilBERT."""
    required = {
        "position_embedding_type": "absolute",
        "is_decoder": False,
        "tie_word_embeddings": True,
    }
    return huggingface.load_pretrained(build, folder, ("bert", "distilbert"), required)


# ---- its heads -----------------------------------------------------------------------------------


class Classifier(Model):
    """Ids (N, T) -> logits (N, classes), from the first token.

    An encoder without pooler gets one, with relu as in DistilBERT.

    Args:
        bert: The encoder.
        classes: Number of classes.
        dropout: Dropout rate before the last layer.
        name: Name of the model.
    """

    def __init__(
        self, bert: Bert, classes: int = 2, dropout: float = 0.1, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.bert = bert
        self.dropout = Dropout(dropout)
        self.pooler = None
        if bert.pooler is None:
            self.pooler = Dense(bert.width, "relu", kernel_initializer=bert.initializer)
        self.classifier = Dense(classes, kernel_initializer=bert.initializer)

    def call(self, ids: Tensor, segments: Any = None, mask: Any = None) -> Tensor:
        """Logits; the arguments are those of the encoder."""
        first = self.bert(ids, segments=segments, mask=mask)[:, 0]  # (N, width)
        pooler: Any = self.pooler or self.bert.pooler
        return self.classifier(self.dropout(pooler(first)))

    @classmethod
    def from_pretrained(cls, folder: huggingface.Folder) -> Self:
        """The classifier of a checkpoint folder.

        Args:
            folder: A checkpoint folder of Hugging Face.

        Raises:
            ValueError: Lists everything that does not fit.
        """

        def build(config: huggingface.Config, names: Any) -> Any:
            classes = len(huggingface.class_names(config))
            return cls(Bert.from_huggingface_config(config, names), classes)

        return load_pretrained(build, folder)


class MaskedLM(Model):
    """Ids (N, T) -> logits (N, T, vocabulary) of the token at each position.

    Tokens are scored by their embeddings.

    Args:
        bert: The encoder.
        activation: Activation before the scores.
        epsilon: Epsilon of layer normalization before the scores.
        name: Name of the model.
    """

    def __init__(
        self, bert: Bert, activation: Any = "gelu", epsilon: float = 1e-12, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.bert = bert
        self.transform = Dense(bert.width, activation, kernel_initializer=bert.initializer)
        self.transform_norm = LayerNormalization(epsilon=epsilon)

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Make the bias of the scores."""
        self.bias = self.add_weight((self.bert.tokens.input_dim,), "zeros")

    def call(
        self, ids: Tensor, segments: Any = None, mask: Any = None, positions: Any = None
    ) -> Tensor:
        """Logits of all positions, or (len(positions), vocabulary) of some.

        Args:
            ids: Ids (N, T).
            segments: Segments of the tokens, as in Bert.
            mask: False at padding, as in Bert.
            positions: The positions that are scored, counted through the batch; None for all.
        """
        x = self.bert(ids, segments=segments, mask=mask)
        if positions is not None:
            x = ops.take(ops.reshape(x, shape=(-1, self.bert.width)), positions, axis=0)
        x = self.transform_norm(self.transform(x))
        return x @ ops.transpose(self.bert.tokens.embeddings) + self.bias

    def train_step(self, data: Any) -> dict[str, Any]:
        """Cross-entropy where y, the true id, is not -1: only these positions are scored."""
        ids, y = data
        targets = y.reshape(-1)
        (positions,) = backend(y).nonzero(targets >= 0)
        with training():
            logits = self(ids, positions=positions)
            loss = ops.sparse_cross_entropy(logits, targets[positions])
        parameters = self.trained()
        self.optimizer.apply(grad(loss, parameters, unused="none"), parameters)
        return {"loss": loss}

    @classmethod
    def from_pretrained(cls, folder: huggingface.Folder) -> Self:
        """The masked language model of a checkpoint folder.

        Args:
            folder: A checkpoint folder of Hugging Face.

        Raises:
            ValueError: Lists everything that does not fit.
        """

        def build(config: huggingface.Config, names: Any) -> Any:
            name: Any = config.get("hidden_act", config.get("activation", "gelu"))
            activation = huggingface.activation(name)
            epsilon = config.get("layer_norm_eps", 1e-12)
            return cls(Bert.from_huggingface_config(config, names), activation, epsilon)

        return load_pretrained(build, folder)


# ---- a classifier in one line --------------------------------------------------------------------


def sentiment(folder: huggingface.Folder, maxlen: int | None = None) -> Callable[[Any], Any]:
    """sentiment(folder)("a fine film") -> {"label": "POSITIVE", "score": .99}.

    The label is the likeliest class, as the folder names it; a list of texts returns a list.

    Args:
        folder: A folder with config.json, model.safetensors and the tokenizer (vocab.txt or
            tokenizer.json).
        maxlen: Number of tokens that texts are cut to; None for no cut.

    Raises:
        ValueError: If the weights do not fit, or, when called, for a text that is longer than the
            model has positions.
    """
    model, tokens = Classifier.from_pretrained(folder), WordPiece.load(folder)
    config = huggingface.read_config(folder, ("bert", "distilbert"))
    names = huggingface.class_names(config)
    is_multi_label = config.get("problem_type") == "multi_label_classification"
    to_probabilities = ops.sigmoid if is_multi_label or len(names) == 1 else ops.softmax

    def classify(text: Any) -> Any:
        texts = [text] if isinstance(text, str) else text
        ids, segments, mask = tokens.batch(texts, maxlen=maxlen)
        with no_grad(), training(False):
            logits = model(ids, segments=segments, mask=mask)
            probabilities = to_probabilities(logits).numpy()
        answers = []
        for row in probabilities:
            answers.append({"label": names[row.argmax()], "score": float(row.max())})
        return answers[0] if isinstance(text, str) else answers

    return classify


# ---- the texts -----------------------------------------------------------------------------------

LENGTH = 50  # the longest review, [CLS] and [SEP]


@cache
def load(labels: int = 200, unlabeled: int = 20000) -> Any:
    """(tokens, {texts to guess words in}, (x, y) with labels, (x, y) to test with).

    Args:
        labels: Number of labeled reviews.
        unlabeled: Number of other reviews, before those that are among the labeled are left out.
    """
    text, _ = datasets.python_help.load_data()
    (reviews, y), (test, y_test) = datasets.reviews.load_data()
    (others, _), _ = datasets.reviews.load_data(unlabeled, seed=1, test_size=0.01)
    known = {*reviews[:labels], *test}
    others = [review for review in others if review not in known]
    tokens, words = build_vocabulary(text, reviews)
    rows = {"corpus": corpus_rows(words, tokens), "reviews": review_rows(others, tokens)}
    x, x_test = review_rows(reviews[:labels], tokens), review_rows(test, tokens)
    return tokens, rows, (x, y[:labels]), (x_test, y_test)


def build_vocabulary(text: str, reviews: list[str]) -> tuple[WordPiece, list[str]]:
    """Tokens of all words that occur five times or more, and the words of the text."""
    splitter = WordPiece(WordPiece.special)
    words = splitter.words(text)
    counts = Counter(words)
    counts += Counter(word for review in reviews for word in splitter.words(review))
    frequent = [word for word, count in counts.most_common() if count >= 5]
    return WordPiece([*WordPiece.special, *frequent]), words


def corpus_rows(words: list[str], tokens: WordPiece) -> np.ndarray:
    """A text as rows of LENGTH ids: [CLS], words, [SEP]."""
    ids = np.array([tokens.ids.get(word, tokens["[UNK]"]) for word in words])
    inner = LENGTH - 2
    rows = ids[: len(ids) // inner * inner].reshape(-1, inner)
    ends = (tokens["[CLS]"], tokens["[SEP]"])
    return np.pad(rows, ((0, 0), (1, 1)), constant_values=((0, 0), ends))


def review_rows(texts: list[str], tokens: WordPiece) -> np.ndarray:
    """Reviews as rows of LENGTH ids, padded at the end."""
    rows, _, _ = tokens.batch(texts)
    return np.pad(rows, ((0, 0), (0, LENGTH - rows.shape[1])))


def mask_tokens(
    ids: np.ndarray, tokens: WordPiece, rate: float = 0.3
) -> tuple[np.ndarray, np.ndarray]:
    """Ids with some hidden, and the targets: the true id where one is to be guessed, else -1.

    Of the chosen words 80 % become [MASK], 10 % any word, 10 % stay (section 3.1). The paper
    chooses 15 %; more teach more per step (Wettig et al. 2022, arXiv:2202.08005).

    Args:
        ids: Ids (N, T).
        tokens: The vocabulary.
        rate: Share of the words that are chosen.
    """
    rng, special = generator(), len(tokens.special)
    is_word = (ids >= special) | (ids == tokens["[UNK]"])
    chosen = (rng.random(ids.shape) < rate) & is_word
    fate = rng.random(ids.shape)
    shown = np.where(chosen & (fate < 0.8), tokens["[MASK]"], ids)
    any_word = rng.integers(special, len(tokens), ids.shape)
    shown = np.where(chosen & (fate >= 0.9), any_word, shown)
    return shown, np.where(chosen, ids, -1)


def masked_batches(
    rows: np.ndarray, tokens: WordPiece, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Batches without end of rows of similar length, without common padding, masked anew each time.

    Args:
        rows: Ids (N, T).
        tokens: The vocabulary.
        size: Rows per batch.
    """
    lengths = (rows != tokens["[PAD]"]).sum(1)
    by_length = np.argsort(lengths, kind="stable")
    while True:
        start = generator().integers(0, len(rows) - size + 1)
        batch = by_length[start : start + size]
        longest = lengths[batch[-1]]
        yield mask_tokens(rows[batch, :longest], tokens)


# ---- training ------------------------------------------------------------------------------------


def tiny_bert(vocabulary: int, width: int = 64, depth: int = 2) -> Bert:
    """A BERT for short texts, without dropout: it has too few parameters to memorize its rows.

    Args:
        vocabulary: Number of tokens.
        width: Size of a token's vector.
        depth: Number of blocks.
    """
    return Bert(vocabulary, LENGTH, width, depth, heads=4, dropout=0.0)


def make_optimizer(rate: float, steps: int) -> AdamW:
    """AdamW whose learning rate rises in a tenth of the steps and falls in the others."""
    warmup = steps // 10
    schedule = CosineDecay(0.0, steps - warmup, warmup_target=rate, warmup_steps=warmup)
    return AdamW(schedule, weight_decay=0.01, global_clipnorm=1.0)


def pretrain(
    model: MaskedLM,
    rows: np.ndarray,
    tokens: WordPiece,
    steps: int,
    batch_size: int,
    rate: float,
    verbose: int,
) -> None:
    """Train a model to guess hidden words.

    Args:
        model: The model.
        rows: Ids (N, T).
        tokens: The vocabulary.
        steps: Training steps.
        batch_size: Rows per step.
        rate: Largest learning rate.
        verbose: 1 shows progress, 0 does not.
    """
    model.compile(make_optimizer(rate, steps), loss=None)
    epochs = min(20, steps)
    batches = masked_batches(rows, tokens, batch_size)
    model.fit(batches, epochs=epochs, steps_per_epoch=steps // epochs, verbose=verbose)


def fine_tune(
    model: Classifier,
    labeled: Any,
    test: Any,
    epochs: int,
    batch_size: int,
    rate: float,
    verbose: int,
) -> None:
    """Train a classifier, its encoder included, on labeled rows.

    Args:
        model: The classifier.
        labeled: Ids and labels to learn from.
        test: Ids and labels that are scored every epoch.
        epochs: Passes over the labeled rows.
        batch_size: Rows per step.
        rate: Largest learning rate.
        verbose: 1 shows progress, 0 does not.
    """
    x, y = labeled
    steps = epochs * math.ceil(len(x) / batch_size)
    loss = SparseCategoricalCrossentropy(from_logits=True)
    model.compile(make_optimizer(rate, steps), loss, metrics=["accuracy"], jit_compile=True)
    model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_data=test, verbose=verbose)


SEEDS = 2
REFERENCE = "the same network from random weights, fine-tuned on the same 200 labels"
TARGETS = ["gain >= 0.05"]


def train(
    labels: int = 200,
    unlabeled: int = 20000,
    steps: int = 8000,
    texts: Literal["both", "corpus", "reviews"] = "both",
    width: int = 64,
    depth: int = 2,
    batch_size: int = 32,
    rate: float = 0.003,
    epochs: int = 20,
    fine_tuning_rate: float = 0.002,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[dict[str, Model], dict[str, float]]:
    """Pre-train and fine-tune, then fine-tune the same network untrained: ({name: model}, metrics).

    Args:
        labels: Number of labeled reviews.
        unlabeled: Number of reviews without labels.
        steps: Steps of pre-training.
        texts: Texts to guess words in: "corpus" (the help texts), "reviews" or "both".
        width: Size of a token's vector.
        depth: Number of blocks.
        batch_size: Rows per step of pre-training.
        rate: Largest learning rate of pre-training.
        epochs: Passes over the labeled reviews.
        fine_tuning_rate: Largest learning rate of fine-tuning.
        seed: Seed of weights, hidden words and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    check_choice(texts, ("both", "corpus", "reviews"), "texts")
    minigrad.seed(seed)
    tokens, rows, labeled, test = load(labels, unlabeled)
    chosen = np.concatenate(list(rows.values())) if texts == "both" else rows[texts]
    masked_lm = MaskedLM(tiny_bert(len(tokens), width, depth))
    masked_lm.name = "pre-training"
    pretrain(masked_lm, chosen, tokens, steps, batch_size, rate, verbose)
    models: dict[str, Any] = {"masked_lm": masked_lm}
    metrics = {"guessing_loss": masked_lm.history.history["loss"][-1]}
    for name in ("pretrained", "untrained"):
        minigrad.seed(seed)
        is_pretrained = name == "pretrained"
        bert = masked_lm.bert if is_pretrained else tiny_bert(len(tokens), width, depth)
        model = models[name] = Classifier(bert)
        model.name = name
        fine_tune(model, labeled, test, epochs, 16, fine_tuning_rate, verbose)
        metrics[f"{name}_accuracy"] = model.history.history["val_accuracy"][-1]
    metrics["gain"] = metrics["pretrained_accuracy"] - metrics["untrained_accuracy"]
    return models, metrics


# ---- report and pictures -------------------------------------------------------------------------

MASKED_EXAMPLES = (
    "the acting was not [MASK], but the plot was superb.",
    "although the story was [MASK], the music was dreadful.",
)


def report(models: dict[str, Any], labels: int = 200, unlabeled: int = 20000) -> str:
    """The likeliest words for a hidden one, and the classes of some test reviews."""
    tokens, _, _, (x, y) = load(labels, unlabeled)
    lines = []
    for text in MASKED_EXAMPLES:
        ids, _, _ = tokens.batch([text])
        logits = models["masked_lm"].predict(ids)[0]
        (at_mask,) = logits[ids[0] == tokens["[MASK]"]]
        best = np.argsort(-at_mask)[:5]
        lines.append(f"{text}\n    {', '.join(tokens.tokens[i] for i in best)}")
    predicted = models["pretrained"].predict(x[:5]).argmax(-1)
    for row, guess, true in zip(x, predicted, y):
        label = "praise" if guess else "blame"
        verdict = "right" if guess == true else "wrong"
        lines.append(f"{tokens.decode(row[row > 0])}\n    {label}, {verdict}")
    return "\n".join(lines)


def pictures(models: dict[str, Any], out: Path) -> None:
    """Accuracy on the test reviews by epoch of fine-tuning; the loss of pre-training."""
    lines = {}
    for name in ("pretrained", "untrained"):
        values = models[name].history.history["val_accuracy"]
        lines[name] = (np.arange(1, len(values) + 1), values)
    plots.curves(
        lines,
        xlabel="epoch of fine-tuning",
        ylabel="accuracy",
        title="Reviews from 200 labels",
        path=out / "accuracy.png",
    )
    plots.curves(
        {"hidden words": models["masked_lm"].history.history["loss"]},
        xlabel="twentieth of the pre-training",
        ylabel="loss",
        title="Guessing hidden words",
        path=out / "guessing.png",
    )
