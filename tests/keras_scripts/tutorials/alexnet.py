"""AlexNet with a sixteenth of its filters on enlarged digits of three channels."""

import numpy as np
from keras import layers, models, optimizers
from keras.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
)
from sklearn.datasets import load_digits

digits = load_digits()
images = (digits.images[:24] * 15.9).astype("uint8")
images = np.repeat(np.repeat(images, 9, axis=1), 9, axis=2)[:, 2:69, 2:69]
X = np.stack([images] * 3, axis=-1) / 255.0
y = np.eye(10)[digits.target[:24]]


def build_alexnet(input_shape=(67, 67, 3), num_classes=10):
    model = models.Sequential(name="alexnet")
    model.add(layers.InputLayer(input_shape=input_shape))
    model.add(Conv2D(6, (11, 11), strides=(4, 4), padding="valid"))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(MaxPooling2D(pool_size=(3, 3), strides=(2, 2)))
    model.add(Conv2D(16, (5, 5), padding="same"))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(MaxPooling2D(pool_size=(3, 3), strides=(2, 2)))
    for filters in (24, 24, 16):
        model.add(Conv2D(filters, (3, 3), padding="same"))
        model.add(BatchNormalization())
        model.add(Activation("relu"))
    model.add(MaxPooling2D(pool_size=(3, 3), strides=(2, 2)))
    model.add(Flatten())
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.5))
    model.add(Dense(64, activation="relu"))
    model.add(Dropout(0.5))
    model.add(Dense(num_classes, activation="softmax"))
    return model


model = build_alexnet()
model.compile(
    optimizer=optimizers.Adam(learning_rate=1e-3),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.1, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
before = model.evaluate(X, y, batch_size=12, verbose=0)
history = model.fit(X, y, batch_size=12, epochs=1, validation_split=0.5, verbose=0)

FIGURES = {
    "parameters": model.count_params(),
    "trainable": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
    "output": model.output_shape,
    "before": before,
    "keys": sorted(history.history),
}
