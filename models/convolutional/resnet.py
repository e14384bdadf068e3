"""Residual networks (He et al. 2015, arXiv:1512.03385): a small one on digits, and
ResNet-18/34/50/101/152.

A block learns what to add to its input: y = relu(F(x) + x). Where the shape changes, the input
passes a 1x1 convolution and batch normalization.

The known recipe's shortcut has no normalization, which nobody noticed: from 32 to 32 channels at
stride 1 it is never reached. Its pixels run from 0 to 16, which the normalization behind the first
convolution undoes. Its moving statistics, at momentum 0.99, are still half those of the start after
69 steps, so inference is wrong in the first epochs while training is right: here the momentum is
0.9, and `--momentum 0.99` is the known one.

The big networks return logits; `pretrained.py` loads ImageNet weights into them.

Lesson: tutorials/13_lenet_to_resnet.py
"""

from __future__ import annotations

if __name__ == "__main__":  # run as a file: its package is found through minigrad
    from minigrad.zoo.common.runner import run_file

    run_file(__file__)

import math
from pathlib import Path
from typing import Any, NamedTuple

import minigrad
from minigrad import Sequential, datasets
from minigrad.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePooling2D,
    Input,
    Layer,
    MaxPooling2D,
    ReLU,
    Residual,
)
from minigrad.utils.registry import lookup

from ..common import image_classification

# ---- one block: relu(F(x) + x) -------------------------------------------------------------------


class Style(NamedTuple):
    """What differs between implementations of the paper.

    `stride_in_first` puts a bottleneck's stride into its first convolution, the 1x1, as the paper
    does (v1); otherwise it is in the 3x3 (v1.5).
    """

    use_bias: bool
    epsilon: float
    momentum: float
    stride_in_first: bool
    initializer: str = "he_normal"


STYLES = {
    "keras": Style(True, 1.001e-5, 0.99, stride_in_first=True),
    "torchvision": Style(False, 1e-5, 0.9, stride_in_first=False),
}


class Convolution(NamedTuple):
    """One convolution of F."""

    filters: int
    size: int
    strides: int


def conv_bn(convolution: Convolution, style: Style, conv: str, bn: str) -> list[Layer]:
    """A convolution, padded so that stride 1 keeps the image's size, and batch normalization.

    Args:
        convolution: Filters, size and strides.
        style: The implementation.
        conv: Name of the convolution.
        bn: Name of the normalization.
    """
    filters, size, strides = convolution
    return [
        Conv2D(
            filters,
            size,
            strides,
            padding=size // 2,
            use_bias=style.use_bias,
            kernel_initializer=style.initializer,
            name=conv,
        ),
        BatchNormalization(momentum=style.momentum, epsilon=style.epsilon, name=bn),
    ]


def basic(filters: int, strides: int, style: Style) -> list[Convolution]:
    """The convolutions of F: 3x3, 3x3."""
    return [Convolution(filters, 3, strides), Convolution(filters, 3, 1)]


def bottleneck(filters: int, strides: int, style: Style) -> list[Convolution]:
    """The convolutions of F: 1x1 to fewer channels, 3x3, 1x1 to four times as many."""
    first, second = (strides, 1) if style.stride_in_first else (1, strides)
    return [
        Convolution(filters, 1, first),
        Convolution(filters, 3, second),
        Convolution(4 * filters, 1, 1),
    ]


def block(
    convolutions: list[Convolution],
    project: bool,
    style: Style,
    residual: bool = True,
    name: str | None = None,
) -> Sequential:
    """relu(F(x) + x), or + a 1x1 projection of x.

    Args:
        convolutions: The convolutions of F, with relu between them.
        project: True for a projection of x.
        style: The implementation.
        residual: False for relu(F(x)), without a shortcut.
        name: Name of the block.
    """
    branch = Sequential()
    for i, convolution in enumerate(convolutions, 1):
        if i > 1:
            branch.add(ReLU())
        for layer in conv_bn(convolution, style, f"conv{i}", f"bn{i}"):
            branch.add(layer)
    if not residual:
        return Sequential([branch, ReLU()], name=name)
    shortcut = projection(convolutions, style) if project else None
    return Sequential([Residual(branch, shortcut), ReLU()], name=name)


def projection(convolutions: list[Convolution], style: Style) -> Sequential:
    """A 1x1 convolution of x to the shape of F(x), and its batch normalization."""
    strides = math.prod(convolution.strides for convolution in convolutions)
    filters = convolutions[-1].filters
    return Sequential(conv_bn(Convolution(filters, 1, strides), style, "conv", "bn"))


