"""Peak memory of training steps, each in a fresh process, by one method for every framework.

Counted is the resident size (VmHWM, reset through /proc/self/clear_refs) at its highest minus what it was before: activations,
gradients, optimizer state, workspaces, what allocators hold back. A small twin of the model trains first, so that code and
thread pools are loaded and not counted; model and data stand before the count begins. Blocks of 64 KiB and more are mapped
one by one (MALLOC_MMAP_THRESHOLD_), so that what is freed leaves the resident size. On a GPU: what the memory pool reserves.
    training     from the built model through its first three steps: with optimizer state and whatever else stays
    later step   one more step, above what stays between steps
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from typing import Any

from . import images
from .models import mlp
from .trainers import TRAINERS
from .transformers import encoder_block, gpt
from .workload import Row

FRAMEWORKS = ("minigrad", "torch")
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "131072"}
REGISTRY: dict[str, tuple[Row, Row]] = {
    big.name: (big, small)
    for big, small in [  # the model, its small twin
        (
            mlp("MLP 784-1024-1024-10, batch 1024", (784, 1024, 1024, 10), 1024),
            mlp("", (8, 8, 8, 4), 4),
        ),
        (mlp("MLP 784-128-10, batch 8192", (784, 128, 10), 8192), mlp("", (8, 8, 4), 4)),
        (
            encoder_block("Transformer block 256, 8 heads, (16, 64)", 16, 64, 256, 8),
            encoder_block("", 2, 4, 8, 2),
        ),
        (
            gpt("GPT 4 x 128, 4 heads, (16, 128)", 16, 128, 128, 4, 4, 100),
            gpt("", 2, 4, 8, 2, 1, 10),
        ),
    ]
}
REGISTRY |= {
    name: (Row(name, *images.network(name)), Row("", *images.network("CNN on digits", batch=2)))
    for name in images.NETWORKS
}
ROWS = list(REGISTRY)


class Meter:
    """Bytes held now, and the most that were held since `restart`."""

    def __init__(self, framework: str, device: str) -> None:
        self.pool = None
        if device == "cuda":
            self.pool = (_TorchPool if framework == "torch" else _CupyPool)()

    def restart(self) -> int:
        gc.collect()
        if self.pool:
            return self.pool.restart()
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        return _status("VmRSS")

    def peak(self) -> int:
        return self.pool.peak() if self.pool else _status("VmHWM")


def _status(name: str) -> int:
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))


class _TorchPool:
    def __init__(self) -> None:
        self.cuda: Any = importlib.import_module("torch").cuda

    def restart(self) -> int:
        self.cuda.empty_cache()
        self.cuda.reset_peak_memory_stats()
        return self.cuda.memory_reserved()

    def peak(self) -> int:
        return self.cuda.max_memory_reserved()


class _CupyPool:
    def __init__(self) -> None:
        self.pool: Any = importlib.import_module("cupy").get_default_memory_pool()

    def restart(self) -> int:
        self.pool.free_all_blocks()
        return self.pool.total_bytes()

    def peak(self) -> int:
        return (
            self.pool.total_bytes()
        )  # the pool gives nothing back unasked: what it has is the most it had


def peaks(framework: str, row: str, device: str) -> dict[str, Any]:
    """Bytes above the start, for the first three steps and for a later one."""
    big, small = REGISTRY[row]
    meter = Meter(framework, device)
    for _ in range(3):
        step = loop(small, framework, device)
        step()
    step = loop(big, framework, device)
    start = meter.restart()
    for _ in range(3):
        step()
    training = meter.peak() - start
    start = meter.restart()
    step()
    return {"samples": {"training": training, "later step": meter.peak() - start}}


def loop(row: Row, framework: str, device: str) -> Callable[[], Any]:
    return TRAINERS[framework](row.builders[framework], *row.data(), device)["loop"]
