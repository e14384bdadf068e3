"""What networks of ImageNet share: input, top, weights from a file, and the names of classes."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..arguments import explains_arguments
from ..backend import to_cpu
from ..datasets.cache import cache_dir, check_digest, fetch
from ..layers import Dense, GlobalAveragePooling2D, GlobalMaxPooling2D, Input
from ..training.model import Model
from ..utils.files import parsing, read_json
from ..utils.instead import explain_missing
from ..utils.registry import check_choice, lookup

__all__ = ["decode_predictions", "preprocess_input"]

__getattr__ = explain_missing("applications.imagenet_utils", __all__)

CLASSES_URL = (
    "https://storage.googleapis.com/download.tensorflow.org/data/imagenet_class_index.json"
)
CLASSES_DIGEST = "md5:c2c37ea517e94d9795004a39431a14cb"
POOLINGS = {
    "avg": lambda: GlobalAveragePooling2D(name="avg_pool"),
    "max": lambda: GlobalMaxPooling2D(name="max_pool"),
}


@explains_arguments
def preprocess_input(x: Any, data_format: str | None = None, mode: str = "caffe") -> Any:
    """RGB images in 0..255 as a network was trained on them.

    Args:
        x: Images (N, H, W, 3) or one image; they stay as they are.
        data_format: None or "channels_last".
        mode: "caffe" for BGR less the mean color (ResNet, VGG), "tf" for -1..1, "torch" for
            channels of mean 0 and standard deviation 1.

    Raises:
        ValueError: For another mode or layout.

    Example:
        >>> preprocess_input(np.full((1, 1, 3), 127.5), mode="tf").tolist()
        [[[0.0, 0.0, 0.0]]]
    """
    check_choice(data_format or "channels_last", ("channels_last",), "data_format")
    check_choice(mode, ("caffe", "tf", "torch"), "mode")
    images = to_cpu(getattr(x, "_array", x))
    images = images if images.dtype.kind == "f" else images.astype("float32")
    dtype = images.dtype
    if mode == "tf":
        return images / 127.5 - 1
    if mode == "caffe":
        return images[..., ::-1] - np.array([103.939, 116.779, 123.68], dtype)
    mean, deviation = np.array([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]], dtype)
    return (images / 255 - mean) / deviation


@explains_arguments
def decode_predictions(preds: Any, top: int = 5) -> list[list[tuple[str, str, float]]]:
    """The likeliest classes of ImageNet: (WordNet id, name, score) of each, for each row.

    The names are fetched once and kept as imagenet_class_index.json under $MINIGRAD_HOME or
    ~/.minigrad.

    Args:
        preds: Probabilities (N, 1000).
        top: Number of classes.

    Raises:
        ValueError: If the predictions are of another shape.
        RuntimeError: If the file is not there and cannot be fetched.

    Example:
        >>> decode_predictions(model.predict(x), top=3)  # doctest: +SKIP
    """
    scores = to_cpu(getattr(preds, "_array", preds))
    if scores.ndim != 2 or scores.shape[1] != 1000:
        raise ValueError(f"decode_predictions takes probabilities (N, 1000), got {scores.shape}")
    path = cache_dir() / "imagenet_class_index.json"
    if not path.is_file():
        fetch(
            CLASSES_URL,
            path,
            CLASSES_DIGEST,
            f"names of ImageNet's classes: {path} is not there",
            "take the numbers of the classes: preds.argmax(-1)",
        )
    with open(path, "rb") as file, parsing(path, "index of ImageNet's classes"):
        check_digest(file, CLASSES_DIGEST)
    names = read_json(path, "index of ImageNet's classes")
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    return [[(*names[str(i)], float(row[i])) for i in chosen] for row, chosen in zip(scores, order)]


def image_input(
    input_tensor: Any, input_shape: tuple[int | None, ...] | None, size: int | None
) -> Any:
    """The symbolic images that a network begins with.

    Args:
        input_tensor: Where they come from; None for an Input.
        input_shape: Shape (H, W, C) of an image; None for `size`.
        size: Height and width where no shape is given; None for any.

    Raises:
        ValueError: If images are smaller than 32x32.
    """
    if input_tensor is not None:
        return input_tensor
    shape: Any = (size, size, 3) if input_shape is None else tuple(input_shape)
    if len(shape) != 3 or min(n or 32 for n in shape[:2]) < 32:
        raise ValueError(
            f"input_shape must be (H, W, C) with 32 pixels or more, got {input_shape}: the network "
            "halves images five times"
        )
    return Input(shape)


def add_pooling(x: Any, pooling: str | None) -> Any:
    """The features of a body: maps, or their mean or maximum.

    Args:
        x: Feature maps.
        pooling: None, "avg" or "max".
    """
    return x if pooling is None else lookup(pooling, POOLINGS, "pooling")()(x)


def add_classifier(x: Any, classes: int, activation: Any) -> Any:
    """The probabilities of the classes.

    Args:
        x: Features (N, n).
        classes: Number of classes.
        activation: Name or function; None for logits.
    """
    return Dense(classes, activation=activation, name="predictions")(x)


def check_weights(weights: Any, name: str, include_top: bool) -> None:
    """Refuse weights that no file holds, before the network is built.

    Args:
        weights: A file, or None for a random start.
        name: The function that builds the network.
        include_top: Whether the classifier is there.

    Raises:
        ValueError: For "imagenet".
        FileNotFoundError: If there is no such file.
    """
    if weights is None:
        return
    if str(weights) == "imagenet":
        top = "" if include_top else "include_top=False"
        file = f"{name.lower()}.weights.h5"
        raise ValueError(
            f"{name}: weights come from a file here. Where Keras is installed, write once "
            f'keras.applications.{name}({top}).save_weights("{file}"); then give '
            f'weights="{file}", or weights=None for a random start'
        )
    if not os.path.exists(weights):
        raise FileNotFoundError(f"there is no file of weights at {weights}")


def with_weights(model: Model, weights: Any) -> Model:
    """The model with the weights of a file, if there is one.

    Args:
        model: The model.
        weights: A file, or None.
    """
    if weights is not None:
        model.load_weights(weights)
    return model
