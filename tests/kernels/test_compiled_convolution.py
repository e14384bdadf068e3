"""Compiled convolution: blocks that end anywhere, all settings, special values, all layouts."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import ops
from minigrad.kernels import compiled
from minigrad.kernels.compiled import convolution
from minigrad.ops.windows import Window

pytestmark = pytest.mark.usefixtures("everything_compiled")

rng = np.random.default_rng(3)
ROWS = {row.op: row for row in compiled.ROWS}

# images, filters, kernel, settings of the window, groups
CASES = {
    "one channel": ((5, 17, 13, 1), 6, 3, {}, 1),
    "three channels, stride 2": ((3, 16, 19, 3), 5, (3, 5), {"strides": 2, "padding": "same"}, 1),
    "many channels": ((3, 9, 11, 12), 24, 3, {"padding": "same"}, 1),
    "pads beyond the kernel": ((2, 5, 7, 4), 8, 2, {"padding": ((3, 0), (1, 4))}, 1),
    "strides apart": ((2, 13, 11, 4), 8, 2, {"strides": (3, 2)}, 1),
    "dilation": ((2, 12, 13, 8), 8, 3, {"dilation": (2, 3), "padding": 2}, 1),
    "dilation and strides": ((2, 12, 13, 8), 4, 3, {"dilation": 2, "strides": (2, 1)}, 1),
    "pointwise": ((3, 7, 5, 8), 16, 1, {}, 1),
    "pointwise, stride 2": ((3, 7, 5, 8), 16, 1, {"strides": 2}, 1),
    "pointwise, groups": ((3, 7, 5, 8), 16, 1, {}, 2),
    "groups": ((2, 9, 8, 12), 18, 3, {"strides": 2, "padding": "same"}, 3),
    "groups, dilation": ((2, 9, 8, 12), 6, 2, {"dilation": 2}, 3),
    "depthwise": ((2, 9, 8, 6), 6, 3, {"padding": "same"}, 6),
    "depthwise, two filters per channel": ((2, 9, 8, 6), 12, (2, 3), {"strides": (2, 1)}, 6),
    "image of the kernel's size": ((9, 4, 4, 5), 7, 4, {}, 1),
    "direct": ((3, 6, 8, 16), 24, 3, {"padding": "same"}, 1),
    "direct, odd sizes": ((5, 9, 9, 17), 20, (3, 2), {}, 1),
    "direct, pads": ((2, 5, 6, 16), 16, 3, {"padding": ((3, 0), (1, 2))}, 1),
    "direct, pads beyond the kernel": ((2, 5, 7, 4), 8, 2, {"padding": ((3, 0), (4, 4))}, 1),
    "direct, strides and dilation of rows": (
        (2, 17, 25, 8),
        40,
        3,
        {"strides": (1, 1), "dilation": (2, 1), "padding": 2},
        1,
    ),
    "direct, strides": ((2, 17, 25, 8), 40, (3, 4), {"strides": (3, 2), "padding": "same"}, 1),
    "direct, phases": ((2, 12, 13, 32), 33, 3, {"strides": 2, "padding": "same"}, 1),
    "direct, few filters": ((2, 20, 18, 3), 6, 3, {"padding": "same"}, 1),
    "direct, vectors filled up": ((3, 12, 13, 8), 6, 3, {"padding": "same"}, 1),
    "direct, vectors filled up for the images": ((3, 12, 13, 6), 16, 5, {}, 1),
    "direct, bands": ((1, 70, 66, 8), 8, 3, {"padding": "same"}, 1),
    "direct, one channel": ((5, 17, 13, 1), 20, 3, {"padding": "same"}, 1),
    "direct, two channels, strides": ((5, 17, 13, 2), 6, (2, 3), {"strides": (1, 2)}, 1),
    "direct, slices of filters": ((1, 8, 9, 3), 130, 5, {"padding": "same"}, 1),
    "tiles": ((3, 6, 8, 64), 72, 3, {"padding": "same"}, 1),
    "tiles over the edge": ((5, 9, 7, 65), 65, 3, {}, 1),
    "tiles, pads": ((2, 5, 6, 72), 64, 3, {"padding": ((3, 0), (1, 2))}, 1),
    "tiles of small images": ((9, 8, 6, 64), 64, 3, {"padding": "same"}, 1),
    "tiles, sums of several blocks": ((24, 14, 14, 48), 64, 3, {"padding": "same"}, 1),
    "tiles, sums of several blocks, part of a vector": (
        (24, 14, 14, 33),
        65,
        3,
        {"padding": "same"},
        1,
    ),
    "pointwise, strides into the padding": (
        (3, 2, 2, 8),
        16,
        1,
        {"strides": 2, "padding": ((0, 1), (0, 1))},
        1,
    ),
    "pointwise, strides from the padding": (
        (3, 2, 2, 16),
        16,
        1,
        {"strides": 2, "padding": ((1, 0), (1, 0))},
        1,
    ),
    "pointwise, tiles": ((3, 7, 5, 16), 20, 1, {}, 1),
    "positions": ((9, 6, 5, 16), 17, 3, {"padding": "same"}, 1),
    "positions, strides": ((9, 9, 8, 17), 24, (5, 4), {"strides": 2, "padding": "same"}, 1),
    "positions, strides beyond the kernel": ((8, 14, 15, 18), 16, 2, {"strides": (3, 4)}, 1),
    "positions, pads": ((8, 5, 6, 16), 20, 3, {"strides": 2, "padding": ((3, 0), (1, 2))}, 1),
    "positions that see padding alone": ((8, 9, 9, 16), 16, 2, {"padding": ((3, 0), (4, 4))}, 1),
    "positions, blocks of images": ((130, 4, 5, 16), 18, 3, {"padding": "same"}, 1),
    "positions, panels": ((8, 5, 5, 70), 130, 3, {"strides": 2, "padding": "same"}, 1),
    "positions, some images at a time": ((70, 5, 6, 64), 80, 3, {"strides": 2}, 1),
    "one image, few filters": ((1, 40, 36, 24), 3, 7, {"padding": "same"}, 1),
    "sequence": ((4, 1, 50, 6), 8, (1, 5), {"padding": ((0, 0), (4, 0))}, 1),
}


def arrays(case, dtype):
    """Images, kernel, gradient of the outputs, and the settings of the op."""
    size, filters, kernel, window, groups = case
    window = Window.of(size[1:3], kernel, **window)
    shapes = size, (*window.kernel, size[3] // groups, filters), (size[0], *window.output_shape)
    x, w, g = (
        rng.standard_normal(shape).astype(dtype) for shape in (*shapes[:2], (*shapes[2], filters))
    )
    return x, w, g, {"window": window, "groups": groups}


def three_ops(x, w, g, settings):
    """Output, input gradient, kernel gradient."""
    b = x.dtype.type(2) * w[0, 0, 0]
    y = ops.convolution._conv2d(x, w, b, **settings)
    dx = ops.conv2d_input_grad(g, w, **settings)
    return y, dx, ops.conv2d_kernel_grad(x, g, **settings)


def defined(x, w, g, settings):
    """The same by the definitions."""
    with minigrad.use_kernels(False):
        return three_ops(x, w, g, settings)


@pytest.mark.parametrize("dtype, digits", [("float32", 2e-5), ("float64", 1e-12)])
@pytest.mark.parametrize("name", CASES)
def test_the_three_ops_are_those_of_the_definition(name, dtype, digits):
    x, w, g, settings = arrays(CASES[name], dtype)
    before = [ROWS[op].calls for op in ("conv2d", "conv2d_input_grad", "conv2d_kernel_grad")]
    for a, b in zip(three_ops(x, w, g, settings), defined(x, w, g, settings), strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=digits, atol=digits * np.abs(b).max())
    after = [ROWS[op].calls for op in ("conv2d", "conv2d_input_grad", "conv2d_kernel_grad")]
    assert [n - m for m, n in zip(before, after)] == [1, 1, 1]


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("kernel", [1, 2, 3, (3, 1), 5])
@pytest.mark.parametrize("channels, filters, groups", [(3, 16, 1), (16, 20, 1), (32, 16, 2)])
def test_all_settings_together(channels, filters, groups, kernel, padding):
    """Which way of computing is taken depends on all of them."""
    filters *= groups
    for strides in (1, 2, (2, 1), 3):
        for dilation in (1, 2):
            if strides != 1 and dilation != 1:
                continue
            window = {"strides": strides, "dilation": dilation, "padding": padding}
            case = (2, 11, 10, channels), filters, kernel, window, groups
            x, w, g, settings = arrays(case, "float64")
            found, expected = three_ops(x, w, g, settings), defined(x, w, g, settings)
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11, err_msg=str(case))


@pytest.mark.parametrize("name", CASES)
def test_every_number_of_threads_gives_the_same_bits(name, set_threads):
    inputs = arrays(CASES[name], "float32")
    results = []
    for n in (1, 2, 3, 8):
        set_threads(n)
        results.append(three_ops(*inputs))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize("kernel", [2, 3])
def test_many_channels_are_tiles_at_stride_1_alone(kernel, strides):
    window = {"strides": strides, "padding": "same"}
    x, w, g, settings = arrays(((2, 11, 10, 64), 72, kernel, window, 1), "float64")
    found, expected = three_ops(x, w, g, settings), defined(x, w, g, settings)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11 * np.abs(b).max())


WAYS = {
    "direct, one channel": ("run_direct", "_run_input_grad", "run_direct_kernel_grad"),
    "direct": ("run_direct", "run_direct", "run_direct_kernel_grad"),
    "tiles": ("run_winograd", "run_winograd", "run_winograd_kernel_grad"),
    "strides apart": ("_run_forward", "_run_input_grad", "_run_kernel_grad"),
    "positions, strides": (
        "run_positions",
        "run_positions_input_grad",
        "run_positions_kernel_grad",
    ),
    "tiles of small images": ("run_winograd", "run_winograd", "run_winograd_kernel_grad"),
    "pointwise, tiles": ("add_product", "add_product", "add_product"),
}


@pytest.mark.parametrize("name", WAYS)
def test_each_way_of_computing_is_taken(name, monkeypatch):
    taken = []
    for loop in {loop for way in WAYS.values() for loop in way}:
        real = getattr(convolution, loop)
        monkeypatch.setattr(
            convolution, loop, lambda *args, n=loop, f=real: taken.append(n) or f(*args)
        )
    three_ops(*arrays(CASES[name], "float32"))
    assert tuple(taken) == WAYS[name]


def test_long_sums_of_tiles_lose_no_digits():
    x, w, g, settings = arrays(((8, 96, 96, 32), 64, 3, {"padding": "same"}, 1), "float64")
    exact = ops.conv2d_kernel_grad(x, g, **settings)
    x, g = x.astype("float32"), g.astype("float32")
    found = ops.conv2d_kernel_grad(x, g, **settings)
    assert np.abs(found - exact).max() < 1e-6 * np.abs(exact).max()


SPECIAL = [
    "many channels",
    "one channel",
    "depthwise",
    "strides apart",
    "direct, pads",
    "tiles",
    "tiles, pads",
    "positions, pads",
    "pointwise, tiles",
]


@pytest.mark.parametrize("name", SPECIAL)
def test_nan_and_infinities_reach_what_they_meet(name):
    x, w, g, settings = arrays(CASES[name], "float64")
    x[0, 4, 3, 0], x[1, 0, 0, 0], g[0, 1, 2, 1] = np.nan, np.inf, -np.inf
    with np.errstate(all="ignore"):
        found, expected = three_ops(x, w, g, settings), defined(x, w, g, settings)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.isfinite(a), np.isfinite(b))
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))


@pytest.mark.parametrize("padding", ["valid", "same", ((4, 4), (4, 5)), ((2, 0), (0, 3))])
@pytest.mark.parametrize("strides", [(2, 2), (1, 2), (3, 2), (3, 3), (5, 4)])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 3), (1, 3), (4, 4)])
def test_the_input_gradient_by_phases(kernel, strides, padding):
    """Each phase of the strides is a convolution of its own; pixels that meet nothing get 0."""
    for size in ((6, 7), (12, 13), (4, 30)):
        window = Window.of(size, kernel, strides, padding, 1)
        w = rng.standard_normal((*kernel, 8, 12))
        g = rng.standard_normal((2, *window.output_shape, 12))
        found = convolution._input_grad_by_phases(g, w, (2, *size, 8), window)
        with minigrad.use_kernels(False):
            expected = ops.conv2d_input_grad(g, w, window=window)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_which_strided_input_gradients_go_by_phases(monkeypatch):
    monkeypatch.setattr(convolution, "_input_grad_by_phases", lambda *_: "phases")
    case = (2, 17, 25, 32), 40, (3, 4), {"strides": (3, 2), "padding": "same"}, 1
    _, w, g, settings = arrays(case, "float32")
    assert convolution.conv2d_input_grad(g, w, **settings) == "phases"
    _, w, g, settings = arrays(CASES["strides apart"], "float32")
    assert convolution.conv2d_input_grad(g, w, **settings).shape[3] == w.shape[2]


def test_arrays_of_any_layout():
    x, w, g, settings = arrays(CASES["many channels"], "float32")
    expected = three_ops(x, w, g, settings)
    w.flags.writeable = False
    apart = np.repeat(x, 2, 2)[:, :, ::2], w, np.asfortranarray(g)
    for a, b in zip(three_ops(*apart, settings), expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_empty_batches_run_beneath():
    before = ROWS["conv2d"].calls
    assert ops.conv2d(np.zeros((0, 5, 5, 2)), np.zeros((3, 3, 2, 4))).shape == (0, 3, 3, 4)
    assert ROWS["conv2d"].calls == before
