"""The machine's speeds: copies in cache and out of it, and matrix products, small and large."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..limits import COPIED, MULTIPLIED

ROWS = ["speeds of the machine"]
FRAMEWORKS = ("numpy",)


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    """A copy or a product each; the large copy is divided over the threads."""
    threads = int(os.environ.get("OMP_NUM_THREADS", 1))
    copies = {
        "in cache": copy(COPIED["in cache"], 1),
        "out of cache": copy(COPIED["out of cache"], threads),
    }
    return copies | {name: product(size) for name, size in MULTIPLIED.items()}


def copy(size: int, threads: int) -> Callable[[], Any]:
    source, target = np.ones(size, "uint8"), np.zeros(size, "uint8")
    if threads == 1:
        return lambda: np.copyto(target, source)
    parts = [np.array_split(a, threads) for a in (target, source)]
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(np.copyto, *parts))


def product(size: int) -> Callable[[], Any]:
    a = np.ones((size, size), "float32")
    y = np.empty_like(a)
    return lambda: np.matmul(a, a, out=y)
