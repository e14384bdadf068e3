"""An optimizer of one's own: build makes its variables, update_step changes a weight."""

import keras
import numpy as np
from keras import ops


class SignMomentum(keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.01, beta=0.9, name="sign_momentum", **kwargs):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.beta = beta

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(
                self.add_variable_from_reference(reference_variable=variable, name="momentum")
            )

    def update_step(self, gradient, variable, learning_rate):
        lr = ops.cast(learning_rate, variable.dtype)
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, ops.add(ops.multiply(m, self.beta), gradient * (1 - self.beta)))
        self.assign_sub(variable, lr * ops.sign(m))

    def get_config(self):
        config = super().get_config()
        config.update({"beta": self.beta})
        return config


rng = np.random.default_rng(0)
x = rng.normal(size=(40, 5))
y = x[:, 0] - x[:, 1]
model = keras.Sequential(
    [keras.Input((5,)), keras.layers.Dense(4, activation="tanh"), keras.layers.Dense(1)]
)
model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
model.compile(optimizer=SignMomentum(0.02), loss="mse")
history = model.fit(x, y, batch_size=10, epochs=3, shuffle=False, verbose=0)

FIGURES = {
    "loss": history.history["loss"],
    "beta": model.optimizer.get_config()["beta"],
    "steps": int(model.optimizer.iterations),
}
