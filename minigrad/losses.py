"""Losses under Keras's names: functions return the loss of each sample, classes their mean.

Both take (y_true, y_pred) and refuse shapes that differ. A loss on probabilities that came straight
out of softmax or sigmoid is computed from the logits, which is exact where probabilities underflow.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from . import ops
from .backend import Array, backend
from .config import as_data
from .engine.tensor import Tensor
from .ops.losses import check_labels
from .utils.registry import check_choice, lookup, snake_case, with_class_names

__all__ = [
    "BinaryCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "Contrastive",
    "CosineSimilarity",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanSquaredError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "binary_crossentropy",
    "categorical_crossentropy",
    "categorical_hinge",
    "contrastive",
    "cosine_similarity",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_squared_error",
    "poisson",
    "sparse_categorical_crossentropy",
    "squared_hinge",
]

EPSILON = 1e-7  # probabilities are clipped to [EPSILON, 1 - EPSILON], as in Keras

# ---- targets that fit the predictions ------------------------------------------------------------


def match_target_shape(y_true: Any, y_pred: Any, sparse: bool = False) -> Any:
    """y_true in the shape that the predictions call for, where only one can be meant.

    Targets (N,) become (N, 1) for predictions (N, 1), and the reverse; integer labels (N, 1) become
    (N,) for predictions (N, classes). Everything else is returned as it is.

    Args:
        y_true: Targets, an array or a Tensor; None stays None.
        y_pred: Predictions. What has no shape (a dict of outputs) leaves y_true as it is.
        sparse: True if y_true must be labels: then (N, 1) becomes (N,) for predictions (N, classes)
            whatever its dtype, and nothing else changes.

    Example:
        >>> match_target_shape(np.zeros(6), np.zeros((6, 1))).shape
        (6, 1)
    """
    shape = getattr(y_pred, "shape", None)
    if y_true is None or shape is None:
        return y_true
    is_label_column = y_true.shape == (*shape[:-1], 1)
    if sparse:
        return y_true[..., 0] if is_label_column else y_true
    if y_true.shape == shape:
        return y_true
    if shape == (*y_true.shape, 1):
        return y_true[..., None]
    if y_true.shape == (*shape, 1) or (is_label_column and y_true.dtype.kind in "iu"):
        return y_true[..., 0]
    return y_true


def validate_targets(
    name: str, y_true: Any, y_pred: Any, sparse: bool = False, alternative: str = ""
) -> None:
    """Refuse targets of another shape than the predictions': they would broadcast silently.

    Args:
        name: The loss or metric that asks, for the error.
        y_true: Targets.
        y_pred: Predictions.
        sparse: True if y_true holds labels, one per row of scores.
        alternative: What the error suggests besides.

    Raises:
        ValueError: If the shapes differ (sparse: apart from the last axis of y_pred).
    """
    if y_true.shape == (y_pred.shape[:-1] if sparse else y_pred.shape):
        return
    need = "they must be equal"
    if sparse:
        need = "labels need the shape of the predictions without their last axis"
    elif y_true.size == y_pred.size:
        need += f"; they have as many elements, so maybe y_true.reshape({y_pred.shape}) is meant"
    raise ValueError(
        f"{name}: y_true has shape {y_true.shape}, y_pred {y_pred.shape}; {need}{alternative}"
    )


def hide_padding(y_true: Any, mask: Array) -> Any:
    """Targets whose padding holds a target of a real step: what stood there may be of any kind.

    Args:
        y_true: Targets (N, T, ...): an array or a Tensor; what has another shape stays as it is.
        mask: Booleans (N, T), False at padding.

    Example:
        >>> hide_padding(np.array([[2, -1]]), np.array([[True, False]]))
        array([[2, 2]])
    """
    shape = getattr(y_true, "shape", ())
    if shape[: mask.ndim] != mask.shape:
        return y_true
    step_shape = shape[mask.ndim :]
    real_target = y_true.reshape((mask.size, *step_shape))[mask.argmax()]
    return ops.where(mask.reshape(mask.shape + (1,) * len(step_shape)), y_true, real_target)


def _cast_targets(name: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Targets in the dtype of the predictions, and the predictions as a Tensor, of one shape."""
    y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred)
    if not isinstance(y_true, Tensor):
        y_true = as_data(y_true, y_pred.dtype)
    elif y_true.dtype != y_pred.dtype:
        y_true = ops.astype(y_true, dtype=y_pred.dtype)
    validate_targets(name, y_true, y_pred)
    return y_true, y_pred


