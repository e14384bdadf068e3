"""Spectral normalization, and penalties on gradients through whole networks, are PyTorch's."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import minigrad
from minigrad import Sequential, Tensor, grad, ops
from minigrad.layers import Conv2D, Dense, Flatten, LayerNormalization, LeakyReLU, ModulatedConv2D
from minigrad.layers import SpectralNormalization as Spectral

F = torch.nn.functional
pytestmark = pytest.mark.parity
RNG = np.random.default_rng(4)


def close(ours, theirs, rtol=1e-4):
    theirs = theirs.detach().numpy()
    np.testing.assert_allclose(ours.data, theirs, rtol=rtol, atol=rtol * np.abs(theirs).max())


# ---- spectral normalization ----------------------------------------------------------------------


@pytest.mark.parametrize("iterations", [1, 3])
def test_spectral_normalization(iterations):
    x = RNG.standard_normal((5, 6)).astype("float32")
    layer = Spectral(Dense(4), iterations)
    layer(x)
    module = torch.nn.Linear(6, 4)
    with torch.no_grad():
        module.weight.copy_(torch.tensor(layer.layer.kernel.numpy().T))
        module.bias.zero_()
    module = torch.nn.utils.spectral_norm(module, n_power_iterations=iterations)
    module.weight_u.copy_(torch.tensor(layer.u.numpy()))
    for _ in range(3):  # u moves on in both
        with minigrad.training():
            y = layer(x)
        z = module(torch.tensor(x))
        close(y, z)
        (gradient,) = grad(ops.sum(ops.square(y)), [layer.layer.kernel])
        (expected,) = torch.autograd.grad(z.square().sum(), [module.weight_orig])
        close(gradient, expected.T)
    close(layer.u, module.weight_u)


# ---- penalties on gradients ----------------------------------------------------------------------


def critic():
    return Sequential(
        Conv2D(6, 5, 2, "same", input_shape=(8, 8, 2)),
        LeakyReLU(0.2),
        Conv2D(5, 3, 2, "same"),
        LayerNormalization(epsilon=1e-3),
        LeakyReLU(0.2),
        Flatten(),
        Dense(1),
    )


def torch_critic(x, w1, b1, w2, b2, gamma, beta, kernel, bias):
    """The same network of functions; images (N, H, W, C) at the border."""

    def conv(x, w, b, pads):
        y = F.conv2d(F.pad(x.movedim(-1, 1), pads), w.permute(3, 2, 0, 1), b, 2)
        return y.movedim(1, -1)

    x = F.leaky_relu(conv(x, w1, b1, (1, 2, 1, 2)), 0.2)
    x = F.layer_norm(conv(x, w2, b2, (0, 1, 0, 1)), (5,), gamma, beta, 1e-3)
    return F.leaky_relu(x, 0.2).flatten(1) @ kernel + bias


def norms(g):
    return ops.sqrt(ops.sum(ops.square(g), axis=(1, 2, 3)))


def gradient_penalty(model, x):
    """Gulrajani et al. 2017: (the gradient's norm - 1)**2."""
    (g,) = grad(ops.sum(model(x)), [x], create_graph=True)
    return ops.mean(ops.square(norms(g) - 1))


def r1(model, x):
    """Mescheder et al. 2018: the gradient's norm squared."""
    (g,) = grad(ops.sum(model(x)), [x], create_graph=True)
    return ops.mean(ops.square(norms(g)))


def torch_penalty(name, weights, x):
    (g,) = torch.autograd.grad(torch_critic(x, *weights).sum(), [x], create_graph=True)
    squares = g.square().sum((1, 2, 3))
    return ((squares.sqrt() - 1).square() if name == "gradient penalty" else squares).mean()


PENALTIES = {"gradient penalty": gradient_penalty, "r1": r1}


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_on_the_gradient_of_a_critic(name):
    minigrad.seed(0)
    model = critic()
    x = RNG.standard_normal((4, 8, 8, 2)).astype("float32")
    weights = [torch.tensor(p.numpy(), requires_grad=True) for p in model.trainable_weights]
    theirs = torch_penalty(name, weights, torch.tensor(x, requires_grad=True))
    ours = PENALTIES[name](model, Tensor(x, requires_grad=True))
    close(ours, theirs)
    gradients = grad(ours, model.trainable_weights, unused="zeros")
    expected = torch.autograd.grad(theirs, weights, allow_unused=True)
    for g, e in zip(gradients, expected, strict=True):
        close(g, torch.zeros(g.shape) if e is None else e)


def test_path_length():
    """Karras et al. 2019, equation 4: the norm of J^T y, for random images y."""
    minigrad.seed(0)
    first, second = ModulatedConv2D(4, up=2), ModulatedConv2D(3, 1, demodulate=False)
    x, style, y = (
        RNG.standard_normal(shape).astype("float32")
        for shape in ((3, 2, 2, 5), (3, 6), (3, 4, 4, 3))
    )

    def synthesis(style):
        return second(ops.leaky_relu(first(x, style)), style)

    w = Tensor(style, requires_grad=True)
    (product,) = grad(ops.sum(synthesis(w) * y), [w], create_graph=True)
    length = ops.sqrt(ops.mean(ops.sum(ops.square(product), axis=1)))
    parameters = [*first.trainable_weights, *second.trainable_weights]
    gradients = grad(length, parameters)

    weights = [torch.tensor(p.numpy(), requires_grad=True) for p in parameters]
    w = torch.tensor(style, requires_grad=True)
    images = torch_synthesis(torch.tensor(x), w, *weights)
    (product,) = torch.autograd.grad((images * torch.tensor(y)).sum(), [w], create_graph=True)
    theirs = product.square().sum(1).mean().sqrt()
    close(length, theirs)
    for g, e in zip(gradients, torch.autograd.grad(theirs, weights), strict=True):
        close(g, e)


def torch_synthesis(x, style, w1, a1, b1, w2, a2, b2):
    """Two modulated convolutions, each sample's kernel by itself; the first enlarges."""

    def kernels(w, a, b, demodulate):
        scales = style @ (a / a.shape[0] ** 0.5) + b
        fan_in = w[..., 0].numel()
        k = (w / fan_in**0.5)[None] * scales[:, None, None, :, None]
        return k / (k.square().sum((1, 2, 3), True) + 1e-8).sqrt() if demodulate else k

    coefficients = torch.tensor([0.25, 0.75, 0.75, 0.25])
    rows = []
    for image, k1, k2 in zip(x, kernels(w1, a1, b1, True), kernels(w2, a2, b2, False)):
        spread = torch.zeros(1, 5, 4, 4)
        spread[:, :, ::2, ::2] = image.permute(2, 0, 1)
        h = F.conv2d(F.pad(spread, (3, 2, 3, 2)), k1.permute(3, 2, 0, 1))
        h = F.conv2d(h, torch.outer(coefficients, coefficients).expand(4, 1, -1, -1), groups=4)
        h = F.conv2d(F.leaky_relu(h, 0.2), k2.permute(3, 2, 0, 1))
        rows.append(h.movedim(1, -1))
    return torch.cat(rows)
