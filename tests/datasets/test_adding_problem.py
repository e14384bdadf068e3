"""The adding problem: two marks, and their sum."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose

from minigrad.datasets.adding_problem import load_data as adding_problem


def test_adding_problem():
    x, y = adding_problem(20_000, 51, seed=2)
    assert x.shape == (20_000, 51, 2)
    assert y.shape == (20_000, 1)
    assert x.dtype == y.dtype == np.float32
    assert_allclose((x[..., 0] * x[..., 1]).sum(1), y[:, 0], rtol=1e-6)
    marks = x[..., 1]
    assert set(np.unique(marks)) == {0, 1}
    assert (marks[:, :25].sum(1) == 1).all()
    assert (marks[:, 25:].sum(1) == 1).all()
    assert (marks.sum(0) > 0).all()
    assert x[..., 0].min() >= 0
    assert x[..., 0].max() < 1.0001
    assert abs(((y - 1) ** 2).mean() - 1 / 6) < 0.003, "the baseline that models.md states, .167"
    assert adding_problem(4, 2)[0][..., 1].tolist() == [[1, 1]] * 4
