"""Losses under Keras's names: functions return the loss of each sample, classes their mean.

Both take (y_true, y_pred), refuse shapes that differ and targets outside of the loss's domain, and
compute integers and float16 in float32. A loss on probabilities that came straight out of softmax
or sigmoid is computed from the logits, which is exact where probabilities underflow.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import numpy as np

from . import ops
from .arguments import explains_arguments
from .backend import FLOAT16, Array, backend
from .config import EPSILON, as_data, one_call, settings, to_device
from .engine.tensor import Tensor, remember_logits, remembered_logits
from .ops.losses import as_labels, binary_losses, weigh_log_probabilities
from .utils.instead import explain_missing
from .utils.registry import check_choice, lookup, snake_case, with_class_names
from .utils.serialization import Configurable, deserialize, serialize

P = ParamSpec("P")
Check = Callable[[str, Array], None]

__all__ = [
    "BCE",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "Contrastive",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLD",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "TripletHardLoss",
    "TripletSemiHardLoss",
    "Tversky",
    "bce",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "contrastive",
    "cosine_similarity",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "kld",
    "kullback_leibler_divergence",
    "log_cosh",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "triplet_hard_loss",
    "triplet_margin_loss",
    "triplet_semi_hard_loss",
    "tversky",
]

__getattr__ = explain_missing("losses", __all__)


# ---- targets that fit the predictions ------------------------------------------------------------


def match_target_shape(y_true: Any, y_pred: Any, sparse: bool = False) -> Any:
    """y_true in the shape that the predictions call for, where only one can be meant.

    Targets (N,) become (N, 1) for predictions (N, 1), and the reverse. Everything else is returned
    as it is.

    Args:
        y_true: Targets, an array or a Tensor; None stays None.
        y_pred: Predictions. What has no shape (a dict of outputs) leaves y_true as it is.
        sparse: True if y_true must be labels: then (N, 1) becomes (N,) for predictions (N, classes)
            and nothing else changes.

    Example:
        >>> match_target_shape(np.zeros(6), np.zeros((6, 1))).shape
        (6, 1)
    """
    shape = getattr(y_pred, "shape", None)
    if y_true is None or shape is None:
        return y_true
    if sparse:
        return y_true[..., 0] if y_true.shape == (*shape[:-1], 1) else y_true
    if shape == (*y_true.shape, 1):
        return y_true[..., None]
    if y_true.shape == (*shape, 1):
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


def _as_predictions(y_pred: Any) -> Tensor:
    """y_pred as a Tensor of float32 or wider; the logits that it came from go along."""
    y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred)
    dtype = y_pred.dtype
    if dtype.kind == "f" and dtype.itemsize >= 4:
        return y_pred
    dtype = "float32" if dtype.kind == "f" else settings.default_dtype
    result: Tensor = ops.astype(y_pred, dtype=dtype)
    activation, logits = remembered_logits(y_pred)
    if logits is not None:
        remember_logits(result, activation, ops.astype(logits, dtype=dtype))
    return result


def _cast_targets(name: str, y_true: Any, y_pred: Any) -> tuple[Any, Tensor]:
    """Targets in the dtype of the predictions, and the predictions as a Tensor, of one shape."""
    y_pred = _as_predictions(y_pred)
    if not isinstance(y_true, Tensor):
        y_true = as_data(y_true, y_pred.dtype)
    elif y_true.dtype != y_pred.dtype:
        y_true = ops.astype(y_true, dtype=y_pred.dtype)
    if y_true.shape != y_pred.shape:
        rows = y_pred.shape[:-1]
        is_class_numbers = name.startswith("categorical") and y_true.shape in (rows, (*rows, 1))
        hint = CLASS_NUMBERS if is_class_numbers else ""
        validate_targets(name, y_true, y_pred, alternative=hint)
    if y_pred.shape[-1:] == (1,) and remembered_logits(y_pred)[0] == "softmax":
        _warn_of_one_class()
    return y_true, y_pred


CLASS_NUMBERS = (
    ': class numbers belong to the loss "sparse_categorical_crossentropy", or are made one-hot rows '
    "by y = minigrad.utils.to_categorical(y)"
)


def _per_sample(
    check: Check | None = None,
) -> Callable[
    [Callable[Concatenate[Any, Any, P], Tensor]], Callable[Concatenate[Any, Any, P], Any]
]:
    """A formula as a loss: it gets Tensors of one shape and dtype, and targets of its domain."""

    def decorate(
        formula: Callable[Concatenate[Any, Any, P], Tensor],
    ) -> Callable[Concatenate[Any, Any, P], Any]:
        name = formula.__name__

        @wraps(formula)
        def loss(y_true: Any, y_pred: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
            given = getattr(y_pred, "dtype", None)
            y_true, y_pred = _cast_targets(name, y_true, y_pred)
            if check is not None:
                check(name, y_true)
            return _in_dtype(formula(y_true, y_pred, *args, **kwargs), given)

        return explains_arguments(loss)

    return decorate


def _in_dtype(loss: Tensor, given: Any) -> Any:
    """A loss in float16 if the predictions were given in it."""
    return ops.astype(loss, dtype=given) if given == FLOAT16 else loss


# ---- domains -------------------------------------------------------------------------------------

TOLERANCE = 1e-3  # by which targets may miss their domain: they are often rounded


def check_setting(what: str, value: Any, low: float = 0.0, high: float = math.inf) -> float:
    """A setting as a plain number, which leaves float32 what it is.

    Args:
        what: The setting and its owner, for the error.
        value: A number, of Python or NumPy.
        low: The least value.
        high: The largest value.

    Raises:
        ValueError: If it is outside of low..high.
        TypeError: If it is no number.

    Example:
        >>> check_setting("delta of huber", np.float64(2.0))
        2.0
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{what} must be a number, got {value!r}") from None
    if not low <= number <= high:
        need = f"{low:g} or more" if high == math.inf else f"in {low:g}..{high:g}"
        raise ValueError(f"{what} must be {need}, got {number:g}")
    return number


def _check_last(name: str, axis: int) -> None:
    """Refuse another axis than the last one."""
    if axis != -1:
        raise ValueError(
            f"{name} takes classes along the last axis, not {axis}: move them there, "
            f"minigrad.ops.moveaxis(y, source={axis}, destination=-1)"
        )


def _values(y: Any) -> Array:
    """The array of targets; an empty one has no domain to be outside of."""
    return getattr(y, "_array", y)


def _is_whole(y: Array) -> bool:
    """True if all values are whole numbers."""
    return y.dtype.kind in "iub" or bool((y == backend(y).rint(y)).all())


def _check_range(name: str, y_true: Any, high: float, hint: str) -> None:
    """Refuse targets outside of 0..high."""
    y = _values(y_true)
    if not y.size:
        return
    least, largest = float(y.min()), float(y.max())
    if least >= -TOLERANCE and largest <= high + TOLERANCE:
        return
    domain = "0 or more" if high == math.inf else f"in 0..{high:g}"
    raise ValueError(
        f"{name}: targets must be {domain}, but y_true runs from {least:g} to {largest:g}{hint}"
    )


def _check_bits(name: str, y_true: Any) -> None:
    """Refuse targets outside of 0..1, with what they look like."""
    y = _values(y_true)
    if not y.size or (y.min() >= -TOLERANCE and y.max() <= 1 + TOLERANCE):
        return
    hint = ": scale them, as in y / y.max()"
    if bool((abs(y) == 1).all()):
        hint = ': signs belong to the loss "hinge"; or write (y + 1) / 2'
    elif y.min() >= 0 and _is_whole(y):
        hint = (
            ': class numbers belong to the loss "sparse_categorical_crossentropy", with one output '
            "per class; pixels are divided by 255"
        )
    _check_range(name, y, 1.0, hint)


