"""Where the pixels of a resized image lie in the original."""

from __future__ import annotations

import numpy as np


def pixel_centers(old: int, new: int) -> np.ndarray:
    """The centers of `new` pixels over a line of `old` pixels, in coordinates of the old ones.

    The center of new pixel i is at (i + 1/2) * old / new - 1/2, moved into the range of the old
    centers, as in TensorFlow, and in PyTorch with align_corners=False.

    Args:
        old: Number of pixels of the original.
        new: Number of pixels of the result.

    Shape:
        (new,)

    Example:
        >>> pixel_centers(2, 4).tolist()
        [0.0, 0.25, 0.75, 1.0]
    """
    centers = (np.arange(new) + 0.5) * old / new - 0.5
    return centers.clip(0, old - 1)
