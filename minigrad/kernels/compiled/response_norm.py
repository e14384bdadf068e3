"""Local response normalization: the sums of neighboring channels slide over rows held in the cache.

Squares of a few rows stand side by side, with zeros between them, so that all windows of the block
are sums of shifted copies, in long loops however few the channels are. The backward computes the
sums again, which costs less than reading them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from ...backend import Array
from .functions import OPTIONS, exp, log
from .loops import as_carray, inlined, lend, loop, run_blocks

BLOCK_SIZE = 1 << 11  # numbers of a block: its sums and squares stay in the first cache
WORK = 8  # per number, in multiplications
NARROW = 16  # channels of a sum that are always added one by one


@inlined
def _block_rows(c):
    return max(1, BLOCK_SIZE // c)


@inlined
def _window_sums(squares, half, sums):
    """sums[i] = squares[i] + ... + squares[i + 2 * half]."""
    middle = squares[half:]
    for i in range(sums.size):
        sums[i] = middle[i]
    for d in range(half):
        left, right = squares[d:], squares[2 * half - d :]
        for i in range(sums.size):
            sums[i] += left[i] + right[i]


@njit(**OPTIONS)
def _by_roots(x, one):
    """x ** -0.75; not to be rewritten with an estimate of a root, which is NaN for infinity."""
    root = np.sqrt(x)
    return one / (root * np.sqrt(root))


@inlined
def _inverse_powers(x, beta, y):
    """y = x ** -beta for x >= 0."""
    one, three_quarters = x.dtype.type(1), x.dtype.type(0.75)
    if beta == three_quarters:
        for i in range(x.size):
            y[i] = _by_roots(x[i], one)
    else:
        for i in range(x.size):
            y[i] = exp(-beta * log(x[i]))


@inlined
def _normalizers(rows, half, k, alpha, padded, sums):
    """sums = k + alpha * the sum of squares around each number; a gap of zeros after each row."""
    c = rows.shape[1]
    step = c + half
    for r in range(len(rows)):
        row, place = rows[r], padded[half + r * step :]
        for i in range(row.size):
            place[i] = row[i] * row[i]
    _window_sums(padded, half, sums)
    for i in range(sums.size):
        sums[i] = k + alpha * sums[i]


@inlined
def _forward(block, x, y, half, k, alpha, beta):
    c = x.shape[1]
    count, step = _block_rows(c), c + half
    rows, out = x[block * count : (block + 1) * count], y[block * count : (block + 1) * count]
    sums = np.empty(len(rows) * step, x.dtype)
    powers = np.empty_like(sums)  # parts of one array would count as overlapping: no vectors
    padded = np.zeros(sums.size + 2 * half, x.dtype)
    lend(_normalize, (rows, out, sums, powers, padded, half, k, alpha, beta))


@inlined
def _normalize(rows, out, sums, powers, padded, half, k, alpha, beta):
    step = rows.shape[1] + half
    _normalizers(rows, half, k, alpha, padded, sums)
    _inverse_powers(sums, beta, powers)
    for r in range(len(rows)):
        row, power, out_row = rows[r], powers[r * step :], out[r]
        for i in range(row.size):
            out_row[i] = row[i] * power[i]


@loop("T[:, ::1], T[:, ::1], i8, f8, f8, f8")
def _run_forward(pool, x, y, half, k, alpha, beta):
    T, rows = x.dtype.type, _block_rows(x.shape[1])
    arguments = x, y, half, T(k), T(alpha), T(beta)
    run_blocks(pool, (len(x) + rows - 1) // rows, _forward, arguments)


@inlined
def _backward(block, g, x, grad, half, k, alpha, beta):
    c = x.shape[1]
    count, step = _block_rows(c), c + half
    first, last = block * count, min(len(x), (block + 1) * count)
    rows, grads, out = x[first:last], g[first:last], grad[first:last]
    sums = np.empty(len(rows) * step, x.dtype)
    powers = np.empty_like(sums)
    padded = np.zeros(sums.size + 2 * half, x.dtype)
    lend(_normalize_back, (rows, grads, out, sums, powers, padded, half, k, alpha, beta))


@inlined
def _normalize_back(rows, grads, out, sums, powers, padded, half, k, alpha, beta):
    step, two = rows.shape[1] + half, rows.dtype.type(2)
    _normalizers(rows, half, k, alpha, padded, sums)
    _inverse_powers(sums, beta, powers)
    for r in range(len(rows)):
        row, g_row, out_row, at = rows[r], grads[r], out[r], r * step
        place, power, total = padded[half + at :], powers[at:], sums[at:]
        for i in range(row.size):
            out_row[i] = g_row[i] * power[i]
            place[i] = row[i] * out_row[i] / total[i]
    _window_sums(padded, half, sums)
    factor = two * alpha * beta
    for r in range(len(rows)):
        row, out_row, through = rows[r], out[r], sums[r * step :]
        for i in range(row.size):
            out_row[i] -= factor * row[i] * through[i]


@loop("T[:, ::1], T[:, ::1], T[:, ::1], i8, f8, f8, f8")
def _run_backward(pool, g, x, grad, half, k, alpha, beta):
    T, rows = x.dtype.type, _block_rows(x.shape[1])
    arguments = g, x, grad, half, T(k), T(alpha), T(beta)
    run_blocks(pool, (len(x) + rows - 1) // rows, _backward, arguments)


def local_response_norm_forward(
    x: Array, *, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Any:
    """The output, and nothing for the backward.

    No loop for sums that may be negative, nor for those of most channels: products are faster.
    """
    if x.dtype.char not in "fd" or not x.size or min(n, k, alpha) < 0 or beta <= 0:
        return NotImplemented
    if n > NARROW and 3 * n > x.shape[-1]:
        return NotImplemented
    y, half = np.empty(x.shape, x.dtype), min(n // 2, x.shape[-1] - 1)
    rows = [a.reshape(-1, x.shape[-1]) for a in (as_carray(x), y)]
    _run_forward(WORK * x.size, *rows, half, k, alpha, beta)
    return y, ()


def local_response_norm_backward(
    g: Array,
    residuals: Any,
    x: Array,
    *,
    n: int = 5,
    k: float = 2.0,
    alpha: float = 1e-4,
    beta: float = 0.75,
) -> tuple[Array]:
    """The gradient of x, directly and through the sums that it is part of."""
    grad, half = np.empty(x.shape, x.dtype), min(n // 2, x.shape[-1] - 1)
    rows = [a.reshape(-1, x.shape[-1]) for a in (as_carray(g), as_carray(x), grad)]
    _run_backward(2 * WORK * x.size, *rows, half, k, alpha, beta)
    return (grad,)
