"""Loss kernels, each under its definition: from the logits of a network to one number, the mean over the rows."""

from __future__ import annotations

from ..backend import backend
from ..engine.autograd import fused
from .activations import softplus
from .elementwise import square
from .indexing import getitem
from .reductions import mean, sum
from .softmax import log_softmax

# ---- one label a row -----------------------------------------------------------------------------------------------


def check_labels(labels, logits):
    """Raise unless `labels` are integers of the logits' shape without the last axis, each in 0..classes-1."""
    classes = logits.shape[-1]
    if labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"labels of shape {labels.shape} do not fit logits of shape {logits.shape}: expected one integer a row, "
            f"shape {logits.shape[:-1]}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"labels must be integers, not {labels.dtype}: one-hot rows belong to categorical_crossentropy"
        )
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise IndexError(
            f"labels run from {int(labels.min())} to {int(labels.max())}, but {classes} classes allow 0..{classes - 1}"
        )


def sparse_cross_entropy_definition(logits, labels):
    """Mean of -log softmax(logits)[label]: (..., classes), integers (...) -> ()."""
    check_labels(labels, logits)
    flat, rows = logits.reshape((-1, logits.shape[-1])), backend(labels).arange(labels.size)
    return -mean(getitem(log_softmax(flat), index=(rows, labels.reshape(-1))))


@fused(sparse_cross_entropy_definition)
def sparse_cross_entropy(logits, labels):
    """sparse_cross_entropy_definition; its gradient is (softmax - one-hot) / N."""
    check_labels(labels, logits)
    xp = backend(logits)
    label, rows, n = labels.reshape(-1), xp.arange(labels.size), labels.size
    e = logits.reshape((-1, logits.shape[-1])).T  # (classes, N)
    if len(e) < 64:
        e = xp.ascontiguousarray(e)  # over few classes reductions are faster across than along rows
    e = e - e.max(0)
    picked = e[label, rows]
    xp.exp(e, out=e)
    total = e.sum(0)
    return (xp.log(total) - picked).sum() / n, (e, total, rows, label)


@sparse_cross_entropy.backward
def _(g, kept, logits, labels):
    e, total, rows, label = kept
    g = g / label.size
    slope = e * (g / total)  # g / N * (softmax - one-hot)
    slope[label, rows] -= g
    return slope.T.reshape(logits.shape), None


# ---- a distribution a row ------------------------------------------------------------------------------------------


def _same_shape(name, a, b):
    """Raise ValueError unless both have one shape: (N, 1) against (N,) would broadcast to (N, N)."""
    if a.shape != b.shape:
        raise ValueError(
            f"{name}: shapes {a.shape} and {b.shape} differ; they must be equal, or all would meet all by broadcasting"
        )


def cross_entropy_definition(logits, targets):
    """Mean over the rows of -sum(targets * log softmax(logits)): both (..., classes) -> ()."""
    _same_shape("cross_entropy", logits, targets)
    return -sum(targets * log_softmax(logits)) / (logits.size // logits.shape[-1])


@fused(cross_entropy_definition)
def cross_entropy(logits, targets):
    """cross_entropy_definition in few passes; keeps log softmax."""
    _same_shape("cross_entropy", logits, targets)
    xp = backend(logits)
    y = logits - logits.max(-1, keepdims=True)
    y -= xp.log(xp.exp(y).sum(-1, keepdims=True))
    return (y * targets).sum() / -(y.size // y.shape[-1]), y


@cross_entropy.backward
def _(g, y, logits, targets):
    g = g / (y.size // y.shape[-1])
    return g * (backend(y).exp(y) * targets.sum(-1, keepdims=True) - targets), -g * y


# ---- yes or no -----------------------------------------------------------------------------------------------------


def binary_cross_entropy_definition(logits, targets):
    """Mean of -targets * log(p) - (1 - targets) * log(1 - p), p = sigmoid(logits), in a form that no logit overflows."""
    _same_shape("binary_cross_entropy", logits, targets)
    return mean(softplus(logits) - targets * logits)


@fused(binary_cross_entropy_definition)
def binary_cross_entropy(logits, targets):
    """binary_cross_entropy_definition as one node."""
    _same_shape("binary_cross_entropy", logits, targets)
    losses = softplus.forward(logits)
    losses -= targets * logits
    return losses.sum() / losses.size, None


@binary_cross_entropy.backward
def _(g, _, logits, targets):
    g = g / logits.size
    return g * (backend(logits).tanh(logits * 0.5) * 0.5 + 0.5 - targets), -g * logits


# ---- distances -----------------------------------------------------------------------------------------------------


def mean_squared_error_definition(predictions, targets):
    """Mean of (predictions - targets) ** 2."""
    _same_shape("mean_squared_error", predictions, targets)
    return mean(square(predictions - targets))


@fused(mean_squared_error_definition)
def mean_squared_error(predictions, targets):
    """mean_squared_error_definition as one node; keeps the difference."""
    _same_shape("mean_squared_error", predictions, targets)
    d = predictions - targets
    return (d * d).sum() / d.size, d


@mean_squared_error.backward
def _(g, d, predictions, targets):
    slope = d * (g * (2 / d.size))
    return slope, -slope
