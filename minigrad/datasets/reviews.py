"""Generated film reviews."""

from __future__ import annotations

import numpy as np

from .synthetic import _Draw, _training_rows, words

Reviews = tuple[list[str], np.ndarray]


# ---- reviews -----------------------------------------------------------------------------------------------------------

GOOD = words(
    "good great superb brilliant moving clever charming funny gripping lovely splendid delightful touching witty fresh stunning "
    "excellent wonderful memorable elegant thrilling subtle inspired graceful convincing"
)


BAD = words(
    "bad awful dull boring clumsy weak wooden shallow silly tedious lifeless stale dreadful bland messy annoying predictable "
    "terrible forgettable cheap pointless crude tiresome hollow unconvincing"
)


PARTS = words(
    "plot acting story cast script music dialogue ending photography humour pacing direction opening soundtrack romance "
    "editing villain hero heroine premise scenery costume lighting finale sequel"
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


ASIDES = """i saw it on a {day} with my {kin}.|my {kin} fell asleep on the {day} train home.|we did not book seats for {day}.
the {place} near the {place2} was {full} that evening.|tickets cost {number} dollars at the {place}.
i have not read the {book} it is based on.|it runs for about {number} minutes without a break.|the {book} came out {number} years ago.
my {kin} never watches anything on a {day}.|nobody in the {place} said a word.|we went to the {place2} afterwards.
there were {number} people in the {place}.|it was filmed in {land} and {land2}.|the director was born in {land}.
a {kin} of mine works at the {place2}.|they do not show it in {land} yet.|i watched it again last {day}.
it opens next {day} in {land}.|the trailer said hardly anything about the {book}.|my {kin} had seen it before, i had not."""


FILLINGS = {
    "day": words("monday tuesday wednesday thursday friday saturday sunday"),
    "kin": words(
        "brother sister mother father uncle aunt cousin friend neighbour colleague teacher grandmother"
    ),
    "place": words("cinema theatre hall club museum"),
    "place2": words("station harbour market school park bakery library bridge"),
    "full": words("full empty crowded closed quiet cold warm dark"),
    "book": words("novel book play poem comic diary"),
    "number": words("seven eight nine ten eleven twelve twenty thirty forty fifty ninety hundred"),
    "land": words("france japan brazil canada india"),
    "land2": words("norway egypt spain chile kenya iceland"),
}


def load_data(n: int = 5000, seed: int = 0, test_size: float = 0.2) -> tuple[Reviews, Reviews]:
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
    return tuple(
        ([text for text, _ in part], np.array([label for _, label in part], np.int64))
        for part in order
    )  # type: ignore[return-value]


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
    said = draw.shuffled(GOOD if praise != negated else BAD)[: 1 + draw.often(0.5)]
    return f"the {part} was {before} {' and '.join(said)}".replace("  ", " ")


def _aside(draw: _Draw) -> str:
    return draw.one(ASIDES.replace("\n", "|").split("|")).format(
        **{name: draw.one(found) for name, found in FILLINGS.items()}
    )
