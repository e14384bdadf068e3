"""scikit-learn's two photographs."""

from __future__ import annotations

import numpy as np

from ..arguments import explains_arguments
from ..config import as_data


@explains_arguments
def load_data() -> np.ndarray:
    """A Chinese temple and a flower, in 0..1.

    Shape:
        (2, 427, 640, 3)

    Example:
        >>> load_data().shape
        (2, 427, 640, 3)
    """
    from sklearn.datasets import load_sample_image

    images = [load_sample_image(name) for name in ("china.jpg", "flower.jpg")]
    return as_data(np.stack(images) / 255)
