"""Affine maps of images as compiled loops."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.kernels import compiled
from minigrad.ops.warping import FILL_MODES, affine_maps, warp_affine_grad

ROWS = [row for row in compiled.ROWS if row.op.startswith("warp_affine")]
RNG = np.random.default_rng(0)

pytestmark = pytest.mark.usefixtures("everything_compiled")


def calls():
    return sum(row.calls for row in ROWS)


def random_maps(n, size):
    """Turns of any angle, zooms, and shifts of several images."""
    shifts = RNG.uniform(-5 * size, 5 * size, (2, n))
    zooms = RNG.uniform(0.2, 3, (2, n))
    return affine_maps(RNG.uniform(-4, 4, n), *zooms, *shifts)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("shape", [(40, 5, 7, 3), (40, 1, 1, 1), (40, 1, 6, 2)])
def test_maps_that_lead_far_out(fill_mode, dtype, shape, set_threads):
    """As by definition, the same bits on any number of threads; the gradient is the adjoint."""
    x, g = RNG.standard_normal((2, *shape)).astype(dtype)
    maps = random_maps(40, 6)
    with minigrad.use_kernels(False):
        expected = ops.warp_affine(x, maps=maps, fill_mode=fill_mode, fill_value=0.5)
        expected_grad = warp_affine_grad(g, maps=maps, fill_mode=fill_mode)
    before, found = calls(), []
    for n in (1, 2, 3, 8):
        set_threads(n)
        y = ops.warp_affine(x, maps=maps, fill_mode=fill_mode, fill_value=0.5)
        found.append([y, warp_affine_grad(g, maps=maps, fill_mode=fill_mode)])
        assert y.dtype == dtype and all(map(np.array_equal, found[0], found[-1]))
    assert calls() == before + 8
    tolerance = 2e-4 if dtype == "float32" else 1e-11
    np.testing.assert_allclose(found[0][0], expected, atol=tolerance)
    np.testing.assert_allclose(found[0][1], expected_grad, atol=10 * tolerance)


def test_nan_and_infinity_stay_where_they_are():
    x = np.zeros((2, 3, 3, 1), "float32")
    x[0, 0, 0], x[1, 2, 2] = np.nan, np.inf
    half = np.tile([[1, 0, 0.5], [0, 1, 0]], (2, 1, 1))
    with np.errstate(invalid="ignore"), minigrad.use_kernels(False):
        expected = ops.warp_affine(x, maps=half)
    np.testing.assert_array_equal(ops.warp_affine(x, maps=half), expected)


def test_maps_that_are_not_to_be_written_to():
    maps = random_maps(2, 3)
    maps.flags.writeable = False
    before = calls()
    ops.warp_affine(np.ones((2, 3, 3, 1)), maps=maps)
    assert calls() == before + 1


def test_what_the_loops_do_not_take_is_left_to_numpy():
    x, maps = np.ones((2, 3, 3, 1)), random_maps(2, 3)
    before = calls()
    ops.warp_affine(x, maps=maps, interpolation="nearest")
    ops.warp_affine(x[:0], maps=maps[:0])
    with pytest.raises(ValueError, match="fill_mode"):
        ops.warp_affine(x, maps=maps, fill_mode="mirror")
    with np.errstate(invalid="ignore"), suppress(IndexError):
        ops.warp_affine(x, maps=maps * np.nan)
    assert calls() == before
