"""Training steps of the generative models in JAX, each compiled as a whole; as in generative.py.

CASES has a function of the batch per row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import models

from . import adam_jax, generative, networks_jax
from .images_jax import jax_layer

Step = Callable[[], Any]
Steps = dict[str, Step]
normal = jax.random.normal
adam = partial(adam_jax.update, rate=2e-4, beta_1=0.5)


def compiled(update: Callable[..., Any], state: Any, *data: Any) -> Steps:
    """A step of update(state, key, *data) -> (state, loss), which keeps the state."""
    count = 0
    data = jax.tree.map(jnp.asarray, data)
    jitted = jax.jit(update, donate_argnums=0)

    def step():
        nonlocal state, count
        count += 1
        state, loss = jitted(state, jax.random.key(count), *data)
        return jax.block_until_ready(loss)

    return {"jit": step}


def cross_entropy(logits: Any, label: float) -> Any:
    """The binary cross-entropy of logits with one label for all."""
    return jnp.mean(jax.nn.softplus(logits) - label * logits)


def log_loss(probabilities: Any, label: float) -> Any:
    """The binary cross-entropy of probabilities with one label for all."""
    p = jnp.clip(probabilities, 1e-7, 1 - 1e-7)
    return -jnp.mean(label * jnp.log(p) + (1 - label) * jnp.log(1 - p))


def gan(batch: int) -> Steps:
    """The known recipe: D on real rows, D on fakes of inference, then G."""
    module = models.load("gan")
    theta_g, g = jax_layer(module.make_generator(0.3))
    theta_d, d = jax_layer(module.make_discriminator(0.3))

    def update(state, key, real):
        g_state, d_state = state
        keys = jax.random.split(key, 6)
        d_loss = lambda p, rows, label, key: log_loss(d(p, rows, key), label)
        g_loss = lambda p, z: log_loss(d(d_state[0], g(p, z, keys[0]), keys[1]), 1.0)
        d_state = adam(d_state, jax.grad(d_loss)(d_state[0], real, 1.0, keys[2]))
        fakes = g(g_state[0], normal(keys[3], (batch, 100)), None)
        d_state = adam(d_state, jax.grad(d_loss)(d_state[0], fakes, 0.0, keys[4]))
        loss, slopes = jax.value_and_grad(g_loss)(g_state[0], normal(keys[5], (batch, 100)))
        return (adam(g_state, slopes), d_state), loss

    state = adam_jax.start(theta_g), adam_jax.start(theta_d)
    return compiled(update, state, generative.images(batch, 8).reshape(batch, 64))


def dcgan(batch: int) -> Steps:
    """Both networks from one pass through each: the compiler finds what both losses share."""
    model = models.load("dcgan").build(width=64)
    (theta_g, g), (theta_d, d) = jax_layer(model.generator), jax_layer(model.discriminator)

    def update(state, key, real):
        g_state, d_state = state
        k_z, k_g, k_real, k_fake = jax.random.split(key, 4)
        z = normal(k_z, (batch, 100))
        verdict = lambda p_g, p_d: d(p_d, g(p_g, z, k_g), k_fake)

        def d_loss(p):
            fake_verdict = verdict(g_state[0], p)
            return cross_entropy(d(p, real, k_real), 1.0) + cross_entropy(fake_verdict, 0.0)

        g_loss = lambda p: cross_entropy(verdict(p, d_state[0]), 1.0)
        loss, g_slopes = jax.value_and_grad(g_loss)(g_state[0])
        d_slopes = jax.grad(d_loss)(d_state[0])
        return (adam(g_state, g_slopes), adam(d_state, d_slopes)), loss

    state = adam_jax.start(theta_g), adam_jax.start(theta_d)
    return compiled(update, state, generative.images(batch, 28))


def critic(batch: int) -> Steps:
    """The critic of WGAN-GP, with its penalty."""
    model = models.load("wgan_gp").build(size=28, width=64)
    (theta_g, g), (theta_f, f) = jax_layer(model.generator), jax_layer(model.critic)

    def update(state, key, theta_g, real):
        k_z, k_epsilon = jax.random.split(key)
        fakes = g(theta_g, normal(k_z, (batch, 128)), None)
        epsilon = jax.random.uniform(k_epsilon, (batch, 1, 1, 1))
        between = epsilon * real + (1 - epsilon) * fakes

        def loss(p):
            slope = jax.grad(lambda x: f(p, x, None).sum())(between)
            norms = jnp.sqrt((slope**2).sum((1, 2, 3)))
            distance = f(p, real, None).mean() - f(p, fakes, None).mean()
            return 10 * ((norms - 1) ** 2).mean() - distance

        value, slopes = jax.value_and_grad(loss)(state[0])
        return adam(state, slopes), value

    return compiled(update, adam_jax.start(theta_f), theta_g, generative.images(batch, 28))


def cyclegan(batch: int) -> Steps:
    """G and F: squared errors of both verdicts, and both ways back."""
    networks = [jax_layer(network) for network in generative.cyclegan_networks()]
    thetas = [theta for theta, _ in networks]
    g, f, d_x, d_y = (partial(apply, key=None) for _, apply in networks)

    def update(state, key, theta_x, theta_y, x, y):
        def loss(p):
            fake_x, fake_y = f(p[1], y), g(p[0], x)
            verdicts = d_y(theta_y, fake_y), d_x(theta_x, fake_x)
            adversarial = sum(((verdict - 1) ** 2).mean() for verdict in verdicts)
            cycle = abs(f(p[1], fake_y) - x).mean() + abs(g(p[0], fake_x) - y).mean()
            return adversarial + 10 * cycle

        value, slopes = jax.value_and_grad(loss)(state[0])
        return adam(state, slopes), value

    x = generative.cyclegan_images(batch)
    return compiled(update, adam_jax.start(thetas[:2]), *thetas[2:], x, x)


def diffusion(batch: int) -> Steps:
    """Algorithm 1 of DDPM, with classes."""
    parameters, apply = networks_jax.unet(32)
    shares = jnp.asarray(models.load("diffusion").build(32).shares, "float32")

    def update(state, key, real, labels):
        k_t, k_noise, k_hidden = jax.random.split(key, 3)
        t = jax.random.randint(k_t, (batch,), 1, 101)
        a = shares[t].reshape(-1, 1, 1, 1)
        noise = normal(k_noise, real.shape)
        noisy = jnp.sqrt(a) * real + jnp.sqrt(1 - a) * noise
        shown = jnp.where(jax.random.uniform(k_hidden, (batch,)) < 0.1, 10, labels)
        loss = lambda p: ((apply(p, noisy, t, shown) - noise) ** 2).mean()
        value, slopes = jax.value_and_grad(loss)(state[0])
        return adam_jax.update(state, slopes), value

    data = generative.images(batch, 16), np.arange(batch) % 10
    return compiled(update, adam_jax.start(parameters), *data)


def stylegan2(batch: int) -> Steps:
    """Both networks from one pass through each, without the lazy regularizations."""
    theta_g, g = networks_jax.stylegan2_generator(4, 32, 64, 4)
    theta_d, d = networks_jax.stylegan2_discriminator(4, 32)
    adam = partial(adam_jax.update, rate=2e-3, beta_1=0.0, beta_2=0.99)

    def update(state, key, real):
        g_state, d_state = state
        k_1, k_2, k_g = jax.random.split(key, 3)
        z_1, z_2 = (normal(k, (batch, 64)) for k in (k_1, k_2))
        verdict = lambda p_g, p_d: d(p_d, g(p_g, z_1, z_2, k_g))
        g_loss = lambda p: cross_entropy(verdict(p, d_state[0]), 1.0)
        fake_loss = lambda p: cross_entropy(verdict(g_state[0], p), 0.0)
        d_loss = lambda p: fake_loss(p) + cross_entropy(d(p, real), 1.0)
        loss, g_slopes = jax.value_and_grad(g_loss)(g_state[0])
        return (adam(g_state, g_slopes), adam(d_state, jax.grad(d_loss)(d_state[0]))), loss

    state = adam_jax.start(theta_g), adam_jax.start(theta_d)
    return compiled(update, state, generative.images(batch, 32))


CASES: dict[str, Callable[[int], Steps]] = {
    "GAN on digits, batch 64": gan,
    "DCGAN 28x28, batch 64": dcgan,
    "WGAN-GP critic 28x28, batch 64": critic,
    "CycleGAN generators 64x64, batch 2": cyclegan,
    "DDPM 16x16, batch 64": diffusion,
    "StyleGAN2 32x32, batch 64": stylegan2,
}
