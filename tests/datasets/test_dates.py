"""Written dates have one answer."""

from __future__ import annotations

import re
from datetime import date

from minigrad.datasets.dates import MONTHS, ORDINALS, WEEKDAYS
from minigrad.datasets.dates import load_data as dates


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
    assert len(x) == len(y) == 3600
    assert len(x_test) == len(y_test) == 400
    assert len({*y, *y_test}) == len({*x, *x_test}) == 4000
    for written, iso in zip(x + x_test, y + y_test):
        d = date.fromisoformat(iso)
        assert read_date(written) == d
        assert 1900 <= d.year < 2100
        named = [day for day in WEEKDAYS if re.match(rf"{day[:3]}", written, re.I)]
        assert not named or named == [WEEKDAYS[d.weekday()]]
        assert re.search("[A-Za-z]", written) or written.startswith(f"{d.year}/"), (
            "no 03/04: day or month?"
        )
    shapes = {
        re.sub(r"\d+", "0", re.sub("|".join([*MONTHS, *WEEKDAYS, *ORDINALS[::-1]]), "word", text))
        for text in x
    }
    assert len(shapes) >= 14
    assert {"21st", "22nd", "23rd", "11th", "12th", "13th", "30th"} <= set(
        re.findall(r"\d+[a-z]+", " ".join(x))
    )
