"""Operators and methods of Tensor give what those of NumPy arrays do."""

from __future__ import annotations

import numpy as np

from minigrad import Tensor, ops
from minigrad.backend import to_cpu

from .helpers import leaf


def test_operators_and_methods_are_numpys(xp):
    a, b = (
        np.array([[1.5, -2.0, 0.5], [3.0, 0.25, -1.0]], "float32"),
        np.array([2.0, 0.5, 4.0], "float32"),
    )
    x, y = Tensor(xp.asarray(a)), Tensor(xp.asarray(b))
    ones = xp.asarray(np.array([1, 1]))
    pairs = [
        (x + y, a + b),
        (x - y, a - b),
        (x * y, a * b),
        (x / y, a / b),
        (y**x, b**a),
        (x // y, a // b),
        (x % y, a % b),
        (7 // y, 7 // b),
        (7 % y, 7 % b),
        (divmod(x, y)[1], divmod(a, b)[1]),
        (+x, +a),
        (x @ y, a @ b),
        (-x, -a),
        (abs(x), abs(a)),
        (2 + x, 2 + a),
        (2 - x, 2 - a),
        (2 * x, 2 * a),
        (2 / y, 2 / b),
        (2**x, 2**a),
        (x == y, a == b),
        (x != y, a != b),
        (x < y, a < b),
        (x <= y, a <= b),
        (x > y, a > b),
        (x >= y, a >= b),
        (~(x > 0), ~(a > 0)),
        (x.T, a.T),
        (x[0, 1:], a[0, 1:]),
        ((x > 0) & (x < 2), (a > 0) & (a < 2)),
        ((x > 2) | (x < 0), (a > 2) | (a < 0)),
        ((x > 2) ^ (x > 0), (a > 2) ^ (a > 0)),
        (x.sum(), a.sum()),
        (x.sum(0), a.sum(0)),
        (x.mean(1, keepdims=True), a.mean(1, keepdims=True)),
        (x.std(1), a.std(1)),
        (x.var(0, ddof=1), a.var(0, ddof=1)),
        (x.max(-1), a.max(-1)),
        (x.min(), a.min()),
        (x.prod(0), a.prod(0)),
        (x.argmax(), a.argmax()),
        (x.argmin(1), a.argmin(1)),
        (x.argmax(1, keepdims=True), a.argmax(1, keepdims=True)),
        (x.argmin(keepdims=True), a.argmin(keepdims=True)),
        (x.cumprod(1), a.cumprod(1)),
        (x.cumprod(), a.cumprod()),
        (x.diagonal(1), a.diagonal(1)),
        (x.trace(), a.trace()),
        (x.copy(), a),
        (x.nonzero()[1], a.nonzero()[1]),
        (x.cumsum(1), a.cumsum(1)),
        (x.cumsum(), a.cumsum()),
        (x.reshape(3, 2), a.reshape(3, 2)),
        (x.reshape((6,)), a.reshape(6)),
        (x.transpose(1, 0), a.T),
        (x.transpose((1, 0)), a.T),
        (x.swapaxes(0, 1), a.T),
        (x[None].squeeze(0), a),
        (x.ravel(), a.ravel()),
        (x.flatten(), a.ravel()),
        (x.clip(-1, 1), a.clip(-1, 1)),
        (x.round(), a.round()),
        (x.repeat(2, 0), a.repeat(2, 0)),
        (x.take(ones, 1), a.take([1, 1], 1)),
        (x.any(), a.any()),
        ((x > 0).all(1), (a > 0).all(1)),
        (x.argsort(), a.argsort()),
        (x.sort(0), np.sort(a, 0)),
        (x.dot(y), a.dot(b)),
        (x.astype("int32"), a.astype("int32")),
    ]
    for i, (got, expected) in enumerate(pairs):
        assert (
            isinstance(got, Tensor)
            and got.shape == np.shape(expected)
            and got.dtype == expected.dtype
        ), i
        np.testing.assert_allclose(to_cpu(got.data), expected, rtol=1e-6, err_msg=str(i))


def test_arrays_leave_operators_to_the_tensor(xp):
    a = xp.asarray(np.ones((2, 3), "float32"))
    x = leaf(xp, np.full((2, 3), 2))
    for y in (a + x, a - x, a * x, a / x, a**x, a @ x.T, a < x):
        assert isinstance(y, Tensor)


def test_methods_have_names_of_their_own_and_leave_the_ops_theirs():
    assert ops.matmul.__name__ == "matmul" and Tensor.__matmul__ is ops.matmul
    assert Tensor.sum.__qualname__ == "Tensor.sum"
    assert Tensor.sum.__doc__ == ops.sum.__doc__
