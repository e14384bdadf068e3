"""A DCGAN as a loop of train_on_batch; the discriminator ends in a logit."""

import numpy as np
from keras import Sequential, layers
from keras.losses import BinaryCrossentropy
from keras.optimizers import Adam
from sklearn.datasets import load_digits

x_train = (load_digits().images[:100, :, :, None].astype("float32") - 8.0) / 8.0
latent_dim = 20

generator = Sequential(
    [
        layers.Dense(2 * 2 * 16, use_bias=False, input_shape=(latent_dim,)),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.Reshape((2, 2, 16)),
        layers.Conv2DTranspose(8, (5, 5), strides=(1, 1), padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.Conv2DTranspose(4, (5, 5), strides=(2, 2), padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.LeakyReLU(),
        layers.Conv2DTranspose(
            1, (5, 5), strides=(2, 2), padding="same", use_bias=False, activation="tanh"
        ),
    ]
)
assert generator.output_shape == (None, 8, 8, 1)

discriminator = Sequential()
discriminator.add(layers.Conv2D(8, (5, 5), strides=(2, 2), padding="same", input_shape=[8, 8, 1]))
discriminator.add(layers.LeakyReLU())
discriminator.add(layers.Dropout(0.3))
discriminator.add(layers.Conv2D(16, (5, 5), strides=(2, 2), padding="same"))
discriminator.add(layers.LeakyReLU())
discriminator.add(layers.Dropout(0.3))
discriminator.add(layers.Flatten())
discriminator.add(layers.Dense(1))

loss = BinaryCrossentropy(from_logits=True, label_smoothing=0.1)
discriminator.compile(optimizer=Adam(learning_rate=2e-4, beta_1=0.5), loss=loss)
discriminator.trainable = False
gan = Sequential([generator, discriminator])
gan.compile(optimizer=Adam(learning_rate=2e-4, beta_1=0.5), loss=loss)

batch_size = 20
for epoch in range(1):
    for i in range(0, len(x_train), batch_size):
        noise = np.random.uniform(-1, 1, size=[batch_size, latent_dim])
        generated_images = generator.predict(noise, verbose=0)
        x = np.concatenate([x_train[i : i + batch_size], generated_images])
        y = np.concatenate([np.ones((batch_size, 1)), np.zeros((batch_size, 1))])
        d_loss = discriminator.train_on_batch(x, y)
        g_loss = gan.train_on_batch(noise, np.ones(batch_size))
    print(f"Epoch {epoch}: D {d_loss}, G {g_loss}")

assert np.isfinite([d_loss, g_loss]).all()

FIGURES = {
    "generator": generator.count_params(),
    "discriminator": discriminator.count_params(),
    "shapes of the generator": [layer.output.shape for layer in generator.layers],
    "images": generated_images.shape,
}
