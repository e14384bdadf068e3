"""What the adversarial networks on images share."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from minigrad import Model, ops
from minigrad.backend import Array
from minigrad.random import generator, normal_like

from .film import Draw


class Adversarial(Model):
    """A generator G and a network D that judges its images, as one Model that `fit` trains.

    A subclass defines `train_step`; G follows `optimizer`, D `d_optimizer`. Called on noise, or by
    `predict`, it makes images.

    Args:
        generator: G, built.
        discriminator: D, built.

    Example:
        >>> from minigrad import Sequential
        >>> from minigrad.layers import Dense
        >>> g = Sequential(Dense(64, "tanh", input_shape=(10,)))
        >>> model = Adversarial(g, Sequential(Dense(1, input_shape=(64,))))
        >>> sample(model, 3).shape
        (3, 64)
    """

    def __init__(self, generator: Any, discriminator: Any) -> None:
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.build_from_shape(generator.input_shape[1:])

    def compile(self, g_optimizer: Any, d_optimizer: Any) -> None:  # type: ignore[override]
        """Choose the optimizers.

        Args:
            g_optimizer: That of G.
            d_optimizer: That of D.
        """
        super().compile(g_optimizer)
        self.d_optimizer = d_optimizer

    def call(self, z: Any) -> Any:
        """Images of noise."""
        return self.generator(z)

    def noise(self, images: Array) -> Array:
        """As many rows of standard normal noise as there are images, on their device.

        Args:
            images: Images, one per row.
        """
        return normal_like((len(images), self.generator.input_shape[-1]), like=images)


def same_samples(model: Adversarial, n: int = 64) -> Draw:
    """A function that returns the model's images of the same noise each time.

    Args:
        model: The model.
        n: Number of images.
    """
    noise = np.random.default_rng(0).standard_normal(
        (n, model.generator.input_shape[-1]), np.float32
    )
    return partial(model.predict, noise, verbose=0)


def check_range(name: str, images: Array) -> None:
    """Refuse images that a generator which ends in tanh cannot make.

    Args:
        name: Name of the model.
        images: Real images.

    Raises:
        ValueError: If a pixel is outside of -1..1, or none is below 0.
    """
    low, high = float(ops.min(images)), float(ops.max(images))
    if not -1.001 <= low < 0 <= high <= 1.001:
        raise ValueError(
            f"{name}: pixels in {low:.4g}..{high:.4g}: the generator makes images in -1..1: "
            "2 * x - 1 for images in 0..1, x / 127.5 - 1 for 0..255"
        )


def sample(network: Any, n: int) -> np.ndarray:
    """Images that a generator makes of fresh noise, in inference.

    Args:
        network: The generator, or an Adversarial model.
        n: Number of images.
    """
    shape = getattr(network, "generator", network).input_shape
    noise = generator().standard_normal((n, shape[-1]), np.float32)
    return network.predict(noise, verbose=0)
