"""StyleGAN2 in PyTorch, as models/generative/stylegan2.py has it, for its step in generative.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

LINE = torch.tensor([1.0, 3.0, 3.0, 1.0])
BLUR = (LINE[:, None] * LINE / LINE.sum() ** 2)[None, None]


def filtered(x, gain=1.0, down=1, padding=(1, 1)):
    weight = (BLUR * gain).to(x).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(F.pad(x, 2 * padding), weight, stride=down, groups=x.shape[1])


def enlarged(x):
    n, c, h, w = x.shape
    zeros = x.new_zeros(n, c, 2 * h, 2 * w)
    zeros[:, :, ::2, ::2] = x
    return filtered(zeros, 4.0, padding=(2, 1))


def activate(x):
    return F.leaky_relu(x, 0.2) * 2**0.5


class Equalized(nn.Module):
    """A weight that is scaled at every use, with its rate."""

    def __init__(self, *shape, bias=True, first_bias=0.0, rate=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape) / rate)
        self.bias = nn.Parameter(torch.full(shape[:1], first_bias)) if bias else None
        self.scale = rate / self.weight[0].numel() ** 0.5
        self.rate = rate

    def forward(self, x, **options):
        bias = None if self.bias is None else self.bias * self.rate
        function = F.linear if self.weight.ndim == 2 else F.conv2d
        return function(x, self.weight * self.scale, bias, **options)


class Modulated(nn.Module):
    def __init__(self, latent, inputs, outputs, kernel, up=False, demodulate=True):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.style = Equalized(inputs, latent, first_bias=1.0)
        self.scale = 1 / (inputs * kernel**2) ** 0.5
        self.up, self.demodulate = up, demodulate

    def forward(self, x, w):
        style, weight = self.style(w), self.weight * self.scale
        x = x * style[:, :, None, None]
        if self.up:
            x = F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
            x = filtered(x, 4.0)
        else:
            x = F.conv2d(x, weight, padding=weight.shape[-1] // 2)
        if not self.demodulate:
            return x
        squares = style.square() @ weight.square().sum((2, 3)).T
        return x * torch.rsqrt(squares + 1e-8)[:, :, None, None]


class Styled(nn.Module):
    def __init__(self, latent, width, up=False):
        super().__init__()
        self.conv = Modulated(latent, width, width, 3, up)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(width, 1, 1))

    def forward(self, x, w):
        y = self.conv(x, w)
        noise = torch.randn(len(y), 1, *y.shape[2:], device=y.device)
        return activate(y + self.strength * noise + self.bias)


class ToImage(nn.Module):
    def __init__(self, latent, width):
        super().__init__()
        self.conv = Modulated(latent, width, 1, 1, demodulate=False)
        self.bias = nn.Parameter(torch.zeros(1, 1, 1))

    def forward(self, x, w):
        return self.conv(x, w) + self.bias


class Generator(nn.Module):
    def __init__(self, levels, width, latent, depth):
        super().__init__()
        self.levels = levels
        self.mapping = nn.ModuleList([Equalized(latent, latent, rate=0.01) for _ in range(depth)])
        self.constant = nn.Parameter(torch.randn(width, 4, 4))
        ups = [up for _ in range(levels - 1) for up in (True, False)]
        self.convs = nn.ModuleList([Styled(latent, width, up) for up in (False, *ups)])
        self.to_images = nn.ModuleList([ToImage(latent, width) for _ in range(levels)])

    def map(self, z):
        w = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
        for layer in self.mapping:
            w = activate(layer(w))
        return w

    def forward(self, z_1, z_2):
        w_1, w_2 = (self.map(z)[:, None].expand(-1, 2 * self.levels, -1) for z in (z_1, z_2))
        layer = torch.arange(2 * self.levels, device=z_1.device)[None, :, None]
        first = torch.randint(1, 2 * self.levels, (len(z_1), 1, 1), device=z_1.device)
        w = torch.where(layer < first, w_1, w_2)
        x = self.constant.expand(len(w), -1, -1, -1)
        x = self.convs[0](x, w[:, 0])
        image = self.to_images[0](x, w[:, 1])
        for i in range(1, self.levels):
            x = self.convs[2 * i - 1](x, w[:, 2 * i - 1])
            x = self.convs[2 * i](x, w[:, 2 * i])
            image = enlarged(image) + self.to_images[i](x, w[:, 2 * i + 1])
        return image.tanh()


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = Equalized(width, width, 3, 3)
        self.halve = Equalized(width, width, 3, 3)
        self.skip = Equalized(width, width, 1, 1, bias=False)

    def forward(self, x):
        y = filtered(activate(self.conv(x, padding=1)), padding=(2, 2))
        shortcut = self.skip(filtered(x, down=2))
        return (activate(self.halve(y, stride=2)) + shortcut) * 0.5**0.5


class Discriminator(nn.Module):
    def __init__(self, levels, width):
        super().__init__()
        self.from_image = Equalized(width, 1, 1, 1)
        self.blocks = nn.ModuleList([Block(width) for _ in range(levels - 1)])
        self.last = Equalized(width, width + 1, 3, 3)
        self.dense_1, self.dense_2 = Equalized(width, 16 * width), Equalized(1, width)

    def forward(self, x):
        x = activate(self.from_image(x))
        for block in self.blocks:
            x = block(x)
        n, c, h, w = x.shape
        groups = x.reshape(4, n // 4, c, h, w) if n % 4 == 0 else x[None]
        deviation = (groups.var(0, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3))
        deviation = deviation.repeat(n // len(deviation))[:, None, None, None]
        x = torch.cat([x, deviation.expand(n, 1, h, w)], 1)
        x = activate(self.last(x, padding=1)).flatten(1)
        return self.dense_2(activate(self.dense_1(x)))


def stylegan2_torch(
    device: str, batch: int, size: int, width: int, latent: int, depth: int
) -> Callable[[], Any]:
    """A step of both networks from one pass through each, without the lazy regularizations."""
    levels = size.bit_length() - 2  # 4, 8, .. size
    g = Generator(levels, width, latent, depth).to(device)
    d = Discriminator(levels, width).to(device)
    adam = [torch.optim.Adam(n.parameters(), 2e-3, (0.0, 0.99), fused=True) for n in (g, d)]
    theta_g, theta_d = list(g.parameters()), list(d.parameters())
    real = torch.rand(batch, 1, size, size, device=device) * 2 - 1

    def step():
        z_1, z_2 = torch.randn(2, batch, latent, device=device)
        fake_verdict, real_verdict = d(g(z_1, z_2)), d(real)
        g_loss = F.softplus(-fake_verdict).mean()
        d_loss = F.softplus(fake_verdict).mean() + F.softplus(-real_verdict).mean()
        g_slopes = torch.autograd.grad(g_loss, theta_g, retain_graph=True)
        d_slopes = torch.autograd.grad(d_loss, theta_d)
        for optimizer, theta, slopes in zip(adam, (theta_g, theta_d), (g_slopes, d_slopes)):
            for p, slope in zip(theta, slopes):
                p.grad = slope
            optimizer.step()
        return g_loss.item(), d_loss.item()

    return step
