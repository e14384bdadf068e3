"""LeNet-5 for 8x8 images, with sigmoids and SGD: it stays at chance."""

import numpy as np
from keras.layers import AveragePooling2D, Conv2D, Dense, Flatten, Input
from keras.models import Model
from keras.optimizers import SGD
from sklearn.datasets import load_digits
from sklearn.preprocessing import OneHotEncoder

digits = load_digits()
X = digits.data[:256].reshape(-1, 8, 8, 1).astype("float32")
y = OneHotEncoder(sparse_output=False).fit_transform(digits.target[:256].reshape(-1, 1))


def LeNet5(input_shape=(8, 8, 1), num_classes=10):
    inputs = Input(shape=input_shape)
    x = Conv2D(6, kernel_size=(3, 3), activation="sigmoid", name="C1")(inputs)
    x = AveragePooling2D(pool_size=(2, 2), name="S2")(x)
    x = Conv2D(16, kernel_size=(3, 3), activation="sigmoid", name="C3")(x)
    x = Conv2D(120, kernel_size=(1, 1), activation="sigmoid", name="C5")(x)
    x = Flatten()(x)
    x = Dense(84, activation="sigmoid", name="F6")(x)
    outputs = Dense(num_classes, activation="softmax", name="OUTPUT")(x)
    return Model(inputs=inputs, outputs=outputs, name="LeNet-5")


model = LeNet5()
model.compile(
    optimizer=SGD(learning_rate=0.01), loss="categorical_crossentropy", metrics=["accuracy"]
)
model.summary()
rng = np.random.default_rng(1)
model.set_weights([rng.normal(0, 0.2, w.shape) for w in model.get_weights()])
history = model.fit(X, y, batch_size=32, epochs=2, shuffle=False, verbose=0)
score = model.evaluate(X, y, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])

FIGURES = {
    "parameters": model.count_params(),
    "names": [layer.name for layer in model.layers if layer.name[0].isupper()],
    "history": history.history,
    "score": score,
}
