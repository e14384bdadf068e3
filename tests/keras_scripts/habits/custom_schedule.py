"""A learning-rate schedule of one's own beside those that are there."""

import keras
import numpy as np
from keras import ops


class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    def __init__(self, d_model, warmup_steps=4):
        super().__init__()
        self.d_model = d_model
        self.warmup_steps = warmup_steps

    def __call__(self, step):
        step = ops.cast(step, "float32") + 1.0
        arg1 = 1.0 / ops.sqrt(step)
        arg2 = step * (self.warmup_steps**-1.5)
        return ops.minimum(arg1, arg2) / self.d_model**0.5

    def get_config(self):
        return {"d_model": self.d_model, "warmup_steps": self.warmup_steps}


schedules = {
    "mine": WarmUp(64),
    "exponential": keras.optimizers.schedules.ExponentialDecay(
        initial_learning_rate=1e-2, decay_steps=10, decay_rate=0.9, staircase=True
    ),
    "pieces": keras.optimizers.schedules.PiecewiseConstantDecay([2, 4], [0.1, 0.05, 0.01]),
    "polynomial": keras.optimizers.schedules.PolynomialDecay(0.1, 8, power=2.0),
    "cosine": keras.optimizers.schedules.CosineDecay(0.1, decay_steps=6, alpha=0.01),
    "inverse": keras.optimizers.schedules.InverseTimeDecay(0.1, 2, 0.5),
}
rng = np.random.default_rng(0)
x = rng.normal(size=(48, 3))
y = x @ np.array([1.0, 2.0, 3.0])
start = [rng.normal(size=(3, 1)), np.zeros(1)]
losses, rates = {}, {}
for name, schedule in schedules.items():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.set_weights(start)
    optimizer = keras.optimizers.SGD(learning_rate=schedule)
    model.compile(optimizer=optimizer, loss="mse")
    history = model.fit(x, y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    losses[name] = history.history["loss"]
    rates[name] = [float(schedule(step)) for step in range(8)]

FIGURES = {"losses": losses, "rates": rates, "config": schedules["mine"].get_config()}
