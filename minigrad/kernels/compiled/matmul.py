"""Matrix products cut over threads: each block of the result is computed by one of them.

Where a matrix is read along its columns, as for the gradients of weights, a block is a part of its
rows, which are read once; the products of the parts are added up in their order.

NumPy's BLAS could use as many, but its threads wait for more work in a circle when they are done,
for some 20 ms, on the processors that the loops need.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import threads
from ...backend import Array
from ...ops.matmul import row_sums
from ...ops.shapes import merge_rows
from ..activations import relu_forward
from ..matmul import MANY_ROWS as MANY_ROWS_TO_SUM
from ..matmul import linear_forward as numpy_linear
from . import THREADED
from .functions import maximum
from .loops import as_carray, as_writable, count_blocks, inlined, lend, loop, run_blocks
from .panels import COLUMNS, count_panels, panel_of, turn_into
from .products import multiply_by_transposed
from .tiles import (
    LONGEST,
    add_to,
    add_transposed_product,
    aligned_columns,
    aligned_space,
    long_product,
    product,
    sum_parts,
)

LEAST_WORK = THREADED  # multiplications; NumPy is as fast with fewer, on one thread
LOOP_WORK = 1_000_000  # and from here on the loop wins
LEAST_COLUMNS, LEAST_COLUMNS_ADDED = 16, 4  # of a product, and of one with a bias
SHORT_ROW = 512
SUMMED, MOST_SUMMED = 1 << 13, 256  # elements and rows that a block adds up, one after another
# rows and columns that a thread computes
TILE_BLOCK_OF_TALL, TILE_BLOCK, TILE_BLOCK_OF_SMALL = (128, 64), (64, 64), (16, 64)
MANY_ROWS, PANEL_ROWS = 128, 128  # for which turning the other matrix is worth it, and of a block
FEW_ROWS, LONG_ROW = 32, 256  # of the matrix that is turned in place of a large one
# rows of a transposed matrix that make a part, parts, and blocks for which it is worth it
PART_ROWS, MOST_PARTS, LEAST_BLOCKS = 512, 8, 4
BLAS_BLOCK_OF_TALL, BLAS_BLOCK = (256, 64), (128, 128)  # more, because BLAS lays them out first


@inlined
def _count(m, n, rows, columns):
    """The number of blocks of a matrix."""
    return ((m + rows - 1) // rows) * ((n + columns - 1) // columns)


@inlined
def _bounds(block, m, n, rows, columns):
    """(matrix, first row, last, first column, last) of a block."""
    tall = (m + rows - 1) // rows
    blocks = _count(m, n, rows, columns)
    k, rest = block // blocks, block % blocks
    i, j = rest % tall * rows, rest // tall * columns
    return k, i, min(m, i + rows), j, min(n, j + columns)


@inlined
def _tiles(block, a, b, c, y, rows, columns):
    k, i, last, j, end = _bounds(block, y.shape[1], y.shape[2], rows, columns)
    first = c if len(c) == 1 else c[i:last]
    long_product(a[k, i:last], b[k, :, j:end], first[:, j:end], y[k, i:last, j:end])


@loop("T[:, :, :], T[:, :, ::1], T[:, ::1], T[:, :, ::1], i8, i8")
def _run_tiles(pool, a, b, c, y, rows, columns):
    n = len(y) * _count(y.shape[1], y.shape[2], rows, columns)
    run_blocks(pool, n, _tiles, (a, b, c, y, rows, columns))


@inlined
def _linear(block, x, w, b, y, rows, columns, rectifies):
    _, i, last, j, end = _bounds(block, y.shape[0], y.shape[1], rows, columns)
    part = y[i:last, j:end]
    long_product(x[i:last], w[:, j:end], b[:, j:end], part)
    if rectifies:
        for k in range(len(part)):
            row = part[k]
            for n in range(row.size):
                row[n] = maximum(row[n], row.dtype.type(0))


@loop("T[:, :], T[:, ::1], T[:, ::1], T[:, ::1], i8, i8, b1")
def _run_linear(pool, x, w, b, y, rows, columns, rectifies):
    arguments = x, w, b, y, rows, columns, rectifies
    run_blocks(pool, _count(y.shape[0], y.shape[1], rows, columns), _linear, arguments)


@inlined
def _blas(block, a, b, y, rows, columns):
    k, i, last, j, end = _bounds(block, y.shape[1], y.shape[2], rows, columns)
    multiply_by_transposed(a[k, i:last], b[k, j:end], y[k, i:last, j:end], False)


@loop("T[:, :, :], T[:, :, :], T[:, :, ::1], i8, i8")
def _run_blas(pool, a, b, y, rows, columns):
    """y = a @ b.T; the numbers of a row of a, and of b, lie side by side."""
    n = len(y) * _count(y.shape[1], y.shape[2], rows, columns)
    run_blocks(pool, n, _blas, (a, b, y, rows, columns))


@inlined
def _transposed(block, a, b, sums, slices):
    """Some rows of a and b, for the columns of a panel."""
    part, begin = block // slices, block % slices * COLUMNS
    first, stop = part * len(a) // len(sums), (part + 1) * len(a) // len(sums)
    y = sums[part][:, begin : begin + COLUMNS]
    memory = np.empty((2, *y.shape), y.dtype)
    lend(_add_transposed, (a[first:stop], b[first:stop], begin, y, memory[0], memory[1]))


@inlined
def _add_transposed(a, b, begin, y, part, some):
    """y = a.T @ b, of columns of b: sums of so many rows each, which are added up."""
    _some_rows(a[:LONGEST], b[:LONGEST], begin, y, some)
    for k in range(LONGEST, len(a), LONGEST):
        _some_rows(a[k : k + LONGEST], b[k : k + LONGEST], begin, part, some)
        add_to(y, 0, y.shape[1], part)


@inlined
def _some_rows(a, b, begin, y, some):
    """y = a.T @ b, of columns of b, by so many rows as leave room in the cache for those of a."""
    for k in range(0, len(a), PANEL_ROWS):
        columns = aligned_columns(b[k : k + PANEL_ROWS, begin : begin + y.shape[1]], len(y))
        add_transposed_product(a[k : k + PANEL_ROWS], columns, y, some, k > 0)


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8")
def _run_transposed(pool, a, b, y, parts):
    """y = a.T @ b, the sum of the products of some rows each."""
    slices = count_panels(y.shape[1])
    sums = y.reshape((1, *y.shape)) if parts == 1 else np.empty((parts, *y.shape), y.dtype)
    run_blocks(pool, parts * slices, _transposed, (a, b, sums, slices))
    if parts > 1:
        flat = sums.reshape((parts, -1))
        run_blocks(pool, count_blocks(y.size), sum_parts, (flat, y.reshape(-1)))


@inlined
def _turn(block, b, panels):
    k, length = block, b.shape[1]
    turn_into(panel_of(panels, k, length, len(b)), b, k * COLUMNS)


@inlined
def _panels(block, a, panels, zeros, y, rows):
    tall, columns = _count(len(y), 1, rows, 1), y.shape[1]
    k, i = block // tall, block % tall * rows
    panel = panel_of(panels, k, a.shape[1], columns)
    begin, last = k * COLUMNS, min(len(y), i + rows)
    product(a[i:last], panel, zeros, y[i:last, begin : begin + panel.shape[1]])


@loop("T[:, :], T[:, ::1], T[:, ::1], i8")
def _run_panels(pool, a, b, y, rows):
    """y = a @ b.T, with b turned into panels first."""
    panels, count = aligned_space(b.size, b), count_panels(len(b))
    run_blocks(pool, count, _turn, (b, panels))
    zeros = np.zeros((1, COLUMNS), b.dtype)
    blocks = count * _count(len(y), 1, rows, 1)
    run_blocks(pool, blocks, _panels, (a, panels, zeros, y, rows))


def add_product(a: Array, b: Array, c: Array | None = None) -> Array:
    """c + a @ b, of matrices of the same dtype, or of as many matrices each.

    Args:
        a: A matrix, or several, which may be transposed.
        b: A matrix, or several.
        c: A matrix, a vector that is added to each row, or None for zeros; None for several.
    """
    y = np.empty((*a.shape[:-1], b.shape[-1]), a.dtype)
    a3, b3, y3 = _as_several(a), _as_several(b), _as_several(y)
    work = y.size * a.shape[-1]
    m, n = y.shape[-2:]
    is_turned = c is None and work and not b3.flags.c_contiguous and _has_runs(b3.mT)
    if is_turned and a.ndim == 2 and m >= MANY_ROWS and b.T.flags.c_contiguous:
        _run_panels(work, as_writable(a), as_writable(b.T), y, PANEL_ROWS)
        return y
    if is_turned and a.ndim == 2 and m <= FEW_ROWS and a.shape[1] >= LONG_ROW:
        turned = add_product(b.T, np.ascontiguousarray(a.T))  # reads the large matrix once
        return np.ascontiguousarray(turned.T)
    if is_turned and _has_runs(a3):
        size = BLAS_BLOCK_OF_TALL if m >= 512 else BLAS_BLOCK
        with threads.single_threaded_blas():
            _run_blas(work, as_writable(a3), as_writable(b3.mT), y3, *size)
        return y
    if c is None and work and a.ndim == 2 and a.T.flags.c_contiguous:
        panels = -(-n // COLUMNS)
        parts = max(1, min(MOST_PARTS // panels, a.shape[1] // PART_ROWS))
        if panels * parts >= LEAST_BLOCKS:
            _run_transposed(work, as_writable(a.T), as_carray(b), y, parts)
            return y
    rows = np.zeros((1, n), a.dtype) if c is None else as_carray(c if c.ndim == 2 else c[None])
    size = _tile_block(m, a.shape[-1], n)
    _run_tiles(work, as_writable(a3), as_carray(b3), rows, y3, *size)
    return y


def _as_several(x: Array) -> Array:
    return x[None] if x.ndim == 2 else x.reshape((math.prod(x.shape[:-2]), *x.shape[-2:]))


def _tile_block(m: int, k: int, n: int) -> tuple[int, int]:
    """Rows and columns of a block of (m, k) @ (k, n)."""
    if m >= 512:
        return TILE_BLOCK_OF_TALL
    is_large = m >= 128 or n >= 512 or (m >= 64 and k >= 1024)
    return TILE_BLOCK if is_large else TILE_BLOCK_OF_SMALL


def _has_runs(x: Array) -> bool:
    """True if the numbers of a row lie side by side, and its rows one behind the other."""
    return x.strides[-1] == x.itemsize and x.strides[-2] >= max(1, x.shape[-1]) * x.itemsize


# ---- ops -----------------------------------------------------------------------------------------


def matmul_forward(a: Array, b: Array) -> Any:
    """a @ b."""
    if a.ndim < 2 or b.ndim < 2 or a.dtype != b.dtype or a.dtype.char not in "fd":
        return NotImplemented
    if b.ndim == 2:
        return product_of(merge_rows(a), b).reshape((*a.shape[:-1], b.shape[1]))
    if a.shape[:-2] != b.shape[:-2] or not _is_worth_it(a, b):
        return NotImplemented
    return add_product(a, b)


def product_of(a: Array, b: Array) -> Array:
    """a @ b of matrices: by the loop where it is faster, else by NumPy, on one thread."""
    if a.shape[0] * b.size < LEAST_WORK:
        return a.dot(b)
    if _is_worth_it(a, b):
        return add_product(a, b)
    return _on_one_thread(a.dot, b)


def _is_worth_it(a: Array, b: Array) -> bool:
    """True if a @ b is a product that the loop takes and is faster at."""
    return (
        a.shape[-1] == b.shape[-2]
        and a.dtype == b.dtype
        and a.dtype.char in "fd"
        and b.shape[-1] >= LEAST_COLUMNS
        and math.prod(a.shape[:-1]) * b.shape[-2] * b.shape[-1] >= LOOP_WORK
    )


@inlined
def _row_sums(block, x, sums, rows):
    total = sums[block]
    for j in range(total.size):
        total[j] = 0
    for i in range(block * rows, min(len(x), (block + 1) * rows)):
        row = x[i]
        for j in range(total.size):
            total[j] += row[j]


@loop("T[:, ::1], T[:, ::1], i8, T[::1]")
def _run_row_sums(pool, x, sums, rows, y):
    run_blocks(pool, len(sums), _row_sums, (x, sums, rows))
    for j in range(y.size):
        y[j] = 0
    for part in range(len(sums)):
        more = sums[part]
        for j in range(y.size):
            y[j] += more[j]


def row_sums_forward(x: Array) -> Any:
    """x summed over all axes but the last."""
    if x.ndim < 2 or x.dtype.char not in "fd" or not x.size:
        return NotImplemented
    n, width = x.size // x.shape[-1], x.shape[-1]
    if n < MANY_ROWS_TO_SUM and x.size <= SUMMED:
        return NotImplemented  # one product with ones is faster
    fitting = max(1, SHORT_ROW // width).bit_length() - 1
    side_by_side = math.gcd(n, 1 << fitting)  # a short row fills no vectors
    n, width = n // side_by_side, side_by_side * width
    rows = min(MOST_SUMMED, max(1, SUMMED // width))
    sums, y = np.empty((-(-n // rows), width), x.dtype), np.empty(width, x.dtype)
    _run_row_sums(x.size, as_carray(x).reshape((n, width)), sums, rows, y)
    return y if side_by_side == 1 else y.reshape((side_by_side, -1)).sum(0)


def linear_forward(x: Array, w: Array, b: Array) -> Any:
    """x @ w + b."""
    y = _apply_linear(x, w, b, False)
    return _on_one_thread(numpy_linear, x, w, b) if y is None else y


def linear_relu_forward(x: Array, w: Array, b: Array) -> Any:
    """relu(x @ w + b), which its backward reads."""
    y = _apply_linear(x, w, b, True)
    if y is None:
        y = _on_one_thread(numpy_linear, x, w, b)
        relu_forward(y, out=y)
    return y if y is NotImplemented else (y, (y,))


def _apply_linear(x: Array, w: Array, b: Array, rectifies: bool) -> Any:
    """x @ w + b, or its ReLU. NotImplemented for small arrays; None for others that no loop takes,
    whose product would wake the threads of BLAS.
    """
    if x.ndim < 2 or w.ndim != 2:
        return NotImplemented
    rows = as_writable(merge_rows(x))
    (m, k), n = rows.shape, w.shape[1]
    if m * w.size < LEAST_WORK:
        return NotImplemented
    if not x.dtype == w.dtype == b.dtype or x.dtype.char not in "fd" or n < LEAST_COLUMNS_ADDED:
        return None
    if k != w.shape[0] or b.shape != w.shape[1:]:
        return None
    y = np.empty((m, n), x.dtype)
    size = _tile_block(m, k, n)
    _run_linear(m * k * n, rows, as_carray(w), as_carray(b).reshape(1, n), y, *size, rectifies)
    return y if x.ndim == 2 else y.reshape((*x.shape[:-1], n))


def _on_one_thread(function: Callable[..., Any], *args: Any) -> Any:
    with threads.single_threaded_blas():
        return function(*args)


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
        return row_sums(g)

    return grad_x, grad_w, grad_b
