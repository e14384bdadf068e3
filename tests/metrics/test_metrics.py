"""Metrics by name, and what holds for all of them on every device."""

import numpy as np
import pytest
import sklearn.metrics as sk
from numpy.testing import assert_allclose

from minigrad import Tensor, losses, metrics, ops
from minigrad.config import to_device
from minigrad.metrics import (
    AUC,
    Accuracy,
    AccuracyByShape,
    BinaryAccuracy,
    ConfusionMatrix,
    F1ByShape,
    F1Score,
    IoU,
    Mean,
    MeanIoU,
    MeanMetricWrapper,
    MeanSquaredError,
    Metric,
    Precision,
    R2Score,
    Recall,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    Sum,
)

from .samples import draw, in_batches, one_hot


def test_names_of_losses_are_metrics():
    labels, scores, _ = draw(1)
    probabilities = (scores + 0.1) / (scores + 0.1).sum(1, keepdims=True)
    metric = metrics.get("sparse_categorical_crossentropy")
    assert metric.name == "sparse_categorical_crossentropy"
    expected = sk.log_loss(labels, probabilities, labels=range(4))
    assert in_batches(metric, labels, probabilities) == pytest.approx(expected, rel=1e-5)
    logits = metrics.get(
        "sparse_categorical_crossentropy",
        loss=losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    assert in_batches(logits, labels, np.log(probabilities)) == pytest.approx(expected, rel=1e-5)
    own = metrics.get(losses.SparseCategoricalCrossentropy())
    assert in_batches(own, labels, probabilities) == pytest.approx(expected, rel=1e-5)


def test_ignored_classes_and_classes_along_an_axis():
    """Ignored elements count as 0, as in Keras."""
    labels, p = np.array([0, 1, -1]), np.array([[0.5, 0.5], [0.75, 0.25], [0.9, 0.1]])
    kind = metrics.SparseCategoricalCrossentropy
    expected = (np.log(2) + np.log(4)) / 3
    assert in_batches(kind(ignore_class=-1), labels, p) == pytest.approx(expected, rel=1e-6)
    turned = kind(ignore_class=-1, axis=1)
    assert turned(labels[:, None], p[..., None]) == pytest.approx(expected, rel=1e-6)


def test_functions_of_losses_are_metrics_too():
    """They stand in Keras's metrics under the same names, and `compile` takes them."""
    shared = {name for name in metrics.__all__ if name in vars(losses) and name.islower()} - {"get"}
    assert {"mean_absolute_error", "binary_crossentropy", "hinge", "huber"} <= shared
    for name in shared:
        assert getattr(metrics, name) is getattr(losses, name)
    metric = metrics.get(metrics.mean_absolute_error)
    assert metric.name == "mean_absolute_error"
    assert metric([0.0, 0.0], np.array([1.0, 3.0])) == 2.0


def test_get():
    for name in (
        "accuracy",
        "acc",
        "mse",
        "mae",
        "rmse",
        "r2",
        "f1",
        "auc",
        "precision",
        "top_k_categorical_accuracy",
    ):
        assert metrics.get(name).name == name  # History shows the name that was asked for
    assert {
        m.name
        for m in (
            Accuracy(),
            F1Score(),
            AUC(),
            R2Score(),
            MeanSquaredError(),
            SparseTopKCategoricalAccuracy(),
        )
    } == {
        "accuracy",
        "f1_score",
        "auc",
        "r2_score",
        "mean_squared_error",
        "sparse_top_k_categorical_accuracy",
    }
    own = Precision(0.3)
    assert metrics.get(own) is own
    assert type(metrics.get(Recall)) is Recall
    with pytest.raises(ValueError, match="unknown metric 'acuracy': did you mean 'accuracy'"):
        metrics.get("acuracy")
    with pytest.raises(ValueError, match="did you mean 'hinge'"):
        metrics.get("hinges")


def test_accuracy_of_logits_means_above_zero():
    loss = losses.BinaryCrossentropy(from_logits=True)
    logits = np.array([-1.0, 0.2, 0.4, 3.0])
    y = np.array([0, 1, 1, 1])
    assert metrics.get("accuracy", loss=loss)(y, logits) == 1.0
    assert metrics.get("binary_accuracy", loss=loss)(y, logits) == 1.0
    assert metrics.get("accuracy", loss=losses.BinaryCrossentropy())(y, logits) == 0.5


def metrics_with_data():
    """(metric, y_true, y_pred) for each class."""
    labels, scores, _ = draw(7, n=11)
    for cls in (
        AccuracyByShape,
        SparseCategoricalAccuracy,
        SparseTopKCategoricalAccuracy,
        SparseCategoricalCrossentropy,
        ConfusionMatrix,
        F1ByShape,
    ):
        yield cls(), labels, scores / scores.sum(-1, keepdims=True)
    for cls in (MeanIoU(4), IoU(4, [0, 1]), Accuracy()):
        yield cls, labels, scores.argmax(1)
    for name in [
        "CategoricalAccuracy",
        "TopKCategoricalAccuracy",
        "CategoricalCrossentropy",
        "CategoricalHinge",
        "KLDivergence",
        "Poisson",
        "Precision",
        "Recall",
        "F1Score",
        "FBetaScore",
        "TruePositives",
        "FalsePositives",
        "TrueNegatives",
        "FalseNegatives",
        "Hinge",
        "SquaredHinge",
        "BinaryCrossentropy",
        "MeanSquaredError",
        "RootMeanSquaredError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "R2Score",
        "LogCoshError",
        "MeanSquaredLogarithmicError",
        "CosineSimilarity",
    ]:
        yield getattr(metrics, name)(), one_hot(labels), scores / 2
    for cls in (BinaryAccuracy, AUC):
        yield cls(), (labels > 1).astype(np.float32)[:, None], scores[:, :1]
    yield MeanMetricWrapper(losses.mean_squared_error), one_hot(labels), scores
    for name in ("PearsonCorrelation", "ConcordanceCorrelation"):
        yield getattr(metrics, name)(), one_hot(labels), scores
    for name in (
        "PrecisionAtRecall",
        "RecallAtPrecision",
        "SensitivityAtSpecificity",
        "SpecificityAtSensitivity",
    ):
        yield getattr(metrics, name)(0.5, num_thresholds=9), one_hot(labels), scores
    yield metrics.OneHotIoU(4, [0, 2]), one_hot(labels), scores
    yield metrics.OneHotMeanIoU(4), one_hot(labels), scores
    yield metrics.BinaryIoU(), one_hot(labels), scores


EVERY = list(metrics_with_data())


@pytest.mark.parametrize("metric, y, p", EVERY, ids=lambda x: getattr(x, "name", ""))
def test_devices_tensors_and_reset(metric, y, p, device):
    metric.reset_state()
    expected = in_batches(metric, y, p)
    metric.reset_state()
    assert_allclose(in_batches(metric, y, p, np.ones(len(y))), expected, rtol=1e-6)
    there = to_device(p, device)
    for truth, prediction in (
        (to_device(y, device), there),
        (y, there),
        (Tensor(y, device=device), Tensor(p, device=device)),
        (y.tolist(), Tensor(p, requires_grad=p.dtype.kind == "f")),
    ):
        metric.reset_state()
        got = in_batches(metric, truth, prediction)
        assert_allclose(got, expected, rtol=1e-6)
        assert isinstance(got, (float, np.ndarray))
    metric.reset_state()
    # host weights beside device arrays
    metric.update_state(to_device(y[:6], device), there[:6], np.ones(6))
    half = metric.result()
    metric.reset_state()
    metric.update_state(y[:6], p[:6])
    assert_allclose(metric.result(), half, rtol=1e-6)


@pytest.mark.parametrize("metric, y, p", EVERY, ids=lambda x: getattr(x, "name", ""))
def test_shapes_that_differ_are_refused(metric, y, p):
    name = "" if isinstance(metric, SparseCategoricalCrossentropy) else metric.name
    for wrong in (y[:-1], np.stack([y, y], -1)[None]):
        with pytest.raises(
            ValueError, match=f"{name}.*{str(wrong.shape)[1:-1]}.*{str(p.shape)[1:-1]}"
        ):
            metric.update_state(wrong, p)
    with pytest.raises(ValueError, match=f"{metric.name}: sample_weight has shape \\(3,\\)"):
        metric.update_state(y, p, np.ones(3))


def test_no_metric_is_untested():
    classes = {
        cls for cls in vars(metrics).values() if isinstance(cls, type) and issubclass(cls, Metric)
    }
    assert {cls for cls in classes if not cls.__name__.startswith("_")} - {Metric, Mean, Sum} == {
        type(case[0]) for case in EVERY
    }
    assert set(metrics.NAMES.values()) <= classes


# ---- what the loss says about the outputs --------------------------------------------------------

LOGITS = np.array([[-2.0], [0.3], [0.4], [3.0], [-0.1]], np.float32)
BITS = np.array([[0], [1], [1], [1], [1]])
PROBABILITIES = 1 / (1 + np.exp(-LOGITS.astype(float)))
OF_PROBABILITIES = [
    "accuracy",
    "acc",
    "binary_accuracy",
    "precision",
    "recall",
    "f1",
    "f1_score",
    "auc",
    "true_positives",
    "false_positives",
    "true_negatives",
    "false_negatives",
    "confusion_matrix",
    "bce",
    "binary_crossentropy",
]


@pytest.mark.parametrize("name", OF_PROBABILITIES)
def test_metrics_by_name_know_logits(name, device):
    there = Tensor(LOGITS, device=device)
    loss = losses.BinaryCrossentropy(from_logits=True)
    expected = metrics.get(name)(BITS, PROBABILITIES)
    assert_allclose(metrics.get(name, loss)(BITS, there), expected, rtol=1e-6)
    if name in metrics.NAMES and "accuracy" not in name:
        given = metrics.get(metrics.NAMES[name], loss)  # a class is a name
        assert_allclose(given(BITS, there), expected, rtol=1e-6)
    own = metrics.Precision()  # an object says itself what it wants
    assert metrics.get(own, loss) is own
    assert own.activation == ""


@pytest.mark.parametrize("loss", [losses.Hinge(), losses.SquaredHinge()])
@pytest.mark.parametrize("name", [n for n in OF_PROBABILITIES if "entropy" not in n and n != "bce"])
@pytest.mark.parametrize(
    "targets", [BITS, 2 * BITS - 1, 2.0 * BITS - 1], ids=["0 1", "-1 1", "float"]
)
def test_metrics_by_name_know_signs(name, loss, targets):
    expected = metrics.get(name)(BITS, PROBABILITIES)
    assert_allclose(metrics.get(name, loss)(targets, LOGITS), expected)


@pytest.mark.parametrize(
    "name",
    [
        "precision",
        "recall",
        "f1",
        "auc",
        "kl_divergence",
        "categorical_crossentropy",
        "accuracy",
        "top_k_categorical_accuracy",
    ],
)
def test_metrics_by_name_know_logits_of_classes(name):
    rng = np.random.default_rng(3)
    logits, y = rng.standard_normal((9, 6)) * 3, np.eye(6)[rng.integers(0, 6, 9)]
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    loss = losses.CategoricalCrossentropy(from_logits=True)
    assert metrics.get(name, loss)(y, logits) == pytest.approx(metrics.get(name)(y, p), rel=1e-5)


def test_outputs_that_are_probabilities_already_stay():
    """A sigmoid under a from_logits loss, which the loss puts right with a warning."""
    loss = losses.BinaryCrossentropy(from_logits=True)
    p = ops.sigmoid(Tensor(LOGITS))
    for name in ("accuracy", "precision", "auc"):
        assert metrics.get(name, loss)(BITS, p) == metrics.get(name)(BITS, PROBABILITIES)


def test_numbers_are_not_made_probabilities():
    loss = losses.BinaryCrossentropy(from_logits=True)
    for name in ("mse", "mae", "r2", "cosine_similarity"):
        assert metrics.get(name, loss)(BITS, LOGITS) == metrics.get(name)(BITS, LOGITS)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "bool", "float16"])
