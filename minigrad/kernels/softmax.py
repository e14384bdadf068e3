"""Softmax in place."""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend, ones_vector
from ..ops.shapes import array_axis, merge_rows
from .matmul import row_sums_forward

FEW = 24  # a softmax over fewer is fastest down the columns
SHORT = 64  # over fewer, reductions are faster down the columns or by products with ones


def shifted_columns(x: Array) -> Array:
    """x minus its maximum over the last axis, each row as a column: (length, rows)."""
    columns = merge_rows(x).T
    if len(columns) < SHORT:
        columns = backend(x).ascontiguousarray(columns)
    return columns - columns.max(0)


def softmax_forward(x: Array, *, axis: Any = -1) -> tuple[Array, Array]:
    """softmax(x), which its backward reads."""
    axis = array_axis(axis, x.ndim)
    if not x.size:
        return x, x
    xp = backend(x)
    length = x.shape[-1] if x.ndim and axis in (-1, x.ndim - 1) else SHORT
    if length < FEW:
        columns = shifted_columns(x)
        xp.exp(columns, out=columns)
        columns /= row_sums_forward(columns)
        y = xp.ascontiguousarray(columns.T).reshape(x.shape)
        return y, y
    y = x - x.max(axis, keepdims=True)
    y = xp.exp(y, out=y if y.ndim else None)
    if length < SHORT:
        y /= y.dot(ones_vector(xp, length, y.dtype))[..., None]
    else:
        y /= y.sum(axis, keepdims=True)
    return y, y


def softmax_backward(g: Array, y: Array, x: Array, *, axis: Any = -1) -> tuple[Array]:
    """y * (g - sum(g * y))."""
    grad_x = g * y
    total = grad_x.sum(array_axis(axis, x.ndim), keepdims=True)
    grad_x -= y * total
    return (grad_x,)
