"""Remainders, logarithms, angles and closeness where they are special."""

from __future__ import annotations

import numpy as np

from minigrad import Tensor, grad, ops
from minigrad.backend import to_cpu

from .helpers import fails, leaf


def host(y):
    return to_cpu(getattr(y, "_array", y))


def test_remainders_have_numpys_signs(xp):
    a = np.array([7.0, -7.0, 7.0, -7.0, 0.5, -0.5, 6.0], "float32")
    b = np.array([2.0, 2.0, -2.0, -2.0, 9.0, 9.0, -3.0], "float32")
    x, y = Tensor(xp.asarray(a)), Tensor(xp.asarray(b))
    np.testing.assert_array_equal(host(x // y), a // b)
    np.testing.assert_array_equal(host(x % y), a % b)
    whole, rest = divmod(x, y)
    np.testing.assert_array_equal(host(whole), a // b)
    np.testing.assert_array_equal(host(rest), a % b)
    assert (7 // Tensor([2, -2])).tolist() == [3, -4] and (7 % Tensor([2, -2])).tolist() == [1, -1]
    assert [y.tolist() for y in divmod(-7, Tensor([2]))] == [[-4], [1]]


def test_remainders_at_infinity():
    a = np.array([0.5, -0.5, np.inf, 1.0, np.nan], "float32")
    b = np.array([np.inf, np.inf, 2.0, 0.0, 2.0], "float32")
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal((Tensor(a) // Tensor(b)).numpy(), a // b)
        np.testing.assert_array_equal((Tensor(a) % Tensor(b)).numpy(), a % b)
    for dtype in ("int8", "uint8", "int64", "bool"):
        x, y = np.array([7, 0, 1]).astype(dtype), np.array([3, 1, 1]).astype(dtype)
        for compute in (lambda a, b: a // b, lambda a, b: a % b):
            z = compute(Tensor(x), Tensor(y))
            assert z.dtype == compute(x, y).dtype and z.tolist() == compute(x, y).tolist()


def test_gradients_of_a_remainder(xp):
    a, b = leaf(xp, [7.5, -7.5]), leaf(xp, [2.0, 2.0])
    ga, gb = grad(a % b, [a, b])
    assert ga.tolist() == [1, 1] and gb.tolist() == [-3, 4]


def test_assignment_operators(xp):
    x = Tensor(xp.asarray(np.array([7.0, -7.0], "float32")))
    x //= 2
    assert x.tolist() == [3, -4]
    x %= 3
    assert x.tolist() == [0, 2]
    p = leaf(xp, [1.0])
    p.sum().backward()
    with fails(TypeError, r"t\.data \+= x"):
        p //= 2


def test_logarithms_of_powers_are_exact():
    powers = 2.0 ** np.arange(-20, 20)
    x = Tensor(powers)
    np.testing.assert_array_equal(host(ops.log2(x)), np.arange(-20, 20))
    np.testing.assert_array_equal(host(ops.exp2(ops.log2(x))), powers)


def test_logaddexp_far_out(xp):
    a = leaf(xp, [-np.inf, 0.0, 1e4, -1e4])
    b = leaf(xp, [-np.inf, -np.inf, 1e4, 1e4])
    y = ops.logaddexp(a, b)
    np.testing.assert_allclose(host(y), [-np.inf, 0, 1e4 + np.log(2), 1e4])
    ga, gb = grad(y, [a, b])
    np.testing.assert_allclose(host(ga), [0, 1, 0.5, 0], rtol=2e-3)
    np.testing.assert_allclose(host(gb), [0, 0, 0.5, 1], rtol=2e-3)


def test_hypot_and_arctan2_at_the_origin_and_far_out(xp):
    a, b = leaf(xp, [0.0, 3e30, 3e-30]), leaf(xp, [0.0, 4e30, 4e-30])
    for op, expected in (
        (ops.hypot, ([0, 0.6, 0.6], [0, 0.8, 0.8])),
        (ops.arctan2, ([0, 0.16e-30, 0.16e30], [0, -0.12e-30, -0.12e30])),
    ):
        for found, want in zip(grad(op(a, b), [a, b]), expected):
            np.testing.assert_allclose(host(found), want, rtol=1e-5)


def test_nan_to_num_stops_gradients_where_it_replaces(xp):
    x = leaf(xp, [1.5, np.nan, np.inf, -np.inf])
    y = ops.nan_to_num(x)
    largest = np.finfo("float32").max
    np.testing.assert_array_equal(host(y), np.array([1.5, 0, largest, -largest], "float32"))
    (g,) = grad(y, [x])
    assert g.tolist() == [1, 0, 0, 0]


def test_closeness_is_a_condition(xp):
    x = Tensor(xp.asarray(np.array([1.0, np.nan], "float32")))
    assert not ops.allclose(x, x) and ops.allclose(x, x, equal_nan=True)
    assert ops.isclose(x, 1.0).tolist() == [True, False]


def test_xor_of_conditions(xp):
    x = Tensor(xp.asarray(np.array([1.0, 2.0, 3.0])))
    assert ((x > 1) ^ (x > 2)).tolist() == [False, True, False]
    assert (True ^ (x > 2)).tolist() == [True, True, False]
