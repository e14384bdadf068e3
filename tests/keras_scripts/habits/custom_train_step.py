"""A model whose train_step and test_step call compute_loss and update the compiled metrics."""

import keras
import numpy as np
import tensorflow as tf


class CustomModel(keras.Model):
    def train_step(self, data):
        if len(data) == 3:
            x, y, sample_weight = data
        else:
            sample_weight = None
            x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight)
        trainable_vars = self.trainable_variables
        gradients = tape.gradient(loss, trainable_vars)
        self.optimizer.apply_gradients(zip(gradients, trainable_vars))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred, sample_weight=sample_weight)
        return {m.name: m.result() for m in self.metrics}

    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        loss = self.compute_loss(y=y, y_pred=y_pred)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss)
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


inputs = keras.Input(shape=(8,))
outputs = keras.layers.Dense(1)(inputs)
model = CustomModel(inputs, outputs)
model.compile(optimizer="adam", loss="mse", metrics=["mae"])

rng = np.random.default_rng(0)
model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
x = rng.random((64, 8)).astype("float32")
y = rng.random((64, 1)).astype("float32")
sw = rng.random((64, 1)).astype("float32")
first = model.fit(x, y, epochs=2, shuffle=False, verbose=0)
second = model.fit(x, y, sample_weight=sw, epochs=1, shuffle=False, verbose=0)

FIGURES = {
    "loss": first.history["loss"],
    "mae": first.history["mae"],
    "weighted": second.history["loss"],
    "evaluated": model.evaluate(x, y, verbose=0),
    "metrics": [m.name for m in model.metrics][:1],
}
