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
    assert in_batches(AUC("PR"), y, p, w) == pytest.approx(
        sk.average_precision_score(y, p, sample_weight=w)
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
        AUC("RCO")


def test_auc_keeps_its_own_copy():
    metric = AUC()
    buffer = np.array([0.1, 0.9])
    metric.update_state([0, 1], buffer)
    buffer[:] = 0.5
    assert metric.result() == 1.0
