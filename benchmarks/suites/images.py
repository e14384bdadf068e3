"""Training steps of the image models: the very layers of models/, translated one by one for PyTorch and Keras.

Rows end in logits, so the last softmax is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import models

NETWORKS = {  # module of models/, its builder, the shape of an image
    "CNN on digits": ("cnn", "cnn", (8, 8, 1)),
    "CNN on 28x28": ("cnn_mnist", "cnn_mnist", (28, 28, 1)),
    "LeNet-5 on 32x32": ("lenet", "lenet5", (32, 32, 1)),
    "LeNet-5 on 8x8": ("lenet", "lenet8", (8, 8, 1)),
    "small ResNet": ("resnet", "resnet_small", (8, 8, 1)),
    "Inception-v4 reduced": ("inception", "inception_v4_small", (32, 32, 1)),
    "AlexNet at 227": ("alexnet", "alexnet", (227, 227, 3)),
}
SLOW = {"Inception-v4 reduced", "AlexNet at 227"}  # seconds a step: beside PyTorch alone


def network(
    name: str, batch: int = 32, size: int | None = None
) -> tuple[Callable[..., Any], dict[str, Callable[..., Any]]]:
    """The data and the builders of a row; images `size` pixels high and wide, or as the network has them."""
    module, builder, shape = NETWORKS[name]
    shape = (size, size, shape[2]) if size else shape
    builders = {
        "minigrad": layers,
        "torch": torch_twin,
        **({} if name in SLOW else {"keras": keras_twin}),
    }
    return (
        partial(pictures, batch, shape),
        {
            framework: partial(build, module, builder, shape)
            for framework, build in builders.items()
        },
    )


def pictures(n: int, shape: tuple[int, int, int]) -> tuple[Any, Any]:
    """Noise, and classes 0..9."""
    draw = np.random.default_rng(0)
    return draw.random((n, *shape), dtype="float32"), draw.integers(0, 10, n)


def layers(module: str, builder: str, shape: tuple[int, ...]) -> Any:
    """The model of models/, built, without its softmax."""
    model = getattr(models.load(module), builder)()
    from minigrad import activations

    model.build_from_shape(shape)
    model.layers[-1].activation = activations.get(None)
    return model


def plan(*network: Any) -> Any:
    """The same model in a process that serves another framework, whose memory allocator is to stay as it is."""
    os.environ.setdefault("MALLOC_TRIM_THRESHOLD_", "")
    return layers(*network)


# ---- PyTorch -------------------------------------------------------------------------------------------------------


def torch_twin(*network: Any) -> Any:
    """Takes images (N, C, H, W); trainers.py turns them, and tries both layouts."""
    from torch import nn

    return nn.Sequential(*torch_layers(nn, plan(*network)))


def torch_layers(nn: Any, layer: Any) -> list[Any]:
    """What PyTorch has for a layer and its activation; "same" is half the kernel on each side, the sizes come out alike."""
    kind = type(layer).__name__
    if kind in ("Sequential", "Residual", "Parallel"):
        parts = [nn.Sequential(*torch_layers(nn, part)) for _, part in layer.named_children()]
        return parts if kind == "Sequential" else [Joined(nn, parts, kind)]
    padding = half(layer)
    make = {
        "Input": lambda: nn.Identity(),
        "Conv2D": lambda: nn.Conv2d(
            layer.channels,
            layer.filters,
            layer.kernel_size,
            layer.strides,
            padding,
            bias=layer.use_bias,
        ),
        "Dense": lambda: nn.Linear(layer.kernel.shape[0], layer.units),
        "BatchNormalization": lambda: nn.BatchNorm2d(
            layer.channels, layer.epsilon, 1 - layer.momentum
        ),
        "MaxPooling2D": lambda: nn.MaxPool2d(layer.pool_size, layer.strides, padding),
        "AveragePooling2D": lambda: nn.AvgPool2d(
            layer.pool_size, layer.strides, padding, count_include_pad=False
        ),
        "GlobalAveragePooling2D": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        "Flatten": lambda: nn.Flatten(),
        "Dropout": lambda: nn.Dropout(layer.rate),
        "ReLU": lambda: nn.ReLU(),
        "Activation": lambda: nn.Identity(),
    }
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    return [make[kind](), *{"relu": [nn.ReLU()], "tanh": [nn.Tanh()]}.get(activation, [])]


def half(layer: Any) -> tuple[int, int]:
    """The padding of a layer as PyTorch counts it."""
    if not getattr(layer, "padding", None) or layer.padding == "valid":
        return 0, 0
    if layer.padding != "same":
        return layer.padding, layer.padding
    size = getattr(layer, "kernel_size", None) or layer.pool_size
    high, wide = (size, size) if isinstance(size, int) else size
    return high // 2, wide // 2


def Joined(nn: Any, parts: list[Any], kind: str) -> Any:
    """Paths side by side: added, with the image itself if there is only one, or joined along the channels."""
    import torch

    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList(parts)

        def forward(self, x):
            ys = [part(x) for part in self.parts]
            return torch.cat(ys, 1) if kind == "Parallel" else ys[0] + (ys[1] if len(ys) > 1 else x)

    return Module()


# ---- Keras ---------------------------------------------------------------------------------------------------------

SETTINGS = {
    "Conv2D": ("filters", "kernel_size", "strides", "padding", "use_bias"),
    "Dense": ("units",),
    "BatchNormalization": ("momentum", "epsilon"),
    "MaxPooling2D": ("pool_size", "strides", "padding"),
    "AveragePooling2D": ("pool_size", "strides", "padding"),
    "Dropout": ("rate",),
    "Flatten": (),
    "ReLU": (),
}


def keras_twin(module: str, builder: str, shape: tuple[int, ...]) -> Any:
    """The layers have Keras's names and arguments."""
    import keras

    image = keras.Input(shape)
    return keras.Model(image, keras_apply(keras.layers, plan(module, builder, shape), image))


def keras_apply(kinds: Any, layer: Any, x: Any) -> Any:
    kind = type(layer).__name__
    parts = [part for _, part in layer.named_children()]
    if kind == "Sequential":
        for part in parts:
            x = keras_apply(kinds, part, x)
        return x
    if kind in ("Residual", "Parallel"):
        ys = [keras_apply(kinds, part, x) for part in parts]
        return (
            kinds.Concatenate()(ys)
            if kind == "Parallel"
            else kinds.Add()([ys[0], ys[1] if len(ys) > 1 else x])
        )
    if kind in SETTINGS:
        options = {name: getattr(layer, name) for name in SETTINGS[kind]}
        if options.get("padding") == 1 and layer.strides == (
            1,
            1,
        ):  # of a 3x3 kernel: what is called "same"
            options["padding"] = "same"
        x = getattr(kinds, kind)(**options)(x)
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return x if activation == "linear" else kinds.Activation(activation)(x)
