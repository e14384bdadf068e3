"""Losses under Keras's names: a function gives the loss of each sample, a class their mean, weighted where asked.

Both take (y_true, y_pred), refuse shapes that differ, and compute from the logits what came straight out of softmax or sigmoid.
"""

from __future__ import annotations

import inspect
import math
from typing import Any, Callable

from . import ops
from .config import as_data
from .engine.tensor import Tensor
from .utils.registry import lookup, with_class_names

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


def _cast_targets(name: str, y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Targets in the dtype of the predictions, and the predictions as a Tensor, of one shape."""
    y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred)
    if not isinstance(y_true, Tensor):
        y_true = as_data(y_true, y_pred.dtype)
    elif y_true.dtype != y_pred.dtype:
        y_true = ops.astype(y_true, dtype=y_pred.dtype)
    validate_targets(name, y_true, y_pred)
    return y_true, y_pred


def _logits(y_pred: Any, squash: str, from_logits: bool) -> Any:
    """The logits behind y_pred: y_pred itself, or what `squash` ("sigmoid" or "softmax") has just made it from, or None."""
    if from_logits:
        return y_pred
    made_by, logits = getattr(y_pred, "logits", (None, None))
    return logits if made_by == squash else None


def _clipped(p: Tensor) -> Any:
    return ops.clip(p, min=EPSILON, max=1 - EPSILON)


# ---- distances -----------------------------------------------------------------------------------------------------


def mean_squared_error(y_true: Any, y_pred: Any) -> Any:
    """mean((y_true - y_pred)**2) over the last axis."""
    y_true, y_pred = _cast_targets("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true: Any, y_pred: Any) -> Any:
    """mean(|y_true - y_pred|) over the last axis."""
    y_true, y_pred = _cast_targets("mean_absolute_error", y_true, y_pred)
    return ops.mean(abs(y_pred - y_true), axis=-1)


def huber(y_true: Any, y_pred: Any, delta: float = 1.0) -> Any:
    """Mean over the last axis of d**2 / 2 where |d| <= delta, and delta * |d| - delta**2 / 2 beyond (Huber 1964)."""
    y_true, y_pred = _cast_targets("huber", y_true, y_pred)
    d = abs(y_pred - y_true)
    return ops.mean(ops.where(d <= delta, 0.5 * d * d, delta * d - 0.5 * delta * delta), axis=-1)


def log_cosh(y_true: Any, y_pred: Any) -> Any:
    """mean(log(cosh(d))) over the last axis, as d + softplus(-2 d) - log 2."""
    y_true, y_pred = _cast_targets("log_cosh", y_true, y_pred)
    d = y_pred - y_true
    return ops.mean(d + ops.softplus(-2 * d) - math.log(2), axis=-1)


def poisson(y_true: Any, y_pred: Any) -> Any:
    """mean(y_pred - y_true * log(y_pred)) over the last axis."""
    y_true, y_pred = _cast_targets("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + EPSILON), axis=-1)


def cosine_similarity(y_true: Any, y_pred: Any) -> Any:
    """Minus the cosine of the angle between y_true and y_pred along the last axis."""
    y_true, y_pred = _cast_targets("cosine_similarity", y_true, y_pred)
    lengths = ops.sum(ops.square(y_pred), axis=-1) * (y_true * y_true).sum(-1)
    return -ops.sum(y_true * y_pred, axis=-1) / ops.sqrt(lengths + EPSILON**2)


# ---- probabilities -------------------------------------------------------------------------------------------------


def binary_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> Any:
    """mean(-y log p - (1 - y) log(1 - p)) over the last axis; y_pred holds p, or logits of p."""
    y_true, y_pred = _cast_targets("binary_crossentropy", y_true, y_pred)
    y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing if label_smoothing else y_true
    logits = _logits(y_pred, "sigmoid", from_logits)
    if logits is not None:
        return ops.mean(ops.softplus(logits) - y_true * logits, axis=-1)
    p = _clipped(y_pred)
    return -ops.mean(y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p), axis=-1)


def categorical_crossentropy(
    y_true: Any, y_pred: Any, from_logits: bool = False, label_smoothing: float = 0.0
) -> Any:
    """-sum(y * log p) over the last axis: one-hot rows or distributions against probabilities, or logits."""
    y_true, y_pred = _cast_targets("categorical_crossentropy", y_true, y_pred)
    y_true = (
        y_true * (1 - label_smoothing) + label_smoothing / y_pred.shape[-1]
        if label_smoothing
        else y_true
    )
    return -ops.sum(y_true * _log_probabilities(y_pred, from_logits), axis=-1)


def sparse_categorical_crossentropy(y_true: Any, y_pred: Any, from_logits: bool = False) -> Any:
    """-log p[label]: integer labels (...) against probabilities or logits (..., classes)."""
    y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred)
    labels = as_data(y_true)
    ops.check_labels(labels, y_pred)
    return -ops.take_along_axis(_log_probabilities(y_pred, from_logits), labels[..., None]).reshape(
        labels.shape
    )


def _log_probabilities(y_pred: Tensor, from_logits: bool) -> Any:
    """log p, from logits where there are any; probabilities are scaled to sum to 1 first, as in Keras."""
    logits = _logits(y_pred, "softmax", from_logits)
    if logits is not None:
        return ops.log_softmax(logits)
    return ops.log(_clipped(y_pred / ops.sum(y_pred, axis=-1, keepdims=True)))


def kl_divergence(y_true: Any, y_pred: Any) -> Any:
    """sum(y * log(y / p)) over the last axis (Kullback & Leibler 1951)."""
    y_true, y_pred = _cast_targets("kl_divergence", y_true, y_pred)
    y_true = ops.clip(y_true, min=EPSILON, max=1.0)
    return ops.sum(
        y_true * (ops.log(y_true) - ops.log(ops.clip(y_pred, min=EPSILON, max=1.0))), axis=-1
    )


# ---- margins -------------------------------------------------------------------------------------------------------


def hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y * p, 0)) over the last axis, y in {-1, 1}; labels 0 and 1 are taken as -1 and 1."""
    y_true, y_pred = _cast_targets("hinge", y_true, y_pred)
    return ops.mean(ops.relu(1 - _signs(y_true) * y_pred), axis=-1)


def squared_hinge(y_true: Any, y_pred: Any) -> Any:
    """mean(max(1 - y * p, 0)**2) over the last axis, y as in hinge."""
    y_true, y_pred = _cast_targets("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(ops.relu(1 - _signs(y_true) * y_pred)), axis=-1)


def _signs(y: Any) -> Any:
    values = getattr(y, "data", y) if isinstance(y, Tensor) else y
    return 2 * y - 1 if bool(((values == 0) | (values == 1)).all()) else y


def categorical_hinge(y_true: Any, y_pred: Any) -> Any:
    """max(1 + largest score of a wrong class - score of the right one, 0), y one-hot."""
    y_true, y_pred = _cast_targets("categorical_hinge", y_true, y_pred)
    return ops.relu(1 + ops.max((1 - y_true) * y_pred, axis=-1) - ops.sum(y_true * y_pred, axis=-1))


def contrastive(y_true: Any, y_pred: Any, margin: float = 1.0) -> Any:
    """y * d**2 + (1 - y) * max(margin - d, 0)**2 for distances d, y = 1 for a pair of the same kind (Hadsell et al. 2006)."""
    y_true, y_pred = _cast_targets("contrastive", y_true, y_pred)
    return y_true * ops.square(y_pred) + (1 - y_true) * ops.square(ops.relu(margin - y_pred))


# ---- classes -------------------------------------------------------------------------------------------------------

REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum_over_batch_size": ops.mean,
    "mean": ops.mean,
    "sum": ops.sum,
    "none": lambda losses: losses,
}


class Loss:
    """loss(y_true, y_pred, sample_weight=None): the mean over the samples. Subclass with call(y_true, y_pred).

    `reduction="sum"` adds the samples instead, None gives the loss of each.
    """

    function: Callable[..., Any] | None = None
    kernel: Callable[..., Any] | None = (
        None  # the mean without weights in one node, over (y_pred or logits, y_true)
    )
    name = "loss"
    options: dict[str, Any] = {}
    reduction: Callable[..., Any] = staticmethod(ops.mean)

    def __init__(
        self,
        *values: Any,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        **options: Any,
    ) -> None:
        self.name = name or type(self).__name__
        self.reduction = lookup(str(reduction).lower(), REDUCTIONS, f"reduction of {self.name}")
        known = list(inspect.signature(type(self).function or self.call).parameters)[2:]
        self.options = {**dict(zip(known, values)), **options}
        if len(values) > len(known) or not options.keys() <= set(known):
            given = [repr(value) for value in values[len(known) :]] + [
                repr(option) for option in options if option not in known
            ]
            raise TypeError(
                f"{self.name} has no option {given[0]}; it knows {', '.join([*known, 'name', 'reduction'])}"
            )

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample."""
        return type(self).function(y_true, y_pred, **self.options)  # type: ignore[misc]

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        if sample_weight is None:
            kernel = self.fast(y_true, y_pred) if self.reduction is ops.mean else None
            return self.reduction(self.call(y_true, y_pred)) if kernel is None else kernel
        losses = self.call(y_true, y_pred)
        weight = as_data(sample_weight, losses.dtype)
        if weight.ndim == losses.ndim + 1 and weight.shape[-1] == 1:
            weight = weight[..., 0]
        if weight.shape != losses.shape[: weight.ndim]:
            raise ValueError(
                f"{self.name}: sample_weight has shape {weight.shape}, the losses {losses.shape}: "
                "one weight a sample is expected"
            )
        return self.reduction(
            losses * weight.reshape(weight.shape + (1,) * (losses.ndim - weight.ndim))
        )

    def fast(self, y_true: Any, y_pred: Any) -> Any:
        """The unweighted mean through a fused kernel, or None if there is none for these arguments."""
        return None


class _FromLogits(Loss):
    """A loss on probabilities that has a kernel on logits."""

    squash = "softmax"

    def fast(self, y_true: Any, y_pred: Any) -> Any:
        logits = _logits(y_pred, self.squash, self.options.get("from_logits", False))
        if logits is None or self.options.get("label_smoothing") or not isinstance(logits, Tensor):
            return None
        return self.on_logits(y_true, logits)

    def on_logits(self, y_true: Any, logits: Tensor) -> Any:
        y_true, logits = _cast_targets(self.name, y_true, logits)
        return type(self).kernel(logits, y_true)  # type: ignore[misc]


class BinaryCrossentropy(_FromLogits):
    """The mean of binary_crossentropy; options from_logits and label_smoothing."""

    squash = "sigmoid"
    function, kernel = staticmethod(binary_crossentropy), staticmethod(ops.binary_cross_entropy)


class CategoricalCrossentropy(_FromLogits):
    """The mean of categorical_crossentropy; options from_logits and label_smoothing."""

    function, kernel = staticmethod(categorical_crossentropy), staticmethod(ops.cross_entropy)


class SparseCategoricalCrossentropy(_FromLogits):
    """The mean of sparse_categorical_crossentropy; option from_logits."""

    function = staticmethod(sparse_categorical_crossentropy)

    def on_logits(self, y_true: Any, logits: Tensor) -> Any:
        return ops.sparse_cross_entropy(logits, y_true)


class MeanSquaredError(Loss):
    """The mean of (y_true - y_pred)**2."""

    function = staticmethod(mean_squared_error)

    def fast(self, y_true: Any, y_pred: Any) -> Any:
        y_true, y_pred = _cast_targets(self.name, y_true, y_pred)
        return ops.mean_squared_error(y_pred, y_true)


def _loss_class(name: str, function: Callable[..., Any]) -> type[Loss]:
    first = (function.__doc__ or "").partition("\n")[0]
    doc = f"The mean over the samples of {function.__name__}: {first}"
    return type(
        name, (Loss,), {"function": staticmethod(function), "__doc__": doc, "__module__": __name__}
    )


MeanAbsoluteError = _loss_class("MeanAbsoluteError", mean_absolute_error)
Huber = _loss_class("Huber", huber)
LogCosh = _loss_class("LogCosh", log_cosh)
Poisson = _loss_class("Poisson", poisson)
CosineSimilarity = _loss_class("CosineSimilarity", cosine_similarity)
KLDivergence = _loss_class("KLDivergence", kl_divergence)
Hinge = _loss_class("Hinge", hinge)
SquaredHinge = _loss_class("SquaredHinge", squared_hinge)
CategoricalHinge = _loss_class("CategoricalHinge", categorical_hinge)
Contrastive = _loss_class("Contrastive", contrastive)

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


class _Custom(Loss):
    """A function of the user's as a loss: it may give one loss a sample, or a single number."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        self.call = function  # type: ignore[assignment, method-assign]
        super().__init__(name=getattr(function, "__name__", "loss"))


def get(loss: Any) -> Loss:
    """The loss called `loss`; a Loss or a function (y_true, y_pred) is taken as it is. Raises ValueError with a suggestion."""
    if isinstance(loss, str):
        return lookup(loss, NAMES, "loss")()
    if isinstance(loss, type) and issubclass(loss, Loss):
        return loss()
    if not isinstance(loss, Loss) and not callable(loss):
        raise TypeError(
            f"loss: expected one of its names, a Loss or a function (y_true, y_pred), got {loss!r}"
        )
    return loss if isinstance(loss, Loss) else _Custom(loss)
