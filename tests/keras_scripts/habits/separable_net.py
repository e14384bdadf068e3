"""A small Xception: separable and depthwise convolutions, an inception branch, residuals."""

import keras
import numpy as np
from keras import layers

inputs = keras.Input(shape=(16, 16, 3))
x = layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
x = layers.BatchNormalization()(x)
x = layers.Activation("relu")(x)
previous_block_activation = x
for size in [12, 16]:
    x = layers.Activation("relu")(x)
    x = layers.SeparableConv2D(size, 3, padding="same")(x)
    x = layers.BatchNormalization()(x)
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    residual = layers.Conv2D(size, 1, strides=2, padding="same")(previous_block_activation)
    x = layers.add([x, residual])
    previous_block_activation = x
x = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(x)
x = layers.ReLU(6.0)(x)
branch_a = layers.Conv2D(4, 1, activation="relu", padding="same")(x)
branch_b = layers.Conv2D(4, (1, 3), dilation_rate=1, activation="relu", padding="same")(x)
branch_c = layers.Conv2D(4, 2, groups=2, activation="relu", padding="same")(x)
x = layers.concatenate([branch_a, branch_b, branch_c], axis=3)
squeeze = layers.GlobalAveragePooling2D(keepdims=True)(x)
excite = layers.Dense(12, activation="sigmoid")(layers.Dense(3, activation="relu")(squeeze))
x = layers.Multiply()([x, excite])
x = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
x = layers.GlobalMaxPooling2D()(x)
outputs = layers.Dense(4, activation="softmax")(x)
model = keras.Model(inputs, outputs)

rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.3, w.shape) if w.ndim > 1 else w for w in model.get_weights()])
images, labels = rng.random((16, 16, 16, 3)), rng.integers(0, 4, 16)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["sparse_categorical_accuracy"])
history = model.fit(images, labels, batch_size=8, epochs=1, shuffle=False, verbose=0)

FIGURES = {
    "parameters": model.count_params(),
    "history": history.history,
    "test": model.evaluate(images, labels, verbose=0),
    "shapes": [w.shape for w in model.weights],
}
