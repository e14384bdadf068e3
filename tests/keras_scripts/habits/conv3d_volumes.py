"""A 3-D convolution on small volumes."""

import keras
import numpy as np
from keras import layers

inputs = keras.Input((8, 8, 6, 1))
x = layers.Conv3D(filters=4, kernel_size=3, activation="relu")(inputs)
x = layers.MaxPool3D(pool_size=2)(x)
x = layers.BatchNormalization()(x)
x = layers.GlobalAveragePooling3D()(x)
x = layers.Dense(units=8, activation="relu")(x)
outputs = layers.Dense(units=1, activation="sigmoid")(x)
model = keras.Model(inputs, outputs, name="3dcnn")
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["acc"])
volumes = np.random.default_rng(0).random((6, 8, 8, 6, 1))
model.fit(volumes, np.array([0, 1, 0, 1, 0, 1]), epochs=1, verbose=0)

FIGURES = {"parameters": model.count_params(), "shapes": [y.shape for y in model.outputs]}
