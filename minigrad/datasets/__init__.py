"""Data sets, one per file, each with `load_data`: `minigrad.datasets.digits.load_data()`."""

from ..utils.instead import explain_missing
from . import (
    adding_problem,
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    dates,
    diabetes,
    digits,
    digits28,
    fashion_mnist,
    imdb,
    mnist,
    photographs,
    python_help,
    reuters,
    reviews,
)

__all__ = [
    "adding_problem",
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "dates",
    "diabetes",
    "digits",
    "digits28",
    "fashion_mnist",
    "imdb",
    "mnist",
    "photographs",
    "python_help",
    "reuters",
    "reviews",
]

__getattr__ = explain_missing("datasets", __all__)
