"""Compiled relu and leaky relu: digits, layouts, NaN and infinities, any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops

pytestmark = pytest.mark.usefixtures("everything_compiled")

FUNCTIONS = {
    "relu": ops.relu,
    "leaky_relu": ops.leaky_relu,
    "steep": lambda x: ops.leaky_relu(x, negative_slope=2.5),
    "flat": lambda x: ops.leaky_relu(x, negative_slope=0.0),
    "turned": lambda x: ops.leaky_relu(x, negative_slope=-0.5),
}
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40]


def results(name, x, dtype):
    """The output, the gradient, and the gradient of the gradient by what was multiplied."""
    with minigrad.default_dtype(dtype):
        t, g = Tensor(x, requires_grad=True), Tensor(x[::-1].copy(), requires_grad=True)
        y = FUNCTIONS[name](t)
        (first,) = grad(ops.sum(y * g), [t], create_graph=True)
        (second,) = grad(ops.sum(first * first), [g])
        return [v.numpy() for v in (y, first, second)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_loops_give_what_definitions_give(name, dtype, set_threads):
    """Also of NaN and infinities, and the same bits on any number of threads."""
    x = np.random.default_rng(0).standard_normal((11, 2003)).astype(dtype)
    x[0, : len(SPECIAL)] = SPECIAL
    with np.errstate(all="ignore"), minigrad.use_kernels(False):
        expected = results(name, x, dtype)
    for n in (1, 2, 3, 8):
        set_threads(n)
        for a, b in zip(results(name, x, dtype), expected, strict=True):
            assert a.dtype == dtype
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_layouts_and_other_dtypes(name):
    x = np.random.default_rng(0).standard_normal((7, 6)).astype("float32")
    locked = x.copy()
    locked.flags.writeable = False
    for other in (np.asfortranarray(x), locked, x[:, ::2], x[:0], x.astype("float16")):
        with minigrad.use_kernels(False):
            expected = FUNCTIONS[name](other)
        np.testing.assert_array_equal(FUNCTIONS[name](other), expected)
