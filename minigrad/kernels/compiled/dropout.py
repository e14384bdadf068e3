"""Dropout in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from .loops import as_carray, block_bounds, count_blocks, inlined, loop, run_blocks


@inlined
def _drop(block, x, kept, y, factor):
    start, stop = block_bounds(block, x.size)
    x, kept, y = x[start:stop], kept[start:stop], y[start:stop]
    zero = factor - factor
    for i in range(x.size):
        y[i] = x[i] * (factor if kept[i] else zero)


@loop("T[::1], b1[::1], T[::1], f8")
def _run_drop(pool, x, kept, y, factor):
    run_blocks(pool, count_blocks(x.size), _drop, (x, kept, y, x.dtype.type(factor)))


def dropout_forward(x: Array, kept: Array, *, rate: float) -> Any:
    """x / (1 - rate) where kept is True, x * 0 elsewhere."""
    if x.dtype.char not in "fd" or kept.shape != x.shape:
        return NotImplemented
    y = np.empty(x.shape, x.dtype)
    _run_drop(x.size, *(as_carray(a).reshape(-1) for a in (x, kept, y)), 1 / (1 - rate))
    return y