@pytest.mark.parametrize("name", ["mse", "mae", "rmse", "r2", "mape", "msle", "logcosh", "auc"])
def test_small_dtypes(name, dtype):
    y, p = np.array([[1], [0], [1], [0]]), np.array([[1], [1], [0], [0]])
    if dtype in ("uint8", "float16") and name != "auc":
        y, p = y * 250, p * 250
    expected = metrics.get(name)(y.astype(float), p.astype(float))
    assert metrics.get(name)(y.astype(dtype), p.astype(dtype)) == pytest.approx(expected)


def test_long_sums_of_float16():
    y = np.zeros((70_000, 1), np.float16)
    assert metrics.get("mse")(y, np.ones_like(y)) == 1.0
    assert metrics.get("mae")(y, np.full_like(y, 300)) == 300.0


@pytest.mark.parametrize("metric, y, p", EVERY, ids=lambda x: getattr(x, "name", ""))
def test_rows_of_weight_zero_do_not_count(metric, y, p):
    metric.reset_state()
    w = np.arange(11) % 3.0
    got = metric(y, p, w)
    metric.reset_state()
    assert_allclose(metric(y[w > 0], p[w > 0], w[w > 0]), got, rtol=1e-6)
    metric.reset_state()
    assert_allclose(np.nan_to_num(metric(y, p, np.zeros(11))), np.zeros_like(got))
