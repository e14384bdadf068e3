"""Compiled normalization: digits, odd sizes, layouts, NaN and infinities, any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.kernels import compiled
from minigrad.kernels.compiled import normalization, response_norm
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
    "root mean square": lambda x, gamma, beta: ops.rms_norm(x, gamma, epsilon=1e-3) + beta,
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


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_nan_and_infinities_show_in_their_row_alone(special):
    x = random((40, 1000), mean=0)
    x[7, 3] = special
    with np.errstate(all="ignore"), minigrad.use_kernels(False):
        expected = results("root mean square", x)
    for a, b in zip(results("root mean square", x), expected, strict=True):
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


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


# ---- local response normalization ----------------------------------------------------------------

# several blocks and part of one, fewer channels than n, more numbers in a row than in a block
RESPONSES = [
    ((3, 15, 7, 40), {}),
    ((700, 3), {"n": 9}),
    ((3, 2100), {"n": 4, "beta": 0.5}),
    ((50, 33), {"n": 1, "k": 1.0, "beta": 1.3}),
    ((9, 60), {"n": 19}),
    ((40, 1), {"k": 0.0, "beta": 2.0}),
    ((7,), {"n": 3}),
]


def response_results(x, **settings):
    """The output of alpha = 0.3, and the gradient of x."""
    x = Tensor(x, True, x.dtype)
    y = ops.local_response_norm(x, alpha=0.3, **settings)
    g = random(y.shape, str(x.dtype), 1, mean=0.1)
    return [y.numpy(), grad(y, [x], cotangent=g)[0].numpy()]


@pytest.mark.parametrize("shape, settings", RESPONSES)
def test_response_loops_give_what_the_definition_gives(shape, settings, set_threads):
    """And the same bits whatever the layout and the number of threads."""
    row = next(row for row in compiled.ROWS if row.op == "local_response_norm")
    before, x = row.calls, random(shape)
    with minigrad.use_kernels(False):
        expected = response_results(x.astype("float64"), **settings)
    for dtype, digits in (("float32", 1e-5), ("float64", 1e-12)):
        first = response_results(x.astype(dtype), **settings)
        for a, b in zip(first, expected, strict=True):
            assert a.dtype == dtype and a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=digits, atol=digits * abs(b).max())
        locked = np.asfortranarray(x.astype(dtype))
        locked.flags.writeable = False
        for n in (1, 2, 3, 8):
            set_threads(n)
            for a, b in zip(response_results(locked, **settings), first, strict=True):
                np.testing.assert_array_equal(a, b)
    assert row.calls == before + 10


@pytest.mark.parametrize("beta", [0.75, 0.5, 1.3])
@pytest.mark.parametrize("k", [0.0, 2.0])
def test_nan_and_infinities_show_in_the_sums_that_they_are_part_of(k, beta):
    """There as the formula has them; one product with a band of ones has NaN in all channels."""
    x = random((3, 40))
    x[0], x[1, 3], x[1, 20], x[2, 30] = 0, np.nan, np.inf, -np.inf
    with np.errstate(all="ignore"):
        y, dx = response_results(x, k=k, beta=beta)
        padded = np.pad(x.astype("float64") ** 2, ((0, 0), (2, 2)))
        sums = k + 0.3 * sum(padded[:, d : d + 40] for d in range(5))
        np.testing.assert_allclose(y, x * sums**-beta, rtol=1e-5)
        padded = np.pad(
            random(x.shape, "float32", 1, 0.1) * x * sums ** (-beta - 1), ((0, 0), (2, 2))
        )
        through = sum(padded[:, d : d + 40] for d in range(5))
        expected = random(x.shape, "float32", 1, 0.1) * sums**-beta - 0.6 * beta * x * through
    np.testing.assert_allclose(dx, expected, rtol=1e-3, atol=1e-5)


def test_responses_that_loops_do_not_take_run_without_them():
    forward = response_norm.local_response_norm_forward
    for x in (np.ones((0, 4), "f"), np.ones((2, 4), "f2"), np.ones((2, 4), "i8")):
        assert forward(x) is NotImplemented
        assert ops.local_response_norm(x).shape == x.shape
    for settings in ({"k": -1.0}, {"alpha": -0.1}, {"beta": 0.0}, {"beta": -1.0}, {"n": 17}):
        assert forward(np.ones((2, 40)), **settings) is NotImplemented
