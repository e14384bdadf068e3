"""StyleGAN2's networks and both regularizers are those of PyTorch, with kernels per sample."""

# ruff: noqa: E402 - torch may be missing

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import minigrad
from minigrad import Tensor, grad
from models.generative import stylegan2

F = torch.nn.functional
pytestmark = pytest.mark.parity
WIDTHS = [6, 5, 4]  # 16x16
TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8


def close(ours, theirs, rtol=1e-4):
    ours, theirs = ours.numpy(), theirs.detach().numpy()
    np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=rtol * np.abs(theirs).max())


def started(layer):
    """The layer with no weight left at zero or one, and tensors of PyTorch by name."""
    draw = np.random.default_rng(5)
    for p in layer.weights:
        p.assign(p.numpy() + draw.uniform(-0.5, 0.5, p.shape).astype("float32"))
    weights = layer.named_weights()
    return {name: torch.tensor(p.numpy(), requires_grad=True) for name, p in weights.items()}


def activate(x):
    return F.leaky_relu(x, 0.2) * 2**0.5


def fir(x, pads, gain=1.0):
    """Images (N, C, H, W) padded and convolved with the filter."""
    kernel = torch.outer(TAPS, TAPS).expand(x.shape[1], 1, 4, 4)
    return gain * F.conv2d(F.pad(x, pads), kernel, groups=x.shape[1])


def enlarge(x):
    """Zeros between the pixels."""
    n, c, h, w = x.shape
    spread = torch.zeros(n, c, 2 * h, 2 * w)
    spread[:, :, ::2, ::2] = x
    return spread


