"""Augmentation on and off: copies, the series, and a gain at small size."""

from __future__ import annotations

import numpy as np

import minigrad
from models.study import augmentation


def test_copies_are_as_many_with_changes_as_without():
    rows = np.arange(6.0).reshape(3, 2)
    same = augmentation.copies_of(rows, 8)
    assert np.array(same).tolist() == rows[[0, 1, 2, 0, 1, 2, 0, 1]].tolist()
    changed = np.array(augmentation.copies_of(rows, 8, lambda x: x + 10))
    assert changed[:3].tolist() == rows.tolist() and (changed[3:] >= 10).all()


def test_events_are_level_rise_or_fall():
    (x, y), (x_test, _) = augmentation.cylinder_bell_funnel(300, seed=0)
    assert x.shape == (300, 64, 1) and x_test.shape == (augmentation.TEST_ROWS, 64, 1)
    middle = x[:, 16:22, 0].mean(1)  # the event has begun and is not half over
    level, rising, falling = (middle[y == label].mean() for label in range(3))
    assert falling > rising + 0.2 and level > falling


def test_every_kind_is_changed_and_keeps_its_shape():
    minigrad.seed(0)
    for name, kind in augmentation.KINDS.items():
        (x, _), _ = kind.load(12, 1)
        changed = kind.change(x)
        assert len(changed) == 12 and np.shape(changed) == np.shape(x)
        same = [np.array_equal(a, b) for a, b in zip(x, changed)]
        assert sum(same) <= 6, name


def test_series_gain_and_texts_run():
    pairs = [
        [augmentation.accuracy("series", change, 150, seed) for change in (False, True)]
        for seed in (0, 1, 2)
    ]
    assert np.subtract(*np.mean(pairs, 0)[::-1]) > 0.01
    assert 0.4 < augmentation.accuracy("text", True, 15, 0) < 0.9


def test_the_picture_has_examples_of_every_kind(tmp_path):
    pairs = np.array([[0.7, 0.8], [0.75, 0.85]])
    augmentation.pictures(dict.fromkeys(augmentation.KINDS, pairs), tmp_path)
    assert (tmp_path / "augmentation.png").stat().st_size > 10000
