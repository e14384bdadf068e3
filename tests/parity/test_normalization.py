"""Normalization has PyTorch's values and gradients."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given
from hypothesis import strategies as st

import minigrad as mg
from minigrad import ops

from .compare import compare, drawn, first, normal, seeds, shapes

F = torch.nn.functional
pytestmark = pytest.mark.parity


@pytest.mark.parametrize("axis", [-1, 1, 2])
@pytest.mark.parametrize("masked", [False, True])
def test_batch_normalization_of_keras(axis, masked):
    """Any channel axis, in training and in inference, with the mask of a sequence."""
    keras = pytest.importorskip("keras")
    x = normal(0, 4, 5, 6).astype("float32") * 3 + 1
    mask = np.arange(5) < np.array([[5], [2], [3], [1]]) if masked else None
    theirs, ours = (m.layers.BatchNormalization(axis, momentum=0.5) for m in (keras, mg))
    for mode in (True, True, False):
        u = theirs(x, training=mode, mask=mask)
        y = ours(x, training=mode, mask=mask)
        np.testing.assert_allclose(y.numpy(), u.detach().numpy(), atol=2e-5)
        for a, b in zip(theirs.get_weights(), ours.get_weights(), strict=True):
            np.testing.assert_allclose(b, a, atol=2e-5)


@pytest.mark.parametrize("axis", [-1, 1, 2])
def test_group_normalization_of_keras(axis):
    keras = pytest.importorskip("keras")
    x = normal(0, 3, 4, 6, 8).astype("float32")
    theirs, ours = (m.layers.GroupNormalization(2, axis) for m in (keras, mg))
    np.testing.assert_allclose(ours(x).numpy(), theirs(x).detach().numpy(), atol=2e-5)


def test_rms_normalization_of_keras():
    keras = pytest.importorskip("keras")
    x = normal(0, 3, 5, 64).astype("float32")
    scale = normal(1, 64).astype("float32")
    theirs, ours = (m.layers.RMSNormalization() for m in (keras, mg))
    for layer in (theirs, ours):
        layer.build(x.shape)
        layer.set_weights([scale])
    t, u = mg.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    g = normal(2, *x.shape).astype("float32")
    y, v = ours(t), theirs(u)
    v.backward(torch.tensor(g))
    np.testing.assert_allclose(y.numpy(), v.detach().numpy(), atol=2e-5)
    expected = u.grad, theirs.scale.value.grad
    for a, b in zip(mg.grad(y, [t, ours.scale], cotangent=g), expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=2e-5)


@drawn
@given(shapes(most=2), shapes(least=1, most=2, smallest=2), seeds)
def test_layer_norm(lead, last, seed):
    compare(
        lambda x, gamma, beta: ops.layer_norm(x, gamma, beta, epsilon=1e-3),
        lambda x, gamma, beta: F.layer_norm(x, last, gamma, beta, 1e-3),
        normal(seed, *lead, *last),
        normal(seed + 1, *last),
        normal(seed + 2, *last),
        rtol=1e-7,
        atol=1e-9,
    )


CLOSE = {"rtol": 1e-7, "atol": 1e-9}


@drawn
@given(st.integers(2, 4), shapes(least=1, most=2), st.integers(1, 5), seeds)
def test_batch_norm(rows, middle, channels, seed):
    def theirs(x, gamma, beta):
        y = F.batch_norm(first(x), None, None, gamma, beta, training=True, eps=1e-3)
        return y.movedim(1, -1)

    compare(
        lambda x, gamma, beta: ops.batch_norm(x, gamma, beta, epsilon=1e-3),
        theirs,
        normal(seed, rows, *middle, channels),
        normal(seed + 1, channels),
        normal(seed + 2, channels),
        **CLOSE,
    )


@drawn
@given(st.integers(1, 5), st.floats(0.01, 0.99), seeds)
def test_batch_normalization_layer(channels, momentum, seed):
    """Training steps, then inference. PyTorch's running variance is n / (n - 1) times Keras's."""
    with mg.default_dtype("float64"):
        ours = mg.layers.BatchNormalization(momentum=momentum)
        settings = {"eps": 1e-3, "momentum": 1 - momentum, "dtype": torch.float64}
        theirs = torch.nn.BatchNorm2d(channels, **settings)
        n = 3 * 2 * 4
        variance = np.ones(channels)
        for step in range(3):
            x = normal(seed + step, 3, 2, 4, channels)
            y, u = ours(x, training=True), theirs(first(torch.tensor(x)))
            expected = u.detach().movedim(1, -1).numpy()
            np.testing.assert_allclose(y.data, expected, rtol=1e-7, atol=1e-9)
            variance = variance * momentum + x.var((0, 1, 2)) * (1 - momentum)
        mean = theirs.running_mean.numpy()
        np.testing.assert_allclose(ours.moving_mean.data, mean, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(ours.moving_variance.data, variance, rtol=1e-8)
        unbiased = (ours.moving_variance.data - momentum**3) * (n / (n - 1)) + momentum**3
        np.testing.assert_allclose(unbiased, theirs.running_var.numpy(), rtol=1e-8)
        theirs.running_var[:] = torch.tensor(ours.moving_variance.data)
        theirs.eval()
        compare(ours, lambda t: theirs(first(t)).movedim(1, -1), x, rtol=1e-8)


@drawn
@given(
    st.integers(1, 3),
    st.sampled_from([(4, 1), (4, 2), (4, 4), (6, 3), (1, 1), (5, 5)]),
    shapes(1, 2, longest=5),
    seeds,
)
def test_group_and_instance_norm(rows, layout, pixels, seed):
    channels, groups = layout
    gamma, beta = normal(seed + 1, channels), normal(seed + 2, channels)
    compare(
        lambda x, g, b: ops.group_norm(x, g, b, groups=groups, epsilon=1e-3),
        lambda x, g, b: F.group_norm(first(x), groups, g, b, eps=1e-3).movedim(1, -1),
        normal(seed, rows, 2, *pixels, channels),
        gamma,
        beta,
        **CLOSE,
    )

    def instance_norm(x, g, b):
        channels_last = ops.moveaxis(x, source=1, destination=-1)
        y = ops.group_norm(channels_last, g, b, groups=channels, epsilon=1e-3)
        return ops.moveaxis(y, source=-1, destination=1)

    # channels first: PyTorch 2.13's gradient of instance_norm is wrong for some cotangents that are
    # not contiguous
    compare(
        instance_norm,
        lambda x, g, b: F.instance_norm(x, weight=g, bias=b, eps=1e-3),
        normal(seed, rows, channels, 2, *pixels),
        gamma,
        beta,
        **CLOSE,
    )


@drawn
@given(
    st.integers(1, 8), st.sampled_from([1, 3, 5]), st.floats(0.01, 2), st.floats(0.3, 1.2), seeds
)
def test_local_response_norm(channels, n, alpha, beta, seed):
    """PyTorch divides alpha by n; the paper does not."""
    compare(
        lambda x: ops.local_response_norm(x, n=n, k=1.5, alpha=alpha, beta=beta),
        lambda t: F.local_response_norm(first(t), n, alpha * n, beta, 1.5).movedim(1, -1),
        normal(seed, 2, 3, 2, channels),
    )
