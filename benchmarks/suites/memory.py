"""Peak memory of training steps, each in a fresh process, by one method for every framework.

Counted is the peak of the resident size (VmHWM, reset through /proc/self/clear_refs) minus the size
before: activations, gradients, optimizer state, workspaces, what allocators hold back. A small
model of the same kind trains first, so that code and thread pools are loaded and not counted; the
model and its data exist before the count begins. Blocks of 64 KiB and more are mapped one by one
(MALLOC_MMAP_THRESHOLD_), so that freed memory leaves the resident size. On a GPU: what the memory
pool reserves.
    training     from the built model through its first twelve steps, with optimizer state and, if
                 the step is captured, its program
    later step   one more step, above what stays between steps
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

from . import generative, images
from .models import mlp
from .recurrent import RECURRENT, recurrent
from .trainers import TRAINERS
from .transformers import encoder_block, gpt
from .workload import Workload

FRAMEWORKS = ("minigrad", "torch")
STEPS = 12  # until a step is captured
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "131072"}
REGISTRY: dict[str, tuple[Workload, Workload]] = {
    big.name: (big, small)
    for big, small in [  # the model, and a small one of its kind
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
    name: (
        Workload(name, *images.network(name)),
        Workload("", *images.network("CNN on digits", batch=2)),
    )
    for name in images.NETWORKS
}
REGISTRY |= {
    row.name: (row, recurrent("", kind, 2, 3, 4, 4, vocabulary))
    for row, kind, vocabulary in [
        (recurrent("LSTM 128 -> 256, T 50, batch 64", "LSTM", 64, 50, 128, 256), "LSTM", 0),
        (recurrent("GRU 128 -> 64, T 200, batch 32", "GRU", 32, 200, 128, 64), "GRU", 0),
        (RECURRENT[-1], "LSTM", 10),
    ]
}
ROWS = [*REGISTRY, *generative.ROWS]


class Meter:
    """Bytes in use now, and their peak since `restart`."""

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
        return self.pool.total_bytes()  # the pool frees nothing unasked: this is its peak


def peaks(framework: str, row: str, device: str) -> dict[str, Any]:
    """Bytes above the start, for the first steps and for a later one."""
    big, small = makers(row)
    meter = Meter(framework, device)
    if framework == "minigrad":
        load_loops()
    for _ in range(3):
        step = small(framework, device)
        step()
    step = big(framework, device)
    start = meter.restart()
    for _ in range(STEPS):
        step()
    training = meter.peak() - start
    start = meter.restart()
    step()
    return {"samples": {"training": training, "later step": meter.peak() - start}}


def load_loops() -> None:
    """Load all compiled loops, where Numba is installed: code is not counted."""
    from minigrad.kernels import compiled
    from minigrad.kernels.__main__ import compile_all

    if compiled.is_wanted():
        compile_all()


def makers(row: str) -> list[Callable[[str, str], Callable[[], Any]]]:
    """Functions of framework and device that make the steps of a row, and small ones."""
    if row in generative.ROWS:
        return [
            lambda framework, device, n=n: generative.steps(framework, row, device, n)["step"]
            for n in (64, 2)
        ]
    return [partial(judged_step, workload) for workload in REGISTRY[row]]


def judged_step(workload: Workload, framework: str, device: str) -> Callable[[], Any]:
    """The step that is judged: train_on_batch of ours; loops use as much."""
    build = workload.builders[framework]
    variants = TRAINERS[framework](build, *workload.data(), device)
    return variants["train_on_batch" if framework == "minigrad" else "loop"]