# ---- distances -----------------------------------------------------------------------------------


def mean_squared_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((y_true - y_pred)**2) over the last axis.

    Args:
        y_true: True values.
        y_pred: Predicted values.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(mean_squared_error([[0.0, 0.0]], [[1.0, 3.0]]).numpy())
        [5.]
    """
    y_true, y_pred = _cast_targets("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean(|y_true - y_pred|) over the last axis.

    Args:
        y_true: True values.
        y_pred: Predicted values.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(mean_absolute_error([[0.0, 0.0]], [[1.0, 3.0]]).numpy())
        [2.]
    """
    y_true, y_pred = _cast_targets("mean_absolute_error", y_true, y_pred)
    return ops.mean(abs(y_pred - y_true), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Tensor:
    """Quadratic for small errors, linear for large ones: the mean over the last axis.

    d**2 / 2 where |d| <= delta, and delta * |d| - delta**2 / 2 elsewhere, with d the error.

    Args:
        y_true: True values.
        y_pred: Predicted values.
        delta: Where the linear part begins.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    References:
        Huber 1964, Robust estimation of a location parameter.

    Example:
        >>> print(huber([[0.0, 0.0]], [[1.0, 3.0]]).numpy())
        [1.5]
    """
    y_true, y_pred = _cast_targets("huber", y_true, y_pred)
    d = abs(y_pred - y_true)
    quadratic = 0.5 * d * d
    linear = delta * d - 0.5 * delta * delta
    return ops.mean(ops.where(d <= delta, quadratic, linear), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Tensor:
    """mean(log(cosh(y_pred - y_true))) over the last axis.

    Computed as d + softplus(-2 d) - log 2, which does not overflow.

    Args:
        y_true: True values.
        y_pred: Predicted values.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(log_cosh([[0.0]], [[1.0]]).numpy().round(3))
        [0.434]
    """
    y_true, y_pred = _cast_targets("log_cosh", y_true, y_pred)
    d = y_pred - y_true
    return ops.mean(d + ops.softplus(-2 * d) - math.log(2), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Tensor:
    """mean(y_pred - y_true * log(y_pred)) over the last axis.

    Args:
        y_true: Counts, 0 or more.
        y_pred: Predicted rates, positive.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(poisson([[2.0]], [[1.0]]).numpy().round(3))
        [1.]
    """
    y_true, y_pred = _cast_targets("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + EPSILON), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any) -> Tensor:
    """Minus the cosine of the angle between y_true and y_pred along the last axis.

    Args:
        y_true: Vectors.
        y_pred: Vectors.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(cosine_similarity([[0.0, 2.0]], [[0.0, 5.0]]).numpy())
        [-1.]
    """
    y_true, y_pred = _cast_targets("cosine_similarity", y_true, y_pred)
    squared_lengths = ops.sum(ops.square(y_pred), axis=-1) * (y_true * y_true).sum(-1)
    return -ops.sum(y_true * y_pred, axis=-1) / ops.sqrt(squared_lengths + EPSILON**2)


# ---- probabilities -------------------------------------------------------------------------------


def _logits(y_pred: Any, activation: str, from_logits: bool) -> Any:
    """The logits of y_pred: itself, or the input of the `activation` that made it, or None."""
    if from_logits:
        return y_pred
    made_by, logits = getattr(y_pred, "logits", (None, None))
    return logits if made_by == activation else None


def _clip(p: Tensor) -> Any:
    """Probabilities whose logarithm is finite, for p and for 1 - p."""
    return ops.clip(p, min=EPSILON, max=1 - EPSILON)


def _log_probabilities(y_pred: Tensor, from_logits: bool) -> Any:
    """log p of classes; probabilities without logits are scaled to sum to 1, as in Keras."""
    logits = _logits(y_pred, "softmax", from_logits)
    if logits is not None:
        return ops.log_softmax(logits)
    return ops.log(_clip(y_pred / ops.sum(y_pred, axis=-1, keepdims=True)))


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> Tensor:
    """mean(-y log p - (1 - y) log(1 - p)) over the last axis.

    Args:
        y_true: Targets y in 0..1.
        y_pred: Probabilities p, or logits of p.
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction by which targets move toward 1/2.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(binary_crossentropy([[1.0]], [[0.5]]).numpy().round(3))
        [0.693]
    """
    y_true, y_pred = _cast_targets("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing
    logits = _logits(y_pred, "sigmoid", from_logits)
    if logits is not None:
        return ops.mean(ops.softplus(logits) - y_true * logits, axis=-1)
    p = _clip(y_pred)
    return -ops.mean(y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p), axis=-1)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> Tensor:
    """-sum(y * log p) over the last axis.

    Args:
        y_true: One-hot rows or distributions y.
        y_pred: Probabilities p of the classes, or logits.
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction of each target that is spread evenly over the classes.

    Shape:
        (..., classes), (..., classes) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(3))
        [0.693]
    """
    y_true, y_pred = _cast_targets("categorical_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + label_smoothing / y_pred.shape[-1]
    return -ops.sum(y_true * _log_probabilities(y_pred, from_logits), axis=-1)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Tensor:
    """-log p[label].

    Args:
        y_true: Integer labels in 0..classes - 1.
        y_pred: Probabilities p of the classes, or logits.
        from_logits: True if y_pred holds logits, not probabilities.

    Shape:
        (...), (..., classes) -> (...)

    Raises:
        ValueError: If the labels do not have the shape of y_pred without its last axis.
        TypeError: If the labels are not integers.
        IndexError: If a label is outside of 0..classes - 1.

    Example:
        >>> print(sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy().round(3))
        [0.693]
    """
    y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred)
    labels = as_data(y_true)
    check_labels(labels, y_pred)
    log_p = _log_probabilities(y_pred, from_logits)
    return -ops.take_along_axis(log_p, labels[..., None]).reshape(labels.shape)


def kl_divergence(y_true: Any, y_pred: Any) -> Tensor:
    """sum(y * log(y / p)) over the last axis.

    Args:
        y_true: Distributions y.
        y_pred: Distributions p.

    Shape:
        (..., classes), (..., classes) -> (...)

    Raises:
        ValueError: If the shapes differ.

    References:
        Kullback & Leibler 1951, On information and sufficiency.

    Example:
        >>> print(kl_divergence([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(3))
        [0.693]
    """
    y_true, y_pred = _cast_targets("kl_divergence", y_true, y_pred)
    y_true = ops.clip(y_true, min=EPSILON, max=1.0)
    y_pred = ops.clip(y_pred, min=EPSILON, max=1.0)
    return ops.sum(y_true * (ops.log(y_true) - ops.log(y_pred)), axis=-1)


# ---- margins -------------------------------------------------------------------------------------


def hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean(max(1 - y * y_pred, 0)) over the last axis.

    Args:
        y_true: Signs y, -1 or 1; labels 0 and 1 are taken as -1 and 1.
        y_pred: Scores.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(hinge([[1.0, -1.0]], [[0.5, -2.0]]).numpy())
        [0.25]
    """
    y_true, y_pred = _cast_targets("hinge", y_true, y_pred)
    return ops.mean(ops.relu(1 - _as_signs(y_true) * y_pred), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """mean(max(1 - y * y_pred, 0)**2) over the last axis.

    Args:
        y_true: Signs y, -1 or 1; labels 0 and 1 are taken as -1 and 1.
        y_pred: Scores.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(squared_hinge([[1.0, -1.0]], [[0.5, -2.0]]).numpy())
        [0.125]
    """
    y_true, y_pred = _cast_targets("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(ops.relu(1 - _as_signs(y_true) * y_pred)), axis=-1)


def _as_signs(y: Any) -> Any:
    """Labels 0 and 1 as -1 and 1; other values as they are."""
    values = y.data if isinstance(y, Tensor) else y
    is_binary = bool(((values == 0) | (values == 1)).all())
    return 2 * y - 1 if is_binary else y


def categorical_hinge(y_true: Any, y_pred: Any) -> Tensor:
    """max(1 + largest score of a wrong class - score of the right class, 0).

    Args:
        y_true: One-hot rows.
        y_pred: Scores of the classes.

    Shape:
        (..., classes), (..., classes) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(categorical_hinge([[0.0, 1.0]], [[0.2, 0.5]]).numpy().round(3))
        [0.7]
    """
    y_true, y_pred = _cast_targets("categorical_hinge", y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1 - y_true) * y_pred, axis=-1)
    return ops.relu(1 + wrong - right)


def contrastive(y_true: Any, y_pred: Any, margin: float = 1.0) -> Tensor:
    """y * d**2 + (1 - y) * max(margin - d, 0)**2.

    Args:
        y_true: y: 1 for pairs of the same class, 0 for pairs of different ones.
        y_pred: Distances d of the pairs.
        margin: Distance beyond which pairs of different classes cost nothing.

    Shape:
        (...), (...) -> (...)

    Raises:
        ValueError: If the shapes differ.

    References:
        Hadsell, Chopra & LeCun 2006, Dimensionality reduction by learning an invariant mapping.

    Example:
        >>> print(contrastive([1.0, 0.0], [0.5, 0.5]).numpy())
        [0.25 0.25]
    """
    y_true, y_pred = _cast_targets("contrastive", y_true, y_pred)
    same = y_true * ops.square(y_pred)
    different = (1 - y_true) * ops.square(ops.relu(margin - y_pred))
    return same + different


# ---- classes -------------------------------------------------------------------------------------

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum_over_batch_size": ops.mean,
    "mean": ops.mean,
    "sum": ops.sum,
    "none": lambda losses: losses,
}


class Loss:
    """The mean over the samples of `call(y_true, y_pred)`, which a subclass defines.

    Args:
        name: Name in error messages and logs; None for the class's name in snake case.
        reduction: "sum_over_batch_size" (the mean), "sum", or None for the loss of each sample.

    Raises:
        ValueError: If the reduction is unknown.

    Example:
        >>> class Largest(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.max(abs(y_true - y_pred), axis=-1)
        >>> Largest()(np.zeros((2, 3)), minigrad.Tensor([[1.0, 2, 3], [4, 5, 6]])).item()
        4.5
    """

    name = "loss"
    reduction = "sum_over_batch_size"
    hides_padding = True  # False: call gets the targets of padded steps as they are

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size"
    ) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.reduction = str(reduction).lower()
        check_choice(self.reduction, REDUCTIONS, f"reduction of {self.name}")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} does not define call(y_true, y_pred)")

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean over the samples as one op, or None where there is no such op."""
        return None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch: a Tensor of shape (), or (...) without reduction.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: One weight per sample, by which its loss is multiplied.

        Raises:
            ValueError: If shapes do not fit.
        """
        reduce = REDUCTIONS[self.reduction]
        if getattr(y_pred, "mask", None) is not None:
            return reduce(self._masked_losses(y_true, y_pred, sample_weight, y_pred.mask))
        if sample_weight is None:
            mean = self.fused_mean(y_true, y_pred) if reduce is ops.mean else None
            return reduce(self.call(y_true, y_pred)) if mean is None else mean
        losses = self.call(y_true, y_pred)
        return reduce(losses * self._weights_of(losses, sample_weight))

    def _masked_losses(self, y_true: Any, y_pred: Any, sample_weight: Any, mask: Any) -> Any:
        """The weighted losses, 0 at padding; scaled so that their mean is that of the real ones."""
        targets = hide_padding(y_true, mask) if self.hides_padding else y_true
        losses = self.call(targets, y_pred)
        if not losses.ndim:
            warnings.warn(
                f"{self.name} returns one number for the whole batch, so it cannot leave out what "
                "the mask of the predictions marks as padding: return the loss of each step",
                stacklevel=3,
            )
            return losses
        is_mean = REDUCTIONS[self.reduction] is ops.mean
        scale = mask.size / backend(mask).maximum(mask.sum(), 1) if is_mean else 1
        weights = (mask * scale).astype(losses.dtype)
        if sample_weight is not None:
            losses = losses * self._weights_of(losses, sample_weight)
        return losses * self._weights_of(losses, weights, "the mask of y_pred")

    def _weights_of(self, losses: Any, sample_weight: Any, name: str = "sample_weight") -> Any:
        """The weights in a shape that broadcasts to the losses."""
        weight = as_data(sample_weight, losses.dtype)
        if weight.ndim == losses.ndim + 1 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        if weight.shape != losses.shape[: weight.ndim]:
            raise ValueError(
                f"{self.name}: {name} has shape {weight.shape}, the losses {losses.shape}: "
                "one weight per sample is expected"
            )
        return weight.reshape(weight.shape + (1,) * (losses.ndim - weight.ndim))


class MeanSquaredError(Loss):
    """The mean of (y_true - y_pred)**2.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> MeanSquaredError()([[0.0, 0.0]], [[1.0, 3.0]]).item()
        5.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_squared_error"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_squared_error(y_true, y_pred)

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean as one op."""
        y_true, y_pred = _cast_targets(self.name, y_true, y_pred)
        return ops.mean_squared_error(y_pred, y_true)


class MeanAbsoluteError(Loss):
    """The mean of |y_true - y_pred|.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> MeanAbsoluteError()([[0.0, 0.0]], [[1.0, 3.0]]).item()
        2.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "mean_absolute_error"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_absolute_error(y_true, y_pred)


class Huber(Loss):
    """The mean of errors that count as d**2 / 2 up to `delta` and linearly beyond: see `huber`.

    Args:
        delta: Where the linear part begins.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> Huber()([[0.0, 0.0]], [[1.0, 3.0]]).item()
        1.5
    """

    def __init__(
        self, delta: float = 1.0, reduction: str | None = "sum_over_batch_size", name: str = "huber"
    ) -> None:
        super().__init__(name, reduction)
        self.delta = delta

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return huber(y_true, y_pred, self.delta)


class LogCosh(Loss):
    """The mean of log(cosh(y_pred - y_true)).

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> round(LogCosh()([[0.0]], [[1.0]]).item(), 4)
        0.4338
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "log_cosh"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return log_cosh(y_true, y_pred)


class Poisson(Loss):
    """The mean of y_pred - y_true * log(y_pred).

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> round(Poisson()([[2.0]], [[1.0]]).item(), 4)
        1.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "poisson"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return poisson(y_true, y_pred)


class CosineSimilarity(Loss):
    """Minus the mean cosine of the angle between y_true and y_pred, along the last axis.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> CosineSimilarity()([[0.0, 2.0]], [[0.0, 5.0]]).item()
        -1.0
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "cosine_similarity"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return cosine_similarity(y_true, y_pred)


class BinaryCrossentropy(Loss):
    """The mean of -y log p - (1 - y) log(1 - p): see `binary_crossentropy`.

    Args:
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction by which targets move toward 1/2.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> round(BinaryCrossentropy()([[1.0]], [[0.5]]).item(), 3)
        0.693
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
    ) -> None:
        super().__init__(name, reduction)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean as one op on logits."""
        logits = _logits(y_pred, "sigmoid", self.from_logits)
        if self.label_smoothing or not isinstance(logits, Tensor):
            return None
        y_true, logits = _cast_targets(self.name, y_true, logits)
        return ops.binary_cross_entropy(logits, y_true)


class CategoricalCrossentropy(Loss):
    """The mean of -sum(y * log p) over one-hot rows: see `categorical_crossentropy`.

    Args:
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction of each target that is spread evenly over the classes.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).item(), 3)
        0.693
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
    ) -> None:
        super().__init__(name, reduction)
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean as one op on logits."""
        logits = _logits(y_pred, "softmax", self.from_logits)
        if self.label_smoothing or not isinstance(logits, Tensor):
            return None
        y_true, logits = _cast_targets(self.name, y_true, logits)
        return ops.cross_entropy(logits, y_true)


class SparseCategoricalCrossentropy(Loss):
    """The mean of -log p[label]: see `sparse_categorical_crossentropy`.

    Args:
        from_logits: True if y_pred holds logits, not probabilities.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]).item(), 3)
        0.693
    """

    def __init__(
        self,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "sparse_categorical_crossentropy",
    ) -> None:
        super().__init__(name, reduction)
        self.from_logits = from_logits

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return sparse_categorical_crossentropy(y_true, y_pred, self.from_logits)

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean as one op on logits."""
        logits = _logits(y_pred, "softmax", self.from_logits)
        if not isinstance(logits, Tensor):
            return None
        return ops.sparse_cross_entropy(logits, y_true)