def _check_distributions(name: str, y_true: Any) -> None:
    """Refuse rows that are no distributions; a row of zeros costs nothing and is let through."""
    y = _values(y_true)
    if not y.size or y.ndim < 2 or y.shape[-1] == 1:  # no rows: an error of shape will say so
        return
    rows = y.size // y.shape[-1]
    if y.min() >= 0 and rows * (1 - TOLERANCE) <= float(y.sum()) <= rows * (1 + TOLERANCE):
        return  # the total alone is looked at: this runs in every step
    totals = y.sum(-1)
    if y.min() >= -TOLERANCE and bool((abs(totals * (totals - 1)) <= 10 * TOLERANCE).all()):
        return
    _check_range(name, y, 1.0, ": give rows of probabilities, and weights as sample_weight")
    raise ValueError(
        f"{name}: each row of y_true must add up to 1, but the sums run from {totals.min():g} to "
        f'{totals.max():g}: several labels at once belong to the loss "binary_crossentropy"'
    )


def _check_signs(name: str, y_true: Any) -> None:
    """Refuse targets that are neither -1 and 1 nor 0 and 1."""
    y = _values(y_true)
    if not y.size:
        return
    is_one = y == 1
    if not ((is_one | (y == -1)).all() or (is_one | (y == 0)).all()):
        raise ValueError(
            f"{name}: targets must be -1 and 1, or 0 and 1, but y_true runs from {y.min():g} to "
            f'{y.max():g}: class numbers belong to the loss "sparse_categorical_crossentropy"'
        )


def _check_one_hot(name: str, y_true: Any) -> None:
    """Refuse rows that are neither one-hot nor signs."""
    y = _values(y_true)
    if not ((y == 1) | (y == 0) | (y == -1)).all():
        raise ValueError(
            f"{name}: y_true must hold one-hot rows, of 0 and 1, but runs from {y.min():g} to "
            f"{y.max():g}: minigrad.utils.to_categorical(y) makes them of class numbers"
        )


def _check_not_negative(name: str, y_true: Any) -> None:
    """Refuse negative targets."""
    _check_range(name, y_true, math.inf, "")


def _check_probabilities(name: str, y_true: Any) -> None:
    """Refuse targets outside of 0..1."""
    _check_range(name, y_true, 1.0, "")


# ---- distances -----------------------------------------------------------------------------------


@_per_sample()
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
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


@_per_sample()
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
    return ops.mean(abs(y_pred - y_true), axis=-1)


@_per_sample()
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
    delta = check_setting("delta of huber", delta)
    d = abs(y_pred - y_true)
    quadratic = 0.5 * d * d
    linear = delta * d - 0.5 * delta * delta
    return ops.mean(ops.where(d <= delta, quadratic, linear), axis=-1)


@_per_sample()
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
    d = y_pred - y_true
    return ops.mean(d + ops.softplus(-2 * d) - math.log(2), axis=-1)


@_per_sample()
def mean_absolute_percentage_error(y_true: Any, y_pred: Any) -> Tensor:
    """100 * mean(|(y_true - y_pred) / y_true|) over the last axis.

    Args:
        y_true: True values; those nearer to 0 than 1e-7 count as 1e-7.
        y_pred: Predicted values.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(mean_absolute_percentage_error([[2.0, 4.0]], [[1.0, 4.0]]).numpy())
        [25.]
    """
    size = ops.maximum(abs(y_true), EPSILON)
    return 100 * ops.mean(abs(y_pred - y_true) / size, axis=-1)


@_per_sample(_check_not_negative)
def mean_squared_logarithmic_error(y_true: Any, y_pred: Any) -> Tensor:
    """mean((log(1 + y_true) - log(1 + y_pred))**2) over the last axis.

    Args:
        y_true: True values, 0 or more.
        y_pred: Predicted values; negative ones count as 0.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ, or y_true is negative.

    Example:
        >>> print(mean_squared_logarithmic_error([[0.0]], [[1.0]]).numpy().round(3))
        [0.48]
    """
    difference = _log_of_one_more(y_pred) - _log_of_one_more(y_true)
    return ops.mean(ops.square(difference), axis=-1)


def _log_of_one_more(x: Any) -> Any:
    """log(1 + x), x at least EPSILON."""
    return ops.log(1 + ops.maximum(x, EPSILON))


@_per_sample(_check_not_negative)
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
    return ops.mean(y_pred - y_true * ops.log(y_pred + EPSILON), axis=-1)


@_per_sample()
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """Minus the cosine of the angle between y_true and y_pred along the last axis.

    Args:
        y_true: Vectors.
        y_pred: Vectors.
        axis: The axis along which vectors run.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(cosine_similarity([[0.0, 2.0]], [[0.0, 5.0]]).numpy())
        [-1.]
    """
    return -ops.sum(_unit(y_true, axis) * _unit(y_pred, axis), axis=axis)


def _unit(y: Any, axis: int) -> Any:
    """Vectors of length 1; one shorter than EPSILON is divided by that, so gradients are finite."""
    squared = ops.sum(ops.square(y), axis=axis, keepdims=True)
    return y / ops.sqrt(ops.maximum(squared, EPSILON**2))


# ---- probabilities -------------------------------------------------------------------------------


def _logits(y_pred: Any, activation: str, from_logits: bool) -> Any:
    """The logits of y_pred: the input of the `activation` that made it, itself if told, or None."""
    made_by, logits = remembered_logits(y_pred)
    if from_logits and made_by:
        _warn(
            f"from_logits=True, but y_pred comes out of a {made_by}: set from_logits=False, or "
            f"leave out the {made_by}"
        )
    if made_by == "softmax" and y_pred.shape[-1] == 1:
        _warn_of_one_class()
    if made_by == activation:
        return logits
    return y_pred if from_logits else None


def _warn(message: str) -> None:
    """Warn; Python shows the same text once."""
    warnings.warn(message, stacklevel=2)


def _warn_of_one_class() -> None:
    _warn(
        "softmax over one class is 1, whatever the input: write Dense(1, activation='sigmoid') "
        "with the loss 'binary_crossentropy'"
    )


def _probabilities(y_pred: Tensor, wanted: str) -> Tensor:
    """y_pred, with a warning if it cannot hold probabilities."""
    p = y_pred._array
    if p.size and (p.min() < -TOLERANCE or p.max() > 1 + TOLERANCE):
        _warn(
            "y_pred holds values outside of 0..1, so no probabilities: give the last layer "
            f"activation={wanted!r}, or the loss from_logits=True"
        )
    return y_pred


def _clip(p: Tensor) -> Any:
    """Probabilities whose logarithm is finite, for p and for 1 - p."""
    return ops.clip(p, min=EPSILON, max=1 - EPSILON)


def _log_probabilities(y_pred: Tensor, from_logits: bool, counts: Any = None) -> Any:
    """log p of classes; probabilities without logits are scaled to sum to 1, as in Keras.

    Rows where `counts` is False are those of equal probabilities, whatever they hold.
    """
    logits = _logits(y_pred, "softmax", from_logits)
    scores = _probabilities(y_pred, "softmax") if logits is None else logits
    if counts is not None:
        scores = ops.where(counts[..., None], scores, 1.0)
    if logits is not None:
        return ops.log_softmax(scores)
    return ops.log(_clip(scores / ops.sum(scores, axis=-1, keepdims=True)))


