"""Where the pixels of a resized image lie in the original."""

import numpy as np
from numpy.testing import assert_allclose

from minigrad.utils.interpolation import pixel_centers


def test_pixel_centers():
    assert_allclose(pixel_centers(4, 4), np.arange(4))
    assert_allclose(pixel_centers(4, 2), [0.5, 2.5])
    assert_allclose(pixel_centers(2, 4), [0, 0.25, 0.75, 1])
    assert_allclose(pixel_centers(1, 3), [0, 0, 0])
