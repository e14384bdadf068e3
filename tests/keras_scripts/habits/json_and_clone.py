"""Architectures as JSON and as configs, and clones of models."""

import json

import keras
import numpy as np
from keras import layers
from keras.models import clone_model, model_from_json

model = keras.Sequential(
    [
        keras.Input(shape=(6,), name="x"),
        layers.Dense(5, activation="relu", name="first"),
        layers.Dropout(0.3, name="drop"),
        layers.Dense(2, activation="softmax", name="second"),
    ],
    name="small",
)
json_string = model.to_json()
with open("model.json", "w") as file:
    file.write(json_string)
loaded = model_from_json(open("model.json").read())
loaded.set_weights(model.get_weights())
config = model.get_config()
from_config = keras.Sequential.from_config(config)
clone = clone_model(model)
clone.set_weights(model.get_weights())

inputs = keras.Input((4, 4, 1))
a = layers.Conv2D(3, 3, padding="same", activation="relu")(inputs)
b = layers.Conv2D(3, 1, strides=1)(inputs)
functional = keras.Model(inputs, layers.Flatten()(layers.add([a, b])), name="branches")
twin = keras.Model.from_config(functional.get_config())
twin.set_weights(functional.get_weights())
dense = layers.Dense(3, activation="tanh", kernel_initializer="he_normal", name="d")
again = layers.Dense.from_config(dense.get_config())

x = np.random.default_rng(0).normal(size=(3, 6)).astype("float32")
images = np.random.default_rng(0).normal(size=(2, 4, 4, 1)).astype("float32")

FIGURES = {
    "json": isinstance(json.loads(json_string), dict),
    "names": [layer.name for layer in loaded.layers],
    "same": [
        bool(np.allclose(model.predict(x, verbose=0), m.predict(x, verbose=0)))
        for m in (loaded, clone)
    ],
    "count": [from_config.count_params(), clone.count_params(), twin.count_params()],
    "twin": bool(
        np.allclose(functional.predict(images, verbose=0), twin.predict(images, verbose=0))
    ),
    "dense": [again.units, again.name],
    "rate": clone.get_layer("drop").rate,
}
