"""The MNIST perceptron with dropout and a validation split, on enlarged digits."""

import numpy as np
from keras import layers, models
from keras.utils import to_categorical
from sklearn.datasets import load_digits

digits = load_digits()
images = np.kron(digits.images, np.ones((3, 3)))
images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
x_train, y_train = images[:500], digits.target[:500]
x_test, y_test = images[500:600], digits.target[500:600]

x_train = x_train.reshape((500, 28 * 28)).astype("float32") / 16
x_test = x_test.reshape((100, 28 * 28)).astype("float32") / 16
y_train = to_categorical(y_train)
y_test = to_categorical(y_test)


def build_mlp():
    model = models.Sequential()
    model.add(layers.Dense(128, activation="relu", input_shape=(784,)))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(10, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


model = build_mlp()
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.05, w.shape) for w in model.get_weights()])
before = model.evaluate(x_test, y_test, verbose=0)
history = model.fit(x_train, y_train, epochs=2, batch_size=32, validation_split=0.2, verbose=0)
test_loss, test_acc = model.evaluate(x_test, y_test)
print(f"Test accuracy: {test_acc:.4f}")

FIGURES = {"parameters": model.count_params(), "before": before, "keys": sorted(history.history)}
