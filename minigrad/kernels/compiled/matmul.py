"""Matrix products cut over threads: each block of the result is computed by one of them."""

from __future__ import annotations

import numpy as np

from ...backend import Array
from .loops import inlined, loop, run_blocks
from .tiles import long_product

COLUMNS = 64  # of a block
FEW_ROWS, MANY_ROWS = 16, 64  # of a block, of short results and of tall ones
TALL = 256


@inlined
def _rows_per_block(m):
    return MANY_ROWS if m >= TALL else FEW_ROWS


@inlined
def _block(block, a, b, c, y):
    rows = _rows_per_block(len(y))
    by_column = (len(y) + rows - 1) // rows
    j, i = block // by_column * COLUMNS, block % by_column * rows
    columns, lines = slice(j, j + COLUMNS), slice(i, i + rows)
    first = c if len(c) == 1 else c[lines]
    long_product(a[lines], b[:, columns], first[:, columns], y[lines, columns])


@loop("T[:, :], T[:, ::1], T[:, ::1], T[:, ::1]")
def _multiply(pool, a, b, c, y):
    m, n = y.shape
    rows = _rows_per_block(m)
    blocks = (m + rows - 1) // rows * ((n + COLUMNS - 1) // COLUMNS)
    run_blocks(pool, blocks, _block, (a, b, c, y))


def add_product(a: Array, b: Array, c: Array | None = None) -> Array:
    """c + a @ b, of matrices of the same dtype; c may be a vector, which is added to each row.

    Args:
        a: A matrix, which may be transposed.
        b: A matrix.
        c: A matrix, a vector, or None for zeros.
    """
    y = np.empty((a.shape[0], b.shape[1]), a.dtype)
    c = np.zeros(b.shape[1], a.dtype) if c is None else np.ascontiguousarray(c)
    _multiply(y.size * a.shape[1], a, np.ascontiguousarray(b), c.reshape((-1, b.shape[1])), y)
    return y
