"""Metrics of one's own: a class with add_weight, and a plain function."""

import keras
import numpy as np
from keras import ops


class CategoricalTruePositives(keras.metrics.Metric):
    def __init__(self, name="categorical_true_positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.true_positives = self.add_variable(shape=(), name="ctp", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = ops.reshape(ops.argmax(y_pred, axis=1), (-1, 1))
        values = ops.cast(y_true, "int32") == ops.cast(y_pred, "int32")
        values = ops.cast(values, "float32")
        if sample_weight is not None:
            sample_weight = ops.cast(sample_weight, "float32")
            values = ops.multiply(values, sample_weight)
        self.true_positives.assign_add(ops.sum(values))

    def result(self):
        return self.true_positives

    def reset_state(self):
        self.true_positives.assign(0)


class Share(keras.metrics.Metric):
    def __init__(self, threshold=0.5, name="share", **kwargs):
        super().__init__(name=name, **kwargs)
        self.threshold = threshold
        self.hits = self.add_weight(name="hits", initializer="zeros")
        self.count = self.add_weight(name="count", initializer="zeros")

    def update_state(self, y_true, y_pred, sample_weight=None):
        confident = ops.max(y_pred, axis=-1) > self.threshold
        self.hits.assign_add(ops.sum(ops.cast(confident, "float32")))
        self.count.assign(self.count + ops.cast(ops.shape(y_pred)[0], "float32"))

    def result(self):
        return self.hits / self.count


def mean_largest(y_true, y_pred):
    return ops.mean(ops.max(y_pred, axis=-1))


model = keras.Sequential(
    [
        keras.Input((6,)),
        keras.layers.Dense(8, activation="relu"),
        keras.layers.Dense(4, activation="softmax"),
    ]
)
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=1e-3),
    loss=keras.losses.SparseCategoricalCrossentropy(),
    metrics=[CategoricalTruePositives(), Share(0.3), mean_largest],
)
rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.6, w.shape) for w in model.get_weights()])
x, y = rng.normal(size=(50, 6)), rng.integers(0, 4, (50, 1))
history = model.fit(x, y, batch_size=10, epochs=2, shuffle=False, verbose=0)

FIGURES = {
    "history": history.history,
    "evaluated": model.evaluate(x, y, batch_size=25, verbose=0, return_dict=True),
}
