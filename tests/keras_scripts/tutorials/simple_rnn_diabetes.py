"""A SimpleRNN on windows of five rows of the diabetes data."""

import numpy as np
from keras.layers import Dense, SimpleRNN
from keras.models import Sequential
from sklearn.datasets import load_diabetes
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import MinMaxScaler

X, y = load_diabetes(return_X_y=True)
X = MinMaxScaler().fit_transform(X[:180])
y = MinMaxScaler().fit_transform(y[:180].reshape(-1, 1))


def create_sequences(data, target, time_steps=5):
    xs, ys = [], []
    for i in range(len(data) - time_steps):
        xs.append(data[i : i + time_steps])
        ys.append(target[i + time_steps])
    return np.array(xs), np.array(ys)


X_seq, y_seq = create_sequences(X, y)
X_train, X_test, y_train, y_test = train_test_split(X_seq, y_seq, test_size=0.2, shuffle=False)

model = Sequential()
model.add(SimpleRNN(64, activation="tanh", input_shape=(X_train.shape[1], X_train.shape[2])))
model.add(Dense(1))
model.compile(optimizer="adam", loss="mean_squared_error")
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
history = model.fit(
    X_train,
    y_train,
    epochs=3,
    batch_size=32,
    validation_data=(X_test, y_test),
    shuffle=False,
    verbose=0,
)
y_pred = model.predict(X_test)
mse = mean_squared_error(y_test, y_pred)

FIGURES = {
    "parameters": model.count_params(),
    "history": history.history,
    "mse": mse,
    "rmse": np.sqrt(mse),
    "mae": mean_absolute_error(y_test, y_pred),
    "r2": r2_score(y_test, y_pred),
}
