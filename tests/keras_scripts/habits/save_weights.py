"""Weights alone: to a file, between models, as arrays, by layer."""

import keras
import numpy as np
from keras import layers


def create_layer():
    layer = layers.Dense(16, activation="relu", name="dense_2")
    layer.build((None, 12))
    return layer


layer_1, layer_2 = create_layer(), create_layer()
layer_2.set_weights(layer_1.get_weights())

inputs = keras.Input(shape=(12,), name="digits")
x = layers.Dense(16, activation="relu", name="dense_1")(inputs)
x = layers.Dense(16, activation="relu", name="dense_2")(x)
functional_model = keras.Model(inputs, layers.Dense(3, name="predictions")(x), name="3_layer_mlp")


class SubclassedModel(keras.Model):
    def __init__(self, output_dim, name=None):
        super().__init__(name=name)
        self.dense_1 = layers.Dense(16, activation="relu", name="dense_1")
        self.dense_2 = layers.Dense(16, activation="relu", name="dense_2")
        self.dense_3 = layers.Dense(output_dim, name="predictions")

    def call(self, inputs):
        return self.dense_3(self.dense_2(self.dense_1(inputs)))

    def get_config(self):
        return {"output_dim": 3, "name": self.name}


subclassed_model = SubclassedModel(3)
subclassed_model(np.ones((1, 12), "float32"))
subclassed_model.set_weights(functional_model.get_weights())
assert len(functional_model.weights) == len(subclassed_model.weights)
for a, b in zip(functional_model.weights, subclassed_model.weights):
    np.testing.assert_allclose(keras.ops.convert_to_numpy(a), keras.ops.convert_to_numpy(b))

x_test = np.random.default_rng(0).normal(size=(4, 12))
expected = functional_model.predict(x_test, verbose=0)
functional_model.save_weights("ckpt.weights.h5")
functional_model.set_weights([np.zeros_like(w) for w in functional_model.get_weights()])
zeros = functional_model.predict(x_test, verbose=0)
functional_model.load_weights("ckpt.weights.h5")

FIGURES = {
    "equal": bool(np.array_equal(layer_1.get_weights()[0], layer_2.get_weights()[0])),
    "zeros": zeros,
    "restored": bool(np.allclose(expected, functional_model.predict(x_test, verbose=0))),
    "shapes": [w.shape for w in subclassed_model.get_weights()],
    "name": functional_model.name,
}
