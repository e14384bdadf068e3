"""Generated reviews: labels, words, and what a bag of words finds."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from minigrad.datasets.reviews import BAD, GOOD, NEGATIONS, PARTS
from minigrad.datasets.reviews import load_data as reviews


def meaning(text):
    """The label of a review, read from the order of its words by rules of its own."""
    clauses = [
        (m.start(), m.group())
        for m in re.finditer(
            rf"the (?:{'|'.join(PARTS)}) was (?:[a-z]+ ){{0,3}}?(?:{'|'.join(GOOD + BAD)})\b", text
        )
    ]
    praise = [
        (clause.split()[-1] in GOOD) != any(f" was {no} " in clause for no in NEGATIONS)
        for _, clause in clauses
    ]
    if len(clauses) == 1:
        return int(praise[0])
    (first, _), (second, _) = clauses
    if re.search(r"(although|even though|while|despite the fact that) $", text[:first]):
        return int(praise[1])
    if re.search(r"(although|even though|despite the fact that) $", text[:second]):
        return int(praise[0])
    return int(praise[1])  # but, still, nevertheless; or both agree


@pytest.fixture(scope="module")
def films():
    return reviews(3000, seed=1)


def test_reviews_are_balanced_distinct_and_of_the_promised_size(films):
    (x, y), (x_test, y_test) = films
    assert len(x) == 2400
    assert len(x_test) == 600
    assert y.sum() == 1200
    assert y_test.sum() == 300
    assert y.dtype == np.int64
    assert len({*x, *x_test}) == 3000
    lengths = Counter(len(text.split()) for text in x + x_test)
    assert min(lengths) == 5
    assert 37 <= max(lengths) <= 40
    assert len(lengths) > 25
    assert 200 < len(CountVectorizer(token_pattern=r"\S+").fit(x).vocabulary_) < 600
    assert (np.diff(y) == 0).any(), "the labels do not alternate"


def test_the_order_of_the_words_decides(films):
    for x, y in films:
        assert [meaning(text) for text in x] == y.tolist()
    twin = (
        "although the plot was dull, the acting was superb.",
        "although the acting was superb, the plot was dull.",
    )
    assert [meaning(text) for text in twin] == [1, 0]
    assert Counter(twin[0].strip(".").replace(",", "").split()) == Counter(
        twin[1].strip(".").replace(",", "").split()
    )


def test_two_adjectives_of_one_part_agree(films):
    pairs = re.findall(
        rf"({'|'.join(GOOD + BAD)}) and ({'|'.join(GOOD + BAD)})\b", " ".join(films[0][0])
    )
    assert len(pairs) > 1000
    assert all((a in GOOD) == (b in GOOD) and a != b for a, b in pairs)


def test_a_bag_of_words_is_not_enough(films):
    (x, y), (x_test, y_test) = films
    words = CountVectorizer()
    model = LogisticRegression(max_iter=1000).fit(words.fit_transform(x), y)
    assert 0.6 < model.score(words.transform(x_test), y_test) < 0.8
