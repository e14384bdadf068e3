"""Sentiment of film reviews: an embedding and a recurrent network (Maas et al. 2011; Hochreiter &
Schmidhuber 1997).

The known tutorial pads reviews at the front with 0 to 200 words and lets the network run over the
padding; here it is masked (`--no-mask` as known). `--data imdb` takes its 50,000 reviews. The
embedded default are generated ones, in which a clause may be negated ("hardly dull") and the main
clause counts ("although the plot was dull, the acting was superb"): a bag of words, logistic
regression on counts, gets .696 of them right.

The LSTM gets .9985 to .9995 right (seeds 0-2), without the mask .994 and .9975, SimpleRNN .910 and
.970 (seeds 0, 1).

Lesson: tutorials/17_text.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

import minigrad
from minigrad import Sequential, datasets, no_grad, plots, training
from minigrad.config import to_device
from minigrad.data.tokenizers.vocabulary import WordVocabulary
from minigrad.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Embedding, SimpleRNN
from minigrad.utils.registry import lookup
from minigrad.utils.sequences import pad_sequences

from ..common import image_classification
from ..common.reports import class_report

# ---- the model: 1,280,000 + 12,352 (SimpleRNN) or 49,408 (LSTM) + 2,080 + 33 parameters ----------

KINDS = {"simple_rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


def sentiment(
    kind: str = "lstm",
    words: int = 10000,
    length: int = 200,
    units: int = 64,
    bidirectional: bool = False,
    mask: bool = True,
) -> Sequential:
    """(N, length) ids -> (N, 1): the probability of praise.

    Args:
        kind: "simple_rnn", "lstm" or "gru".
        words: Number of ids.
        length: Ids per review.
        units: Units of the recurrent layer; embeddings are twice as wide.
        bidirectional: True reads each review in both directions.
        mask: True leaves out padding.

    Raises:
        ValueError: For an unknown kind.
    """
    recurrent = lookup(kind, KINDS, "kind")(units)
    return Sequential(
        [
            Embedding(words, 2 * units, mask_zero=mask, input_length=length),  # (N, length, 128)
            Bidirectional(recurrent) if bidirectional else recurrent,  # (N, 64), or 128
            Dense(units // 2, activation="relu"),
            Dropout(0.2),
            Dense(1, activation="sigmoid"),
        ]
    )


# ---- the reviews ---------------------------------------------------------------------------------

CLASSES = ["blame", "praise"]
LENGTHS = {"reviews": 40, "imdb": 200}  # padded or cut to; no generated review is longer than 40
IMDB_WORDS = 10000
ROWS = 10000  # generated reviews, of which a fifth is for testing


@lru_cache(maxsize=1)
def load(data: str = "reviews") -> Any:
    """((x, y), (x_test, y_test), encode).

    x are ids (N, length), 0 before the first word; y is 1 for praise; encode(text) returns ids.

    Args:
        data: "reviews" or "imdb".

    Raises:
        ValueError: For an unknown data set.
    """
    length = lookup(data, LENGTHS, "data set")
    rows: Any
    rows_test: Any
    encode: Any
    if data == "imdb":
        (rows, y), (rows_test, y_test) = datasets.imdb.load_data(num_words=IMDB_WORDS)
        encode = _imdb_ids
    else:
        (texts, y), (texts_test, y_test) = datasets.reviews.load_data(ROWS)
        encode = WordVocabulary.fit(texts, oov_token="?").encode
        rows = [encode(text) for text in texts]
        rows_test = [encode(text) for text in texts_test]
    return (pad_sequences(rows, length), y), (pad_sequences(rows_test, length), y_test), encode


def _imdb_ids(text: str) -> list[int]:
    """A text as datasets.imdb numbers it: 1 begins it, 2 is a word that has no id."""
    index = datasets.imdb.get_word_index()
    ids = [index.get(word, IMDB_WORDS) + 3 for word in WordVocabulary([""]).words(text)]
    return [1, *(i if i < IMDB_WORDS else 2 for i in ids)]


def bag_of_words(train: Any, test: Any) -> float:
    """Test accuracy of logistic regression on word counts, wherever the words are.

    Args:
        train: Ids and labels to learn from.
        test: Ids and labels to score.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    counts = CountVectorizer(analyzer=lambda row: row[row > 0].tolist())
    classifier = make_pipeline(counts, LogisticRegression(max_iter=1000))
    return classifier.fit(*train).score(*test)


