"""One seed for everything drawn at random, on the host, so that a CPU and a GPU run start equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import Array, backend
from .config import Scope, settings

__all__ = ["generator", "normal", "seed", "uniform", "use_generator"]

_generator = np.random.default_rng(0)


def seed(n: int) -> None:
    """Fix all that minigrad draws from here on: weights, shuffles, splits, masks, noise.

    Args:
        n: Any nonnegative integer; the same one gives the same numbers.

    Example:
        >>> seed(0)
        >>> first = generator().random()
        >>> seed(0)
        >>> generator().random() == first
        True
    """
    global _generator
    _generator = np.random.default_rng(n)


def generator() -> np.random.Generator:
    """The host generator behind `seed`, or the one that `use_generator` put in its place."""
    return settings.generator or _generator


class use_generator(Scope):
    """`with use_generator(other):` this thread draws from `other` inside the block."""

    def __init__(self, other: Any) -> None:
        super().__init__(generator=other)


def uniform(shape: tuple[int, ...], like: Array) -> Array:
    """Uniform numbers in [0, 1) with the dtype and on the device of `like`."""
    return backend(like).asarray(generator().random(shape, _dtype_of(like)))


def normal(shape: tuple[int, ...], like: Array) -> Array:
    """Standard normal numbers with the dtype and on the device of `like`."""
    return backend(like).asarray(generator().standard_normal(shape, _dtype_of(like)))


def _dtype_of(like: Array) -> Any:
    return like.dtype if like.dtype.kind == "f" else settings.default_dtype
