"""Sentiment of reviews: sizes, the two data sets, padding, learning, report and pictures."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest

import minigrad
from minigrad import datasets
from minigrad.optimizers.adam import Adam
from minigrad.utils.sequences import pad_sequences
from models.sequences import sentiment

from ...datasets.imdb_file import as_keras_has_it, cache  # noqa: F401  (a fixture)


@pytest.fixture(scope="module")
def reviews():
    return sentiment.load()


# ---- sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind, counts, total",
    [
        ("simple_rnn", [1280000, 12352, 2080, 0, 33], 1294465),
        ("lstm", [1280000, 49408, 2080, 0, 33], 1331521),
    ],
)
def test_parameter_counts(kind, counts, total):
    model = sentiment.sentiment(kind)
    assert [layer.count_params() for layer in model.layers] == counts
    assert model.count_params() == total
    shapes = [(None, 200, 128), (None, 64), (None, 32), (None, 32), (None, 1)]
    assert [layer.output_shape for layer in model.layers] == shapes


def test_both_directions_double_the_recurrent_layer():
    model = sentiment.sentiment("lstm", bidirectional=True)
    counts = [1280000, 2 * 49408, 128 * 32 + 32, 0, 33]
    assert [layer.count_params() for layer in model.layers] == counts


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", sentiment.KINDS)
def test_padding_changes_nothing_where_it_is_masked(kind, bidirectional):
    rows = np.random.default_rng(0).integers(1, 9, (3, 5))
    padded = np.pad(rows, ((0, 0), (4, 0)))
    equal = []
    for mask in (True, False):
        model = sentiment.sentiment(kind, 9, 9, 4, bidirectional, mask)
        equal.append(np.allclose(model.predict(rows), model.predict(padded), atol=1e-6))
    assert equal == [True, False]


# ---- the reviews ---------------------------------------------------------------------------------


def test_reviews_are_padded_at_the_front(reviews):
    (x, y), (x_test, y_test), _ = reviews
    assert x.shape == (8000, 40)
    assert x_test.shape == (2000, 40)
    assert y.mean() == 0.5
    assert y_test.mean() == 0.5
    started = np.cumsum(x > 0, axis=1) > 0
    assert (x[started] > 0).all()
    assert 0 < (x == 0).mean() < 1
    assert (x > 0).any(1).all()


def test_every_word_of_training_has_an_id(reviews):
    (x, _), _, encode = reviews
    assert (x != 1).all(), "1 is a word that training has not seen"
    assert list(encode("The plot was, zyx DULL!")).count(1) == 1
    assert len(encode("the plot was zyx dull")) == 5


def test_examples_hold_no_unknown_word(reviews):
    _, _, encode = reviews
    for text in sentiment.EXAMPLES:
        assert 1 not in encode(text)
        assert len(encode(text)) == len(text.split())


def test_bag_of_words_counts_and_is_blind_to_order():
    """It separates rows by a word, and cannot where the order alone differs; padding is no word."""
    words = np.array([[0, 1, 2], [0, 1, 3]] * 10)
    order = np.array([[0, 2, 3], [0, 3, 2]] * 10)
    y = np.array([0, 1] * 10)
    assert sentiment.bag_of_words((words, y), (words, y)) == 1.0
    assert sentiment.bag_of_words((order, y), (order, y)) == 0.5
    padding = np.array([[0, 0, 2], [0, 2, 2]] * 10)
    test = np.array([[2, 0, 0], [0, 0, 2]]), [0, 0]
    assert sentiment.bag_of_words((padding, y), test) == 1.0


def test_imdb_through_its_loader(cache):  # noqa: F811
    (cache / "imdb.npz").write_bytes(as_keras_has_it())
    (cache / "imdb_word_index.json").write_text('{"the": 1, "plot": 5, "rare": 9999}')
    (x, y), (x_test, _), encode = sentiment.load("imdb")
    (rows, labels), _ = datasets.imdb.load_data(10000)
    assert x.shape == (6, 200)
    assert x_test.shape == (3, 200)
    assert y.tolist() == labels.tolist()
    for padded, row in zip(x, rows):
        assert padded[-len(row) :].tolist() == row
        assert not padded[: -len(row)].any()
    assert encode("The PLOT, rare stranger") == [1, 4, 8, 2, 2]
    model, metrics = sentiment.train("imdb", kind="simple_rnn", epochs=1, verbose=0)
    assert model.count_params() == 1294465
    assert all(math.isfinite(value) for value in metrics.values())
    assert sentiment.praise_probabilities(model, ["the plot"], "imdb").shape == (1,)


def test_unknown_names_are_suggested():
    with pytest.raises(ValueError, match="did you mean 'lstm'"):
        sentiment.sentiment("lstn")
    with pytest.raises(ValueError, match="did you mean 'reviews'"):
        sentiment.train(data="revews", epochs=1)


# ---- learning ------------------------------------------------------------------------------------


def short_rows(rows):
    """The reviews of at most 14 words."""
    x, y = rows
    short = (x > 0).sum(1) <= 14
    return x[short][:, -14:], y[short]


@pytest.fixture(scope="module")
def learned(reviews):
    """An LSTM trained for some seconds on short reviews, its accuracy on others, and a bag's."""
    minigrad.seed(1)
    train, test = short_rows(reviews[0]), short_rows(reviews[1])
    words = int(reviews[0][0].max()) + 1
    model = sentiment.sentiment("lstm", words, 14, 32)
    model.compile(optimizer=Adam(0.003), loss="binary_crossentropy", metrics=["accuracy"])
    model.fit(*train, epochs=5, verbose=0)
    _, accuracy = model.evaluate(*test)
    return model, accuracy, sentiment.bag_of_words(train, test)


