"""Generated tasks: sentiment that hangs on the order of words, dates to translate, and two numbers to remember and add.

Each is drawn from its seed alone and is the same on every machine: texts draw from nothing but `random.Random.random`, whose
numbers Python promises to keep, and the adding problem from NumPy's uniform numbers.
"""
from __future__ import annotations

import math
from datetime import date
from random import Random
from typing import Any, Callable, Sequence

import numpy as np

from ..backend import as_data

Reviews = tuple[list[str], np.ndarray]
Dates = tuple[list[str], list[str]]
words = str.split                       # a list of words, without the quotes and commas


class _Draw:
    """Choices that hang on random() alone."""

    def __init__(self, seed: int) -> None:
        self.number = Random(seed).random

    def one(self, options: Sequence[Any]) -> Any:
        return options[int(self.number() * len(options))]

    def often(self, probability: float) -> bool:
        return self.number() < probability

    def shuffled(self, items: Sequence[Any]) -> list[Any]:
        return [item for _, _, item in sorted((self.number(), i, item) for i, item in enumerate(items))]


def _training_rows(name: str, n: int, test_size: float) -> int:
    """How many of n rows train. Raises ValueError when a part would be empty."""
    train = n - math.ceil(n * test_size)
    if not 0 < test_size < 1 or train < 1:
        raise ValueError(f"{name}: n={n!r} rows and test_size={test_size!r} (a fraction) leave one part empty")
    return train


# ---- reviews -----------------------------------------------------------------------------------------------------------

GOOD = words("good great superb brilliant moving clever charming funny gripping lovely splendid delightful touching witty fresh stunning "
             "excellent wonderful memorable elegant thrilling subtle inspired graceful convincing")
BAD = words("bad awful dull boring clumsy weak wooden shallow silly tedious lifeless stale dreadful bland messy annoying predictable "
            "terrible forgettable cheap pointless crude tiresome hollow unconvincing")
PARTS = words("plot acting story cast script music dialogue ending photography humour pacing direction opening soundtrack romance "
              "editing villain hero heroine premise scenery costume lighting finale sequel")
NEGATIONS = ["not", "never", "hardly", "not at all", "anything but", "far from", "by no means", "not even remotely"]
DEGREES = ["really", "truly", "quite", "rather", "simply", "often", "very", "so", "always", "undeniably"]
CONTRASTS = ["although {less}, {more}", "even though {less}, {more}", "while {less}, {more}", "{more}, although {less}",
             "{more}, even though {less}", "{less}, but {more}", "{less}. still, {more}", "{less}; nevertheless {more}",
             "despite the fact that {less}, {more}", "{more}, despite the fact that {less}"]
AGREEMENTS = ["{less} and {more}", "{less}. besides, {more}", "{less}, and what is more, {more}", "{less}; moreover {more}"]
ASIDES = """i saw it on a {day} with my {kin}.|my {kin} fell asleep on the {day} train home.|we did not book seats for {day}.
the {place} near the {place2} was {full} that evening.|tickets cost {number} dollars at the {place}.
i have not read the {book} it is based on.|it runs for about {number} minutes without a break.|the {book} came out {number} years ago.
my {kin} never watches anything on a {day}.|nobody in the {place} said a word.|we went to the {place2} afterwards.
there were {number} people in the {place}.|it was filmed in {land} and {land2}.|the director was born in {land}.
a {kin} of mine works at the {place2}.|they do not show it in {land} yet.|i watched it again last {day}.
it opens next {day} in {land}.|the trailer said hardly anything about the {book}.|my {kin} had seen it before, i had not."""
FILLINGS = {
    "day": words("monday tuesday wednesday thursday friday saturday sunday"),
    "kin": words("brother sister mother father uncle aunt cousin friend neighbour colleague teacher grandmother"),
    "place": words("cinema theatre hall club museum"), "place2": words("station harbour market school park bakery library bridge"),
    "full": words("full empty crowded closed quiet cold warm dark"), "book": words("novel book play poem comic diary"),
    "number": words("seven eight nine ten eleven twelve twenty thirty forty fifty ninety hundred"),
    "land": words("france japan brazil canada india"), "land2": words("norway egypt spain chile kenya iceland")}


def reviews(n: int = 5000, seed: int = 0, test_size: float = 0.2) -> tuple[Reviews, Reviews]:
    """(texts, labels), for training and for testing: film reviews of 5 to 40 words, 1 where praise is meant, every text once.

    One sentence judges, the others tell of trains and tickets. It has one part or two, each with an adjective or two that agree
    ("dull and clumsy") and may be negated ("hardly dull"). Where the parts disagree ("although the plot was dull, the acting was
    superb"), which 3 of 10 rows do, the main clause counts. The order of the words decides: a bag of words gets seven of ten right.
    Half of the rows are praise.
    """
    train, draw = _training_rows("reviews", n, test_size), _Draw(seed)
    texts: dict[str, int] = {}
    while len(texts) < n:
        praise = len(texts) % 2
        text = _review(draw, bool(praise))
        if 5 <= len(text.split()) <= 40:
            texts.setdefault(text, praise)
    order = draw.shuffled(list(texts.items())[:train]), draw.shuffled(list(texts.items())[train:])
    return tuple(([text for text, _ in part], np.array([label for _, label in part], np.int64)) for part in order)  # type: ignore[return-value]


