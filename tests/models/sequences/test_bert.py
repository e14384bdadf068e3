"""BERT and DistilBERT: sizes, padding, hidden words, data, and that it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest

import minigrad
from minigrad.data import WordPiece
from models.sequences import bert

# ---- sizes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("build, total", [(bert.Bert, 109_482_240), (bert.distilbert, 66_362_880)])
def test_parameter_counts_of_the_papers(build, total, weightless):
    model = build()
    model.build_from_shape((1,))
    assert model.count_params() == total


BODY = {"vocabulary": 30, "positions": 8, "width": 6, "depth": 1, "heads": 2}


@pytest.mark.parametrize(
    "build, head, count",
    [
        (bert.Bert, lambda body: bert.Classifier(body, 3), 6 * 3 + 3),
        (bert.distilbert, lambda body: bert.Classifier(body, 3), 6 * 6 + 6 + 6 * 3 + 3),
        (bert.distilbert, bert.MaskedLM, 6 * 6 + 6 + 2 * 6 + 30),
    ],
)
def test_counts_of_heads(build, head, count):
    body = build(**BODY)
    model = head(body)
    model.build_from_shape((4,))
    assert model.count_params() - body.count_params() == count


# ---- inputs --------------------------------------------------------------------------------------


def test_padding_changes_nothing(device):
    minigrad.seed(0)
    model = bert.Classifier(bert.Bert(20, 16, 8, 2, 2))
    ids = np.array([[2, 7, 9, 3]])
    padded = np.pad(ids, ((0, 0), (0, 5)))
    assert np.allclose(model.predict(ids), model.predict(padded), atol=1e-6)
    only_padding = model.predict(np.zeros((1, 4), int))
    assert np.isfinite(only_padding).all()


def test_segments_and_positions_matter():
    minigrad.seed(0)
    model = bert.Bert(20, 16, 8, 1, 2, initializer="glorot_uniform")
    ids = np.array([[2, 7, 9, 3]])
    known = model(ids).numpy()
    one_text, two_texts = np.zeros((1, 4), int), np.array([[0, 0, 1, 1]])
    same = model(ids, segments=one_text).numpy()
    assert np.array_equal(known, same)
    pair = model(ids, segments=two_texts).numpy()
    assert abs(known - pair).max() > 1e-3
    swapped = model(ids[:, [0, 2, 1, 3]]).numpy()
    assert abs(known[0, 0] - swapped[0, 0]).max() > 1e-3


# ---- hidden words --------------------------------------------------------------------------------

WORDS = WordPiece([*WordPiece.special, *"abcdefghijklmno"])


@pytest.mark.parametrize("rate", [0.15, 0.3])
def test_what_is_hidden(rate):
    minigrad.seed(0)
    ids = np.random.default_rng(0).integers(5, 20, (400, 50))
    ids[:, 0], ids[:, 40:] = WORDS["[CLS]"], WORDS["[PAD]"]
    shown, y = bert.mask_tokens(ids, WORDS, rate)
    chosen = y >= 0
    assert not chosen[:, 0].any()
    assert not chosen[:, 40:].any()
    assert np.array_equal(shown[~chosen], ids[~chosen])
    assert np.array_equal(y[chosen], ids[chosen])
    assert chosen[:, 1:40].mean() == pytest.approx(rate, abs=0.01)
    masked = shown[chosen] == WORDS["[MASK]"]
    same = shown[chosen] == y[chosen]
    assert masked.mean() == pytest.approx(0.8, abs=0.03)
    assert same.mean() == pytest.approx(0.1 + 0.1 / 15, abs=0.02)
    assert shown[chosen][~masked].min() >= 5
    assert set(shown[chosen][~masked & ~same]) == set(range(5, 20))


def test_the_step_scores_what_is_hidden_alone():
    minigrad.seed(0)
    model = bert.MaskedLM(bert.Bert(20, 16, 8, 1, 2, dropout=0))
    model.compile("sgd")
    ids = np.array([[2, 7, 9, 3], [2, 4, 3, 0]])
    y = np.array([[-1, -1, 9, -1], [-1, 6, -1, -1]])
    logits = model(ids).numpy().astype(float)
    losses = []
    for row, label in ((logits[0, 2], 9), (logits[1, 1], 6)):
        losses.append(math.log(np.exp(row).sum()) - row[label])
    expected = np.mean(losses)
    assert model.train_on_batch(ids, y) == pytest.approx(expected, abs=1e-5)
    assert model.train_on_batch(ids, y) < expected


# ---- learning ------------------------------------------------------------------------------------


def test_texts():
    tokens, rows, (x, y), (test, y_test) = bert.load(unlabeled=1000)
    assert x.shape == (200, bert.LENGTH)
    assert len(test) == len(y_test) == 1000
    assert 80 <= y.sum() <= 120
    for part in (*rows.values(), test):
        assert part.shape[1] == bert.LENGTH
        assert (part[:, 0] == tokens["[CLS]"]).all()
        assert part.max() < len(tokens)
        assert ((part == tokens["[SEP]"]).sum(1) == 1).all()
    read = set(map(bytes, rows["reviews"]))
    scored = set(map(bytes, np.concatenate([x, test])))
    assert not read & scored, "what is read before is neither test nor labeled"
    assert (test == tokens["[UNK]"]).mean() < 0.001


@pytest.mark.finds("unreached_parameters")  # masked words do not use the pooler
def test_learns(tmp_path):
    """To guess words, and far better than by their frequency (about 5.3).

    The accuracies of so short a training mean little.
    """
    models, metrics = bert.train(
        unlabeled=1000, steps=60, texts="reviews", width=32, depth=1, rate=0.01, epochs=1, verbose=0
    )
    losses = models["masked_lm"].history.history["loss"]
    assert losses[-1] < min(5.0, losses[0] - 1.5)
    assert metrics["guessing_loss"] == losses[-1]
    assert metrics["gain"] == metrics["pretrained_accuracy"] - metrics["untrained_accuracy"]
    assert models["pretrained"].bert is models["masked_lm"].bert
    assert models["untrained"].bert is not models["pretrained"].bert
    text = bert.report(models, unlabeled=1000)
    assert text.count("[MASK]") == 2
    assert text.count("praise") + text.count("blame") == 5
    bert.pictures(models, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"accuracy.png", "guessing.png"}


def test_unknown_texts_are_suggested():
    with pytest.raises(ValueError, match="did you mean 'reviews'"):
        bert.train(texts="review")
