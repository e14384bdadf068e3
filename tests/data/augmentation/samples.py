"""Random images."""

import numpy as np

rng = np.random.default_rng(0)

PIXELS = rng.random((6, 8, 10, 3), np.float32)

SQUARE = rng.random((5, 7, 7, 1), np.float32)
