"""A small residual network on the digits."""

import numpy as np
from keras.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    Input,
    MaxPooling2D,
)
from keras.models import Model
from sklearn.datasets import load_digits


def residual_block(x, filters, kernel_size=3, stride=1):
    shortcut = x
    x = Conv2D(filters, kernel_size, strides=stride, padding="same")(x)
    x = BatchNormalization()(x)
    x = Activation("relu")(x)
    x = Conv2D(filters, kernel_size, strides=1, padding="same")(x)
    x = BatchNormalization()(x)
    if stride != 1 or shortcut.shape[-1] != filters:
        shortcut = Conv2D(filters, 1, strides=stride, padding="same")(shortcut)
    x = Add()([x, shortcut])
    return Activation("relu")(x)


def build_resnet(input_shape, num_classes, width):
    inputs = Input(shape=input_shape)
    x = Conv2D(width, 3, padding="same")(inputs)
    x = BatchNormalization()(x)
    x = Activation("relu")(x)
    x = residual_block(x, width)
    x = residual_block(x, width)
    x = MaxPooling2D(pool_size=2)(x)
    x = Flatten()(x)
    x = Dense(4 * width, activation="relu")(x)
    outputs = Dense(num_classes, activation="softmax")(x)
    return Model(inputs, outputs)


digits = load_digits()
X = digits.images[:96, :, :, np.newaxis]
y = np.eye(10)[digits.target[:96]]
full = build_resnet((8, 8, 1), 10, width=32)
model = build_resnet((8, 8, 1), 10, width=8)
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.1, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
history = model.fit(X, y, batch_size=32, epochs=1, shuffle=False, verbose=0)

FIGURES = {
    "parameters of the full width": full.count_params(),
    "parameters": model.count_params(),
    "layers": [type(layer).__name__ for layer in model.layers],
    "history": history.history,
    "test": model.evaluate(X, y, verbose=0),
}
