"""A training that breaks off and goes on from its backup."""

import keras
import numpy as np


class InterruptingCallback(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise RuntimeError("Interrupting!")


def build():
    model = keras.models.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss="mse")
    return model


rng = np.random.default_rng(0)
x, y = rng.normal(size=(20, 5)), rng.normal(size=(20, 3))
start = [rng.normal(0, 0.3, (5, 3)), np.zeros(3)]
options = {"epochs": 4, "batch_size": 5, "shuffle": False, "verbose": 0}

model = build()
model.set_weights(start)
whole = model.fit(x, y, **options).history["loss"]

model = build()
model.set_weights(start)
backup = keras.callbacks.BackupAndRestore(backup_dir="backup")
try:
    model.fit(x, y, callbacks=[backup, InterruptingCallback()], **options)
    interrupted = False
except RuntimeError:
    interrupted = True

model = build()
backup = keras.callbacks.BackupAndRestore(backup_dir="backup")
rest = model.fit(x, y, callbacks=[backup], **options).history["loss"]

FIGURES = {"interrupted": interrupted, "whole": whole, "rest": rest}
