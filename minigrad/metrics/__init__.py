"""Metrics: Keras's stateful classes, exact over batches of any sizes.

    accuracy = SparseCategoricalAccuracy()
    accuracy.update_state(labels, probabilities)         # of each batch
    accuracy.result()                                    # over all of them: a float

Arrays of any device and Tensors are taken; `y_true` follows `y_pred`. Counting stays on the device, only result() waits for it.
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
from .base import Mean, MeanMetricWrapper, Metric
from .classification import AUC, ConfusionMatrix, F1Score, Precision, Recall
from .regression import MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError

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
    """A metric by name (which it keeps as its own, as in Keras), class or instance; a function(y_true, y_pred) is averaged.

    The names of losses are metrics too. `loss`, the one the model is trained with, tells whether predictions are logits: then
    accuracy means above 0, not above 0.5.
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        return metric()
    if isinstance(metric, str) and metric not in NAMES and metric in losses.NAMES:
        kind = losses.NAMES[metric]
        return MeanMetricWrapper((loss if type(loss) is kind else kind()).call, metric)
    if callable(metric):
        metric = losses.get(metric) if isinstance(metric, type) else metric
        return (
            MeanMetricWrapper(metric.call, metric.name)
            if isinstance(metric, losses.Loss)
            else MeanMetricWrapper(metric)
        )
    kind = lookup(metric, NAMES if metric in NAMES else NAMES | losses.NAMES, "metric")
    if kind in (Accuracy, BinaryAccuracy) and getattr(loss, "from_logits", False):
        return kind(name=metric, threshold=0.0)
    return kind(name=metric)
