"""The head of a Sequential is popped and replaced; weights are copied layer by layer."""

import numpy as np
from keras.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Model, Sequential
from keras.optimizers import SGD

rng = np.random.default_rng(0)
x = rng.random((40, 10, 10, 1)).astype("float32")
y = rng.integers(0, 5, 40)

model = Sequential()
model.add(Conv2D(4, (3, 3), activation="relu", input_shape=(10, 10, 1), name="conv"))
model.add(MaxPooling2D())
model.add(Flatten())
model.add(Dense(12, activation="relu", name="features"))
model.add(Dropout(0.5))
model.add(Dense(5, activation="softmax", name="five"))
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
model.fit(x, y, epochs=1, verbose=0)
five = len(model.layers)

model.pop()
model.pop()
for layer in model.layers:
    layer.trainable = False
model.add(Dense(2, activation="softmax", name="two"))
model.compile(
    optimizer=SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
kernel = model.get_layer("conv").get_weights()[0]
model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
history = model.fit(x, y % 2, epochs=2, batch_size=10, shuffle=False, verbose=0)

extractor = Model(inputs=model.inputs, outputs=model.get_layer("features").output)
twin = Sequential([Dense(12, input_shape=(64,)), Dense(2)])
for mine, theirs in zip(twin.layers, [model.layers[3], model.layers[-1]]):
    mine.set_weights(theirs.get_weights())

FIGURES = {
    "layers": [five, len(model.layers)],
    "trainable": [w.shape for w in model.trainable_weights],
    "history": history.history,
    "features": extractor.predict(x[:2], verbose=0),
    "twin": twin.count_params(),
    "kernel": kernel.shape,
}