@_per_sample(_check_bits)
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """mean(-y log p - (1 - y) log(1 - p)) over the last axis.

    Args:
        y_true: Targets y in 0..1.
        y_pred: Probabilities p, or logits of p.
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction by which targets move toward 1/2.
        axis: Only the last one, -1.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(binary_crossentropy([[1.0]], [[0.5]]).numpy().round(3))
        [0.693]
    """
    _check_last("binary_crossentropy", axis)
    smoothing = check_setting("label_smoothing", label_smoothing, high=1.0)
    if smoothing:
        y_true = y_true * (1 - smoothing) + 0.5 * smoothing
    logits = _logits(y_pred, "sigmoid", from_logits)
    if logits is not None:
        return ops.mean(binary_losses(logits, y_true), axis=-1)
    p = _clip(_probabilities(y_pred, "sigmoid"))
    return -ops.mean(y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p), axis=-1)


@_per_sample(_check_distributions)
def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum(y * log p) over the last axis.

    Args:
        y_true: One-hot rows or distributions y.
        y_pred: Probabilities p of the classes, or logits.
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction of each target that is spread evenly over the classes.
        axis: Only the last one, -1.

    Shape:
        (..., classes), (..., classes) -> (...)

    Raises:
        ValueError: If the shapes differ.

    Example:
        >>> print(categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(3))
        [0.693]
    """
    _check_last("categorical_crossentropy", axis)
    smoothing = check_setting("label_smoothing", label_smoothing, high=1.0)
    if smoothing:
        y_true = y_true * (1 - smoothing) + smoothing / y_pred.shape[-1]
    log_p = _log_probabilities(y_pred, from_logits)
    return -ops.sum(weigh_log_probabilities(log_p, y_true), axis=-1)


@explains_arguments
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """-log p[label], and 0 for the labels that are `ignore_class`.

    Args:
        y_true: Class numbers 0..classes - 1, or `ignore_class`.
        y_pred: Probabilities p of the classes, or logits.
        from_logits: True if y_pred holds logits, not probabilities.
        ignore_class: A label, often -1 or 255, that costs nothing and that the mean of a Loss
            leaves out: the result has a mask, False there. None for none.
        axis: The axis of the classes in y_pred.

    Shape:
        (...), (..., classes) -> (...)

    Raises:
        ValueError: If the labels do not have the shape of y_pred without its last axis, or are
            fractions.
        IndexError: If a label is outside of 0..classes - 1.

    Example:
        >>> print(sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy().round(3))
        [0.693]
    """
    given = getattr(y_pred, "dtype", None)
    labels, y_pred = _classes_last(as_data(y_true), _as_predictions(y_pred), axis)
    labels = match_target_shape(labels, y_pred, sparse=True)
    counts = None if ignore_class is None else labels != ignore_class
    labels = one_call(as_labels)(labels if counts is None else labels * counts, y_pred)
    log_p = _log_probabilities(y_pred, from_logits, counts)
    losses = -ops.take_along_axis(log_p, labels[..., None], axis=-1).reshape(labels.shape)
    if counts is None:
        return _in_dtype(losses, given)
    losses = _in_dtype(ops.where(counts, losses, 0.0), given)
    losses.mask = counts
    return losses


def _classes_last(labels: Any, y_pred: Tensor, axis: int) -> tuple[Any, Tensor]:
    """Both with the axis of the classes as the last one; labels may lack it."""
    if axis in (-1, y_pred.ndim - 1):
        return labels, y_pred
    if labels.ndim == y_pred.ndim:
        labels = ops.moveaxis(labels, source=axis, destination=-1)
    return labels, ops.moveaxis(y_pred, source=axis, destination=-1)


@_per_sample(_check_bits)
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Binary cross-entropy times (1 - probability of the right answer)**gamma, the mean.

    Args:
        y_true: Targets in 0..1.
        y_pred: Probabilities, or logits.
        apply_class_balancing: Whether class 1 weighs `alpha` and class 0 weighs 1 - `alpha`.
        alpha: Weight of class 1.
        gamma: Exponent; 0 gives the binary cross-entropy.
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction by which targets move toward 1/2.
        axis: Only the last one, -1.

    Shape:
        (..., n), (..., n) -> (...)

    Raises:
        ValueError: If the shapes differ, or a target or setting is out of its domain.

    References:
        Lin et al. 2017, Focal loss for dense object detection.

    Example:
        >>> print(binary_focal_crossentropy([[1.0]], [[0.5]]).numpy().round(3))
        [0.173]
    """
    alpha = check_setting("alpha", alpha, high=1.0)
    gamma = check_setting("gamma", gamma)
    _check_last("binary_focal_crossentropy", axis)
    smoothing = check_setting("label_smoothing", label_smoothing, high=1.0)
    if smoothing:
        y_true = y_true * (1 - smoothing) + 0.5 * smoothing
    logits = _logits(y_pred, "sigmoid", from_logits)
    if logits is None:
        p = _clip(_probabilities(y_pred, "sigmoid"))
        losses = -(y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p))
    else:
        p = ops.sigmoid(logits)
        losses = binary_losses(logits, y_true)
    right = y_true * p + (1 - y_true) * (1 - p)
    losses = losses * (1 - right) ** gamma
    if apply_class_balancing:
        losses = losses * (y_true * alpha + (1 - y_true) * (1 - alpha))
    return ops.mean(losses, axis=-1)


