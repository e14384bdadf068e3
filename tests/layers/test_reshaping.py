"""Enlarging by hand; shapes and errors stand with the convolutions."""

from __future__ import annotations

import numpy as np

from minigrad.layers import UpSampling2D


def test_enlarging_by_hand():
    row = np.array([0.0, 1.0, 3.0]).reshape(1, 1, 3, 1)
    assert UpSampling2D((1, 2))(row).data.ravel().tolist() == [0, 0, 1, 1, 3, 3]
    assert UpSampling2D((1, 2), interpolation="bilinear")(row).data.ravel().tolist() == [
        0,
        0.25,
        0.75,
        1.5,
        2.5,
        3,
    ]
    assert UpSampling2D((2, 1), interpolation="bilinear")(row).data.shape == (1, 2, 3, 1)
    square = UpSampling2D(2)(np.array([[1.0, 2], [3, 4]]).reshape(1, 2, 2, 1)).data[0, :, :, 0]
    assert square.tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
