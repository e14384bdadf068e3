"""Losses of one's own: a function, a closure, a class with get_config, a quantile loss."""

import keras
import numpy as np
from keras import ops


def custom_mean_squared_error(y_true, y_pred):
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def quantile_loss(q):
    def loss(y_true, y_pred):
        e = y_true - y_pred
        return ops.mean(ops.maximum(q * e, (q - 1) * e), axis=-1)

    return loss


class CustomMSE(keras.losses.Loss):
    def __init__(self, regularization_factor=0.1, name="custom_mse"):
        super().__init__(name=name)
        self.regularization_factor = regularization_factor

    def call(self, y_true, y_pred):
        mse = ops.mean(ops.square(y_true - y_pred), axis=-1)
        reg = ops.mean(ops.square(0.5 - y_pred), axis=-1)
        return mse + reg * self.regularization_factor

    def get_config(self):
        return {"regularization_factor": self.regularization_factor, "name": self.name}


rng = np.random.default_rng(0)
x = rng.normal(size=(40, 3)).astype("float32")
y = x @ np.array([[1.0], [-2.0], [0.5]], "float32")
start = [rng.normal(0, 0.3, (3, 1)), np.zeros(1)]
curves = {}
for name, loss in {
    "function": custom_mean_squared_error,
    "closure": quantile_loss(0.9),
    "class": CustomMSE(0.2),
    "lambda": lambda y_true, y_pred: ops.abs(y_true - y_pred),
    "string": "huber",
    "log cosh": keras.losses.LogCosh(),
    "summed": keras.losses.MeanAbsoluteError(reduction="sum"),
}.items():
    model = keras.Sequential([keras.Input(shape=(3,)), keras.layers.Dense(1)])
    model.set_weights(start)
    model.compile(optimizer=keras.optimizers.SGD(0.01), loss=loss)
    history = model.fit(x, y, epochs=2, batch_size=10, shuffle=False, verbose=0)
    curves[name] = history.history["loss"]

FIGURES = {
    "curves": curves,
    "called": float(CustomMSE()(np.array([[0.0], [1.0]]), np.array([[0.5], [0.5]]))),
    "by function": keras.losses.mean_squared_error([[0.0, 2.0]], [[1.0, 1.0]]).shape,
    "config": CustomMSE(0.3).get_config(),
}
