"""Feed-forward network 10-20-15-1 with backpropagation (Rumelhart, Hinton & Williams 1986, Nature 323, 533-536).

Known as a forward pass that is never trained; here it learns, from ten measurements of a patient, whether the diabetes of the
next year will be above the median. Much of that is chance: a straight line (logistic regression) does as well, and the
network soon learns its 353 patients by heart, so a fifth of them decides when to stop.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import minigrad
from minigrad import Sequential, datasets, plots
from minigrad.initializers import VarianceScaling
from minigrad.layers import Dense
from minigrad.optimizers.adam import Adam
from minigrad.training.callbacks import EarlyStopping

# ---- the model: 220 + 315 + 16 = 551 parameters ----------------------------------------------------------------------


def glorot():
    """N(0, 1) * sqrt(2 / (in + out))"""
    return VarianceScaling(1.0, "fan_avg", "untruncated_normal")


def fnn() -> Sequential:
    """(N, 10) -> (N, 1): the probability of class 1."""
    return Sequential(
        [
            Dense(20, activation="relu", kernel_initializer=glorot(), input_shape=(10,)),  # (N, 20)
            Dense(15, activation="relu", kernel_initializer=glorot()),  # (N, 15)
            Dense(1, activation="sigmoid", kernel_initializer=glorot()),  # (N, 1)
        ]
    )


# ---- the data ----------------------------------------------------------------------------------------------------------


def data():
    """Ten measurements of 353 and 89 patients, standardised; 1 where the disease goes above the median of the first part."""
    (x_train, y_train), (x_test, y_test) = datasets.diabetes.load_data()
    median = np.median(y_train)
    return (x_train, (y_train > median).astype("float32")), (
        x_test,
        (y_test > median).astype("float32"),
    )


# ---- training ----------------------------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = "logistic regression on the same split, in the column beside; half of the patients are above the median"
TARGETS = ["accuracy >= 0.70"]


def train(
    epochs: int = 200,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    patience: int = 20,
    seed: int = 0,
    verbose: int = 1,
):
    """Binary cross-entropy with Adam; stops, and goes back to the best weights, when the held-out loss stalls."""
    from sklearn.linear_model import LogisticRegression

    minigrad.seed(seed)
    (x, y), (x_test, y_test) = data()
    model = fnn()
    model.compile(optimizer=Adam(learning_rate), loss="binary_crossentropy", metrics=["accuracy"])
    model.history = model.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=0.2,
        verbose=verbose,
        callbacks=[EarlyStopping("val_loss", patience=patience, restore_best_weights=True)],
    )
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    straight = LogisticRegression().fit(x, y[:, 0])
    return model, {
        "accuracy": accuracy,
        "loss": loss,
        "epochs": len(model.history.epoch),
        "logistic_regression_accuracy": straight.score(x_test, y_test[:, 0]),
    }


def report(model) -> str:
    """Precision, recall and F1 on the test patients."""
    from sklearn.metrics import classification_report

    _, (x, y) = data()
    return classification_report(
        y[:, 0], model.predict(x, verbose=0)[:, 0] > 0.5, target_names=["below", "above"], digits=3
    )


def pictures(model, out: Path):
    """Loss and accuracy by epoch, and who was mistaken for whom."""
    _, (x, y) = data()
    plots.history(model.history, path=out / "history.png")
    plots.confusion_matrix(
        y[:, 0].astype(int),
        (model.predict(x, verbose=0)[:, 0] > 0.5).astype(int),
        names=["below", "above"],
        path=out / "confusion.png",
    )
