"""Layers of one's own: add_weight in build, state that is not trained, get_config."""

import keras
import numpy as np
from keras import layers, ops


class Linear(layers.Layer):
    def __init__(self, units=32, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        self.w = self.add_weight(
            shape=(input_shape[-1], self.units),
            initializer="random_normal",
            trainable=True,
            name="w",
        )
        self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True, name="b")

    def call(self, inputs):
        return self.activation(ops.matmul(inputs, self.w) + self.b)

    def get_config(self):
        config = super().get_config()
        config.update(
            {"units": self.units, "activation": keras.activations.serialize(self.activation)}
        )
        return config


class ComputeSum(layers.Layer):
    def __init__(self, input_dim):
        super().__init__()
        self.total = self.add_weight(initializer="zeros", shape=(input_dim,), trainable=False)

    def call(self, inputs):
        self.total.assign_add(ops.sum(inputs, axis=0))
        return self.total


class MLPBlock(layers.Layer):
    def __init__(self):
        super().__init__()
        self.linear_1 = Linear(8, "relu")
        self.linear_2 = Linear(1)

    def call(self, inputs):
        return self.linear_2(self.linear_1(inputs))


linear = Linear(4, activation="tanh", name="mine")
y = linear(np.ones((2, 3), "float32"))
copy = Linear.from_config(linear.get_config())
adder = ComputeSum(2)
adder(np.ones((2, 2), "float32"))
total = adder(np.ones((2, 2), "float32"))
mlp = MLPBlock()
mlp(np.ones((3, 5), "float32"))

model = keras.Sequential([keras.Input((3,)), Linear(4, "relu"), Linear(1)])
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
model.compile("adam", "mse")
x = rng.normal(size=(32, 3))
history = model.fit(x, x.sum(1), epochs=2, batch_size=8, shuffle=False, verbose=0)

FIGURES = {
    "shapes": [y.shape, linear.w.shape, linear.b.shape],
    "config": {"units": copy.units, "name": copy.name},
    "total": ops.convert_to_numpy(total),
    "weights": [len(adder.weights), len(adder.non_trainable_weights), len(adder.trainable_weights)],
    "inner": len(mlp.weights),
    "history": history.history,
}
