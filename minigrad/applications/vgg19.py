"""VGG-19 (Simonyan & Zisserman 2014, arXiv:1409.1556), as Keras builds and names it."""

from __future__ import annotations

from typing import Any

from ..arguments import explains_arguments
from ..training.model import Model
from ..utils.instead import explain_missing
from .imagenet_utils import check_weights, decode_predictions, preprocess_input
from .vgg16 import vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

__getattr__ = explain_missing("applications.vgg19", __all__)


@explains_arguments
def VGG19(
    include_top: bool = True,
    weights: Any = "imagenet",
    input_tensor: Any = None,
    input_shape: tuple[int | None, ...] | None = None,
    pooling: str | None = None,
    classes: int = 1000,
    classifier_activation: Any = "softmax",
    name: str = "vgg19",
) -> Model:
    """(N, H, W, 3), as `preprocess_input` gives them -> (N, classes) probabilities.

    143,667,240 parameters.

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
    """
    check_weights(weights, "VGG19", include_top)
    return vgg(
        (2, 2, 4, 4, 4),
        include_top,
        weights,
        input_tensor,
        input_shape,
        pooling,
        classes,
        classifier_activation,
        name,
    )
