"""python -m tests.gpu_check: everything that needs a GPU, in minutes, on a machine with CuPy alone.

The CUDA kernels come first, each held to its definition and timed beside it; then ops and the
engine, checked to second order, layers and optimizers, training and models; then training steps
beside PyTorch where that is installed, timed with events. A part has minutes of its own, and those
that earlier ones left; one that fails or runs out of time is reported, and the next one begins.
gpu-check.json and gpu-check.txt hold what came of all, and grow with each part. Nothing has to be
installed but CuPy, pytest and what minigrad itself needs; with pytest-xdist the tests share the
processors.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
TESTS = {
    "ops to second order": (1.3, ["tests/ops", "tests/kernels", "tests/engine"]),
    "layers and optimizers": (
        0.6,
        [
            "tests/layers",
            "tests/optimizers",
            "tests/metrics",
            "tests/test_activations.py",
            "tests/test_backend.py",
            "tests/test_config.py",
            "tests/test_constraints.py",
            "tests/test_generators.py",
            "tests/test_initializers.py",
            "tests/test_losses.py",
            "tests/test_sklearn.py",
            "tests/test_triplets.py",
            "tests/test_random.py",
            "tests/test_regularizers.py",
            "tests/test_set_losses.py",
        ],
    ),
    "training and models": (0.8, ["tests/training", "tests/models", "tests/data", "tests/plots"]),
}
BENCHMARKS = {
    "training steps": (2.1, ["models"]),
    "generative": (0.8, ["generative"]),
    "kernels": (1.0, ["kernels", "convolutions", "embeddings"]),
}
KERNEL_MINUTES = 1.4
WORKERS = 14  # at most: each holds a context on the GPU


class Part(NamedTuple):
    """One part of the check.

    Attributes:
        name: What it checks.
        command: The words of its command line.
        minutes: Its share of the time.
    """

    name: str
    command: list[str]
    minutes: float = 1.0


def parts(out: Path) -> list[Part]:
    """All parts, the most telling first.

    Args:
        out: Folder for the figures of the benchmarks.
    """
    python = sys.executable
    shared = []
    if importlib.util.find_spec("xdist"):
        shared = ["-n", str(min(WORKERS, os.cpu_count() or 1))]
    options = ["--device", "cuda", "--tb=short", "-rfE", "-p", "no:cacheprovider", *shared]
    kernels = [python, "-m", "tests.kernels.on_gpu", "--out", str(out)]
    found = [Part("CUDA kernels", kernels, KERNEL_MINUTES)]
    for name, (minutes, paths) in TESTS.items():
        words = [python, "-m", "pytest", *options, "-m", "not parity", *paths]
        found.append(Part(name, words, minutes))
    for name, (minutes, suites) in BENCHMARKS.items():
        only = [word for suite in suites for word in ("--only", suite)]
        words = [python, "-m", "benchmarks", "--device", "cuda", *only, "--out", str(out)]
        found.append(Part(f"benchmarks: {name}", words, minutes))
    return found


GRACE = 5.0  # seconds for a part to end, once it is asked to


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a part with all processes that it has started: one left would hold the GPU."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)


def run(part: Part, seconds: float, out: Path) -> dict[str, Any]:
    """Run a part, write its log, and return what came of it.

    Args:
        part: The part.
        seconds: The most it may take.
        out: Folder for the log.
    """
    log = out / f"{re.sub(r'[^a-z]+', '-', part.name.lower())}.log"
    environment = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", **os.environ}
    start = time.monotonic()
    with open(log, "wb") as file:
        process = subprocess.Popen(
            part.command,
            cwd=ROOT,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            stop(process)
    text = log.read_text(errors="replace")
    return {
        "part": part.name,
        "result": {0: "passed", None: "out of time"}.get(status, "failed"),
        "seconds": round(time.monotonic() - start, 1),
        "failures": re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", text, re.MULTILINE),
        "last_line": next((line for line in reversed(text.splitlines()) if line.strip()), ""),
    }


def check(every: Sequence[Part], minutes: float, out: Path) -> list[dict[str, Any]]:
    """Run all parts, and write gpu-check.json and gpu-check.txt after each.

    Args:
        every: The parts.
        minutes: The time for all of them; each has its share, and what those before it left.
        out: Folder for logs and results.
    """
    out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * minutes
    scale = 60 * minutes / sum(part.minutes for part in every)
    results: list[dict[str, Any]] = []
    head = machine()
    for i, part in enumerate(every):
        of_others = scale * sum(later.minutes for later in every[i + 1 :])
        print(f"{part.name} ...", flush=True)
        results.append(run(part, max(1.0, end - time.monotonic() - of_others), out))
        whole = {"machine": head, "parts": results}
        (out / "gpu-check.json").write_text(json.dumps(whole, indent=1) + "\n")
        lines = [f"{what}: {value}" for what, value in head.items()]
        for result in results:
            lines += ["", result["part"], describe(result)]
        (out / "gpu-check.txt").write_text("\n".join(lines) + "\n")
        print(describe(results[-1]), flush=True)
    return results


def machine() -> dict[str, str]:
    """What the figures belong to: the GPU, and the versions of what computes."""
    found = {"python": sys.version.split()[0]}
    for name in ("numpy", "torch", *(f"cupy-cuda{n}x" for n in (11, 12, 13)), "cupy"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    words = ["nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        found["gpu"] = subprocess.run(
            words, capture_output=True, text=True, timeout=20, check=True
        ).stdout.strip()
    return found


def describe(result: dict[str, Any]) -> str:
    """A result as lines of text.

    Args:
        result: What `run` returned.
    """
    lines = [f"  {result['result']} in {result['seconds']} s: {result['last_line']}"]
    return "\n".join([*lines, *(f"    {test}" for test in result["failures"])])


def main(arguments: Sequence[str] | None = None) -> int:
    """Check, and return the exit status: 1 if a part failed, 3 without a GPU.

    Args:
        arguments: Words of the command line; None for those of the process.
    """
    parser = argparse.ArgumentParser("python -m tests.gpu_check", description=__doc__)
    parser.add_argument("--minutes", type=float, default=8.0, help="for all parts; default 8")
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "gpu_check", help="a folder")
    options = parser.parse_args(arguments)
    from .conftest import has_gpu

    if not has_gpu():
        print("no GPU: CuPy is not installed or finds none, so nothing was checked")
        return 3
    results = check(parts(options.out), options.minutes, options.out)
    bad = [result["part"] for result in results if result["result"] != "passed"]
    print(f"\n{len(results) - len(bad)} of {len(results)} parts passed; results in {options.out}")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())
