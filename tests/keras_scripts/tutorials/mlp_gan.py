"""A dense GAN for 28x28 images with relu before LeakyReLU, as a loop of train_on_batch."""

import numpy as np
from keras.layers import BatchNormalization, Dense, Flatten, Input, LeakyReLU, Reshape
from keras.models import Model, Sequential
from sklearn.datasets import load_digits

images = np.kron(load_digits().images[:200], np.ones((2, 2)))
x_train = (images.astype(np.float32) - 8.0) / 8.0
x_train = np.expand_dims(x_train, axis=3)


def build_generator():
    model = Sequential()
    model.add(Dense(32, input_dim=20, activation="relu"))
    model.add(BatchNormalization(momentum=0.8))
    model.add(LeakyReLU(0.2))
    model.add(Dense(64, activation="relu"))
    model.add(BatchNormalization(momentum=0.8))
    model.add(LeakyReLU(0.2))
    model.add(Dense(16 * 16 * 1, activation="tanh"))
    model.add(Reshape((16, 16, 1)))
    return model


def build_discriminator():
    model = Sequential()
    model.add(Flatten(input_shape=(16, 16, 1)))
    model.add(Dense(64, activation="relu"))
    model.add(LeakyReLU(0.2))
    model.add(Dense(32, activation="relu"))
    model.add(LeakyReLU(0.2))
    model.add(Dense(1, activation="sigmoid"))
    return model


discriminator = build_discriminator()
discriminator.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
generator = build_generator()
z = Input(shape=(20,))
img = generator(z)
discriminator.trainable = False
validity = discriminator(img)
combined = Model(z, validity)
combined.compile(loss="binary_crossentropy", optimizer="adam")


def train(epochs, batch_size=32, save_interval=2):
    valid = np.ones((batch_size, 1))
    fake = np.zeros((batch_size, 1))
    for epoch in range(epochs):
        idx = np.random.randint(0, x_train.shape[0], batch_size)
        noise = np.random.normal(0, 1, (batch_size, 20))
        gen_imgs = generator.predict(noise, verbose=0)
        d_loss_real = discriminator.train_on_batch(x_train[idx], valid)
        d_loss_fake = discriminator.train_on_batch(gen_imgs, fake)
        d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)
        g_loss = combined.train_on_batch(noise, valid)
        if epoch % save_interval == 0:
            print("%d [D loss: %f, acc.: %.2f%%]" % (epoch, d_loss[0], 100 * d_loss[1]))
            print("[G loss: %f]" % g_loss)
    return d_loss, g_loss


d_loss, g_loss = train(epochs=4)
assert np.isfinite(d_loss).all() and np.isfinite(g_loss)

FIGURES = {
    "generator": generator.count_params(),
    "discriminator": discriminator.count_params(),
    "combined": combined.count_params(),
    "weights of the combined model that are trained": len(combined.trainable_weights),
    "fakes": generator.predict(np.zeros((2, 20)), verbose=0).shape,
}
