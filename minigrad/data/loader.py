"""Rows in batches: one permutation per pass, slices where nothing is shuffled; the next one prepared while one is used."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ..backend import Array, chunks, device_name
from ..config import settings, to_device
from ..random import generator, use_generator

Arrays = Sequence[Any]  # None stands for what is not there (no targets, no weights) and stays None


def batches(
    arrays: Arrays,
    size: int,
    shuffle: bool = False,
    drop_last: bool = False,
    transform: Callable[..., Any] | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Tuples of `size` rows of each array, in order (as views) or, with `shuffle`, in one permutation drawn from minigrad.seed.

    The last batch is shorter where it must be, or left out with `drop_last`. A batch is what `transform(*rows)` makes of its
    rows; each is made with a generator of its own, so that the order in time of its draws and the training's does not matter.
    Raises ValueError, at the call, for arrays of different lengths and for rows too few to make a batch.
    """
    arrays, n = _rows(arrays)
    if steps(n, size, drop_last) == 0:
        raise ValueError(
            f"{n} rows make no batch of {size}: "
            + ("choose a smaller size" if n else "there is no data")
        )
    cuts = chunks(n - n % size if drop_last else n, size)
    if shuffle:
        order = generator().permutation(n)
        orders: list[Any] = [
            None if a is None else to_device(order, device_name(a)) for a in arrays
        ]  # one transfer a pass
        parts = (
            tuple(
                [
                    None if a is None else a.take(o[cut], 0)
                    for a, o in zip(arrays, orders, strict=True)
                ]
            )
            for cut in cuts
        )
    else:
        parts = (tuple([None if a is None else a[cut] for a in arrays]) for cut in cuts)
    return (
        parts
        if transform is None
        else _transformed(parts, transform, int(generator().integers(1 << 63)))
    )


def _transformed(
    parts: Iterator[tuple[Any, ...]], transform: Callable[..., Any], seed: int
) -> Iterator[tuple[Any, ...]]:
    for i, part in enumerate(parts):
        with use_generator(np.random.default_rng((seed, i))):
            made = transform(*part)
        yield made if isinstance(made, tuple) else (made,)


def prefetch(rows: Iterable[Any], depth: int = 2) -> Iterator[Any]:
    """The same items in the same order, up to `depth` of them made ahead by a thread (NumPy computes in both at once).

    What is raised there reaches the caller at its place in the order. The thread begins with the first item and ends with the
    iterator, exhausted or abandoned. depth=0 makes each item when it is asked for, in no thread.
    """
    if not isinstance(depth, int) or depth < 0:
        raise ValueError(f"the depth must be a whole number of items to make ahead, not {depth!r}")
    return _ahead(iter(rows), depth) if depth else iter(rows)


def _refuse_shared_generator() -> None:
    settings.generator = _Shared()


def _ahead(rows: Iterator[Any], depth: int) -> Iterator[Any]:
    from concurrent.futures import ThreadPoolExecutor

    end = object()
    with ThreadPoolExecutor(1, "minigrad-prefetch", _refuse_shared_generator) as thread:
        waiting = deque(thread.submit(next, rows, end) for _ in range(depth))
        try:
            while (item := waiting.popleft().result()) is not end:
                waiting.append(thread.submit(next, rows, end))
                yield item
        finally:
            for future in waiting:
                future.cancel()


class _Shared:
    """What a prefetching thread finds instead of minigrad.seed's generator."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(
            "prefetch: its thread would draw from minigrad.seed's generator while the training draws from it too, "
            "in an order that nobody knows: draw inside of batches(..., transform=), or from your own (seed=)"
        )


class Dataset:
    """Rows of x, y and weights for fit, batch by batch: each pass is prefetch(batches(..., transform=transform), depth)."""

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int = 32,
        shuffle: bool = True,
        drop_last: bool = False,
        transform: Callable[..., Any] | None = None,
        depth: int = 2,
    ) -> None:
        self.arrays, n = _rows([a for a in (x, y, sample_weight) if a is not None])
        if y is None and sample_weight is not None:
            raise ValueError("sample_weight needs y beside it")
        self.options: dict[str, Any] = {
            "size": batch_size,
            "shuffle": shuffle,
            "drop_last": drop_last,
            "transform": transform,
        }
        self.depth, self.steps = depth, steps(n, batch_size, drop_last)

    def __len__(self) -> int:
        """The number of batches."""
        return self.steps

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return prefetch(batches(self.arrays, **self.options), self.depth)


def steps(n: int, size: int, drop_last: bool = False) -> int:
    """How many batches of `size` make a pass over n rows."""
    if not isinstance(size, int) or size < 1:
        raise ValueError(f"the batch size must be a positive integer, not {size!r}")
    return n // size if drop_last else -(-n // size)


def train_validation_split(arrays: Arrays, fraction: float) -> tuple[list[Any], list[Any]]:
    """(training arrays, validation arrays): the LAST `fraction` of the rows validates, as in Keras, cut before any shuffling.

    Both are views. Raises ValueError if either part would be empty: rows sorted by class should be shuffled first.
    """
    arrays, n = _rows(arrays)
    if not 0 < fraction < 1:
        raise ValueError(f"the validation fraction must lie between 0 and 1, not {fraction!r}")
    cut = math.floor(n * (1 - fraction))
    if cut in (0, n):
        raise ValueError(
            f"a fraction of {fraction} of {n} rows leaves none to {'validate with' if cut else 'train on'}"
        )
    return [None if a is None else a[:cut] for a in arrays], [
        None if a is None else a[cut:] for a in arrays
    ]


def _rows(arrays: Arrays) -> tuple[list[Array], int]:
    """The arrays (of Tensors, what they hold) and their common length."""
    found = [getattr(a, "_array", a) for a in arrays]
    lengths = {len(a) for a in found if a is not None}
    if len(lengths) != 1:
        shapes = ", ".join(
            "None" if a is None else str(getattr(a, "shape", f"({len(a)},)")) for a in found
        )
        raise ValueError(
            f"arrays of the shapes {shapes} differ in length: each needs one row for each sample"
            if lengths
            else "there are no arrays to take rows from"
        )
    return found, lengths.pop()
