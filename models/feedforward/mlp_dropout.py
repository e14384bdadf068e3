"""Multilayer perceptron with dropout on 28x28 digits: 784-128-64-10 (Srivastava et al. 2014,
JMLR 15, 1929-1958).

In training each hidden value is dropped with probability 0.2 and the others grow by 1 / 0.8;
afterwards nothing is dropped, and sums keep their expected size. By default the network learns
scikit-learn's digits, enlarged to 28x28, in 180 steps where MNIST has 7500. There the validation
loss lies below the training loss, because only training is disturbed.

Lesson: tutorials/10_overfitting.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Literal

import minigrad
from minigrad import Sequential
from minigrad.layers import Dense, Dropout, Input

from ..common import image_classification
from ..common.handwritten_digits import DESCRIPTIONS, load_data

# ---- the model: 100,480 + 8,256 + 650 = 109,386 parameters ---------------------------------------


def mlp_dropout(rate: float = 0.2) -> Sequential:
    """(N, 784) -> (N, 10): probabilities of the digits.

    Args:
        rate: Share of hidden values dropped in training.
    """
    return Sequential(
        [
            Input((784,)),
            Dense(128, activation="relu"),  # (N, 128)
            Dropout(rate),
            Dense(64, activation="relu"),  # (N, 64)
            Dropout(rate),
            Dense(10, activation="softmax"),  # (N, 10)
        ]
    )


# ---- training ------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = "Keras reaches .958-.975 on digits28 (three seeds, mean .966)"
TARGETS = ["accuracy >= 0.958"]


def train(
    data: Literal["digits28", "mnist"] = "digits28",
    rate: float = 0.2,
    epochs: int = 5,
    batch_size: int = 32,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Sequential, dict[str, float]]:
    """Cross-entropy with Adam; the last fifth of the rows, before shuffling, is for validation.

    Args:
        data: "digits28", or "mnist" from the network.
        rate: Share of hidden values dropped in training.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        seed: Seed of weights, dropout and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), (x_test, y_test) = load_data(data, flat=True)
    model = mlp_dropout(rate)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=batch_size, epochs=epochs, validation_split=0.2, verbose=verbose)
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    history = model.history.history
    return model, {
        "accuracy": accuracy,
        "wrong": round((1 - accuracy) * len(y_test)),
        "loss": loss,
        "training_loss": history["loss"][-1],
        "validation_loss": history["val_loss"][-1],
        "validation_accuracy": history["val_accuracy"][-1],
    }


def report(model: Sequential, data: str = "digits28") -> str:
    """Precision, recall and F1 of each digit."""
    _, test = load_data(data, flat=True)
    return image_classification.report(model, test, DESCRIPTIONS[data])


def pictures(model: Sequential, out: Path, data: str = "digits28") -> None:
    """Loss and accuracy by epoch, forty test digits with their predictions, confusion matrix."""
    _, test = load_data(data, flat=True)
    image_classification.pictures(model, out, test, DESCRIPTIONS[data])
