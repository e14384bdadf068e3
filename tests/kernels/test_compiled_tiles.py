"""Matrix products of compiled loops, beside NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops, threads
from minigrad.kernels import compiled
from minigrad.kernels.compiled import matmul
from minigrad.kernels.compiled.matmul import add_product

SHAPES = [  # (m, k, n), around the edges of tiles, of blocks and of parts of the inner axis
    (1, 3, 5),
    (3, 4, 16),
    (5, 7, 17),
    (9, 70, 130),
    (2, 33, 200),
    (4, 0, 64),
    (300, 5, 70),
    (7, 1100, 70),
    (0, 3, 5),
]

pytestmark = pytest.mark.usefixtures("everything_compiled")


def draw(*shape, dtype="float64"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype, digits", [("float32", 1e-4), ("float64", 1e-11)])
def test_products_of_all_shapes(shape, dtype, digits):
    m, k, n = shape
    a, b, c = draw(m, k, dtype=dtype), draw(k, n, dtype=dtype), draw(n, dtype=dtype)
    for left in (a, np.asfortranarray(a)):
        for right in (b, np.asfortranarray(b)):
            y = add_product(left, right, c)
            assert y.dtype == dtype
            np.testing.assert_allclose(y, a @ b + c, rtol=digits, atol=digits)
    total = draw(m, n, dtype=dtype)
    np.testing.assert_allclose(add_product(a, b, total), a @ b + total, rtol=digits, atol=digits)


@pytest.mark.parametrize("dtype, digits", [("float32", 1e-4), ("float64", 1e-11)])
def test_many_rows_meet_a_transposed_matrix_in_panels(dtype, digits, monkeypatch):
    taken = []
    real = matmul._run_panels
    monkeypatch.setattr(matmul, "_run_panels", lambda *args: taken.append(args) or real(*args))
    for n in (1, 64, 130):
        a, b = draw(matmul.MANY_ROWS + 3, 37, dtype=dtype), draw(n, 37, dtype=dtype)
        y = add_product(a, b.T)
        np.testing.assert_allclose(y, a @ b.T, rtol=digits, atol=digits)
        np.testing.assert_array_equal(add_product(np.asfortranarray(a), b.T), y)
    assert len(taken) == 6 - 2  # one row, transposed, is in order as it is


@pytest.mark.parametrize("dtype, digits", [("float32", 3e-4), ("float64", 1e-11)])
@pytest.mark.parametrize(
    "rows, m, n", [(1100, 9, 130), (4200, 70, 40), (3, 300, 200), (513, 8, 256)]
)
def test_a_transposed_matrix_meets_rows_in_parts(
    rows, m, n, dtype, digits, monkeypatch, set_threads
):
    taken = []
    real = matmul._run_transposed
    monkeypatch.setattr(matmul, "_run_transposed", lambda *args: taken.append(args) or real(*args))
    a, b = draw(rows, m, dtype=dtype), draw(rows, n, dtype=dtype)
    results = []
    for count in (1, 2, 3, 8):
        set_threads(count)
        results.append(add_product(a.T, b))
        np.testing.assert_array_equal(results[0], results[-1])
    assert len(taken) == 4
    np.testing.assert_allclose(results[0], a.T @ b, rtol=digits, atol=digits)
    a[-1, 2] = np.nan
    assert np.isnan(add_product(a.T, b)).sum() == n


def test_a_sum_of_no_rows_is_zero():
    for n in (40, 300):
        np.full((9, n), 7.0)  # what lies in the memory that is used next
        y = add_product(draw(0, 9).T, draw(0, n))
        np.testing.assert_array_equal(y, np.zeros((9, n)))


def test_long_sums_lose_no_digits():
    """Of hundreds of thousands of numbers one after another, the last digits would be lost."""
    a, b = draw(1 << 18, 8, dtype="float32"), draw(1 << 18, 16, dtype="float32")
    exact = a.T.astype("float64") @ b
    assert np.abs(add_product(a.T, b) - exact).max() < 1e-6 * np.abs(exact).max()


def test_products_have_the_same_bits_on_any_number_of_threads(set_threads):
    a, b = draw(70, 1100, dtype="float32"), draw(1100, 130, dtype="float32")
    results = []
    for n in (1, 2, 3, 8):
        set_threads(n)
        results.append(add_product(a, b))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


def test_products_keep_nan_and_infinities():
    a, b = draw(9, 40), draw(40, 70)
    a[2, 3], b[5, 6], b[7, 8] = np.nan, np.inf, -np.inf
    np.testing.assert_allclose(add_product(a, b), a @ b, rtol=1e-11, atol=1e-12)


def test_linear_layers_are_cut_over_threads(set_threads):
    """Large layers run as loops, give what the definition gives, and the same bits."""
    arrays = [draw(*shape, dtype="float32") for shape in ((8, 20, 64), (64, 40), (40,))]
    row = next(row for row in compiled.ROWS if row.op == "linear_relu")

    def run():
        xs = [Tensor(a, requires_grad=True) for a in arrays]
        found = []
        for op in (ops.linear, ops.linear_relu):
            y = op(*xs)
            found += [y._array, *(d._array for d in grad(y.sum(), xs))]
        return found

    results = []
    for n in (1, 2, 3, 8):
        set_threads(n)
        before = row.calls
        results.append(run())
        assert row.calls > before
    with minigrad.use_kernels(False):
        expected = run()
    for result in results:
        for a, first, right in zip(result, results[0], expected, strict=True):
            np.testing.assert_array_equal(a, first)
            np.testing.assert_allclose(a, right, rtol=1e-4, atol=1e-3)


def test_small_and_odd_layers_are_left_to_numpy(monkeypatch):
    monkeypatch.setattr(matmul, "LEAST_WORK", 100_000)
    x, w, b = (draw(*shape) for shape in ((300, 64), (64, 40), (40,)))
    assert matmul.linear_forward(x, w, b) is not NotImplemented
    assert matmul.linear_forward(x[:3], w, b) is NotImplemented
    with monkeypatch.context() as patch, threads.single_threaded_blas():
        patch.setattr(matmul, "_run_linear", None)
        monkeypatch.setattr(matmul, "LEAST_WORK", 10_000)
        narrow = matmul.linear_forward(x, w[:, :3], b[:3])
        np.testing.assert_array_equal(narrow, x @ w[:, :3] + b[:3])
        mixed = matmul.linear_forward(x, w, b.astype("float32"))
        np.testing.assert_array_equal(mixed, x @ w + b.astype("float32"))
        with pytest.raises(ValueError, match="shapes"):
            matmul.linear_forward(x, w[:9].repeat(8, 0)[:50], b)
    locked = [a.copy() for a in (x, w, b)]
    for a in locked:
        a.flags.writeable = False
    np.testing.assert_array_equal(matmul.linear_forward(*locked), matmul.linear_forward(x, w, b))