class KLDivergence(Loss):
    """The mean of sum(y * log(y / p)).

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> round(KLDivergence()([[0.0, 1.0]], [[0.5, 0.5]]).item(), 3)
        0.693
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return kl_divergence(y_true, y_pred)


class Hinge(Loss):
    """The mean of max(1 - y * y_pred, 0), y a sign or a label 0 or 1.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> Hinge()([[1.0, -1.0]], [[0.5, -2.0]]).item()
        0.25
    """

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str = "hinge") -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return hinge(y_true, y_pred)


class SquaredHinge(Loss):
    """The mean of max(1 - y * y_pred, 0)**2, y a sign or a label 0 or 1.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> SquaredHinge()([[1.0, -1.0]], [[0.5, -2.0]]).item()
        0.125
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "squared_hinge"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return squared_hinge(y_true, y_pred)


class CategoricalHinge(Loss):
    """The mean of max(1 + largest wrong score - right score, 0), y_true one-hot.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> round(CategoricalHinge()([[0.0, 1.0]], [[0.2, 0.5]]).item(), 3)
        0.7
    """

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "categorical_hinge"
    ) -> None:
        super().__init__(name, reduction)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_hinge(y_true, y_pred)


class Contrastive(Loss):
    """The mean of y * d**2 + (1 - y) * max(margin - d, 0)**2 over pairs: see `contrastive`.

    Args:
        margin: Distance beyond which pairs of different classes cost nothing.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.

    Example:
        >>> Contrastive()([1.0, 0.0], [0.5, 0.5]).item()
        0.25
    """

    def __init__(
        self,
        margin: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "contrastive",
    ) -> None:
        super().__init__(name, reduction)
        self.margin = margin

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return contrastive(y_true, y_pred, self.margin)


