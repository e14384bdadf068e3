"""The pool of generated images: what it gives back, how often, and the sizes it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor
from models.common.image_pool import ImagePool


def numbered(first, n):
    """Images of one pixel, which holds their number."""
    return np.arange(first, first + n, dtype="float32").reshape(n, 1, 1, 1)


def test_the_first_images_come_back():
    pool = ImagePool(4)
    for first in (0, 2):
        np.testing.assert_array_equal(pool(numbered(first, 2)), numbered(first, 2))


def test_half_of_the_later_images_are_older_ones():
    minigrad.seed(0)
    pool = ImagePool(20)
    pool(numbered(0, 20))
    older, seen = 0, []
    for step in range(1, 101):
        new = numbered(20 * step, 20)
        given = pool(new)
        assert given.dtype == np.float32 and given.shape == new.shape
        changed = given[given != new]
        older += len(changed)
        seen += changed.tolist()
    assert 900 < older < 1100  # of 2000
    assert len(seen) == len(set(seen))  # an image that was exchanged has left the pool
    assert len(pool.images) == 20


def test_what_is_kept_is_a_copy_without_gradient():
    pool, images = ImagePool(2), numbered(0, 2)
    y = pool(Tensor(images, requires_grad=True) * 1)
    assert isinstance(y, np.ndarray)
    pool = ImagePool(2)
    pool(images)
    images += 100
    assert [float(image.item()) for image in pool.images] == [0, 1]


@pytest.mark.parametrize(
    "size, message",
    [
        (0, "a pool of 0 images has nothing to give back: leave the pool out"),
        (-1, "size of ImagePool"),
        (2.5, "size of ImagePool"),
    ],
)
def test_sizes_that_make_no_pool(size, message):
    with pytest.raises(ValueError, match=message):
        ImagePool(size)
