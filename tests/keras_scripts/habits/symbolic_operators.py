"""Operators and slices on symbolic tensors."""

import keras
import numpy as np
from keras import layers

x = keras.Input(shape=(6,), name="x")
y = keras.Input(shape=(6,), name="y")
half = layers.Dense(6, name="gate", activation="sigmoid")(x)
gated = half * x + (1.0 - half) * y
first, rest = gated[:, :2], gated[:, 2:]
scaled = 2.0 * first / (1.0 + first**2) - 0.5
joined = layers.concatenate([scaled, -rest])
is_large = joined > 0
out = layers.Dense(1, name="out")(joined)
model = keras.Model([x, y], [out, joined, is_large])

rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
a, b = rng.normal(size=(4, 6)).astype("float32"), rng.normal(size=(4, 6)).astype("float32")
values = model.predict([a, b], verbose=0)

sequence = keras.Input(shape=(7, 3))
last = sequence[:, -1, :]
difference = sequence[:, 1:] - sequence[:, :-1]
pooled = keras.ops.max(difference, axis=1) + last
ends = keras.Model(sequence, pooled)

FIGURES = {
    "out": values[0],
    "joined": values[1],
    "large": int(values[2].sum()),
    "static": [pooled.shape, difference.shape],
    "ends": ends.predict(np.arange(42.0).reshape(2, 7, 3) ** 2, verbose=0),
}