class _FunctionLoss(Loss):
    """A function (y_true, y_pred) as a loss; it may return one loss per sample, or one number."""

    hides_padding = False

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__(getattr(function, "__name__", "loss"))
        self.function = function

    def call(self, y_true: Any, y_pred: Any) -> Any:
        loss = self.function(y_true, y_pred)
        return loss if hasattr(loss, "mean") else Tensor(loss)  # a plain number


# ---- names ---------------------------------------------------------------------------------------

NAMES: dict[str, type[Loss]] = with_class_names(
    {
        "mean_squared_error": MeanSquaredError,
        "mse": MeanSquaredError,
        "mean_absolute_error": MeanAbsoluteError,
        "mae": MeanAbsoluteError,
        "huber": Huber,
        "log_cosh": LogCosh,
        "poisson": Poisson,
        "cosine_similarity": CosineSimilarity,
        "binary_crossentropy": BinaryCrossentropy,
        "categorical_crossentropy": CategoricalCrossentropy,
        "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
        "kl_divergence": KLDivergence,
        "kld": KLDivergence,
        "hinge": Hinge,
        "squared_hinge": SquaredHinge,
        "categorical_hinge": CategoricalHinge,
        "contrastive": Contrastive,
    }
)


def get(loss: Any) -> Loss:
    """The loss that `loss` stands for.

    Args:
        loss: A name ("mse", "Huber"), a Loss or its class, or a function (y_true, y_pred).

    Raises:
        ValueError: If the name is unknown; the error suggests the nearest one.
        TypeError: If it is none of these.

    Example:
        >>> get("mse")([[0.0]], [[3.0]]).item()
        9.0
    """
    if isinstance(loss, Loss):
        return loss
    if isinstance(loss, str):
        return lookup(loss, NAMES, "loss")()
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if not callable(loss):
        raise TypeError(
            f"loss: expected one of its names, a Loss or a function (y_true, y_pred), got {loss!r}"
        )
    return _FunctionLoss(loss)
