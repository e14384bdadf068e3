"""Residual networks (He et al. 2015, arXiv:1512.03385): a small one on digits, and ResNet-18/34/50/101/152.

A block learns what to add to its input: y = relu(F(x) + x). Where the shape changes, the input passes a 1x1 convolution and
batch normalisation. The known recipe's shortcut has no normalisation, which nobody noticed: from 32 to 32 channels at
stride 1 it is never reached. Its pixels run from 0 to 16, which the normalisation behind the first convolution undoes. Its
running statistics, at momentum 0.99, are still half those of the start after 69 steps, so inference is wrong in the first epochs
while training is right: here the momentum is 0.9, and `--momentum 0.99` is the known one.
The big networks give logits; models/pretrained.py fills them with ImageNet weights from a file.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import minigrad
from minigrad import Sequential, datasets
from minigrad.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    MaxPooling2D,
    ReLU,
    Residual,
)
from minigrad.utils.registry import lookup

from ..common import image_classification

# ---- one block: relu(F(x) + x) ---------------------------------------------------------------------------------------


class Style(NamedTuple):
    """In what the implementations of one paper differ; `early` puts a bottleneck's stride into its first convolution (v1)."""

    bias: bool
    epsilon: float
    momentum: float
    early: bool
    initializer: str = "he_normal"


STYLES = {
    "keras": Style(True, 1.001e-5, 0.99, early=True),  # as in the paper: the stride in the 1x1
    "torchvision": Style(False, 1e-5, 0.9, early=False),
}  # the stride in the 3x3, known as v1.5


def normalised(filters: int, size: int, strides: int, style: Style, conv: str, norm: str) -> list:
    """A convolution, padded so that stride 1 keeps the image's size, and its batch normalisation, under the names given."""
    return [
        Conv2D(
            filters,
            size,
            strides,
            padding=size // 2,
            use_bias=style.bias,
            kernel_initializer=style.initializer,
            name=conv,
        ),
        BatchNormalization(momentum=style.momentum, epsilon=style.epsilon, name=norm),
    ]


def basic(filters: int, strides: int, style: Style) -> list[tuple[int, int, int]]:
    """(filters, size, strides) of the convolutions of F: 3x3, 3x3."""
    return [(filters, 3, strides), (filters, 3, 1)]


def bottleneck(filters: int, strides: int, style: Style) -> list[tuple[int, int, int]]:
    """(filters, size, strides) of the convolutions of F: 1x1 to fewer channels, 3x3, 1x1 to four times as many."""
    first, second = (strides, 1) if style.early else (1, strides)
    return [(filters, 1, first), (filters, 3, second), (4 * filters, 1, 1)]


def block(
    convolutions: list[tuple[int, int, int]],
    project: bool,
    style: Style,
    residual: bool = True,
    name: str | None = None,
) -> Sequential:
    """relu(F(x) + x), or + a 1x1 projection of x; without `residual` relu(F(x))."""
    branch = Sequential()
    for i, (filters, size, strides) in enumerate(convolutions, 1):
        for layer in [
            *([ReLU()] if i > 1 else []),
            *normalised(filters, size, strides, style, f"conv{i}", f"bn{i}"),
        ]:
            branch.add(layer)
    if not residual:
        return Sequential([branch, ReLU()], name=name)
    strides = math.prod(step for _, _, step in convolutions)
    shortcut = (
        Sequential(normalised(convolutions[-1][0], 1, strides, style, "conv", "bn"))
        if project
        else None
    )
    return Sequential([Residual(branch, shortcut), ReLU()], name=name)


# ---- small: 320 + 128 + 2 * (2 * 9,248 + 2 * 128) + 65,664 + 1,290 = 104,906 parameters ------------------------------


def resnet_small(momentum: float = 0.9) -> Sequential:
    """(N, 8, 8, 1) -> (N, 10): probabilities of the digits."""
    style = Style(True, 1e-3, momentum, early=True, initializer="glorot_uniform")
    return Sequential(
        [
            Input((8, 8, 1)),
            *normalised(32, 3, 1, style, "conv1", "bn1"),
            ReLU(),  # (N, 8, 8, 32)
            block(basic(32, 1, style), False, style),
            block(basic(32, 1, style), False, style),
            MaxPooling2D(2),  # (N, 4, 4, 32)
            Flatten(),  # (N, 512)
            Dense(128, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )


# ---- the paper's table 1 ---------------------------------------------------------------------------------------------

DEPTHS = {
    18: (basic, (2, 2, 2, 2)),
    34: (basic, (3, 4, 6, 3)),
    50: (bottleneck, (3, 4, 6, 3)),
    101: (bottleneck, (3, 4, 23, 3)),
    152: (bottleneck, (3, 8, 36, 3)),
}


def resnet(
    depth: int = 50,
    style: str = "torchvision",
    classes: int = 1000,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    width: int = 64,
    residual: bool = True,
    small_images: bool = False,
) -> Sequential:
    """(N, H, W, C) -> (N, classes): logits. Four stages of blocks, each but the first halving the image and doubling the filters.

    `small_images` begins with a 3x3 convolution in place of the 7x7 at stride 2 and the pooling; `residual=False` leaves out
    every shortcut. Raises ValueError for a depth that the paper's table does not have.
    """
    if depth not in DEPTHS:
        raise ValueError(
            f"resnet: depth must be one of {', '.join(map(str, DEPTHS))}, not {depth!r}"
        )
    kind, counts = DEPTHS[depth]
    chosen = lookup(style, STYLES, "style")
    stem = normalised(width, *((3, 1) if small_images else (7, 2)), chosen, "conv1", "bn1")
    layers = [
        Input(input_shape),
        *stem,
        ReLU(),
        *([] if small_images else [MaxPooling2D(3, 2, padding=1)]),
    ]
    channels = width
    for stage, count in enumerate(counts):
        for i in range(count):
            convolutions = kind(width * 2**stage, 2 if stage and not i else 1, chosen)
            project = channels != convolutions[-1][0] or (stage > 0 and i == 0)
            channels = convolutions[-1][0]
            layers.append(block(convolutions, project, chosen, residual, f"layer{stage + 1}_{i}"))
    return Sequential([*layers, GlobalAveragePooling2D(), Dense(classes, name="fc")])


def resnet50(style: str = "torchvision", **options) -> Sequential:
    """25,557,032 parameters as torchvision has it, 25,636,712 as Keras does, whose convolutions have biases."""
    return resnet(50, style, **options)


# ---- training --------------------------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "Keras reaches .978-.986 (three seeds)"
TARGETS = ["accuracy >= 0.98"]


def load():
    """Images (N, 8, 8, 1) in 0..16."""
    return datasets.digits.load_data(flat=False, scale=None)


def train(
    momentum: float = 0.9, epochs: int = 10, batch_size: int = 32, seed: int = 0, verbose: int = 1
):
    """Cross-entropy with Adam."""
    minigrad.seed(seed)
    (x, y), test = load()
    model = resnet_small(momentum)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=verbose)
    return model, image_classification.evaluate(model, test)


def report(model) -> str:
    """Precision, recall and F1 of each digit."""
    return image_classification.report(model, load()[1])


def pictures(model, out: Path):
    """History, predictions, confusions."""
    image_classification.pictures(model, out, load()[1])
