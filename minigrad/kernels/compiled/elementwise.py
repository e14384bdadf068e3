"""Sums of large arrays, element by element, on all threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from .loops import block_bounds, count_blocks, inlined, loop, run_blocks


@inlined
def _add(block, a, b, y):
    start, stop = block_bounds(block, y.size)
    a, b, y = a[start:stop], b[start:stop], y[start:stop]
    for i in range(y.size):
        y[i] = a[i] + b[i]


@loop("T[::1], T[::1], T[::1]")
def _run_add(pool, a, b, y):
    run_blocks(pool, count_blocks(y.size), _add, (a, b, y))


def add_forward(a: Any, b: Any) -> Any:
    """a + b of arrays of one shape."""
    if {a.__class__, b.__class__} != {np.ndarray} or a.shape != b.shape or a.dtype != b.dtype:
        return NotImplemented
    if a.dtype.char not in "fd" or not (a.flags.carray and b.flags.carray):
        return NotImplemented
    y = np.empty(a.shape, a.dtype)
    _run_add(4 * a.size, a.reshape(-1), b.reshape(-1), y.reshape(-1))
    return y
