"""Written dates and their ISO form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ..arguments import explains_arguments
from .synthetic import Sampler, training_size, words

Dates = tuple[list[str], list[str]]

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
MONTHS = words(
    "January February March April May June July August September October November December"
)
WEEKDAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
ONES = words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
ORDINALS = [*ONES, *(f"twenty-{word}" for word in ONES[:9]), "thirtieth", "thirty-first"]

# functions of a date, its month and its day of the week
FORMATS: list[Callable[[date, str, str], str]] = [
    lambda d, month, weekday: f"{d.day} {month} {d.year}",
    lambda d, month, weekday: f"{d.day}{_suffix(d.day)} of {month} {d.year}",
    lambda d, month, weekday: f"the {d.day}{_suffix(d.day)} of {month}, {d.year}",
    lambda d, month, weekday: f"the {ORDINALS[d.day - 1]} of {month} {d.year}",
    lambda d, month, weekday: f"{month} {d.day}, {d.year}",
    lambda d, month, weekday: f"{month} {d.day}{_suffix(d.day)}, {d.year}",
    lambda d, month, weekday: f"{month[:3]} {d.day:02} {d.year}",
    lambda d, month, weekday: f"{d.day:02} {month[:3].upper()} {d.year}",
    lambda d, month, weekday: f"{d.day}-{month[:3]}-{d.year}",
    lambda d, month, weekday: f"{weekday[:3]}, {d.day:02} {month[:3]} {d.year}",
    lambda d, month, weekday: f"{weekday}, {month} {d.day}, {d.year}",
    lambda d, month, weekday: f"{weekday.lower()} {d.day} {month.lower()} {d.year}",
    lambda d, month, weekday: f"{d.year}, {month} {d.day}",
    lambda d, month, weekday: f"{d.year}/{d.month}/{d.day}",
]


@explains_arguments
def load_data(n: int = 10000, seed: int = 0, test_size: float = 0.1) -> tuple[Dates, Dates]:
    """(written, iso) for training and for testing: "Tue, 03 Mar 1998" and "1998-03-03".

    Each date from 1900 to 2099 occurs at most once. There are 14 formats, all with the name of the
    month or the year first, so that the answer is never ambiguous.

    Args:
        n: Number of dates.
        seed: Seed of the choice.
        test_size: Fraction of the dates for testing.

    Raises:
        ValueError: If n exceeds the number of dates, or one part is empty.

    Example:
        >>> (written, iso), test = load_data(n=100)
        >>> written[0], iso[0]
        ('2033, June 21', '2033-06-21')
    """
    train = training_size("dates", n, test_size)
    start = FIRST.toordinal()
    days = LAST.toordinal() - start + 1
    if n > days:
        raise ValueError(f"dates: there are {days} dates from {FIRST} to {LAST}, fewer than n={n}")
    sampler = Sampler(seed)
    chosen = [date.fromordinal(start + i) for i in sampler.shuffled(range(days))[:n]]
    written = []
    for day in chosen:
        form = sampler.choice(FORMATS)
        written.append(form(day, MONTHS[day.month - 1], WEEKDAYS[day.weekday()]))
    iso = [day.isoformat() for day in chosen]
    return (written[:train], iso[:train]), (written[train:], iso[train:])


def _suffix(day: int) -> str:
    """st, nd, rd or th."""
    return "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
