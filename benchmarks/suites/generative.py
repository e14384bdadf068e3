"""Training steps of the generative models (float32, Adam), beside the same networks in PyTorch.

The layers of models/generative/ are translated to modules (images.py); the steps are written out
for PyTorch here, as the recipes have them, for JAX and Keras in generative_jax.py and _keras.py.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

import models

from .images import torch_layers

FRAMEWORKS = ("minigrad", "torch", "jax", "keras")
Step = Callable[[], Any]
Make = Callable[[str, int], Step]  # of the device and the batch


def steps(framework: str, row: str, device: str, batch: int = 64) -> dict[str, Step]:
    if framework == "minigrad":
        import minigrad as mg

        mg.set_device(device)
    if framework in ("minigrad", "torch"):
        return {"step": CASES[row][FRAMEWORKS.index(framework)](device, batch)}
    cases: Any = importlib.import_module(f"{__package__}.generative_{framework}").CASES
    return cases[row](batch) if row in cases else {}


def images(n: int, size: int, channels: int = 1) -> Any:
    """Noise in -1..1."""
    draw = np.random.default_rng(0)
    return np.tanh(draw.standard_normal((n, size, size, channels))).astype("float32")


def on(device: str, array: Any) -> Any:
    """An array of minigrad's on a device."""
    import minigrad as mg

    return mg.Tensor(array, device=device).data


# ---- minigrad ------------------------------------------------------------------------------------


def as_in_fit(step: Callable[..., Any], *args: Any) -> Step:
    """The step with BLAS held, and freed memory kept, as `fit` does."""
    from minigrad.backend import tune_malloc
    from minigrad.threads import blas_of_a_step

    tune_malloc()

    def run() -> Any:
        with blas_of_a_step():
            return step(*args)

    return run


def gan_minigrad(device: str, batch: int) -> Step:
    gan = models.load("gan")
    known = gan.Stacked(gan.make_generator(0.3), gan.make_discriminator(0.3))
    rows = images(batch, 8).reshape(batch, 64)
    return as_in_fit(known.step, rows)


def adversarial_minigrad(name: str, **settings: Any) -> Make:
    def make(device, batch):
        from minigrad.optimizers.adam import Adam

        model = models.load(name).build(**settings)
        model.compile(Adam(2e-4, beta_1=0.5), Adam(2e-4, beta_1=0.5))
        real = on(device, images(batch, 28))
        step = getattr(model, "_critic_step", model.train_step)
        return as_in_fit(step, real)

    return make


def diffusion_minigrad(device: str, batch: int) -> Step:
    from minigrad.optimizers.adam import Adam

    model = models.load("diffusion").build(32)
    model.compile(Adam(1e-3), "mse")
    data = on(device, images(batch, 16)), on(device, np.arange(batch) % 10)
    return as_in_fit(model.train_step, data)


def stylegan2_minigrad(device: str, batch: int) -> Step:
    """Without the lazy regularizations."""
    from minigrad.optimizers.adam import Adam

    model = models.load("stylegan2").build(size=32, path_every=10**9, r1_every=10**9)
    model.compile(Adam(2e-3, beta_1=0.0), Adam(2e-3, beta_1=0.0))
    model.steps = 1
    return as_in_fit(model.train_step, on(device, images(batch, 32)))


def cyclegan_networks() -> list[Any]:
    """G, F, D_X and D_Y at half of the paper's channels, with 6 residual blocks."""
    cyclegan = models.load("cyclegan")
    shape, width = (64, 64, 3), 32
    generators = [cyclegan.make_generator(shape, width, 6) for _ in range(2)]
    return [*generators, *(cyclegan.make_discriminator(shape, width) for _ in range(2))]


