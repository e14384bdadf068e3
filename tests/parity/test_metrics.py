"""Metrics and losses have Keras's values, over batches, with its settings and its weights."""

# ruff: noqa: E402 - keras may be missing

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")

from minigrad import losses, metrics

pytestmark = pytest.mark.parity

N, C = 23, 4
rng = np.random.default_rng(0)


def uniform(*shape):
    return rng.random(shape).astype("float32")


LABELS = rng.integers(0, C, N)
ONE_HOT = np.eye(C, dtype="float32")[LABELS]
MANY = rng.integers(0, 2, (N, C)).astype("float32")
SCORES, SCORE, REAL = uniform(N, C), uniform(N, 1), 4 * uniform(N, C) - 2
LOGITS = 6 * uniform(N, C) - 3
SHARES = SCORES / SCORES.sum(-1, keepdims=True)
CLASSES = rng.integers(0, C, N)
RANKS = np.argsort(-SCORES, axis=1)
WEIGHT = uniform(N)
WEIGHTS = {"equal": None, "weighted": WEIGHT, "zeros": np.where(np.arange(N) % 2, WEIGHT, 0)}

BINARY = [(MANY, SCORES), (ONE_HOT, SCORES), (MANY[:, :1], SCORE), (MANY[:, 0], SCORE[:, 0])]
ROWS = BINARY[:3]
NUMBERS = [(REAL, LOGITS), (REAL[:, :1], LOGITS[:, :1])]
AVERAGED = [
    {"average": average, "threshold": threshold}
    for average in (None, "micro", "macro", "weighted")
    for threshold in (None, 0.5)
]
DECIDED = [{}, {"thresholds": 0.3}, {"thresholds": [0.2, 0.5, 0.8]}, {"thresholds": 0}]
TOP = [{"top_k": 2}, {"class_id": 1}, {"top_k": 2, "class_id": 0}, {"top_k": 1, "thresholds": 0.4}]
METRICS = [  # name, settings, pairs of targets and predictions
    ("Accuracy", [{}], [(LABELS, CLASSES), (MANY, MANY[::-1])]),
    ("BinaryAccuracy", [{}, {"threshold": 0.3}], BINARY),
    ("CategoricalAccuracy", [{}], [(ONE_HOT, SCORES)]),
    ("SparseCategoricalAccuracy", [{}], [(LABELS, SCORES), (LABELS[:, None] * 1.0, SCORES)]),
    ("TopKCategoricalAccuracy", [{"k": 1}, {"k": 3}], [(ONE_HOT, SCORES)]),
    ("SparseTopKCategoricalAccuracy", [{"k": 1}, {"k": 3}], [(LABELS, SCORES)]),
    ("Precision", DECIDED, BINARY),
    ("Recall", DECIDED, BINARY),
    ("Precision", TOP, BINARY[:2]),
    ("Recall", TOP, BINARY[:2]),
    ("TruePositives", DECIDED, BINARY),
    ("FalsePositives", DECIDED, BINARY),
    ("TrueNegatives", DECIDED, BINARY),
    ("FalseNegatives", DECIDED, BINARY),
    ("F1Score", AVERAGED, ROWS),
    ("FBetaScore", [{"beta": 2.0, **settings} for settings in AVERAGED], ROWS),
    ("MeanSquaredError", [{}], NUMBERS),
    ("RootMeanSquaredError", [{}], NUMBERS),
    ("MeanAbsoluteError", [{}], NUMBERS),
    ("MeanAbsolutePercentageError", [{}], NUMBERS),
    ("MeanSquaredLogarithmicError", [{}], [(SCORES, LOGITS)]),
    ("LogCoshError", [{}], NUMBERS),
    ("CosineSimilarity", [{}], NUMBERS[:1]),
    (
        "R2Score",
        [
            {},
            {"class_aggregation": None},
            {"class_aggregation": "variance_weighted_average"},
            {"num_regressors": 3},
        ],
        NUMBERS,
    ),
    ("BinaryCrossentropy", [{}, {"label_smoothing": 0.1}], BINARY[:2]),
    ("BinaryCrossentropy", [{"from_logits": True}], [(MANY, LOGITS)]),
    ("CategoricalCrossentropy", [{}, {"label_smoothing": 0.1}], [(ONE_HOT, SHARES)]),
    ("CategoricalCrossentropy", [{"from_logits": True}], [(ONE_HOT, LOGITS)]),
    ("SparseCategoricalCrossentropy", [{}], [(LABELS, SHARES)]),
    ("SparseCategoricalCrossentropy", [{"from_logits": True}], [(LABELS, LOGITS)]),
    ("KLDivergence", [{}], [(SHARES, SHARES[::-1])]),
    ("Poisson", [{}], [(SCORES, SCORES[::-1])]),
    ("Hinge", [{}], [(MANY, LOGITS), (2 * MANY - 1, LOGITS)]),
    ("SquaredHinge", [{}], [(MANY, LOGITS), (2 * MANY - 1, LOGITS)]),
    ("CategoricalHinge", [{}], [(ONE_HOT, LOGITS)]),
    ("PearsonCorrelation", [{}], [(REAL, LOGITS)]),
    ("ConcordanceCorrelation", [{}], [(REAL, LOGITS)]),
    ("SparseTopKCategoricalAccuracy", [{"k": 2, "from_sorted_ids": True}], [(LABELS, RANKS)]),
    *(
        (
            name,
            [{bound: v, "num_thresholds": n} for v in (0.2, 0.7) for n in (1, 5, 200)],
            BINARY[2:],
        )
        for name, bound in {
            "PrecisionAtRecall": "recall",
            "RecallAtPrecision": "precision",
            "SensitivityAtSpecificity": "specificity",
            "SpecificityAtSensitivity": "sensitivity",
        }.items()
    ),
]
CASES = [
    (n, settings, *pair) for n, several, pairs in METRICS for settings in several for pair in pairs
]
AREAS = [
    ({"num_thresholds": 200}, {}),
    ({"num_thresholds": 20}, {"num_thresholds": 20}),
    ({"thresholds": [0.3, 0.6]}, {"thresholds": [0.3, 0.6]}),
    ({}, {"num_thresholds": 20_000}),
]


