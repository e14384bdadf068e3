"""Endless Python generators with steps per epoch and validation steps."""

import numpy as np
from keras import layers, models


def generator(data, lookback, delay, batch_size=8, step=1):
    i = lookback
    while True:
        if i + batch_size >= len(data) - delay:
            i = lookback
        rows = np.arange(i, i + batch_size)
        i += len(rows)
        samples = np.zeros((len(rows), lookback // step, data.shape[-1]))
        targets = np.zeros((len(rows),))
        for j, row in enumerate(rows):
            samples[j] = data[range(row - lookback, row, step)]
            targets[j] = data[row + delay][1]
        yield samples, targets


t = np.arange(200)
data = np.stack([np.sin(t / 7), np.cos(t / 5), (t % 10) / 10], axis=1)
train_gen = generator(data[:150], lookback=6, delay=1)
val_gen = generator(data[150:], lookback=6, delay=1)

model = models.Sequential()
model.add(layers.GRU(8, input_shape=(None, data.shape[-1])))
model.add(layers.Dense(1))
model.compile(optimizer="rmsprop", loss="mae")
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
history = model.fit(
    train_gen, steps_per_epoch=5, epochs=2, validation_data=val_gen, validation_steps=3, verbose=0
)
scored = model.evaluate(generator(data, 6, 1), steps=4, verbose=0)
predicted = model.predict(generator(data, 6, 1), steps=2, verbose=0)

FIGURES = {
    "parameters": model.count_params(),
    "loss": history.history["loss"],
    "validated": len(history.history["val_loss"]),
    "scored": scored,
    "predicted": predicted.shape,
}
