"""Losses and their gradients in one pass over memory; a row, or a block, gives its part of a sum.

What a backward needs of a row of logits is the largest, and the sum of exponentials of the
differences from it; the rest is computed again.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from ...ops.losses import as_labels, check_same_shape
from .functions import exp, log1p_exp, minus, sigmoid
from .loops import BLOCK, as_carray, block_bounds, count_blocks, inlined, loop, run_blocks
from .softmax import as_rows, count_row_blocks, largest_and_total, row_bounds

PASS = 16  # the work of one exponential, in multiplications


def _is_taken(x: Array, *others: Array) -> bool:
    """True for arrays of one dtype, float32 or float64, that are not empty."""
    return (
        x.dtype.char in "fd"
        and x.size > 0
        and x.ndim > 0
        and all(x.dtype == y.dtype for y in others)
    )


@inlined
def _mean(sums, n):
    """The mean of n numbers of which blocks have summed a part each; their order is fixed."""
    total = 0.0
    for i in range(sums.size):
        total += sums[i]
    return total / n


# ---- cross-entropy with labels -------------------------------------------------------------------


@inlined
def _sparse(block, logits, labels, losses, sums):
    start, stop = row_bounds(block, logits.shape)
    for i in range(start, stop):
        largest, total = largest_and_total(logits[i])
        sums[i, 0], sums[i, 1] = largest, total
        losses[i] = minus(np.log(total), minus(logits[i, labels[i]], largest))


@loop("T[:, ::1], i8[::1], T[::1], T[:, ::1]")
def _run_sparse(pool, logits, labels, losses, sums):
    for i in range(labels.size):
        if not 0 <= labels[i] < logits.shape[1]:
            return None
    run_blocks(pool, count_row_blocks(logits.shape), _sparse, (logits, labels, losses, sums))
    return _mean(losses, losses.size)


@inlined
def _sparse_grad(block, logits, labels, sums, grad, g):
    start, stop = row_bounds(block, logits.shape)
    for i in range(start, stop):
        row, result, largest = logits[i], grad[i], sums[i, 0]
        scale = g / sums[i, 1]
        for j in range(row.size):
            result[j] = scale * exp(minus(row[j], largest))
        result[labels[i]] -= g


@loop("T[:, ::1], i8[::1], T[:, ::1], T[:, ::1], f8")
def _run_sparse_grad(pool, logits, labels, sums, grad, g):
    arguments = logits, labels, sums, grad, logits.dtype.type(g)
    run_blocks(pool, count_row_blocks(logits.shape), _sparse_grad, arguments)


def sparse_cross_entropy_forward(logits: Array, labels: Array) -> Any:
    """Loss; labels, and of each row the largest and the sum of exponentials."""
    if not _is_taken(logits):
        return NotImplemented
    if labels.dtype != np.int64 or labels.shape != logits.shape[:-1]:
        labels = as_labels(labels, logits).astype(np.int64, copy=False)
    rows, label = as_rows(logits), as_carray(labels.reshape(-1))
    losses, sums = np.empty(label.size, logits.dtype), np.empty((label.size, 2), logits.dtype)
    loss = _run_sparse(PASS * logits.size, rows, label, losses, sums)
    if loss is None:
        as_labels(labels, logits)  # says which label is wrong
    return logits.dtype.type(loss), (label, sums)


def sparse_cross_entropy_backward(g: Any, residuals: Any, logits: Array, labels: Array) -> Any:
    """(softmax - one_hot) / N."""
    label, sums = residuals
    grad = np.empty(logits.shape, logits.dtype)
    arrays = as_rows(logits), label, sums, as_rows(grad)
    _run_sparse_grad(PASS * logits.size, *arrays, float(g) / label.size)
    return grad, None


# ---- cross-entropy with probabilities ------------------------------------------------------------


@inlined
def _cross(block, logits, targets, losses, sums):
    start, stop = row_bounds(block, logits.shape)
    for i in range(start, stop):
        largest, total = largest_and_total(logits[i])
        log = np.log(total)
        row, target = logits[i], targets[i]
        zero = target.dtype.type(0)
        loss = zero
        for j in range(row.size):
            # a class that is ruled out may have an infinite loss
            away = minus(log, minus(row[j], largest))
            loss += target[j] * away if target[j] != zero else zero
        losses[i], sums[i, 0], sums[i, 1] = loss, largest, total


@loop("T[:, ::1], T[:, ::1], T[::1], T[:, ::1]")
def _run_cross(pool, logits, targets, losses, sums):
    run_blocks(pool, count_row_blocks(logits.shape), _cross, (logits, targets, losses, sums))
    return _mean(losses, losses.size)


@inlined
def _cross_grad(block, logits, targets, sums, grad, g):
    start, stop = row_bounds(block, logits.shape)
    for i in range(start, stop):
        row, target, result, largest = logits[i], targets[i], grad[i], sums[i, 0]
        total = g - g
        for j in range(row.size):
            total += target[j]
        share = total / sums[i, 1]
        for j in range(row.size):
            result[j] = g * (exp(minus(row[j], largest)) * share - target[j])


@loop("T[:, ::1], T[:, ::1], T[:, ::1], T[:, ::1], f8")
def _run_cross_grad(pool, logits, targets, sums, grad, g):
    arguments = logits, targets, sums, grad, logits.dtype.type(g)
    run_blocks(pool, count_row_blocks(logits.shape), _cross_grad, arguments)


def cross_entropy_forward(logits: Array, targets: Array) -> Any:
    """Loss; of each row the largest logit and the sum of exponentials."""
    check_same_shape("cross_entropy", logits, targets)
    if not _is_taken(logits, targets):
        return NotImplemented
    rows = as_rows(logits)
    losses, sums = np.empty(len(rows), logits.dtype), np.empty((len(rows), 2), logits.dtype)
    loss = _run_cross(PASS * logits.size, rows, as_rows(targets), losses, sums)
    return logits.dtype.type(loss), (sums,)


def cross_entropy_backward(g: Any, residuals: Any, logits: Array, targets: Array) -> Any:
    """(softmax * sum(targets) - targets) / N, and -log softmax / N if it is needed."""
    (sums,) = residuals
    grad = np.empty(logits.shape, logits.dtype)
    arrays = as_rows(logits), as_rows(targets), sums, as_rows(grad)
    _run_cross_grad(PASS * logits.size, *arrays, float(g) / len(sums))

    def grad_targets() -> Array:
        largest, total = sums.T.reshape((2, *logits.shape[:-1], 1))
        return (np.log(total) - (logits - largest)) * (g / len(sums))

    return grad, grad_targets


# ---- binary cross-entropy ------------------------------------------------------------------------


@inlined
def _binary(block, logits, targets, sums):
    start, stop = block_bounds(block, logits.size)
    x, target = logits[start:stop], targets[start:stop]
    zero, one = x.dtype.type(0), x.dtype.type(1)
    total = zero
    for i in range(x.size):
        slope = (one if x[i] >= zero else zero) - target[i]
        # an infinite logit that is right costs nothing
        total += log1p_exp(x[i]) + (slope * x[i] if slope != zero else zero)
    sums[block] = total


@loop("T[::1], T[::1], T[::1]")
def _run_binary(pool, logits, targets, sums):
    run_blocks(pool, sums.size, _binary, (logits, targets, sums))
    return _mean(sums, logits.size)


@inlined
def _binary_grad(block, logits, targets, grad, g):
    start, stop = block_bounds(block, logits.size)
    x, target, result = logits[start:stop], targets[start:stop], grad[start:stop]
    for i in range(x.size):
        result[i] = g * (sigmoid(x[i]) - target[i])


@loop("T[::1], T[::1], T[::1], f8")
def _run_binary_grad(pool, logits, targets, grad, g):
    arguments = logits, targets, grad, logits.dtype.type(g)
    run_blocks(pool, count_blocks(logits.size), _binary_grad, arguments)


def binary_cross_entropy_forward(logits: Array, targets: Array) -> Any:
    """The loss."""
    check_same_shape("binary_cross_entropy", logits, targets)
    if not _is_taken(logits, targets):
        return NotImplemented
    return _loss(_run_binary, 2 * PASS, logits, targets), ()


def binary_cross_entropy_backward(g: Any, residuals: Any, logits: Array, targets: Array) -> Any:
    """(sigmoid - targets) / N, and -logits / N if it is needed."""
    grad = np.empty(logits.shape, logits.dtype)
    arrays = _flat(logits, targets, grad)
    _run_binary_grad(PASS * logits.size, *arrays, float(g) / logits.size)
    return grad, lambda: logits * (-g / logits.size)


# ---- squared errors ------------------------------------------------------------------------------


@inlined
def _squares(block, predictions, targets, sums):
    start, stop = block_bounds(block, predictions.size)
    prediction, target = predictions[start:stop], targets[start:stop]
    total = prediction.dtype.type(0)
    for i in range(prediction.size):
        error = prediction[i] - target[i]
        total += error * error
    sums[block] = total


@loop("T[::1], T[::1], T[::1]")
def _run_squares(pool, predictions, targets, sums):
    run_blocks(pool, sums.size, _squares, (predictions, targets, sums))
    return _mean(sums, predictions.size)


@inlined
def _squares_grad(block, predictions, targets, grad, g):
    start, stop = block_bounds(block, predictions.size)
    prediction, target, result = predictions[start:stop], targets[start:stop], grad[start:stop]
    for i in range(prediction.size):
        result[i] = g * (prediction[i] - target[i])


@loop("T[::1], T[::1], T[::1], f8")
def _run_squares_grad(pool, predictions, targets, grad, g):
    arguments = predictions, targets, grad, predictions.dtype.type(g)
    run_blocks(pool, count_blocks(predictions.size), _squares_grad, arguments)


def mean_squared_error_forward(predictions: Array, targets: Array) -> Any:
    """The loss."""
    check_same_shape("mean_squared_error", predictions, targets)
    if not _is_taken(predictions, targets):
        return NotImplemented
    return _loss(_run_squares, 2, predictions, targets), ()


def mean_squared_error_backward(g: Any, residuals: Any, predictions: Array, targets: Array) -> Any:
    """2 * (predictions - targets) / N, and its opposite if it is needed."""
    grad = np.empty(predictions.shape, predictions.dtype)
    arrays = _flat(predictions, targets, grad)
    _run_squares_grad(2 * predictions.size, *arrays, 2 * float(g) / predictions.size)
    return grad, lambda: -grad


def _flat(*arrays: Array) -> list[Array]:
    return [as_carray(array).reshape(-1) for array in arrays]


def _loss(kernel: Any, work: int, x: Array, targets: Array) -> Any:
    """The mean of what a loop adds up block by block."""
    sums = np.empty(-(-x.size // BLOCK), x.dtype)
    return x.dtype.type(kernel(work * x.size, *_flat(x, targets), sums))
