"""Padded texts: masks from Embedding and Masking, bidirectional LSTMs, pooling."""

import keras
import numpy as np
from keras import layers
from keras.layers import LSTM, Bidirectional, Dense, Embedding, Masking
from keras.models import Sequential

rng = np.random.default_rng(0)
texts = [list(map(int, rng.integers(1, 30, n))) for n in rng.integers(2, 9, 40)]
x = keras.utils.pad_sequences(texts, maxlen=8, padding="post")
y = rng.integers(0, 2, 40)

inputs = keras.Input(shape=(None,), dtype="int32")
h = Embedding(30, 6, mask_zero=True)(inputs)
h = Bidirectional(LSTM(5, return_sequences=True))(h)
h = Bidirectional(LSTM(4))(h)
outputs = Dense(1, activation="sigmoid")(h)
model = keras.Model(inputs, outputs)
model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, batch_size=20, epochs=2, shuffle=False, verbose=0)
longer = np.pad(x, ((0, 0), (0, 3)))
same = np.allclose(model.predict(x, verbose=0), model.predict(longer, verbose=0), atol=1e-5)

masked = Sequential()
masked.add(keras.Input((6, 2)))
masked.add(Masking(mask_value=-1.0))
masked.add(layers.GRU(3, return_sequences=True))
masked.add(layers.GlobalAveragePooling1D())
masked.set_weights([rng.normal(0, 0.4, w.shape) for w in masked.get_weights()])
rows = rng.normal(size=(4, 6, 2))
rows[:, 4:] = -1.0

merged = Bidirectional(LSTM(3), merge_mode="sum", name="both")
embedding = Embedding(input_dim=9, output_dim=2, mask_zero=True)
embedded = embedding(np.array([[1, 2, 0, 0], [3, 0, 0, 0]]))
mask = embedding.compute_mask(np.array([[1, 2, 0, 0], [3, 0, 0, 0]]))

FIGURES = {
    "parameters": model.count_params(),
    "history": history.history,
    "padding changes nothing": bool(same),
    "masked": masked.predict(rows, verbose=0),
    "summed": merged(rows.astype("float32")).shape,
    "mask": keras.ops.convert_to_numpy(mask).astype(int),
    "embedded": embedded.shape,
}