@_per_sample(_check_distributions)
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-sum(alpha * (1 - p)**gamma * y * log p) over the last axis.

    Args:
        y_true: One-hot rows or distributions y.
        y_pred: Probabilities p of the classes, or logits.
        alpha: Weight of the loss, or one weight per class.
        gamma: Exponent; 0 gives alpha times the cross-entropy.
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction of each target that is spread evenly over the classes.
        axis: Only the last one, -1.

    Shape:
        (..., classes), (..., classes) -> (...)

    Raises:
        ValueError: If the shapes differ, or a target or setting is out of its domain.

    References:
        Lin et al. 2017, Focal loss for dense object detection.

    Example:
        >>> print(categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy().round(3))
        [0.043]
    """
    weights = _class_weights(alpha, y_pred)
    gamma = check_setting("gamma", gamma)
    _check_last("categorical_focal_crossentropy", axis)
    smoothing = check_setting("label_smoothing", label_smoothing, high=1.0)
    if smoothing:
        y_true = y_true * (1 - smoothing) + smoothing / y_pred.shape[-1]
    log_p = _log_probabilities(y_pred, from_logits)
    losses = weigh_log_probabilities(log_p, y_true) * (1 - ops.exp(log_p)) ** gamma
    return -ops.sum(losses * weights, axis=-1)


def _is_listed(alpha: Any) -> bool:
    """True for several numbers, False for one."""
    return isinstance(alpha, (list, tuple)) or bool(getattr(alpha, "ndim", 0))


def _class_weights(alpha: Any, y_pred: Tensor) -> Any:
    """One weight, or an array of one per class, like y_pred."""
    if not _is_listed(alpha):
        return check_setting("alpha", alpha)
    weights = [check_setting("alpha", weight) for weight in alpha]
    return to_device(as_data(weights, y_pred.dtype, "cpu"), y_pred.device)


@_per_sample(_check_probabilities)
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
    y_true = ops.clip(y_true, min=EPSILON, max=1.0)
    y_pred = ops.clip(y_pred, min=EPSILON, max=1.0)
    return ops.sum(y_true * (ops.log(y_true) - ops.log(y_pred)), axis=-1)


# ---- margins -------------------------------------------------------------------------------------


@_per_sample(_check_signs)
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
    return ops.mean(ops.relu(1 - _as_signs(y_true) * y_pred), axis=-1)


@_per_sample(_check_signs)
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
    return ops.mean(ops.square(ops.relu(1 - _as_signs(y_true) * y_pred)), axis=-1)


def _as_signs(y: Any) -> Any:
    """Labels 0 and 1 as -1 and 1; other values as they are."""
    values = y.data if isinstance(y, Tensor) else y
    is_binary = bool(((values == 0) | (values == 1)).all())
    return 2 * y - 1 if is_binary else y


@_per_sample(_check_one_hot)
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
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1 - y_true) * y_pred, axis=-1)
    return ops.relu(1 + wrong - right)


@_per_sample(_check_bits)
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
    margin = check_setting("margin of contrastive", margin)
    same = y_true * ops.square(y_pred)
    different = (1 - y_true) * ops.square(ops.relu(margin - y_pred))
    return same + different


# ---- overlap, noisy labels, embeddings -----------------------------------------------------------


@_per_sample(_check_bits)
def dice(y_true: Any, y_pred: Any, axis: Any = None) -> Tensor:
    """1 - 2 * sum(y * p) / (sum(y) + sum(p)): 0 where regions are the same, 1 where they part.

    Args:
        y_true: Targets y in 0..1.
        y_pred: Probabilities p.
        axis: Axes of the sums; None for all, the batch among them.

    Raises:
        ValueError: If the shapes differ.

    References:
        Milletari et al. 2016, arXiv:1606.04797, with sums in place of sums of squares.

    Example:
        >>> print(dice([[1.0, 1.0]], [[1.0, 0.0]]).numpy().round(3))
        0.333
    """
    overlap = ops.sum(y_true * y_pred, axis=axis)
    sizes = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1 - 2 * overlap / (sizes + EPSILON)


@_per_sample(_check_bits)
def tversky(
    y_true: Any, y_pred: Any, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Tensor:
    """1 - hits / (hits + alpha * misses + beta * false positives); `dice` if both are 1/2.

    Args:
        y_true: Targets y in 0..1.
        y_pred: Probabilities p.
        alpha: Weight of what is missed, sum(y * (1 - p)).
        beta: Weight of false positives, sum((1 - y) * p).
        axis: Axes of the sums; None for all, the batch among them.

    Raises:
        ValueError: If the shapes differ.

    References:
        Salehi et al. 2017, arXiv:1706.05721.

    Example:
        >>> print(tversky([[1.0, 1.0]], [[1.0, 0.0]], alpha=1.0).numpy())
        0.5
    """
    alpha, beta = check_setting("alpha", alpha), check_setting("beta", beta)
    hits = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1 - y_pred), axis=axis)
    false_positives = ops.sum((1 - y_true) * y_pred, axis=axis)
    return 1 - hits / (hits + alpha * missed + beta * false_positives + EPSILON)


@explains_arguments
def categorical_generalized_cross_entropy(y_true: Any, y_pred: Any, q: float) -> Tensor:
    """(1 - p[label]**q) / q: between cross-entropy (q -> 0) and mean error (1), for noisy labels.

    Args:
        y_true: Class numbers.
        y_pred: Probabilities p of the classes.
        q: The exponent, in (0, 1).

    Shape:
        (...), (..., classes) -> (...)

    Raises:
        ValueError: If q is not in (0, 1), or shapes do not fit.

    References:
        Zhang & Sabuncu 2018, arXiv:1805.07836.

    Example:
        >>> print(categorical_generalized_cross_entropy([1], [[0.75, 0.25]], 0.5).numpy())
        [1.]
    """
    if not 0 < q < 1:
        raise ValueError(f"categorical_generalized_cross_entropy: q must be in (0, 1), got {q!r}")
    given = getattr(y_pred, "dtype", None)
    y_pred = _as_predictions(y_pred)
    labels = match_target_shape(as_data(y_true), y_pred, sparse=True)
    labels = one_call(as_labels)(labels, y_pred)
    right = ops.take_along_axis(_clip(y_pred), labels[..., None], axis=-1).reshape(labels.shape)
    return _in_dtype((1 - right ** float(q)) / q, given)


@explains_arguments
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80.0,
    margin: float = 0.4,
) -> Tensor:
    """log(1 + A B), where A sums e**(gamma a (1 - m - s)) over like pairs, B e**(gamma b (s - m))
    over the others.

    s is the cosine of a pair, a = max(1 + m - s, 0) and b = max(s + m, 0): what is far from where
    it should be weighs more.

    Args:
        y_true: Class numbers.
        y_pred: Embeddings of length 1.
        ref_labels: Class numbers of the embeddings to compare with; None for y_true.
        ref_embeddings: The embeddings to compare with; None for y_pred.
        remove_diagonal: Whether no sample is a pair with itself.
        gamma: Scale of the cosines.
        margin: m, how far from 1 and -1 cosines may stay.

    Shape:
        (N,), (N, features) -> (N,); its mask is False at embeddings without a like one, which the
        mean of a Loss leaves out

    Raises:
        ValueError: If the shapes do not fit.

    References:
        Sun et al. 2020, arXiv:2002.10857.

    Example:
        >>> e = np.eye(2)[[0, 0, 1]]
        >>> print(circle([0, 0, 1], e).numpy().round(3))
        [0. 0. 0.]
    """
    gamma, m = check_setting("gamma", gamma), check_setting("margin", margin)
    y_pred = _as_predictions(y_pred)
    labels = as_data(y_true, device=y_pred.device).reshape(-1)
    others = y_pred if ref_embeddings is None else _as_predictions(ref_embeddings)
    marks = labels if ref_labels is None else as_data(ref_labels, device=y_pred.device).reshape(-1)
    if y_pred.ndim != 2 or labels.shape != y_pred.shape[:1] or marks.shape != others.shape[:1]:
        raise ValueError(
            f"circle: labels have shapes {labels.shape} and {marks.shape}, embeddings "
            f"{y_pred.shape} and {others.shape}: one label per embedding (N, features) is expected"
        )
    is_same = labels[:, None] == marks[None, :]
    is_like = (
        is_same & ~backend(labels).eye(*is_same.shape, dtype=bool) if remove_diagonal else is_same
    )
    s = ops.matmul(y_pred, ops.transpose(others))
    like = gamma * ops.maximum(1 + m - s, 0) * (1 - m - s)
    unlike = gamma * ops.maximum(s + m, 0) * (s - m)
    losses = ops.softplus(_log_sum(like, is_like) + _log_sum(unlike, ~is_same))
    losses.mask = is_like.any(1)
    return losses


def _log_sum(x: Tensor, counts: Array) -> Tensor:
    """log of the sum of e**x over the pairs that count, of each row; very small where none does."""
    return ops.logsumexp(ops.where(counts, x, -1e30), axis=-1)


# ---- triplets of embeddings ----------------------------------------------------------------------

DISTANCES = ("L2", "squared-L2", "angular")
FAR = 1e30  # the distance of what is no candidate


def _safe_sqrt(x: Any) -> Any:
    """The square root; its gradient is 0 where x is 0, not infinite."""
    is_positive = _values(x) > 0
    return ops.where(is_positive, ops.sqrt(ops.where(is_positive, x, 1.0)), 0.0)


def _distances(a: Any, b: Any, distance_metric: str) -> Any:
    """The distance of each row of a to the same row of b."""
    if distance_metric == "angular":
        return 1 - ops.sum(_unit(a, -1) * _unit(b, -1), axis=-1)
    squared = ops.sum(ops.square(a - b), axis=-1)
    return squared if distance_metric == "squared-L2" else _safe_sqrt(squared)


def _pairwise_distances(embeddings: Any, distance_metric: str) -> Any:
    """The distance of each row to each: (N, features) -> (N, N).

    |a - b|**2 = |a|**2 + |b|**2 - 2 a b loses digits where a and b are long and near each other:
    the mean is subtracted first, and what is only rounding counts as 0.
    """
    if distance_metric == "angular":
        units = _unit(embeddings, -1)
        return 1 - ops.matmul(units, ops.transpose(units))
    centered = embeddings - ops.mean(embeddings, axis=0, keepdims=True)
    lengths = ops.sum(ops.square(centered), axis=1, keepdims=True)
    sizes = lengths + ops.transpose(lengths)
    squared = sizes - 2 * ops.matmul(centered, ops.transpose(centered))
    rounding = 4 * float(np.finfo(squared.dtype).eps) * _values(sizes)
    squared = ops.where(_values(squared) > rounding, squared, 0.0)
    return squared if distance_metric == "squared-L2" else _safe_sqrt(squared)


def _labeled_embeddings(name: str, y_true: Any, y_pred: Any) -> tuple[Array, Tensor]:
    """Class numbers (N,) and embeddings (N, features), or an error that says what does not fit."""
    y_pred = _as_predictions(y_pred)
    labels = as_data(y_true, device=y_pred.device)
    labels = labels[:, 0] if labels.shape == (*y_pred.shape[:1], 1) else labels
    if y_pred.ndim != 2 or labels.shape != y_pred.shape[:1]:
        is_one_hot = labels.ndim == 2 and labels.shape[:1] == y_pred.shape[:1]
        hint = "; of one-hot rows take y_true.argmax(-1)" if is_one_hot else ""
        raise ValueError(
            f"{name}: labels of shape {labels.shape} and embeddings of shape {y_pred.shape}: "
            f"one class number (N,) per embedding (N, features) is expected{hint}"
        )
    if not _is_whole(labels):
        fraction = labels[labels != backend(labels).rint(labels)][0]
        raise ValueError(f"{name}: y_true must hold class numbers, but it holds {fraction}")
    return labels, y_pred


def _pairs_of_batch(
    name: str, y_true: Any, y_pred: Any, distance_metric: str
) -> tuple[Any, Array, Array]:
    """Distances of all pairs; which are of one class, each with another than itself; which of two.

    All are (N, N).
    """
    check_choice(distance_metric, DISTANCES, f"distance_metric of {name}")
    labels, embeddings = _labeled_embeddings(name, y_true, y_pred)
    is_same = labels[:, None] == labels[None, :]
    is_positive = is_same & ~backend(labels).eye(len(labels), dtype=bool)
    return _pairwise_distances(embeddings, distance_metric), is_positive, ~is_same


def _semihard_negatives(distances: Array, is_negative: Array) -> Array:
    """For each anchor i and positive j the nearest negative of i beyond j, else the farthest.

    Three sorts of each row find them all, where comparing each pair with each negative would need
    N**3 elements.
    """
    xp, n = backend(distances), len(distances)
    negatives = xp.where(is_negative, distances, xp.inf)
    by_distance = xp.argsort(negatives, axis=1, kind="stable")
    # the rank of j among negatives and all others, less that among all others, is the number of
    # negatives that are no farther than j: a stable sort has them before it
    both = xp.concatenate([negatives, distances], axis=1)
    nearer = _ranks(both)[:, n:] - _ranks(distances)
    last = is_negative.sum(axis=1, keepdims=True) - 1
    places = xp.maximum(xp.minimum(nearer, last), 0)
    return xp.take_along_axis(by_distance, places, axis=1)


def _ranks(x: Array) -> Array:
    """The place of each element in its sorted row."""
    xp = backend(x)
    return xp.argsort(xp.argsort(x, axis=1, kind="stable"), axis=1, kind="stable")


@explains_arguments
def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, distance_metric: str = "L2"
) -> Any:
    """max(margin + d(anchor, positive) - d(anchor, negative), 0), of triplets that are given.

    0 where the negative is farther from the anchor than the positive by the margin or more.

    Args:
        anchor: Embeddings.
        positive: Embeddings of the same class as the anchor.
        negative: Embeddings of another class.
        margin: By how much the negative should be farther.
        distance_metric: "L2" (Euclidean), "squared-L2" (its square, the distance of FaceNet) or
            "angular" (1 - cosine).

    Shape:
        (..., features) three times -> (...)

    Raises:
        ValueError: If the shapes differ or the distance is unknown.

    References:
        Schroff, Kalenichenko & Philbin 2015, FaceNet, arXiv:1503.03832.

    Example:
        >>> print(triplet_margin_loss([[0.0, 0.0]], [[0.0, 2.0]], [[2.5, 0.0]]).numpy())
        [0.5]
    """
    margin = check_setting("margin of triplet_margin_loss", margin)
    check_choice(distance_metric, DISTANCES, "distance_metric of triplet_margin_loss")
    anchor, positive, negative = map(_as_predictions, (anchor, positive, negative))
    if not anchor.shape == positive.shape == negative.shape:
        raise ValueError(
            "triplet_margin_loss: anchor, positive and negative need one shape (..., features), "
            f"got {anchor.shape}, {positive.shape} and {negative.shape}"
        )
    to_positive = _distances(anchor, positive, distance_metric)
    to_negative = _distances(anchor, negative, distance_metric)
    return ops.relu(margin + to_positive - to_negative)


@explains_arguments
def triplet_semi_hard_loss(
    y_true: Any, y_pred: Any, margin: float = 1.0, distance_metric: str = "L2"
) -> Any:
    """For each anchor the mean over its positives of max(margin + d(a, p) - d(a, n), 0).

    Positives are all others of its class in the batch. The negative n is the nearest one that is
    farther away than p (semi-hard), or the farthest one of all where none is.

    Args:
        y_true: Class numbers.
        y_pred: Embeddings, often scaled to length 1.
        margin: By how much negatives should be farther than positives.
        distance_metric: "L2" (Euclidean), "squared-L2" (its square, the distance of FaceNet) or
            "angular" (1 - cosine).

    Shape:
        (N,), (N, features) -> (N,); its mask is False at embeddings that are the anchor of no
        triplet, which the mean of a Loss leaves out

    Raises:
        ValueError: If the shapes do not fit, labels are fractions or the distance is unknown.

    References:
        Schroff, Kalenichenko & Philbin 2015, FaceNet, section 3.2, arXiv:1503.03832.

    Example:
        >>> print(triplet_semi_hard_loss([0, 0, 1], [[0.0], [1.0], [1.5]]).numpy())
        [0.5 1.5 0. ]
    """
    name, given = "triplet_semi_hard_loss", getattr(y_pred, "dtype", None)
    margin = check_setting(f"margin of {name}", margin)
    distances, is_positive, is_negative = _pairs_of_batch(name, y_true, y_pred, distance_metric)
    chosen = _semihard_negatives(_values(distances), is_negative)
    to_negatives = ops.take_along_axis(distances, chosen, axis=1)
    counts = is_positive & is_negative.any(axis=1, keepdims=True)
    losses = ops.where(counts, ops.relu(margin + distances - to_negatives), 0.0)
    triplets = counts.sum(axis=1)
    divisors = (triplets + (triplets == 0)).astype(losses.dtype)
    each = _in_dtype(ops.sum(losses, axis=1) / divisors, given)
    each.mask = triplets > 0
    return each


@explains_arguments
def triplet_hard_loss(
    y_true: Any, y_pred: Any, margin: float = 1.0, soft: bool = False, distance_metric: str = "L2"
) -> Any:
    """For each anchor max(margin + d(a, farthest positive) - d(a, nearest negative), 0).

    Args:
        y_true: Class numbers.
        y_pred: Embeddings.
        margin: By how much negatives should be farther than positives.
        soft: Whether log(1 + e**(d(a, p) - d(a, n))), which has no margin, takes the place of the
            maximum with 0: it goes on pulling where the margin is kept.
        distance_metric: "L2" (Euclidean), "squared-L2" (its square) or "angular" (1 - cosine).

    Shape:
        (N,), (N, features) -> (N,); its mask is False at embeddings that are the anchor of no
        triplet, which the mean of a Loss leaves out

    Raises:
        ValueError: If the shapes do not fit, labels are fractions or the distance is unknown.

    References:
        Hermans, Beyer & Leibe 2017, In defense of the triplet loss, arXiv:1703.07737.

    Example:
        >>> print(triplet_hard_loss([0, 0, 1], [[0.0], [1.0], [1.5]]).numpy())
        [0.5 1.5 0. ]
    """
    name, given = "triplet_hard_loss", getattr(y_pred, "dtype", None)
    margin = check_setting(f"margin of {name}", margin)
    distances, is_positive, is_negative = _pairs_of_batch(name, y_true, y_pred, distance_metric)
    counts = is_positive.any(axis=1) & is_negative.any(axis=1)
    farthest_positive = ops.max(ops.where(is_positive, distances, -FAR), axis=1)
    nearest_negative = ops.min(ops.where(is_negative, distances, FAR), axis=1)
    excess = ops.where(counts, farthest_positive - nearest_negative, 0.0)
    losses = ops.softplus(excess) if soft else ops.relu(margin + excess)
    each = _in_dtype(ops.where(counts, losses, 0.0), given)
    each.mask = counts
    return each


# their other names in Keras
mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh

# ---- classes -------------------------------------------------------------------------------------


def _share_of_sum(loss: Any) -> Any:
    """The sum of all losses; in a step of several processes what their shares will add up to it."""
    total = ops.sum(loss)
    return total if settings.rows is None else total / settings.rows.share


REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum_over_batch_size": ops.mean,
    "mean": ops.mean,
    "mean_with_sample_weight": ops.mean,
    "sum": _share_of_sum,
    "none": lambda losses: losses,
}


class Loss(Configurable):
    """The mean over the samples of `call(y_true, y_pred)`, which a subclass defines.

    Args:
        name: Name in error messages and logs; None for the class's name in snake case.
        reduction: "sum_over_batch_size" or "mean" (the mean over the samples), "sum",
            "mean_with_sample_weight" (the weighted sum over the sum of the weights), or None for
            the loss of each sample.
        dtype: Dtype to compute in; None for that of y_pred.

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
    dtype: Any = None
    hides_padding = True  # False: call gets the targets of padded steps as they are
    # what makes probabilities of the outputs that this loss expects: "sigmoid" or "softmax" of
    # logits, "signs" of scores whose sign counts; metrics by name apply it
    output_activation = ""
    _check: Check | None = None  # refuses targets outside of the domain
    _is_checked = False  # True in training after the first batch
    _expected: Any = None  # all targets of the training that begins

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or snake_case(type(self).__name__)
        self.dtype = None if dtype is None else np.dtype(dtype)
        self.reduction = str(reduction).lower()
        check_choice(self.reduction, REDUCTIONS, f"reduction of {self.name}")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        raise NotImplementedError(f"{type(self).__name__} does not define call(y_true, y_pred)")

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean over the samples as one op, or None where there is no such op."""
        return None

    def expect_targets(self, y_true: Any) -> None:
        """Have all targets of a training checked with its first batch, in place of each batch.

        Not before: a mask of the predictions may yet mark some as padding, which may hold anything.

        Args:
            y_true: All targets; None if only batches are known, of which the first is checked.
        """
        self._is_checked = False
        self._expected = y_true

    def _check_batch(self, y_true: Any) -> None:
        """Refuse targets outside of the domain; in training once."""
        if self._is_checked and settings.training:
            return
        expected, self._expected = self._expected, None
        if self._check is not None:
            targets = y_true if expected is None else as_data(expected)
            type(self)._check(self.name, targets)  # type: ignore[misc]
        self._is_checked = bool(settings.training)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss of a batch: a Tensor of shape (), or (...) without reduction.

        Args:
            y_true: Targets.
            y_pred: Predictions.
            sample_weight: One weight per sample, by which its loss is multiplied; (N,) weighs
                all steps of losses (N, T), (N, T) each step.

        Raises:
            ValueError: If shapes do not fit.
        """
        mask = getattr(y_pred, "mask", None)
        if self.dtype is not None:
            y_pred = ops.astype(
                y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred), dtype=self.dtype
            )
        mean = None
        if mask is None and sample_weight is None and REDUCTIONS[self.reduction] is ops.mean:
            is_half = getattr(y_pred, "dtype", None) == FLOAT16
            mean = None if is_half else self.fused_mean(y_true, y_pred)
        return self._reduced(y_true, y_pred, sample_weight, mask) if mean is None else mean

    def _reduced(self, y_true: Any, y_pred: Any, sample_weight: Any, mask: Any) -> Any:
        """The reduction of the losses, weighted and without padding."""
        reduce = REDUCTIONS[self.reduction]
        hides_padding = mask is not None and self.hides_padding
        losses = self.call(hide_padding(y_true, mask) if hides_padding else y_true, y_pred)
        counts = getattr(losses, "mask", None)
        if mask is not None or counts is not None:
            return reduce(self._masked_losses(losses, sample_weight, mask, counts))
        if sample_weight is None:
            return reduce(losses)
        weight = self._weights_of(losses, sample_weight)
        if self.reduction != "mean_with_sample_weight":
            return reduce(losses * weight)
        return ops.sum(losses * weight) / _total(weight, losses.shape)

    def _masked_losses(self, losses: Any, sample_weight: Any, mask: Any, counts: Any) -> Any:
        """The weighted losses, 0 at padding; scaled so that their mean is that of the real ones.

        The masks are that of the predictions and that of the losses, None where there is none.
        """
        if not losses.ndim:
            warnings.warn(
                f"{self.name} returns one number for the whole batch, so it cannot leave out what "
                "the mask of the predictions marks as padding: return the loss of each step",
                stacklevel=3,
            )
            return losses
        real = 1 if counts is None else counts.astype(losses.dtype)
        if mask is not None:
            real = real * self._weights_of(losses, mask.astype(losses.dtype), "the mask of y_pred")
        weights = real
        if sample_weight is not None:
            weights = real * self._weights_of(losses, sample_weight)
        if REDUCTIONS[self.reduction] is ops.mean:
            counted = weights if self.reduction == "mean_with_sample_weight" else real
            weights = weights * (losses.size / _total(counted, losses.shape))
        return losses * weights

    def _weights_of(self, losses: Any, sample_weight: Any, name: str = "sample_weight") -> Any:
        """The weights in a shape that broadcasts to the losses."""
        weight = as_data(sample_weight, losses.dtype)
        if weight.ndim == losses.ndim + 1 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        fits = weight.ndim <= losses.ndim and all(
            n in (1, wanted) for n, wanted in zip(weight.shape, losses.shape)
        )
        if not fits:
            raise ValueError(
                f"{self.name}: {name} has shape {weight.shape}, the losses {losses.shape}: "
                "one weight per sample is expected"
            )
        return weight.reshape(weight.shape + (1,) * (losses.ndim - weight.ndim))


