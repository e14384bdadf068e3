"""scikit-learn's two photographs."""

from __future__ import annotations

import numpy as np

from ..config import as_data

# ---- pictures and words --------------------------------------------------------------------------------------------


def load_data() -> np.ndarray:
    """The two photographs that scikit-learn brings, a Chinese temple and a flower: (2, 427, 640, 3) in 0..1."""
    from sklearn.datasets import load_sample_image

    return as_data(
        np.stack([load_sample_image(name) for name in ("china.jpg", "flower.jpg")]) / 255
    )
