"""Compiled normalization: digits, odd sizes, layouts, NaN and infinities, any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.kernels.compiled import normalization
from minigrad.ops.normalization import batch_moments

pytestmark = pytest.mark.usefixtures("everything_compiled")

# of one number, of fewer than a chunk, of an odd number of tiles, of more channels than a tile
SHAPES = [
    (1, 1),
    (5, 3),
    (3, 7, 5, 6),
    (2, 41, 31, 8),
    (9, 1000),
    (2, 9000),
    (700, 96),
    (3, 53, 61, 1),
]
NORMS = {
    "layer": lambda *a: ops.layer_norm(*a, epsilon=1e-3),
    "batch": lambda *a: ops.batch_norm(*a, epsilon=1e-3),
    "batch by moments": lambda *a: ops.batch_norm(*a, epsilon=1e-3, moments=batch_moments(a[0])),
    "instance": lambda *a: ops.group_norm(*a, groups=a[1].shape[0], epsilon=1e-3),
    "one group": lambda *a: ops.group_norm(*a, groups=1, epsilon=1e-3),
    "scale and shift": ops.scale_shift,
}


def random(shape, dtype="float32", seed=0, mean=3.0):
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * rng.random(shape[-1]) + mean).astype(dtype)


def results(name, x, dtype="float32"):
    """The output and the gradients of x, gamma and beta."""
    c = x.shape[-1]
    with minigrad.default_dtype(dtype):
        arrays = x, random((c,), dtype, 1), random((c,), dtype, 2)
        tensors = [Tensor(a, requires_grad=True) for a in arrays]
        y = NORMS[name](*tensors)
        g = random(y.shape, dtype, 3, mean=0.1)
        return [y.numpy(), *(d.numpy() for d in grad(ops.sum(y * g), tensors))]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NORMS)
def test_loops_give_what_definitions_give(name, shape):
    """In float32, what the definition gives in float64, to five digits."""
    x = random(shape)
    with minigrad.use_kernels(False):
        expected = results(name, x.astype("float64"), "float64")
    for dtype, digits in (("float32", 5e-5), ("float64", 1e-10)):
        for a, b in zip(results(name, x.astype(dtype), dtype), expected, strict=True):
            assert a.dtype == dtype and a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=digits, atol=digits * (1 + abs(b).max()))


@pytest.mark.parametrize("mean", [0, 1e4, -1e6])
@pytest.mark.parametrize("shape", [(64, 2), (9, 50, 50, 3), (5000, 130)])
def test_a_mean_far_from_zero_costs_no_digits(shape, mean):
    x = (np.random.default_rng(0).standard_normal(shape) + mean).astype("float32")
    axes = tuple(range(x.ndim - 1))
    exact = x.astype("float64")
    found = batch_moments(x)
    np.testing.assert_allclose(found.mean, exact.mean(axes), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.variance, exact.var(axes), rtol=3e-6)
    ones, zeros = np.ones(shape[-1], "float32"), np.zeros(shape[-1], "float32")
    y = ops.batch_norm(x, ones, zeros, epsilon=0.0)
    expected = (exact - exact.mean(axes)) / exact.std(axes)
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_a_start_unlike_the_rest_costs_no_digits():
    """The number around which squares are taken comes from the first rows."""
    x = np.random.default_rng(0).standard_normal((40_000, 3)).astype("float32") * 1e-3
    x[:300] += 1e4
    found = batch_moments(x)
    np.testing.assert_allclose(found.variance, x.astype("float64").var(0), rtol=1e-5)


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 6000])
@pytest.mark.parametrize("name", ["batch", "batch by moments", "instance"])
def test_nan_and_infinities_show_in_their_channel_alone(name, place, special):
    x = random((2, 70, 60, 4))
    x.reshape(-1, 4)[place, 1] = special
    with np.errstate(all="ignore"), minigrad.use_kernels(False):
        expected, moments = results(name, x), batch_moments(x)
    found = results(name, x)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
    np.testing.assert_allclose(batch_moments(x).mean, moments.mean, rtol=1e-4)
    np.testing.assert_allclose(batch_moments(x).variance, moments.variance, rtol=1e-4)


def test_layouts_change_nothing():
    x = random((3, 5, 6, 4))
    locked = x.copy()
    locked.flags.writeable = False
    for name in NORMS:
        expected = results(name, x)
        for other in (np.asfortranarray(x), locked, np.repeat(x, 2, axis=2)[:, :, ::2]):
            for a, b in zip(results(name, other), expected, strict=True):
                np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", NORMS)
def test_every_number_of_threads_gives_the_same_bits(name, set_threads):
    x = random((3, 61, 67, 5))
    found = []
    for n in (1, 2, 3, 8):
        set_threads(n)
        found.append(results(name, x))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_loops_do_not_take_runs_without_them():
    vector = np.ones(4, "float32")
    for x in (np.ones((0, 4), "f"), np.ones((2, 4), "f2"), np.ones((2, 4))):
        assert normalization.scale_shift_forward(x, vector, vector) is NotImplemented
        assert ops.scale_shift(x, vector, vector).shape == x.shape
    assert normalization.moments_forward(np.ones((2, 4), "f2")) is NotImplemented
