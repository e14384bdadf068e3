"""The ops of convolution: adjoints, what is kept, errors that say what would fit."""

from __future__ import annotations

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, grad, kernels, ops
from minigrad.layers import Conv2D
from minigrad.ops.windows import Window

rng = np.random.default_rng(5)


def normal(*shape):
    return rng.standard_normal(shape).astype("float32")


def fails(*words):
    """pytest.raises(ValueError), for a message in which all the words stand."""
    return pytest.raises(ValueError, match="(?s)" + "".join(f"(?=.*{w})" for w in words))


def test_the_kernel_is_not_flipped():
    """It is signal processing's correlation: the first element meets the first pixel."""
    w = np.zeros((3, 3, 1, 1))
    w[0, 2] = 1
    x = normal(1, 3, 3, 1)
    assert ops.conv2d(x, w)[0, 0, 0, 0] == x[0, 0, 2, 0]


def test_a_transposed_convolution_is_the_adjoint():
    """<conv(x), y> = <x, transpose(y)>, at every stride and padding."""
    w = normal(3, 4, 2, 5).astype("float64")
    x = normal(2, 6, 8, 2).astype("float64")
    for strides in (1, 2, (2, 1)):
        for padding in ("valid", "same"):
            y = ops.conv2d(x, w, strides=strides, padding=padding)
            v = rng.standard_normal(y.shape)
            back = ops.conv2d_transpose(v, w, strides=strides, padding=padding)
            # what no output position reached is not in `back`
            rows, columns = min(back.shape[1], 6), min(back.shape[2], 8)
            assert np.isclose(
                (y * v).sum(), (x[:, :rows, :columns] * back[:, :rows, :columns]).sum()
            )


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dilation", [1, 2])
def test_output_padding_of_same(kernel, stride, dilation):
    """The part that JAX and Keras take of all that the kernel reaches; zeros beyond it."""
    x, w = normal(2, 4, 4, 3), normal(kernel, kernel, 2, 3)
    settings = {"strides": stride, "dilation": dilation}
    reached = ops.conv2d_transpose(x, w, padding="valid", output_padding=0, **settings)
    extent = dilation * (kernel - 1) + 1
    for extra in range(stride):
        y = ops.conv2d_transpose(x, w, padding="same", output_padding=extra, **settings)
        length = 3 * stride + extent % 2 + extra
        first = max((extent - extent % 2 - extra) // 2, 0)
        part = reached[:, first:, first:][:, :length, :length]
        expected = np.zeros((2, length, length, 2))
        expected[:, : part.shape[1], : part.shape[2]] = part
        np.testing.assert_allclose(y, expected, atol=1e-5)


def test_nothing_is_kept_but_images_and_kernel():
    x = Tensor(normal(2, 6, 6, 3), requires_grad=True)
    w = Tensor(normal(3, 3, 3, 4), requires_grad=True)
    b = Tensor(normal(4), requires_grad=True)
    node = ops.conv2d(x, w, b, padding="same").node
    assert node.inputs[0] is x.data
    assert node.inputs[1] is w.data
    assert node.inputs[2] is None
    assert node.residuals is None


def test_an_input_gradient_nobody_needs_is_not_computed(monkeypatch):
    monkeypatch.setattr(
        kernels.convolution, "input_grad_shape", lambda *_, **__: pytest.fail("computed")
    )
    layer = Conv2D(3, 3, padding="same")
    y = layer(normal(2, 5, 5, 1)).sum()
    assert [g.shape for g in grad(y, layer.weights)] == [(3, 3, 1, 3), (3,)]


WINDOW = Window.of((5, 5), 3)


@pytest.mark.parametrize("use_kernels", [True, False])
@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x, w: ops.conv2d(x[0], w), [r"\(N, H, W, C\)"]),
        (lambda x, w: ops.conv2d(x, w[0]), ["kernel of shape"]),
        (
            lambda x, w: ops.conv2d(x, w[:, :, :1]),
            ["4 channels", r"\(3, 3, 4, F\)", r"\(3, 3, 1, 6\)"],
        ),
        (lambda x, w: ops.conv2d(x, w[:, :, :1], groups=4), ["6 filters", "4 groups"]),
        (lambda x, w: ops.conv2d(x, w[:, :, :1], groups=3), ["4 channels", "3 group"]),
        (lambda x, w: ops.conv2d(x, w, padding="SAME_"), ["padding"]),
        (lambda x, w: ops.conv2d(x, w, strides=0), ["strides"]),
        (lambda x, w: ops.conv2d_transpose(x, w), ["4", "number of filters"]),
        (
            lambda x, w: ops.conv2d_input_grad(ops.conv2d(x, w), w, window=Window.of((9, 9), 3)),
            ["images of 9 x 9", "7 x 7 output positions", r"shape \(2, 3, 3, 6\)"],
        ),
        (
            lambda x, w: ops.conv2d_input_grad(ops.conv2d(x, w), w[:2], window=WINDOW),
            [r"\(3, 3, 4, F\)", r"\(2, 3, 4, 6\)"],
        ),
        (
            lambda x, w: ops.conv2d_kernel_grad(x, x, window=WINDOW),
            ["3 x 3 output positions", r"\(2, 5, 5, 4\)"],
        ),
        (
            lambda x, w: ops.conv2d_kernel_grad(x, ops.conv2d(x, w)[:1], window=WINDOW),
            ["2 images", r"shape \(1, 3, 3, 6\)"],
        ),
        (
            lambda x, w: ops.conv2d_kernel_grad(x, ops.conv2d(x, w), window=WINDOW, groups=4),
            ["6 filters", "4 groups"],
        ),
        (
            lambda x, w: ops.conv2d_transpose(
                ops.conv2d(x, w), w, strides=2, padding="same", output_padding=5
            ),
            ["output positions"],
        ),
    ],
)
def test_calls_that_do_not_fit(call, words, use_kernels):
    x = normal(2, 5, 5, 4)
    w = normal(3, 3, 4, 6)
    for made in ((x, w), (Tensor(x), Tensor(w))):
        with minigrad.use_kernels(use_kernels), fails(*words):
            call(*made)


X, W = np.ones((1, 5, 5, 2), "float32"), np.ones((3, 3, 2, 4), "float32")


@pytest.mark.parametrize("kernels_on", [True, False])
@pytest.mark.parametrize(
    "call, words",
    [
        (lambda x, w: ops.conv2d(x, w, groups=0), "groups.*above 0, not 0"),
        (lambda x, w: ops.conv2d(x, w, groups=-1), "groups.*not -1"),
        (lambda x, w: ops.conv2d(x, w, groups=1.0), "groups.*not 1.0"),
        (lambda x, w: ops.conv2d(x, w, strides=0), "strides.*not 0"),
        (lambda x, w: ops.conv2d(x, w, np.ones(3, "float32")), r"bias of shape \(4,\).*\(3,\)"),
        (lambda x, w: ops.conv2d(x[:, :2], w), "kernel of 3 x 3 is larger than the image of 2 x 5"),
        (lambda x, w: ops.conv2d(x[0], w), r"x\[None\]"),
    ],
)
def test_what_does_not_fit_a_convolution(call, words, kernels_on):
    with minigrad.use_kernels(kernels_on), pytest.raises(ValueError, match=f"^conv2d.*{words}"):
        call(Tensor(X), Tensor(W))


def test_a_bias_that_does_not_fit_a_transposed_convolution():
    with pytest.raises(ValueError, match=r"^conv2d_transpose.*bias of shape \(2,\)"):
        ops.conv2d_transpose(np.ones((1, 5, 5, 4)), W, np.ones(4))
