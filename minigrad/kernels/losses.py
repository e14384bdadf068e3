"""Losses in few passes, each as one node of the graph."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from ..backend import Array, backend
from ..ops.losses import as_computed, as_labels, check_same_shape
from .matmul import row_sums_forward
from .softmax import shifted_columns


def computing(forward: Callable[..., Any]) -> Callable[..., Any]:
    """The forward of a loss with integers and float16 as float32; float16 gives float16.

    Args:
        forward: forward(predictions, targets) -> (loss, residuals).
    """

    @wraps(forward)
    def computed(predictions: Array, targets: Array) -> tuple[Array, Any]:
        dtype = predictions.dtype
        if dtype.kind == "f" and dtype.itemsize >= 4:
            return forward(predictions, targets)
        loss, residuals = forward(as_computed(predictions), as_computed(targets))
        return loss.astype(dtype) if dtype.kind == "f" else loss, residuals

    return computed


@computing
def sparse_cross_entropy_forward(
    logits: Array, labels: Array
) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """Loss, and per row: the exponentials (classes, N), their sum, its number, its label."""
    xp = backend(logits)
    label = as_labels(labels, logits).reshape(-1)
    rows = xp.arange(labels.size)
    exponentials = shifted_columns(logits)
    picked = exponentials[label, rows]
    xp.exp(exponentials, out=exponentials)
    total = row_sums_forward(exponentials)
    loss = (xp.log(total) - picked).sum() / labels.size
    return loss, (exponentials, total, rows, label)


def sparse_cross_entropy_backward(
    g: Array, residuals: tuple[Array, Array, Array, Array], logits: Array, labels: Array
) -> tuple[Array, None]:
    """(softmax - one_hot) / N."""
    exponentials, total, rows, label = residuals
    g = g / label.size
    grad_columns = exponentials * (g / total)
    grad_columns[label, rows] -= g
    return grad_columns.T.reshape(logits.shape).astype(logits.dtype, copy=False), None


@computing
def cross_entropy_forward(logits: Array, targets: Array) -> tuple[Array, Array]:
    """Loss and log softmax."""
    check_same_shape("cross_entropy", logits, targets)
    xp = backend(logits)
    y = logits - logits.max(-1, keepdims=True)
    y -= xp.log(xp.exp(y).sum(-1, keepdims=True))
    log_p = xp.where(targets == 0, 0, y)  # a class that is ruled out has -inf
    return (log_p * targets).sum() / -(y.size // y.shape[-1]), y


def cross_entropy_backward(
    g: Array, y: Array, logits: Array, targets: Array
) -> tuple[Array, Array]:
    """(softmax * sum(targets) - targets) / N and -log softmax / N."""
    g = g / (y.size // y.shape[-1])
    grad_logits = g * (backend(y).exp(y) * targets.sum(-1, keepdims=True) - targets)
    return grad_logits.astype(logits.dtype, copy=False), -g * y


@computing
def binary_cross_entropy_forward(logits: Array, targets: Array) -> tuple[Array, None]:
    """The loss."""
    check_same_shape("binary_cross_entropy", logits, targets)
    xp = backend(logits)
    slope = (logits >= 0) - targets  # of the loss far out: 0 where the logit is right
    curve = xp.log1p(xp.exp(-abs(logits)))
    with np.errstate(invalid="ignore"):
        total = (slope * logits + curve).sum()
    if total != total:  # an infinite logit that is right costs nothing: 0 * inf is 0
        total = (slope * xp.where(slope == 0, 0, logits) + curve).sum()
    return total / curve.size, None


def binary_cross_entropy_backward(
    g: Array, residuals: None, logits: Array, targets: Array
) -> tuple[Array, Array]:
    """(sigmoid - targets) / N and -logits / N."""
    g = g / logits.size
    probabilities = backend(logits).tanh(logits * 0.5) * 0.5 + 0.5
    grad_logits = g * (probabilities - targets)
    return grad_logits.astype(logits.dtype, copy=False), -g * logits


@computing
def mean_squared_error_forward(predictions: Array, targets: Array) -> tuple[Array, Array]:
    """Loss and the difference."""
    check_same_shape("mean_squared_error", predictions, targets)
    difference = predictions - targets
    return (difference * difference).sum() / difference.size, difference


def mean_squared_error_backward(
    g: Array, difference: Array, predictions: Array, targets: Array
) -> tuple[Array, Array]:
    """2 * difference / N and its opposite."""
    grad_predictions = difference * (g * (2 / max(difference.size, 1)))
    grad_predictions = grad_predictions.astype(predictions.dtype, copy=False)
    return grad_predictions, -grad_predictions
