"""An initializer, a regularizer, a constraint and an activation of one's own."""

import keras
import numpy as np
from keras import layers, ops


class Ramp(keras.initializers.Initializer):
    def __init__(self, scale=0.1):
        self.scale = scale

    def __call__(self, shape, dtype=None, **kwargs):
        size = int(np.prod(shape))
        return ops.reshape(ops.arange(size, dtype="float32") * self.scale, shape)

    def get_config(self):
        return {"scale": self.scale}


class L2Regularizer(keras.regularizers.Regularizer):
    def __init__(self, l2=0.0):
        self.l2 = l2

    def __call__(self, x):
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self):
        return {"l2": float(self.l2)}


class NonNegative(keras.constraints.Constraint):
    def __call__(self, w):
        return w * ops.cast(ops.greater_equal(w, 0.0), dtype=w.dtype)


def swish(x):
    return x * ops.sigmoid(x)


def quarter(shape, dtype=None):
    return ops.full(shape, 0.25, dtype=dtype)


model = keras.Sequential(
    [
        keras.Input((3,)),
        layers.Dense(
            4,
            activation=swish,
            kernel_initializer=Ramp(0.05),
            kernel_regularizer=L2Regularizer(0.01),
            kernel_constraint=NonNegative(),
        ),
        layers.Dense(2, kernel_initializer=quarter, kernel_constraint=keras.constraints.MaxNorm(1)),
        layers.Activation(lambda x: ops.maximum(x, 0.1 * x)),
        layers.Dense(
            1, kernel_initializer=keras.initializers.Constant(0.5), bias_initializer="ones"
        ),
    ]
)
rng = np.random.default_rng(0)
x = rng.normal(size=(32, 3))
y = -x.sum(axis=1)
model.compile(keras.optimizers.SGD(0.05), "mse")
losses = model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0).history["loss"]
kernel = model.layers[0].get_weights()[0]

FIGURES = {
    "losses": losses,
    "smallest": float(kernel.min()),
    "kernel": kernel,
    "ramp": ops.convert_to_numpy(Ramp()((2, 3))),
}
