"""CIFAR's files in their binary version, whose records are bytes and nothing else."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np

from ..utils.files import parsing
from .keras_files import read_or_fetch

HOME = "https://www.cs.toronto.edu/~kriz/"
PIXELS = 3 * 32 * 32


def read_records(
    archive: str, digest: str, members: dict[str, int], labels: int
) -> list[np.ndarray]:
    """The records of each file: labels, then the red, green and blue pixels.

    Args:
        archive: Name of the archive.
        digest: Its checksum.
        members: The files in it, and the number of records of each.
        labels: Bytes in front of the pixels.

    Raises:
        RuntimeError: If the archive is not there and cannot be fetched.
    """

    def read(path: Path) -> list[np.ndarray]:
        with parsing(path, "archive of CIFAR"), tarfile.open(path, "r:gz") as tar:
            return [_records(tar, name, rows, labels) for name, rows in members.items()]

    return read_or_fetch(
        archive,
        digest,
        read,
        "CIFAR",
        "use the embedded minigrad.datasets.digits28.load_data(flat=False)",
        HOME + archive,
    )


def _records(tar: tarfile.TarFile, name: str, rows: int, labels: int) -> np.ndarray:
    file = tar.extractfile(name)
    size = rows * (labels + PIXELS)
    data = b"" if file is None else file.read(size + 1)
    if len(data) != size:
        raise ValueError(f"{name} does not have {size} bytes")
    return np.frombuffer(data, np.uint8).reshape(rows, -1)


def as_images(records: np.ndarray, labels: int) -> np.ndarray:
    """The images (N, 32, 32, 3) of records.

    Args:
        records: Rows of bytes.
        labels: Bytes in front of the pixels.
    """
    planes = records[:, labels:].reshape(-1, 3, 32, 32)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
