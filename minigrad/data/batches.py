"""Rows in batches: one permutation a pass, slices where nothing is shuffled."""
from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from ..backend import Array, batches_of, device_name, generator, to_device

Arrays = Sequence[Any]                  # None stands for what is not there (no targets, no weights) and stays None


def batches(arrays: Arrays, size: int, shuffle: bool = False, drop_last: bool = False) -> Iterator[tuple[Any, ...]]:
    """Tuples of `size` rows of each array, in order (as views) or, with `shuffle`, in one permutation drawn from minigrad.seed.

    The last batch is shorter where it must be, or left out with `drop_last`. Raises ValueError, at the call, for arrays of
    different lengths and for rows too few to make a batch.
    """
    arrays, n = _rows(arrays)
    if steps(n, size, drop_last) == 0:
        raise ValueError(f"{n} rows make no batch of {size}: " + ("choose a smaller size" if n else "there is no data"))
    cuts = batches_of(n - n % size if drop_last else n, size)
    if not shuffle:
        return (tuple([None if a is None else a[cut] for a in arrays]) for cut in cuts)
    order = generator().permutation(n)
    orders: list[Any] = [None if a is None else to_device(order, device_name(a)) for a in arrays]      # one transfer a pass
    return (tuple([None if a is None else a.take(o[cut], 0) for a, o in zip(arrays, orders, strict=True)]) for cut in cuts)


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
        raise ValueError(f"a fraction of {fraction} of {n} rows leaves none to {'validate with' if cut else 'train on'}")
    return [None if a is None else a[:cut] for a in arrays], [None if a is None else a[cut:] for a in arrays]


def _rows(arrays: Arrays) -> tuple[list[Array], int]:
    """The arrays (of Tensors, what they hold) and their common length."""
    found = [getattr(a, "_array", a) for a in arrays]
    lengths = {len(a) for a in found if a is not None}
    if len(lengths) != 1:
        shapes = ", ".join("None" if a is None else str(getattr(a, "shape", f"({len(a)},)")) for a in found)
        raise ValueError(f"arrays of the shapes {shapes} differ in length: each needs one row for each sample"
                         if lengths else "there are no arrays to take rows from")
    return found, lengths.pop()
