"""ResNet-50, -101 and -152 (He et al. 2015, arXiv:1512.03385), as Keras builds and names them."""

from __future__ import annotations

from typing import Any

from ..arguments import explains_arguments
from ..layers import Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, ZeroPadding2D
from ..training.model import Model
from ..utils.instead import explain_missing
from .imagenet_utils import (
    POOLINGS,
    add_classifier,
    add_pooling,
    check_weights,
    decode_predictions,
    image_input,
    preprocess_input,
    with_weights,
)

__all__ = ["ResNet101", "ResNet152", "ResNet50", "decode_predictions", "preprocess_input"]

__getattr__ = explain_missing("applications.resnet", __all__)


def conv_bn(x: Any, filters: int, size: int, strides: int, name: str, padding: str = "same") -> Any:
    """A convolution and batch normalization.

    Args:
        x: Images (N, H, W, C).
        filters: Number of filters.
        size: Size of the kernel.
        strides: Strides.
        name: Beginning of the names of both layers.
        padding: "same" or "valid".
    """
    x = Conv2D(filters, size, strides, padding=padding, name=f"{name}_conv")(x)
    return BatchNormalization(epsilon=1.001e-5, name=f"{name}_bn")(x)


def bottleneck(x: Any, filters: int, strides: int, projects: bool, name: str) -> Any:
    """relu(F(x) + x): 1x1 to few channels, 3x3, 1x1 to four times as many.

    Args:
        x: Images (N, H, W, C).
        filters: Number of filters inside.
        strides: Strides of the first convolution.
        projects: Whether x passes a convolution, too.
        name: Beginning of the names of all layers.
    """
    shortcut = conv_bn(x, 4 * filters, 1, strides, f"{name}_0") if projects else x
    y = conv_bn(x, filters, 1, strides, f"{name}_1")
    y = Activation("relu", name=f"{name}_1_relu")(y)
    y = conv_bn(y, filters, 3, 1, f"{name}_2")
    y = Activation("relu", name=f"{name}_2_relu")(y)
    y = conv_bn(y, 4 * filters, 1, 1, f"{name}_3")
    y = Add(name=f"{name}_add")([shortcut, y])
    return Activation("relu", name=f"{name}_out")(y)


def resnet(
    blocks: tuple[int, ...],
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: tuple[int | None, ...] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    name: str,
) -> Model:
    """A network of four stages; each but the first halves the image and doubles the filters.

    Args:
        blocks: Blocks of each stage.
        include_top: Whether the classifier is there.
        weights: A file, or None.
        input_tensor: Where the images come from, or None.
        input_shape: Shape of an image, or None.
        pooling: What becomes of the features without the classifier.
        classes: Number of classes.
        classifier_activation: What makes probabilities.
        name: Name of the model.
    """
    images = image_input(input_tensor, input_shape, 224 if include_top else None)
    x = ZeroPadding2D(3, name="conv1_pad")(images)
    x = conv_bn(x, 64, 7, 2, "conv1", padding="valid")
    x = Activation("relu", name="conv1_relu")(x)
    x = ZeroPadding2D(1, name="pool1_pad")(x)
    x = MaxPooling2D(3, 2, name="pool1_pool")(x)
    for stage, count in enumerate(blocks):
        for i in range(count):
            strides = 2 if stage and not i else 1
            x = bottleneck(x, 64 << stage, strides, not i, f"conv{stage + 2}_block{i + 1}")
    if include_top:
        x = add_classifier(POOLINGS["avg"]()(x), classes, classifier_activation)
    else:
        x = add_pooling(x, pooling)
    return with_weights(Model(images, x, name=name), weights)


@explains_arguments
def ResNet50(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet50",
) -> Model:
    """(N, H, W, 3), as `preprocess_input` gives them -> (N, classes) probabilities.

    25,636,712 parameters.

    Args:
        include_top: Whether the classifier is there; False for maps (N, H / 32, W / 32, 2048).
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
        >>> body = ResNet50(include_top=False, weights=None, input_shape=(32, 32, 3), pooling="avg")
        >>> body.output_shape
        (None, 2048)
    """
    check_weights(weights, "ResNet50", include_top)
    return resnet(
        (3, 4, 6, 3),
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
    )


@explains_arguments
def ResNet101(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet101",
) -> Model:
    """(N, H, W, 3), as `preprocess_input` gives them -> (N, classes) probabilities.

    44,707,176 parameters.

    Args:
        include_top: Whether the classifier is there; False for maps (N, H / 32, W / 32, 2048).
        weights: A file of weights, or None for a random start.
        input_tensor: Where the images come from; None for an Input.
        input_shape: Shape (H, W, C) of an image; None for (224, 224, 3), or any size without top.
        pooling: Without top: "avg" or "max" of the feature maps, or None.
        classes: Number of classes.
        classifier_activation: What makes probabilities of logits; None for logits.
        name: Name of the model.

    Raises:
        ValueError: For weights="imagenet", with the lines that make a file of them.
    """
    check_weights(weights, "ResNet101", include_top)
    return resnet(
        (3, 4, 23, 3),
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
    )


@explains_arguments
def ResNet152(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "resnet152",
) -> Model:
    """(N, H, W, 3), as `preprocess_input` gives them -> (N, classes) probabilities.

    60,419,944 parameters.

    Args:
        include_top: Whether the classifier is there; False for maps (N, H / 32, W / 32, 2048).
        weights: A file of weights, or None for a random start.
        input_tensor: Where the images come from; None for an Input.
        input_shape: Shape (H, W, C) of an image; None for (224, 224, 3), or any size without top.
        pooling: Without top: "avg" or "max" of the feature maps, or None.
        classes: Number of classes.
        classifier_activation: What makes probabilities of logits; None for logits.
        name: Name of the model.

    Raises:
        ValueError: For weights="imagenet", with the lines that make a file of them.
    """
    check_weights(weights, "ResNet152", include_top)
    return resnet(
        (3, 8, 36, 3),
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
    )
