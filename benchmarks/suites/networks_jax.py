"""The UNet of DDPM and the networks of StyleGAN2 in JAX, for their steps in generative_jax.py.

As models/generative/ has them, for the sizes of the rows. Parameters are drawn here; a network is
(parameters, apply).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .images_jax import LAYOUT

Network = tuple[Any, Callable[..., Any]]
draw = np.random.default_rng(0)
silu = jax.nn.silu


def weights(*shape: int) -> Any:
    """Normal numbers over the root of what an output sums."""
    return draw.standard_normal(shape, "float32") / np.float32(np.prod(shape[:-1]) ** 0.5)


def affine(*shape: int) -> tuple[Any, Any]:
    """Weights and a bias."""
    return weights(*shape), np.zeros(shape[-1], "float32")


def scale_shift(channels: int) -> tuple[Any, Any]:
    return np.ones(channels, "float32"), np.zeros(channels, "float32")


def dense(p: Any, x: Any) -> Any:
    return x @ p[0] + p[1]


def conv(p: Any, x: Any, stride: int = 1, padding: Any = "SAME") -> Any:
    y = lax.conv_general_dilated(x, p[0], (stride,) * 2, padding, dimension_numbers=LAYOUT)
    return y + p[1]


# ---- the UNet of DDPM for 16x16 ------------------------------------------------------------------


def group_norm(p: Any, x: Any, groups: int = 8) -> Any:
    n, h, w, c = x.shape
    grouped = x.reshape(n, h * w, groups, c // groups)
    mean, variance = (f(grouped, (1, 3), keepdims=True) for f in (jnp.mean, jnp.var))
    normal = (grouped - mean) * lax.rsqrt(variance + 1e-3)
    return normal.reshape(x.shape) * p[0] + p[1]


def residual_parameters(inputs: int, outputs: int, condition: int) -> dict[str, Any]:
    p = {
        "norm_1": scale_shift(inputs),
        "conv_1": affine(3, 3, inputs, outputs),
        "project": affine(condition, outputs),
        "norm_2": scale_shift(outputs),
        "conv_2": affine(3, 3, outputs, outputs),
    }
    return p | ({"shortcut": affine(1, 1, inputs, outputs)} if inputs != outputs else {})


def residual(p: Any, x: Any, condition: Any) -> Any:
    h = conv(p["conv_1"], silu(group_norm(p["norm_1"], x)))
    h = h + dense(p["project"], silu(condition))[:, None, None]
    h = conv(p["conv_2"], silu(group_norm(p["norm_2"], h)))
    return h + (conv(p["shortcut"], x) if "shortcut" in p else x)


def attention(p: Any, x: Any) -> Any:
    n, h, w, c = x.shape
    pixels = group_norm(p["norm"], x).reshape(n, h * w, 1, c)
    q, k, v = (dense(p[name], pixels) for name in ("q", "k", "v"))
    y = jax.nn.dot_product_attention(q, k, v)
    return x + dense(p["out"], y).reshape(x.shape)


def unet(c: int) -> Network:
    """Two levels of one block, `c` and 2c channels wide."""
    block = partial(residual_parameters, condition=4 * c)
    parameters = {
        "dense_1": affine(c, 4 * c),
        "dense_2": affine(4 * c, 4 * c),
        "embedding": weights(11, 4 * c),
        "first": affine(3, 3, 1, c),
        "down": [block(c, c), block(c, 2 * c)],
        "smaller": affine(3, 3, c, c),
        "before": block(2 * c, 2 * c),
        "between": {
            "norm": scale_shift(2 * c),
            **{name: affine(2 * c, 2 * c) for name in ("q", "k", "v", "out")},
        },
        "after": block(2 * c, 2 * c),
        "up": [block(4 * c, 2 * c), block(3 * c, 2 * c), block(3 * c, c), block(2 * c, c)],
        "larger": affine(3, 3, 2 * c, 2 * c),
        "norm": scale_shift(c),
        "last": affine(3, 3, c, 1),
    }

    def apply(p, x, t, labels):
        angles = t[:, None] * jnp.exp(jnp.arange(c // 2) * -0.6)
        condition = jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], 1)
        condition = dense(p["dense_2"], silu(dense(p["dense_1"], condition)))
        condition = condition + p["embedding"][labels]
        join = lambda i, h, seen: residual(p["up"][i], jnp.concatenate([h, seen], -1), condition)
        first = conv(p["first"], x)
        large = residual(p["down"][0], first, condition)
        smaller = conv(p["smaller"], large, 2)
        small = residual(p["down"][1], smaller, condition)
        h = attention(p["between"], residual(p["before"], small, condition))
        h = residual(p["after"], h, condition)
        h = join(1, join(0, h, small), smaller)
        h = conv(p["larger"], h.repeat(2, 1).repeat(2, 2))
        h = join(3, join(2, h, large), first)
        return conv(p["last"], silu(group_norm(p["norm"], h)))

    return parameters, apply


# ---- StyleGAN2 -----------------------------------------------------------------------------------

LINE = np.array([1, 3, 3, 1], "float32") / 8


def filtered(x: Any, gain: float = 1.0, up: int = 1, down: int = 1, pads: Any = (1, 1)) -> Any:
    """Each channel enlarged by zeros, blurred and thinned out.

    The blur is two sums of shifted images: a convolution in groups takes ten times as long here.
    """
    before, after = pads
    x = lax.pad(x, 0.0, [(0, 0, 0), *[(before, after + up - 1, up - 1)] * 2, (0, 0, 0)])
    for axis in (1, 2):
        length = x.shape[axis] - 3
        cuts = [lax.slice_in_dim(x, i, i + length, down, axis) for i in range(4)]
        x = sum(float(weight) * cut for weight, cut in zip(LINE, cuts))
    return gain * x


def activate(x: Any) -> Any:
    return jax.nn.leaky_relu(x, 0.2) * 2**0.5


def equalized(*shape: int, first_bias: float = 0.0, rate: float = 1.0) -> dict[str, Any]:
    """Weights that are scaled at every use, and a bias."""
    w = draw.standard_normal(shape, "float32") / np.float32(rate)
    return {"w": w, "b": np.full(shape[-1], first_bias, "float32")}


def scaled(p: Any, rate: float = 1.0) -> tuple[Any, Any]:
    """The kernel and the bias of equalized parameters."""
    return p["w"] * (rate / np.prod(p["w"].shape[:-1]) ** 0.5), p.get("b", 0.0) * rate


def modulated_parameters(latent: int, inputs: int, outputs: int, kernel: int) -> dict[str, Any]:
    return {
        "w": draw.standard_normal((kernel, kernel, inputs, outputs), "float32"),
        "style": equalized(latent, inputs, first_bias=1.0),
    }


def modulated(p: Any, x: Any, w: Any, up: bool = False, demodulate: bool = True) -> Any:
    style = dense(scaled(p["style"]), w)
    kernel = p["w"] / np.prod(p["w"].shape[:-1]) ** 0.5
    x = x * style[:, None, None]
    if up:
        x = lax.conv_transpose(
            x,
            kernel.swapaxes(2, 3),
            (2, 2),
            "VALID",
            dimension_numbers=LAYOUT,
            transpose_kernel=True,
        )
        x = filtered(x, 4.0)
    else:
        x = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=LAYOUT)
    if not demodulate:
        return x
    squares = style**2 @ (kernel**2).sum((0, 1))
    return x * lax.rsqrt(squares + 1e-8)[:, None, None]


def stylegan2_generator(levels: int, width: int, latent: int, depth: int) -> Network:
    ups = [False] + [up for _ in range(levels - 1) for up in (True, False)]
    conv_parameters = lambda: {
        "conv": modulated_parameters(latent, width, width, 3),
        "strength": np.float32(0),
        "bias": np.zeros(width, "float32"),
    }
    to_image = lambda: {
        "conv": modulated_parameters(latent, width, 1, 1),
        "bias": np.zeros(1, "float32"),
    }
    parameters = {
        "mapping": [equalized(latent, latent, rate=0.01) for _ in range(depth)],
        "constant": draw.standard_normal((4, 4, width), "float32"),
        "convs": [conv_parameters() for _ in ups],
        "to_images": [to_image() for _ in range(levels)],
    }

    def styled(p, x, w, key, up):
        y = modulated(p["conv"], x, w, up)
        noise = jax.random.normal(key, (*y.shape[:3], 1))
        return activate(y + p["strength"] * noise + p["bias"])

    def shown(p, x, w):
        return modulated(p["conv"], x, w, demodulate=False) + p["bias"]

    def mapped(p, z):
        w = z * lax.rsqrt((z**2).mean(1, keepdims=True) + 1e-8)
        for layer in p["mapping"]:
            w = activate(dense(scaled(layer, rate=0.01), w))
        return w

    def apply(p, z_1, z_2, key):
        k_first, *keys = jax.random.split(key, 1 + len(ups))
        first = jax.random.randint(k_first, (len(z_1), 1, 1), 1, 2 * levels)
        before = jnp.arange(2 * levels)[None, :, None] < first
        w = jnp.where(before, mapped(p, z_1)[:, None], mapped(p, z_2)[:, None])
        x = jnp.broadcast_to(p["constant"], (len(z_1), *p["constant"].shape))
        x = styled(p["convs"][0], x, w[:, 0], keys[0], False)
        image = shown(p["to_images"][0], x, w[:, 1])
        for i in range(1, levels):
            for j in (2 * i - 1, 2 * i):
                x = styled(p["convs"][j], x, w[:, j], keys[j], ups[j])
            enlarged = filtered(image, 4.0, up=2, pads=(2, 1))
            image = enlarged + shown(p["to_images"][i], x, w[:, 2 * i + 1])
        return jnp.tanh(image)

    return parameters, apply


def stylegan2_discriminator(levels: int, width: int) -> Network:
    def block_parameters():
        skip = equalized(1, 1, width, width)
        del skip["b"]
        conv, halve = (equalized(3, 3, width, width) for _ in range(2))
        return {"conv": conv, "halve": halve, "skip": skip}

    parameters = {
        "from_image": equalized(1, 1, 1, width),
        "blocks": [block_parameters() for _ in range(levels - 1)],
        "last": equalized(3, 3, width + 1, width),
        "dense_1": equalized(16 * width, width),
        "dense_2": equalized(width, 1),
    }

    def block(p, x):
        y = filtered(activate(conv(scaled(p["conv"]), x)), pads=(2, 2))
        y = activate(conv(scaled(p["halve"]), y, 2, "VALID"))
        return (y + conv(scaled(p["skip"]), filtered(x, down=2))) * 0.5**0.5

    def apply(p, x):
        x = activate(conv(scaled(p["from_image"]), x))
        for parameters in p["blocks"]:
            x = block(parameters, x)
        n, h, w, c = x.shape
        groups = x.reshape(4, n // 4, h, w, c) if n % 4 == 0 else x[None]
        deviation = jnp.sqrt(groups.var(0) + 1e-8).mean((1, 2, 3))
        deviation = jnp.tile(deviation, n // len(deviation))[:, None, None, None]
        x = jnp.concatenate([x, jnp.broadcast_to(deviation, (n, h, w, 1))], -1)
        x = activate(conv(scaled(p["last"]), x)).reshape(n, -1)
        return dense(scaled(p["dense_2"]), activate(dense(scaled(p["dense_1"]), x)))

    return parameters, apply
