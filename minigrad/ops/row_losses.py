"""Losses as Keras's functions name them: element by element and row by row, from probabilities."""

from __future__ import annotations

from typing import Any

from ..config import EPSILON
from ..engine.autograd import composite
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import clip, log, square
from .indexing import take_along_axis
from .losses import as_labels, binary_losses, check_same_shape, weigh_log_probabilities
from .powers import log10
from .reductions import mean, sum
from .shapes import expand_dims, moveaxis
from .softmax import log_softmax


@composite
@real
def binary_crossentropy(
    target: TensorLike, output: TensorLike, *, from_logits: bool = False
) -> TensorLike:
    """-target * log(p) - (1 - target) * log(1 - p), element by element.

    Args:
        target: Probabilities.
        output: Probabilities p, which are kept 1e-7 from 0 and 1, of the same shape.
        from_logits: True for scores, whose sigmoid is p.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> binary_crossentropy(np.array([0.0, 1.0]), np.array([0.5, 0.25])).round(3)
        array([0.693, 1.386])
    """
    check_same_shape("binary_crossentropy", target, output)
    if from_logits:
        return binary_losses(output, target)
    p = clip(output, min=EPSILON, max=1 - EPSILON)
    return -target * log(p) - (1 - target) * log(1 - p)


@composite
@real
def categorical_crossentropy(
    target: TensorLike, output: TensorLike, *, from_logits: bool = False, axis: int = -1
) -> TensorLike:
    """-sum(target * log(p)) over the classes of each row.

    Args:
        target: A distribution per row.
        output: Shares, which are divided by their sum to make p and kept 1e-7 from 0 and 1.
        from_logits: True for scores, whose softmax is p.
        axis: The axis of the classes.

    Shape:
        (..., classes), (..., classes) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> categorical_crossentropy(np.array([[0.0, 1.0]]), np.array([[0.5, 0.5]])).round(3)
        array([0.693])
    """
    check_same_shape("categorical_crossentropy", target, output)
    log_p = _log_probabilities(output, from_logits, axis)
    return -sum(weigh_log_probabilities(log_p, target), axis=axis)


@composite
@real(keeps="target")
def sparse_categorical_crossentropy(
    target: TensorLike, output: TensorLike, *, from_logits: bool = False, axis: int = -1
) -> TensorLike:
    """-log(p[target]) of each row.

    Args:
        target: Class numbers, one per row; a last axis of length 1 may stand there too.
        output: Shares, which are divided by their sum to make p and kept 1e-7 from 0 and 1.
        from_logits: True for scores, whose softmax is p.
        axis: The axis of the classes.

    Shape:
        (...), (..., classes) -> (...)

    Raises:
        ValueError: If the shapes do not fit, or a label is a fraction.
        IndexError: If a label is no class.

    Example:
        >>> sparse_categorical_crossentropy(np.array([1]), np.array([[0.5, 0.5]])).round(3)
        array([0.693])
    """
    scores = moveaxis(output, source=axis, destination=-1)
    labels = target[..., 0] if target.ndim == scores.ndim else target
    log_p = _log_probabilities(scores, from_logits, -1)
    own = expand_dims(as_labels(labels, scores), axis=-1)
    return -take_along_axis(log_p, own, axis=-1)[..., 0]


def _log_probabilities(output: Any, from_logits: bool, axis: int) -> Any:
    """The logarithms of the probabilities that shares or scores stand for."""
    if from_logits:
        return log_softmax(output, axis=axis)
    p = output / sum(output, axis=axis, keepdims=True)
    return log(clip(p, min=EPSILON, max=1 - EPSILON))


@composite
@real
def psnr(a: TensorLike, b: TensorLike, max_val: float) -> TensorLike:
    """The peak signal-to-noise ratio of two images in decibels: 10 log10(max**2 / mean (a-b)**2).

    Args:
        a: Tensor or array.
        b: Tensor or array of the same shape.
        max_val: The largest value that a pixel can have.

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> psnr(np.array([1.0, 2.0]), np.array([1.0, 3.0]), 5.0).round(2)
        np.float64(16.99)
    """
    check_same_shape("psnr", a, b)
    return 10 * log10(max_val**2 / mean(square(a - b)))
