"""EarlyStopping, ReduceLROnPlateau, LearningRateScheduler and LambdaCallback in one training."""

import keras
import numpy as np
from keras.callbacks import (
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ReduceLROnPlateau,
    TerminateOnNaN,
)

rng = np.random.default_rng(0)
x, y = rng.normal(size=(40, 4)), rng.normal(size=40)


def build():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.set_weights([np.full((4, 1), 0.5), np.zeros(1)])
    model.compile(keras.optimizers.SGD(learning_rate=0.2), "mse")
    return model


options = {"batch_size": 10, "shuffle": False, "validation_split": 0.25, "verbose": 0}
stopping = EarlyStopping(
    monitor="val_loss", patience=2, min_delta=0.01, restore_best_weights=True, start_from_epoch=1
)
stopped = build().fit(x, y, epochs=20, callbacks=[stopping, TerminateOnNaN()], **options)

plateau = ReduceLROnPlateau(monitor="val_loss", factor=0.5, patience=1, min_lr=0.01, verbose=0)
model = build()
reduced = model.fit(x, y, epochs=6, callbacks=[plateau], **options)
rate = float(keras.ops.convert_to_numpy(model.optimizer.learning_rate))


def scheduler(epoch, lr):
    return lr if epoch < 2 else lr * 0.5


seen = []
model = build()
printer = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append((epoch, logs["loss"])))
scheduled = model.fit(
    x, y, epochs=4, callbacks=[LearningRateScheduler(scheduler), printer], **options
)

FIGURES = {
    "stopped after": len(stopped.epoch),
    "stopped epoch": stopping.stopped_epoch,
    "losses": stopped.history["val_loss"],
    "reduced": reduced.history["loss"],
    "rates": reduced.history["learning_rate"],
    "rate": rate,
    "scheduled": scheduled.history["learning_rate"],
    "seen": seen,
}
