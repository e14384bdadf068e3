"""Losses from the outputs of a network to one number, the mean over the rows."""

from __future__ import annotations

from typing import Any

from ..engine.autograd import fused
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .activations import softplus
from .elementwise import square
from .indexing import check_label_range, take_along_axis
from .reductions import mean, sum
from .shapes import expand_dims
from .softmax import log_softmax

# ---- checks --------------------------------------------------------------------------------------


def check_labels(labels: Any, logits: Any) -> None:
    """Raise unless `labels` are integers in 0..classes-1, one per row of the logits."""
    if labels.shape != logits.shape[:-1]:
        raise ValueError(
            f"labels of shape {labels.shape} do not fit logits of shape {logits.shape}: "
            f"expected one integer per row, shape {logits.shape[:-1]}"
        )
    if labels.dtype.kind not in "iu":
        raise TypeError(
            f"labels must be integers, not {labels.dtype}: "
            "one-hot rows belong to categorical_crossentropy"
        )
    check_label_range(labels, logits.shape[-1])


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
        ValueError: If the shapes do not fit.
        TypeError: If labels are not integers.
        IndexError: If a label is outside 0..classes-1.

    Example:
        >>> sparse_cross_entropy(np.zeros((3, 2)), np.array([0, 1, 1])).round(3)
        np.float64(0.693)
    """
    check_labels(labels, logits)
    return -mean(take_along_axis(log_softmax(logits), expand_dims(labels, axis=-1)))


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
    return -sum(targets * log_softmax(logits)) / (logits.size // logits.shape[-1])


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
    return mean(softplus(logits) - targets * logits)  # the same, and no logit overflows


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
    return mean(square(predictions - targets))
