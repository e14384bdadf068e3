"""Softmax and cross-entropy on a GPU: a warp or a block for each row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...backend import Array, backend
from ...ops.losses import as_labels, check_same_shape
from ...ops.shapes import array_axis
from .. import losses, softmax
from .launch import contiguous, launch_elements, launch_row_sums, launch_rows, on_reals


def _as_rows(x: Array, axis: Any) -> Array:
    """x with the axis last, contiguous."""
    return contiguous(backend(x).moveaxis(x, axis, -1))


def is_one_axis(axis: Any, x: Array) -> bool:
    """True for the number of an axis that x has."""
    return isinstance(axis, int) and -x.ndim <= axis < x.ndim


@on_reals(softmax.softmax_forward)
def softmax_forward(x: Array, *, axis: Any = -1) -> tuple[Array, Array]:
    """softmax(x), which its backward reads."""
    axis = array_axis(axis, x.ndim)
    if not is_one_axis(axis, x):
        return softmax.softmax_forward(x, axis=axis)
    xp, rows = backend(x), _as_rows(x, axis)
    length = rows.shape[-1]
    y = xp.empty_like(rows)
    launch_row_sums("softmax", rows.size // length, length, (y, rows, rows.size // length, length))
    y = xp.moveaxis(y, -1, axis)
    return y, y


@on_reals(softmax.softmax_backward, backward=True)
def softmax_backward(g: Array, y: Array, x: Array, *, axis: Any = -1) -> tuple[Array]:
    """y * (g - sum(g * y))."""
    axis = array_axis(axis, x.ndim)
    if not is_one_axis(axis, x):
        return softmax.softmax_backward(g, y, x, axis=axis)
    xp, rows = backend(x), _as_rows(y, axis)
    length = rows.shape[-1]
    grad = xp.empty_like(rows)
    args = grad, _as_rows(g, axis), rows, rows.size // length, length
    launch_row_sums("softmax_grad", rows.size // length, length, args)
    return (xp.moveaxis(grad, -1, axis),)


# ---- losses --------------------------------------------------------------------------------------


def _row_arrays(x: Array, count: int) -> tuple[int, int, list[Array]]:
    """The number of rows, their length, and arrays of one number per row."""
    length = x.shape[-1]
    rows = x.size // length
    return rows, length, [backend(x).empty(rows, x.dtype) for _ in range(count)]


@on_reals(losses.sparse_cross_entropy_forward)
def sparse_cross_entropy_forward(logits: Array, labels: Array) -> tuple[Array, Any]:
    """Loss, and per row: the largest logit, the sum of exponentials, the label."""
    label = contiguous(as_labels(labels, logits).astype("int64", copy=False))
    x = contiguous(logits)
    rows, length, arrays = _row_arrays(x, 3)
    launch_row_sums(
        "sparse_cross_entropy", rows, length, (*arrays, x, label, 1 / rows, rows, length)
    )
    return arrays[0].sum(), (*arrays[1:], label)


@on_reals(losses.sparse_cross_entropy_backward, backward=True)
def sparse_cross_entropy_backward(
    g: Array, residuals: Any, logits: Array, labels: Array
) -> tuple[Array, None]:
    """(softmax - one_hot) / N."""
    largests, totals, label = residuals
    x, rows = contiguous(logits), len(totals)
    grad = backend(x).empty_like(x)
    length = x.shape[-1]
    args = grad, contiguous(g), x, label, largests, totals, 1 / rows, rows, length
    launch_rows("sparse_cross_entropy_grad", rows, length, args)
    return grad, None


@on_reals(losses.cross_entropy_forward)
def cross_entropy_forward(logits: Array, targets: Array) -> tuple[Array, list[Array]]:
    """Loss, and per row: the largest logit, the sum of exponentials, the sum of the targets."""
    check_same_shape("cross_entropy", logits, targets)
    x = contiguous(logits)
    rows, length, arrays = _row_arrays(x, 4)
    args = *arrays, x, contiguous(targets), 1 / rows, rows, length
    launch_row_sums("cross_entropy", rows, length, args)
    return arrays[0].sum(), arrays[1:]


@on_reals(losses.cross_entropy_backward, backward=True)
def cross_entropy_backward(
    g: Array, residuals: list[Array], logits: Array, targets: Array
) -> tuple[Callable[[], Array], Callable[[], Array]]:
    """(softmax * sum(targets) - targets) / N and -log softmax / N."""
    x, g, rows = contiguous(logits), contiguous(g), len(residuals[0])
    length = x.shape[-1]

    def launched(kernel: str, *read: Array) -> Array:
        grad = backend(x).empty_like(x)
        launch_rows(kernel, rows, length, (grad, g, x, *read, 1 / rows, rows, length))
        return grad

    def grad_logits() -> Array:
        return launched("cross_entropy_grad", contiguous(targets), *residuals)

    def grad_targets() -> Array:
        return launched("cross_entropy_grad_targets", *residuals[:2])

    return grad_logits, grad_targets


@on_reals(losses.binary_cross_entropy_forward)
def binary_cross_entropy_forward(logits: Array, targets: Array) -> tuple[Array, None]:
    """The loss."""
    check_same_shape("binary_cross_entropy", logits, targets)
    x = contiguous(logits)
    terms = backend(x).empty_like(x)
    args = terms, x, contiguous(targets), 1 / x.size, x.size
    launch_elements("binary_cross_entropy", x.size, args)
    return terms.sum(), None


@on_reals(losses.binary_cross_entropy_backward, backward=True)
def binary_cross_entropy_backward(
    g: Array, residuals: None, logits: Array, targets: Array
) -> tuple[Callable[[], Array], Callable[[], Array]]:
    """(sigmoid - targets) / N and -logits / N."""
    x, g = contiguous(logits), contiguous(g)

    def grad_logits() -> Array:
        grad = backend(x).empty_like(x)
        args = grad, g, x, contiguous(targets), 1 / x.size, x.size
        launch_elements("binary_cross_entropy_grad", x.size, args)
        return grad

    return grad_logits, lambda: scaled(x, g, -1 / x.size)


@on_reals(losses.mean_squared_error_forward)
def mean_squared_error_forward(predictions: Array, targets: Array) -> tuple[Array, Array]:
    """Loss and the difference."""
    check_same_shape("mean_squared_error", predictions, targets)
    x = contiguous(predictions)
    terms, difference = backend(x).empty_like(x), backend(x).empty_like(x)
    args = terms, difference, x, contiguous(targets), 1 / x.size, x.size
    launch_elements("squared_error", x.size, args)
    return terms.sum(), difference


@on_reals(losses.mean_squared_error_backward, backward=True)
def mean_squared_error_backward(
    g: Array, difference: Array, predictions: Array, targets: Array
) -> tuple[Callable[[], Array], Callable[[], Array]]:
    """2 * difference / N and its opposite."""
    factor = 2 / difference.size
    g = contiguous(g)
    return lambda: scaled(difference, g, factor), lambda: scaled(difference, g, -factor)


def scaled(x: Array, g: Array, factor: float) -> Array:
    """factor * g * x, where g has one element."""
    y = backend(x).empty_like(x)
    launch_elements("scaled", x.size, (y, g, x, factor, x.size))
    return y
