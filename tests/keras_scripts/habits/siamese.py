"""A shared encoder of two images, their distance by a Lambda layer, a contrastive loss."""

import keras
import numpy as np
from keras import layers, ops
from sklearn.datasets import load_digits

digits = load_digits()
x = digits.images[:120, ..., None].astype("float32") / 16
y = digits.target[:120]
rng = np.random.default_rng(0)
left, right = rng.integers(0, 120, 64), rng.integers(0, 120, 64)
labels = (y[left] != y[right]).astype("float32")


def euclidean_distance(vects):
    x, y = vects
    sum_square = ops.sum(ops.square(x - y), axis=1, keepdims=True)
    return ops.sqrt(ops.maximum(sum_square, keras.backend.epsilon()))


def loss(margin=1):
    def contrastive_loss(y_true, y_pred):
        square_pred = ops.square(y_pred)
        margin_square = ops.square(ops.maximum(margin - y_pred, 0))
        return ops.mean((1 - y_true) * square_pred + y_true * margin_square)

    return contrastive_loss


inputs = layers.Input((8, 8, 1))
h = layers.BatchNormalization()(inputs)
h = layers.Conv2D(4, (5, 5), activation="tanh")(h)
h = layers.AveragePooling2D(pool_size=(2, 2))(h)
h = layers.Flatten()(h)
h = layers.Dense(10, activation="tanh")(h)
embedding_network = keras.Model(inputs, h)

input_1, input_2 = layers.Input((8, 8, 1)), layers.Input((8, 8, 1))
tower_1 = embedding_network(input_1)
tower_2 = embedding_network(input_2)
merge_layer = layers.Lambda(euclidean_distance, output_shape=(1,))([tower_1, tower_2])
output_layer = layers.Dense(1, activation="sigmoid")(merge_layer)
siamese = keras.Model(inputs=[input_1, input_2], outputs=output_layer)
siamese.compile(loss=loss(margin=1), optimizer="RMSprop", metrics=["accuracy"])
siamese.summary()

siamese.set_weights(
    [rng.normal(0, 0.3, w.shape) if w.ndim > 1 else w for w in siamese.get_weights()]
)
before = siamese.evaluate([x[left], x[right]], labels, verbose=0)
history = siamese.fit(
    [x[left], x[right]], labels, batch_size=16, epochs=1, shuffle=False, verbose=0
)

FIGURES = {
    "parameters": siamese.count_params(),
    "weights": len(siamese.weights),
    "before": before,
    "history": history.history,
}
