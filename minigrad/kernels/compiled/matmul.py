"""Matrix products cut over threads: each block of the result is computed by one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...backend import Array
from ...ops.shapes import merge_rows
from ..activations import relu_forward
from ..matmul import row_sums_forward
from .loops import inlined, loop, run_blocks
from .tiles import long_product

COLUMNS = 64  # of a block
FEW_ROWS, MANY_ROWS = 16, 64  # of a block, of short results and of tall ones
TALL = 256
LEAST_WORK = 300_000  # multiplications; NumPy is as fast with fewer
LEAST_COLUMNS = 16


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
    c = np.zeros(b.shape[1], a.dtype) if c is None else c
    rows = as_taken(c).reshape((-1, b.shape[1]))
    a = a if a.flags.writeable and a.flags.aligned else a.copy()
    _multiply(y.size * a.shape[1], a, as_taken(b), rows, y)
    return y


def as_taken(x: Array) -> Array:
    """x, or a copy where a loop would not take it: not in C order, or not to be written to."""
    flags = x.flags
    is_fit = flags.c_contiguous and flags.writeable and flags.aligned
    return x if is_fit else x.copy(order="C")


# ---- linear layers -------------------------------------------------------------------------------


def wins(a: Array, b: Array) -> bool:
    """True if a @ b, of matrices, is a product that the loop takes and is faster at."""
    return (
        a.shape[1] == b.shape[0]
        and a.dtype == b.dtype
        and a.dtype.char in "fd"
        and b.shape[1] >= LEAST_COLUMNS
        and a.shape[0] * b.size >= LEAST_WORK
    )


def product_of(a: Array, b: Array) -> Array:
    """a @ b of matrices: by the loop where it wins, else by NumPy."""
    return add_product(a, b) if wins(a, b) else a.dot(b)


def linear_forward(x: Array, w: Array, b: Array) -> Any:
    """x @ w + b."""
    if x.ndim < 2 or w.ndim != 2:
        return NotImplemented
    rows = merge_rows(x)
    if not wins(rows, w) or b.shape != w.shape[1:] or b.dtype != x.dtype:
        return NotImplemented
    return add_product(rows, w, b).reshape((*x.shape[:-1], w.shape[1]))


def linear_relu_forward(x: Array, w: Array, b: Array) -> Any:
    """relu(x @ w + b), which its backward reads."""
    y = linear_forward(x, w, b)
    if y is NotImplemented:
        return NotImplemented
    relu_forward(y, out=y)
    return y, (y,)


def linear_relu_backward(
    g: Array, residuals: tuple[Array], x: Array, w: Array, b: Array
) -> tuple[Callable[[], Array], ...]:
    """The gradients of x, w and b, each computed only if it is needed."""
    g = merge_rows(g * (residuals[0] > 0))

    def grad_x() -> Array:
        return product_of(g, w.T).reshape(x.shape)

    def grad_w() -> Array:
        return product_of(merge_rows(x).T, g)

    def grad_b() -> Array:
        return row_sums_forward(g)

    return grad_x, grad_w, grad_b
