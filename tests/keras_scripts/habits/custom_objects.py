"""Layers and functions of one's own in a saved model: registered, or given when loading."""

import keras
import numpy as np
from keras import layers, ops


@keras.saving.register_keras_serializable(package="MyLayers")
class CustomLayer(keras.layers.Layer):
    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable(package="my_package", name="custom_fn")
def custom_fn(x):
    return ops.square(x)


class Antirectifier(layers.Layer):
    def build(self, input_shape):
        output_dim = input_shape[-1]
        self.kernel = self.add_weight(
            shape=(output_dim * 2, output_dim), initializer="glorot_uniform", name="kernel"
        )

    def call(self, inputs):
        inputs -= ops.mean(inputs, axis=-1, keepdims=True)
        pos, neg = ops.relu(inputs), ops.relu(-inputs)
        return ops.matmul(ops.concatenate([pos, neg], axis=-1), self.kernel)


def custom_loss(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def get_model():
    inputs = keras.Input(shape=(4,))
    x = CustomLayer(0.5)(inputs)
    x = layers.Dense(4, activation=custom_fn)(x)
    x = Antirectifier()(x)
    return keras.Model(inputs, layers.Dense(1)(x))


rng = np.random.default_rng(0)
model = get_model()
model.set_weights([rng.normal(0, 0.4, w.shape) for w in model.get_weights()])
model.compile("sgd", loss=custom_loss)
x, y = rng.normal(size=(16, 4)).astype("float32"), rng.normal(size=(16, 1)).astype("float32")
model.fit(x, y, shuffle=False, verbose=0)
model.save("custom_model.keras")
objects = {"Antirectifier": Antirectifier, "custom_loss": custom_loss}
reconstructed = keras.models.load_model("custom_model.keras", custom_objects=objects)
same = np.allclose(model.predict(x, verbose=0), reconstructed.predict(x, verbose=0), atol=1e-6)
with keras.saving.custom_object_scope(objects):
    scoped = keras.models.load_model("custom_model.keras", compile=False)

FIGURES = {
    "parameters": reconstructed.count_params(),
    "same": bool(same),
    "factor": scoped.layers[1].factor,
    "loss": reconstructed.evaluate(x, y, verbose=0),
}
