"""Transfer learning: a frozen base, a new head, then fine-tuning at a small rate."""

import keras
import numpy as np
from keras import layers


def make_base():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, name="conv1")(inputs)
    x = layers.BatchNormalization(name="bn1")(x)
    x = layers.ReLU()(x)
    x = layers.Conv2D(6, 3, activation="relu", name="conv2")(x)
    return keras.Model(inputs, x, name="base")


rng = np.random.default_rng(0)
base_model = make_base()
base_model.set_weights(
    [rng.normal(0, 0.3, w.shape) if w.ndim > 1 else w for w in base_model.get_weights()]
)
base_model.trainable = False
frozen = [layer.trainable for layer in base_model.layers]

inputs = keras.Input(shape=(8, 8, 3))
x = base_model(inputs, training=False)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dropout(0.2)(x)
outputs = layers.Dense(1, name="head")(x)
model = keras.Model(inputs, outputs)
counts = [len(model.trainable_weights), len(model.non_trainable_weights)]

images = rng.random((32, 8, 8, 3)).astype("float32")
labels = rng.integers(0, 2, 32)
model.get_layer("head").set_weights([rng.normal(size=(6, 1)), np.zeros(1)])
model.compile(
    optimizer=keras.optimizers.Adam(),
    loss=keras.losses.BinaryCrossentropy(from_logits=True),
    metrics=[keras.metrics.BinaryAccuracy()],
)
before = model.evaluate(images, labels, verbose=0)
kept = base_model.get_weights()
model.fit(images, labels, epochs=1, batch_size=8, verbose=0)
unchanged = all(np.array_equal(a, b) for a, b in zip(kept, base_model.get_weights()))

base_model.trainable = True
for layer in base_model.layers[:-1]:
    layer.trainable = False
model.compile(
    optimizer=keras.optimizers.Adam(1e-5), loss=keras.losses.BinaryCrossentropy(from_logits=True)
)
model.fit(images, labels, epochs=1, batch_size=8, verbose=0)
changed = [not np.array_equal(a, b) for a, b in zip(kept, base_model.get_weights())]

FIGURES = {
    "frozen": frozen,
    "counts": counts,
    "before": before,
    "base unchanged": unchanged,
    "changed by fine-tuning": changed,
    "trainable now": len(model.trainable_weights),
}
