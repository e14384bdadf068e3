"""Large arrays added, joined and laid out by compiled loops: the bits of NumPy, any layout."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, layers, ops
from minigrad.kernels import compiled
from minigrad.kernels.compiled import loops

ADD, JOIN = (
    next(row for row in compiled.ROWS if row.op == name) for name in ("add", "concatenate")
)
RNG = np.random.default_rng(0)

pytestmark = pytest.mark.usefixtures("everything_compiled")


def numbers(*shape, dtype="float32"):
    x = RNG.standard_normal(shape).astype(dtype)
    x.flat[:4] = [np.nan, np.inf, -np.inf, -0.0]
    return x


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_are_those_of_numpy(dtype, set_threads):
    a, b = numbers(3, 20011, dtype=dtype), numbers(3, 20011, dtype=dtype)[:, ::-1].copy()
    before = ADD.calls
    for n in (1, 2, 3, 8):
        set_threads(n)
        y = ops.add(Tensor(a, dtype=dtype), Tensor(b, dtype=dtype)).numpy()
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, a + b)
    assert ADD.calls == before + 4


def test_what_is_added_otherwise_is_left_to_numpy():
    a, before = numbers(4, 6), ADD.calls
    for x, y in [
        (a, a[:1]),
        (a, 2.0),
        (2.0, a),
        (a.T, a.T),
        (a.astype("int32"), a.astype("int32")),
    ]:
        with np.errstate(all="ignore"), minigrad.use_kernels(False):
            expected = ops.add(*(Tensor(v) if np.ndim(v) else v for v in (x, y))).numpy()
        found = ops.add(*(Tensor(v) if np.ndim(v) else v for v in (x, y))).numpy()
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)
    assert ADD.calls == before


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_arrays_are_joined_as_by_numpy(axis, dtype, set_threads):
    xs = [numbers(5, 30, 40, dtype=dtype), numbers(5, 30, 40, dtype=dtype)]
    xs.append(numbers(40, 30, 5, dtype=dtype).T)
    xs.append(numbers(5, 30, 90, dtype=dtype)[:, :, 20:60])
    before = JOIN.calls
    for n in (1, 2, 3, 8):
        set_threads(n)
        y = ops.concatenate([Tensor(x, dtype=dtype) for x in xs], axis=axis).numpy()
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, np.concatenate(xs, axis))
    assert JOIN.calls == before + 4


def test_what_cannot_be_joined_has_the_error_of_numpy():
    a = Tensor(np.ones((2, 3), "float32"))
    for other in (np.ones((3, 3), "float32"), np.ones((2, 3, 1), "float32")):
        with pytest.raises(ValueError, match="the shapes may differ along axis 1 alone"):
            ops.concatenate([a, Tensor(other)], axis=1)
    with pytest.raises(ValueError, match="axis"):
        ops.concatenate([a, a], axis=2)
    mixed = ops.concatenate([a, Tensor(np.ones((2, 1)))], axis=-1).numpy()
    np.testing.assert_array_equal(mixed, np.ones((2, 4)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_parts_of_rows_are_copied(dtype, monkeypatch, set_threads):
    x = numbers(7, 9, 80, 50, dtype=dtype)
    locked = x[..., 3:9]
    locked.flags.writeable = False
    taken = []
    real = loops._run_copy_rows
    monkeypatch.setattr(loops, "_run_copy_rows", lambda *args: taken.append(1) or real(*args))
    monkeypatch.setattr(loops, "LEAST_COPY", 0)
    of_rows = x[..., 10:47], x[2:5, :, :, :1], x[..., -1:], x[0, ::2, 0, 4:], locked
    records = np.ones(9, [("of_three", dtype, (3,)), ("between", "i2")])["of_three"]
    others = records, x[:, 1:5], x[..., ::2], x[..., ::-1], x.T, x[:, ::-1, :, 3:9], x[:, :1, :, 1:]
    for n in (1, 2, 3, 8):
        set_threads(n)
        for part in (*of_rows, *others, np.broadcast_to(x[0, 0, 0, :9], (4, 9)), x[:0, 0, :, 1:]):
            found = loops.as_carray(part)
            assert found.flags.carray and found.dtype == dtype
            np.testing.assert_array_equal(found, part)
    assert len(taken) >= 4 * len(of_rows)
    assert loops.as_carray(x) is x


def test_a_captured_step_adds_the_gradients_of_what_is_used_twice_by_the_loop():
    x = np.random.default_rng(0).standard_normal((8, 5)).astype("float32")
    y = np.zeros((8, 5), "float32")
    results = []
    for kernels in (True, False):
        minigrad.seed(0)
        given = layers.Input((5,))
        first = layers.Dense(5)(given)
        model = minigrad.Model(given, layers.Dense(5)(first) + layers.Dense(5)(first))
        with minigrad.use_kernels(kernels):
            model.compile("sgd", "mse")
            for _ in range(12):
                model.train_on_batch(x, y)
            before = ADD.calls
            model.train_on_batch(x, y)
        assert ADD.calls - before == (2 if kernels else 0)  # the outputs, and the gradient of first
        results.append(model.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
