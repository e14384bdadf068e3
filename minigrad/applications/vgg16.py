"""VGG-16 (Simonyan & Zisserman 2014, arXiv:1409.1556), as Keras builds and names it."""

from __future__ import annotations

from typing import Any

from ..arguments import explains_arguments
from ..layers import Conv2D, Dense, Flatten, MaxPooling2D
from ..training.model import Model
from ..utils.instead import explain_missing
from .imagenet_utils import (
    add_classifier,
    add_pooling,
    check_weights,
    decode_predictions,
    image_input,
    preprocess_input,
    with_weights,
)

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

__getattr__ = explain_missing("applications.vgg16", __all__)


def vgg(
    convolutions: tuple[int, ...],
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: tuple[int | None, ...] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    """Five stages of 3x3 convolutions, each ended by a pooling that halves the image.

    Args:
        convolutions: Convolutions of each stage.
        include_top: Whether the classifier is there.
        weights: A file, or None.
        input_tensor: Where the images come from, or None.
        input_shape: Shape of an image, or None.
        pooling: What becomes of the features without the classifier.
        classes: Number of classes.
        classifier_activation: What makes probabilities.
        name: Name of the model.
    """
    images = x = image_input(input_tensor, input_shape, 224 if include_top else None)
    for stage, count in enumerate(convolutions, 1):
        filters = min(32 << stage, 512)
        for i in range(1, count + 1):
            layer = Conv2D(
                filters, 3, padding="same", activation="relu", name=f"block{stage}_conv{i}"
            )
            x = layer(x)
        x = MaxPooling2D(2, name=f"block{stage}_pool")(x)
    if include_top:
        x = Flatten(name="flatten")(x)
        for i in (1, 2):
            x = Dense(4096, activation="relu", name=f"fc{i}")(x)
        x = add_classifier(x, classes, classifier_activation)
    else:
        x = add_pooling(x, pooling)
    return with_weights(Model(images, x, name=name), weights)


@explains_arguments
def VGG16(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg16",
) -> Model:
    """(N, H, W, 3), as `preprocess_input` gives them -> (N, classes) probabilities.

    138,357,544 parameters.

    Args:
        include_top: Whether the classifier is there; False for maps (N, H / 32, W / 32, 512).
        weights: A file of weights, or None for a random start.
        input_tensor: Where the images come from; None for an Input.
        input_shape: Shape (H, W, C) of an image; None for (224, 224, 3), or any size without top.
        pooling: Without top: "avg" or "max" of the feature maps, or None.
        classes: Number of classes.
        classifier_activation: What makes probabilities of logits; None for logits.
        name: Name of the model.

    Raises:
        ValueError: For weights="imagenet", with the lines that make a file of them.

    Example:
        >>> body = VGG16(include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg")
        >>> body.output_shape
        (None, 512)
    """
    check_weights(weights, "VGG16", include_top)
    return vgg(
        (2, 2, 3, 3, 3),
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
    )
