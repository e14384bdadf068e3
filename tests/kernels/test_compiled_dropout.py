"""Dropout as a compiled loop: digits, layouts, NaN and infinities, any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.kernels import compiled

(ROW,) = (row for row in compiled.ROWS if row.op == "dropout")
RNG = np.random.default_rng(0)

pytestmark = pytest.mark.usefixtures("everything_compiled")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5])
def test_the_loop_gives_what_the_definition_gives(rate, dtype, set_threads):
    """The same bits, also of NaN and infinities, forward and backward, on any number of threads."""
    x = RNG.standard_normal((3, 20011)).astype(dtype)
    x[:, :5] = [np.nan, np.inf, -np.inf, -0.0, 1e-40]
    kept = RNG.random(x.shape) < 1 - rate

    def results():
        with minigrad.default_dtype(dtype):
            t = Tensor(x, requires_grad=True)
            y = ops.dropout(t, kept, rate=rate)
            return [y.numpy(), grad(ops.sum(y * x), [t])[0].numpy()]

    with np.errstate(all="ignore"), minigrad.use_kernels(False):
        expected = results()
    for n in (1, 2, 3, 8):
        set_threads(n)
        for a, b in zip(results(), expected, strict=True):
            assert a.dtype == dtype
            np.testing.assert_array_equal(a, b)


def test_what_the_loop_does_not_take_runs_as_defined():
    x, kept = RNG.standard_normal((6, 4)).astype("float32"), RNG.random((6, 4)) < 0.5
    for a, k in [
        (x.astype("float16"), kept),
        (x, kept[:, :1]),
        (x.T, kept.T),
        (x[:, ::2], kept[:, ::2]),
        (x[:0], kept[:0]),
    ]:
        with minigrad.use_kernels(False):
            expected = ops.dropout(a, k, rate=0.5)
        np.testing.assert_array_equal(ops.dropout(Tensor(a), k, rate=0.5).numpy(), expected)


def test_it_runs():
    before = ROW.calls
    ops.dropout(Tensor(np.ones(10, "float32")), np.ones(10, bool), rate=0.5)
    assert ROW.calls == before + 1
