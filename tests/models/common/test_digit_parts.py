"""The digits in three parts, and labels made wrong."""

from __future__ import annotations

import numpy as np

import minigrad
from minigrad import datasets
from models.common import digit_parts


def test_each_row_is_in_one_part_with_its_label():
    (x, y), test = datasets.digits.load_data()
    training, validation, test_again = digit_parts.split(1000, 437)
    assert len(training[1]) == 1000 and len(validation[1]) == 437
    assert np.array_equal(test[0], test_again[0]) and np.array_equal(test[1], test_again[1])
    parts = np.column_stack(
        [np.concatenate(pair) for pair in zip(training, validation, strict=True)]
    )
    whole = np.column_stack([x, y])
    assert np.array_equal(parts[np.lexsort(parts.T)], whole[np.lexsort(whole.T)])


def test_parts_are_drawn_anew_and_repeat_with_a_seed():
    minigrad.seed(0)
    first, second = (digit_parts.split(50, 30)[0][0] for _ in range(2))
    assert not np.array_equal(first, second)
    minigrad.seed(0)
    assert np.array_equal(digit_parts.split(50, 30)[0][0], first)


def test_a_share_of_labels_is_replaced_by_any_digit():
    labels = np.full(20000, 3)
    wrong = digit_parts.mislabel(labels, 0.2)
    shares = np.bincount(wrong, minlength=10) / len(labels)
    assert abs(shares[3] - 0.82) < 0.01  # one of ten replaced ones is right again
    assert abs(np.delete(shares, 3) - 0.02).max() < 0.005
    assert (labels == 3).all()
    assert np.array_equal(digit_parts.mislabel(labels, 0.0), labels)
