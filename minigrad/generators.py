"""One seed for everything drawn at random, on the host, so that a CPU and a GPU run start equal.

All threads draw from one generator, each number once, in the order in which they come: for results
that do not depend on that order, give each thread a generator of its own:

    def train(generator):
        with minigrad.random.use_generator(generator):
            ...

    generators = minigrad.random.generator().spawn(4)       # independent ones, fixed by the seed
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(train, generators))

A process that `os.fork` makes (and so one of multiprocessing's "fork") goes on with other numbers
than its parent and than every other one, which the seed fixes too. A process that starts afresh
("spawn") begins with numbers that its name fixes; `minigrad.seed` in it says otherwise. What has a
`seed=` of its own draws the same numbers wherever a copy of it goes.
"""

from __future__ import annotations

import math
import os
import sys
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from .arguments import explains_arguments
from .backend import Array, backend
from .config import Scope, one_call, settings

__all__ = [
    "generator",
    "normal_like",
    "rowwise",
    "seed",
    "uniform_like",
    "use_generator",
    "use_rows",
]

FLOAT16_STEPS = 2048  # their multiples of 1 / 2048 are exact


def _first_generator() -> np.random.Generator:
    """Seed 0; in a process that multiprocessing has started afresh, 0 and the name of it."""
    processes = sys.modules.get("multiprocessing.process")
    name = processes.current_process().name if processes else "MainProcess"
    return np.random.default_rng([0, *([] if name == "MainProcess" else name.encode())])


_generator = _first_generator()
_forks = 0  # since the last seed


@explains_arguments
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
    global _generator, _forks
    _generator = np.random.default_rng(n)
    _forks = 0


def generator() -> np.random.Generator:
    """The host generator behind `seed`, or the one that `use_generator` put in its place."""
    return settings.generator or _generator


class use_generator(Scope):
    """`with use_generator(g):` this thread draws from `g` inside the block.

    Args:
        generator: A generator of NumPy, or the seed of a new one.

    Raises:
        TypeError: If it is neither.

    Example:
        >>> with use_generator(np.random.default_rng(5)):
        ...     first = minigrad.initializers.RandomNormal()((2,))
        >>> with use_generator(5):
        ...     bool((minigrad.initializers.RandomNormal()((2,)) == first).all())
        True
    """

    def __init__(self, generator: np.random.Generator | int) -> None:
        if isinstance(generator, (int, np.integer)):
            generator = np.random.default_rng(generator)
        if not isinstance(generator, np.random.Generator):
            raise TypeError(
                f"use_generator takes a generator or a seed, not {type(generator).__name__}: "
                "use_generator(np.random.default_rng(5)) or use_generator(5)"
            )
        super().__init__(generator=generator)


# ---- a part of the rows of a batch ---------------------------------------------------------------


class Rows(NamedTuple):
    """The rows start:stop of a batch of `total`.

    Attributes:
        start: The first row.
        stop: The row after the last.
        total: The number of rows of the batch.
    """

    start: int
    stop: int
    total: int

    @property
    def size(self) -> int:
        """The number of rows."""
        return self.stop - self.start

    @property
    def share(self) -> float:
        """The part of the batch that they are."""
        return self.size / self.total


class use_rows(Scope):
    """`with use_rows(rows):` what is drawn per row is what a process with all rows draws for these.

    Args:
        rows: The rows of the batch that are here; None for all.

    Example:
        >>> with use_generator(5):
        ...     whole = rowwise(generator()).random((4, 2))
        >>> with use_generator(5), use_rows(Rows(2, 3, 4)):
        ...     part = rowwise(generator()).random((1, 2))
        >>> bool((part == whole[2:3]).all())
        True
    """

    def __init__(self, rows: Rows | None) -> None:
        super().__init__(rows=rows)


@explains_arguments
def rowwise(generator: np.random.Generator) -> Any:
    """The generator; inside `use_rows` one that draws for the whole batch and gives these rows.

    Args:
        generator: A generator of NumPy.
    """
    rows = settings.rows
    return generator if rows is None else _RowGenerator(generator, rows)


# the place of `size` among the arguments of a method
SIZE_PLACES = {"random": 0, "standard_normal": 0, **dict.fromkeys(("uniform", "integers"), 2)}
SIZE_PLACES |= dict.fromkeys(("normal", "beta", "binomial", "gamma", "gumbel"), 2)


