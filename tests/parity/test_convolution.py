"""Convolutions have PyTorch's values and gradients, to second order, for whatever sizes, strides, pads and groups are drawn."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import assume, given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from minigrad import Tensor, grad, layers, ops  # noqa: E402

from .test_parity import compare, drawn, normal, seeds  # noqa: E402

F = torch.nn.functional
pytestmark = pytest.mark.parity

pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
sides = st.tuples(st.integers(0, 2), st.integers(0, 2))
groups_of = st.sampled_from(  # groups, and the channels and filters of each
    [(1, 1, 1), (1, 3, 2), (2, 1, 1), (2, 2, 1), (3, 1, 1), (3, 1, 2), (2, 1, 3)]
)


@st.composite
def convolutions(draw):
    """Sizes and settings under which the kernel fits."""
    size, kernel, dilation = (
        draw(st.tuples(st.integers(1, 8), st.integers(1, 8))),
        draw(pairs),
        draw(pairs),
    )
    pads = draw(st.tuples(sides, sides))
    assume(all(n + sum(p) > d * (k - 1) for n, k, d, p in zip(size, kernel, dilation, pads)))
    return size, kernel, draw(pairs), dilation, pads, draw(groups_of)


def images_first(x):
    return x.permute(0, 3, 1, 2)


def padded(x, pads):
    """PyTorch's images with the pads of each side, which its own padding= does not know."""
    (top, bottom), (left, right) = pads
    return F.pad(images_first(x), (left, right, top, bottom))


def torch_conv(strides, dilation, pads, groups):
    return lambda x, w, b: F.conv2d(
        padded(x, pads), w.permute(3, 2, 0, 1), b, strides, 0, dilation, groups
    ).permute(0, 2, 3, 1)


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
        np.testing.assert_allclose(
            got.data, want.numpy(), rtol=1e-9, atol=1e-9 * (1 + float(want.abs().max()))
        )


@drawn
@given(st.tuples(st.integers(1, 9), st.integers(1, 9)), pairs, pairs, seeds)
def test_same_padding_by_explicit_pads(size, kernel, strides, seed):
    """TensorFlow's rule, as its documentation words it, given to PyTorch side by side."""
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
    seeds,
)
def test_transposed_convolution(size, kernel, strides, dilation, padding, extra, seed):
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation)]
    assume(
        all(e < max(s, d) for e, s, d in zip(extra, strides, dilation))
        and all(e < s for e, s in zip(extra, strides))
    )
    assume(
        all(
            (n - 1) * s + r - 2 * p + e > 0
            for n, s, r, p, e in zip(size, strides, reach, padding, extra)
        )
    )
    x, w, b = normal(seed, 2, *size, 3), normal(seed + 1, *kernel, 2, 3), normal(seed + 2, 2)

    def theirs(x, w, b):
        y = F.conv_transpose2d(
            images_first(x), w.permute(3, 2, 0, 1), b, strides, padding, extra, 1, dilation
        )
        return y.permute(0, 2, 3, 1)

    compare(
        lambda x, w, b: ops.conv2d_transpose(
            x, w, b, strides=strides, padding=padding, output_padding=extra, dilation=dilation
        ),
        theirs,
        x,
        w,
        b,
    )


@drawn
@given(st.tuples(st.integers(1, 6), st.integers(1, 6)), pairs, seeds)
def test_enlarging(size, factors, seed):
    x = normal(seed, 2, *size, 2)
    for ours, options in (("nearest", {}), ("bilinear", {"align_corners": False})):
        compare(
            layers.UpSampling2D(factors, interpolation=ours),
            lambda x, mode=ours, options=options: F.interpolate(
                images_first(x), scale_factor=factors, mode=mode, **options
            ).permute(0, 2, 3, 1),
            x,
        )


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
