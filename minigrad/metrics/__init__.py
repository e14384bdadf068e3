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
from ..arguments import explains_arguments
from ..losses import (
    BCE,
    KLD,
    MAE,
    MAPE,
    MSE,
    MSLE,
    bce,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    kld,
    log_cosh,
    mae,
    mape,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    mse,
    msle,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from ..utils.instead import explain_missing
from ..utils.registry import lookup, with_class_names
from ..utils.serialization import deserialize, serialize
from .accuracy import (
    Accuracy,
    AccuracyByShape,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from .auc import AUC
from .base import Mean, MeanMetricWrapper, Metric, Sum
from .classification import (
    BinaryIoU,
    ConfusionMatrix,
    F1ByShape,
    F1Score,
    FalseNegatives,
    FalsePositives,
    FBetaScore,
    IoU,
    MeanIoU,
    OneHotIoU,
    OneHotMeanIoU,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from .correlation import ConcordanceCorrelation, PearsonCorrelation
from .functions import (
    binary_accuracy,
    categorical_accuracy,
    concordance_correlation,
    pearson_correlation,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .operating_points import (
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from .probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from .regression import (
    CosineSimilarity,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    R2Score,
    RootMeanSquaredError,
)

__all__ = [
    "AUC",
    "Accuracy",
    "BCE",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "ConfusionMatrix",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLD",
    "KLDivergence",
    "LogCoshError",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "bce",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "concordance_correlation",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "kld",
    "log_cosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "pearson_correlation",
    "poisson",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]

__getattr__ = explain_missing("metrics", __all__)

NAMES: dict[str, Callable[..., Metric]] = with_class_names(
    {
        "binary_accuracy": BinaryAccuracy,
        "categorical_accuracy": CategoricalAccuracy,
        "sparse_categorical_accuracy": SparseCategoricalAccuracy,
        "top_k_categorical_accuracy": TopKCategoricalAccuracy,
        "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
        "precision": Precision,
        "recall": Recall,
        "true_positives": TruePositives,
        "false_positives": FalsePositives,
        "true_negatives": TrueNegatives,
        "false_negatives": FalseNegatives,
        "auc": AUC,
        "fbeta_score": FBetaScore,
        "confusion_matrix": ConfusionMatrix,
        "mean_squared_error": MeanSquaredError,
        "mse": MeanSquaredError,
        "MSE": MeanSquaredError,
        "root_mean_squared_error": RootMeanSquaredError,
        "rmse": RootMeanSquaredError,
        "mean_absolute_error": MeanAbsoluteError,
        "mae": MeanAbsoluteError,
        "MAE": MeanAbsoluteError,
        "mean_absolute_percentage_error": MeanAbsolutePercentageError,
        "mape": MeanAbsolutePercentageError,
        "MAPE": MeanAbsolutePercentageError,
        "mean_squared_logarithmic_error": MeanSquaredLogarithmicError,
        "msle": MeanSquaredLogarithmicError,
        "MSLE": MeanSquaredLogarithmicError,
        "cosine_similarity": CosineSimilarity,
        "log_cosh_error": LogCoshError,
        "logcosh": LogCoshError,
        "r2_score": R2Score,
        "r2": R2Score,
        "binary_crossentropy": BinaryCrossentropy,
        "bce": BinaryCrossentropy,
        "BCE": BinaryCrossentropy,
        "categorical_crossentropy": CategoricalCrossentropy,
        "sparse_categorical_crossentropy": SparseCategoricalCrossentropy,
        "kl_divergence": KLDivergence,
        "kld": KLDivergence,
        "KLD": KLDivergence,
        "poisson": Poisson,
        "hinge": Hinge,
        "squared_hinge": SquaredHinge,
        "categorical_hinge": CategoricalHinge,
        "pearson_correlation": PearsonCorrelation,
        "concordance_correlation": ConcordanceCorrelation,
        "binary_io_u": BinaryIoU,
        "f_beta_score": FBetaScore,
        "log_cosh": LogCoshError,
        "mean": Mean,
        "sum": Sum,
    }
) | {  # names that stand for what shapes and loss call for
    "accuracy": AccuracyByShape,
    "acc": AccuracyByShape,
    "Accuracy": AccuracyByShape,
    "f1": F1ByShape,
    "f1_score": F1ByShape,
}


@explains_arguments
def get(metric: Any, loss: Any = None) -> Metric:
    """The metric that `metric` stands for.

    Args:
        metric: A name of a metric or a loss, which becomes the metric's own name as in Keras; a
            Metric or its class; a Loss; or a function (y_true, y_pred), which is averaged.
        loss: The loss that the model is trained with. If it expects logits, or scores whose sign
            counts, metrics by name or class that read probabilities are given them.

    Raises:
        ValueError: If the name is unknown; the error suggests the nearest one.

    Example:
        >>> get("mae")([0.0, 0.0], np.array([1.0, 3.0]))
        2.0
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, type) and issubclass(metric, Metric):
        return _fit_to_loss(metric(), loss)
    if isinstance(metric, str):
        return _from_name(metric, loss)
    if isinstance(metric, dict):
        return get(deserialize(metric), loss)
    if not callable(metric):
        lookup(metric, NAMES, "metric")  # raises
    if isinstance(metric, (losses.Loss, type)):
        own = losses.get(metric)
        return MeanMetricWrapper(own.call, own.name)
    return MeanMetricWrapper(metric)


def _from_name(name: str, loss: Any) -> Metric:
    """The metric or the loss of this name."""
    kind = lookup(name, NAMES if name in NAMES else NAMES | losses.NAMES, "metric")
    if issubclass(kind, losses.Loss):
        return MeanMetricWrapper(kind().call, name)
    return _fit_to_loss(kind(name=name), loss)


def _fit_to_loss(metric: Metric, loss: Any) -> Metric:
    """The metric, told what makes probabilities of the outputs that the loss expects."""
    activation = getattr(loss, "output_activation", "")
    if activation and metric.reads_probabilities:
        metric.activation = activation
    if activation in LOGITS_OF and isinstance(metric, LOGITS_OF[activation]):
        return type(metric)(name=metric.name, from_logits=True)
    return metric


LOGITS_OF: dict[str, Any] = {  # metrics that compute from logits what would be lost in rounding
    "sigmoid": BinaryCrossentropy,
    "softmax": (CategoricalCrossentropy, SparseCategoricalCrossentropy),
}
