"""Matrix products of compiled loops, beside NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

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
