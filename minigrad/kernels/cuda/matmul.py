"""A linear layer with ReLU on a GPU: a product by cuBLAS, and one kernel for bias and ReLU."""

from __future__ import annotations

from collections.abc import Callable

from ...backend import Array, backend
from ...ops.shapes import merge_rows
from .. import matmul
from ..matmul import row_sums_forward
from .launch import contiguous, launch_elements, launch_rows, on_reals


@on_reals(matmul.linear_relu_forward)
def linear_relu_forward(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """relu(x @ w + b), which its backward reads."""
    if b.shape != w.shape[1:]:
        return matmul.linear_relu_forward(x, w, b)
    y = merge_rows(x).dot(w)
    rows, channels = y.shape
    launch_rows("add_bias_relu", rows, channels, (y, contiguous(b), rows, channels))
    y = y.reshape(x.shape[:-1] + y.shape[-1:])
    return y, y


@on_reals(matmul.linear_relu_backward, backward=True)
def linear_relu_backward(
    g: Array, y: Array, x: Array, w: Array, b: Array
) -> tuple[Callable[[], Array], ...]:
    """The gradients of x, w and b, each computed only if it is needed."""
    g, y = contiguous(g), contiguous(y)
    grad = backend(y).empty_like(y)
    launch_elements("relu_grad", y.size, (grad, g, y, y.size))
    rows = merge_rows(grad)

    def grad_x() -> Array:
        return rows.dot(w.T).reshape(x.shape)

    def grad_w() -> Array:
        return merge_rows(x).T.dot(rows)

    def grad_b() -> Array:
        return row_sums_forward(rows)

    return grad_x, grad_w, grad_b
