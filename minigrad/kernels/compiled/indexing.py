"""Sums of the rows that share an index: the gradient of an embedding."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import Array, Shape
from .loops import as_carray, inlined, loop, run_blocks

COLUMNS = 32  # of a block, which adds all rows in their order


@inlined
def _add_rows(block, x, rows, y):
    columns = slice(block * COLUMNS, (block + 1) * COLUMNS)
    for i in range(rows.size):
        target, source = y[rows[i], columns], x[i, columns]
        for j in range(source.size):
            target[j] += source[j]


@loop("T[:, ::1], i8[::1], T[:, ::1]")
def _run_add_rows(pool, x, rows, y):
    blocks = (x.shape[1] + COLUMNS - 1) // COLUMNS
    run_blocks(pool, blocks, _add_rows, (x, rows, y))


def put_forward(x: Array, *, index: Any, shape: Shape) -> Any:
    """Zeros with rows of x added at integer indices."""
    part = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    rows: Any = getattr(part, "_array", part)
    is_integer = isinstance(rows, np.ndarray) and rows.dtype.kind == "i"
    if not is_integer or len(shape) < 2 or x.dtype.char not in "fd" or not x.size:
        return NotImplemented
    is_inside = -shape[0] <= rows.min() and rows.max() < shape[0]
    if not is_inside or x.shape != (*rows.shape, *shape[1:]):
        return NotImplemented
    y = np.zeros((shape[0], math.prod(shape[1:])), x.dtype)
    places = np.ascontiguousarray(rows.reshape(-1) % shape[0], np.int64)
    _run_add_rows(x.size, as_carray(x.reshape((-1, y.shape[1]))), places, y)
    return y.reshape(shape)
