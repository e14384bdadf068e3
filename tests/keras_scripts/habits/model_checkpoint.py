"""Checkpoints: the best model, the best weights, a file for each epoch."""

import glob
import os

import keras
import numpy as np
from keras.callbacks import CSVLogger, ModelCheckpoint

rng = np.random.default_rng(0)
x, y = rng.normal(size=(40, 4)), rng.integers(0, 2, 40)
model = keras.Sequential(
    [
        keras.Input((4,)),
        keras.layers.Dense(8, activation="relu"),
        keras.layers.Dense(1, activation="sigmoid"),
    ]
)
model.set_weights([rng.normal(0, 0.4, w.shape) for w in model.get_weights()])
model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
os.makedirs("checkpoints", exist_ok=True)
callbacks = [
    ModelCheckpoint("best_model.keras", monitor="val_loss", save_best_only=True, verbose=1),
    ModelCheckpoint(
        filepath="checkpoints/{epoch:02d}.weights.h5", save_weights_only=True, save_freq="epoch"
    ),
    ModelCheckpoint(
        "best.weights.h5",
        monitor="val_accuracy",
        mode="max",
        save_best_only=True,
        save_weights_only=True,
    ),
    CSVLogger("training.log"),
]
history = model.fit(
    x,
    y,
    validation_split=0.25,
    epochs=3,
    batch_size=10,
    shuffle=False,
    callbacks=callbacks,
    verbose=0,
)
best = keras.models.load_model("best_model.keras")
model.load_weights("best.weights.h5")
rows = open("training.log").read().splitlines()
val_loss = best.evaluate(x[30:], y[30:], verbose=0)[0]

FIGURES = {
    "files": sorted(os.path.basename(path) for path in glob.glob("checkpoints/*")),
    "columns": sorted(rows[0].split(",")),
    "rows": len(rows),
    "best": val_loss,
    "is the least": bool(np.isclose(val_loss, min(history.history["val_loss"]))),
}
