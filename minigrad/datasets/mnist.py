"""MNIST."""

from __future__ import annotations

import http.client
import zipfile
from pathlib import Path

import numpy as np

from ..config import as_data
from ..utils.files import write_npz
from .cache import cache_dir
from .preparation import Split, _labels, _scaled

# ---- mnist, the one that must be fetched ---------------------------------------------------------------------------


def load_data(flat: bool = True, scale: str | None = "unit") -> Split:
    """The 60,000 + 10,000 handwritten digits of MNIST (LeCun et al., 1998), shaped and scaled as digits28's.

    Fetched once from openml.org and kept as mnist.npz (the format of Keras's file, which may be put there as well) under
    $MINIGRAD_HOME or ~/.minigrad. Raises RuntimeError when it is not there and cannot be fetched.
    """
    path = cache_dir() / "mnist.npz"
    try:
        arrays = _read_mnist(path)
    except FileNotFoundError:
        arrays = _fetch_mnist(path, f"{path} is not there")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as damage:
        arrays = _fetch_mnist(path, f"{path} is damaged ({damage})")
    x_train, x_test = (
        arrays[name].reshape(-1, 784).astype(np.float32) / 255 for name in ("x_train", "x_test")
    )
    x_train, x_test = _scaled(x_train, x_test, scale, 255)
    if not flat:
        x_train, x_test = x_train.reshape(-1, 28, 28, 1), x_test.reshape(-1, 28, 28, 1)
    return (as_data(x_train), _labels(arrays["y_train"])), (
        as_data(x_test),
        _labels(arrays["y_test"]),
    )


def _read_mnist(path: Path) -> dict[str, np.ndarray]:
    """The four arrays of the file; raises ValueError or an error of the zip format if it is not what it should be."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in ("x_train", "y_train", "x_test", "y_test")}
    for part in ("train", "test"):
        x, y = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if x.shape != (len(y), 28, 28) or y.ndim != 1:
            raise ValueError(f"images of shape {x.shape} beside labels of shape {y.shape}")
    return arrays


def _fetch_mnist(path: Path, reason: str) -> dict[str, np.ndarray]:
    """Download MNIST and keep it at `path`."""
    from sklearn.datasets import fetch_openml

    try:
        images, labels = fetch_openml(
            "mnist_784", version=1, as_frame=False, return_X_y=True, cache=False, parser="liac-arff"
        )
    except (OSError, ValueError, http.client.HTTPException) as cause:
        raise RuntimeError(
            f"MNIST: {reason}, and it could not be fetched from openml.org ({type(cause).__name__}: {cause}). "
            "Connect to a network and try again, put Keras's mnist.npz there, or use the embedded "
            "minigrad.datasets.digits28.load_data(), which has the same shapes"
        ) from cause
    x, y = (
        np.asarray(images).reshape(-1, 28, 28).astype(np.uint8),
        np.asarray(labels).astype(np.uint8),
    )
    arrays = {"x_train": x[:60000], "y_train": y[:60000], "x_test": x[60000:], "y_test": y[60000:]}
    write_npz(path, arrays)
    return arrays
