"""Inception blocks in the manner of version 4, narrow, on enlarged digits."""

import numpy as np
from keras import Model
from keras.layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPooling2D,
    concatenate,
)
from sklearn.datasets import load_digits


def conv2d_bn(x, filters, num_row, num_col, padding="same", strides=(1, 1)):
    x = Conv2D(filters, (num_row, num_col), strides=strides, padding=padding, use_bias=False)(x)
    x = BatchNormalization(axis=-1, scale=False)(x)
    return Activation("relu")(x)


def stem(x):
    x = conv2d_bn(x, 4, 3, 3)
    a = MaxPooling2D((3, 3), strides=(2, 2), padding="same")(x)
    b = conv2d_bn(x, 8, 3, 3, strides=(2, 2))
    return concatenate([a, b], axis=-1)


def block_a(x):
    branch1 = conv2d_bn(x, 4, 1, 1)
    branch2 = conv2d_bn(conv2d_bn(x, 4, 1, 1), 4, 3, 3)
    branch3 = conv2d_bn(conv2d_bn(conv2d_bn(x, 4, 1, 1), 4, 3, 3), 4, 3, 3)
    branch4 = conv2d_bn(MaxPooling2D((3, 3), strides=(1, 1), padding="same")(x), 4, 1, 1)
    return concatenate([branch1, branch2, branch3, branch4])


def block_b(x):
    branch1 = conv2d_bn(x, 8, 1, 1)
    branch2 = conv2d_bn(conv2d_bn(conv2d_bn(x, 4, 1, 1), 4, 1, 5), 8, 5, 1)
    return concatenate([branch1, branch2])


def inception(input_shape=(16, 16, 1), num_classes=10):
    inputs = Input(input_shape)
    x = stem(inputs)
    x = block_a(x)
    x = block_b(x)
    x = AveragePooling2D((2, 2), padding="valid")(x)
    x = Dropout(0.2)(x)
    x = Flatten()(x)
    return Model(inputs, Dense(num_classes, activation="softmax")(x), name="inception_v4")


digits = load_digits()
X = np.kron(digits.images[:40], np.ones((2, 2)))[..., None] / 16.0
y = digits.target[:40]
model = inception()
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.2, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
before = model.evaluate(X, y, verbose=0)
model.fit(X, y, batch_size=20, epochs=1, validation_data=(X, y), verbose=0)

FIGURES = {
    "name": model.name,
    "parameters": model.count_params(),
    "layers": len(model.layers),
    "before": before,
}