def _total(weights: Array, shape: tuple[int, ...]) -> Array:
    """The sum of the weights of all losses, 1 in place of 0.

    In a step of several processes it is that of the batch times the share of the rows that are
    here: their losses are weighted by that share.
    """
    total = backend(weights).broadcast_to(weights, shape).sum(dtype="float32")
    if settings.rows is not None:
        total = ops.sum_over_processes(total) * backend(total).float32(settings.rows.share)
    return total + (total == 0)


class MeanSquaredError(Loss):
    """The mean of (y_true - y_pred)**2.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> MeanSquaredError()([[0.0, 0.0]], [[1.0, 3.0]]).item()
        5.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

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
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> MeanAbsoluteError()([[0.0, 0.0]], [[1.0, 3.0]]).item()
        2.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_absolute_error(y_true, y_pred)


class Huber(Loss):
    """The mean of errors that count as d**2 / 2 up to `delta` and linearly beyond: see `huber`.

    Args:
        delta: Where the linear part begins.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> Huber()([[0.0, 0.0]], [[1.0, 3.0]]).item()
        1.5
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta = check_setting(f"delta of {self.name}", delta)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return huber(y_true, y_pred, self.delta)


class LogCosh(Loss):
    """The mean of log(cosh(y_pred - y_true)).

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(LogCosh()([[0.0]], [[1.0]]).item(), 4)
        0.4338
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return log_cosh(y_true, y_pred)


class MeanAbsolutePercentageError(Loss):
    """The mean of 100 * |y_true - y_pred| / |y_true|.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]]).item()
        25.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_absolute_percentage_error(y_true, y_pred)


