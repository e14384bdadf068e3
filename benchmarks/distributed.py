"""Weak scaling: the step of two processes with B rows each beside that of one with B rows.

    OMP_NUM_THREADS=1 mpiexec -n 2 python -m benchmarks.distributed

Epochs of `fit` alone, of all processes apart from each other, and together follow in turns; medians
count. Apart shows what processes that share a machine cost each other; together, what the sums of
gradients add, beside what `minigrad.distributed.step_time` says of the latency and bandwidth
measured here.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential, distributed
from minigrad.callbacks import Callback
from minigrad.layers import LSTM, Dense, Input

STEPS, ROUNDS = 100, 5  # per epoch; epochs of each kind


def cnn() -> Any:
    import models

    return models.load("cnn_mnist").cnn_mnist()


def mlp() -> Any:
    return Sequential([Input((784,)), Dense(128, activation="relu"), Dense(10, "softmax")])


def lstm() -> Any:
    return Sequential([Input((20, 64)), LSTM(128), Dense(10, "softmax")])


# the model, the shape of a row, and the rows of a process per step
WORKLOADS: dict[str, tuple[Callable[[], Any], tuple[int, ...], int]] = {
    "cnn_mnist, 32 rows": (cnn, (28, 28, 1), 32),
    "MLP 784-128-10, 128 rows": (mlp, (784,), 128),
    "LSTM (20, 64) -> 128, 32 rows": (lstm, (20, 64), 32),
}


class Clock(Callback):
    """When each epoch begins."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: dict[str, float]) -> None:
        self.times.append(time.perf_counter())


def seconds_per_step(model: Any, x: np.ndarray, y: np.ndarray, rows: int, steps: int) -> float:
    """The time of an epoch of `fit` by its number of steps, without what comes before the first."""
    clock, x, y = Clock(), x[: rows * steps], y[: rows * steps]
    model.fit(x, y, batch_size=rows, epochs=2, verbose=0, callbacks=[clock])
    return (clock.times[1] - clock.times[0]) / steps


def measure(group: Any, workload: str, steps: int) -> dict[str, float]:
    """Median seconds per step of one process alone, of all apart, and of all together."""
    make, shape, rows = WORKLOADS[workload]
    minigrad.seed(0)
    together, apart = make(), make()
    rng = np.random.default_rng(0)
    x = rng.standard_normal((group.size * rows * steps, *shape), np.float32)
    y = rng.integers(0, 10, len(x))
    for model in (together, apart):
        model.compile("adam", "sparse_categorical_crossentropy")
    times: dict[str, list[float]] = {"alone": [], "apart": [], "together": []}
    for i in range(ROUNDS + 1):
        for kind, found in times.items():
            group.any(True)
            if kind == "together":
                seconds = seconds_per_step(together, x, y, group.size * rows, steps)
            elif kind == "apart" or group.rank == 0:
                with group.alone():
                    seconds = seconds_per_step(apart, x, y, rows, steps)
            if i and group.rank == 0:
                found.append(seconds)
    if group.rank:
        return {}
    return {kind: statistics.median(found) for kind, found in times.items()}


def sum_seconds(group: Any, elements: int, repeats: int = 200) -> float:
    """The median time of a sum over all processes."""
    array, times = np.zeros(elements, np.float32), []
    for _ in range(repeats):
        start = time.perf_counter()
        group.sum(array)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main(words: list[str]) -> None:
    """Print a table of all workloads, or of those whose names contain one of the words."""
    group = distributed.initialize()
    latency = sum_seconds(group, 2) / max(1, 2 * (group.size - 1))
    size = 1 << 22
    long = sum_seconds(group, size // 4, 50)
    # all_reduce_time solved for the bandwidth
    bandwidth = size / group.size / (long / max(1, 2 * (group.size - 1)) - latency)
    if group.rank == 0:
        print(f"{group.size} processes: {latency * 1e6:.1f} us, {bandwidth / 1e9:.2f} GB/s")
        heads = ["ms alone", "apart", "together", "said"]
        ratios = ["efficiency", "of apart"]
        print(f"{'':32}" + "".join(f"{h:>10}" for h in heads) + "".join(f"{r:>12}" for r in ratios))
    for workload in WORKLOADS:
        if words and not any(word.lower() in workload.lower() for word in words):
            continue
        steps = STEPS if "MLP" not in workload else 4 * STEPS
        times = measure(group, workload, steps)
        nbytes = 4 * WORKLOADS[workload][0]().count_params()
        if group.rank == 0:
            said = distributed.step_time(times["apart"], nbytes, group.size, latency, bandwidth)
            seconds = [times["alone"], times["apart"], times["together"], said]
            ratios = [times[kind] / times["together"] for kind in ("alone", "apart")]
            cells = [f"{1e3 * t:10.2f}" for t in seconds] + [f"{ratio:12.2f}" for ratio in ratios]
            print(f"{workload:32}" + "".join(cells), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
