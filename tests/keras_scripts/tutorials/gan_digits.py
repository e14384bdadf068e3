"""A GAN of dense networks on the digits, by compile, train_on_batch and trainable = False."""

import numpy as np
from keras.layers import Dense, Dropout, LeakyReLU
from keras.models import Sequential
from keras.optimizers import Adam
from sklearn.datasets import load_digits
from sklearn.preprocessing import MinMaxScaler

X, _ = load_digits(return_X_y=True)
X_train = MinMaxScaler((-1, 1)).fit_transform(X[:500])
latent_dim = 100


def build_generator():
    model = Sequential()
    model.add(Dense(256, input_dim=latent_dim))
    model.add(LeakyReLU(alpha=0.2))
    model.add(Dropout(0.3))
    model.add(Dense(512))
    model.add(LeakyReLU(alpha=0.2))
    model.add(Dropout(0.3))
    model.add(Dense(64, activation="tanh"))
    return model


def build_discriminator():
    model = Sequential()
    model.add(Dense(512, input_dim=64))
    model.add(LeakyReLU(alpha=0.2))
    model.add(Dropout(0.3))
    model.add(Dense(256))
    model.add(LeakyReLU(alpha=0.2))
    model.add(Dropout(0.3))
    model.add(Dense(1, activation="sigmoid"))
    return model


generator = build_generator()
discriminator = build_discriminator()
discriminator.compile(loss="binary_crossentropy", optimizer=Adam(0.0002, 0.5), metrics=["accuracy"])
discriminator.trainable = False
gan = Sequential([generator, discriminator])
gan.compile(loss="binary_crossentropy", optimizer=Adam(0.0002, 0.5))

epochs, batch_size = 6, 64
for epoch in range(epochs):
    idx = np.random.randint(0, X_train.shape[0], batch_size)
    noise = np.random.normal(0, 1, (batch_size, latent_dim))
    generated = generator.predict(noise, verbose=0)
    d_loss_real = discriminator.train_on_batch(X_train[idx], np.ones((batch_size, 1)))
    d_loss_fake = discriminator.train_on_batch(generated, np.zeros((batch_size, 1)))
    d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)
    noise = np.random.normal(0, 1, (batch_size, latent_dim))
    g_loss = gan.train_on_batch(noise, np.ones((batch_size, 1)))
    if epoch % 3 == 0:
        print(f"{epoch} [D loss: {d_loss[0]:.4f}, acc.: {100 * d_loss[1]:.2f}%] [G loss: {g_loss}]")

samples = generator.predict(np.random.normal(0, 1, (10, latent_dim)), verbose=0)
assert np.isfinite(samples).all()

FIGURES = {
    "generator": generator.count_params(),
    "discriminator": discriminator.count_params(),
    "gan": gan.count_params(),
    "trained by the gan": len(gan.trainable_weights),
    "losses of the discriminator": d_loss.shape,
    "samples": samples.shape,
}