class MeanSquaredLogarithmicError(Loss):
    """The mean of (log(1 + y_true) - log(1 + y_pred))**2.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(MeanSquaredLogarithmicError()([[0.0]], [[1.0]]).item(), 3)
        0.48
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return mean_squared_logarithmic_error(y_true, y_pred)


class Poisson(Loss):
    """The mean of y_pred - y_true * log(y_pred).

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(Poisson()([[2.0]], [[1.0]]).item(), 4)
        1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return poisson(y_true, y_pred)


class CosineSimilarity(Loss):
    """Minus the mean cosine of the angle between y_true and y_pred.

    Args:
        axis: The axis along which vectors run.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> CosineSimilarity()([[0.0, 2.0]], [[0.0, 5.0]]).item()
        -1.0
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return cosine_similarity(y_true, y_pred, self.axis)


class BinaryCrossentropy(Loss):
    """The mean of -y log p - (1 - y) log(1 - p): see `binary_crossentropy`.

    Args:
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction by which targets move toward 1/2.
        axis: Only the last one, -1.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(BinaryCrossentropy()([[1.0]], [[0.5]]).item(), 3)
        0.693
    """

    _check = staticmethod(_check_bits)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        _check_last(self.name, axis)
        self.axis = axis
        self.from_logits = from_logits
        self.output_activation = "sigmoid" if from_logits else ""
        what = f"label_smoothing of {self.name}"
        self.label_smoothing = check_setting(what, label_smoothing, high=1.0)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return binary_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean as one op on logits."""
        logits = _logits(y_pred, "sigmoid", self.from_logits)
        if self.label_smoothing or not isinstance(logits, Tensor):
            return None
        y_true, logits = _cast_targets(self.name, y_true, logits)
        self._check_batch(y_true)
        return ops.binary_cross_entropy(logits, y_true)


