"""Sentiment of film reviews: an embedding and a recurrent network (Maas et al. 2011; Hochreiter & Schmidhuber 1997).

The known tutorial pads reviews at the front with 0 to 200 words and lets the network run over the padding; here it is masked
(`--no-mask` as known). `--data imdb` takes its 50,000 reviews. The embedded default are generated ones, in which a clause may be
negated ("hardly dull") and the main clause counts ("although the plot was dull, the acting was superb"): a bag of words, logistic
regression on counts, gets .696 of them right.

The LSTM gets .9985 to .9995 right (seeds 0-2), without the mask .994 and .9975, SimpleRNN .910 and .970 (seeds 0, 1).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

import minigrad
from minigrad import Sequential, datasets, no_grad, plots, training
from minigrad.config import to_device
from minigrad.data.tokenizers.vocabulary import WordVocabulary
from minigrad.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Embedding, SimpleRNN
from minigrad.utils.registry import lookup
from minigrad.utils.sequences import pad_sequences

from ..common import image_classification

# ---- the model: 1,280,000 + 12,352 (SimpleRNN) or 49,408 (LSTM) + 2,080 + 33 = 1,294,465 or 1,331,521 parameters -------

KINDS = {"simple_rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


def sentiment(
    kind: str = "lstm",
    words: int = 10000,
    length: int = 200,
    units: int = 64,
    bidirectional: bool = False,
    mask: bool = True,
) -> Sequential:
    """(N, length) ids -> (N, 1): the probability of praise."""
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


# ---- the reviews -----------------------------------------------------------------------------------------------------

LENGTHS = {
    "reviews": 40,
    "imdb": 200,
}  # to which they are padded, or cut; no generated one has more than 40 words
IMDB_WORDS = 10000
ROWS = 10000  # generated reviews, of which a fifth is for testing


@lru_cache(maxsize=1)
def load(data: str = "reviews"):
    """((x, y), (x_test, y_test), encode): ids (N, length), 0 before the first word, labels 1 for praise; encode(text) -> ids."""
    length = lookup(data, LENGTHS, "data set")
    if data == "imdb":
        (texts, y), (texts_test, y_test) = datasets.imdb.load_data(num_words=IMDB_WORDS)
        encode = _imdb_ids
    else:
        (texts, y), (texts_test, y_test) = datasets.reviews.load_data(ROWS)
        encode = WordVocabulary.fit(texts, oov_token="?").encode
        texts, texts_test = ([encode(text) for text in part] for part in (texts, texts_test))
    return (pad_sequences(texts, length), y), (pad_sequences(texts_test, length), y_test), encode


def _imdb_ids(text: str) -> list[int]:
    """A text as datasets.imdb numbers it: 1 begins it, 2 is a word that has no id."""
    ids = (
        datasets.imdb.get_word_index().get(word, IMDB_WORDS) + 3
        for word in WordVocabulary([""]).words(text)
    )
    return [1, *(i if i < IMDB_WORDS else 2 for i in ids)]


def bag_of_words(train, test) -> float:
    """Test accuracy of logistic regression on how often each word comes, wherever it stands."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    counts = CountVectorizer(analyzer=lambda row: row[row > 0].tolist())
    return make_pipeline(counts, LogisticRegression(max_iter=1000)).fit(*train).score(*test)


# ---- training --------------------------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "logistic regression on word counts, on the same reviews: the column bag of words"
TARGETS = ["accuracy >= 0.95", "bag_of_words <= 0.8"]


def train(
    data: str = "reviews",
    kind: str = "lstm",
    bidirectional: bool = False,
    mask: bool = True,
    epochs: int = 3,
    batch_size: int = 32,
    seed: int = 0,
    verbose: int = 1,
):
    """Cross-entropy with Adam; the last fifth of the training rows validates."""
    minigrad.seed(seed)
    rows, test, _ = load(data)
    model = sentiment(
        kind,
        IMDB_WORDS if data == "imdb" else int(rows[0].max()) + 1,
        rows[0].shape[1],
        64,
        bidirectional,
        mask,
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(*rows, batch_size=batch_size, epochs=epochs, validation_split=0.2, verbose=verbose)
    return model, {
        **image_classification.evaluate(model, test),
        "bag_of_words": bag_of_words(rows, test),
    }


# ---- looking at it ---------------------------------------------------------------------------------------------------

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


def log_odds(model, texts, data: str = "reviews") -> np.ndarray:
    """(N,): log(p / (1 - p)), p the probability of praise of each text."""
    encode = load(data)[2]
    ids = pad_sequences([encode(text) for text in texts], LENGTHS[data])
    with no_grad(), training(False):
        return (
            model(to_device(ids, model.weights[0].device)).logits[1].numpy()[:, 0]
        )  # what the sigmoid was given


def scores(model, texts, data: str = "reviews") -> np.ndarray:
    """(N,): the probability of praise of each text."""
    return minigrad.sigmoid(log_odds(model, texts, data))


def word_shares(model, text: str, data: str = "reviews") -> np.ndarray:
    """By how much the log-odds of praise fall when each word of a text is left out: what the word did for it."""
    words = text.split()
    whole, *without = log_odds(
        model, [text, *(" ".join(words[:i] + words[i + 1 :]) for i in range(len(words)))], data
    )
    return whole - np.array(without)


def report(model, data: str = "reviews") -> str:
    """Precision and recall of both classes, and the scores of sentences whose words alone do not say what is meant."""
    from sklearn.metrics import classification_report

    x, y = load(data)[1]
    table = classification_report(
        y, model.predict(x)[:, 0] > 0.5, target_names=["blame", "praise"], digits=3, zero_division=0
    )
    lines = [
        f"  {score:.3f}  {text}" for text, score in zip(EXAMPLES, scores(model, EXAMPLES, data))
    ]
    return "\n".join([table, "probability of praise", *lines])


def pictures(model, out: Path, data: str = "reviews"):
    """History, confusions, and what each word did for the score of some examples."""
    x, y = load(data)[1]
    plots.history(model.history, path=out / "history.png")
    plots.confusion_matrix(
        y, model.predict(x)[:, 0] > 0.5, names=["blame", "praise"], path=out / "confusion.png"
    )
    shown = [EXAMPLES[i] for i in (1, 3, 4, 5)]
    plots.token_attributions(
        {
            f"{text}\npraise: {score:.2f}": (text.split(), word_shares(model, text, data))
            for text, score in zip(shown, scores(model, shown, data))
        },
        ylabel="share in the log-odds of praise",
        path=out / "words.png",
    )