# ---- small: 320 + 128 + 2 * (2 * 9,248 + 2 * 128) + 65,664 + 1,290 = 104,906 parameters ----------


def resnet_small(momentum: float = 0.9) -> Sequential:
    """(N, 8, 8, 1) -> (N, 10): probabilities of the digits.

    Args:
        momentum: Momentum of batch normalization.
    """
    style = Style(True, 1e-3, momentum, stride_in_first=True, initializer="glorot_uniform")
    return Sequential(
        [
            Input((8, 8, 1)),
            *conv_bn(Convolution(32, 3, 1), style, "conv1", "bn1"),
            ReLU(),  # (N, 8, 8, 32)
            block(basic(32, 1, style), False, style),
            block(basic(32, 1, style), False, style),
            MaxPooling2D(2),  # (N, 4, 4, 32)
            Flatten(),  # (N, 512)
            Dense(128, activation="relu"),
            Dense(10, activation="softmax"),
        ]
    )


# ---- table 1 of the paper ------------------------------------------------------------------------

DEPTHS = {  # kind of block, number of blocks per stage
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
    """(N, H, W, C) -> (N, classes): logits.

    Four stages of blocks; each but the first halves the image and doubles the filters.

    Args:
        depth: Layers with kernels: 18, 34, 50, 101 or 152.
        style: "torchvision" or "keras".
        classes: Number of classes.
        input_shape: Shape (H, W, C) of an image.
        width: Filters of the first stage.
        residual: False leaves out every shortcut.
        small_images: True begins with a 3x3 convolution instead of 7x7 at stride 2 and pooling.

    Raises:
        ValueError: For a depth that the paper does not have, or an unknown style.
    """
    if depth not in DEPTHS:
        raise ValueError(
            f"resnet: depth must be one of {', '.join(map(str, DEPTHS))}, not {depth!r}"
        )
    kind, counts = DEPTHS[depth]
    chosen = lookup(style, STYLES, "style")
    layers = [Input(input_shape), *stem(width, chosen, small_images)]
    channels = width
    for stage, count in enumerate(counts):
        for i in range(count):
            halve = stage > 0 and i == 0
            convolutions = kind(width * 2**stage, 2 if halve else 1, chosen)
            project = halve or channels != convolutions[-1].filters
            channels = convolutions[-1].filters
            layers.append(block(convolutions, project, chosen, residual, f"layer{stage + 1}_{i}"))
    return Sequential([*layers, GlobalAveragePooling2D(), Dense(classes, name="fc")])


def stem(width: int, style: Style, small_images: bool) -> list[Layer]:
    """The layers before the first block."""
    if small_images:
        return [*conv_bn(Convolution(width, 3, 1), style, "conv1", "bn1"), ReLU()]
    return [
        *conv_bn(Convolution(width, 7, 2), style, "conv1", "bn1"),
        ReLU(),
        MaxPooling2D(3, 2, padding=1),
    ]


def resnet50(
    style: str = "torchvision",
    classes: int = 1000,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    width: int = 64,
) -> Sequential:
    """(N, H, W, C) -> (N, classes): logits.

    25,557,032 parameters in torchvision, 25,636,712 in Keras, whose convolutions have biases.

    Args:
        style: "torchvision" or "keras".
        classes: Number of classes.
        input_shape: Shape (H, W, C) of an image.
        width: Filters of the first stage.
    """
    return resnet(50, style, classes, input_shape, width)


# ---- training ------------------------------------------------------------------------------------

SEEDS = 3
REFERENCE = "Keras reaches .978-.986 (three seeds)"
TARGETS = ["accuracy >= 0.98"]


def load() -> Any:
    """Images (N, 8, 8, 1) in 0..16."""
    return datasets.digits.load_data(flat=False, scale=None)


def train(
    momentum: float = 0.9, epochs: int = 10, batch_size: int = 32, seed: int = 0, verbose: int = 1
) -> tuple[Sequential, dict[str, float]]:
    """Cross-entropy with Adam, of the small network.

    Args:
        momentum: Momentum of batch normalization.
        epochs: Passes over the training rows.
        batch_size: Rows per step.
        seed: Seed of the weights and of the order of rows.
        verbose: 1 shows progress, 0 does not.
    """
    minigrad.seed(seed)
    (x, y), test = load()
    model = resnet_small(momentum)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
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
