"""The MNIST convolutional network, on enlarged digits."""

import numpy as np
from keras import layers, models
from sklearn.datasets import load_digits

digits = load_digits()
images = np.kron(digits.images[:96], np.ones((3, 3)))
images = np.pad(images, ((0, 0), (2, 2), (2, 2)))
train_images = images.reshape((96, 28, 28, 1)).astype("float32") / 16
train_labels = digits.target[:96]

model = models.Sequential()
model.add(layers.Conv2D(8, (3, 3), activation="relu", input_shape=(28, 28, 1)))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(16, (3, 3), activation="relu"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(32, activation="relu"))
model.add(layers.Dropout(0.5))
model.add(layers.Dense(10, activation="softmax"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])

rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.1, w.shape) for w in model.get_weights()])
before = model.evaluate(train_images, train_labels, verbose=0)
history = model.fit(
    train_images, train_labels, epochs=1, batch_size=32, validation_split=1 / 3, verbose=0
)
shapes = [layer.output.shape for layer in model.layers]

FIGURES = {
    "parameters": model.count_params(),
    "shapes": shapes,
    "before": before,
    "metrics": model.metrics_names[:1],
    "epochs": len(history.history["val_accuracy"]),
}
