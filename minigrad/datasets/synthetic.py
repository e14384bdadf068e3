"""What the generated data sets have in common."""

from __future__ import annotations

import math
from random import Random
from typing import Any, Sequence

words = str.split  # a list of words, without the quotes and commas


class _Draw:
    """Choices that hang on random() alone."""

    def __init__(self, seed: int) -> None:
        self.number = Random(seed).random

    def one(self, options: Sequence[Any]) -> Any:
        return options[int(self.number() * len(options))]

    def often(self, probability: float) -> bool:
        return self.number() < probability

    def shuffled(self, items: Sequence[Any]) -> list[Any]:
        return [
            item for _, _, item in sorted((self.number(), i, item) for i, item in enumerate(items))
        ]


def _training_rows(name: str, n: int, test_size: float) -> int:
    """How many of n rows train. Raises ValueError when a part would be empty."""
    train = n - math.ceil(n * test_size)
    if not 0 < test_size < 1 or train < 1:
        raise ValueError(
            f"{name}: n={n!r} rows and test_size={test_size!r} (a fraction) leave one part empty"
        )
    return train
