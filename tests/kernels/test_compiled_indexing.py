"""The gradient of an embedding as a compiled loop."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import ops
from minigrad.kernels import compiled

ROW = next(row for row in compiled.ROWS if row.op == "put")

pytestmark = pytest.mark.usefixtures("everything_compiled")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("width", [(3,), (70,), (5, 7)])
def test_rows_are_added_in_their_order(dtype, width, set_threads):
    """As np.add.at adds them, to the last bit, on any number of threads."""
    rng = np.random.default_rng(0)
    rows, x = rng.integers(-9, 9, (6, 11)), rng.standard_normal((6, 11, *width)).astype(dtype)
    x[0, 0, 0] = np.nan
    expected = np.zeros((9, *width), dtype)
    np.add.at(expected, rows, x)
    before = ROW.calls
    for n in (1, 2, 3, 8):
        set_threads(n)
        y = ops.put(x, index=rows, shape=(9, *width))
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, expected)
    assert ROW.calls == before + 4


def test_what_is_no_row_of_integers_is_left_to_numpy():
    before = ROW.calls
    x = np.ones((2, 3))
    ops.put(x, index=slice(2), shape=(4, 3))
    ops.put(x, index=np.array([True, False, True]), shape=(3, 3))
    ops.put(x[:, 0], index=([0, 1], [1, 1]), shape=(4, 3))
    ops.put(x.astype(int), index=np.array([0, 0]), shape=(4, 3))
    with pytest.raises(IndexError):
        ops.put(x, index=np.array([0, 4]), shape=(4, 3))
    assert ROW.calls == before
