"""A conditional GAN: the label joins the noise, and joins the image as maps."""

import keras
import numpy as np
from keras import layers
from keras.utils import to_categorical
from sklearn.datasets import load_digits

digits = load_digits()
x_train = (digits.images[:160, ..., None] / 8.0 - 1.0).astype("float32")
y_train = to_categorical(digits.target[:160], 10)
latent_dim, num_classes = 16, 10

noise_input = layers.Input(shape=(latent_dim,), name="noise")
label_input = layers.Input(shape=(num_classes,), name="label")
x = layers.Concatenate()([noise_input, label_input])
x = layers.Dense(2 * 2 * 16, use_bias=False)(x)
x = layers.BatchNormalization()(x)
x = layers.LeakyReLU()(x)
x = layers.Reshape((2, 2, 16))(x)
x = layers.UpSampling2D()(x)
x = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
x = layers.UpSampling2D()(x)
generated = layers.Conv2D(1, 3, padding="same", activation="tanh")(x)
generator = keras.Model([noise_input, label_input], generated, name="generator")

image_input = layers.Input(shape=(8, 8, 1), name="image")
label_map = layers.Reshape((1, 1, num_classes))(label_input)
label_map = layers.UpSampling2D(size=(8, 8))(label_map)
x = layers.Concatenate(axis=-1)([image_input, label_map])
x = layers.Conv2D(8, 3, strides=2, padding="same")(x)
x = layers.LeakyReLU(negative_slope=0.2)(x)
x = layers.Dropout(0.4)(x)
x = layers.Flatten()(x)
score = layers.Dense(1, activation="sigmoid")(x)
discriminator = keras.Model([image_input, label_input], score, name="discriminator")
discriminator.compile("adam", loss="binary_crossentropy", metrics=["accuracy"])

discriminator.trainable = False
judged = discriminator([generator([noise_input, label_input]), label_input])
cgan = keras.Model(inputs=[noise_input, label_input], outputs=judged, name="cgan")
cgan.compile(optimizer=keras.optimizers.Adam(2e-4, beta_1=0.5), loss="binary_crossentropy")

batch_size = 32
for step in range(3):
    idx = np.random.randint(0, len(x_train), batch_size)
    real_images, labels = x_train[idx], y_train[idx]
    noise = np.random.normal(size=(batch_size, latent_dim))
    fake_images = generator.predict([noise, labels], verbose=0)
    d_real = discriminator.train_on_batch([real_images, labels], np.ones(batch_size))
    d_fake = discriminator.train_on_batch([fake_images, labels], np.zeros(batch_size))
    g_loss = cgan.train_on_batch([noise, labels], np.ones(batch_size))
    print(f"{step}: D {d_real[0]:.3f} {d_fake[0]:.3f}, G {g_loss:.3f}")

asked = to_categorical(np.arange(10), num_classes)
samples = generator.predict({"noise": np.zeros((10, latent_dim)), "label": asked}, verbose=0)

FIGURES = {
    "parameters": [m.count_params() for m in (generator, discriminator, cgan)],
    "layers": [layer.name for layer in cgan.layers][:3],
    "lengths": [len(d_real), len(d_fake)],
    "samples": samples.shape,
}
