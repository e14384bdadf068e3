"""VGG: nothing but 3x3 convolutions and 2x2 pooling, deeper and deeper (Simonyan and Zisserman,
arXiv:1409.1556).

`vgg` builds the paper's configurations A (11 layers with weights), B (13), D (16) and E (19). What
is trained here is one an eighth as wide, on digits enlarged to 32x32, which five poolings bring
down to one pixel. Weights start as He's (arXiv:1502.01852), so that the deep networks need not grow
out of trained shallow ones, as in the paper.

Lesson: tutorials/13_lenet_to_resnet.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from pathlib import Path
from typing import Any, Literal

import minigrad
from minigrad import Sequential, datasets
from minigrad.data.images import resize
from minigrad.layers import Conv2D, Dense, Dropout, Flatten, Input, Layer, MaxPooling2D
from minigrad.optimizers.adam import Adam
from minigrad.optimizers.schedules import CosineDecay
from minigrad.utils.registry import lookup

from ..common import image_classification

# ---- the model: at 224x224x3 and 1000 classes A has 132,863,336 parameters, D 138,357,544 --------

CONVOLUTIONS = {  # before each pooling
    "11": (1, 1, 2, 2, 2),
    "13": (2, 2, 2, 2, 2),
    "16": (2, 2, 3, 3, 3),
    "19": (2, 2, 4, 4, 4),
}


def vgg(
    depth: int = 16,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    width: int = 64,
    hidden: int = 4096,
) -> Sequential:
    """(N, H, W, C) -> (N, classes): probabilities.

    Args:
        depth: Layers with weights: 11, 13, 16 or 19.
        input_shape: Shape (H, W, C) of an image, 32x32 or larger.
        classes: Number of classes.
        width: Channels before the first pooling; they double after each, up to eight times.
        hidden: Units of the two hidden dense layers.

    Raises:
        ValueError: For a depth that the paper does not have, or images that are too small.
    """
    counts = lookup(str(depth), CONVOLUTIONS, "depth")
    if min(input_shape[:2]) < 32:
        raise ValueError(
            f"vgg halves images five times: 32 pixels are the least, got {input_shape}"
        )
    layers: list[Layer] = [Input(input_shape)]
    for block, count in enumerate(counts):
        filters = width * min(2**block, 8)
        layers += [convolution(filters) for _ in range(count)]
        layers += [MaxPooling2D(2)]
    layers += [Flatten()]
    for _ in range(2):
        layers += [Dense(hidden, activation="relu", kernel_initializer="he_normal"), Dropout(0.5)]
    return Sequential([*layers, Dense(classes, activation="softmax")])


def convolution(filters: int) -> Conv2D:
    """A 3x3 convolution and relu; the image keeps its size."""
    return Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal")


# ---- training ------------------------------------------------------------------------------------

SEEDS = 3
TARGETS = ["accuracy >= 0.97"]


def load() -> Any:
    """The digits enlarged to (N, 32, 32, 1), in 0..1."""
    (x, y), (x_test, y_test) = datasets.digits.load_data(flat=False)
    return (resize(x, 32), y), (resize(x_test, 32), y_test)


def train(
    depth: Literal[11, 13, 16, 19] = 11,
    width: int = 8,
    hidden: int = 256,
    epochs: int = 12,
    batch_size: int = 32,
    learning_rate: float = 0.001,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Sequential, dict[str, float]]:
    """Cross-entropy with Adam, whose learning rate falls to 0 along a cosine.

    Args:
        depth: Layers with weights: 11, 13, 16 or 19.
        width: Channels before the first pooling.
        hidden: Units of the two hidden dense layers.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        learning_rate: Learning rate at the start.
        seed: Seed of weights, dropout and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), test = load()
    model = vgg(depth, (32, 32, 1), 10, width, hidden)
    steps = epochs * math.ceil(len(x) / batch_size)
    model.compile(
        optimizer=Adam(CosineDecay(learning_rate, steps)),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose, validation_data=test)
    return model, image_classification.evaluate(model, test)


def report(model: Sequential) -> str:
    """Precision, recall and F1 of each digit."""
    _, test = load()
    return image_classification.report(model, test)


def pictures(model: Sequential, out: Path) -> None:
    """History, predictions, confusion matrix."""
    _, test = load()
    image_classification.pictures(model, out, test)
