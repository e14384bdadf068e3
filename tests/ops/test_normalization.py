"""Moments of a batch, with the kernel and by their definition."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, ops
from minigrad.backend import to_cpu
from minigrad.ops.normalization import batch_moments

rng = np.random.default_rng(5)


@pytest.mark.parametrize("kernels", [True, False])
@pytest.mark.parametrize("mean", [0, 2, 1000])
@pytest.mark.parametrize("shape", [(6, 3), (4, 5, 5, 3)])
def test_moments_are_numpys(shape, mean, kernels, xp):
    x = (rng.standard_normal(shape) + mean).astype("float32")
    axes = tuple(range(len(shape) - 1))
    with minigrad.use_kernels(kernels):
        moments = batch_moments(Tensor(xp.asarray(x)))
    assert moments.mean.dtype == moments.variance.dtype == np.float32
    exact = x.astype("float64")
    np.testing.assert_allclose(to_cpu(moments.mean), exact.mean(axes), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(to_cpu(moments.variance), exact.var(axes), rtol=1e-4)


def test_a_mean_far_from_zero_costs_no_digits(xp):
    """E[x**2] - E[x]**2 in float32 would lose all of them."""
    x = (rng.standard_normal((64, 2)) + 1e4).astype("float32")
    expected = (x - x.mean(0, dtype="float64")) / x.std(0, dtype="float64")
    ones, zeros = np.ones(2, "float32"), np.zeros(2, "float32")
    y = ops.batch_norm(xp.asarray(x), xp.asarray(ones), xp.asarray(zeros), epsilon=0.0)
    np.testing.assert_allclose(to_cpu(y), expected, atol=1e-4)


@pytest.mark.parametrize("kernels", [True, False])
@pytest.mark.parametrize("shape", [(1,), (3,), (2, 4)])
def test_rms_norm_takes_one_gain_per_feature(shape, kernels):
    with (
        minigrad.use_kernels(kernels),
        pytest.raises(ValueError, match=r"shape \(2, 4\) needs a gain of shape \(4,\)"),
    ):
        ops.rms_norm(np.ones((2, 4)), np.ones(shape), epsilon=1e-3)


@pytest.mark.parametrize("kernels", [True, False])
def test_a_gain_of_a_wider_dtype_widens_rms_norm(kernels):
    with minigrad.use_kernels(kernels):
        y = ops.rms_norm(np.ones((2, 4), "float32"), np.full(4, 1 / 3), epsilon=0.0)
    assert y.dtype == np.float64 and abs(y - 1 / 3).max() < 1e-15
