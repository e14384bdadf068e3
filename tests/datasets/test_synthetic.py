"""Generated tasks: what they promise of labels, words, answers and seeds."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import date

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

from minigrad.datasets.adding_problem import load_data as adding_problem
from minigrad.datasets.dates import MONTHS, ORDINALS, WEEKDAYS
from minigrad.datasets.dates import load_data as dates
from minigrad.datasets.reviews import BAD, GOOD, NEGATIONS, PARTS
from minigrad.datasets.reviews import load_data as reviews


def digest(*texts):
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


# ---- reviews -------------------------------------------------------------------------------------------------------------


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
    assert (
        len(x) == 2400
        and len(x_test) == 600
        and y.sum() == 1200
        and y_test.sum() == 300
        and y.dtype == np.int64
    )
    assert len({*x, *x_test}) == 3000
    lengths = Counter(len(text.split()) for text in x + x_test)
    assert min(lengths) == 5 and 37 <= max(lengths) <= 40 and len(lengths) > 25
    assert 200 < len(CountVectorizer(token_pattern=r"\S+").fit(x).vocabulary_) < 600
    assert (np.diff(y) == 0).any(), "the labels do not alternate"


def test_the_order_of_the_words_decides(films):
    for x, y in films:
        assert [meaning(text) for text in x] == y.tolist()
    twin = (
        "although the plot was dull, the acting was superb.",
        "although the acting was superb, the plot was dull.",
    )
    assert [meaning(text) for text in twin] == [1, 0] and Counter(
        twin[0].strip(".").replace(",", "").split()
    ) == Counter(twin[1].strip(".").replace(",", "").split())


def test_two_adjectives_of_one_part_agree(films):
    pairs = re.findall(
        rf"({'|'.join(GOOD + BAD)}) and ({'|'.join(GOOD + BAD)})\b", " ".join(films[0][0])
    )
    assert len(pairs) > 1000 and all((a in GOOD) == (b in GOOD) and a != b for a, b in pairs)


def test_a_bag_of_words_is_not_enough(films):
    (x, y), (x_test, y_test) = films
    words = CountVectorizer()
    model = LogisticRegression(max_iter=1000).fit(words.fit_transform(x), y)
    assert 0.6 < model.score(words.transform(x_test), y_test) < 0.8


def test_tasks_are_the_same_everywhere():
    assert (
        digest(*reviews(200, 3)[0][0]) == "36d682583bb765b8"
        and digest(*dates(200, 3)[0][0]) == "d02b18015c53aa49"
    )
    assert reviews(50, 1)[0][0] == reviews(50, 1)[0][0] != reviews(50, 2)[0][0]
    assert dates(50, 1) == dates(50, 1) != dates(50, 2)
    np.testing.assert_array_equal(adding_problem(3, 10, 1)[0], adding_problem(3, 10, 1)[0])
    assert (adding_problem(3, 10, 1)[0] != adding_problem(3, 10, 2)[0]).any()


# ---- dates ---------------------------------------------------------------------------------------------------------------


def read_date(text):
    """The date of a written one, by rules of its own."""
    low = text.lower()
    if found := re.fullmatch(r"(\d{4})/(\d+)/(\d+)", text):
        return date(*map(int, found.groups()))
    year = int(re.search(r"\d{4}", low).group())
    month = next(
        i
        for i, name in enumerate(MONTHS, 1)
        if re.search(rf"\b{name[:3].lower()}", re.sub(r"mon(day)?\b", "", low))
    )
    words = max((i for i, word in enumerate(ORDINALS, 1) if f"the {word} of" in low), default=0)
    return date(year, month, words or int(re.search(r"(?<!\d)(\d{1,2})(?!\d)", low).group()))


def test_dates_have_one_answer():
    (x, y), (x_test, y_test) = dates(4000, seed=5)
    assert (
        len(x) == len(y) == 3600
        and len(x_test) == len(y_test) == 400
        and len({*y, *y_test}) == len({*x, *x_test}) == 4000
    )
    for written, iso in zip(x + x_test, y + y_test):
        d = date.fromisoformat(iso)
        assert read_date(written) == d and 1900 <= d.year < 2100
        named = [day for day in WEEKDAYS if re.match(rf"{day[:3]}", written, re.I)]
        assert not named or named == [WEEKDAYS[d.weekday()]]
        assert re.search("[A-Za-z]", written) or written.startswith(f"{d.year}/"), (
            "no 03/04: day or month?"
        )
    shapes = {
        re.sub(r"\d+", "0", re.sub("|".join([*MONTHS, *WEEKDAYS, *ORDINALS[::-1]]), "word", text))
        for text in x
    }
    assert len(shapes) >= 14 and {"21st", "22nd", "23rd", "11th", "12th", "13th", "30th"} <= set(
        re.findall(r"\d+[a-z]+", " ".join(x))
    )


# ---- the adding problem --------------------------------------------------------------------------------------------------


def test_adding_problem():
    x, y = adding_problem(20_000, 51, seed=2)
    assert (
        x.shape == (20_000, 51, 2) and y.shape == (20_000, 1) and x.dtype == y.dtype == np.float32
    )
    np.testing.assert_allclose((x[..., 0] * x[..., 1]).sum(1), y[:, 0], rtol=1e-6)
    marks = x[..., 1]
    assert (
        set(np.unique(marks)) == {0, 1}
        and (marks[:, :25].sum(1) == 1).all()
        and (marks[:, 25:].sum(1) == 1).all()
    )
    assert (marks.sum(0) > 0).all() and x[..., 0].min() >= 0 and x[..., 0].max() < 1.0001
    assert abs(((y - 1) ** 2).mean() - 1 / 6) < 0.003, "the baseline that models.md states, .167"
    assert adding_problem(4, 2)[0][..., 1].tolist() == [[1, 1]] * 4


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: reviews(1), "n=1 rows and test_size=0.2"),
        (lambda: reviews(10, test_size=1.0), "leave one part empty"),
        (lambda: reviews(0), "n=0"),
        (lambda: dates(73_050), "73049 dates from 1900-01-01 to 2099-12-31, fewer than n=73050"),
        (lambda: dates(10, test_size=0), "test_size=0 "),
        (lambda: dates(0), "n=0"),
        (lambda: adding_problem(5, 1), "length=1"),
    ],
)
def test_tasks_refuse(make, message):
    with pytest.raises(ValueError, match=message):
        make()
