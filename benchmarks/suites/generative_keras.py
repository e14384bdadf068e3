"""Training steps of the generative models in Keras and TensorFlow, as in generative.py.

CASES has a function of the batch per row. StyleGAN2 is left out: its networks have no layers of
Keras's to be made of.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

import models

from . import generative
from .images import keras_model

Steps = dict[str, Callable[[], Any]]
normal = tf.random.normal


def compiled(update: Callable[..., Any], *data: Any) -> Steps:
    """Steps of update(*data) as a graph, and compiled by XLA."""
    data = tuple(tf.constant(array) for array in data)
    graph, xla = tf.function(update), tf.function(update, jit_compile=True)
    return {
        "tf.function": lambda: graph(*data).numpy(),
        "tf.function, XLA": lambda: xla(*data).numpy(),
    }


def adam(variables: list[Any], rate: float = 2e-4, beta_1: float = 0.5) -> Callable[..., None]:
    """A step on variables by their gradients."""
    optimizer = keras.optimizers.Adam(rate, beta_1)
    optimizer.build(variables)
    return lambda gradients: optimizer.apply(gradients, variables)


def cross_entropy(label: float, verdict: Any, from_logits: bool = True) -> Any:
    labels = ops.full_like(verdict, label)
    return ops.mean(ops.binary_crossentropy(labels, verdict, from_logits=from_logits))


def network(model: Any, *shape: int) -> Any:
    return keras_model(model, shape)


def gan(batch: int) -> Steps:
    """The known recipe: D on real rows, D on fakes of inference, then G."""
    module = models.load("gan")
    g = network(module.make_generator(0.3), 100)
    d = network(module.make_discriminator(0.3), 64)
    theta_g, theta_d = g.trainable_variables, d.trainable_variables
    step_g, step_d = adam(theta_g), adam(theta_d)

    def discriminate(rows, label):
        with tf.GradientTape() as tape:
            loss = cross_entropy(label, d(rows, training=True), from_logits=False)
        step_d(tape.gradient(loss, theta_d))

    def update(real):
        discriminate(real, 1.0)
        discriminate(g(normal((batch, 100))), 0.0)
        with tf.GradientTape() as tape:
            verdict = d(g(normal((batch, 100)), training=True), training=True)
            loss = cross_entropy(1.0, verdict, from_logits=False)
        step_g(tape.gradient(loss, theta_g))
        return loss

    return compiled(update, generative.images(batch, 8).reshape(batch, 64))


def dcgan(batch: int) -> Steps:
    """Both networks from one pass through each."""
    model = models.load("dcgan").build(width=64)
    g, d = network(model.generator, 100), network(model.discriminator, 28, 28, 1)
    theta_g, theta_d = g.trainable_variables, d.trainable_variables
    step_g, step_d = adam(theta_g), adam(theta_d)

    def update(real):
        with tf.GradientTape() as tape_g, tf.GradientTape() as tape_d:
            fake_verdict = d(g(normal((batch, 100)), training=True), training=True)
            real_verdict = d(real, training=True)
            g_loss = cross_entropy(1.0, fake_verdict)
            d_loss = cross_entropy(1.0, real_verdict) + cross_entropy(0.0, fake_verdict)
        g_slopes, d_slopes = tape_g.gradient(g_loss, theta_g), tape_d.gradient(d_loss, theta_d)
        step_g(g_slopes)
        step_d(d_slopes)
        return g_loss

    return compiled(update, generative.images(batch, 28))


def critic(batch: int) -> Steps:
    """The critic of WGAN-GP, with its penalty."""
    model = models.load("wgan_gp").build(size=28, width=64)
    g, f = network(model.generator, 128), network(model.critic, 28, 28, 1)
    theta = f.trainable_variables
    step = adam(theta)

    def update(real):
        fakes = g(normal((batch, 128)))
        epsilon = tf.random.uniform((batch, 1, 1, 1))
        between = epsilon * real + (1 - epsilon) * fakes
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(between)
                verdict = tf.reduce_sum(f(between))
            norms = tf.sqrt(tf.reduce_sum(inner.gradient(verdict, between) ** 2, (1, 2, 3)))
            distance = tf.reduce_mean(f(real)) - tf.reduce_mean(f(fakes))
            loss = 10 * tf.reduce_mean((norms - 1) ** 2) - distance
        step(tape.gradient(loss, theta))
        return loss

    return compiled(update, generative.images(batch, 28))


def cyclegan(batch: int) -> Steps:
    """G and F: squared errors of both verdicts, and both ways back."""
    networks = generative.cyclegan_networks()
    g, f, d_x, d_y = (network(model, 64, 64, 3) for model in networks)
    theta = [*g.trainable_variables, *f.trainable_variables]
    step = adam(theta)

    def update(x):
        with tf.GradientTape() as tape:
            fake_x, fake_y = f(x), g(x)
            verdicts = d_y(fake_y), d_x(fake_x)
            adversarial = sum(tf.reduce_mean((verdict - 1) ** 2) for verdict in verdicts)
            ways_back = f(fake_y), g(fake_x)
            cycle = sum(tf.reduce_mean(abs(images - x)) for images in ways_back)
            loss = adversarial + 10 * cycle
        step(tape.gradient(loss, theta))
        return loss

    return compiled(update, generative.cyclegan_images(batch))


def diffusion(batch: int) -> Steps:
    """Algorithm 1 of DDPM, with classes."""
    model = unet(32)
    theta = model.trainable_variables
    step = adam(theta, 1e-3, 0.9)
    shares = tf.constant(models.load("diffusion").build(32).shares, "float32")

    def update(real, labels):
        t = tf.random.uniform((batch,), 1, 101, "int64")
        a = tf.reshape(tf.gather(shares, t), (-1, 1, 1, 1))
        noise = normal(real.shape)
        noisy = tf.sqrt(a) * real + tf.sqrt(1 - a) * noise
        shown = tf.where(tf.random.uniform((batch,)) < 0.1, tf.constant(10, "int64"), labels)
        with tf.GradientTape() as tape:
            predicted = model([noisy, t, shown], training=True)
            loss = tf.reduce_mean((predicted - noise) ** 2)
        step(tape.gradient(loss, theta))
        return loss

    return compiled(update, generative.images(batch, 16), np.arange(batch) % 10)


def unet(channels: int) -> Any:
    """The UNet of models/generative/diffusion.py for 16x16: two levels of one block."""
    conv = lambda filters, size=3, stride=1: layers.Conv2D(filters, size, stride, "same")
    norm = lambda x: layers.GroupNormalization(8)(x)

    def block(x, filters):
        h = conv(filters)(ops.silu(norm(x)))
        h = h + layers.Dense(filters)(ops.silu(condition))[:, None, None]
        h = conv(filters)(ops.silu(norm(h)))
        return h + (x if x.shape[-1] == filters else conv(filters, 1)(x))

    def attention(x):
        _, height, width, filters = x.shape
        pixels = layers.Reshape((height * width, filters))(norm(x))
        y = layers.MultiHeadAttention(1, filters)(pixels, pixels)
        return x + layers.Reshape(x.shape[1:])(y)

    c = channels
    join = lambda h, seen, filters: block(layers.Concatenate()([h, seen]), filters)
    x = keras.Input((16, 16, 1))
    t, labels = (keras.Input((), dtype="int64") for _ in range(2))
    rates = np.exp(np.arange(c // 2, dtype="float32") * np.float32(-0.6))
    angles = ops.cast(t, "float32")[:, None] * rates
    condition = ops.concatenate([ops.sin(angles), ops.cos(angles)], 1)
    condition = layers.Dense(4 * c)(layers.Dense(4 * c, activation="silu")(condition))
    condition = condition + layers.Embedding(11, 4 * c)(labels)
    first = conv(c)(x)
    large = block(first, c)
    smaller = conv(c, 3, 2)(large)
    small = block(smaller, 2 * c)
    h = block(attention(block(small, 2 * c)), 2 * c)
    h = join(join(h, small, 2 * c), smaller, 2 * c)
    h = conv(2 * c)(layers.UpSampling2D()(h))
    h = join(join(h, large, c), first, c)
    return keras.Model([x, t, labels], conv(1)(ops.silu(norm(h))))


CASES: dict[str, Callable[[int], Steps]] = {
    "GAN on digits, batch 64": gan,
    "DCGAN 28x28, batch 64": dcgan,
    "WGAN-GP critic 28x28, batch 64": critic,
    "CycleGAN generators 64x64, batch 2": cyclegan,
    "DDPM 16x16, batch 64": diffusion,
}
