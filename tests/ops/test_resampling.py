"""Resampling by filters, and modulated convolution: identities, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import ops

from .helpers import fails

RNG = np.random.default_rng(5)
IMAGES = RNG.standard_normal((2, 6, 8, 3))


def test_brightness_stays():
    flat = np.ones((1, 8, 8, 1))
    for op in (ops.upsample2d, ops.downsample2d):
        inner = op(flat)[:, 1:-1, 1:-1]
        np.testing.assert_allclose(inner, 1, rtol=1e-12)


def test_downsample2d_is_the_adjoint_of_upsample2d():
    small = RNG.standard_normal((2, 3, 4, 3))
    up, down = ops.upsample2d(small), ops.downsample2d(IMAGES)
    np.testing.assert_allclose((up * IMAGES).sum(), 4 * (small * down).sum(), rtol=1e-12)


def test_a_modulated_convolution_enlarges_as_upsample2d_before_it():
    kernel, style = RNG.standard_normal((3, 3, 3, 4)), RNG.uniform(0.5, 2, (2, 3))
    once = ops.modulated_conv2d(IMAGES, kernel, style, up=2)
    after = ops.modulated_conv2d(ops.upsample2d(IMAGES), kernel, style)
    np.testing.assert_allclose(once[:, 2:-2, 2:-2], after[:, 2:-2, 2:-2], rtol=1e-9, atol=1e-12)


def test_demodulated_outputs_do_not_depend_on_the_size_of_the_style():
    kernel, style = RNG.standard_normal((3, 3, 3, 4)), RNG.uniform(0.5, 2, (2, 3))
    y = ops.modulated_conv2d(IMAGES, kernel, style)
    np.testing.assert_allclose(ops.modulated_conv2d(IMAGES, kernel, 50 * style), y, rtol=1e-6)


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x: ops.upfirdn2d(x, filter=[[1, 1]]), ["filter must be numbers in one row"]),
        (lambda x: ops.upfirdn2d(x, filter=[]), ["filter must be numbers in one row"]),
        (lambda x: ops.upfirdn2d(x, filter=[1] * 7), ["filter of 7 numbers", "6 pixels"]),
        (lambda x: ops.upfirdn2d(x, filter=[1], up=0), ["up must be"]),
        (lambda x: ops.upfirdn2d(x, filter=[1], padding="same"), ["padding must be"]),
        (lambda x: ops.upsample2d(x, filter=(1, -1)), ["sum is 0"]),
        (lambda x: ops.downsample2d(x[0]), [r"\(N, H, W, C\)"]),
        (
            lambda x: ops.modulated_conv2d(x, np.ones((3, 3, 3, 4)), np.ones((2, 4))),
            [r"style of shape \(2, 3\)", r"got \(2, 4\)"],
        ),
    ],
)
def test_bad_calls(call, words):
    with fails(ValueError, *words):
        call(IMAGES)
