"""A convolutional GAN as a loop with two gradient tapes and two logits; noise of mean -1."""

import numpy as np
import tensorflow as tf
from keras import Model, layers, losses, optimizers
from sklearn.datasets import load_digits

lr_generator, lr_discriminator = 0.0002, 0.0002
batch_size, noise_dim = 32, 16
x_train = load_digits().images[:128].astype("float32") / 8.0 - 1.0
x_train = x_train[..., None]


class Generator(Model):
    def __init__(self):
        super().__init__()
        self.fc1 = layers.Dense(2 * 2 * 16)
        self.bn1 = layers.BatchNormalization()
        self.relu1 = layers.LeakyReLU(negative_slope=0.2)
        self.conv2tr1 = layers.Conv2DTranspose(8, 5, strides=2, padding="same")
        self.bn2 = layers.BatchNormalization()
        self.conv2tr2 = layers.Conv2DTranspose(1, 5, strides=2, padding="same", activation="tanh")
        self.reshape = layers.Reshape((2, 2, 16))

    def call(self, x, training=False):
        x = self.reshape(self.relu1(self.bn1(self.fc1(x), training=training)))
        x = self.relu1(self.bn2(self.conv2tr1(x), training=training))
        return self.conv2tr2(x)


class Discriminator(Model):
    def __init__(self):
        super().__init__()
        self.conv1 = layers.Conv2D(8, 5, strides=2, padding="same")
        self.bn1 = layers.BatchNormalization()
        self.conv2 = layers.Conv2D(16, 5, strides=2, padding="same")
        self.bn2 = layers.BatchNormalization()
        self.flatten = layers.Flatten()
        self.relu = layers.LeakyReLU(negative_slope=0.2)
        self.fc2 = layers.Dense(2)

    def call(self, x, training=False):
        x = self.relu(self.bn1(self.conv1(x), training=training))
        x = self.relu(self.bn2(self.conv2(x), training=training))
        return self.fc2(self.flatten(x))


cross_entropy = losses.SparseCategoricalCrossentropy(from_logits=True)


def generator_loss(fake_output):
    return cross_entropy(np.ones(batch_size, "int32"), fake_output)


def discriminator_loss(fake_output, real_output):
    real = cross_entropy(np.ones(batch_size, "int32"), real_output)
    return real + cross_entropy(np.zeros(batch_size, "int32"), fake_output)


generator, discriminator = Generator(), Discriminator()
generator_optimizer = optimizers.Adam(learning_rate=lr_generator)
discriminator_optimizer = optimizers.Adam(learning_rate=lr_discriminator)

for step in range(4):
    real_images = x_train[step * batch_size : (step + 1) * batch_size]
    noise = np.random.normal(-1.0, 1.0, size=[batch_size, noise_dim]).astype("float32")
    with tf.GradientTape() as tape:
        fake_images = generator(noise, training=True)
        disc_fake = discriminator(fake_images, training=True)
        disc_real = discriminator(real_images, training=True)
        disc_loss = discriminator_loss(disc_fake, disc_real)
    gradients = tape.gradient(disc_loss, discriminator.trainable_variables)
    discriminator_optimizer.apply_gradients(zip(gradients, discriminator.trainable_variables))

    noise = np.random.normal(-1.0, 1.0, size=[batch_size, noise_dim]).astype("float32")
    with tf.GradientTape() as tape:
        fake_images = generator(noise, training=True)
        gen_loss = generator_loss(discriminator(fake_images, training=True))
    gradients = tape.gradient(gen_loss, generator.trainable_variables)
    generator_optimizer.apply_gradients(zip(gradients, generator.trainable_variables))
    if step % 2 == 0:
        print("step: %i, gen_loss: %f, disc_loss: %f" % (step, float(gen_loss), float(disc_loss)))

assert 0 < float(gen_loss) < 20 and 0 < float(disc_loss) < 20

FIGURES = {
    "parameters": [generator.count_params(), discriminator.count_params()],
    "variables": [w.shape for w in discriminator.trainable_variables],
    "images": fake_images.shape,
}