def updated(metric, t, p, w):
    """The metric after three uneven batches."""
    for start, stop in ((0, 5), (5, 12), (12, N)):
        weight = None if w is None else w[start:stop]
        metric.update_state(t[start:stop], p[start:stop], sample_weight=weight)
    return metric


def close(ours, theirs, tolerance=2e-5):
    theirs = keras.ops.convert_to_numpy(theirs)
    assert np.shape(ours) == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("w", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize(
    "name, settings, t, p", CASES, ids=lambda x: str(x) if not hasattr(x, "ndim") else str(x.shape)
)
def test_classes(name, settings, t, p, w):
    ours = updated(getattr(metrics, name)(**settings), t, p, w)
    theirs = updated(getattr(keras.metrics, name)(**settings), t, p, w)
    close(ours.result(), theirs.result(), 1e-4 if "Percentage" in name else 2e-5)


@pytest.mark.parametrize("w", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("curve", ["ROC", "PR"])
@pytest.mark.parametrize("ours, theirs", AREAS, ids=str)
def test_areas(ours, theirs, curve, w):
    for t, p in BINARY:
        found = updated(metrics.AUC(curve=curve, **ours), t, p, w).result()
        close(found, updated(keras.metrics.AUC(curve=curve, **theirs), t, p, w).result(), 1e-4)


def test_areas_of_labels_with_weights():
    for many in (True, False):
        options = {"multi_label": many, "label_weights": [1.0, 2.0, 0.5, 3.0], "num_thresholds": 50}
        ours = updated(metrics.AUC(**options), MANY, SCORES, WEIGHT).result()
        if many:
            options["num_labels"] = C
        close(ours, updated(keras.metrics.AUC(**options), MANY, SCORES, WEIGHT).result(), 1e-4)


def test_functions():
    for name, settings, t, p in [
        ("binary_accuracy", {"threshold": 0.3}, MANY, SCORES),
        ("categorical_accuracy", {}, ONE_HOT, SCORES),
        ("sparse_categorical_accuracy", {}, LABELS, SCORES),
        ("top_k_categorical_accuracy", {"k": 2}, ONE_HOT, SCORES),
        ("sparse_top_k_categorical_accuracy", {"k": 2}, LABELS, SCORES),
        ("pearson_correlation", {"axis": 0}, REAL, LOGITS),
        ("concordance_correlation", {}, REAL, LOGITS),
    ]:
        ours = getattr(metrics, name)(t, p, **settings).numpy()
        close(ours, getattr(keras.metrics, name)(t, p, **settings))


def test_overlaps_of_rows_and_of_decisions():
    """With whole weights: Keras's matrix of counts cuts fractions off."""
    weights = np.arange(N) % 3 + 1
    for name, settings, t, p in [
        ("OneHotIoU", {"num_classes": C, "target_class_ids": [0, 2]}, ONE_HOT, SCORES),
        ("OneHotMeanIoU", {"num_classes": C}, ONE_HOT, SCORES),
        ("OneHotMeanIoU", {"num_classes": C, "ignore_class": 1}, ONE_HOT, SCORES),
        ("BinaryIoU", {}, MANY[:, 0], SCORE[:, 0]),
        ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3}, MANY[:, 0], SCORE[:, 0]),
    ]:
        for w in (None, weights):
            ours = updated(getattr(metrics, name)(**settings), t, p, w)
            close(
                ours.result(), updated(getattr(keras.metrics, name)(**settings), t, p, w).result()
            )