def cyclegan_images(batch: int) -> Any:
    """One image for each 32 of the others' batch: the networks are larger."""
    return images(-(-batch // 32), 64, 3)


def cyclegan_minigrad(device: str, batch: int) -> Step:
    from minigrad.optimizers.adam import Adam

    model = models.load("cyclegan").CycleGAN(*cyclegan_networks())
    model.compile(Adam(2e-4, beta_1=0.5), Adam(2e-4, beta_1=0.5))
    real = on(device, cyclegan_images(batch))
    return as_in_fit(lambda: model._generator_step(real, real)[2]["cycle_loss"])


# ---- PyTorch -------------------------------------------------------------------------------------


def torch_pair(name: str, device: str, **settings: Any) -> tuple[Any, Any, Any, Any]:
    """Both networks of a model, and their optimizers."""
    model = models.load(name).build(**settings)
    g, d = torch_networks(device, [model.generator, model.discriminator])
    return g, d, torch_adam(g.parameters()), torch_adam(d.parameters())


def torch_networks(device: str, networks: Iterable[Any]) -> list[Any]:
    """Networks of minigrad as modules, on a device."""
    import torch

    return [torch.nn.Sequential(*torch_layers(torch.nn, n)).to(device) for n in networks]


def torch_adam(parameters: Iterable[Any]) -> Any:
    """Adam, as all recipes of adversarial networks here have it."""
    import torch

    return torch.optim.Adam(parameters, 2e-4, (0.5, 0.999), fused=True)


def torch_images(device: str, array: Any) -> Any:
    """Images (N, H, W, C) as PyTorch has them, (N, C, H, W)."""
    import torch

    return torch.from_numpy(array.transpose(0, 3, 1, 2)).contiguous().to(device)


def take_step(optimizer: Any, loss: Any) -> Any:
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
    return loss.item()


def gan_torch(device: str, batch: int) -> Step:
    """The known recipe: D on real rows, D on fakes of inference, then G."""
    import torch

    gan = models.load("gan")
    g, d = torch_networks(device, [gan.make_generator(0.3), gan.make_discriminator(0.3)])
    g_adam, d_adam = torch_adam(g.parameters()), torch_adam(d.parameters())
    real = torch.from_numpy(images(batch, 8).reshape(batch, 64)).to(device)
    ones, zeros = torch.ones(batch, 1, device=device), torch.zeros(batch, 1, device=device)
    cross_entropy = torch.nn.functional.binary_cross_entropy

    def step():
        d_loss = take_step(d_adam, cross_entropy(d(real), ones))
        with torch.no_grad():
            fakes = g.eval()(torch.randn(batch, 100, device=device))
        d_loss += take_step(d_adam, cross_entropy(d(fakes), zeros))
        verdict = d(g.train()(torch.randn(batch, 100, device=device)))
        return d_loss, take_step(g_adam, cross_entropy(verdict, ones))

    return step


def dcgan_torch(device: str, batch: int) -> Step:
    """Both networks from one pass through each."""
    import torch

    g, d, g_adam, d_adam = torch_pair("dcgan", device, width=64)
    real = torch_images(device, images(batch, 28))
    ones, zeros = torch.ones(batch, 1, device=device), torch.zeros(batch, 1, device=device)
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits
    theta_g, theta_d = list(g.parameters()), list(d.parameters())

    def step():
        fake_verdict, real_verdict = d(g(torch.randn(batch, 100, device=device))), d(real)
        g_loss = cross_entropy(fake_verdict, ones)
        d_loss = cross_entropy(real_verdict, ones) + cross_entropy(fake_verdict, zeros)
        g_slopes = torch.autograd.grad(g_loss, theta_g, retain_graph=True)
        d_slopes = torch.autograd.grad(d_loss, theta_d)
        for optimizer, theta, slopes in ((g_adam, theta_g, g_slopes), (d_adam, theta_d, d_slopes)):
            for p, slope in zip(theta, slopes):
                p.grad = slope.contiguous()  # on a GPU it may lie otherwise than p
            optimizer.step()
        return g_loss.item(), d_loss.item()

    return step


def critic_torch(device: str, batch: int) -> Step:
    """The critic of WGAN-GP, with its penalty."""
    import torch

    g, f, _, f_adam = torch_pair("wgan_gp", device, size=28, width=64)
    real = torch_images(device, images(batch, 28))

    def step():
        with torch.no_grad():
            fakes = g(torch.randn(batch, 128, device=device))
        epsilon = torch.rand(batch, 1, 1, 1, device=device)
        between = (epsilon * real + (1 - epsilon) * fakes).requires_grad_()
        (slope,) = torch.autograd.grad(f(between).sum(), [between], create_graph=True)
        penalty = ((slope.square().sum((1, 2, 3)).sqrt() - 1) ** 2).mean()
        return take_step(f_adam, f(fakes).mean() - f(real).mean() + 10 * penalty)

    return step


def stylegan2_torch(device: str, batch: int) -> Step:
    from . import stylegan2_torch as networks

    return networks.stylegan2_torch(device, batch, size=32, width=32, latent=64, depth=4)


def diffusion_torch(device: str, batch: int) -> Step:
    """Algorithm 1 of DDPM, with classes."""
    import torch

    network = torch_unet(32).to(device)
    adam = torch.optim.Adam(network.parameters(), 1e-3, fused=True)
    shares = models.load("diffusion").build(32).shares.astype("float32")
    real, labels = torch_images(device, images(batch, 16)), torch.arange(batch, device=device) % 10
    shares = torch.from_numpy(shares).to(device)

    def step():
        t = torch.randint(1, 101, (batch,), device=device)
        a = shares[t].reshape(-1, 1, 1, 1)
        noise = torch.randn_like(real)
        noisy = a.sqrt() * real + (1 - a).sqrt() * noise
        shown = torch.where(torch.rand(batch, device=device) < 0.1, 10, labels)
        return take_step(adam, torch.nn.functional.mse_loss(network(noisy, t, shown), noise))

    return step


def cyclegan_torch(device: str, batch: int) -> Step:
    """G and F: squared errors of both verdicts, and both ways back."""
    g, f, d_x, d_y = torch_networks(device, cyclegan_networks())
    adam = torch_adam([*g.parameters(), *f.parameters()])
    for p in [*d_x.parameters(), *d_y.parameters()]:
        p.requires_grad_(False)
    x = y = torch_images(device, cyclegan_images(batch))

    def step():
        fake_x, fake_y = f(y), g(x)
        adversarial = ((d_y(fake_y) - 1) ** 2).mean() + ((d_x(fake_x) - 1) ** 2).mean()
        cycle = (f(fake_y) - x).abs().mean() + (g(fake_x) - y).abs().mean()
        return take_step(adam, adversarial + 10 * cycle)

    return step


def torch_unet(channels: int) -> Any:
    """The UNet of models/generative/diffusion.py for 16x16: two levels of one block."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    class Block(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.norm_1, self.norm_2 = nn.GroupNorm(8, inputs), nn.GroupNorm(8, outputs)
            self.conv_1 = nn.Conv2d(inputs, outputs, 3, padding=1)
            self.conv_2 = nn.Conv2d(outputs, outputs, 3, padding=1)
            self.project = nn.Linear(4 * channels, outputs)
            changes = inputs != outputs
            self.shortcut = nn.Conv2d(inputs, outputs, 1) if changes else nn.Identity()

        def forward(self, x, condition):
            h = self.conv_1(F.silu(self.norm_1(x)))
            h = h + self.project(F.silu(condition))[:, :, None, None]
            return self.shortcut(x) + self.conv_2(F.silu(self.norm_2(h)))

    class Attention(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.norm = nn.GroupNorm(8, width)
            self.attention = nn.MultiheadAttention(width, 1, batch_first=True)

        def forward(self, x):
            pixels = self.norm(x).flatten(2).transpose(1, 2)
            y = self.attention(pixels, pixels, pixels, need_weights=False)[0]
            return x + y.transpose(1, 2).reshape(x.shape)

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            c = channels
            self.dense_1, self.dense_2 = nn.Linear(c, 4 * c), nn.Linear(4 * c, 4 * c)
            self.embedding = nn.Embedding(11, 4 * c)
            self.first = nn.Conv2d(1, c, 3, padding=1)
            self.down = nn.ModuleList([Block(c, c), Block(c, 2 * c)])
            self.smaller = nn.Conv2d(c, c, 3, 2, padding=1)
            self.before, self.after = Block(2 * c, 2 * c), Block(2 * c, 2 * c)
            self.between = Attention(2 * c)
            self.up = nn.ModuleList(
                [Block(4 * c, 2 * c), Block(3 * c, 2 * c), Block(3 * c, c), Block(2 * c, c)]
            )
            self.larger = nn.Conv2d(2 * c, 2 * c, 3, padding=1)
            self.norm, self.last = nn.GroupNorm(8, c), nn.Conv2d(c, 1, 3, padding=1)

        def forward(self, x, t, labels):
            rates = torch.exp(torch.arange(channels // 2, device=x.device) * -0.6)
            angles = t[:, None] * rates
            condition = torch.cat([angles.sin(), angles.cos()], 1)
            condition = self.dense_2(F.silu(self.dense_1(condition))) + self.embedding(labels)
            a = self.first(x)
            b = self.down[0](a, condition)
            c = self.smaller(b)
            d = self.down[1](c, condition)
            h = self.after(self.between(self.before(d, condition)), condition)
            h = self.up[0](torch.cat([h, d], 1), condition)
            h = self.up[1](torch.cat([h, c], 1), condition)
            h = self.larger(F.interpolate(h, scale_factor=2))
            h = self.up[2](torch.cat([h, b], 1), condition)
            h = self.up[3](torch.cat([h, a], 1), condition)
            return self.last(F.silu(self.norm(h)))

    return UNet()


CASES: dict[str, tuple[Make, Make]] = {
    "GAN on digits, batch 64": (gan_minigrad, gan_torch),
    "DCGAN 28x28, batch 64": (adversarial_minigrad("dcgan", width=64), dcgan_torch),
    "WGAN-GP critic 28x28, batch 64": (
        adversarial_minigrad("wgan_gp", size=28, width=64),
        critic_torch,
    ),
    "CycleGAN generators 64x64, batch 2": (cyclegan_minigrad, cyclegan_torch),
    "DDPM 16x16, batch 64": (diffusion_minigrad, diffusion_torch),
    "StyleGAN2 32x32, batch 64": (stylegan2_minigrad, stylegan2_torch),
}
ROWS = list(CASES)
