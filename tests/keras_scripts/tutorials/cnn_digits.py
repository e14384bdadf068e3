"""A convolutional network on the digits."""

import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Sequential
from keras.utils import to_categorical
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def build_cnn_model(input_shape, num_classes, dropout_rate=0.5):
    model = Sequential(
        [
            Conv2D(32, kernel_size=(3, 3), activation="relu", input_shape=input_shape),
            MaxPooling2D(pool_size=(2, 2)),
            Flatten(),
            Dense(128, activation="relu"),
            Dropout(dropout_rate),
            Dense(num_classes, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


digits = load_digits()
X = digits.images[:300].reshape(-1, 8, 8, 1) / 16.0
y = digits.target[:300]
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.2, random_state=42, stratify=y
)
y_train_onehot = to_categorical(y_train, num_classes=10)
y_test_onehot = to_categorical(y_test, num_classes=10)

model = build_cnn_model((8, 8, 1), 10, dropout_rate=0.3)
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
before = model.evaluate(X_test, y_test_onehot, verbose=0)
history = model.fit(
    X_train,
    y_train_onehot,
    batch_size=32,
    epochs=2,
    validation_data=(X_test, y_test_onehot),
    verbose=1,
)
predictions = model.predict(X_test)
predicted = np.argmax(predictions, axis=1)

plt.plot(history.history["accuracy"], label="training")
plt.plot(history.history["val_accuracy"], label="validation")
plt.legend()
plt.savefig("accuracy.png")
plt.close()

FIGURES = {
    "parameters": model.count_params(),
    "before": before,
    "predictions": predictions.shape,
    "keys": sorted(history.history),
    "epochs": history.epoch,
}
