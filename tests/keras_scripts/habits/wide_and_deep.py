"""Wide and deep on tabular rows; inputs as a dict, several feature columns."""

import keras
import numpy as np
from keras import layers

rng = np.random.default_rng(5)
data = {
    "age": rng.normal(40, 10, (80, 1)).astype("float32"),
    "income": rng.lognormal(0, 1, (80, 1)).astype("float32"),
    "city": rng.integers(0, 7, (80, 1)),
}
target = (data["age"][:, 0] > 40).astype("int32")

inputs = {
    "age": keras.Input(shape=(1,), name="age"),
    "income": keras.Input(shape=(1,), name="income"),
    "city": keras.Input(shape=(1,), name="city", dtype="int64"),
}
city = layers.Embedding(7, 3)(inputs["city"])
city = layers.Flatten()(city)
age = layers.Rescaling(1.0 / 100)(inputs["age"])
deep = layers.concatenate([age, inputs["income"], city])
for units in (16, 8):
    deep = layers.Dense(units)(deep)
    deep = layers.BatchNormalization()(deep)
    deep = layers.ReLU()(deep)
wide = layers.concatenate([age, inputs["income"]])
outputs = layers.Dense(1, activation="sigmoid")(layers.concatenate([wide, deep]))
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.01),
    loss=keras.losses.BinaryCrossentropy(),
    metrics=[keras.metrics.BinaryAccuracy(), keras.metrics.AUC(name="auc")],
)
model.set_weights([rng.normal(0, 0.3, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
history = model.fit(data, target, batch_size=40, epochs=2, shuffle=False, verbose=0)
one = {name: values[:1] for name, values in data.items()}

FIGURES = {
    "parameters": model.count_params(),
    "loss": history.history["loss"],
    "accuracy": history.history["binary_accuracy"],
    "auc in 0..1": bool(0 <= history.history["auc"][-1] <= 1),
    "one": model.predict(one, verbose=0),
}
