"""Compiled pooling: all geometries, layouts and sizes, NaN, equal pixels, any number of threads."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, ops
from minigrad.kernels.compiled import pooling
from minigrad.ops import pooling as definitions
from minigrad.ops.windows import Window

pytestmark = pytest.mark.usefixtures("everything_compiled")

# image size, kernel, strides, padding
GEOMETRIES = [
    ((7, 6), 2, 2, "valid"),
    ((7, 6), 3, 2, "same"),
    ((5, 8), (1, 3), (1, 2), ((0, 0), (1, 2))),
    ((8, 5), (3, 1), 1, "same"),
    ((9, 7), 2, (3, 4), "valid"),
    ((5, 6), (5, 6), 1, "valid"),
    ((6, 6), 4, 1, ((3, 0), (2, 3))),
    ((4, 4), 1, 1, "valid"),
]
SHAPES = [(3, 5), (1, 1), (2, 33)]  # images, channels


def random(shape, dtype="float32", seed=0):
    """Numbers of which many are equal."""
    return np.random.default_rng(seed).integers(-3, 4, shape).astype(dtype)


def layouts(x):
    """The array in C order, transposed, read-only, and not aligned."""
    locked = x.copy()
    locked.flags.writeable = False
    raw = np.zeros(x.nbytes + 1, "u1")[1:].view(x.dtype).reshape(x.shape)
    raw[...] = x
    return [x, np.asfortranarray(x), locked, raw]


def results(x, g, window, v):
    """What each op gives, by its definition or as a loop."""
    maxima = definitions._max_pool(x, window=window)
    return [
        maxima,
        definitions.max_pool_grad(g, x, maxima, window=window),
        definitions.gather_at_argmax(v, x, maxima, window=window),
        definitions._average_pool(x, window=window),
        definitions.avg_pool_grad(g, window=window),
    ]


@pytest.mark.parametrize("n, channels", SHAPES)
@pytest.mark.parametrize("size, kernel, strides, padding", GEOMETRIES)
def test_loops_give_what_definitions_give(size, kernel, strides, padding, n, channels):
    window = Window.of(size, kernel, strides, padding)
    for dtype in ("float32", "float64"):
        x = random((n, *size, channels), dtype)
        v = random(x.shape, dtype, 2)
        g = random((n, *window.output_shape, channels), dtype, 1)
        with minigrad.use_kernels(False):
            expected = results(x, g, window, v)
        for a, b in zip(results(x, g, window, v), expected, strict=True):
            assert a.dtype == dtype
            digits = 1e-6 if dtype == "float32" else 1e-14
            np.testing.assert_allclose(a, b, rtol=digits, atol=digits)


def test_layouts_change_nothing():
    window = Window.of((5, 6), 3, 2, "same")
    x, v = random((2, 5, 6, 4)), random((2, 5, 6, 4), seed=2)
    g = random((2, 3, 3, 4), seed=1)
    expected = results(x, g, window, v)
    for images, values, grads in zip(layouts(x), layouts(v), layouts(g), strict=True):
        for a, b in zip(results(images, grads, window, values), expected, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_nan_is_the_largest_and_infinities_are_kept(place):
    x = random((1, 2, 2, 5))
    x[0, place // 2, place % 2] = [np.nan, np.inf, -np.inf, np.nan, 0]
    window = Window.of((2, 2), 2)
    with minigrad.use_kernels(False):
        expected = definitions._max_pool(x, window=window)
        mean = definitions._average_pool(x, window=window)
    np.testing.assert_array_equal(definitions._max_pool(x, window=window), expected)
    np.testing.assert_array_equal(definitions._average_pool(x, window=window), mean)


def test_a_window_of_minus_infinities_gives_its_gradient_to_the_first():
    x = np.full((1, 2, 2, 4), -np.inf, "float32")
    window = Window.of((2, 2), 2)
    maxima = definitions._max_pool(x, window=window)
    found = definitions.max_pool_grad(np.ones((1, 1, 1, 4), "float32"), x, maxima, window=window)
    np.testing.assert_array_equal(found[0, :, :, 0], [[1, 0], [0, 0]])


def test_every_number_of_threads_gives_the_same_bits(set_threads):
    rng = np.random.default_rng(0)
    x, v = rng.standard_normal((2, 5, 31, 29, 7), dtype="float32")
    window = Window.of((31, 29), 3, 2, "same")
    g = rng.standard_normal((5, *window.output_shape, 7), dtype="float32")
    found = []
    for n in (1, 2, 3, 8):
        set_threads(n)
        found.append(results(x, g, window, v))
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_what_loops_do_not_take_runs_without_them():
    window = Window.of((4, 4), 2)
    for x in (np.ones((0, 4, 4, 5), "f"), np.ones((1, 4, 4, 5), "f2"), np.ones((1, 4, 4, 5), int)):
        assert pooling.max_pool_forward(x, window=window) is NotImplemented
        assert definitions._max_pool(x, window=window).shape == (len(x), 3, 3, 5)
    mixed = np.ones((1, 3, 3, 5)), np.ones((1, 4, 4, 5), "f"), np.ones((1, 3, 3, 5), "f")
    assert pooling.max_pool_grad(*mixed, window=window) is NotImplemented


def test_gradients_through_overlapping_windows():
    x = Tensor(random((2, 7, 7, 4)), requires_grad=True)

    def found():
        y = ops.max_pool(x, pool_size=3, strides=2) + ops.average_pool(x, pool_size=3, strides=2)
        return grad(ops.sum(ops.square(y)), [x])[0].numpy()

    with minigrad.use_kernels(False):
        expected = found()
    np.testing.assert_allclose(found(), expected, rtol=1e-5)
