"""A main and an auxiliary loss as a list, the second with weight 0.3."""

import keras
import numpy as np
from keras.layers import LSTM, Dense, Embedding, Input
from keras.models import Model

main_input = Input(shape=(10,), dtype="int32", name="main_input")
x = Embedding(output_dim=12, input_dim=40, name="words")(main_input)
lstm_out = LSTM(8)(x)
auxiliary_output = Dense(1, activation="sigmoid", name="aux_output")(lstm_out)
auxiliary_input = Input(shape=(3,), name="aux_input")
x = keras.layers.concatenate([lstm_out, auxiliary_input])
x = Dense(16, activation="relu")(x)
x = Dense(16, activation="relu")(x)
main_output = Dense(1, activation="sigmoid", name="main_output")(x)
model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
model.compile(
    optimizer="adam",
    loss=["binary_crossentropy", "binary_crossentropy"],
    loss_weights=[1.0, 0.3],
    metrics=[["accuracy"], ["accuracy"]],
)

rng = np.random.default_rng(3)
headlines = rng.integers(1, 40, size=(50, 10))
extra = rng.normal(size=(50, 3))
labels = rng.integers(0, 2, size=(50, 1))
model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
model.fit([headlines, extra], [labels, labels], epochs=1, batch_size=32, shuffle=False, verbose=0)
scores = model.evaluate([headlines, extra], [labels, labels], verbose=0)
batch = model.train_on_batch([headlines[:8], extra[:8]], [labels[:8], labels[:8]])

FIGURES = {
    "parameters": model.count_params(),
    "scores": scores,
    "batch": [float(value) for value in batch],
    "main": model.predict([headlines[:3], extra[:3]], verbose=0)[0],
}
