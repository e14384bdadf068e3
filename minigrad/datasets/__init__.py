"""Data sets, one per file, each with `load_data`: `minigrad.datasets.digits.load_data()`."""

from ..utils.instead import explain_missing
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

__getattr__ = explain_missing("datasets", __all__)
