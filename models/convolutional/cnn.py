"""Convolutional network on handwritten digits: one convolution, one pooling (LeCun et al. 1989,
Neural Computation 1(4)).

Each pixel is scaled to 0..1 between its smallest and its largest value. The known tutorial takes
these from all rows, the test set included, and so leaks it into training; here they come from the
training rows. `make demo` runs this model.

Lesson: tutorials/12_convolution_by_hand.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from pathlib import Path
from typing import Any

import minigrad
from minigrad import Sequential, datasets
from minigrad.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D

from ..common import image_classification, interpretation_plots

# ---- the model: 320 + 36,992 + 1,290 = 38,602 parameters -----------------------------------------


def cnn() -> Sequential:
    """(N, 8, 8, 1) -> (N, 10): probabilities of the digits."""
    return Sequential(
        [
            Input((8, 8, 1)),
            Conv2D(32, 3, activation="relu"),  # (N, 6, 6, 32)
            MaxPooling2D(2),  # (N, 3, 3, 32)
            Flatten(),  # (N, 288)
            Dense(128, activation="relu"),
            Dropout(0.3),
            Dense(10, activation="softmax"),
        ]
    )


# ---- training ------------------------------------------------------------------------------------

SEEDS = 5
REFERENCE = "Keras reaches .975-.978 (three seeds)"
TARGETS = ["accuracy >= 0.975"]


def load() -> Any:
    """Images (N, 8, 8, 1), each pixel in 0..1 over the training rows."""
    (x, y), (x_test, y_test) = datasets.digits.load_data(flat=False)
    low, high = x.min(0), x.max(0)
    width = (high - low).clip(min=1e-6)  # some pixels at the edge are always 0
    return ((x - low) / width, y), ((x_test - low) / width, y_test)


def train(
    epochs: int = 15, batch_size: int = 32, seed: int = 0, verbose: int = 1
) -> tuple[Sequential, dict[str, float]]:
    """Cross-entropy with Adam.

    Args:
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        seed: Seed of weights, dropout and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), test = load()
    model = cnn()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose, validation_data=test)
    return model, image_classification.evaluate(model, test)


def report(model: Sequential) -> str:
    """Precision, recall and F1 of each digit."""
    _, test = load()
    return image_classification.report(model, test)


def pictures(model: Sequential, out: Path) -> None:
    """History, predictions, confusion matrix; filters, feature maps, saliency and Grad-CAM."""
    _, test = load()
    image_classification.pictures(model, out, test)
    interpretation_plots.pictures(model, out, test)
