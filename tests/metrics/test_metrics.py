"""Metrics against scikit-learn over drawn data, cut into uneven batches, on every device."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

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

drawn = settings(max_examples=30, deadline=None)
seeds = st.integers(0, 2**32 - 1)


def in_batches(metric, y_true, y_pred, weight=None, cuts=(1, 4, 5)):
    """The metric over uneven batches: rows 0, 1..3, 4, and the rest."""
    for start, stop in zip((0, *cuts), (*cuts, len(y_pred)), strict=True):
        if start < stop:
            metric.update_state(
                y_true[start:stop],
                y_pred[start:stop],
                None if weight is None else weight[start:stop],
            )
    return metric.result()


def draw(seed, n=None, classes=4):
    """Labels, scores (with ties) and weights."""
    rng = np.random.default_rng(seed)
    n = n or int(rng.integers(6, 40))
    scores = (
        rng.integers(0, 9, (n, classes)) / 8 + rng.integers(0, 2) * rng.random((n, classes)) * 1e-3
    )
    return rng.integers(0, classes, n), scores.astype(np.float32), rng.integers(0, 4, n) / 2 + 0.5


def one_hot(labels, classes=4):
    return np.eye(classes, dtype=np.float32)[labels]


# ---- accuracy ------------------------------------------------------------------------------------------------------


@drawn
@given(seeds, st.booleans())
def test_accuracies(seed, weighted):
    labels, scores, w = draw(seed)
    w = w if weighted else None
    expected = sk.accuracy_score(labels, scores.argmax(1), sample_weight=w)
    assert in_batches(SparseCategoricalAccuracy(), labels, scores, w) == pytest.approx(expected)
    assert in_batches(SparseCategoricalAccuracy(), labels[:, None], scores, w) == pytest.approx(
        expected
    )
    assert in_batches(CategoricalAccuracy(), one_hot(labels), scores, w) == pytest.approx(expected)
    for y in (labels, labels[:, None], one_hot(labels)):
        assert in_batches(Accuracy(), y, scores, w) == pytest.approx(expected)
    binary = sk.accuracy_score(labels > 1, scores[:, 0] > 0.5, sample_weight=w)
    for y, p in (
        (labels > 1, scores[:, 0]),
        ((labels > 1)[:, None], scores[:, 0]),
        (labels > 1, scores[:, :1]),
    ):
        assert in_batches(BinaryAccuracy(), y, p, w) == pytest.approx(binary)
        assert in_batches(Accuracy(), y, p, w) == pytest.approx(binary)
    low = BinaryAccuracy(threshold=0.2)
    assert in_batches(low, labels > 1, scores[:, 0]) == pytest.approx(
        ((scores[:, 0] > 0.2) == (labels > 1)).mean()
    )


@drawn
@given(seeds, st.integers(1, 5))
def test_top_k(seed, k):
    rng = np.random.default_rng(seed)
    labels, scores = (
        rng.integers(0, 5, 23),
        rng.permuted(np.tile(np.arange(5) / 5, (23, 1)), axis=1).astype(np.float32),
    )
    expected = sk.top_k_accuracy_score(labels, scores, k=k, labels=range(5)) if k < 5 else 1.0
    assert in_batches(SparseTopKCategoricalAccuracy(k), labels, scores) == pytest.approx(expected)
    assert in_batches(TopKCategoricalAccuracy(k), one_hot(labels, 5), scores) == pytest.approx(
        expected
    )


def test_top_k_with_ties_and_nan():
    scores = np.array([[0.3, 0.3, 0.3, 0.1], [np.nan, 0.5, 0.5, 0.0]], np.float32)
    assert (
        SparseTopKCategoricalAccuracy(1)([2, 1], scores) == 0.5
    )  # tied for the first place; NaN stands above
    assert SparseTopKCategoricalAccuracy(2)([2, 0], scores) == 0.5  # a NaN score is no answer
    with pytest.raises(ValueError, match="labels from 0 to 4 do not fit 4 classes"):
        SparseTopKCategoricalAccuracy(1)([4, 0], scores)
    with pytest.raises(ValueError, match="labels from -1 to 0 do not fit"):
        SparseTopKCategoricalAccuracy(1)([-1, 0], scores)


def test_sequences():
    """Scores (N, T, C): every step counts, and weights are of samples or of steps."""
    labels, scores, w = draw(0, n=12)
    hits = (scores.argmax(1) == labels).reshape(3, 4)
    labels, scores, steps = labels.reshape(3, 4), scores.reshape(3, 4, 4), w.reshape(3, 4)
    assert SparseCategoricalAccuracy()(labels, scores) == pytest.approx(hits.mean())
    assert SparseCategoricalAccuracy()(labels, scores, w[:3]) == pytest.approx(
        np.average(hits.mean(1), weights=w[:3])
    )
    assert SparseCategoricalAccuracy()(labels, scores, steps) == pytest.approx(
        np.average(hits, weights=steps)
    )


# ---- regression ----------------------------------------------------------------------------------------------------


@drawn
@given(seeds, st.sampled_from([(), (1,), (3,)]), st.booleans())
def test_regression(seed, tail, weighted):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 40))
    y = rng.standard_normal((n, *tail)) * 3 + 5
    p = y + rng.standard_normal((n, *tail))
    w = rng.random(n) + 0.1 if weighted else None
    for metric, expected in (
        (MeanSquaredError(), sk.mean_squared_error),
        (MeanAbsoluteError(), sk.mean_absolute_error),
        (R2Score(), sk.r2_score),
    ):
        assert in_batches(metric, y, p, w) == pytest.approx(
            expected(y, p, sample_weight=w), rel=1e-9
        )
    root = sk.mean_squared_error(y, p, sample_weight=w) ** 0.5
    assert in_batches(RootMeanSquaredError(), y, p, w) == pytest.approx(root, rel=1e-9)


def test_one_axis_of_one_is_no_broadcast():
    """(N, 1) beside (N,) would broadcast to (N, N): a wrong number, silently."""
    y, p = np.arange(6.0), np.arange(6.0) ** 2 / 5
    for metric, expected in (
        (MeanSquaredError(), sk.mean_squared_error(y, p)),
        (R2Score(), sk.r2_score(y, p)),
        (MeanAbsoluteError(), sk.mean_absolute_error(y, p)),
    ):
        for pair in ((y[:, None], p), (y, p[:, None])):
            metric.reset_state()
            assert metric(*pair) == pytest.approx(expected)
            assert metric(*pair, np.ones((6, 1))) == pytest.approx(expected)


def test_r2_far_from_zero_and_without_spread():
    rng = np.random.default_rng(0)
    y = 1e8 + rng.standard_normal(50)  # a square of sums would cancel
    p = y + 0.3 * rng.standard_normal(50)
    assert in_batches(R2Score(), y, p) == pytest.approx(sk.r2_score(y, p), rel=1e-6)
    assert R2Score()([2.0, 2.0], [2.0, 2.0]) == sk.r2_score([2, 2], [2, 2]) == 1.0
    assert R2Score()([2.0, 2.0], [2.0, 3.0]) == sk.r2_score([2, 2], [2, 3]) == 0.0
    assert R2Score().result() == 0.0
    constant = (
        np.array([[1.0, 0.0], [1.0, 2.0], [1.0, 4.0]]),
        np.array([[1.0, 0.5], [1.0, 2.0], [1.5, 4.0]]),
    )
    assert R2Score()(*constant) == pytest.approx(sk.r2_score(*constant))


def test_unsigned_integers_do_not_wrap():
    y, p = np.array([1, 200], np.uint8), np.array([3, 100], np.uint8)
    assert MeanAbsoluteError()(y, p) == 51.0
    assert MeanSquaredError()(y, p) == (4 + 10_000) / 2


def test_sums_are_kept_in_float64():
    """A float32 sum stands still at 2**24: 20 million samples would count as 16.8."""
    metric = MeanAbsoluteError()
    y, p = np.zeros(2_000_000, np.float32), np.ones(2_000_000, np.float32)
    for _ in range(10):
        metric.update_state(y, p)
    assert metric.result() == 1.0
    mean = Mean()
    mean.update_state(np.float32(2**24))
    mean.update_state(np.float32(1))
    assert mean.result() == (2**24 + 1) / 2
    batch = MeanMetricWrapper(lambda t, q: q.mean())
    for value in (2.0**24, 1.0):
        batch.update_state(y[:1], np.full(1, value, np.float32))
    assert batch.result() == (2**24 + 1) / 2


# ---- counting classes ----------------------------------------------------------------------------------------------

SCORES = [(Precision, sk.precision_score), (Recall, sk.recall_score), (F1Score, sk.f1_score)]


@drawn
@given(seeds, st.sampled_from([None, "micro", "macro", "weighted"]), st.booleans())
def test_precision_recall_f1_of_classes(seed, average, weighted):
    labels, scores, w = draw(seed)
    w, taken = w if weighted else None, scores.argmax(1)
    for cls, expected in SCORES:
        seen = range(4) if average is None else None
        every = expected(
            labels, taken, average=average, sample_weight=w, zero_division=0, labels=seen
        )
        for y, p in ((labels, scores), (labels[:, None], scores), (one_hot(labels), scores)):
            np.testing.assert_allclose(in_batches(cls(average), y, p, w), every)
        integers = cls(average, num_classes=4)
        np.testing.assert_allclose(in_batches(integers, labels, taken, w), every)
        if average == "macro":
            assert in_batches(cls(), labels, scores, w) == pytest.approx(
                every
            )  # what "auto" is for classes


@drawn
@given(seeds, st.booleans())
def test_precision_recall_f1_of_two(seed, weighted):
    labels, scores, w = draw(seed)
    w, y, p = w if weighted else None, labels > 1, scores[:, 0]
    for cls, expected in SCORES:
        one = expected(y, p > 0.5, sample_weight=w, zero_division=0)
        for truth, prediction in (
            (y, p),
            (y[:, None], p[:, None]),
            (y.astype(np.float32), p),
            (y, p > 0.5),
            (y, p[:, None]),
        ):
            assert in_batches(cls(), truth, prediction, w) == pytest.approx(one)
        assert in_batches(cls(threshold=0.2), y, p, w) == pytest.approx(
            expected(y, p > 0.2, sample_weight=w, zero_division=0)
        )
        assert in_batches(cls(), y.astype(int), np.stack([1 - p, p + 1e-6], 1), w) == pytest.approx(
            expected(y, p + 1e-6 > 1 - p, sample_weight=w, zero_division=0)
        )


@drawn
@given(seeds, st.sampled_from([None, "true", "pred"]))
def test_confusion_matrix(seed, normalize):
    labels, scores, w = draw(seed)
    expected = sk.confusion_matrix(
        labels, scores.argmax(1), labels=range(4), normalize=normalize, sample_weight=w
    )
    np.testing.assert_allclose(
        in_batches(ConfusionMatrix(normalize=normalize), labels, scores, w), expected
    )


def test_confusion_matrix_grows_with_the_labels():
    metric = ConfusionMatrix()
    assert metric.result().shape == (0, 0)
    metric.update_state([0, 1], [1, 1])
    assert metric.result().shape == (2, 2)
    metric.update_state([3, 0], [0, 0])
    metric.update_state([1], [0])
    np.testing.assert_array_equal(
        metric.result(), sk.confusion_matrix([0, 1, 3, 0, 1], [1, 1, 0, 0, 0], labels=range(4))
    )


@pytest.mark.parametrize(
    "y_true, y_pred, options, message",
    [
        ([0, 4], np.eye(4, dtype=np.float32)[:2], {}, "labels from 0 to 4 do not fit 4 classes"),
        ([0, -1], np.eye(4, dtype=np.float32)[:2], {}, "labels from -1 to 0"),
        ([0, 2], np.array([0.2, 0.8]), {}, "labels from 0 to 2 do not fit 2 classes"),
        ([0, 1], [0, 3], {"num_classes": 3}, "predictions from 0 to 3 do not fit 3 classes"),
        ([0.2, 0.8], [0, 1], {}, "whole labels, not fractions"),
        ([0, 1, 1], np.eye(4, dtype=np.float32)[:2], {}, r"\(3,\), y_pred \(2, 4\)"),
        ([0, 1, 1], [0, 1], {}, r"\(3,\), y_pred \(2,\)"),
    ],
)
def test_confusion_refuses(y_true, y_pred, options, message, xp):
    metric = ConfusionMatrix(**options)
    metric.update_state([1, 0], [1, 1])
    before = metric.result().copy()
    with pytest.raises(ValueError, match=message):
        metric.update_state(np.asarray(y_true), xp.asarray(y_pred))
    np.testing.assert_array_equal(metric.result(), before)


def test_macro_leaves_out_what_was_never_there():
    """Of ten classes a small set shows four: the other six have no score to average."""
    labels, taken = [0, 1, 1, 7], [0, 1, 7, 3]
    for cls, expected in SCORES:
        every = expected(labels, taken, average="macro", zero_division=0)
        assert cls("macro")(labels, one_hot(taken, 10)) == pytest.approx(every)


def test_averages_are_checked():
    with pytest.raises(ValueError, match="did you mean 'macro'"):
        F1Score("marco")
    with pytest.raises(ValueError, match="'binary' with 4 classes"):
        Precision("binary")([0, 3], np.eye(4)[:2])
    assert Precision().result() == Recall().result() == F1Score().result() == 0.0


# ---- ranking -------------------------------------------------------------------------------------------------------


@drawn
@given(seeds, st.booleans())
def test_auc(seed, weighted):
    labels, scores, w = draw(seed)
    y, p, w = (labels > 1).astype(int), scores[:, 0], w if weighted else None
    y[:2] = 0, 1
    assert in_batches(AUC(), y, p, w) == pytest.approx(sk.roc_auc_score(y, p, sample_weight=w))
    assert in_batches(AUC(), y[:, None], p, w) == pytest.approx(
        sk.roc_auc_score(y, p, sample_weight=w)
    )
    assert in_batches(AUC("PR"), y, p, w) == pytest.approx(
        sk.average_precision_score(y, p, sample_weight=w)
    )


def test_auc_counts_pairs():
    assert AUC()([0, 1], [0.1, 0.9]) == 1.0
    assert AUC()([0, 1], [0.9, 0.1]) == 0.0
    assert AUC()([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]) == 0.5
    assert AUC()([0, 1, 1], [0.5, 0.5, 0.7]) == 0.75  # one tie of two pairs
    assert (
        np.isnan(AUC().result())
        and np.isnan(AUC()([1, 1], [0.2, 0.3]))
        and np.isnan(AUC()([0, 1], [np.nan, 0.3]))
    )
    with pytest.raises(ValueError, match="0 and 1"):
        AUC()([0, 2], [0.1, 0.9])
    with pytest.raises(ValueError, match="curve"):
        AUC("RCO")


def test_auc_keeps_its_own_copy():
    metric, buffer = AUC(), np.array([0.1, 0.9])
    metric.update_state([0, 1], buffer)
    buffer[:] = 0.5
    assert metric.result() == 1.0


# ---- means, functions, names ---------------------------------------------------------------------------------------


def test_mean():
    mean = Mean("loss")
    assert mean.result() == 0.0
    mean.update_state(2.0, 30)
    mean.update_state(Tensor(5.0), 10)
    assert mean.result() == 2.75 and mean.name == "loss"
    mean.reset_state()
    assert mean([1.0, 2.0, 6.0]) == 3.0
    assert (
        mean(np.array([[1.0, 3.0], [5.0, 7.0]]), [1, 0]) == 2.75
    )  # 9 of 3, then the row of mean 2 once


def test_functions_are_averaged_by_rows():
    y, p = np.arange(10.0), np.arange(10.0) * 1.3
    of_a_batch = MeanMetricWrapper(
        lambda t, q: np.mean((t - q) ** 2), "mine"
    )  # one number a batch: weighed by its rows
    of_samples = metrics.get(losses.mean_squared_error)
    assert in_batches(of_a_batch, y, p) == pytest.approx(sk.mean_squared_error(y, p))
    assert in_batches(of_samples, y[:, None], p[:, None]) == pytest.approx(
        sk.mean_squared_error(y, p), rel=1e-6
    )
    w = np.arange(10.0)
    of_samples.reset_state()
    expected = sk.mean_squared_error(y, p, sample_weight=w)
    assert in_batches(of_samples, y[:, None], p[:, None], w) == pytest.approx(expected, rel=1e-6)
    assert of_a_batch.name == "mine" and of_samples.name == "mean_squared_error"
    with pytest.raises(ValueError, match="cannot weigh its samples"):
        of_a_batch.update_state(y, p, w)


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
    assert metrics.get(own) is own and type(metrics.get(Recall)) is Recall
    with pytest.raises(ValueError, match="unknown metric 'acuracy': did you mean 'accuracy'"):
        metrics.get("acuracy")
    with pytest.raises(ValueError, match="did you mean 'hinge'"):
        metrics.get("hinges")


def test_accuracy_of_logits_means_above_zero():
    loss = losses.BinaryCrossentropy(from_logits=True)
    logits, y = np.array([-1.0, 0.2, 0.4, 3.0]), np.array([0, 1, 1, 1])
    assert metrics.get("accuracy", loss=loss)(y, logits) == 1.0
    assert metrics.get("binary_accuracy", loss=loss)(y, logits) == 1.0
    assert metrics.get("accuracy", loss=losses.BinaryCrossentropy())(y, logits) == 0.5


# ---- what holds for all --------------------------------------------------------------------------------------------


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
    np.testing.assert_allclose(in_batches(metric, y, p, np.ones(len(y))), expected, rtol=1e-6)
    there = to_device(p, device)
    for truth, prediction in (
        (to_device(y, device), there),
        (y, there),
        (Tensor(y, device=device), Tensor(p, device=device)),
        (y.tolist(), Tensor(p, requires_grad=True)),
    ):
        metric.reset_state()
        got = in_batches(metric, truth, prediction)
        np.testing.assert_allclose(got, expected, rtol=1e-6)
        assert isinstance(got, (float, np.ndarray))
    metric.reset_state()
    metric.update_state(
        to_device(y[:6], device), there[:6], np.ones(6)
    )  # host weights beside device arrays
    half = metric.result()
    metric.reset_state()
    metric.update_state(y[:6], p[:6])
    np.testing.assert_allclose(metric.result(), half, rtol=1e-6)


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
