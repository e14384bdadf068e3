"""Recurrent layers as compiled loops: batches of several blocks, and what a loop does not take."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.kernels import compiled
from minigrad.kernels.compiled import recurrent as shared

GATES = {"simple_rnn": 1, "lstm": 4, "gru": 3, "gru_reset_before": 3}
ROWS = {row.op: row for row in compiled.ROWS}

pytestmark = pytest.mark.usefixtures("everything_compiled")


def arrays_of(name, dtype="float32", n=20, steps=4, features=5, units=18):
    """All that an op takes: sequences, weights, states, mask and dropout mask."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.standard_normal(shape).astype(dtype)

    width = GATES[name] * units
    weights = draw(features, width), draw(units, width), draw(*[2][name != "gru" :], width)
    states = [draw(n, units) for _ in range(1 + (name == "lstm"))]
    mask = rng.random((n, steps)) < 0.7
    return [draw(n, steps, features), *weights, *states, mask, 2.0 * (draw(n, units) > 0)]


def run(name, arrays, return_mode):
    """The output and the gradients of all arrays but the mask."""
    op = getattr(ops, name)
    made = [a if a.dtype.kind == "b" else Tensor(a, True, a.dtype) for a in arrays]
    y = op(*made, return_mode=return_mode)
    weights = np.random.default_rng(1).standard_normal(y.shape).astype(y.dtype)
    xs = [x for x in made if isinstance(x, Tensor)]
    return [y._array, *(d._array for d in grad(y, xs, cotangent=weights))]


@pytest.mark.parametrize("return_mode", ["last", "sequence"])
@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("dtype, digits", [("float32", 2e-5), ("float64", 1e-12)])
def test_several_blocks_give_what_the_definition_gives(name, return_mode, dtype, digits):
    arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in arrays_of(name)]
    before = ROWS[name].calls
    found = run(name, arrays, return_mode)
    assert ROWS[name].calls > before
    exact = [a.astype("float64") if a.dtype.kind == "f" else a for a in arrays]
    with minigrad.use_kernels(False):
        expected = run(name, exact, return_mode)
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=digits * np.abs(b).max())


@pytest.mark.parametrize("name", GATES)
def test_large_weights_are_met_by_blocks_of_more_sequences(name):
    arrays = [a.astype("float64") if a.dtype.kind == "f" else a for a in arrays_of(name, units=256)]
    assert arrays[2].size >= shared.LARGE and len(arrays[0]) > shared.MANY_SEQUENCES
    found = run(name, arrays, "sequence")
    with minigrad.use_kernels(False):
        expected = run(name, arrays, "sequence")
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-11 * np.abs(b).max())


def test_many_sequences_of_few_units_are_left_to_numpy():
    arrays = arrays_of("simple_rnn", n=65)[:4]
    assert compiled.run(ROWS["simple_rnn"].forward, *arrays) is NotImplemented
    wide = arrays_of("simple_rnn", n=65, units=32)[:4]
    assert compiled.run(ROWS["simple_rnn"].forward, *wide) is not NotImplemented


@pytest.mark.parametrize("name", GATES)
def test_the_same_bits_on_any_number_of_threads(name, set_threads):
    results = []
    for n in (1, 2, 3, 8):
        set_threads(n)
        results.append(run(name, arrays_of(name), "sequence"))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", GATES)
def test_a_layout_or_a_lock_changes_nothing(name):
    arrays = arrays_of(name)
    expected = run(name, arrays, "sequence")
    odd = [np.asfortranarray(a) for a in arrays]
    for a in odd:
        a.flags.writeable = False
    for a, b in zip(run(name, odd, "sequence"), expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", GATES)
def test_nan_stays_in_its_sequence(name):
    """A NaN shows in all later steps of its sequence, in no other, and not where it is skipped."""
    x, kernel, recurrent, bias, *_ = arrays_of(name)
    clean = getattr(ops, name)(x, kernel, recurrent, bias)
    x[3, 1, 0] = np.nan
    y = getattr(ops, name)(x, kernel, recurrent, bias)
    assert np.isnan(y[3, 1:]).all() and not np.isnan(y[3, 0]).any()
    np.testing.assert_array_equal(np.delete(y, 3, 0), np.delete(clean, 3, 0))
    mask = np.ones(x.shape[:2], bool)
    mask[3, 1] = False
    states = [None] * (1 + (name == "lstm"))
    assert np.isfinite(getattr(ops, name)(x, kernel, recurrent, bias, *states, mask)).all()


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("dtypes", [("float16", "float16"), ("float32", "float64")])
def test_other_and_mixed_dtypes_are_left_to_numpy(name, dtypes):
    x, kernel, recurrent = (
        a.astype(d) for a, d in zip(arrays_of(name), (*dtypes, dtypes[1]), strict=False)
    )
    assert compiled.run(ROWS[name].forward, x, kernel, recurrent, None) is NotImplemented


@pytest.mark.parametrize("name", GATES)
def test_weights_too_large_for_every_block_to_read_are_left_to_numpy(name, monkeypatch):
    x, *weights = arrays_of(name)[:4]
    monkeypatch.setattr(shared, "LARGEST", weights[1].nbytes)
    assert compiled.run(ROWS[name].forward, x, *weights) is NotImplemented
    assert compiled.run(ROWS[name].forward, x[: shared.SEQUENCES], *weights) is not NotImplemented
    monkeypatch.setattr(shared, "LARGEST", weights[1].nbytes + 1)
    assert compiled.run(ROWS[name].forward, x, *weights) is not NotImplemented
