"""What the adversarial networks on images share."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import ops
from minigrad.backend import Array
from minigrad.random import generator


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
        network: The generator, built.
        n: Number of images.
    """
    noise = generator().standard_normal((n, network.input_shape[-1]), np.float32)
    return network.predict(noise, verbose=0)
