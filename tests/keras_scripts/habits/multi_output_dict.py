"""Two heads with losses, weights and metrics by name."""

import numpy as np
from keras import Input, Model
from keras.layers import Dense, Dropout

x_in = Input(shape=(8,))
h = Dense(16, activation="relu", name="hidden")(x_in)
h = Dropout(0.0)(h)
age = Dense(1, activation="linear", name="age_output")(h)
gender = Dense(1, activation="sigmoid", name="gender_output")(h)
model = Model(inputs=x_in, outputs=[age, gender])
model.compile(
    optimizer="rmsprop",
    loss={"age_output": "mse", "gender_output": "binary_crossentropy"},
    loss_weights={"age_output": 0.25, "gender_output": 10.0},
    metrics={"age_output": "mae", "gender_output": ["accuracy"]},
)
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])
x = rng.normal(size=(60, 8))
y = {"age_output": x[:, :1] * 2, "gender_output": (x[:, 1] > 0).astype("float32")}
history = model.fit(x, y, epochs=2, batch_size=20, validation_split=0.2, shuffle=False, verbose=0)
results = model.evaluate(x, y, verbose=0, return_dict=True)
ages, genders = model.predict(x, verbose=0)

FIGURES = {
    "history": history.history,
    "results": results,
    "outputs": [ages.shape, genders.shape],
    "names": model.output_names,
}