class _RowGenerator:
    """Draws numbers for all rows of a batch, and returns those of some rows.

    A draw is one for rows if its first length is a multiple of the number of rows here; then every
    process has drawn equally much after it, however the rows are parted.
    """

    def __init__(self, generator: np.random.Generator, rows: Rows) -> None:
        self.generator = generator
        self.rows = rows

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.generator, name)
        place = SIZE_PLACES.get(name)
        if place is None:
            return method

        def draw(*args: Any, **options: Any) -> Any:
            size = args[place] if len(args) > place else options.get("size")
            shape = (size,) if isinstance(size, (int, np.integer)) else tuple(size or ())
            others = (*args[:place], *args[place + 1 :])
            is_per_element = any(isinstance(a, (np.ndarray, list, tuple)) for a in others)
            if not shape or shape[0] % self.rows.size or is_per_element:
                return method(*args, **options)
            parts = shape[0] // self.rows.size
            bounds = [n * parts for n in self.rows]
            if name == "random" and isinstance(self.generator.bit_generator, np.random.PCG64):
                return self._random(bounds, shape, *others, **{**options, "size": None})
            whole = (bounds[2], *shape[1:])
            if len(args) > place:
                args = (*args[:place], whole, *args[place + 1 :])
            else:
                options = {**options, "size": whole}
            return method(*args, **options)[bounds[0] : bounds[1]]

        return draw

    def _random(self, bounds: list[int], shape: Any, dtype: Any = np.float64, **_: Any) -> Any:
        """`random` without the time for the rows of others, which the generator jumps over."""
        start, stop, total = (n * math.prod(shape[1:]) for n in bounds)
        _skip(self.generator, start, dtype)
        numbers = self.generator.random(shape, dtype)
        _skip(self.generator, total - stop, dtype)
        return numbers


def _skip(generator: np.random.Generator, count: int, dtype: Any) -> None:
    """Leave a generator as if so many numbers had been drawn by `random`.

    float64 takes 64 bits; float32 takes 32, and the other half is kept for the next one, which a
    jump would forget.
    """
    bits: Any = generator.bit_generator
    if np.dtype(dtype) == np.float64:
        if count:
            half = {k: bits.state[k] for k in ("has_uint32", "uinteger")}
            bits.advance(count)
            bits.state = {**bits.state, **half}
        return
    if count and bits.state["has_uint32"]:
        generator.random(dtype=np.float32)
        count -= 1
    if count > 1:
        bits.advance(count // 2)
    if count % 2:
        generator.random(dtype=np.float32)


# ---- forked processes ----------------------------------------------------------------------------


def _at_fork() -> list[np.random.BitGenerator]:
    """What the forking thread draws from, and other threads."""
    found = {id(g): g for g in (_generator, settings.generator) if hasattr(g, "bit_generator")}
    return [g.bit_generator for g in found.values()]


def _before_fork() -> None:
    """No thread may be in the middle of a draw: its lock would stay locked in the child."""
    global _forks
    _forks += 1
    for bits in _at_fork():
        bits.lock.acquire()


def _after_fork_in_parent() -> None:
    for bits in _at_fork():
        bits.lock.release()


def _after_fork_in_child() -> None:
    """Start the generators anew, from the state of the parent's and the number of the fork."""
    for bits in _at_fork():
        bits.lock.release()
        text = f"{bits.state} {_forks}"
        entropy = int.from_bytes(sha256(text.encode()).digest(), "big")
        bits.state = type(bits)(entropy).state


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=_after_fork_in_parent,
        after_in_child=_after_fork_in_child,
    )


# ---- draws ---------------------------------------------------------------------------------------


@one_call
@explains_arguments
def uniform_like(
    shape: tuple[int, ...], like: Array, source: np.random.Generator | None = None
) -> Array:
    """Uniform numbers in [0, 1) with the dtype and on the device of `like`.

    They come from `source`, by default the generator behind `seed`.
    """
    dtype, draw = _dtype_of(like), rowwise(source or generator()).random
    if dtype == "float16":  # rounded down, so that none becomes 1
        steps = np.floor(draw(shape, np.float32) * FLOAT16_STEPS)
        return backend(like).asarray((steps / FLOAT16_STEPS).astype(dtype))
    return backend(like).asarray(draw(shape, dtype))


@one_call
@explains_arguments
def normal_like(
    shape: tuple[int, ...], like: Array, source: np.random.Generator | None = None
) -> Array:
    """Standard normal numbers with the dtype and on the device of `like`.

    They come from `source`, by default the generator behind `seed`.
    """
    dtype, draw = _dtype_of(like), rowwise(source or generator()).standard_normal
    numbers = draw(shape, np.promote_types(dtype, np.float32).type)
    return backend(like).asarray(numbers.astype(dtype, copy=False))


def _dtype_of(like: Array) -> Any:
    return like.dtype if like.dtype.kind == "f" else settings.default_dtype
