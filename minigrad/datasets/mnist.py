"""MNIST: 70,000 handwritten digits, fetched once."""

from __future__ import annotations

import http.client
from pathlib import Path

import numpy as np

from ..arguments import explains_arguments
from ..config import as_data
from ..utils.files import read_npz, write_npz
from .cache import cache_dir
from .preparation import Split, as_labels, scale_pixels


@explains_arguments
def load_data(flat: bool = True, scale: str | None = "unit") -> Split:
    """(images, labels): 60,000 for training and 10,000 for testing.

    Fetched from openml.org and kept as mnist.npz under $MINIGRAD_HOME or ~/.minigrad. Keras's
    mnist.npz has the same format and may be put there as well.

    Args:
        flat: True for rows of pixels, False for images.
        scale: "unit" (0..1), "signed" (-1..1, for tanh), "standard" (each pixel with mean 0 and
            standard deviation 1 over the training part) or None (0..255).

    Shape:
        images: (N, 784), or (N, 28, 28, 1); labels: (N,) in 0..9

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.
        ValueError: If the scale is unknown.

    References:
        LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document
        recognition.

    Example:
        >>> (x, y), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    path = cache_dir() / "mnist.npz"
    try:
        arrays = _read(path)
    except FileNotFoundError:
        arrays = _fetch(path, f"{path} is not there")
    except (OSError, ValueError) as damage:
        arrays = _fetch(path, f"{path} is damaged ({damage})")
    x_train, x_test = (
        arrays[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("x_train", "x_test")
    )
    x_train, x_test = scale_pixels(x_train, x_test, scale, 255)
    if not flat:
        x_train, x_test = x_train.reshape(-1, 28, 28, 1), x_test.reshape(-1, 28, 28, 1)
    train = as_data(x_train), as_labels(arrays["y_train"])
    test = as_data(x_test), as_labels(arrays["y_test"])
    return train, test


def _read(path: Path) -> dict[str, np.ndarray]:
    """The four arrays of the file."""
    arrays = read_npz(path, {"x_train": 3, "y_train": 1, "x_test": 3, "y_test": 1})
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.shape != (len(y), 28, 28):
            raise ValueError(f"images of shape {x.shape} beside labels of shape {y.shape}")
    return arrays


def _fetch(path: Path, reason: str) -> dict[str, np.ndarray]:
    """Download MNIST and keep it at `path`."""
    from sklearn.datasets import fetch_openml

    try:
        images, labels = fetch_openml(
            "mnist_784", version=1, as_frame=False, return_X_y=True, cache=False, parser="liac-arff"
        )
    except (OSError, ValueError, http.client.HTTPException) as cause:
        raise RuntimeError(
            f"MNIST: {reason}, and it could not be fetched from openml.org "
            f"({type(cause).__name__}: {cause}). Connect to a network and try again, put Keras's "
            "mnist.npz there, or use the embedded minigrad.datasets.digits28.load_data(), which "
            "has the same shapes"
        ) from cause
    x = np.asarray(images).reshape(-1, 28, 28).astype(np.uint8)
    y = np.asarray(labels).astype(np.uint8)
    arrays = {"x_train": x[:60000], "y_train": y[:60000], "x_test": x[60000:], "y_test": y[60000:]}
    write_npz(path, arrays)
    return arrays
