"""ImageNet weights for ResNet from a safetensors file under Keras's or torchvision's names.

    model = pretrained.resnet("resnet50.safetensors")
    logits = model(pretrained.preprocess(photographs, "torchvision"))

Such a file is written by its framework: `safetensors.torch.save_file(model.state_dict(), path)`, or
`safetensors.numpy.save_file({v.path: v.numpy() for v in model.weights}, path)` for Keras.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from minigrad import Sequential
from minigrad.training import saving

from . import resnet as networks

Arrays = dict[str, np.ndarray]
PathLike = str | os.PathLike[str]

# ---- names: ours are "conv1/kernel", "layer2_0/residual/branch/bn3/gamma", "fc/bias" -------------

BLOCK = re.compile(r"layer(\d)_(\d+)/residual/(branch|shortcut)/(conv|bn)(\d?)")
TORCH = {
    "kernel": "weight",
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
KERAS = {"conv1": "conv1_conv", "bn1": "conv1_bn", "fc": "predictions"}


def torchvision_name(ours: str) -> str:
    """The name of a weight in torchvision, where a shortcut is called downsample.0 and .1.

    "layer2_0/residual/branch/bn3/gamma" -> "layer2.0.bn3.weight"
    """
    path, _, kind = ours.rpartition("/")
    if match := BLOCK.fullmatch(path):
        stage, i, part, layer, n = match.groups()
        if part == "branch":
            path = f"layer{stage}.{i}.{layer}{n}"
        else:
            path = f"layer{stage}.{i}.downsample.{int(layer == 'bn')}"
    return f"{path}.{TORCH[kind]}"


def keras_name(ours: str) -> str:
    """The name of a weight in Keras, where a shortcut has number 0.

    "layer2_0/residual/branch/bn3/gamma" -> "conv3_block1_3_bn/gamma"
    """
    path, _, kind = ours.rpartition("/")
    if match := BLOCK.fullmatch(path):
        stage, i, _, layer, n = match.groups()
        path = f"conv{int(stage) + 1}_block{int(i) + 1}_{n or 0}_{layer}"
    return f"{KERAS.get(path, path)}/{kind}"


def from_torchvision(arrays: Arrays) -> Arrays:
    """Kernels (out, in, KH, KW) -> (KH, KW, in, out), matrices (out, in) -> (in, out).

    Batch counters are left out.
    """
    return {
        name: a.transpose(2, 3, 1, 0) if a.ndim == 4 else a.T
        for name, a in arrays.items()
        if not name.endswith(".num_batches_tracked")
    }


def from_keras(arrays: Arrays) -> Arrays:
    """The layouts are ours; names of Keras 2 end in ":0"."""
    return {name.removesuffix(":0"): a for name, a in arrays.items()}


class Layout(NamedTuple):
    """The files of one framework: a weight that is in each, names, and layouts of arrays."""

    first: str
    name: Callable[[str], str]
    convert: Callable[[Arrays], Arrays]


LAYOUTS = {
    "torchvision": Layout("conv1.weight", torchvision_name, from_torchvision),
    "keras": Layout("conv1_conv/kernel", keras_name, from_keras),
}


# ---- loading -------------------------------------------------------------------------------------


def detect_style(arrays: Arrays, source: str) -> str:
    """The framework whose names these are.

    Args:
        arrays: Arrays by the names of the file.
        source: The file, for the error.

    Raises:
        ValueError: If the names are those of neither.
    """
    for style, layout in LAYOUTS.items():
        if layout.first in layout.convert(arrays):
            return style
    firsts = " nor ".join(layout.first for layout in LAYOUTS.values())
    raise ValueError(
        f"{source} holds no ResNet as Keras or torchvision name it: there is neither "
        f"{firsts} in it, but {', '.join(list(arrays)[:5])}"
    )


def load(model: Sequential, path: PathLike, skip_mismatch: bool = False) -> str:
    """Load the weights of a file into a `resnet`, and return the style of the file.

    Args:
        model: A network of `resnet.resnet`.
        path: A safetensors file.
        skip_mismatch: True loads what fits, such as the body for another number of classes.

    Raises:
        ValueError: Lists, by the file's names, everything that is missing, too much or of another
            shape (transposed to our layout). Nothing is changed then.
    """
    arrays, _ = saving.load_safetensors(path)
    style = detect_style(arrays, str(path))
    layout = LAYOUTS[style]
    weights = {layout.name(ours): p for ours, p in model.named_weights().items()}
    saving.assign_weights(weights, layout.convert(arrays), str(path), skip_mismatch)
    return style


def resnet(
    path: PathLike,
    depth: int = 50,
    classes: int = 1000,
    input_shape: tuple[int, int, int] = (224, 224, 3),
    width: int = 64,
) -> Sequential:
    """The network of a file, in its style, with its weights: (N, H, W, 3) -> (N, 1000) logits.

    Args:
        path: A safetensors file.
        depth: Layers with kernels: 18, 34, 50, 101 or 152.
        classes: Number of classes.
        input_shape: Shape (H, W, C) of an image.
        width: Filters of the first stage.

    Raises:
        ValueError: If the file holds another network.
    """
    arrays, _ = saving.load_safetensors(path)
    style = detect_style(arrays, str(path))
    model = networks.resnet(depth, style, classes, input_shape, width)
    load(model, path)
    return model


# ---- what the weights expect ---------------------------------------------------------------------


def preprocess(images: np.ndarray, style: str) -> np.ndarray:
    """RGB images in 0..255 as the weights were trained on them.

    torchvision standardizes each channel; Keras takes BGR less the mean color.

    Args:
        images: Images (N, H, W, 3).
        style: "torchvision" or "keras".

    Raises:
        ValueError: For another style.
    """
    x = np.asarray(images, np.float32)
    if style == "keras":
        return x[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)
    if style == "torchvision":
        mean = np.array([0.485, 0.456, 0.406], np.float32)
        deviation = np.array([0.229, 0.224, 0.225], np.float32)
        return (x / 255 - mean) / deviation
    raise ValueError(f"preprocess: style must be 'keras' or 'torchvision', not {style!r}")