class CategoricalCrossentropy(Loss):
    """The mean of -sum(y * log p) over one-hot rows: see `categorical_crossentropy`.

    Args:
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction of each target that is spread evenly over the classes.
        axis: Only the last one, -1.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).item(), 3)
        0.693
    """

    _check = staticmethod(_check_distributions)

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        _check_last(self.name, axis)
        self.axis = axis
        self.from_logits = from_logits
        self.output_activation = "softmax" if from_logits else ""
        what = f"label_smoothing of {self.name}"
        self.label_smoothing = check_setting(what, label_smoothing, high=1.0)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_crossentropy(y_true, y_pred, self.from_logits, self.label_smoothing)

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean as one op on logits."""
        logits = _logits(y_pred, "softmax", self.from_logits)
        if self.label_smoothing or not isinstance(logits, Tensor):
            return None
        y_true, logits = _cast_targets(self.name, y_true, logits)
        self._check_batch(y_true)
        return ops.cross_entropy(logits, y_true)


class SparseCategoricalCrossentropy(Loss):
    """The mean of -log p[label]: see `sparse_categorical_crossentropy`.

    Args:
        from_logits: True if y_pred holds logits, not probabilities.
        ignore_class: A label, often -1 or 255, whose rows are left out of the mean; None for none.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        axis: The axis of the classes in y_pred.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]).item(), 3)
        0.693
        >>> loss = SparseCategoricalCrossentropy(ignore_class=-1)
        >>> round(loss([1, -1], [[0.5, 0.5], [0.1, 0.9]]).item(), 3)
        0.693
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
        self.output_activation = "softmax" if from_logits else ""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return sparse_categorical_crossentropy(
            y_true, y_pred, self.from_logits, self.ignore_class, self.axis
        )

    def fused_mean(self, y_true: Any, y_pred: Any) -> Any:
        """The mean as one op on logits."""
        if self.ignore_class is not None or self.axis != -1:
            return None
        logits = _logits(y_pred, "softmax", self.from_logits)
        if not isinstance(logits, Tensor):
            return None
        if getattr(y_true, "shape", None) != logits.shape[:-1]:
            y_true = match_target_shape(as_data(y_true), logits, sparse=True)
        return ops.sparse_cross_entropy(logits, y_true)


class BinaryFocalCrossentropy(Loss):
    """The mean binary cross-entropy with easy samples weighed down: `binary_focal_crossentropy`.

    Args:
        apply_class_balancing: Whether class 1 weighs `alpha` and class 0 weighs 1 - `alpha`.
        alpha: Weight of class 1.
        gamma: Exponent of 1 - probability of the right answer.
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction by which targets move toward 1/2.
        axis: Only the last one, -1.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(BinaryFocalCrossentropy()([[1.0]], [[0.5]]).item(), 3)
        0.173
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        _check_last(self.name, axis)
        self.axis = axis
        self.apply_class_balancing = apply_class_balancing
        self.alpha = check_setting(f"alpha of {self.name}", alpha, high=1.0)
        self.gamma = check_setting(f"gamma of {self.name}", gamma)
        self.from_logits = from_logits
        self.output_activation = "sigmoid" if from_logits else ""
        what = f"label_smoothing of {self.name}"
        self.label_smoothing = check_setting(what, label_smoothing, high=1.0)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return binary_focal_crossentropy(
            y_true,
            y_pred,
            self.apply_class_balancing,
            self.alpha,
            self.gamma,
            self.from_logits,
            self.label_smoothing,
        )


class CategoricalFocalCrossentropy(Loss):
    """The mean cross-entropy with easy samples weighed down: `categorical_focal_crossentropy`.

    Args:
        alpha: Weight of the loss, or one weight per class.
        gamma: Exponent of 1 - p.
        from_logits: True if y_pred holds logits, not probabilities.
        label_smoothing: Fraction of each target that is spread evenly over the classes.
        axis: Only the last one, -1.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]).item(), 3)
        0.043
    """

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        _check_last(self.name, axis)
        self.axis = axis
        for weight in alpha if _is_listed(alpha) else [alpha]:
            check_setting(f"alpha of {self.name}", weight)
        self.alpha = alpha
        self.gamma = check_setting(f"gamma of {self.name}", gamma)
        self.from_logits = from_logits
        self.output_activation = "softmax" if from_logits else ""
        what = f"label_smoothing of {self.name}"
        self.label_smoothing = check_setting(what, label_smoothing, high=1.0)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_focal_crossentropy(
            y_true, y_pred, self.alpha, self.gamma, self.from_logits, self.label_smoothing
        )


class KLDivergence(Loss):
    """The mean of sum(y * log(y / p)).

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(KLDivergence()([[0.0, 1.0]], [[0.5, 0.5]]).item(), 3)
        0.693
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return kl_divergence(y_true, y_pred)


class Hinge(Loss):
    """The mean of max(1 - y * y_pred, 0), y a sign or a label 0 or 1.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> Hinge()([[1.0, -1.0]], [[0.5, -2.0]]).item()
        0.25
    """

    output_activation = "signs"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "hinge", dtype: Any = None
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return hinge(y_true, y_pred)


