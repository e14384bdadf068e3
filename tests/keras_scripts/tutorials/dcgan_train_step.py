"""A DCGAN whose class overrides compile and train_step; the same noise serves both steps."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_digits

latent_dim = 16
images = load_digits().images[:128].reshape(-1, 8, 8, 1).astype("float32")
images = (images - 8) / 8


def build_generator():
    return keras.Sequential(
        [
            layers.Input((latent_dim,)),
            layers.Dense(2 * 2 * 16, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Reshape((2, 2, 16)),
            layers.Conv2DTranspose(8, (5, 5), strides=(1, 1), padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(8, (5, 5), strides=(2, 2), padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Conv2DTranspose(
                1, (5, 5), strides=(2, 2), padding="same", use_bias=False, activation="tanh"
            ),
        ],
        name="generator",
    )


def build_discriminator():
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(8, (5, 5), strides=(2, 2), padding="same"),
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Conv2D(16, (5, 5), strides=(2, 2), padding="same"),
            layers.LeakyReLU(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(1),
        ],
        name="discriminator",
    )


class DCGAN(keras.Model):
    def __init__(self, generator, discriminator, latent_dim):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.latent_dim = latent_dim
        self.built = True

    def compile(self, g_optimizer, d_optimizer, loss_fn):
        super().compile()
        self.g_optimizer = g_optimizer
        self.d_optimizer = d_optimizer
        self.loss_fn = loss_fn

    def train_step(self, real_images):
        batch_size = real_images.shape[0]
        noise = keras.random.normal(shape=(batch_size, self.latent_dim))
        ones = keras.ops.ones((batch_size, 1))
        with tf.GradientTape() as d_tape:
            fake_images = self.generator(noise, training=True)
            real_output = self.discriminator(real_images, training=True)
            fake_output = self.discriminator(fake_images, training=True)
            real_loss = self.loss_fn(ones, real_output)
            fake_loss = self.loss_fn(keras.ops.zeros_like(ones), fake_output)
            d_loss = (real_loss + fake_loss) / 2
        d_grads = d_tape.gradient(d_loss, self.discriminator.trainable_variables)
        self.d_optimizer.apply_gradients(zip(d_grads, self.discriminator.trainable_variables))

        with tf.GradientTape() as g_tape:
            fake_images = self.generator(noise, training=True)
            g_loss = self.loss_fn(ones, self.discriminator(fake_images, training=True))
        g_grads = g_tape.gradient(g_loss, self.generator.trainable_variables)
        self.g_optimizer.apply_gradients(zip(g_grads, self.generator.trainable_variables))
        return {"d_loss": d_loss, "g_loss": g_loss}


generator, discriminator = build_generator(), build_discriminator()
dcgan = DCGAN(generator=generator, discriminator=discriminator, latent_dim=latent_dim)
dcgan.compile(
    g_optimizer=keras.optimizers.Adam(1e-4),
    d_optimizer=keras.optimizers.Adam(1e-4),
    loss_fn=keras.losses.BinaryCrossentropy(from_logits=True),
)
kernel = np.array(discriminator.layers[0].get_weights()[0])
history = dcgan.fit(images, epochs=1, batch_size=32, verbose=0)
assert np.isfinite(history.history["d_loss"]).all()

FIGURES = {
    "generator": generator.count_params(),
    "discriminator": discriminator.count_params(),
    "keys": sorted(history.history),
    "discriminator learns": bool((discriminator.layers[0].get_weights()[0] != kernel).any()),
    "samples": generator.predict(np.zeros((3, latent_dim)), verbose=0).shape,
}
