"""Layers of minigrad in JAX: jax_layer(layer) -> (parameters, apply(parameters, x, key)).

Images are (N, H, W, C), as in minigrad. Batch normalization uses the statistics of the batch; the
running ones, a few numbers per channel, are left out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

LAYOUT = ("NHWC", "HWIO", "NHWC")
numbers = itertools.count()  # tell the dropout layers of a model apart

Apply = Callable[[Any, Any, Any], Any]


def jax_layer(layer: Any) -> tuple[Any, Apply]:
    """The parameters of a layer and a function that applies it, followed by its activation."""
    kind = type(layer).__name__
    if kind in JOINS:
        parts = [jax_layer(part) for _, part in layer.named_children()]
        applies = [apply for _, apply in parts]
        return [parameters for parameters, _ in parts], partial(JOINS[kind], applies)
    parameters = [p.numpy() for p in layer.weights if p.trainable]
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    after = ACTIVATIONS.get(activation)
    bare = JAX_LAYERS[kind](layer)
    if after is None:
        return parameters, bare
    return parameters, lambda p, x, key: after(bare(p, x, key))


# ---- layers of layers ----------------------------------------------------------------------------


def sequence(applies: list[Apply], parameters: Any, x: Any, key: Any) -> Any:
    for apply, p in zip(applies, parameters, strict=True):
        x = apply(p, x, key)
    return x


def residual(applies: list[Apply], parameters: Any, x: Any, key: Any) -> Any:
    """Paths added, with the input if there is one path."""
    ys = [apply(p, x, key) for apply, p in zip(applies, parameters, strict=True)]
    return ys[0] + (ys[1] if len(ys) > 1 else x)


def parallel(applies: list[Apply], parameters: Any, x: Any, key: Any) -> Any:
    """Paths concatenated."""
    ys = [apply(p, x, key) for apply, p in zip(applies, parameters, strict=True)]
    return jnp.concatenate(ys, -1)


JOINS = {"Sequential": sequence, "Residual": residual, "Parallel": parallel}


# ---- layers --------------------------------------------------------------------------------------


def conv(layer: Any) -> Apply:
    options = {"dimension_numbers": LAYOUT}

    def apply(p, x, key):
        y = lax.conv_general_dilated(x, p[0], layer.strides, padding(layer), **options)
        return y + p[1] if len(p) > 1 else y

    return apply


def transposed_conv(layer: Any) -> Apply:
    def apply(p, x, key):
        y = lax.conv_transpose(
            x, p[0], layer.strides, "SAME", dimension_numbers=LAYOUT, transpose_kernel=True
        )
        return y + p[1] if len(p) > 1 else y

    return apply


def dense(layer: Any) -> Apply:
    return lambda p, x, key: x @ p[0] + p[1] if len(p) > 1 else x @ p[0]


def normalization(axes: Callable[[Any], tuple[int, ...]], layer: Any) -> Apply:
    """Normalized over axes(x), scaled and shifted per channel."""

    def apply(p, x, key):
        mean, variance = x.mean(axes(x), keepdims=True), x.var(axes(x), keepdims=True)
        return (x - mean) * (p[0] * lax.rsqrt(variance + layer.epsilon)) + p[1]

    return apply


def max_pool(layer: Any) -> Apply:
    return lambda p, x, key: lax.reduce_window(x, -jnp.inf, lax.max, *pooling(layer))


def average_pool(layer: Any) -> Apply:
    add = lambda x: lax.reduce_window(x, 0.0, lax.add, *pooling(layer))
    return lambda p, x, key: add(x) / add(jnp.ones_like(x[:1, :, :, :1]))


def dropout(layer: Any) -> Apply:
    number, kept = next(numbers), 1 - layer.rate

    def apply(p, x, key):
        """Without a key, as in inference, x."""
        if key is None:
            return x
        return x * jax.random.bernoulli(jax.random.fold_in(key, number), kept, x.shape) / kept

    return apply


def crop(layer: Any) -> Apply:
    (top, bottom), (left, right) = layer.cropping
    return lambda p, x, key: x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


JAX_LAYERS: dict[str, Callable[[Any], Apply]] = {
    "Conv2D": conv,
    "Conv2DTranspose": transposed_conv,
    "Dense": dense,
    "BatchNormalization": partial(normalization, lambda x: tuple(range(x.ndim - 1))),
    "InstanceNormalization": partial(normalization, lambda x: (1, 2)),
    "MaxPooling2D": max_pool,
    "AveragePooling2D": average_pool,
    "GlobalAveragePooling2D": lambda layer: lambda p, x, key: x.mean((1, 2)),
    "Dropout": dropout,
    "Cropping2D": crop,
    "Flatten": lambda layer: lambda p, x, key: x.reshape(len(x), -1),
    "Reshape": lambda layer: lambda p, x, key: x.reshape(len(x), *layer.target_shape),
    "LeakyReLU": lambda layer: lambda p, x, key: jax.nn.leaky_relu(x, layer.negative_slope),
    "ReLU": lambda layer: lambda p, x, key: jax.nn.relu(x),
    "Input": lambda layer: lambda p, x, key: x,
    "Activation": lambda layer: lambda p, x, key: x,
}
ACTIVATIONS = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}


def padding(layer: Any) -> Any:
    """The padding of a layer in JAX's form."""
    if isinstance(layer.padding, str):
        return layer.padding.upper()
    return [(layer.padding, layer.padding)] * 2


def pooling(layer: Any) -> tuple[Any, Any, Any]:
    """Window, strides and padding, over all axes of the images."""
    high, wide = as_pair(layer.pool_size)
    down, right = as_pair(layer.strides or layer.pool_size)
    pads = padding(layer)
    pads = pads if isinstance(pads, str) else [(0, 0), *pads, (0, 0)]
    return (1, high, wide, 1), (1, down, right, 1), pads


def as_pair(size: Any) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else tuple(size)
