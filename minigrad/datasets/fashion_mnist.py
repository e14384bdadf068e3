"""Fashion-MNIST: 70,000 images of clothes in ten classes, fetched once."""

from __future__ import annotations

import gzip
from functools import partial
from pathlib import Path

import numpy as np

from ..utils.files import parsing
from .keras_files import read_or_fetch
from .preparation import Split

FILES = {  # of Zalando's repository, with the checksums that it states
    "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
}
MAX_BYTES = 60000 * 784  # of a file, behind its header


def load_data() -> Split:
    """(images, labels): 60,000 for training and 10,000 for testing, of uint8, as Keras gives them.

    Kept in fashion-mnist/ under $MINIGRAD_HOME or ~/.minigrad; Keras's copies are used too.

    Shape:
        images: (N, 28, 28) in 0..255; labels: (N,) in 0..9

    Raises:
        RuntimeError: If a file is not there and cannot be fetched.

    References:
        Xiao, Rasul & Vollgraf 2017, arXiv:1708.07747.

    Example:
        >>> (x, y), (x_test, y_test) = load_data()  # doctest: +SKIP
    """
    x, y, x_test, y_test = (
        read_or_fetch(
            f"fashion-mnist/{name}",
            digest,
            partial(_read, rank=3 if "images" in name else 1),
            "Fashion-MNIST",
            "use the embedded minigrad.datasets.digits28.load_data(), which has the same shapes",
        )
        for name, digest in FILES.items()
    )
    return (x, y), (x_test, y_test)


def _read(path: Path, rank: int) -> np.ndarray:
    """An array of bytes in LeCun's idx format: a magic number, big-endian sizes, the elements."""
    with parsing(path, "idx file"), gzip.open(path, "rb") as file:
        magic = int.from_bytes(file.read(4), "big")
        if magic != 0x800 + rank:
            raise ValueError(f"its magic number is {magic}, not {0x800 + rank}")
        shape = [int.from_bytes(file.read(4), "big") for _ in range(rank)]
        data = file.read(MAX_BYTES + 1)
        return np.frombuffer(data, np.uint8).reshape(shape).copy()
