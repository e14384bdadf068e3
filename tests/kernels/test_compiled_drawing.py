"""What dropout keeps, drawn by a compiled loop: the bits of NumPy, and its generator after it."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad.kernels import compiled
from minigrad.kernels.compiled import drawing
from minigrad.layers import Dropout
from minigrad.layers.regularization import bernoulli_like

(ROW,) = (row for row in compiled.ROWS if row.op == "bernoulli")
LIKE = np.zeros(1, "float32")
STEPS = drawing.STEPS

pytestmark = pytest.mark.usefixtures("everything_compiled")


@pytest.fixture(autouse=True)
def any_size(monkeypatch):
    monkeypatch.setattr(drawing, "LEAST", 1)


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize(
    "shape",
    [(1,), (2,), (7,), (8, 8), (2 * STEPS - 1,), (2 * STEPS,), (3, 2 * STEPS + 1), (64, 1024)],
)
def test_bits_and_generator_are_those_of_numpy(shape, waiting, set_threads):
    """Also where half of a step is left of an earlier draw."""
    for n in (1, 2, 3, 8):
        set_threads(n)
        ours, numpys = np.random.default_rng(n), np.random.default_rng(n)
        for generator in (ours, numpys):
            generator.random(3 if waiting else 2, np.float32)
        for p in (0.7, 0.5, 1 / 3, 1.0, 0.0):
            kept = bernoulli_like(p, shape, LIKE, ours)
            assert kept.dtype == bool and kept.shape == shape
            np.testing.assert_array_equal(kept, numpys.random(shape, np.float32) < np.float32(p))
            assert ours.bit_generator.state == numpys.bit_generator.state
        assert ours.integers(1 << 32, size=5).tolist() == numpys.integers(1 << 32, size=5).tolist()


def test_many_draws_in_a_row():
    ours, numpys = np.random.default_rng(5), np.random.default_rng(5)
    sizes = np.random.default_rng(0).integers(1, 40_000, 40)
    for size in sizes.tolist():
        kept = bernoulli_like(0.25, (size,), LIKE, ours)
        np.testing.assert_array_equal(kept, numpys.random(size, np.float32) < np.float32(0.25))
    assert ours.bit_generator.state == numpys.bit_generator.state


def test_the_limit_is_exact():
    """A number that is drawn is not below itself."""
    numbers = np.random.default_rng(3).random(64, np.float32)
    for p in numbers[:8].tolist():
        kept = bernoulli_like(p, (64,), LIKE, np.random.default_rng(3))
        np.testing.assert_array_equal(kept, numbers < np.float32(p))


@pytest.mark.parametrize("bits", [np.random.MT19937, np.random.Philox, np.random.PCG64DXSM])
def test_other_generators_draw_by_themselves(bits):
    before = ROW.calls
    kept = bernoulli_like(0.5, (99,), LIKE, np.random.Generator(bits(0)))
    expected = np.random.Generator(bits(0)).random(99, np.float32) < 0.5
    np.testing.assert_array_equal(kept, expected)
    assert ROW.calls == before


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_dtypes_are_drawn_by_numpy(dtype):
    before = ROW.calls
    with minigrad.use_kernels(False):
        expected = bernoulli_like(0.5, (99,), LIKE.astype(dtype), np.random.default_rng(0))
    kept = bernoulli_like(0.5, (99,), LIKE.astype(dtype), np.random.default_rng(0))
    np.testing.assert_array_equal(kept, expected)
    assert ROW.calls == before


def test_a_layer_gives_the_same_with_and_without():
    """Twice, so that the generator stands where it should; and the loop has run."""
    x = np.ones((30, 41), "float32")
    results = []
    for kernels in (False, True):
        minigrad.seed(1)
        layer = Dropout(0.3)
        before = ROW.calls
        with minigrad.use_kernels(kernels):
            results.append([layer(x, training=True).numpy() for _ in range(2)])
        assert (ROW.calls > before) is kernels
    np.testing.assert_array_equal(*results)
