"""Residual connections in a functional graph, the picture of the graph, and a fit."""

import keras
import numpy as np
from keras import layers

inputs = keras.Input(shape=(16, 16, 3), name="img")
x = layers.Conv2D(8, 3, activation="relu")(inputs)
x = layers.Conv2D(8, 3, activation="relu")(x)
block_1_output = layers.MaxPooling2D(3)(x)

x = layers.Conv2D(8, 3, activation="relu", padding="same")(block_1_output)
x = layers.Conv2D(8, 3, activation="relu", padding="same")(x)
block_2_output = layers.add([x, block_1_output])

x = layers.Conv2D(8, 3, activation="relu", padding="same")(block_2_output)
x = layers.Conv2D(8, 3, activation="relu", padding="same")(x)
block_3_output = layers.add([x, block_2_output])

x = layers.Conv2D(8, 3, activation="relu")(block_3_output)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(16, activation="relu")(x)
x = layers.Dropout(0.5)(x)
outputs = layers.Dense(10)(x)
model = keras.Model(inputs, outputs, name="toy_resnet")
model.summary()

rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.15, w.shape) for w in model.get_weights()])
x_train = rng.random((32, 16, 16, 3)).astype("float32")
y_train = keras.utils.to_categorical(rng.integers(0, 10, 32), 10)
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss=keras.losses.CategoricalCrossentropy(from_logits=True),
    metrics=["acc"],
)
before = model.evaluate(x_train, y_train, verbose=0)
history = model.fit(x_train, y_train, batch_size=16, epochs=1, validation_split=0.25, verbose=0)

FIGURES = {
    "name": model.name,
    "parameters": model.count_params(),
    "kinds": [type(layer).__name__ for layer in model.layers],
    "before": before,
    "keys": sorted(history.history),
}
