"""GELU: blocks, its derivative at zero and far from it, digits in float32."""

import numpy as np
import pytest
from scipy.special import ndtr

from minigrad import Tensor, grad, ops
from minigrad.engine.gradcheck import check_definition
from minigrad.kernels import blocks

rng = np.random.default_rng(5)


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_over_many_blocks(approximate, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_SIZE", 64)
    x = rng.standard_normal((20, 11)) * 3
    check_definition(ops.gelu, x, order=1, approximate=approximate)


@pytest.mark.parametrize("approximate", [False, True])
def test_gelu_has_a_derivative_at_zero_and_far_from_it(approximate):
    x = np.array([0, -0.0, 1e-35, -1e-38, 40, -40], "float32")
    leaf = Tensor(x, requires_grad=True)
    y = ops.gelu(leaf, approximate=approximate)
    derivative = grad(y.sum(), [leaf])[0].numpy()
    np.testing.assert_allclose(derivative, [0.5, 0.5, 0.5, 0.5, 1, 0], rtol=0, atol=1e-20)


def test_gelu_of_float32_keeps_its_digits():
    x = np.linspace(-6, 6, 4001)
    y = ops.gelu(x.astype("float32"))
    np.testing.assert_allclose(y, x * ndtr(x), rtol=2e-5, atol=5e-7)