# ---- training ------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "logistic regression on word counts, on the same reviews: the column bag of words"
TARGETS = ["accuracy >= 0.95", "bag_of_words <= 0.8"]


def train(
    data: Literal["reviews", "imdb"] = "reviews",
    kind: Literal["simple_rnn", "lstm", "gru"] = "lstm",
    bidirectional: bool = False,
    mask: bool = True,
    epochs: int = 3,
    batch_size: int = 32,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Sequential, dict[str, float]]:
    """Cross-entropy with Adam; the last fifth of the training rows is for validation.

    Args:
        data: "reviews", or "imdb" from the network.
        kind: "simple_rnn", "lstm" or "gru".
        bidirectional: True reads each review in both directions.
        mask: True leaves out padding.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        seed: Seed of weights, dropout and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), test, _ = load(data)
    words = IMDB_WORDS if data == "imdb" else int(x.max()) + 1
    model = sentiment(kind, words, x.shape[1], 64, bidirectional, mask)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=0.2, verbose=verbose)
    metrics = image_classification.evaluate(model, test)
    return model, metrics | {"bag_of_words": bag_of_words((x, y), test)}


# ---- report and pictures -------------------------------------------------------------------------

EXAMPLES = [
    "the plot was superb.",
    "the plot was not superb.",
    "the plot was dull.",
    "the plot was anything but dull.",
    "although the plot was dull, the acting was superb.",
    "although the plot was superb, the acting was dull.",
    "the plot was dull, but the acting was superb.",
    "the acting was superb, although the plot was dull.",
    "the acting was hardly superb, although the plot was far from dull.",
]


def log_odds(model: Sequential, texts: list[str], data: str = "reviews") -> np.ndarray:
    """(N,): log(p / (1 - p)), p the probability of praise of each text.

    Args:
        model: A trained model.
        texts: The texts.
        data: The data set whose ids it reads.
    """
    _, _, encode = load(data)
    ids = pad_sequences([encode(text) for text in texts], LENGTHS[data])
    with no_grad(), training(False):
        probabilities = model(to_device(ids, model.weights[0].device))
        logits = probabilities.logits[1]
    return logits.numpy()[:, 0]


def praise_probabilities(model: Sequential, texts: list[str], data: str = "reviews") -> np.ndarray:
    """(N,): the probability of praise of each text.

    Args:
        model: A trained model.
        texts: The texts.
        data: The data set whose ids it reads.
    """
    return np.asarray(minigrad.sigmoid(log_odds(model, texts, data)))


def word_attributions(model: Sequential, text: str, data: str = "reviews") -> np.ndarray:
    """The decrease of the log-odds of praise when each word of a text is left out.

    Args:
        model: A trained model.
        text: The text.
        data: The data set whose ids it reads.
    """
    words = text.split()
    shorter = [" ".join(words[:i] + words[i + 1 :]) for i in range(len(words))]
    full, *without = log_odds(model, [text, *shorter], data)
    return full - np.array(without)


def report(model: Sequential, data: str = "reviews") -> str:
    """Precision and recall, and the scores of sentences whose words alone do not decide."""
    _, (x, y), _ = load(data)
    lines = [class_report(y, model.predict(x)[:, 0] > 0.5, CLASSES), "probability of praise"]
    for text, p in zip(EXAMPLES, praise_probabilities(model, EXAMPLES, data)):
        lines.append(f"  {p:.3f}  {text}")
    return "\n".join(lines)


def pictures(model: Sequential, out: Path, data: str = "reviews") -> None:
    """History, confusion matrix, and the attribution of each word of some examples."""
    _, (x, y), _ = load(data)
    predicted = model.predict(x)[:, 0] > 0.5
    plots.history(model.history, path=out / "history.png")
    plots.confusion_matrix(y, predicted, names=CLASSES, path=out / "confusion.png")
    examples = [EXAMPLES[i] for i in (1, 3, 4, 5)]
    attributions = {}
    for text, p in zip(examples, praise_probabilities(model, examples, data)):
        title = f"{text}\npraise: {p:.2f}"
        attributions[title] = (text.split(), word_attributions(model, text, data))
    plots.token_attributions(
        attributions, ylabel="change of the log-odds of praise", path=out / "words.png"
    )
