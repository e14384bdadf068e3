"""Softmax and log softmax over the last axis, a row after another."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from ...ops.shapes import array_axis
from .functions import exp, maximum, minus
from .loops import ROWS_BLOCK, Loop, as_carray, inlined, loop, run_blocks

PASS = 16  # the work of one exponential, in multiplications


@inlined
def count_row_blocks(shape: Any) -> int:
    """The number of blocks of an array of rows."""
    rows = max(1, ROWS_BLOCK // shape[1])
    return (shape[0] + rows - 1) // rows


@inlined
def row_bounds(block: int, shape: Any) -> Any:
    """The first row of a block, and the one behind its last."""
    rows = max(1, ROWS_BLOCK // shape[1])
    return block * rows, min(shape[0], (block + 1) * rows)


@inlined
def largest_and_total(row: Any) -> Any:
    """The largest number of a row, and the sum of exponentials of what it is above the others.

    log(sum(exp(row))) is largest + log(total), but far from zero that sum has lost the digits.
    """
    largest = row[0]
    for j in range(row.size):
        largest = maximum(largest, row[j])
    total = largest - largest
    for j in range(row.size):
        total += exp(minus(row[j], largest))
    return largest, total


# ---- loops ---------------------------------------------------------------------------------------


@inlined
def _softmax(block, x, y):
    start, stop = row_bounds(block, x.shape)
    for i in range(start, stop):
        row, result = x[i], y[i]
        largest = row[0]
        for j in range(row.size):
            largest = maximum(largest, row[j])
        total = largest - largest
        for j in range(row.size):
            result[j] = exp(row[j] - largest)
        for j in range(row.size):  # apart: where arrays lie must not change the order of a sum
            total += result[j]
        for j in range(row.size):
            result[j] /= total


@loop("T[:, ::1], T[:, ::1]")
def _run_softmax(pool, x, y):
    run_blocks(pool, count_row_blocks(x.shape), _softmax, (x, y))


@inlined
def _softmax_grad(block, g, y, result):
    start, stop = row_bounds(block, y.shape)
    for i in range(start, stop):
        row_g, row_y, row = g[i], y[i], result[i]
        total = row_y[0] - row_y[0]
        for j in range(row.size):
            total += row_g[j] * row_y[j]
        for j in range(row.size):
            row[j] = row_y[j] * (row_g[j] - total)


@loop("T[:, ::1], T[:, ::1], T[:, ::1]")
def _run_softmax_grad(pool, g, y, result):
    run_blocks(pool, count_row_blocks(y.shape), _softmax_grad, (g, y, result))


@inlined
def _log_softmax(block, x, y):
    start, stop = row_bounds(block, x.shape)
    for i in range(start, stop):
        row, result = x[i], y[i]
        largest, total = largest_and_total(row)
        log = np.log(total)
        for j in range(row.size):
            result[j] = minus(minus(row[j], largest), log)


@loop("T[:, ::1], T[:, ::1]")
def _run_log_softmax(pool, x, y):
    run_blocks(pool, count_row_blocks(x.shape), _log_softmax, (x, y))


# ---- what the ops call ---------------------------------------------------------------------------


def as_rows(x: Array) -> Array:
    """x as (rows, length of the last axis), as loops take it."""
    return as_carray(x.reshape(-1, x.shape[-1]))


def _by_rows(kernel: Loop, *arrays: Array, axis: Any) -> Any:
    """A new array like the first, filled by a loop over rows along the last axis."""
    x = arrays[0]
    if x.dtype.char not in "fd" or not x.size or not x.ndim:
        return NotImplemented
    if array_axis(axis, x.ndim) not in (-1, x.ndim - 1):
        return NotImplemented
    y = np.empty(x.shape, x.dtype)
    kernel(PASS * x.size, *map(as_rows, arrays), as_rows(y))
    return y


def softmax_forward(x: Array, *, axis: Any = -1) -> Any:
    """softmax(x), which its backward reads."""
    y = _by_rows(_run_softmax, x, axis=axis)
    return y if y is NotImplemented else (y, (y,))


def softmax_backward(g: Array, residuals: Any, x: Array, *, axis: Any = -1) -> Any:
    """y * (g - sum(g * y))."""
    return (_by_rows(_run_softmax_grad, g, *residuals, axis=axis),)


def log_softmax_forward(x: Array, *, axis: Any = -1) -> Any:
    """x - log(sum(exp(x)))."""
    return _by_rows(_run_log_softmax, x, axis=axis)
