"""Callbacks of one's own with all their hooks, and a stop at a threshold."""

import keras
import numpy as np


class LossHistory(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.calls = ["train begin"]
        self.per_batch_losses = []

    def on_epoch_begin(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} begin")

    def on_train_batch_end(self, batch, logs=None):
        self.per_batch_losses.append(float(logs.get("loss")))

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(f"epoch {epoch} end: {sorted(logs)}")

    def on_test_begin(self, logs=None):
        self.calls.append("test begin")

    def on_test_batch_end(self, batch, logs=None):
        self.calls.append(f"test batch {batch}")

    def on_predict_end(self, logs=None):
        self.calls.append("predict end")

    def on_train_end(self, logs=None):
        self.calls.append("train end")


class StopAt(keras.callbacks.Callback):
    def __init__(self, patience=0):
        super().__init__()
        self.patience = patience
        self.best_weights = None

    def on_epoch_end(self, epoch, logs=None):
        lr = float(np.asarray(self.model.optimizer.learning_rate))
        print(f"epoch {epoch}: loss {logs['loss']:.3f}, learning rate {lr}")
        self.best_weights = self.model.get_weights()
        if epoch >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            self.model.set_weights(self.best_weights)


rng = np.random.default_rng(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
model.compile(optimizer=keras.optimizers.RMSprop(learning_rate=0.1), loss="mean_squared_error")
x = rng.normal(size=(32, 4))
y = x.mean(axis=1)
history, stop = LossHistory(), StopAt(patience=1)
epochs = model.fit(
    x,
    y,
    batch_size=8,
    epochs=10,
    verbose=0,
    shuffle=False,
    validation_split=0.5,
    callbacks=[history, stop],
)
model.predict(x, batch_size=16, callbacks=[history], verbose=0)
model.evaluate(x, y, batch_size=16, callbacks=[history], verbose=0)

FIGURES = {
    "calls": history.calls,
    "losses": history.per_batch_losses,
    "stopped": stop.stopped_epoch,
    "epochs": epochs.epoch,
}
