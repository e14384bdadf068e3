"""Metrics: Keras's stateful classes, exact over batches of any size.

    accuracy = SparseCategoricalAccuracy()
    accuracy.update_state(labels, probabilities)         # with each batch
    accuracy.result()                                    # over all of them: a float

Arrays of any device and Tensors are accepted; `y_true` follows `y_pred`. Counts stay on the device;
only result() waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import losses
from ..utils.registry import lookup, with_class_names
from .accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from .auc import AUC
from .base import Mean, MeanMetricWrapper, Metric
from .classification import ConfusionMatrix, F1Score, Precision, Recall
from .regression import MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError

__all__ = [
    "AUC",
    "Accuracy",
    "BinaryAccuracy",
    "CategoricalAccuracy",
    "ConfusionMatrix",
    "F1Score",
    "Mean",
    "MeanAbsoluteError",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "Metric",
    "Precision",
    "R2Score",
    "Recall",
    "RootMeanSquaredError",
    "SparseCategoricalAccuracy",
    "SparseTopKCategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "get",
]

NAMES: dict[str, Callable[..., Metric]] = with_class_names(
    {
        "accuracy": Accuracy,
        "acc": Accuracy,
        "binary_accuracy": BinaryAccuracy,
        "categorical_accuracy": CategoricalAccuracy,
        "sparse_categorical_accuracy": SparseCategoricalAccuracy,
        "top_k_categorical_accuracy": TopKCategoricalAccuracy,
        "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
        "precision": Precision,
        "recall": Recall,
        "f1": F1Score,
        "f1_score": F1Score,
        "auc": AUC,
        "confusion_matrix": ConfusionMatrix,
        "mean_squared_error": MeanSquaredError,
        "mse": MeanSquaredError,
        "MSE": MeanSquaredError,
        "root_mean_squared_error": RootMeanSquaredError,
        "rmse": RootMeanSquaredError,
        "mean_absolute_error": MeanAbsoluteError,
        "mae": MeanAbsoluteError,
        "MAE": MeanAbsoluteError,
        "r2_score": R2Score,
        "r2": R2Score,
    }
)


def get(metric: Any, loss: Any = None) -> Metric:
    """The metric that `metric` stands for.

    Args:
        metric: A name of a metric or a loss, which becomes the metric's own name as in Keras; a
            Metric or its class; a Loss; or a function (y_true, y_pred), which is averaged.
        loss: The loss that the model is trained with. If it expects logits, "accuracy" counts
            predictions above 0, not above 0.5.

    Raises:
        ValueError: If the name is unknown; the error suggests the nearest one.

    Example:
        >>> get("mae")([0.0, 0.0], np.array([1.0, 3.0]))
        2.0
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if isinstance(metric, str):
        return _from_name(metric, loss)
    if not callable(metric):
        lookup(metric, NAMES, "metric")  # raises
    if isinstance(metric, (losses.Loss, type)):
        own = losses.get(metric)
        return MeanMetricWrapper(own.call, own.name)
    return MeanMetricWrapper(metric)


def _from_name(name: str, loss: Any) -> Metric:
    """The metric or the loss of this name."""
    if name not in NAMES and name in losses.NAMES:
        kind = losses.NAMES[name]
        own = loss if type(loss) is kind else kind()
        return MeanMetricWrapper(own.call, name)
    metric = lookup(name, NAMES if name in NAMES else NAMES | losses.NAMES, "metric")
    if metric in (Accuracy, BinaryAccuracy) and getattr(loss, "from_logits", False):
        return metric(name=name, threshold=0.0)
    return metric(name=name)
