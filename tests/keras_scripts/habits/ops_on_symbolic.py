"""keras.ops in a functional graph, called by position as in Keras."""

import keras
import numpy as np
from keras import layers, ops

inputs = keras.Input(shape=(8, 4))
mean = ops.mean(inputs, axis=-1, keepdims=True)
variance = ops.var(inputs, axis=-1, keepdims=True)
normal = (inputs - mean) / ops.sqrt(variance + 1e-5)
flat = ops.reshape(normal, (-1, 32))
heads = ops.transpose(ops.reshape(normal, (-1, 8, 2, 2)), (0, 2, 1, 3))
scores = ops.softmax(ops.matmul(heads, ops.swapaxes(heads, -1, -2)), axis=-1)
mixed = ops.einsum("bhqk,bhkd->bqhd", scores, heads)
mixed = layers.Reshape((8, 4))(mixed)
top = ops.max(ops.abs(mixed), 1)
total = ops.sum(mixed, (1, 2))
features = ops.concatenate([flat, top, ops.expand_dims(total, -1)], axis=-1)
features = ops.relu(ops.clip(features, -1.0, 1.0))
outputs = layers.Dense(3, activation="softmax")(features)
model = keras.Model(inputs, outputs)

rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
x = rng.normal(size=(10, 8, 4)).astype("float32")
y = rng.integers(0, 3, 10)
model.compile("sgd", "sparse_categorical_crossentropy")
losses = [float(model.train_on_batch(x, y)) for _ in range(3)]

FIGURES = {
    "parameters": model.count_params(),
    "shapes": [t.shape for t in (flat, heads, scores, top, features)],
    "losses": losses,
    "predicted": model.predict(x[:2], verbose=0),
}
