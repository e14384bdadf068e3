"""Convolutions have PyTorch's values and gradients, to second order."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import assume, given
from hypothesis import strategies as st

from minigrad import Tensor, grad, layers, ops

from .compare import compare, drawn, normal, seeds

F = torch.nn.functional
pytestmark = pytest.mark.parity

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
sides = st.tuples(st.integers(0, 2), st.integers(0, 2))
# groups, and the channels and filters of each
groups_of = st.sampled_from(
    [(1, 1, 1), (1, 3, 2), (2, 1, 1), (2, 2, 1), (3, 1, 1), (3, 1, 2), (2, 1, 3)]
)


@st.composite
def convolutions(draw):
    """Sizes and settings under which the kernel fits."""
    size = draw(st.tuples(st.integers(1, 8), st.integers(1, 8)))
    kernel, dilation = draw(pairs), draw(pairs)
    pads = draw(st.tuples(sides, sides))
    assume(all(n + sum(p) > d * (k - 1) for n, k, d, p in zip(size, kernel, dilation, pads)))
    return size, kernel, draw(pairs), dilation, pads, draw(groups_of)


def images_first(x):
    return x.permute(0, 3, 1, 2)


def padded(x, pads):
    """PyTorch's images with pads per side, which its own padding= does not have."""
    (top, bottom), (left, right) = pads
    return F.pad(images_first(x), (left, right, top, bottom))


def torch_conv(strides, dilation, pads, groups):
    def conv(x, w, b):
        kernel = w.permute(3, 2, 0, 1)
        y = F.conv2d(padded(x, pads), kernel, b, strides, 0, dilation, groups)
        return y.permute(0, 2, 3, 1)

    return conv


def arrays(seed, size, kernel, groups, c, f):
    return (
        normal(seed, 2, *size, groups * c),
        normal(seed + 1, *kernel, c, groups * f),
        normal(seed + 2, groups * f),
    )


@drawn
@given(convolutions(), seeds)
def test_convolution(drawn, seed):
    size, kernel, strides, dilation, pads, (groups, c, f) = drawn
    compare(
        lambda x, w, b: ops.conv2d(
            x, w, b, strides=strides, dilation=dilation, padding=pads, groups=groups
        ),
        torch_conv(strides, dilation, pads, groups),
        *arrays(seed, size, kernel, groups, c, f),
    )


@drawn
@given(convolutions(), seeds)
def test_second_order(drawn, seed):
    """The gradient of a norm of the input gradient, as WGAN-GP takes it."""
    size, kernel, strides, dilation, pads, (groups, c, f) = drawn
    theirs = torch_conv(strides, dilation, pads, groups)
    x, w, b = arrays(seed, size, kernel, groups, c, f)
    tx, tw, tb = (torch.tensor(a, requires_grad=True) for a in (x, w, b))
    (slope,) = torch.autograd.grad((theirs(tx, tw, tb) ** 2).sum(), [tx], create_graph=True)
    wanted = torch.autograd.grad((slope**2).sum(), [tx, tw, tb])
    mx, mw, mb = (Tensor(a, requires_grad=True, dtype="float64") for a in (x, w, b))
    y = ops.conv2d(mx, mw, mb, strides=strides, dilation=dilation, padding=pads, groups=groups)
    (slope,) = grad((y**2).sum(), [mx], create_graph=True)
    for got, want in zip(grad((slope**2).sum(), [mx, mw, mb]), wanted, strict=True):
        atol = 1e-9 * (1 + float(want.abs().max()))
        np.testing.assert_allclose(got.data, want.numpy(), rtol=1e-9, atol=atol)


@drawn
@given(st.tuples(st.integers(1, 9), st.integers(1, 9)), pairs, pairs, seeds)
def test_same_padding_by_explicit_pads(size, kernel, strides, seed):
    """TensorFlow's rule, as in its documentation, given to PyTorch as pads per side."""
    total = [max(k - s if n % s == 0 else k - n % s, 0) for n, k, s in zip(size, kernel, strides)]
    pads = [(t // 2, t - t // 2) for t in total]
    compare(
        lambda x, w, b: ops.conv2d(x, w, b, strides=strides, padding="same"),
        torch_conv(strides, 1, pads, 1),
        *arrays(seed, size, kernel, 1, 2, 3),
    )


@drawn
@given(
    st.tuples(st.integers(1, 5), st.integers(1, 5)),
    pairs,
    pairs,
    pairs,
    st.tuples(st.integers(0, 1), st.integers(0, 1)),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
    groups_of,
    seeds,
)
def test_transposed_convolution(size, kernel, strides, dilation, padding, extra, grouped, seed):
    groups, c, f = grouped
    for n, k, s, d, p, e in zip(size, kernel, strides, dilation, padding, extra):
        assume(e < s and e < max(s, d))
        assume((n - 1) * s + d * (k - 1) + 1 - 2 * p + e > 0)
    x, b = normal(seed, 2, *size, groups * c), normal(seed + 2, groups * f)
    w = normal(seed + 1, *kernel, f, groups * c)

    def theirs(x, w, b):
        kernel = w.permute(3, 2, 0, 1)
        y = F.conv_transpose2d(
            images_first(x), kernel, b, strides, padding, extra, groups, dilation
        )
        return y.permute(0, 2, 3, 1)

    def ours(x, w, b):
        settings = {"strides": strides, "padding": padding, "dilation": dilation, "groups": groups}
        return ops.conv2d_transpose(x, w, b, output_padding=extra, **settings)

    compare(ours, theirs, x, w, b)


@drawn
@given(st.tuples(st.integers(1, 6), st.integers(1, 6)), pairs, seeds)
def test_enlarging(size, factors, seed):
    x = normal(seed, 2, *size, 2)
    for mode, options in (("nearest", {}), ("bilinear", {"align_corners": False})):

        def theirs(x, mode=mode, options=options):
            y = F.interpolate(images_first(x), scale_factor=factors, mode=mode, **options)
            return y.permute(0, 2, 3, 1)

        compare(layers.UpSampling2D(factors, interpolation=mode), theirs, x)


@drawn
@given(st.integers(1, 9), st.integers(1, 3), st.integers(1, 3), st.integers(1, 2), seeds)
def test_convolution_over_time(length, kernel, stride, dilation, seed):
    layer = layers.Conv1D(3, kernel, stride, "causal", dilation_rate=dilation)
    layer(np.zeros((1, length, 2)))

    def ours(x, w, b):
        layer.kernel, layer.bias = w, b
        return layer(x)

    def theirs(x, w, b):
        past = F.pad(x.permute(0, 2, 1), (dilation * (kernel - 1), 0))
        return F.conv1d(past, w.permute(2, 1, 0), b, stride, 0, dilation).permute(0, 2, 1)

    compare(
        ours,
        theirs,
        normal(seed, 2, length, 2),
        normal(seed + 1, kernel, 2, 3),
        normal(seed + 2, 3),
    )
