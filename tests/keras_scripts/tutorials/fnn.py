"""A feed-forward network 10-20-15-1 for two classes."""

import numpy as np
from keras.layers import Dense
from keras.models import Sequential

rng = np.random.default_rng(42)
X = rng.normal(size=(200, 10))
y = (X.sum(axis=1) > 0).astype(int)

model = Sequential()
model.add(Dense(20, input_dim=10, activation="relu"))
model.add(Dense(15, activation="relu"))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.summary()

model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
history = model.fit(X, y, epochs=3, batch_size=32, shuffle=False, verbose=0)
loss, accuracy = model.evaluate(X, y, verbose=0)
print("accuracy: %.2f%%" % (accuracy * 100))

FIGURES = {
    "parameters": model.count_params(),
    "by layer": [layer.count_params() for layer in model.layers],
    "history": history.history["loss"],
    "loss": loss,
    "accuracy": accuracy,
}
