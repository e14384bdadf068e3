"""What the generated data sets share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Any

words = str.split  # a list of words, without quotes and commas


class Sampler:
    """Random choices that depend on Random(seed).random() alone, which is the same everywhere.

    Args:
        seed: Seed of the choices.

    Example:
        >>> sampler = Sampler(0)
        >>> sampler.choice("abc"), sampler.bernoulli(0.5), sampler.shuffled("abc")
        ('c', False, ['b', 'a', 'c'])
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed).random

    def integer(self, n: int) -> int:
        """A number in 0..n - 1."""
        return int(self.random() * n)

    def choice(self, options: Sequence[Any]) -> Any:
        """One of the options."""
        return options[self.integer(len(options))]

    def bernoulli(self, probability: float) -> bool:
        """True with this probability."""
        return self.random() < probability

    def shuffled(self, items: Sequence[Any]) -> list[Any]:
        """The items in random order."""
        drawn = sorted((self.random(), i) for i in range(len(items)))
        return [items[i] for _, i in drawn]


def training_size(name: str, n: int, test_size: float) -> int:
    """The number of rows for training.

    Args:
        name: The data set, for the error.
        n: Number of rows.
        test_size: Fraction of the rows for testing.

    Raises:
        ValueError: If one part is empty.

    Example:
        >>> training_size("dates", 100, 0.1)
        90
    """
    train = n - math.ceil(n * test_size)
    if not 0 < test_size < 1 or train < 1:
        raise ValueError(
            f"{name}: n={n!r} rows and test_size={test_size!r} (a fraction) leave one part empty"
        )
    return train
