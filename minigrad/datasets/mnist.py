"""MNIST: 70,000 handwritten digits, fetched once."""

from __future__ import annotations

import http.client
from pathlib import Path

import numpy as np

from ..arguments import explains_arguments
from ..config import as_data
from ..utils.files import read_npz, write_npz
from .keras_files import find_file
from .preparation import Split, scale_pixels


@explains_arguments
def load_data(path: str = "mnist.npz", flat: bool | None = None, scale: str | None = None) -> Split:
    """(images, labels): 60,000 for training and 10,000 for testing; of uint8, as Keras gives them.

    Fetched from openml.org and kept as mnist.npz under $MINIGRAD_HOME or ~/.minigrad. Keras's
    mnist.npz has the same format: it may be put there, and is found in ~/.keras/datasets.

    Args:
        path: The file, under those folders, or its whole path.
        flat: True for rows of pixels (N, 784), False for images (N, 28, 28, 1), None for Keras's
            (N, 28, 28).
        scale: "unit" (0..1), "signed" (-1..1, for tanh), "standard" (each pixel with mean 0 and
            standard deviation 1 over the training part); None for 0..255 in uint8.

    Shape:
        images: (N, 28, 28), (N, 784) or (N, 28, 28, 1); labels: (N,) in 0..9

    Raises:
        RuntimeError: If the file is not there and cannot be fetched.
        ValueError: If the scale is unknown.

    References:
        LeCun, Bottou, Bengio & Haffner 1998, Gradient-based learning applied to document
        recognition.

    Example:
        >>> (x, y), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    file = find_file(path)
    try:
        arrays = _read(file)
    except FileNotFoundError:
        arrays = _fetch(file, f"{file} is not there")
    except (OSError, ValueError) as damage:
        arrays = _fetch(file, f"{file} is damaged ({damage})")
    images = [arrays[name].reshape(-1, 784) for name in ("x_train", "x_test")]
    if scale is not None:
        x, x_test = (x.astype(np.float32) / 255 for x in images)
        images = [as_data(x) for x in scale_pixels(x, x_test, scale, 255)]
    shape = {None: (28, 28), True: (784,), False: (28, 28, 1)}[flat]
    x_train, x_test = (x.reshape(-1, *shape) for x in images)
    return (x_train, arrays["y_train"]), (x_test, arrays["y_test"])


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