def modulated(x, style, weights, name, up=False, demodulate=True):
    """One image at a time, each with weights of its own."""
    w = weights[f"{name}/kernel"].permute(3, 2, 0, 1)  # (F, C, K, K)
    a, b = weights[f"{name}/affine/layer/kernel"], weights[f"{name}/affine/layer/bias"]
    rows = []
    for image, s in zip(x, style @ a / len(a) ** 0.5 + b, strict=True):
        k = w / w[0].numel() ** 0.5 * s[:, None, None]
        k = k * torch.rsqrt(k.square().sum((1, 2, 3), True) + 1e-8) if demodulate else k
        if up:  # the filter comes after the convolution
            image = F.conv2d(F.pad(enlarge(image[None]), (3, 2, 3, 2)), k)
            rows.append(fir(image, (0, 0, 0, 0), 4.0))
        else:
            rows.append(F.conv2d(image[None], k, padding=w.shape[-1] // 2))
    return torch.cat(rows)


def torch_synthesis(weights, w, noise):
    def convolved(x, i):
        y = modulated(x, w[:, i], weights, f"convs_{i}/conv", up=i % 2 == 1)
        noisy = weights[f"convs_{i}/strength"] * noise[i].movedim(-1, 1)
        return activate(y + noisy + weights[f"convs_{i}/bias"][:, None, None])

    def shown(x, i):
        y = modulated(x, w[:, 2 * i + 1], weights, f"to_images_{i}/conv", demodulate=False)
        return y + weights[f"to_images_{i}/bias"][:, None, None]

    x = weights["constant"].movedim(-1, 0).expand(len(w), -1, -1, -1)
    x = convolved(x, 0)
    image = shown(x, 0)
    for i in range(1, len(WIDTHS)):
        x = convolved(convolved(x, 2 * i - 1), 2 * i)
        image = fir(enlarge(image), (2, 1, 2, 1), 4.0) + shown(x, i)
    return image.movedim(1, -1).tanh()


def torch_discriminator(weights, x):
    def conv(x, name, stride=1, pads=0):
        w, b = weights[f"{name}/layer/kernel"], weights.get(f"{name}/layer/bias")
        w = w.permute(3, 2, 0, 1) / w[..., 0].numel() ** 0.5
        return F.conv2d(x, w, b, stride, pads)

    def dense(x, name):
        w, b = weights[f"{name}/layer/kernel"], weights[f"{name}/layer/bias"]
        return x @ w / len(w) ** 0.5 + b

    x = activate(conv(x.movedim(-1, 1), "from_image"))
    for i in range(len(WIDTHS) - 1):
        y = activate(conv(x, f"blocks_{i}/conv", pads=1))
        y = activate(conv(fir(y, (2, 2, 2, 2)), f"blocks_{i}/halve", stride=2))
        skip = conv(fir(x, (1, 1, 1, 1))[:, :, ::2, ::2], f"blocks_{i}/skip")
        x = (y + skip) / 2**0.5
    groups = x.reshape(4, -1, *x.shape[1:])  # of four images
    deviation = (groups.var(0, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
    channel = deviation.repeat(4)[:, None, None, None].expand(-1, 1, 4, 4)
    x = activate(conv(torch.cat([x, channel], 1), "verdict/equalized_learning_rate", pads=1))
    x = x.movedim(1, -1).flatten(1)
    x = activate(dense(x, "verdict/equalized_learning_rate_1"))
    return dense(x, "verdict/equalized_learning_rate_2")


def small_synthesis():
    minigrad.seed(0)
    generator = stylegan2.Generator(WIDTHS, 2, 7, 2)
    generator(np.zeros((1, 7), np.float32))
    draw = np.random.default_rng(3)
    w = draw.standard_normal((3, 6, 7)).astype("float32")
    y = draw.standard_normal((3, 16, 16, 2)).astype("float32")
    return generator.synthesis, w, generator.pixel_noise(3, like=w), y


def small_discriminator():
    minigrad.seed(0)
    discriminator = stylegan2.Discriminator(WIDTHS)
    x = np.random.default_rng(2).uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
    discriminator(x)
    return discriminator, x


def close_gradients(ours, theirs, parameters, weights):
    """Of each parameter; those that are not reached have a gradient of 0."""
    gradients = grad(ours, list(parameters.values()), unused="zeros")
    expected = torch.autograd.grad(theirs, list(weights.values()), allow_unused=True)
    assert sum(e is not None for e in expected) > len(weights) // 2
    for g, e, p in zip(gradients, expected, weights.values(), strict=True):
        close(g, torch.zeros_like(p) if e is None else e)


def test_the_synthesis_network_and_its_gradient():
    synthesis, w, noise, y = small_synthesis()
    weights = started(synthesis)
    ours = synthesis(w, noise)
    theirs = torch_synthesis(weights, torch.tensor(w), [torch.tensor(n) for n in noise])
    close(ours, theirs)
    loss = (theirs * torch.tensor(y)).sum()
    close_gradients(minigrad.ops.sum(ours * y), loss, synthesis.named_weights(), weights)


def test_path_lengths_and_the_gradient_of_their_penalty():
    synthesis, w, noise, y = small_synthesis()
    weights = started(synthesis)
    ours = stylegan2.path_lengths(synthesis, Tensor(w, requires_grad=True), noise, y)
    v = torch.tensor(w, requires_grad=True)
    images = torch_synthesis(weights, v, [torch.tensor(n) for n in noise])
    (product,) = torch.autograd.grad((images * torch.tensor(y)).sum() / 16, [v], create_graph=True)
    theirs = product.square().sum(2).mean(1).sqrt()
    close(ours, theirs)
    penalty = minigrad.ops.mean((ours - 0.3) ** 2)
    expected = (theirs - 0.3).square().mean()
    close_gradients(penalty, expected, synthesis.named_weights(), weights)


def test_the_discriminator_and_its_gradient():
    discriminator, x = small_discriminator()
    weights = started(discriminator)
    ours, theirs = discriminator(x), torch_discriminator(weights, torch.tensor(x))
    close(ours, theirs)
    close_gradients(minigrad.ops.sum(ours), theirs.sum(), discriminator.named_weights(), weights)


def test_r1_and_its_gradient():
    discriminator, x = small_discriminator()
    weights = started(discriminator)
    ours = stylegan2.r1_penalty(discriminator, x)
    v = torch.tensor(x, requires_grad=True)
    total = torch_discriminator(weights, v).sum()
    (slope,) = torch.autograd.grad(total, [v], create_graph=True)
    theirs = slope.square().sum((1, 2, 3)).mean()
    close(ours, theirs)
    close_gradients(ours, theirs, discriminator.named_weights(), weights)
