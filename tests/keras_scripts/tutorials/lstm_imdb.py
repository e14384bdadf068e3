"""An LSTM on reviews of the form of IMDB, trained and asked for single reviews."""

import keras
import numpy as np
from keras.preprocessing import sequence

max_features = 150
maxlen = 10
batch_size = 32
rng = np.random.default_rng(1)
y = rng.integers(0, 2, 80)
x = [rng.integers(1, 70, n) + 70 * label for n, label in zip(rng.integers(4, 14, 80), y)]
x_train, y_train, x_test, y_test = x[:64], y[:64], x[64:], y[64:]

print("Pad sequences (samples x time)")
x_train = sequence.pad_sequences(x_train, maxlen=maxlen)
x_test = sequence.pad_sequences(x_test, maxlen=maxlen)


def build_lstm():
    model = keras.Sequential(
        [
            keras.layers.Input(shape=(maxlen,), dtype="int32"),
            keras.layers.Embedding(input_dim=max_features, output_dim=16),
            keras.layers.LSTM(16),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


model = build_lstm()
model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
history = model.fit(
    x_train,
    y_train,
    batch_size=batch_size,
    epochs=2,
    shuffle=False,
    validation_data=(x_test, y_test),
    verbose=2,
)
score, acc = model.evaluate(x_test, y_test, batch_size=batch_size, verbose=0)
review = np.array([x_test[0]])
sentiment = "positive" if model.predict(review)[0][0] > 0.5 else "negative"

FIGURES = {
    "parameters": model.count_params(),
    "history": history.history,
    "score": score,
    "accuracy": acc,
    "sentiment": sentiment,
}
