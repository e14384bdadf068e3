"""A convolutional denoising autoencoder: pooling down, upsampling or transposed convolution up."""

import numpy as np
from keras import layers
from keras.models import Model
from sklearn.datasets import load_digits


def preprocess(array):
    array = array.astype("float32") / 16.0
    return np.reshape(array, (len(array), 8, 8, 1))


def noise(array):
    noise_factor = 0.4
    noisy_array = array + noise_factor * np.random.normal(loc=0.0, scale=1.0, size=array.shape)
    return np.clip(noisy_array, 0.0, 1.0)


train_data = preprocess(load_digits().images[:48])
noisy_train_data = noise(train_data)

inp = layers.Input(shape=(8, 8, 1))
x = layers.Conv2D(8, (3, 3), activation="relu", padding="same")(inp)
x = layers.MaxPooling2D((2, 2), padding="same")(x)
x = layers.Conv2D(8, (3, 3), activation="relu", padding="same")(x)
x = layers.MaxPooling2D((2, 2), padding="same")(x)
x = layers.Conv2DTranspose(8, (2, 2), strides=2, activation="relu", padding="valid")(x)
x = layers.UpSampling2D((2, 2), interpolation="nearest")(x)
x = layers.Conv2D(1, (3, 3), activation="sigmoid", padding="same")(x)
autoencoder = Model(inp, x)
autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
autoencoder.summary()
rng = np.random.default_rng(0)
autoencoder.set_weights([rng.normal(0, 0.2, w.shape) for w in autoencoder.get_weights()])
history = autoencoder.fit(
    x=noisy_train_data,
    y=train_data,
    epochs=1,
    batch_size=16,
    shuffle=False,
    validation_data=(noisy_train_data, train_data),
    verbose=0,
)

FIGURES = {
    "parameters": autoencoder.count_params(),
    "shapes": [layer.output.shape for layer in autoencoder.layers[1:]],
    "history": history.history,
}
