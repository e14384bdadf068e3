"""Data sets, one per file, each with `load_data`: `minigrad.datasets.digits.load_data()`."""

from . import (
    adding_problem,
    dates,
    diabetes,
    digits,
    digits28,
    imdb,
    mnist,
    photographs,
    python_help,
    reviews,
)

__all__ = [
    "adding_problem",
    "dates",
    "diabetes",
    "digits",
    "digits28",
    "imdb",
    "mnist",
    "photographs",
    "python_help",
    "reviews",
]
