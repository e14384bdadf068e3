"""The machine's speeds: copies in cache and out of it, and matrix products, small and large."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..limits import COPIED, MULTIPLIED
from .numpy_baseline import array_module

ROWS = ["speeds of the machine"]
FRAMEWORKS = ("numpy",)


def steps(framework: str, row: str, device: str) -> dict[str, Callable[[], Any]]:
    """A copy or a product each; the large copy is divided over the threads."""
    xp = array_module(device)
    threads = int(os.environ.get("OMP_NUM_THREADS", 1))
    copies = {
        "in cache": copy(xp, COPIED["in cache"], 1),
        "out of cache": copy(xp, COPIED["out of cache"], threads),
    }
    return copies | {name: product(xp, size) for name, size in MULTIPLIED.items()}


def copy(xp: Any, size: int, threads: int) -> Callable[[], Any]:
    source, target = xp.ones(size, "uint8"), xp.zeros(size, "uint8")
    if threads == 1:
        return lambda: xp.copyto(target, source)
    parts = [xp.array_split(a, threads) for a in (target, source)]
    pool = ThreadPoolExecutor(threads)
    return lambda: list(pool.map(xp.copyto, *parts))


def product(xp: Any, size: int) -> Callable[[], Any]:
    a = xp.ones((size, size), "float32")
    y = xp.empty_like(a)
    return lambda: xp.matmul(a, a, out=y)
