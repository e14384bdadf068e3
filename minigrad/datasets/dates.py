"""Written dates and their ISO form."""

from __future__ import annotations

from datetime import date
from typing import Callable

from .synthetic import _Draw, _training_rows, words

Dates = tuple[list[str], list[str]]


# ---- dates -------------------------------------------------------------------------------------------------------------

MONTHS = words(
    "January February March April May June July August September October November December"
)


DAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")


ONES = words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth twentieth"
)


ORDINALS = [*ONES, *(f"twenty-{word}" for word in ONES[:9]), "thirtieth", "thirty-first"]


FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)


FORMATS: list[Callable[[date, str, str], str]] = [  # of a date, its month and its day of the week
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


def load_data(n: int = 10000, seed: int = 0, test_size: float = 0.1) -> tuple[Dates, Dates]:
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
