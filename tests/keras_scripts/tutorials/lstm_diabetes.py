"""An LSTM on windows of five rows of the diabetes data."""

import keras
import numpy as np
from keras.layers import LSTM, Dense
from sklearn.datasets import load_diabetes
from sklearn.preprocessing import MinMaxScaler

data = load_diabetes()
scaler_x, scaler_y = MinMaxScaler(), MinMaxScaler()
X = scaler_x.fit_transform(data.data[:130])
y = scaler_y.fit_transform(data.target[:130].reshape(-1, 1))
time_steps = 5
windows = np.array([X[i : i + time_steps] for i in range(len(X) - time_steps)])
targets = y[time_steps:]
split = int(len(windows) * 0.8)


class LSTMModel:
    """The network, its training and its forecasts in one object."""

    def __init__(self, input_shape, units=64, learning_rate=0.001):
        self.model = keras.models.Sequential()
        self.model.add(keras.Input(shape=input_shape))
        self.model.add(LSTM(units, return_sequences=False))
        self.model.add(Dense(1))
        self.model.compile(
            optimizer=keras.optimizers.Adam(learning_rate=learning_rate),
            loss=keras.losses.MeanSquaredError(),
            metrics=[keras.metrics.MeanAbsoluteError(name="mae")],
        )

    def train(self, X, y, epochs=150, batch_size=32):
        return self.model.fit(X, y, epochs=epochs, batch_size=batch_size, shuffle=False, verbose=0)

    def forecast(self, X):
        return scaler_y.inverse_transform(self.model.predict(X, verbose=0))


network = LSTMModel(windows.shape[1:])
rng = np.random.default_rng(0)
network.model.set_weights([rng.normal(0, 0.1, w.shape) for w in network.model.get_weights()])
history = network.train(windows[:split], targets[:split], epochs=2)
forecast = network.forecast(windows[split:])

FIGURES = {
    "parameters": network.model.count_params(),
    "history": history.history,
    "forecast": forecast[:4],
    "test": network.model.evaluate(windows[split:], targets[split:], verbose=0),
}
