"""Parts that are covered."""

import numpy as np
from numpy.testing import assert_array_equal

from minigrad.data import augmentation as A


def rectangles(y, x):
    """(top, left, height, width) of the one rectangle in which each image differs throughout."""
    for a, b in zip(y, x):
        rows, columns = (np.flatnonzero((a != b).any(-1).any(axis)) for axis in (1, 0))
        if rows.size:
            assert (a != b).any(-1)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
            yield rows[0], columns[0], rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def test_erasing_covers_rectangles_of_the_given_kind():
    x = np.full((800, 30, 40, 3), 0.5, np.float32)
    y = A.RandomErasing(0.5, (0.1, 0.2), (0.5, 2.0))(x)
    found = np.array(list(rectangles(y, x)))
    assert 330 < len(found) < 470
    area = found[:, 2] * found[:, 3] / 1200
    ratio = found[:, 2] / found[:, 3]
    # sides are whole pixels
    assert 0.093 < area.min() < 0.105
    assert 0.195 < area.max() < 0.215
    assert 0.45 < ratio.min() < 0.56
    assert 1.8 < ratio.max() < 2.2
    # it reaches every edge
    assert found[:, 0].min() == 0
    assert found[:, 1].min() == 0
    assert (found[:, 0] + found[:, 2]).max() == 30
    assert (found[:, 1] + found[:, 3]).max() == 40
    covered = y[y != 0.5]
    assert covered.min() >= 0
    assert covered.max() <= 1
    assert abs(covered.mean() - 0.5) < 0.01
    assert covered.std() > 0.28
    assert set(np.unique(A.RandomErasing(1.0, fill_value=0.25)(x))) == {0.25, 0.5}
    # nothing of this kind fits
    assert_array_equal(A.RandomErasing(1.0, (0.9, 1.0), (50, 60))(x), x)


def test_cutout_is_a_square_around_any_pixel():
    x = np.ones((900, 6, 7, 1), np.float32)
    y = A.Cutout(3)(x)
    found = np.array(list(rectangles(y, x)))
    assert len(found) == 900
    assert set(found[:, 2]) == {2, 3}
    assert set(found[:, 3]) == {2, 3}
    assert (found[:, 0] + found[:, 2]).max() == 6
    assert found[:, 0].min() == 0
    assert (A.Cutout(100, fill_value=4)(x) == 4).all()


def test_an_image_in_which_no_rectangle_fits_stays_as_it_is():
    """Ten are tried: bars of 9..11 pixels seldom fit an image of 10."""
    draw = A.RandomErasing(1.0, (0.085, 0.35), (10.0, 12.0), fill_value=0.0, seed=0)
    x = np.ones((300, 10, 10, 1), np.float32)
    heights, widths, fits = draw._draw_sizes(np.random.default_rng(0), 300, 10, 10)
    assert 0 < fits.sum() < 300
    assert (heights[fits] <= 10).all() and (widths[fits] > 0).all()
    erased = (draw(x) == 0).any((1, 2, 3))
    assert 0 < erased.sum() < 300
