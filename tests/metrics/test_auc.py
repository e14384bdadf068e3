"""The area under both curves against scikit-learn."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from minigrad.metrics import AUC

from .samples import draw, drawn, in_batches, seeds


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


def test_auc_counts_pairs():
    assert AUC()([0, 1], [0.1, 0.9]) == 1.0
    assert AUC()([0, 1], [0.9, 0.1]) == 0.0
    assert AUC()([0, 1, 0, 1], [0.5, 0.5, 0.5, 0.5]) == 0.5
    assert AUC()([0, 1, 1], [0.5, 0.5, 0.7]) == 0.75  # one tie of two pairs
    assert np.isnan(AUC().result())
    assert np.isnan(AUC()([1, 1], [0.2, 0.3]))
    assert np.isnan(AUC()([0, 1], [np.nan, 0.3]))
    with pytest.raises(ValueError, match="0 and 1"):
        AUC()([0, 2], [0.1, 0.9])
    with pytest.raises(ValueError, match="curve"):
        AUC(curve="RCO")
    for settings in ({"num_thresholds": 1}, {"thresholds": [0.5, 1.5]}):
        with pytest.raises(ValueError, match="threshold.* of AUC must be"):
            AUC(**settings)


def test_auc_keeps_its_own_copy():
    metric = AUC()
    buffer = np.array([0.1, 0.9])
    metric.update_state([0, 1], buffer)
    buffer[:] = 0.5
    assert metric.result() == 1.0


def test_precision_over_recall_between_thresholds():
    """Davis & Goadrich 2006: true and false positives grow evenly from one threshold to the next."""
    y = np.array([1, 0, 1, 1, 0, 0])
    p = np.array([0.9, 0.7, 0.7, 0.4, 0.4, 0.1])
    steps = np.linspace(0, 1, 200_001)[1:]  # of the way from one threshold to the next
    area = 1 / 3 + sum(
        np.mean((tp + steps) / (tp + fp + 2 * steps)) / 3 for tp, fp in ((1, 0), (2, 1))
    )
    assert AUC(curve="PR")(y, p) == pytest.approx(area, abs=1e-5)
    assert AUC(curve="pr")(y, p) == AUC(curve="PR")(y, p)
    assert AUC(curve="PR")([1, 0], [0.9, 0.1]) == 1.0


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int64", "float16", "float32"])
def test_scores_of_every_dtype(dtype):
    scores = np.array([10, 40, 35, 80]).astype(dtype)
    for labels in (np.array([0, 0, 1, 1], "uint8"), np.array([False, False, True, True])):
        assert AUC()(labels, scores) == 0.75


def test_columns_as_labels_of_their_own():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 2, (40, 3)), rng.random((40, 3))
    every = [sk.roc_auc_score(y[:, i], p[:, i]) for i in range(3)]
    assert in_batches(AUC(multi_label=True), y, p) == pytest.approx(np.mean(every))
    named = AUC(multi_label=True, num_labels=y.shape[-1])
    assert in_batches(named, y, p) == pytest.approx(np.mean(every))
    with pytest.raises(ValueError, match=r"num_labels is 7, but y_pred .* has \d columns"):
        AUC(multi_label=True, num_labels=7).update_state(y, p)
    with pytest.raises(ValueError, match="needs multi_label=True"):
        AUC(num_labels=3)
    assert in_batches(AUC(), y, p) == pytest.approx(sk.roc_auc_score(y.ravel(), p.ravel()))


def test_thresholds_round_the_scores():
    y, p = [0, 1, 0, 1], np.array([0.31, 0.39, 0.5, 0.8])
    assert AUC()(y, p) == 0.75
    assert AUC(thresholds=[0.3, 0.4])(y, p) == 0.5  # .31 and .39 tie, .5 and .8 too
