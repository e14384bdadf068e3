"""Where the pixels of a resized image lie in the original."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from minigrad.utils.interpolation import nearest_pixels, pixel_centers, resize_weights


def test_pixel_centers():
    assert_allclose(pixel_centers(4, 4), np.arange(4))
    assert_allclose(pixel_centers(4, 2), [0.5, 2.5])
    assert_allclose(pixel_centers(2, 4), [0, 0.25, 0.75, 1])
    assert_allclose(pixel_centers(1, 3), [0, 0, 0])


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
@pytest.mark.parametrize("antialias", [False, True])
def test_weights_of_a_resized_line(interpolation, antialias):
    for old, new in ((5, 5), (5, 3), (3, 8), (1, 4), (7, 1)):
        weights = resize_weights(old, new, interpolation, antialias)
        assert weights.shape == (new, old)
        assert_allclose(weights.sum(1), 1)
        assert_allclose(weights, weights[::-1, ::-1], atol=1e-12)  # as seen from either end
    assert_allclose(resize_weights(5, 5, interpolation, antialias), np.eye(5), atol=1e-12)
    with pytest.raises(ValueError, match="read-only"):  # it is kept for the next call
        resize_weights(5, 3, interpolation, antialias)[0] = 0


def test_nearest_pixels():
    assert nearest_pixels(4, 8).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert nearest_pixels(5, 2).tolist() == [1, 3] and nearest_pixels(3, 1).tolist() == [1]
