"""A multilayer perceptron on the digits: standardized rows, L2, a stop when the loss stalls."""

import numpy as np
from keras import Sequential, layers, optimizers, regularizers
from keras.callbacks import EarlyStopping
from sklearn.datasets import load_digits
from sklearn.metrics import classification_report
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X[:600], y[:600], test_size=0.2, random_state=42
)
scaler = StandardScaler()
X_train = scaler.fit_transform(X_train)
X_test = scaler.transform(X_test)

l2 = regularizers.l2(1e-4)
model = Sequential(
    [
        layers.Input(shape=(64,)),
        layers.Dense(64, activation="relu", kernel_regularizer=l2),
        layers.Dense(128, activation="relu", kernel_regularizer=l2),
        layers.Dense(64, activation="relu", kernel_regularizer=l2),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(
    optimizer=optimizers.Adam(learning_rate=0.001),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.15, w.shape) for w in model.get_weights()])
stop = EarlyStopping(monitor="loss", min_delta=1e-4, patience=10)
history = model.fit(
    X_train, y_train, batch_size=200, epochs=5, callbacks=[stop], shuffle=False, verbose=0
)
y_pred = np.argmax(model.predict(X_test, verbose=0), axis=1)
print(classification_report(y_test, y_pred, zero_division=0))

FIGURES = {
    "parameters": model.count_params(),
    "loss": history.history["loss"],
    "test": model.evaluate(X_test, y_test, verbose=0),
}
