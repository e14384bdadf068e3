"""SimpleNN 784-128-10 on 28x28 digits: one hidden layer, He's start (arXiv:1502.01852), plain
stochastic gradient descent.

A typical first network written in NumPy: no momentum, no decay, the last partial batch of an epoch
dropped, and the test set scored every epoch, which is fair as long as nothing is chosen by it. By
default it learns scikit-learn's digits, enlarged to 28x28: 20 epochs are 220 steps (8740 on MNIST),
and both curves still climb at the end.

Lesson: tutorials/04_digits_three_ways.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Literal

import minigrad
from minigrad import Sequential
from minigrad.initializers import VarianceScaling
from minigrad.layers import Dense, Input
from minigrad.optimizers.sgd import SGD

from ..common import image_classification
from ..common.handwritten_digits import DESCRIPTIONS, load_data

# ---- the model: 100,480 + 1,290 = 101,770 parameters ---------------------------------------------


def he() -> VarianceScaling:
    """N(0, 1) * sqrt(2 / in): with relu, which blocks half, signals keep their size."""
    return VarianceScaling(2.0, "fan_in", "untruncated_normal")


def simple_nn() -> Sequential:
    """(N, 784) -> (N, 10): probabilities of the digits."""
    return Sequential(
        [
            Input((784,)),
            Dense(128, activation="relu", kernel_initializer=he()),  # (N, 128)
            Dense(10, activation="softmax", kernel_initializer=he()),  # (N, 10)
        ]
    )


# ---- training ------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = (
    "the same network in bare NumPy reaches .914-.928 on digits28 in three seeds, with a training "
    "loss of .447-.462; over twenty seeds the accuracy is .914 with a deviation of .009"
)
TARGETS = ["accuracy >= 0.914"]


def train(
    data: Literal["digits28", "mnist"] = "digits28",
    epochs: int = 20,
    batch_size: int = 128,
    learning_rate: float = 0.01,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Sequential, dict[str, float]]:
    """Cross-entropy with plain SGD on full batches.

    Args:
        data: "digits28", or "mnist" from the network.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        learning_rate: Learning rate of SGD.
        seed: Seed of the weights and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), (x_test, y_test) = load_data(data, flat=True)
    model = simple_nn()
    model.compile(
        optimizer=SGD(learning_rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(
        x,
        y,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_test, y_test),
        drop_last=True,
        verbose=verbose,
    )
    last = {name: values[-1] for name, values in model.history.history.items()}
    return model, {
        "accuracy": last["val_accuracy"],
        "wrong": round((1 - last["val_accuracy"]) * len(y_test)),
        "loss": last["val_loss"],
        "training_loss": last["loss"],
        "training_accuracy": last["accuracy"],
    }


def report(model: Sequential, data: str = "digits28") -> str:
    """Precision, recall and F1 of each digit."""
    _, test = load_data(data, flat=True)
    return image_classification.report(model, test, DESCRIPTIONS[data])


def pictures(model: Sequential, out: Path, data: str = "digits28") -> None:
    """Loss and accuracy by epoch, forty test digits with their predictions, confusion matrix."""
    _, test = load_data(data, flat=True)
    image_classification.pictures(model, out, test, DESCRIPTIONS[data])