class SquaredHinge(Loss):
    """The mean of max(1 - y * y_pred, 0)**2, y a sign or a label 0 or 1.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> SquaredHinge()([[1.0, -1.0]], [[0.5, -2.0]]).item()
        0.125
    """

    output_activation = "signs"

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return squared_hinge(y_true, y_pred)


class CategoricalHinge(Loss):
    """The mean of max(1 + largest wrong score - right score, 0), y_true one-hot.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(CategoricalHinge()([[0.0, 1.0]], [[0.2, 0.5]]).item(), 3)
        0.7
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_hinge(y_true, y_pred)


class Contrastive(Loss):
    """The mean of y * d**2 + (1 - y) * max(margin - d, 0)**2 over pairs: see `contrastive`.

    Args:
        margin: Distance beyond which pairs of different classes cost nothing.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> Contrastive()([1.0, 0.0], [0.5, 0.5]).item()
        0.25
    """

    def __init__(
        self,
        margin: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "contrastive",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.margin = check_setting(f"margin of {self.name}", margin)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return contrastive(y_true, y_pred, self.margin)


class Dice(Loss):
    """1 - 2 * sum(y * p) / (sum(y) + sum(p)) over the batch: see `dice`.

    Args:
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        axis: Axes of the sums; None for all, the batch among them.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(Dice()([[1.0, 1.0]], [[1.0, 0.0]]).item(), 3)
        0.333
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return dice(y_true, y_pred, self.axis)


class Tversky(Loss):
    """1 - hits / (hits + alpha * misses + beta * false positives) over the batch: see `tversky`.

    Args:
        alpha: Weight of what is missed.
        beta: Weight of false positives.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        axis: Axes of the sums; None for all, the batch among them.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> Tversky(alpha=1.0)([[1.0, 1.0]], [[1.0, 0.0]]).item()
        0.5
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha = check_setting(f"alpha of {self.name}", alpha)
        self.beta = check_setting(f"beta of {self.name}", beta)
        self.axis = axis

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return tversky(y_true, y_pred, self.alpha, self.beta, self.axis)


class CategoricalGeneralizedCrossEntropy(Loss):
    """The mean of (1 - p[label]**q) / q: see `categorical_generalized_cross_entropy`.

    Args:
        q: The exponent, in (0, 1).
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]).item()
        1.0
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        if not 0 < q < 1:
            raise ValueError(f"{self.name}: q must be in (0, 1), got {q!r}")
        self.q = q

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return categorical_generalized_cross_entropy(y_true, y_pred, self.q)


class Circle(Loss):
    """The mean over embeddings that should lie near those of their class: see `circle`.

    Args:
        gamma: Scale of the cosines.
        margin: How far from 1 and -1 cosines may stay.
        remove_diagonal: Whether no sample is a pair with itself.
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> round(Circle()([0, 0, 1], np.eye(2)[[0, 0, 1]]).item(), 3)
        0.0
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.gamma = check_setting(f"gamma of {self.name}", gamma)
        self.margin = check_setting(f"margin of {self.name}", margin)
        self.remove_diagonal = remove_diagonal

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return circle(
            y_true,
            y_pred,
            remove_diagonal=self.remove_diagonal,
            gamma=self.gamma,
            margin=self.margin,
        )


class TripletSemiHardLoss(Loss):
    """The mean over the anchors of a batch, with semi-hard negatives: `triplet_semi_hard_loss`.

    A batch should hold several samples of each class.

    Args:
        margin: By how much negatives should be farther than positives.
        distance_metric: "L2", "squared-L2" or "angular".
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> TripletSemiHardLoss()([0, 0, 1], [[0.0], [1.0], [1.5]]).item()
        1.0
    """

    def __init__(
        self,
        margin: float = 1.0,
        distance_metric: str = "L2",
        reduction: str | None = "sum_over_batch_size",
        name: str = "triplet_semi_hard_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.margin = check_setting(f"margin of {self.name}", margin)
        self.distance_metric = distance_metric
        check_choice(distance_metric, DISTANCES, f"distance_metric of {self.name}")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return triplet_semi_hard_loss(y_true, y_pred, self.margin, self.distance_metric)


class TripletHardLoss(Loss):
    """The mean over the anchors of a batch, with the hardest of each kind: `triplet_hard_loss`.

    A batch should hold several samples of each class.

    Args:
        margin: By how much negatives should be farther than positives.
        soft: Whether softplus, without a margin, takes the place of the maximum with 0.
        distance_metric: "L2", "squared-L2" or "angular".
        reduction: "sum_over_batch_size" (the mean), "sum" or None.
        name: Name in error messages and logs.
        dtype: Dtype to compute in; None for that of y_pred.

    Example:
        >>> TripletHardLoss(margin=0.5)([0, 0, 1], [[0.0], [1.0], [1.5]]).item()
        0.5
    """

    def __init__(
        self,
        margin: float = 1.0,
        soft: bool = False,
        distance_metric: str = "L2",
        reduction: str | None = "sum_over_batch_size",
        name: str = "triplet_hard_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.margin = check_setting(f"margin of {self.name}", margin)
        self.soft = soft
        self.distance_metric = distance_metric
        check_choice(distance_metric, DISTANCES, f"distance_metric of {self.name}")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return triplet_hard_loss(y_true, y_pred, self.margin, self.soft, self.distance_metric)


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
        "MSE": MeanSquaredError,
        "mean_absolute_error": MeanAbsoluteError,
        "mae": MeanAbsoluteError,
        "MAE": MeanAbsoluteError,
        "mean_absolute_percentage_error": MeanAbsolutePercentageError,
        "mape": MeanAbsolutePercentageError,
        "MAPE": MeanAbsolutePercentageError,
        "mean_squared_logarithmic_error": MeanSquaredLogarithmicError,
        "msle": MeanSquaredLogarithmicError,
        "MSLE": MeanSquaredLogarithmicError,
        "huber": Huber,
        "log_cosh": LogCosh,
        "logcosh": LogCosh,
        "poisson": Poisson,
        "cosine_similarity": CosineSimilarity,
        "binary_crossentropy": BinaryCrossentropy,
        "bce": BinaryCrossentropy,
        "BCE": BinaryCrossentropy,
        "categorical_crossentropy": CategoricalCrossentropy,
        "binary_focal_crossentropy": BinaryFocalCrossentropy,
        "categorical_focal_crossentropy": CategoricalFocalCrossentropy,
        "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
        "kl_divergence": KLDivergence,
        "kld": KLDivergence,
        "KLD": KLDivergence,
        "kullback_leibler_divergence": KLDivergence,
        "hinge": Hinge,
        "squared_hinge": SquaredHinge,
        "categorical_hinge": CategoricalHinge,
        "contrastive": Contrastive,
        "dice": Dice,
        "tversky": Tversky,
        "circle": Circle,
        "triplet_semi_hard_loss": TripletSemiHardLoss,
        "triplet_hard_loss": TripletHardLoss,
        "categorical_generalized_cross_entropy": CategoricalGeneralizedCrossEntropy,
        "cosine_proximity": CosineSimilarity,
        "huber_loss": Huber,
    }
)


@explains_arguments
def get(loss: Any) -> Loss:
    """The loss that `loss` stands for.

    Args:
        loss: A name ("mse", "Huber"), a Loss, its class or configuration, or a function
            (y_true, y_pred).

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
    if isinstance(loss, dict):
        return get(deserialize(loss))
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if not callable(loss) or hasattr(loss, "update_state"):  # a metric has that
        raise TypeError(
            f"loss: expected one of its names, a Loss or a function (y_true, y_pred), got {loss!r}"
        )
    return _FunctionLoss(loss)
