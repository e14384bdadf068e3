"""Options of compile, fit and optimizers: clipping, averages, accumulation, eager runs, steps."""

import keras
import numpy as np
from keras import layers, optimizers

rng = np.random.default_rng(0)
x, y = rng.normal(size=(48, 5)), rng.normal(size=(48, 1))
start = [rng.normal(0, 0.5, s) for s in ((5, 6), (6,), (6, 1), (1,))]


def run(optimizer, compile_options=None, **fit_options):
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(6, activation="tanh"), layers.Dense(1)]
    )
    model.set_weights(start)
    model.compile(optimizer=optimizer, loss="mse", **(compile_options or {}))
    options = {"batch_size": 8, "epochs": 2, "shuffle": False, "verbose": 0, **fit_options}
    return model, model.fit(x, y, **options).history


losses = {}
for name, optimizer in {
    "clipnorm": optimizers.SGD(0.1, momentum=0.9, clipnorm=0.5),
    "clipvalue": optimizers.RMSprop(learning_rate=0.01, clipvalue=0.1),
    "global": optimizers.Adam(0.01, global_clipnorm=1.0),
    "decay": optimizers.AdamW(learning_rate=0.01, weight_decay=0.1),
    "average": optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9),
    "accumulation": optimizers.Adam(0.01, gradient_accumulation_steps=2),
    "nadam": optimizers.Nadam(learning_rate=0.01),
    "adamax": optimizers.Adamax(0.01),
    "adagrad": optimizers.Adagrad(learning_rate=0.1),
    "adadelta": optimizers.Adadelta(learning_rate=1.0),
    "lion": optimizers.Lion(learning_rate=1e-3),
    "amsgrad": optimizers.Adam(0.01, beta_1=0.8, beta_2=0.99, epsilon=1e-6, amsgrad=True),
}.items():
    losses[name] = run(optimizer)[1]["loss"]

eager = run("adam", {"run_eagerly": True, "jit_compile": False, "steps_per_execution": 1})[1]
model, rare = run("adam", epochs=4, validation_data=(x[:8], y[:8]), validation_freq=2)
model.optimizer.learning_rate = 0.05
model.optimizer.learning_rate.assign(0.025)
resumed = model.fit(x, y, initial_epoch=4, epochs=5, batch_size=16, shuffle=False, verbose=0)
_, few = run(keras.optimizers.get("sgd"), steps_per_epoch=3, epochs=2)

FIGURES = {
    "losses": losses,
    "eager": eager["loss"],
    "validations": len(rare["val_loss"]),
    "epochs": resumed.epoch,
    "resumed": resumed.history["loss"],
    "rate": float(model.optimizer.learning_rate.numpy())
    if hasattr(model.optimizer.learning_rate, "numpy")
    else float(model.optimizer.learning_rate),
    "steps": int(model.optimizer.iterations),
    "few": len(few["loss"]),
}
