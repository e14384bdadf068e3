"""Attention in compiled loops beyond the cases of the registry: many tiles, layouts, no numbers."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad
from minigrad.kernels import compiled
from minigrad.ops import scaled_dot_product_attention as attend

ROW = next(row for row in compiled.ROWS if row.op == "scaled_dot_product_attention")

pytestmark = pytest.mark.usefixtures("everything_compiled")


def draw(*shape: int, dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def heads(n: int, steps: int, count: int, d: int) -> list[np.ndarray]:
    """q, k and v as a layer makes them: (N, heads, T, d), which lie as (N, T, heads, d)."""
    return [draw(n, steps, count, d + i)[..., :d].copy().swapaxes(1, 2) for i in range(3)]


def results(arrays, *masks, **settings):
    """The output and the gradients of q, k and v."""
    xs = [Tensor(x, dtype=x.dtype, requires_grad=True) for x in arrays]
    y = attend(*xs, *masks, **settings)
    return [x._array for x in (y, *grad((y * y).sum(), xs))]


MASKS = {
    "none": lambda n, h, t: None,
    "padding": lambda n, h, t: np.arange(t) < np.arange(1, n + 1)[:, None, None, None] * t // n,
    "one for all": lambda n, h, t: np.abs(np.arange(t) - np.arange(t)[:, None]) < 40,
    "per head": lambda n, h, t: draw(1, h, t, t) > 0,
    "numbers": lambda n, h, t: np.where(draw(n, h, 1, t) > 1, -np.inf, draw(n, h, 1, t)),
}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", MASKS)
def test_many_tiles_are_what_numpy_computes_on_any_number_of_threads(mask, causal, set_threads):
    n, h, t = 2, 3, 150  # three tiles, the last one short
    arrays, before = heads(n, t, h, 5), ROW.calls
    masks = (MASKS[mask](n, h, t), draw(n, h, t, t) < 1)
    with minigrad.use_kernels("numpy"):
        expected = results(arrays, *masks, causal=causal, rate=0.2)
    found = []
    for n_threads in (1, 2, 3, 8):
        set_threads(n_threads)
        found.append(results(arrays, *masks, causal=causal, rate=0.2))
        for a, b, c in zip(found[-1], found[0], expected, strict=True):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_allclose(a, c, rtol=1e-4, atol=2e-5)
    assert ROW.calls == before + 4


def test_layouts_give_the_same_numbers():
    lying = heads(2, 10, 3, 4)
    expected = results(lying)
    read_only = [x.copy() for x in lying]
    for x in read_only:
        x.flags.writeable = False
    for arrays in (read_only, [x.copy() for x in lying], [x[:, ::-1][:, ::-1] for x in lying]):
        for a, b in zip(results(arrays), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def test_nan_of_a_key_is_seen_by_the_queries_that_see_it():
    q, k, v = heads(1, 6, 1, 4)
    k[0, 0, 3, 1] = np.nan
    y = attend(q, k, v, causal=True)
    assert np.isfinite(y[0, 0, :3]).all()
    assert np.isnan(y[0, 0, 3:]).all()


@pytest.mark.parametrize(
    "arrays, settings",
    [
        ([draw(4, 4), draw(2, 4, 4), draw(2, 4, 4)], {}),  # leading axes broadcast
        ([draw(2, 0, 4), draw(2, 3, 4), draw(2, 3, 4)], {}),
        ([draw(2, 3, 4), draw(2, 3, 4), draw(2, 3, 4)], {"scale": 0.0}),
    ],
)
def test_what_loops_do_not_take_runs_as_before(arrays, settings):
    before = ROW.calls
    y = attend(*arrays, **settings)
    assert ROW.calls == before
    with minigrad.use_kernels("numpy"):
        np.testing.assert_array_equal(y, attend(*arrays, **settings))
