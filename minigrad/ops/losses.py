"""Losses from the outputs of a network to one number, the mean over the rows."""

from __future__ import annotations

import math
from typing import Any

from ..backend import Array
from ..config import settings
from ..engine.autograd import fused
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .activations import softplus
from .elementwise import astype, square, where
from .indexing import check_label_range, take_along_axis
from .reductions import mean, sum
from .shapes import expand_dims
from .softmax import log_softmax

# ---- what losses compute with --------------------------------------------------------------------


def as_labels(labels: Any, logits: Any) -> Array:
    """Class numbers as an integer array; raises unless each row of logits has one in range.

    Bools and floats that are whole numbers are class numbers.

    Args:
        labels: Tensor or array.
        logits: Scores (..., classes).

    Raises:
        ValueError: If there is not one label per row, or one is a fraction.
        IndexError: If a label is outside 0..classes-1.

    Example:
        >>> as_labels(np.array([1.0, 0.0]), np.zeros((2, 3)))
        array([1, 0])
    """
    labels = getattr(labels, "_array", labels)
    if labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"labels of shape {labels.shape} do not fit logits of shape {logits.shape}: "
            f"expected one integer per row, shape {logits.shape[:-1]}; "
            "one-hot rows belong to categorical_crossentropy"
        )
    if labels.dtype.kind not in "iu":
        given, labels = labels, labels.astype("int64")
        if not (given == labels).all():
            fraction = given[given != labels].reshape(-1)[0]
            raise ValueError(
                f"labels must be integers, 0..{logits.shape[-1] - 1}, but y_true holds {fraction}: "
                "probabilities belong to categorical_crossentropy, measured numbers to "
                "mean_squared_error"
            )
    check_label_range(labels, logits.shape[-1])
    return labels


def as_computed(x: Any) -> Any:
    """x as losses compute with it: float16 as float32, integers in the default dtype.

    Args:
        x: Tensor or array.

    Example:
        >>> as_computed(np.zeros(2, "uint8")).dtype
        dtype('float32')
    """
    if x.dtype.kind != "f":
        return astype(x, dtype=settings.default_dtype)
    return x if x.dtype.itemsize >= 4 else astype(x, dtype="float32")


def _in_dtype_of(loss: Any, x: Any) -> Any:
    """The loss in the dtype of x, if that is floating."""
    return loss if x.dtype.kind != "f" or x.dtype == loss.dtype else astype(loss, dtype=x.dtype)


def binary_losses(logits: Any, targets: Any) -> Any:
    """-targets * log(p) - (1 - targets) * log(1 - p), p = sigmoid(logits), elementwise.

    An infinite logit that is right costs nothing.

    Args:
        logits: Scores, Tensor or array.
        targets: Probabilities of the same shape.

    Example:
        >>> binary_losses(np.array([-np.inf, 0.0]), np.array([0.0, 1.0])).round(3)
        array([0.   , 0.693])
    """
    never, always = (logits == -math.inf) & (targets == 0), (logits == math.inf) & (targets == 1)
    settled = never | always
    x = where(settled, 0.0, logits)
    losses = softplus(x) - targets * x  # no finite logit overflows
    return where(settled, 0.0, losses)


def weigh_log_probabilities(log_p: Any, targets: Any) -> Any:
    """targets * log_p, and 0 for a class that is both impossible and no target.

    Args:
        log_p: Logarithms of probabilities, -inf for classes that are ruled out.
        targets: Distributions of the same shape.

    Example:
        >>> weigh_log_probabilities(np.array([-np.inf, -1.0]), np.array([0.0, 0.5]))
        array([ 0. , -0.5])
    """
    is_ruled_out = (log_p == -math.inf) & (targets == 0)
    return targets * where(is_ruled_out, 0.0, log_p)


def check_same_shape(op: str, a: Any, b: Any) -> None:
    """Raise ValueError unless the shapes are equal: (N, 1) and (N,) would broadcast to (N, N)."""
    if a.shape != b.shape:
        raise ValueError(
            f"{op}: shapes {a.shape} and {b.shape} differ; they must be equal, or broadcasting "
            "would pair every row with every other"
        )


# ---- classes -------------------------------------------------------------------------------------


@real(keeps="labels")
@fused(kernel="sparse_cross_entropy")
def sparse_cross_entropy(logits: TensorLike, labels: TensorLike) -> TensorLike:
    """Mean of -log softmax(logits)[label].

    Args:
        logits: Scores whose softmax is the distribution.
        labels: Integers, one per row.

    Shape:
        (..., classes), (...) -> ()

    Raises:
        ValueError: If the shapes do not fit, or a label is a fraction.
        IndexError: If a label is outside 0..classes-1.

    Example:
        >>> sparse_cross_entropy(np.zeros((3, 2)), np.array([0, 1, 1])).round(3)
        np.float64(0.693)
    """
    labels = as_labels(labels, logits)
    log_p = log_softmax(as_computed(logits))
    loss = -mean(take_along_axis(log_p, expand_dims(labels, axis=-1), axis=-1))
    return _in_dtype_of(loss, logits)


@real
@fused(kernel="cross_entropy")
def cross_entropy(logits: TensorLike, targets: TensorLike) -> TensorLike:
    """Mean over the rows of -sum(targets * log softmax(logits)).

    Args:
        logits: Scores whose softmax is the distribution.
        targets: A distribution per row.

    Shape:
        (..., classes), (..., classes) -> ()

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> cross_entropy(np.zeros((2, 2)), np.eye(2)).round(3)
        np.float64(0.693)
    """
    check_same_shape("cross_entropy", logits, targets)
    log_p = log_softmax(as_computed(logits))
    total = sum(weigh_log_probabilities(log_p, as_computed(targets)))
    return _in_dtype_of(-total / (logits.size // logits.shape[-1]), logits)


@real
@fused(kernel="binary_cross_entropy")
def binary_cross_entropy(logits: TensorLike, targets: TensorLike) -> TensorLike:
    """Mean of -targets * log(p) - (1 - targets) * log(1 - p), p = sigmoid(logits).

    Args:
        logits: Scores whose sigmoid is the probability.
        targets: Probabilities of the same shape.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> binary_cross_entropy(np.zeros(2), np.array([0.0, 1.0])).round(3)
        np.float64(0.693)
    """
    check_same_shape("binary_cross_entropy", logits, targets)
    loss = mean(binary_losses(as_computed(logits), as_computed(targets)))
    return _in_dtype_of(loss, logits)


# ---- distances -----------------------------------------------------------------------------------


@real
@fused(kernel="mean_squared_error")
def mean_squared_error(predictions: TensorLike, targets: TensorLike) -> TensorLike:
    """Mean of (predictions - targets) ** 2.

    Args:
        predictions: Tensor or array.
        targets: Tensor or array of the same shape.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(2.0)
    """
    check_same_shape("mean_squared_error", predictions, targets)
    loss = mean(square(as_computed(predictions) - as_computed(targets)))
    return _in_dtype_of(loss, predictions)
