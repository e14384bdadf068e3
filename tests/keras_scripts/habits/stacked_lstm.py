"""Stacked LSTMs on a sliding window, and one that answers at each step."""

import numpy as np
from keras.layers import GRU, LSTM, Dense, Dropout, RepeatVector, SimpleRNN, TimeDistributed
from keras.models import Sequential


def create_dataset(dataset, look_back=1):
    data_x, data_y = [], []
    for i in range(len(dataset) - look_back - 1):
        data_x.append(dataset[i : (i + look_back), 0])
        data_y.append(dataset[i + look_back, 0])
    return np.array(data_x), np.array(data_y)


series = np.sin(np.arange(90) / 6).reshape(-1, 1)
look_back = 5
train_x, train_y = create_dataset(series, look_back)
train_x = np.reshape(train_x, (train_x.shape[0], look_back, 1))
rng = np.random.default_rng(0)


def drawn(model):
    model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
    return model


forecaster = Sequential()
forecaster.add(LSTM(8, return_sequences=True, input_shape=(look_back, 1)))
forecaster.add(Dropout(0.0))
forecaster.add(LSTM(units=8, return_sequences=True))
forecaster.add(GRU(6, return_sequences=True, reset_after=True))
forecaster.add(SimpleRNN(4))
forecaster.add(Dense(units=1))
forecaster.compile(optimizer="adam", loss="mean_squared_error")
history = drawn(forecaster).fit(train_x, train_y, epochs=2, batch_size=16, shuffle=False, verbose=0)

repeater = Sequential()
repeater.add(LSTM(8, activation="relu", input_shape=(look_back, 1)))
repeater.add(RepeatVector(look_back))
repeater.add(LSTM(8, activation="relu", return_sequences=True))
repeater.add(TimeDistributed(Dense(1)))
repeater.compile(optimizer="adam", loss="mse")
again = drawn(repeater).fit(train_x, train_x, epochs=1, shuffle=False, verbose=0)

FIGURES = {
    "parameters": [forecaster.count_params(), repeater.count_params()],
    "history": history.history["loss"],
    "repeated": again.history["loss"],
    "forecast": forecaster.predict(train_x[:3], verbose=0),
    "steps": repeater.predict(train_x[:3], verbose=0).shape,
}
