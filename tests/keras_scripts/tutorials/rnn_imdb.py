"""A SimpleRNN on reviews of the form of IMDB: word ids, padded in front."""

import numpy as np
from keras.layers import Dense, Dropout, Embedding, SimpleRNN
from keras.models import Sequential
from keras.utils import pad_sequences

max_features, maxlen = 200, 12
rng = np.random.default_rng(0)
y_train = rng.integers(0, 2, 96)
reviews = [
    [int(w) for w in rng.integers(4, 100, rng.integers(3, 20)) + 100 * label] for label in y_train
]
x_train = pad_sequences(reviews, maxlen=maxlen)

model = Sequential()
model.add(Embedding(max_features, 32))
model.add(SimpleRNN(32))
model.add(Dense(32, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(1, activation="sigmoid"))
model.compile(optimizer="rmsprop", loss="binary_crossentropy", metrics=["acc"])
model.build(input_shape=(None, maxlen))
model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
before = model.evaluate(x_train, y_train, verbose=0)
history = model.fit(x_train, y_train, epochs=2, batch_size=32, validation_split=0.2, verbose=0)

FIGURES = {
    "padded": x_train[:3],
    "parameters": model.count_params(),
    "before": before,
    "keys": sorted(history.history),
}
