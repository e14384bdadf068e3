"""Training steps of the image models: layers of models/, translated to PyTorch, Keras and JAX.

Rows end in logits, so the last softmax is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import models

VGG_SMALL = {"depth": 11, "input_shape": (32, 32, 1), "classes": 10, "width": 8, "hidden": 256}
# module of models/, its builder and what it is given, the shape of an image
NETWORKS: dict[str, tuple[str, str, dict[str, Any], tuple[int, int, int]]] = {
    "CNN on digits": ("cnn", "cnn", {}, (8, 8, 1)),
    "CNN on 28x28": ("cnn_mnist", "cnn_mnist", {}, (28, 28, 1)),
    "LeNet-5 on 32x32": ("lenet", "lenet5", {}, (32, 32, 1)),
    "LeNet-5 on 8x8": ("lenet", "lenet8", {}, (8, 8, 1)),
    "small ResNet": ("resnet", "resnet_small", {}, (8, 8, 1)),
    "Inception-v4 reduced": ("inception", "inception_v4_small", {}, (32, 32, 1)),
    "AlexNet at 227": ("alexnet", "alexnet", {}, (227, 227, 3)),
    "VGG-11 small": ("vgg", "vgg", VGG_SMALL, (32, 32, 1)),
}
SLOW = ["Inception-v4 reduced", "AlexNet at 227"]  # seconds per step: not in a quick run


def network(
    name: str, batch: int = 32, size: int | None = None
) -> tuple[Callable[..., Any], dict[str, Callable[..., Any]]]:
    """The data and the builders of a row; images of `size` pixels, or of the network's own size."""
    module, builder, settings, shape = NETWORKS[name]
    if size:
        shape = (size, size, shape[2])
    make = partial(minigrad_model, module, builder, settings, shape)
    builders = {
        "minigrad": make,
        "torch": lambda: torch_model(make()),
        "jax": lambda: jax_model(make()),
        "keras": lambda: keras_model(make(), shape),
    }
    return partial(pictures, batch, shape), builders


def pictures(n: int, shape: tuple[int, int, int]) -> tuple[Any, Any]:
    """Noise, and classes 0..9."""
    draw = np.random.default_rng(0)
    return draw.random((n, *shape), dtype="float32"), draw.integers(0, 10, n)


def minigrad_model(module: str, builder: str, settings: Any, shape: tuple[int, ...]) -> Any:
    """The model of models/, built, without its softmax."""
    model = getattr(models.load(module), builder)(**settings)
    from minigrad import activations

    model.build_from_shape(shape)
    model.layers[-1].activation = activations.get(None)
    return model


# ---- PyTorch -------------------------------------------------------------------------------------


def torch_model(model: Any) -> Any:
    """The same model for images (N, C, H, W); trainers.py transposes them."""
    from torch import nn

    return nn.Sequential(*torch_layers(nn, model))


def torch_layers(nn: Any, layer: Any) -> list[Any]:
    """PyTorch's modules for a layer and its activation; "same" pads half the kernel per side."""
    kind = type(layer).__name__
    if kind in ("Sequential", "Residual", "Parallel"):
        parts = [nn.Sequential(*torch_layers(nn, part)) for _, part in layer.named_children()]
        return parts if kind == "Sequential" else [join_module(nn, parts, kind)]
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    found = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}.get(activation)
    modules = [found()] if found else []
    return [TORCH_MODULES[kind](nn, layer), *modules]


def torch_conv(nn: Any, layer: Any) -> Any:
    sizes = layer.input_features, layer.filters, layer.kernel_size, layer.strides
    return nn.Conv2d(*sizes, torch_padding(layer), bias=layer.use_bias)


