"""python -m tests.kernels.on_gpu: each CUDA kernel held to its definition, then timed beside it.

A row is an op with inputs of a network's size. Its output and the gradients of all its inputs are
compared with those of the definition in float64; then forward and backward together are timed with
events: by the CUDA kernels, by those for any device ("cupy"), by the definition. A row that fails
is reported, and the next one begins.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import minigrad
from minigrad import Tensor, config, grad, ops, optimizers
from minigrad.backend import to_cpu
from minigrad.engine import kernel_table
from minigrad.kernels import cuda

TOLERANCES = {"float32": 2e-4, "float64": 1e-9}  # relative to the largest element
REPEATS = 15


class Row(NamedTuple):
    """One op at one size.

    Attributes:
        name: What is shown.
        call: call(*inputs) -> output; or the class of an optimizer, whose step is measured.
        inputs: Draws the inputs, floating ones in float64, from a generator and a size in (0, 1].
    """

    name: str
    call: Callable[..., Any]
    inputs: Callable[[np.random.Generator, float], list[Any]]


def _sized(n: int, size: float, least: int = 4) -> int:
    return max(least, int(n * size))


def _images(n: int, side: int, channels: int, *others: tuple[int, ...]) -> Callable[..., Any]:
    """Images, and arrays of fixed shapes beside them."""

    def draw(rng: np.random.Generator, size: float) -> list[Any]:
        pixels = _sized(side, size, 8)
        shapes = [(_sized(n, size, 2), pixels, pixels, channels), *others]
        return [rng.standard_normal(shape) * 0.3 for shape in shapes]

    return draw


def _rows(n: int, length: int, *others: str) -> Callable[..., Any]:
    """(n, length), and per word: its channels, labels, or rows like the first."""

    def draw(rng: np.random.Generator, size: float) -> list[Any]:
        rows, width = _sized(n, size), _sized(length, size, 8)
        made = {
            "channels": lambda: rng.standard_normal(width),
            "labels": lambda: rng.integers(0, width, rows),
            "targets": lambda: rng.dirichlet(np.ones(width), rows),
            "like": lambda: rng.standard_normal((rows, width)),
        }
        return [rng.standard_normal((rows, width)), *(made[word]() for word in others)]

    return draw


def _sequences(gates: int, biases: tuple[int, ...] = ()) -> Callable[..., Any]:
    """64 sequences of 50 steps, 128 -> 256 units, and what a recurrent op takes."""

    def draw(rng: np.random.Generator, size: float) -> list[Any]:
        n, steps, units = _sized(64, size), _sized(50, size, 3), _sized(256, size)
        shapes = (n, steps, units // 2), (units // 2, gates * units), (units, gates * units)
        bias = (*biases, gates * units)
        return [rng.standard_normal(shape) / units**0.5 for shape in (*shapes, bias)]

    return draw


def _heads(rng: np.random.Generator, size: float) -> list[Any]:
    """Queries, keys and values: 8 rows, 8 heads, 512 steps, 64 numbers."""
    shape = (2, 2, _sized(512, size, 8), 8) if size < 1 else (8, 8, 512, 64)
    return [rng.standard_normal(shape) for _ in range(3)]


def _tokens(rng: np.random.Generator, size: float) -> list[Any]:
    """Vectors of 10,000 tokens, and 64 sequences of 128."""
    vectors = rng.standard_normal((_sized(10_000, size), 256))
    return [vectors, rng.integers(0, len(vectors), (_sized(64, size), _sized(128, size)))]


def _parameters(rng: np.random.Generator, size: float) -> list[Any]:
    """The matrices and vectors of 24 layers, 25 million numbers."""
    width = _sized(1024, size)
    shapes = [(width, width), (width,)] * 24
    return [rng.standard_normal(shape) for shape in shapes]


def _masked_heads(rng: np.random.Generator, size: float) -> list[Any]:
    q, k, v = _heads(rng, size)
    visible = rng.random((len(q), 1, 1, q.shape[2])) < 0.8
    visible[..., 0] = True
    return [q, k, v, visible]


ROWS = [
    Row(
        "conv2d 3x3",
        partial(ops.conv2d, padding="same"),
        _images(64, 56, 64, (3, 3, 64, 64), (64,)),
    ),
    Row(
        "conv2d 5x5, strides 2",
        partial(ops.conv2d, strides=2, padding="same"),
        _images(64, 56, 32, (5, 5, 32, 64)),
    ),
    Row("conv2d 1x1", ops.conv2d, _images(64, 28, 256, (1, 1, 256, 64))),
    Row(
        "conv2d 3x3, 4 groups",
        partial(ops.conv2d, padding="same", groups=4),
        _images(64, 28, 64, (3, 3, 16, 64)),
    ),
    Row(
        "conv2d 3x3, depthwise",
        partial(ops.conv2d, padding="same", groups=64),
        _images(64, 56, 64, (3, 3, 1, 64)),
    ),
    Row(
        "conv2d_transpose 4x4",
        partial(ops.conv2d_transpose, strides=2, padding="same"),
        _images(64, 14, 128, (4, 4, 64, 128)),
    ),
    Row(
        "max_pool 3x3",
        partial(ops.max_pool, pool_size=3, strides=2, padding="same"),
        _images(64, 56, 64),
    ),
    Row(
        "average_pool 3x3",
        partial(ops.average_pool, pool_size=3, strides=2, padding="same"),
        _images(64, 56, 64),
    ),
    Row(
        "layer_norm",
        partial(ops.layer_norm, epsilon=1e-5),
        _rows(8192, 768, "channels", "channels"),
    ),
    Row("batch_norm", partial(ops.batch_norm, epsilon=1e-3), _images(64, 56, 64, (64,), (64,))),
    Row(
        "group_norm",
        partial(ops.group_norm, groups=8, epsilon=1e-3),
        _images(64, 56, 64, (64,), (64,)),
    ),
    Row("local_response_norm", ops.local_response_norm, _images(64, 27, 96)),
    Row("scale_shift", ops.scale_shift, _images(64, 56, 64, (64,), (64,))),
    Row("linear_relu", ops.linear_relu, _images(64, 8, 256, (256, 256), (256,))),
    Row("gelu", ops.gelu, _rows(8192, 3072)),
    Row("gelu by tanh", partial(ops.gelu, approximate=True), _rows(8192, 3072)),
    Row("softmax", ops.softmax, _rows(8192, 1000)),
    Row("sparse_cross_entropy", ops.sparse_cross_entropy, _rows(8192, 1000, "labels")),
    Row("cross_entropy", ops.cross_entropy, _rows(8192, 1000, "targets")),
    Row("binary_cross_entropy", ops.binary_cross_entropy, _rows(8192, 100, "targets")),
    Row("mean_squared_error", ops.mean_squared_error, _rows(8192, 100, "like")),
    Row("simple_rnn", ops.simple_rnn, _sequences(1)),
    Row("lstm", ops.lstm, _sequences(4)),
    Row("gru", ops.gru, _sequences(3, (2,))),
    Row("gru_reset_before", ops.gru_reset_before, _sequences(3)),
    Row("attention", ops.scaled_dot_product_attention, _heads),
    Row("attention, causal", partial(ops.scaled_dot_product_attention, causal=True), _heads),
    Row("attention, masked", ops.scaled_dot_product_attention, _masked_heads),
    Row("embedding", lambda vectors, ids: ops.take(vectors, ids, axis=0), _tokens),
    *(Row(kind.__name__, kind, _parameters) for kind in dict.fromkeys(optimizers.NAMES.values())),
]


# ---- runs ----------------------------------------------------------------------------------------


def place(inputs: list[Any], dtype: str) -> list[Any]:
    """The inputs on the default device, floating ones as Tensors with gradients."""
    xp = config.device_module()
    return [
        Tensor(xp.asarray(x.astype(dtype)), requires_grad=True)
        if x.dtype.kind == "f"
        else xp.asarray(x)
        for x in inputs
    ]


def prepare(row: Row, inputs: list[Any]) -> Callable[[], list[Any]]:
    """A call that gives the output and the gradients of all floating inputs.

    Of an optimizer, one that takes a step, each parameter being its own first gradient.
    """
    leaves = [x for x in inputs if isinstance(x, Tensor)]
    if isinstance(row.call, type):
        gradients = [x.data.copy() for x in leaves]
        optimizer = row.call(0.01)

        def step() -> list[Any]:
            optimizer.apply(gradients, leaves)
            return leaves

        return step

    def forward_and_backward() -> list[Any]:
        y = row.call(*inputs)
        return [y, *grad((y * y).sum(), leaves)]

    return forward_and_backward


def error(row: Row, inputs: list[Any], dtype: str) -> float:
    """The largest difference from the definition in float64, relative to the largest element."""
    with minigrad.default_dtype(dtype):
        found = prepare(row, place(inputs, dtype))()
    with minigrad.default_dtype("float64"), minigrad.use_kernels(False):
        wanted = prepare(row, place(inputs, "float64"))()
    errors = []
    for a, b in zip(found, wanted, strict=True):
        a, b = to_cpu(a.data), to_cpu(b.data)
        if a.dtype != dtype or a.shape != b.shape:
            raise ValueError(f"{a.dtype}{a.shape} stands where {dtype}{b.shape} belongs")
        errors.append(np.abs(a - b).max() / max(1e-30, np.abs(b).max()))
    return float(max(errors))


@contextlib.contextmanager
def without_cuda_kernels() -> Iterator[None]:
    """Ops run the kernels for any device."""
    changed = [kernel_table.kernels_of(kernel.op) for kernel in cuda.KERNELS]
    array_type = type(config.device_module().empty(0))
    try:
        for kernels in changed:
            others = kernel_table._table[kernels.op]
            fitting = [k for k in others if k.device == kernel_table.ANY_DEVICE]
            kernels[array_type] = fitting[0] if fitting else None
        yield
    finally:
        for kernels in changed:
            kernels.clear()


def milliseconds(call: Callable[[], Any], repeats: int) -> float:
    """The median time of a call, by events on a GPU."""
    xp = config.device_module()
    times = []
    for _ in range(repeats + 2):
        if hasattr(xp, "cuda"):
            start, stop = xp.cuda.Event(), xp.cuda.Event()
            start.record()
            call()
            stop.record()
            stop.synchronize()
            times.append(xp.cuda.get_elapsed_time(start, stop))
        else:
            begin = time.perf_counter()
            call()
            times.append(1e3 * (time.perf_counter() - begin))
    return statistics.median(times[2:])


def measure(row: Row, size: float, repeats: int) -> dict[str, Any]:
    """What is reported of a row; an exception is part of it."""
    result: dict[str, Any] = {"row": row.name, "passed": False}
    try:
        inputs = row.inputs(np.random.default_rng(0), size)
        result["error"] = {dtype: error(row, inputs, dtype) for dtype in TOLERANCES}
        result["passed"] = all(result["error"][d] <= most for d, most in TOLERANCES.items())
        run = prepare(row, place(inputs, "float32"))
        result["ms"] = {"cuda": milliseconds(run, repeats)}
        with without_cuda_kernels():
            result["ms"]["cupy"] = milliseconds(run, repeats)
        with minigrad.use_kernels(False):
            result["ms"]["definition"] = milliseconds(run, repeats)
    except Exception as cause:  # any: the other rows shall run
        result["passed"] = False
        result["exception"] = f"{type(cause).__name__}: {cause}"[:500]
    return result


def describe(result: dict[str, Any]) -> str:
    """A result as a line of the table."""
    errors = result.get("error", {})
    times = result.get("ms", {})
    numbers = [f"{errors[d]:.0e}" if d in errors else "-" for d in TOLERANCES]
    ways = ("cuda", "cupy", "definition")
    numbers += [f"{times[way]:.3f}" if way in times else "-" for way in ways]
    verdict = "passed" if result["passed"] else result.get("exception", "differs")
    return f"{result['row']:24}" + "".join(f"{n:>11}" for n in numbers) + f"  {verdict}"


HEAD = f"{'forward and backward':24}" + "".join(
    f"{word:>11}" for word in ("float32", "float64", "cuda ms", "cupy ms", "defin. ms")
)


def check(out: Path, size: float = 1.0, repeats: int = REPEATS) -> list[dict[str, Any]]:
    """Measure all rows on the default device, and write kernels.json and kernels.txt after each.

    Args:
        out: Folder for the results.
        size: 1 for a network's size, less for smaller inputs.
        repeats: How often a row is timed.
    """
    out.mkdir(parents=True, exist_ok=True)
    results = []
    print(HEAD, flush=True)
    for row in ROWS:
        results.append(measure(row, size, repeats))
        print(describe(results[-1]), flush=True)
        (out / "kernels.json").write_text(json.dumps(results, indent=1) + "\n")
        (out / "kernels.txt").write_text("\n".join([HEAD, *map(describe, results)]) + "\n")
    return results


def main() -> int:
    """Check on the GPU; the exit status is 1 if a row failed."""
    parser = argparse.ArgumentParser("python -m tests.kernels.on_gpu", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="a folder")
    options = parser.parse_args()
    with minigrad.device("cuda"):
        results = check(options.out)
    failed = [f"FAILED {result['row']}" for result in results if not result["passed"]]
    print("\n".join(failed) or f"all {len(results)} rows passed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
