"""Models inside models: an autoencoder of two, and an ensemble of three."""

import keras
import numpy as np
from keras import layers

encoder_input = keras.Input(shape=(12, 12, 1), name="img")
x = layers.Conv2D(4, 3, activation="relu")(encoder_input)
x = layers.Conv2D(8, 3, activation="relu")(x)
x = layers.MaxPooling2D(2)(x)
encoder_output = layers.GlobalMaxPooling2D()(x)
encoder = keras.Model(encoder_input, encoder_output, name="encoder")

decoder_input = keras.Input(shape=(8,), name="encoded_img")
x = layers.Reshape((2, 2, 2))(decoder_input)
x = layers.Conv2DTranspose(4, 3, activation="relu")(x)
x = layers.UpSampling2D(3)(x)
decoder_output = layers.Conv2D(1, 1, activation="relu")(x)
decoder = keras.Model(decoder_input, decoder_output, name="decoder")

autoencoder_input = keras.Input(shape=(12, 12, 1), name="img")
autoencoder = keras.Model(
    autoencoder_input, decoder(encoder(autoencoder_input)), name="autoencoder"
)
autoencoder.summary(expand_nested=True)


def get_model():
    inputs = keras.Input(shape=(16,))
    return keras.Model(inputs, layers.Dense(1)(inputs))


inputs = keras.Input(shape=(16,))
outputs = layers.average([get_model()(inputs), get_model()(inputs), get_model()(inputs)])
ensemble = keras.Model(inputs=inputs, outputs=outputs)

rng = np.random.default_rng(0)
for model in (autoencoder, ensemble):
    model.set_weights([rng.normal(0.05, 0.2, w.shape) for w in model.get_weights()])
images = rng.random((6, 12, 12, 1)).astype("float32")
autoencoder.compile("adam", "mse")
loss = autoencoder.train_on_batch(images, images)

FIGURES = {
    "parameters": [m.count_params() for m in (encoder, decoder, autoencoder, ensemble)],
    "layers": [layer.name for layer in autoencoder.layers],
    "loss": float(loss),
    "of the ensemble": ensemble(np.ones((2, 16), "float32")).shape,
    "values": ensemble.predict(np.ones((2, 16)), verbose=0),
    "inner": autoencoder.get_layer("encoder").output_shape[-1],
}
