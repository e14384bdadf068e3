"""Three inputs of unequal length and two outputs: a ticket's priority and its department."""

import keras
import numpy as np
from keras import layers

num_tags, num_words, num_departments = 6, 50, 4

title_input = keras.Input(shape=(None,), name="title", dtype="int32")
body_input = keras.Input(shape=(None,), name="body", dtype="int32")
tags_input = keras.Input(shape=(num_tags,), name="tags")
title_features = layers.LSTM(8)(layers.Embedding(num_words, 8)(title_input))
body_features = layers.LSTM(4)(layers.Embedding(num_words, 8)(body_input))
x = layers.concatenate([title_features, body_features, tags_input])
priority_pred = layers.Dense(1, name="priority")(x)
department_pred = layers.Dense(num_departments, name="department")(x)
model = keras.Model(
    inputs=[title_input, body_input, tags_input],
    outputs={"priority": priority_pred, "department": department_pred},
)
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-3),
    loss={
        "priority": keras.losses.BinaryCrossentropy(from_logits=True),
        "department": keras.losses.CategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"priority": 1.0, "department": 0.2},
)

rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
title_data = rng.integers(num_words, size=(40, 5))
body_data = rng.integers(num_words, size=(40, 9))
tags_data = rng.integers(2, size=(40, num_tags)).astype("float32")
priority = rng.random(size=(40, 1))
department = np.eye(num_departments)[rng.integers(num_departments, size=40)]
history = model.fit(
    {"title": title_data, "body": body_data, "tags": tags_data},
    {"priority": priority, "department": department},
    epochs=2,
    batch_size=16,
    shuffle=False,
    verbose=0,
)
predicted = model.predict({"title": title_data, "body": body_data, "tags": tags_data}, verbose=0)

FIGURES = {
    "parameters": model.count_params(),
    "loss": history.history["loss"],
    "shapes": {name: y.shape for name, y in predicted.items()},
    "inputs": [x.name for x in model.inputs],
}
