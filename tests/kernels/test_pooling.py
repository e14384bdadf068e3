"""The kernels of pooling: blocks of any size give the same."""

import numpy as np
import pytest

from minigrad import Tensor, grad, ops
from minigrad.kernels import blocks

rng = np.random.default_rng(8)


@pytest.mark.parametrize("block", [1, 40, 10**6])
def test_blocks_of_images_change_nothing(block, monkeypatch):
    x = rng.standard_normal((5, 7, 6, 3))
    settings = {"pool_size": 3, "strides": 2, "padding": "same"}

    def both():
        t = Tensor(x, requires_grad=True)
        ys = ops.max_pool(t, **settings), ops.average_pool(t, **settings)
        return [
            *(y.numpy() for y in ys),
            *(grad(ops.sum(ops.square(y)), [t])[0].numpy() for y in ys),
        ]

    wanted = both()
    monkeypatch.setattr(blocks, "POOLING_BLOCK", block)
    for a, b in zip(both(), wanted, strict=True):
        np.testing.assert_array_equal(a, b)
