"""ImageNet weights for ResNet from a safetensors file under Keras's or torchvision's names; no model of its own.

    model = pretrained.resnet("resnet50.safetensors")
    logits = model(pretrained.preprocess(photographs, "torchvision"))

Such a file is written by its framework: `safetensors.torch.save_file(model.state_dict(), path)`, or
`safetensors.numpy.save_file({v.path: v.numpy() for v in model.weights}, path)` for Keras.
"""

from __future__ import annotations

import os
import re

import numpy as np

from minigrad import Sequential
from minigrad.training import saving

from . import resnet as networks

# ---- names: ours are "conv1/kernel", "layer2_0/residual/branch/bn3/gamma", "layer2_0/residual/shortcut/conv/kernel", "fc/bias"

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
    """ "layer2_0/residual/branch/bn3/gamma" -> "layer2.0.bn3.weight"; a shortcut is called downsample.0 and .1 there."""
    path, _, kind = ours.rpartition("/")
    if found := BLOCK.fullmatch(path):
        stage, i, part, layer, n = found.groups()
        path = f"layer{stage}.{i}." + (
            layer + n if part == "branch" else f"downsample.{int(layer == 'bn')}"
        )
    return f"{path}.{TORCH[kind]}"


def keras_name(ours: str) -> str:
    """ "layer2_0/residual/branch/bn3/gamma" -> "conv3_block1_3_bn/gamma"; a shortcut has number 0 there."""
    path, _, kind = ours.rpartition("/")
    if found := BLOCK.fullmatch(path):
        stage, i, _, layer, n = found.groups()
        path = f"conv{int(stage) + 1}_block{int(i) + 1}_{n or 0}_{layer}"
    return f"{KERAS.get(path, path)}/{kind}"


def from_torchvision(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Kernels (out, in, KH, KW) -> (KH, KW, in, out), matrices (out, in) -> (in, out); the batch counters are left out."""
    return {
        name: a.transpose(2, 3, 1, 0) if a.ndim == 4 else a.T
        for name, a in arrays.items()
        if not name.endswith(".num_batches_tracked")
    }


def from_keras(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The layouts are ours; Keras 2 ends its names in ":0"."""
    return {name.removesuffix(":0"): a for name, a in arrays.items()}


LAYOUTS = {
    "torchvision": ("conv1.weight", torchvision_name, from_torchvision),
    "keras": ("conv1_conv/kernel", keras_name, from_keras),
}


# ---- loading ---------------------------------------------------------------------------------------------------------


def layout(arrays: dict[str, np.ndarray], source: str) -> str:
    """Whose names these are; raises ValueError for those of neither."""
    for style, (first, _, converted) in LAYOUTS.items():
        if first in converted(arrays):
            return style
    raise ValueError(
        f"{source} holds no ResNet as Keras or torchvision name it: there is neither "
        f"{' nor '.join(first for first, *_ in LAYOUTS.values())} in it, but {', '.join(list(arrays)[:5])}"
    )


def load(model: Sequential, path: str | os.PathLike[str], skip_mismatch: bool = False) -> str:
    """Fill a `resnet` with the weights of a file and return the file's style.

    Raises ValueError that lists, by the file's names, all that is missing, too much or of another shape (as transposed to
    our layout), before anything is changed. `skip_mismatch` loads what fits: the body for another number of classes, say.
    """
    arrays, _ = saving.load_safetensors(path)
    style = layout(arrays, str(path))
    _, name, converted = LAYOUTS[style]
    weights = {name(ours): p for ours, p in model.named_weights().items()}
    saving.assign_weights(weights, converted(arrays), str(path), skip_mismatch)
    return style


def resnet(path: str | os.PathLike[str], depth: int = 50, **options) -> Sequential:
    """The network of that depth in the style of the file, with its weights: (N, H, W, 3) -> (N, 1000) logits."""
    model = networks.resnet(depth, layout(saving.load_safetensors(path)[0], str(path)), **options)
    load(model, path)
    return model


# ---- what the weights expect -----------------------------------------------------------------------------------------


def preprocess(images: np.ndarray, style: str) -> np.ndarray:
    """RGB images (N, H, W, 3) in 0..255 as the weights saw them: torchvision's standardised, Keras's BGR less the mean colour."""
    images = np.asarray(images, np.float32)
    if style == "keras":
        return images[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32)
    if style == "torchvision":
        return (images / 255 - np.array([0.485, 0.456, 0.406], np.float32)) / np.array(
            [0.229, 0.224, 0.225], np.float32
        )
    raise ValueError(f"preprocess: style must be 'keras' or 'torchvision', not {style!r}")
