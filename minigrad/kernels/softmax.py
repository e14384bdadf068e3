"""Softmax in place."""

from __future__ import annotations

from typing import Any

from ..backend import Array, backend, ones_vector
from ..ops.shapes import array_axis

FEW = 64  # shorter rows are summed fastest by a product with ones


def softmax_forward(x: Array, *, axis: Any = -1) -> tuple[Array, Array]:
    """softmax(x), which its backward reads."""
    axis = array_axis(axis, x.ndim)
    if not x.size:
        return x, x
    y = x - x.max(axis, keepdims=True)
    y = backend(x).exp(y, out=y if y.ndim else None)
    if y.ndim == 2 and y.shape[1] < FEW and axis in (-1, 1):
        y /= y.dot(ones_vector(backend(y), y.shape[1], y.dtype))[:, None]
    else:
        y /= y.sum(axis, keepdims=True)
    return y, y


def softmax_backward(g: Array, y: Array, x: Array, *, axis: Any = -1) -> tuple[Array]:
    """y * (g - sum(g * y))."""
    grad_x = g * y
    total = grad_x.sum(array_axis(axis, x.ndim), keepdims=True)
    grad_x -= y * total
    return (grad_x,)
