"""Metrics by names and classes, plots of the history, a confusion matrix and a report."""

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, metrics
from sklearn.metrics import confusion_matrix, roc_auc_score

rng = np.random.default_rng(0)
x = rng.normal(size=(80, 6)).astype("float32")
y = (x[:, 0] + 0.5 * rng.normal(size=80) > 0).astype("int32")
METRICS = [
    metrics.TruePositives(name="tp"),
    metrics.FalsePositives(name="fp"),
    metrics.TrueNegatives(name="tn"),
    metrics.FalseNegatives(name="fn"),
    metrics.BinaryAccuracy(name="accuracy"),
    metrics.Precision(name="precision"),
    metrics.Recall(name="recall", thresholds=0.4),
    metrics.AUC(name="auc", num_thresholds=200),
    metrics.AUC(name="prc", curve="PR", num_thresholds=200),
    "mse",
]
model = keras.Sequential(
    [keras.Input((6,)), layers.Dense(6, activation="relu"), layers.Dense(1, activation="sigmoid")]
)
model.set_weights([rng.normal(0, 0.5, w.shape) for w in model.get_weights()])
model.compile(keras.optimizers.Adam(1e-2), keras.losses.BinaryCrossentropy(), metrics=METRICS)
history = model.fit(x, y, epochs=2, batch_size=16, validation_split=0.25, shuffle=False, verbose=0)
fig, axes = plt.subplots(1, 2, figsize=(8, 3))
for ax, name in zip(axes, ("loss", "accuracy")):
    ax.plot(history.epoch, history.history[name], label="train")
    ax.plot(history.epoch, history.history["val_" + name], linestyle="--", label="val")
    ax.set_title(f"model {name}")
    ax.legend(loc="upper left")
fig.savefig("history.png")
plt.close(fig)
results = model.evaluate(x, y, verbose=0, return_dict=True)
scores = model.predict(x, verbose=0)
cm = confusion_matrix(y, scores.ravel() > 0.5)

several = keras.Sequential([keras.Input((6,)), layers.Dense(4, activation="softmax")])
several.set_weights([rng.normal(0, 0.5, w.shape) for w in several.get_weights()])
several.compile(
    loss="categorical_crossentropy",
    metrics=[
        "categorical_accuracy",
        metrics.TopKCategoricalAccuracy(k=2, name="top2"),
        metrics.F1Score(average="macro"),
        metrics.KLDivergence(),
    ],
)
kinds = keras.utils.to_categorical(rng.integers(0, 4, 80), 4)
m = metrics.MeanSquaredError()
m.update_state([[0.0], [1.0]], [[0.5], [0.5]], sample_weight=[1.0, 3.0])

FIGURES = {
    "results": results,
    "losses": [history.history["loss"], history.history["val_loss"]],
    "keys": sorted(history.history),
    "confusion": cm,
    "area": float(roc_auc_score(y, scores)),
    "several": several.evaluate(x, kinds, verbose=0),
    "standalone": float(m.result()),
}