def torch_transposed_conv(nn: Any, layer: Any) -> Any:
    size, stride = layer.kernel_size[0], layer.strides[0]
    options = {"padding": size // 2, "output_padding": stride - 1, "bias": layer.use_bias}
    return nn.ConvTranspose2d(layer.input_features, layer.filters, size, stride, **options)


def torch_batch_norm(nn: Any, layer: Any) -> Any:
    kind = nn.BatchNorm2d if len(layer.output_shape) == 4 else nn.BatchNorm1d
    return kind(layer.input_features, layer.epsilon, 1 - layer.momentum)


def torch_instance_norm(nn: Any, layer: Any) -> Any:
    return nn.InstanceNorm2d(layer.input_features, layer.epsilon, affine=True)


def torch_reshape(nn: Any, layer: Any) -> Any:
    height, width, channels = layer.target_shape
    return nn.Unflatten(1, (channels, height, width))


def torch_cropping(nn: Any, layer: Any) -> Any:
    (top, bottom), (left, right) = layer.cropping
    return nn.ZeroPad2d((-left, -right, -top, -bottom))


def torch_max_pool(nn: Any, layer: Any) -> Any:
    return nn.MaxPool2d(layer.pool_size, layer.strides, torch_padding(layer))


def torch_avg_pool(nn: Any, layer: Any) -> Any:
    padding = torch_padding(layer)
    return nn.AvgPool2d(layer.pool_size, layer.strides, padding, count_include_pad=False)


def torch_global_avg_pool(nn: Any, layer: Any) -> Any:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


TORCH_MODULES: dict[str, Callable[[Any, Any], Any]] = {
    "Input": lambda nn, layer: nn.Identity(),
    "Conv2D": torch_conv,
    "Conv2DTranspose": torch_transposed_conv,
    "Cropping2D": torch_cropping,
    "LeakyReLU": lambda nn, layer: nn.LeakyReLU(layer.negative_slope),
    "Reshape": torch_reshape,
    "Dense": lambda nn, layer: nn.Linear(layer.kernel.shape[0], layer.units, layer.use_bias),
    "BatchNormalization": torch_batch_norm,
    "InstanceNormalization": torch_instance_norm,
    "MaxPooling2D": torch_max_pool,
    "AveragePooling2D": torch_avg_pool,
    "GlobalAveragePooling2D": torch_global_avg_pool,
    "Flatten": lambda nn, layer: nn.Flatten(),
    "Dropout": lambda nn, layer: nn.Dropout(layer.rate),
    "ReLU": lambda nn, layer: nn.ReLU(),
    "Activation": lambda nn, layer: nn.Identity(),
}


def torch_padding(layer: Any) -> tuple[int, int]:
    """The padding of a layer in PyTorch's form."""
    if not getattr(layer, "padding", None) or layer.padding == "valid":
        return 0, 0
    if layer.padding != "same":
        return layer.padding, layer.padding
    size = getattr(layer, "kernel_size", None) or layer.pool_size
    high, wide = (size, size) if isinstance(size, int) else size
    return high // 2, wide // 2


def join_module(nn: Any, parts: list[Any], kind: str) -> Any:
    """Residual: paths added, with the input if there is one path. Parallel: paths concatenated."""
    import torch

    class Module(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList(parts)

        def forward(self, x):
            ys = [part(x) for part in self.parts]
            if kind == "Parallel":
                return torch.cat(ys, 1)
            return ys[0] + (ys[1] if len(ys) > 1 else x)

    return Module()


# ---- JAX -----------------------------------------------------------------------------------------


def jax_model(model: Any) -> tuple[Any, Callable[..., Any]]:
    """(parameters, apply)."""
    from .images_jax import jax_layer

    return jax_layer(model)


# ---- Keras ---------------------------------------------------------------------------------------

CONV = ("filters", "kernel_size", "strides", "padding", "use_bias")
POOL = ("pool_size", "strides", "padding")
SETTINGS = {
    "Conv2D": CONV,
    "Conv2DTranspose": CONV,
    "Dense": ("units", "use_bias"),
    "BatchNormalization": ("momentum", "epsilon"),
    "MaxPooling2D": POOL,
    "AveragePooling2D": POOL,
    "GlobalAveragePooling2D": (),
    "Dropout": ("rate",),
    "Cropping2D": ("cropping",),
    "Flatten": (),
    "Reshape": ("target_shape",),
    "LeakyReLU": ("negative_slope",),
    "ReLU": (),
}


def keras_model(model: Any, shape: tuple[int, ...]) -> Any:
    """The layers have Keras's names and arguments."""
    import keras

    x = keras.Input(shape)
    return keras.Model(x, keras_apply(keras.layers, model, x))


def keras_apply(kinds: Any, layer: Any, x: Any) -> Any:
    kind = type(layer).__name__
    parts = [part for _, part in layer.named_children()]
    if kind == "Sequential":
        for part in parts:
            x = keras_apply(kinds, part, x)
        return x
    if kind in ("Residual", "Parallel"):
        ys = [keras_apply(kinds, part, x) for part in parts]
        if kind == "Parallel":
            return kinds.Concatenate()(ys)
        return kinds.Add()([ys[0], ys[1] if len(ys) > 1 else x])
    if kind == "InstanceNormalization":
        return kinds.GroupNormalization(-1, epsilon=layer.epsilon)(x)
    if kind in SETTINGS:
        options = {name: getattr(layer, name) for name in SETTINGS[kind]}
        if isinstance(options.get("padding"), int):
            x = kinds.ZeroPadding2D(options["padding"])(x)
            options["padding"] = "valid"
        x = getattr(kinds, kind)(**options)(x)
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    return x if activation == "linear" else kinds.Activation(activation)(x)
