"""A stateful LSTM that keeps its state from batch to batch until it is reset."""

import keras
import numpy as np
from keras.layers import LSTM, Dense, Input
from keras.models import Sequential

batch_size, tsteps = 4, 2
rng = np.random.default_rng(0)
x = rng.normal(size=(16, tsteps, 1)).astype("float32")
y = np.cumsum(x[:, :, 0].sum(1)).reshape(-1, 1).astype("float32")
options = {"batch_size": batch_size, "verbose": 0}

model = Sequential()
model.add(Input(batch_shape=(batch_size, tsteps, 1)))
lstm = LSTM(6, stateful=True, return_sequences=False, name="memory")
model.add(lstm)
model.add(Dense(1))
model.compile(loss="mse", optimizer="rmsprop")
model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])

losses = []
for _ in range(2):
    losses.append(model.evaluate(x, y, **options))

model.get_layer("memory").reset_state()

first = model.predict(x[:batch_size], **options)
second = model.predict(x[:batch_size], **options)
lstm.reset_state()
third = model.predict(x[:batch_size], **options)

cell = keras.layers.RNN(keras.layers.LSTMCell(3), stateful=False)
output = cell(x)

FIGURES = {
    "parameters": model.count_params(),
    "losses": losses,
    "first": first,
    "carried on": bool(np.abs(first - second).max() > 1e-6),
    "as new": bool(np.allclose(first, third)),
    "by a cell": output.shape,
}