def test_overlaps():
    for settings in ({}, {"ignore_class": 1}):
        ours = updated(metrics.MeanIoU(C + 1, **settings), LABELS, CLASSES, None)
        theirs = updated(keras.metrics.MeanIoU(C + 1, **settings), LABELS, CLASSES, None)
        close(ours.result(), theirs.result())
    ours = updated(metrics.IoU(C, [0, 2]), LABELS, CLASSES, None)
    close(ours.result(), updated(keras.metrics.IoU(C, [0, 2]), LABELS, CLASSES, None).result())


@pytest.mark.parametrize("name", ["accuracy", "acc"])
@pytest.mark.parametrize(
    "t, p",
    [(LABELS, SCORES), (LABELS[:, None], SCORES), (ONE_HOT, SCORES), (MANY[:, :1], SCORE)],
    ids=["sparse", "column", "categorical", "binary"],
)
def test_accuracy_by_name(name, t, p):
    from keras.src.trainers.compile_utils import get_metric

    theirs = get_metric(name, t, p)
    close(updated(metrics.get(name), t, p, WEIGHT).result(), updated(theirs, t, p, WEIGHT).result())


LOSSES = [
    ("MeanAbsolutePercentageError", {}, REAL, LOGITS),
    ("MeanSquaredLogarithmicError", {}, SCORES, LOGITS),
    ("Huber", {"delta": 0.3}, REAL, LOGITS),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, MANY, LOGITS),
    ("SparseCategoricalCrossentropy", {}, LABELS[:, None] * 1.0, SCORES),
    ("BinaryFocalCrossentropy", {}, MANY, SCORES),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.7}, MANY, SCORES),
    ("BinaryFocalCrossentropy", {"from_logits": True, "gamma": 1.5}, MANY, LOGITS),
    ("CategoricalFocalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, SCORES),
    ("CategoricalFocalCrossentropy", {"from_logits": True}, ONE_HOT, LOGITS),
]


@pytest.mark.parametrize("w", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "sum", None, "mean_with_sample_weight"]
)
@pytest.mark.parametrize(
    "name, settings, t, p", LOSSES, ids=lambda x: str(x) if not hasattr(x, "ndim") else ""
)
def test_losses(name, settings, t, p, reduction, w):
    ours = getattr(losses, name)(reduction=reduction, **settings)(t, p, w)
    theirs = getattr(keras.losses, name)(reduction=reduction, **settings)(t, p, w)
    close(ours.numpy(), theirs, 1e-4)
