"""python -m tests.gpu_check: everything that needs a GPU, in minutes, on a machine with CuPy alone.

Ops, kernels and the engine come first, checked to second order, then layers and optimizers, then
training and models, then the benchmarks beside PyTorch where that is installed. A part that fails
or runs out of time is reported, and the next one begins. Nothing has to be installed but CuPy,
pytest and what minigrad itself needs; with pytest-xdist the tests share the processors.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
TESTS = {
    "ops to second order": ["tests/ops", "tests/kernels", "tests/engine"],
    "layers and optimizers": [
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
        "tests/test_random.py",
        "tests/test_regularizers.py",
        "tests/test_set_losses.py",
    ],
    "training and models": ["tests/training", "tests/models", "tests/data", "tests/plots"],
}
BENCHMARKS = {
    "training steps": ["models"],
    "kernels": ["kernels", "convolutions", "embeddings"],
    "generative": ["generative"],
}
WORKERS = 14  # at most: each holds a context on the GPU


class Part(NamedTuple):
    """One part of the check.

    Attributes:
        name: What it checks.
        command: The words of its command line.
    """

    name: str
    command: list[str]


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
    found = [
        Part(name, [python, "-m", "pytest", *options, "-m", "not parity", *paths])
        for name, paths in TESTS.items()
    ]
    for name, suites in BENCHMARKS.items():
        only = [word for suite in suites for word in ("--only", suite)]
        words = [python, "-m", "benchmarks", "--device", "cuda", *only, "--out", str(out)]
        found.append(Part(f"benchmarks: {name}", words))
    return found


def run(part: Part, seconds: float, out: Path) -> dict[str, Any]:
    """Run a part, write its log, and return what came of it.

    Args:
        part: The part.
        seconds: The most it may take.
        out: Folder for the log.
    """
    log = out / f"{re.sub(r'[^a-z]+', '-', part.name)}.log"
    environment = {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg", **os.environ}
    start = time.monotonic()
    with open(log, "wb") as file:
        process = subprocess.Popen(
            part.command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
            status = None
    text = log.read_text(errors="replace")
    return {
        "part": part.name,
        "result": {0: "passed", None: "out of time"}.get(status, "failed"),
        "seconds": round(time.monotonic() - start, 1),
        "failures": re.findall(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE),
        "last_line": next((line for line in reversed(text.splitlines()) if line.strip()), ""),
    }


def check(every: Sequence[Part], minutes: float, out: Path) -> list[dict[str, Any]]:
    """Run all parts and write gpu-check.json after each.

    Args:
        every: The parts.
        minutes: The time for all of them.
        out: Folder for logs and results.
    """
    out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * minutes
    results: list[dict[str, Any]] = []
    for i, part in enumerate(every):
        # at most twice an equal part of what is left: what is not used is there for those after it
        seconds = (end - time.monotonic()) * min(1.0, 2 / (len(every) - i))
        print(f"{part.name} ...", flush=True)
        results.append(run(part, max(1.0, seconds), out))
        (out / "gpu-check.json").write_text(json.dumps(results, indent=1) + "\n")
        print(describe(results[-1]), flush=True)
    return results


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
