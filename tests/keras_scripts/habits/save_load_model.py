"""A trained model is saved whole, loaded, and trained further."""

import os

import keras
import numpy as np
from keras.models import load_model


def get_model():
    inputs = keras.Input(shape=(16,))
    x = keras.layers.Dense(8, activation="gelu", kernel_regularizer="l2")(inputs)
    x = keras.layers.LayerNormalization()(x)
    outputs = keras.layers.Dense(1)(x)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer=keras.optimizers.Adam(), loss="mean_squared_error")
    return model


rng = np.random.default_rng(0)
model = get_model()
model.set_weights([rng.normal(0, 0.3, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
test_input = rng.random((32, 16))
test_target = rng.random((32, 1))
model.fit(test_input, test_target, shuffle=False, verbose=0)
model.save("my_model.keras")
assert os.path.getsize("my_model.keras") > 1000
reconstructed = load_model("my_model.keras")
np.testing.assert_allclose(
    model.predict(test_input, verbose=0), reconstructed.predict(test_input, verbose=0)
)
history = reconstructed.fit(test_input, test_target, epochs=2, shuffle=False, verbose=0)
keras.models.save_model(reconstructed, "again.keras")
again = keras.saving.load_model("again.keras", compile=False)

FIGURES = {
    "parameters": again.count_params(),
    "layers": [type(layer).__name__ for layer in reconstructed.layers],
    "steps": int(reconstructed.optimizer.iterations),
    "goes on": history.history["loss"],
}
