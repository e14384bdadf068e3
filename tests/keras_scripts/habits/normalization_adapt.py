"""Preprocessing in the model: Normalization adapted to data, Rescaling, Resizing."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(0)
data = rng.normal(3.0, 2.0, size=(200, 4)).astype("float32")
normalizer = layers.Normalization(axis=-1)
normalizer.adapt(data)
scaled = keras.ops.convert_to_numpy(normalizer(data))

model = keras.Sequential([normalizer, layers.Dense(units=1)])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.1), loss="mean_absolute_error")
model.build((None, 4))
model.layers[1].set_weights([np.full((4, 1), 0.1), np.zeros(1)])
target = data[:, 0] * 2 + 1
history = model.fit(data, target, epochs=2, validation_split=0.2, shuffle=False, verbose=0)

fixed = layers.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])
images = rng.integers(0, 255, (3, 10, 12, 3)).astype("uint8")
inputs = keras.Input((10, 12, 3))
x = layers.Resizing(8, 8)(inputs)
x = layers.Rescaling(1.0 / 127.5, offset=-1)(x)
pipeline = keras.Model(inputs, x)
small = pipeline.predict(images, verbose=0)

FIGURES = {
    "means": np.round(scaled.mean(0), 3) + 0.0,
    "deviations": scaled.std(0),
    "history": history.history,
    "fixed": keras.ops.convert_to_numpy(fixed(np.array([[3.0, 5.0]]))),
    "shape": small.shape,
    "range": bool(small.min() >= -1 and small.max() <= 1),
    "not trained": len(normalizer.trainable_weights),
}
