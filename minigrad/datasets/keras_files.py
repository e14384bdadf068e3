"""The files of Keras's data sets: found where Keras or minigrad keeps them, or fetched once."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from .cache import cache_dir, check_digest, fetch
from .preparation import Split

KERAS_DATA = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
T = TypeVar("T")


def find_file(name: str) -> Path:
    """Where a file is kept: in $MINIGRAD_HOME or ~/.minigrad, or already in ~/.keras/datasets.

    Keras's folder is looked at only if $MINIGRAD_HOME is not set.

    Args:
        name: The file, perhaps in a folder, or its whole path.
    """
    path = cache_dir() / name
    theirs = Path.home() / ".keras" / "datasets" / name
    has_own_home = "MINIGRAD_HOME" in os.environ
    return theirs if not path.exists() and theirs.exists() and not has_own_home else path


def read_or_fetch(
    name: str, digest: str, read: Callable[[Path], T], title: str, instead: str, url: str = ""
) -> T:
    """The content of a file, which is fetched if it is not there or damaged.

    Args:
        name: The file.
        digest: Its checksum, as "sha256:...".
        read: What reads it.
        title: The data set, for the error.
        instead: What to do without it, for the error.
        url: Its address; "" for Keras's own folder.

    Raises:
        RuntimeError: If it is not there and cannot be fetched.
    """
    path = find_file(name)
    try:
        with open(path, "rb") as file:
            check_digest(file, digest)
        return read(path)
    except (OSError, ValueError) as damage:
        is_missing = isinstance(damage, FileNotFoundError)
        reason = "is not there" if is_missing else f"is damaged ({damage})"
        path = cache_dir() / name
        fetch(url or KERAS_DATA + path.name, path, digest, f"{title}: {path} {reason}", instead)
        return read(path)


def shuffled_split(x: np.ndarray, y: np.ndarray, test_split: float, seed: int) -> Split:
    """Both parts, in Keras's order.

    Args:
        x: Rows.
        y: Their targets.
        test_split: Share of the rows for testing, the last ones of the order.
        seed: Seed of the order.

    Example:
        >>> (x, _), (x_test, _) = shuffled_split(np.arange(10), np.arange(10), 0.2, seed=113)
        >>> len(x), len(x_test)
        (8, 2)
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split must be in [0, 1), got {test_split!r}")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    cut = int(len(x) * (1 - test_split))
    train, test = order[:cut], order[cut:]
    return (x[train], y[train]), (x[test], y[test])
