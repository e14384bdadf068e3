"""Metrics by name, and what holds for all of them on every device."""

import numpy as np
import pytest
import sklearn.metrics as sk
from numpy.testing import assert_allclose

from minigrad import Tensor, losses, metrics
from minigrad.config import to_device
from minigrad.metrics import (
    AUC,
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    ConfusionMatrix,
    F1Score,
    Mean,
    MeanAbsoluteError,
    MeanMetricWrapper,
    MeanSquaredError,
    Metric,
    Precision,
    R2Score,
    Recall,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
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
    own = Precision("macro")
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
        Accuracy,
        SparseCategoricalAccuracy,
        SparseTopKCategoricalAccuracy,
        ConfusionMatrix,
        Precision,
        Recall,
        F1Score,
    ):
        yield cls(), labels, scores
    for cls in (CategoricalAccuracy, TopKCategoricalAccuracy):
        yield cls(), one_hot(labels), scores
    for cls in (BinaryAccuracy, AUC):
        yield cls(), (labels > 1).astype(np.float32)[:, None], scores[:, :1]
    for cls in (MeanSquaredError, RootMeanSquaredError, MeanAbsoluteError, R2Score):
        yield cls(), one_hot(labels), scores
    yield MeanMetricWrapper(losses.mean_squared_error), one_hot(labels), scores


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
        (y.tolist(), Tensor(p, requires_grad=True)),
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
    for wrong in (y[:-1], np.stack([y, y], -1)[None]):
        with pytest.raises(
            ValueError, match=f"{metric.name}.*{str(wrong.shape)[1:-1]}.*{str(p.shape)[1:-1]}"
        ):
            metric.update_state(wrong, p)
    if not isinstance(metric, MeanMetricWrapper):
        with pytest.raises(ValueError, match=f"{metric.name}: sample_weight has shape \\(3,\\)"):
            metric.update_state(y, p, np.ones(3))


def test_no_metric_is_untested():
    classes = {
        cls for cls in vars(metrics).values() if isinstance(cls, type) and issubclass(cls, Metric)
    }
    assert {cls for cls in classes if not cls.__name__.startswith("_")} - {Metric, Mean} == {
        type(case[0]) for case in EVERY
    }
    assert set(metrics.NAMES.values()) <= classes
