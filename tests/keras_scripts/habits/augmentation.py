"""Augmentation layers inside a model: active in training, silent in prediction."""

import keras
import numpy as np
from keras import layers

data_augmentation = keras.Sequential(
    [
        layers.RandomFlip("horizontal"),
        layers.RandomRotation(0.1),
        layers.RandomZoom(0.2),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomContrast(0.2),
    ],
    name="data_augmentation",
)


def make_model(input_shape, num_classes):
    inputs = keras.Input(shape=input_shape)
    x = data_augmentation(inputs)
    x = layers.Rescaling(1.0 / 255)(x)
    x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Activation("relu")(x)
    x = layers.GaussianNoise(0.1)(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.25)(x)
    return keras.Model(inputs, layers.Dense(num_classes)(x))


rng = np.random.default_rng(0)
images = rng.integers(0, 255, (24, 12, 12, 3)).astype("float32")
labels = rng.integers(0, 3, 24)
model = make_model((12, 12, 3), 3)
model.set_weights([rng.normal(0, 0.4, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
model.compile(
    optimizer=keras.optimizers.Adam(3e-4),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")],
)
before = model.evaluate(images, labels, verbose=0)
augmented = keras.ops.convert_to_numpy(data_augmentation(images, training=True))
still = keras.ops.convert_to_numpy(data_augmentation(images, training=False))
history = model.fit(images, labels, batch_size=8, epochs=1, verbose=0)

FIGURES = {
    "parameters": model.count_params(),
    "before": before,
    "changes in training": bool((np.abs(augmented - images) > 1).any()),
    "still in prediction": bool(np.allclose(still, images)),
    "shape": augmented.shape,
    "keys": sorted(history.history),
}
