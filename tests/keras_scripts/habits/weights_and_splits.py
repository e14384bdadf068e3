"""Class weights, sample weights, the last rows as validation data, padded and one-hot data."""

import keras
import numpy as np
from keras.utils import normalize, pad_sequences, split_dataset, to_categorical

rng = np.random.default_rng(0)
x = normalize(rng.normal(size=(60, 5)), axis=-1)
y = (rng.random(60) < 0.2).astype(int)
counts = np.bincount(y)
class_weight = {0: 1.0 / counts[0], 1: 1.0 / counts[1]}
sample_weight = np.ones(60)
sample_weight[y == 1] = 2.0


def make():
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dense(2, activation="softmax", name="d")]
    )
    model.set_weights([np.linspace(-0.5, 0.5, 10).reshape(5, 2), np.zeros(2)])
    model.compile(
        "adam", "categorical_crossentropy", metrics=["accuracy"], weighted_metrics=["accuracy"]
    )
    return model


options = {"epochs": 2, "batch_size": 12, "shuffle": False, "verbose": 0}
labels = to_categorical(y, 2)
by_class = make().fit(x, labels, class_weight=class_weight, validation_split=0.25, **options)
by_sample = make().fit(x, labels, sample_weight=sample_weight, **options)
with_data = make().fit(
    x, labels, validation_data=(x[:10], labels[:10], np.full(10, 0.5)), **options
)
left, right = split_dataset(x, left_size=0.8)
padded = pad_sequences(
    [[1], [2, 3, 4], [5, 6]], padding="post", truncating="post", maxlen=2, value=9
)

FIGURES = {
    "class weights": by_class.history["loss"],
    "validation": by_class.history["val_loss"],
    "sample weights": by_sample.history["loss"],
    "with data": with_data.history["val_loss"],
    "padded": padded,
    "one-hot": to_categorical([0, 2, 1]),
    "norms": np.linalg.norm(x, axis=1)[:3],
    "split": [sum(np.asarray(part).size for part in side) for side in (left, right)],
}
