"""The feed-forward network 10-20-15-1: its summary and its labels."""

from __future__ import annotations

import numpy as np

from models.feedforward import fnn


def test_summary_prints_the_known_figures(capsys):
    fnn.fnn().summary()
    printed = capsys.readouterr().out
    assert all(figure in printed for figure in ("220", "315", "16", "551"))


def test_labels_split_at_the_median_of_the_training_part():
    (x, y), (x_test, y_test) = fnn.load()
    assert x.shape == (353, 10)
    assert y.shape == (353, 1)
    assert x_test.shape == (89, 10)
    assert y_test.shape == (89, 1)
    assert abs(y.mean() - 0.5) < 0.01
    assert set(np.unique(y_test)) == {0.0, 1.0}
