"""AlexNet: five convolutions and three dense layers, relu, dropout (Krizhevsky, Sutskever and
Hinton 2012, NeurIPS 25).

The default is the later version with batch normalization and no groups. `--original` is the layout
of the paper: two halves, one per GPU, that meet in the third convolution and in the dense layers,
and local response normalization. Its weights start as He's (arXiv:1502.01852) instead of with
deviation .01, which suits a hundred epochs of a million images.

`--recipe known` repeats a training that ends at chance. It enlarges (pixel * 16) as uint8: 16 * 16
= 256 does not fit and wraps to 0, so the brightest pixels, in 1,765 of the 1,797 images, turn
black. Adam at .001 throws the fresh network far off (the first losses are above 10), and moving
statistics at momentum .99 lag behind weights that change so fast. The default scales by 255/16,
takes smaller steps and follows with momentum .9. Both are also scored with statistics computed anew
over the training rows.

Lesson: tutorials/13_lenet_to_resnet.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

import minigrad
from minigrad import Sequential, datasets
from minigrad.data.images import resize, to_float, to_uint8
from minigrad.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    Layer,
    LocalResponseNormalization,
    MaxPooling2D,
    recompute_statistics,
)
from minigrad.optimizers.adam import Adam
from minigrad.utils.registry import lookup

from ..common import image_classification

# ---- the model: 58,327,818 parameters at 227 and 10 classes; the original has 60,965,224 at 1000 -


def alexnet(
    size: int = 227,
    classes: int = 10,
    original: bool = False,
    width: float = 1.0,
    momentum: float = 0.9,
) -> Sequential:
    """(N, size, size, 3) -> (N, classes): probabilities; the comments have the sizes at 227.

    Pooling windows of three that move by two overlap. Below 128 pixels the first convolution moves
    by 2 instead of 4.

    Args:
        size: Height and width of the images, 39 or more.
        classes: Number of classes.
        original: True for the layout of the paper.
        width: Factor of all channels and hidden units.
        momentum: Momentum of batch normalization.

    Raises:
        ValueError: If the images are too small.
    """
    if size < 39:
        raise ValueError(
            f"alexnet: images of {size} pixels vanish before the last pooling: 39 is the least"
        )
    c1, c2, c3, c5, hidden = (round(n * width) for n in (96, 256, 384, 256, 4096))

    def convolution(
        filters: int, kernel_size: int, strides: int = 1, padding: str = "same", groups: int = 1
    ) -> list[Layer]:
        if original:
            return original_convolution(filters, kernel_size, strides, padding, groups)
        return [
            Conv2D(filters, kernel_size, strides, padding),
            BatchNormalization(momentum=momentum),
            Activation("relu"),
        ]

    def response_normalization() -> list[Layer]:
        return [LocalResponseNormalization()] if original else []

    def dense() -> list[Layer]:
        initializer = "he_normal" if original else "glorot_uniform"
        return [Dense(hidden, activation="relu", kernel_initializer=initializer), Dropout(0.5)]

    first_stride = 4 if size >= 128 else 2
    return Sequential(
        [
            Input((size, size, 3)),
            *convolution(c1, 11, first_stride, "valid"),  # 55x55
            *response_normalization(),
            MaxPooling2D(3, 2),  # 27x27
            *convolution(c2, 5, groups=2),
            *response_normalization(),
            MaxPooling2D(3, 2),  # 13x13
            *convolution(c3, 3),
            *convolution(c3, 3, groups=2),
            *convolution(c5, 3, groups=2),
            MaxPooling2D(3, 2),  # 6x6
            Flatten(),
            *dense(),
            *dense(),
            Dense(classes, activation="softmax"),
        ]
    )


def original_convolution(
    filters: int, kernel_size: int, strides: int, padding: str, groups: int
) -> list[Layer]:
    """A convolution of the paper, with relu; its two groups are the halves on two GPUs."""
    return [
        Conv2D(
            filters,
            kernel_size,
            strides,
            padding,
            groups=groups,
            activation="relu",
            kernel_initializer="he_normal",
        )
    ]


# ---- training ------------------------------------------------------------------------------------


class Recipe(NamedTuple):
    """Pixels 0..16 to uint8, momentum of the moving statistics, learning rate of Adam."""

    to_bytes: Callable[[Any], Any]
    momentum: float
    learning_rate: float


RECIPES = {
    "repaired": Recipe(lambda x: to_uint8(x, top=16), 0.9, 1e-4),
    "known": Recipe(lambda x: ((x * 16) % 256).astype("uint8"), 0.99, 1e-3),
}
REFERENCE = (
    "Keras's known recipe ends at .103 (statistics recomputed: .700), its overflow repaired at "
    ".881 (.892); one seed each, five epochs at 227x227"
)
TARGETS = ["accuracy >= 0.95", "accuracy_recomputed >= 0.95"]


def load(recipe: str = "repaired", size: int = 227) -> Any:
    """The digits enlarged to (N, size, size, 3) in 0..1, one gray plane three times."""
    to_bytes = lookup(recipe, RECIPES, "recipe").to_bytes

    def enlarge(x: Any) -> Any:
        gray = to_float(resize(to_bytes(x), size, "nearest"))
        return np.broadcast_to(gray, (*gray.shape[:3], 3))

    (x, y), (x_test, y_test) = datasets.digits.load_data(flat=False, scale=None)
    return (enlarge(x), y), (enlarge(x_test), y_test)


def train(
    recipe: Literal["repaired", "known"] = "repaired",
    original: bool = False,
    size: int = 227,
    width: float = 1.0,
    epochs: int = 5,
    batch_size: int = 32,
    seed: int = 0,
    verbose: int = 1,
) -> tuple[Sequential, dict[str, float]]:
    """Cross-entropy with Adam; scored as trained, and again with statistics computed anew.

    Args:
        recipe: "repaired", or "known" (which fails).
        original: True for the layout of the paper.
        size: Height and width of the enlarged digits.
        width: Factor of all channels and hidden units.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        seed: Seed of weights, dropout and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), test = load(recipe, size)
    chosen = RECIPES[recipe]
    model = alexnet(size, 10, original, width, chosen.momentum)
    model.compile(
        optimizer=Adam(chosen.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose, validation_data=test)
    metrics = image_classification.evaluate(model, test)
    if not original:
        recompute_statistics(model, x, batch_size)
        x_test, y_test = test
        loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
        metrics |= {"loss_recomputed": loss, "accuracy_recomputed": accuracy}
    return model, metrics


def report(model: Sequential, recipe: str = "repaired", size: int = 227) -> str:
    """Precision, recall and F1 of each digit."""
    _, test = load(recipe, size)
    return image_classification.report(model, test)


def pictures(model: Sequential, out: Path, recipe: str = "repaired", size: int = 227) -> None:
    """History, predictions, confusion matrix."""
    _, test = load(recipe, size)
    image_classification.pictures(model, out, test)