def test_learns_what_a_bag_of_words_cannot(learned):
    model, accuracy, bag_accuracy = learned
    assert accuracy > 0.95
    assert bag_accuracy < 0.8
    assert {p.dtype for p in model.weights} == {np.dtype("float32")}


def test_one_bag_has_two_meanings(learned):
    """Negation, and contrast: the same words, and the opposite answer."""
    model, *_ = learned
    texts = ["the plot was superb.", "the plot was not superb.", *sentiment.EXAMPLES[4:6]]
    assert Counter(re.findall(r"\w+", texts[2])) == Counter(re.findall(r"\w+", texts[3]))
    praised = sentiment.praise_probabilities(model, texts) > 0.5
    assert praised.tolist() == [True, False, True, False]


def test_probabilities_are_those_of_the_model(learned, reviews):
    model, *_ = learned
    _, _, encode = reviews
    texts = sentiment.EXAMPLES[:3]
    padded = pad_sequences([encode(text) for text in texts], 40)
    expected = model.predict(padded)[:, 0]
    assert np.allclose(sentiment.praise_probabilities(model, texts), expected, atol=1e-6)


def test_attributions_are_what_the_log_odds_lose_without_a_word(learned):
    model, *_ = learned
    text = "the plot was not superb."
    attributions = sentiment.word_attributions(model, text)
    full, without = sentiment.log_odds(model, [text, "the plot was superb."])
    assert len(attributions) == 5
    assert attributions.argmin() == 3
    assert math.isclose(attributions[3], full - without, abs_tol=1e-4)


def test_report_and_pictures(learned, tmp_path):
    model, *_ = learned
    sentiment.pictures(model, tmp_path)
    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"history.png", "confusion.png", "words.png"}
    report = sentiment.report(model)
    assert all(text in report for text in ("precision", "praise", *sentiment.EXAMPLES))


def test_trains_on_every_device(device):
    model = sentiment.sentiment("gru", 9, 5, 4)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 9, (8, 5)), rng.integers(0, 2, 8)
    history = model.fit(x, y, epochs=3, batch_size=4, verbose=0).history
    assert all(math.isfinite(value) for value in history["loss"])
    assert {p.device for p in model.weights} == {device}