def _review(draw: _Draw, praise: bool) -> str:
    part, other = draw.shuffled(PARTS)[:2]
    main = _clause(draw, part, praise)
    if draw.often(0.6):
        disagree = draw.often(0.5)
        form = draw.one(CONTRASTS if disagree else AGREEMENTS)
        main = form.format(less=_clause(draw, other, praise != disagree), more=main)
    asides = [_aside(draw) for _ in range(int(draw.number() * 4))]
    place = int(draw.number() * (len(asides) + 1))
    return " ".join([*asides[:place], main + ".", *asides[place:]])


def _clause(draw: _Draw, part: str, praise: bool) -> str:
    """The praise or the blame of one part of a film, often by negating the contrary."""
    negated = draw.often(0.2)
    before = draw.one(NEGATIONS) if negated else draw.one(DEGREES) if draw.often(0.4) else ""
    said = draw.shuffled(GOOD if praise != negated else BAD)[:1 + draw.often(0.5)]
    return f"the {part} was {before} {' and '.join(said)}".replace("  ", " ")


def _aside(draw: _Draw) -> str:
    return draw.one(ASIDES.replace("\n", "|").split("|")).format(**{name: draw.one(found) for name, found in FILLINGS.items()})


# ---- dates -------------------------------------------------------------------------------------------------------------

MONTHS = words("January February March April May June July August September October November December")
DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
ONES = words("first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
             "seventeenth eighteenth nineteenth twentieth")
ORDINALS = [*ONES, *(f"twenty-{word}" for word in ONES[:9]), "thirtieth", "thirty-first"]
FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)

FORMATS: list[Callable[[date, str, str], str]] = [       # of a date, its month and its day of the week
    lambda d, month, week: f"{d.day} {month} {d.year}",
    lambda d, month, week: f"{d.day}{_ending(d.day)} of {month} {d.year}",
    lambda d, month, week: f"the {d.day}{_ending(d.day)} of {month}, {d.year}",
    lambda d, month, week: f"the {ORDINALS[d.day - 1]} of {month} {d.year}",
    lambda d, month, week: f"{month} {d.day}, {d.year}",
    lambda d, month, week: f"{month} {d.day}{_ending(d.day)}, {d.year}",
    lambda d, month, week: f"{month[:3]} {d.day:02} {d.year}",
    lambda d, month, week: f"{d.day:02} {month[:3].upper()} {d.year}",
    lambda d, month, week: f"{d.day}-{month[:3]}-{d.year}",
    lambda d, month, week: f"{week[:3]}, {d.day:02} {month[:3]} {d.year}",
    lambda d, month, week: f"{week}, {month} {d.day}, {d.year}",
    lambda d, month, week: f"{week.lower()} {d.day} {month.lower()} {d.year}",
    lambda d, month, week: f"{d.year}, {month} {d.day}",
    lambda d, month, week: f"{d.year}/{d.month}/{d.day}",
]


def dates(n: int = 10000, seed: int = 0, test_size: float = 0.1) -> tuple[Dates, Dates]:
    """(written, iso), for training and for testing: "Tue, 03 Mar 1998" -> "1998-03-03"; each date of 1900..2099 at most once.

    14 ways of writing, by names of months or with the year first, so that the answer is never in doubt.
    """
    train, days = _training_rows("dates", n, test_size), LAST.toordinal() - FIRST.toordinal() + 1
    if n > days:
        raise ValueError(f"dates: there are {days} dates from {FIRST} to {LAST}, fewer than n={n}")
    draw = _Draw(seed)
    chosen = [date.fromordinal(FIRST.toordinal() + i) for i in draw.shuffled(range(days))[:n]]
    written = [draw.one(FORMATS)(d, MONTHS[d.month - 1], DAYS[d.weekday()]) for d in chosen]
    iso = [d.isoformat() for d in chosen]
    return (written[:train], iso[:train]), (written[train:], iso[train:])


def _ending(day: int) -> str:
    """st, nd, rd or th."""
    return "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


# ---- the adding problem ------------------------------------------------------------------------------------------------

def adding_problem(n: int = 1000, length: int = 100, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """x (n, length, 2), y (n, 1): the sum of the two marked numbers (Hochreiter & Schmidhuber, 1997, experiment 4).

    In the form of Le, Jaitly & Hinton (2015, arXiv:1504.00941): x[..., 0] is uniform in 0..1, x[..., 1] marks one step of the first
    half and one of the second with 1. The sum has mean 1 and variance 1/6: who always answers 1 has an MSE of .167.
    """
    if n < 1 or length < 2:
        raise ValueError(f"adding_problem: n={n}, length={length}: expected at least one row, of two steps or more")
    rng = np.random.default_rng(seed)
    values, places, half = rng.random((n, length)), rng.random((2, n)), length // 2
    first, second = (places[0] * half).astype(int), half + (places[1] * (length - half)).astype(int)
    marks, rows = np.zeros((n, length)), np.arange(n)
    marks[rows, first] = marks[rows, second] = 1
    y = values[rows, first] + values[rows, second]
    return as_data(np.stack([values, marks], -1), device="cpu"), as_data(y[:, None], device="cpu")
