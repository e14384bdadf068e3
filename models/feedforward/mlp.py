"""Multilayer perceptron 64-128-64-10 on handwritten digits, with the settings of scikit-learn's MLPClassifier.

Backpropagation (Rumelhart, Hinton & Williams 1986) with Adam (arXiv:1412.6980), weight decay in the loss, and a stop when the
training loss stalls. The one difference: scikit-learn draws its biases from the same range as the weights, +-sqrt(6 / (in +
out)); here they start at zero.
"""

from __future__ import annotations

import math
from pathlib import Path

import minigrad
from minigrad import Sequential, datasets, plots
from minigrad.layers import Dense
from minigrad.optimizers.adam import Adam
from minigrad.regularizers import L2
from minigrad.training.callbacks import Callback

# ---- the model: 8,320 + 8,256 + 650 = 17,226 parameters --------------------------------------------------------------


def mlp(alpha: float = 1e-4, batch_size: int = 200) -> Sequential:
    """(N, 64) -> (N, 10): probabilities of the digits.

    loss = cross-entropy + alpha / (2 * batch_size) * (sum of all squared kernel entries), as scikit-learn counts it.
    """
    penalty = alpha / 2 / batch_size
    return Sequential(
        [
            Dense(
                128, activation="relu", kernel_regularizer=L2(penalty), input_shape=(64,)
            ),  # (N, 128)
            Dense(64, activation="relu", kernel_regularizer=L2(penalty)),  # (N, 64)
            Dense(10, activation="softmax", kernel_regularizer=L2(penalty)),  # (N, 10)
        ]
    )


class StopWhenStalled(Callback):
    """Stops after more than `patience` epochs in a row whose loss was not `tolerance` below the best before it.

    Unlike EarlyStopping, every lower loss becomes the best, by however little: many tiny steps down are a stall here too.
    """

    def __init__(self, tolerance: float = 1e-4, patience: int = 10) -> None:
        self.tolerance, self.patience = tolerance, patience

    def on_train_begin(self, logs):
        self.best, self.stalled = math.inf, 0

    def on_epoch_end(self, epoch, logs):
        self.stalled = self.stalled + 1 if logs["loss"] > self.best - self.tolerance else 0
        self.best = min(self.best, logs["loss"])
        self.model.stop_training = self.stalled > self.patience


# ---- training ----------------------------------------------------------------------------------------------------------


def data():
    """1437 and 360 digits, split without regard to class; each pixel standardised over the first part."""
    return datasets.digits.load_data(scale="standard", stratify=False)


SEEDS = 5
REFERENCE = (
    "scikit-learn's MLPClassifier reaches .972-.981 in 78-88 epochs, training loss .0021-.0025"
)
TARGETS = ["accuracy >= 0.972"]


def train(
    epochs: int = 500,
    batch_size: int = 200,
    learning_rate: float = 1e-3,
    alpha: float = 1e-4,
    seed: int = 0,
    verbose: int = 1,
):
    """Cross-entropy with Adam until the training loss stalls."""
    minigrad.seed(seed)
    (x, y), (x_test, y_test) = data()
    model = mlp(alpha, batch_size)
    model.compile(
        optimizer=Adam(learning_rate, epsilon=1e-8),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.history = model.fit(
        x, y, batch_size=batch_size, epochs=epochs, verbose=verbose, callbacks=[StopWhenStalled()]
    )
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    return model, {
        "accuracy": accuracy,
        "wrong": round((1 - accuracy) * len(y_test)),
        "loss": loss,
        "epochs": len(model.history.epoch),
        "training_loss": model.history.history["loss"][-1],
    }


def report(model) -> str:
    """Precision, recall and F1 of each digit."""
    from sklearn.metrics import classification_report

    _, (x, y) = data()
    return classification_report(y, model.predict(x, verbose=0).argmax(1), digits=3)


def pictures(model, out: Path):
    """Loss and accuracy by epoch, forty test digits with their predictions, and which were mistaken for which."""
    _, (x, y) = data()
    predicted = model.predict(x, verbose=0)
    _, (images, _) = datasets.digits.load_data(
        stratify=False
    )  # the same digits in 0..1, as the eye knows them
    plots.history(model.history, path=out / "history.png")
    plots.predictions(images[:40], y[:40], predicted[:40], path=out / "predictions.png")
    plots.confusion_matrix(y, predicted, path=out / "confusion.png")
