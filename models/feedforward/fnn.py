"""Feed-forward network 10-20-15-1 with backpropagation (Rumelhart, Hinton & Williams 1986, Nature
323, 533-536).

Known as a forward pass that is never trained; here it learns from ten measurements of a patient
whether diabetes progresses by more than the median in the next year. Much of that is chance: a
linear model (logistic regression) is as good. The network soon memorizes its 353 patients, so a
fifth of them decides when to stop.

Lesson: tutorials/03_hidden_layer_by_hand.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, datasets, plots
from minigrad.initializers import VarianceScaling
from minigrad.layers import Dense, Input
from minigrad.optimizers.adam import Adam
from minigrad.training.callbacks import EarlyStopping

from ..common.reports import class_report

# ---- the model: 220 + 315 + 16 = 551 parameters --------------------------------------------------


def glorot() -> VarianceScaling:
    """N(0, 1) * sqrt(2 / (in + out))"""
    return VarianceScaling(1.0, "fan_avg", "untruncated_normal")


def fnn() -> Sequential:
    """(N, 10) -> (N, 1): the probability of class 1."""
    return Sequential(
        [
            Input((10,)),
            Dense(20, activation="relu", kernel_initializer=glorot()),  # (N, 20)
            Dense(15, activation="relu", kernel_initializer=glorot()),  # (N, 15)
            Dense(1, activation="sigmoid", kernel_initializer=glorot()),  # (N, 1)
        ]
    )


# ---- the data ------------------------------------------------------------------------------------

CLASSES = ["below", "above"]


def load() -> Any:
    """Ten standardized measurements of 353 + 89 patients; 1 for those above the training median."""
    (x, y), (x_test, y_test) = datasets.diabetes.load_data()
    median = np.median(y)
    labels, labels_test = ((part > median).astype("float32") for part in (y, y_test))
    return (x, labels), (x_test, labels_test)


# ---- training ------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = (
    "logistic regression on the same split, in the column beside; "
    "half of the patients are above the median"
)
TARGETS = ["accuracy >= 0.70"]


def train(
    epochs: int = 200,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    patience: int = 20,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Sequential, dict[str, float]]:
    """Binary cross-entropy with Adam; stops when the validation loss stalls, with the best weights.

    Args:
        epochs: Passes over the training rows, at most.
        batch_size: Rows per step.
        learning_rate: Learning rate of Adam.
        patience: Epochs without a better validation loss before training stops.
        seed: Seed of the weights and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    from sklearn.linear_model import LogisticRegression

    minigrad.seed(seed)
    (x, y), (x_test, y_test) = load()
    model = fnn()
    model.compile(optimizer=Adam(learning_rate), loss="binary_crossentropy", metrics=["accuracy"])
    stop = EarlyStopping("val_loss", patience=patience, restore_best_weights=True)
    model.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=0.2,
        verbose=verbose,
        callbacks=[stop],
    )
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    linear = LogisticRegression().fit(x, y[:, 0])
    return model, {
        "accuracy": accuracy,
        "loss": loss,
        "epochs": len(model.history.epoch),
        "logistic_regression_accuracy": linear.score(x_test, y_test[:, 0]),
    }


def predict_classes(model: Sequential, x: Any) -> Any:
    """1 where the probability is above a half."""
    return (model.predict(x, verbose=0)[:, 0] > 0.5).astype(int)


def report(model: Sequential) -> str:
    """Precision, recall and F1 on the test patients."""
    _, (x, y) = load()
    return class_report(y[:, 0], predict_classes(model, x), CLASSES)


def pictures(model: Sequential, out: Path) -> None:
    """Loss and accuracy by epoch, confusion matrix."""
    _, (x, y) = load()
    predicted = predict_classes(model, x)
    plots.history(model.history, path=out / "history.png")
    plots.confusion_matrix(
        y[:, 0].astype(int), predicted, names=CLASSES, path=out / "confusion.png"
    )
