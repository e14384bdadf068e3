"""Batches from a PyDataset of one's own, with its epoch hook."""

import math

import keras
import numpy as np


class DigitSequence(keras.utils.PyDataset):
    def __init__(self, x_set, y_set, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.x, self.y = x_set, y_set
        self.batch_size = batch_size
        self.epochs_done = 0

    def __len__(self):
        return math.ceil(len(self.x) / self.batch_size)

    def __getitem__(self, idx):
        low = idx * self.batch_size
        high = min(low + self.batch_size, len(self.x))
        return self.x[low:high], self.y[low:high]

    def on_epoch_end(self):
        self.epochs_done += 1


rng = np.random.default_rng(0)
x, y = rng.normal(size=(50, 6)).astype("float32"), rng.integers(0, 3, 50)
model = keras.Sequential(
    [
        keras.layers.Input(shape=(6,)),
        keras.layers.Dense(8, activation="elu"),
        keras.layers.Dense(3, activation="softmax"),
    ]
)
model.set_weights([rng.normal(0, 0.4, w.shape) for w in model.get_weights()])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
training = DigitSequence(x, y, 16)
validation = DigitSequence(x[:20], y[:20], 10)
history = model.fit(training, validation_data=validation, epochs=2, shuffle=False, verbose=0)

FIGURES = {
    "batches": len(training),
    "history": history.history,
    "evaluated": model.evaluate(validation, verbose=0),
    "predicted": model.predict(validation, verbose=0).shape,
    "epochs": training.epochs_done > 0,
}
