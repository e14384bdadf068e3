"""Generated film reviews whose sentiment depends on the order of words."""

from __future__ import annotations

import numpy as np

from ..arguments import explains_arguments
from .synthetic import Sampler, training_size, words

Reviews = tuple[list[str], np.ndarray]

GOOD = words(
    "good great superb brilliant moving clever charming funny gripping lovely splendid delightful "
    "touching witty fresh stunning excellent wonderful memorable elegant thrilling subtle "
    "inspired graceful convincing"
)
BAD = words(
    "bad awful dull boring clumsy weak wooden shallow silly tedious lifeless stale dreadful bland "
    "messy annoying predictable terrible forgettable cheap pointless crude tiresome hollow "
    "unconvincing"
)
PARTS = words(
    "plot acting story cast script music dialogue ending photography humour pacing direction "
    "opening soundtrack romance editing villain hero heroine premise scenery costume lighting "
    "finale sequel"
)
NEGATIONS = [
    "not",
    "never",
    "hardly",
    "not at all",
    "anything but",
    "far from",
    "by no means",
    "not even remotely",
]
DEGREES = [
    "really",
    "truly",
    "quite",
    "rather",
    "simply",
    "often",
    "very",
    "so",
    "always",
    "undeniably",
]
CONTRASTS = [
    "although {less}, {more}",
    "even though {less}, {more}",
    "while {less}, {more}",
    "{more}, although {less}",
    "{more}, even though {less}",
    "{less}, but {more}",
    "{less}. still, {more}",
    "{less}; nevertheless {more}",
    "despite the fact that {less}, {more}",
    "{more}, despite the fact that {less}",
]
AGREEMENTS = [
    "{less} and {more}",
    "{less}. besides, {more}",
    "{less}, and what is more, {more}",
    "{less}; moreover {more}",
]
ASIDES = [
    "i saw it on a {day} with my {kin}.",
    "my {kin} fell asleep on the {day} train home.",
    "we did not book seats for {day}.",
    "the {place} near the {place2} was {full} that evening.",
    "tickets cost {number} dollars at the {place}.",
    "i have not read the {book} it is based on.",
    "it runs for about {number} minutes without a break.",
    "the {book} came out {number} years ago.",
    "my {kin} never watches anything on a {day}.",
    "nobody in the {place} said a word.",
    "we went to the {place2} afterwards.",
    "there were {number} people in the {place}.",
    "it was filmed in {land} and {land2}.",
    "the director was born in {land}.",
    "a {kin} of mine works at the {place2}.",
    "they do not show it in {land} yet.",
    "i watched it again last {day}.",
    "it opens next {day} in {land}.",
    "the trailer said hardly anything about the {book}.",
    "my {kin} had seen it before, i had not.",
]
FILLINGS = {
    "day": words("monday tuesday wednesday thursday friday saturday sunday"),
    "kin": words(
        "brother sister mother father uncle aunt cousin friend neighbour colleague teacher "
        "grandmother"
    ),
    "place": words("cinema theatre hall club museum"),
    "place2": words("station harbour market school park bakery library bridge"),
    "full": words("full empty crowded closed quiet cold warm dark"),
    "book": words("novel book play poem comic diary"),
    "number": words("seven eight nine ten eleven twelve twenty thirty forty fifty ninety hundred"),
    "land": words("france japan brazil canada india"),
    "land2": words("norway egypt spain chile kenya iceland"),
}


@explains_arguments
def load_data(n: int = 5000, seed: int = 0, test_size: float = 0.2) -> tuple[Reviews, Reviews]:
    """(texts, labels) for training and for testing: reviews of 5 to 40 words, 1 for praise.

    One sentence judges, the others are asides. It is about one part of the film or two, each with
    one or two adjectives that agree ("dull and clumsy") and may be negated ("hardly dull"). Where
    the parts disagree ("although the plot was dull, the acting was superb"), as in 3 of 10 rows,
    the main clause counts. The order of words decides: a bag of words gets seven of ten right.
    Half of the rows are praise, and every text is unique.

    Args:
        n: Number of reviews.
        seed: Seed of the reviews.
        test_size: Fraction of the reviews for testing.

    Raises:
        ValueError: If one part is empty.

    Example:
        >>> (texts, labels), test = load_data(n=100)
        >>> print(texts[2], labels[2])
        although the romance was forgettable and dull, the finale was truly excellent. 1
    """
    train = training_size("reviews", n, test_size)
    sampler = Sampler(seed)
    reviews: dict[str, int] = {}
    while len(reviews) < n:
        praise = len(reviews) % 2
        text = _review(sampler, bool(praise))
        if 5 <= len(text.split()) <= 40:
            reviews.setdefault(text, praise)
    rows = list(reviews.items())
    return _shuffled(sampler, rows[:train]), _shuffled(sampler, rows[train:])


def _shuffled(sampler: Sampler, rows: list[tuple[str, int]]) -> Reviews:
    """(texts, labels) in random order."""
    shuffled = sampler.shuffled(rows)
    labels = np.array([label for _, label in shuffled], np.int64)
    return [text for text, _ in shuffled], labels


def _review(sampler: Sampler, praise: bool) -> str:
    part, other = sampler.shuffled(PARTS)[:2]
    judgment = _clause(sampler, part, praise)
    if sampler.bernoulli(0.6):
        disagree = sampler.bernoulli(0.5)
        form = sampler.choice(CONTRASTS if disagree else AGREEMENTS)
        less = _clause(sampler, other, praise != disagree)
        judgment = form.format(less=less, more=judgment)
    asides = [_aside(sampler) for _ in range(sampler.integer(4))]
    position = sampler.integer(len(asides) + 1)
    return " ".join([*asides[:position], judgment + ".", *asides[position:]])


def _clause(sampler: Sampler, part: str, praise: bool) -> str:
    """Praise or blame of one part of a film, sometimes by negating the opposite."""
    negated = sampler.bernoulli(0.2)
    if negated:
        degree = sampler.choice(NEGATIONS)
    else:
        degree = sampler.choice(DEGREES) if sampler.bernoulli(0.4) else ""
    shuffled = sampler.shuffled(GOOD if praise != negated else BAD)
    adjectives = shuffled[: 1 + sampler.bernoulli(0.5)]
    return f"the {part} was {degree} {' and '.join(adjectives)}".replace("  ", " ")


def _aside(sampler: Sampler) -> str:
    form = sampler.choice(ASIDES)
    return form.format(**{name: sampler.choice(options) for name, options in FILLINGS.items()})
