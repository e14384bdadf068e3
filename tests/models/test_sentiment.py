"""Sentiment of reviews: sizes, the two data sets, padding, learning, and what is shown."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest

import minigrad
from minigrad import datasets
from minigrad.optimizers.adam import Adam
from models.sequences import sentiment

from ..datasets.imdb_file import as_keras_has_it, cache  # noqa: F401  (a fixture)


@pytest.fixture(scope="module")
def reviews():
    return sentiment.load()


@pytest.mark.parametrize(
    "kind, layers, total",
    [
        ("simple_rnn", [1280000, 12352, 2080, 0, 33], 1294465),
        ("lstm", [1280000, 49408, 2080, 0, 33], 1331521),
    ],
)
def test_parameter_counts(kind, layers, total):
    model = sentiment.sentiment(kind)
    assert [
        layer.count_params() for layer in model.layers
    ] == layers and model.count_params() == total
    assert [layer.output_shape for layer in model.layers] == [
        (None, 200, 128),
        (None, 64),
        (None, 32),
        (None, 32),
        (None, 1),
    ]


def test_both_directions_double_the_recurrent_layer():
    model = sentiment.sentiment("lstm", bidirectional=True)
    assert [layer.count_params() for layer in model.layers] == [
        1280000,
        2 * 49408,
        128 * 32 + 32,
        0,
        33,
    ]


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", sentiment.KINDS)
def test_padding_changes_nothing_where_it_is_masked(kind, bidirectional):
    rows = np.random.default_rng(0).integers(1, 9, (3, 5))
    padded = np.pad(rows, ((0, 0), (4, 0)))
    known = []
    for mask in (True, False):
        model = sentiment.sentiment(kind, 9, 9, 4, bidirectional, mask)
        known.append(np.allclose(model.predict(rows), model.predict(padded), atol=1e-6))
    assert known == [True, False]


def test_reviews_are_padded_at_the_front_and_know_every_word_of_training(reviews):
    (x, y), (x_test, y_test), encode = reviews
    assert (
        x.shape == (8000, 40)
        and x_test.shape == (2000, 40)
        and y.mean() == 0.5
        and y_test.mean() == 0.5
    )
    started = np.cumsum(x > 0, axis=1) > 0
    assert (x[started] > 0).all() and 0 < (x == 0).mean() < 1 and (x > 0).any(1).all()
    assert (x != 1).all(), "1 is a word that training has not seen"
    assert (
        list(encode("The plot was, zyx DULL!")).count(1) == 1
        and len(encode("the plot was zyx dull")) == 5
    )


def test_examples_hold_no_unknown_word(reviews):
    encode = reviews[2]
    assert all(
        1 not in encode(text) and len(encode(text)) == len(text.split())
        for text in sentiment.EXAMPLES
    )


def test_bag_of_words_counts_and_is_blind_to_order():
    """It tells rows apart by a word, and cannot where only the order differs; padding is no word."""
    words, order = np.array([[0, 1, 2], [0, 1, 3]] * 10), np.array([[0, 2, 3], [0, 3, 2]] * 10)
    y = np.array([0, 1] * 10)
    assert sentiment.bag_of_words((words, y), (words, y)) == 1.0
    assert sentiment.bag_of_words((order, y), (order, y)) == 0.5
    padding = np.array([[0, 0, 2], [0, 2, 2]] * 10)
    assert sentiment.bag_of_words((padding, y), (np.array([[2, 0, 0], [0, 0, 2]]), [0, 0])) == 1.0


def test_imdb_through_its_loader(cache):  # noqa: F811
    (cache / "imdb.npz").write_bytes(as_keras_has_it())
    (cache / "imdb_word_index.json").write_text('{"the": 1, "plot": 5, "rare": 9999}')
    (x, y), (x_test, _), encode = sentiment.load("imdb")
    plain, labels = datasets.imdb.load_data(10000)[0]
    assert x.shape == (6, 200) and x_test.shape == (3, 200) and y.tolist() == labels.tolist()
    assert all(
        row[-len(text) :].tolist() == text and not row[: -len(text)].any()
        for row, text in zip(x, plain)
    )
    assert encode("The PLOT, rare stranger") == [1, 4, 8, 2, 2]
    model, metrics = sentiment.train("imdb", kind="simple_rnn", epochs=1, verbose=0)
    assert model.count_params() == 1294465 and all(
        math.isfinite(value) for value in metrics.values()
    )
    assert sentiment.scores(model, ["the plot"], "imdb").shape == (1,)


def test_unknown_names_are_suggested():
    with pytest.raises(ValueError, match="did you mean 'lstm'"):
        sentiment.sentiment("lstn")
    with pytest.raises(ValueError, match="did you mean 'reviews'"):
        sentiment.train(data="revews", epochs=1)


@pytest.fixture(scope="module")
def learned(reviews):
    """An LSTM trained for some seconds, on the generated reviews of at most 14 words, and its accuracy on such as it has not seen."""
    minigrad.seed(1)
    short = [(x[few][:, -14:], y[few]) for x, y in reviews[:2] for few in [(x > 0).sum(1) <= 14]]
    model = sentiment.sentiment("lstm", int(reviews[0][0].max()) + 1, 14, 32)
    model.compile(optimizer=Adam(0.003), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(*short[0], epochs=5, verbose=0)
    return model, model.evaluate(*short[1])[1], sentiment.bag_of_words(*short)


def test_learns_what_a_bag_of_words_cannot(learned):
    model, accuracy, bag = learned
    assert accuracy > 0.95 and bag < 0.8
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}


def test_one_bag_has_two_meanings(learned):
    """Negation, and contrast: the same words, and the opposite answer."""
    texts = ["the plot was superb.", "the plot was not superb.", *sentiment.EXAMPLES[4:6]]
    assert Counter(re.findall(r"\w+", texts[2])) == Counter(re.findall(r"\w+", texts[3]))
    assert (sentiment.scores(learned[0], texts) > 0.5).tolist() == [True, False, True, False]


def test_scores_are_the_probabilities(learned, reviews):
    texts = sentiment.EXAMPLES[:3]
    padded = sentiment.pad_sequences([reviews[2](text) for text in texts], 40)
    assert np.allclose(
        sentiment.scores(learned[0], texts), learned[0].predict(padded)[:, 0], atol=1e-6
    )


def test_shares_are_what_the_score_loses_without_a_word(learned):
    text = "the plot was not superb."
    shares = sentiment.word_shares(learned[0], text)
    whole, without = sentiment.log_odds(learned[0], [text, "the plot was superb."])
    assert (
        len(shares) == 5
        and shares.argmin() == 3
        and math.isclose(shares[3], whole - without, abs_tol=1e-4)
    )


def test_report_and_pictures(learned, tmp_path):
    sentiment.pictures(learned[0], tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {
        "history.png",
        "confusion.png",
        "words.png",
    }
    assert all(
        text in sentiment.report(learned[0])
        for text in ("precision", "praise", *sentiment.EXAMPLES)
    )


def test_trains_on_every_device(device):
    model = sentiment.sentiment("gru", 9, 5, 4)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 9, (8, 5)), rng.integers(0, 2, 8)
    history = model.fit(x, y, epochs=3, batch_size=4, verbose=0).history
    assert all(math.isfinite(value) for value in history["loss"]) and {
        p.device for p in model.weights
    } == {device}
