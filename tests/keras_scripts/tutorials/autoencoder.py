"""A dense autoencoder on the digits; encoder and decoder are models of their own."""

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

x = load_digits().data.astype("float32") / 16.0
x_train, x_test = x[:400], x[400:500]
encoding_dim = 8

input_img = keras.Input(shape=(64,))
encoded = layers.Dense(32, activation="relu")(input_img)
encoded = layers.Dense(encoding_dim, activation="relu")(encoded)
decoded = layers.Dense(32, activation="relu")(encoded)
decoded = layers.Dense(64, activation="sigmoid")(decoded)
autoencoder = keras.Model(input_img, decoded)

encoder = keras.Model(input_img, encoded)
encoded_input = keras.Input(shape=(encoding_dim,))
hidden = autoencoder.layers[-2](encoded_input)
decoder = keras.Model(encoded_input, autoencoder.layers[-1](hidden))

autoencoder.compile(optimizer="adam", loss="binary_crossentropy")
rng = np.random.default_rng(0)
autoencoder.set_weights([rng.normal(0, 0.2, w.shape) for w in autoencoder.get_weights()])
history = autoencoder.fit(
    x_train,
    x_train,
    epochs=2,
    batch_size=64,
    shuffle=False,
    validation_data=(x_test, x_test),
    verbose=0,
)
encoded_imgs = encoder.predict(x_test)
decoded_imgs = decoder.predict(encoded_imgs)
whole = autoencoder.predict(x_test)

FIGURES = {
    "parameters": [m.count_params() for m in (autoencoder, encoder, decoder)],
    "history": history.history,
    "codes": encoded_imgs[:2],
    "both ways": bool(np.allclose(decoded_imgs, whole, atol=1e-5)),
}
