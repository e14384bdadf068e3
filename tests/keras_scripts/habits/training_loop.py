"""A loop of one's own over batches: a tape, an optimizer, metrics that are reset."""

import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
x_train = rng.normal(size=(96, 12)).astype("float32")
y_train = (x_train @ rng.normal(size=(12, 4))).argmax(axis=1)
x_val, y_val = x_train[64:], y_train[64:]
x_train, y_train = x_train[:64], y_train[:64]

inputs = keras.Input(shape=(12,), name="digits")
x1 = keras.layers.Dense(16, activation="relu")(inputs)
outputs = keras.layers.Dense(4, name="predictions")(x1)
model = keras.Model(inputs=inputs, outputs=outputs)
model.set_weights([rng.normal(0, 0.3, w.shape) for w in model.get_weights()])

optimizer = keras.optimizers.Adam(learning_rate=1e-2)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_acc_metric = keras.metrics.SparseCategoricalAccuracy()
val_acc_metric = keras.metrics.SparseCategoricalAccuracy()


def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss_value = loss_fn(y, logits)
    grads = tape.gradient(loss_value, model.trainable_weights)
    optimizer.apply(grads, model.trainable_weights)
    train_acc_metric.update_state(y, logits)
    return loss_value


losses, accuracies = [], []
batch_size = 16
for epoch in range(2):
    for start in range(0, len(x_train), batch_size):
        batch = slice(start, start + batch_size)
        loss_value = train_step(x_train[batch], y_train[batch])
        losses.append(float(loss_value))
    train_acc = train_acc_metric.result()
    print(f"Training acc over epoch: {float(train_acc):.4f}")
    train_acc_metric.reset_state()
    val_logits = model(x_val, training=False)
    val_acc_metric.update_state(y_val, val_logits)
    accuracies.append((float(train_acc), float(val_acc_metric.result())))
    val_acc_metric.reset_state()

FIGURES = {
    "losses": losses,
    "accuracies": accuracies,
    "steps": int(optimizer.iterations),
    "after a reset": float(train_acc_metric.result()),
}
