"""Linear layers on one matrix of rows, with the bias and the ReLU in place.

Products are written with `dot`, which on small matrices costs half a microsecond less than `@`.
"""

from __future__ import annotations

from collections.abc import Callable

from ..backend import Array, backend, ones_vector
from ..ops.shapes import merge_rows
from .activations import relu_forward
from .blocks import row_sums

MANY_ROWS = 128  # over fewer, one product with ones is fastest


def matmul_forward(a: Array, b: Array) -> Array:
    """a @ b, which NumPy computes without BLAS where a has one column, ten times as slowly."""
    if a.ndim == b.ndim == 2:
        return a.dot(b)
    return a * b if a.shape[-1] == 1 else a @ b


def row_sums_forward(x: Array) -> Array:
    """x summed over all axes but the last."""
    rows = merge_rows(x)
    if len(rows) >= MANY_ROWS or rows.dtype.kind != "f":
        return row_sums(rows)
    return ones_vector(backend(rows), len(rows), rows.dtype).dot(rows)


def linear_forward(x: Array, w: Array, b: Array) -> Array:
    """x @ w + b; of many axes as the product of two matrices."""
    y = merge_rows(x).dot(w)
    y += b
    return y if x.ndim == 2 else y.reshape(x.shape[:-1] + y.shape[-1:])


def linear_relu_forward(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """relu(x @ w + b), which its backward reads."""
    y = linear_forward(x, w, b)
    relu_forward(y, out=y)
    return y, y


def linear_relu_backward(
    g: Array, y: Array, x: Array, w: Array, b: Array
) -> tuple[Callable[[], Array], ...]:
    """The gradients of x, w and b, each computed only if it is needed."""
    g = merge_rows(g * (y > 0))

    def grad_x() -> Array:
        return g.dot(w.T).reshape(x.shape)

    def grad_w() -> Array:
        return merge_rows(x).T.dot(g)

    def grad_b() -> Array:
        return row_sums_forward(g)

    return grad_x, grad_w, grad_b
