"""Convolutional network on MNIST: two convolutions, two poolings, dropout (LeCun et al. 1998; Srivastava et al. 2014).

By default it learns the embedded 28x28 digits; `--data mnist` takes MNIST itself, from the network or the cache.
"""

from __future__ import annotations

from pathlib import Path

import minigrad
from minigrad import Sequential, datasets
from minigrad.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from minigrad.utils.registry import lookup

from ..common import image_classification

# ---- the model: 320 + 18,496 + 204,928 + 1,290 = 225,034 parameters ---------------------------------------------------


def cnn_mnist() -> Sequential:
    """(N, 28, 28, 1) -> (N, 10): probabilities of the digits."""
    return Sequential(
        [
            Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1)),  # (N, 26, 26, 32)
            MaxPooling2D(2),  # (N, 13, 13, 32)
            Conv2D(64, 3, activation="relu"),  # (N, 11, 11, 64)
            MaxPooling2D(2),  # (N, 5, 5, 64)
            Flatten(),  # (N, 1600)
            Dense(128, activation="relu"),
            Dropout(0.5),
            Dense(10, activation="softmax"),
        ]
    )


# ---- training ----------------------------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "Keras reaches .964-.975 on digits28 (three seeds)"
TARGETS = ["accuracy >= 0.964"]


def load(data: str = "digits28"):
    """The embedded digits28 or, from the network, mnist: (N, 28, 28, 1) in 0..1."""
    return lookup(
        data,
        {"digits28": datasets.digits28.load_data, "mnist": datasets.mnist.load_data},
        "data set",
    )(flat=False)


def train(
    data: str = "digits28", epochs: int = 5, batch_size: int = 32, seed: int = 0, verbose: int = 1
):
    """Cross-entropy with Adam."""
    minigrad.seed(seed)
    (x, y), test = load(data)
    model = cnn_mnist()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose)
    return model, image_classification.evaluate(model, test)


def report(model, data: str = "digits28") -> str:
    """Precision, recall and F1 of each digit."""
    return image_classification.report(model, load(data)[1])


def pictures(model, out: Path, data: str = "digits28"):
    """History, predictions, confusions."""
    image_classification.pictures(model, out, load(data)[1])
