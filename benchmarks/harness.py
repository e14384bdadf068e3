"""The parent's side: workers, one framework at one thread count each, asked in turns.

Two threaded libraries in one process disturb each other, so each framework has its own processes.
They all stay alive but only one computes at a time, and every round asks all of them once: a slow
spell of the machine affects them alike.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
THREAD_VARIABLES = (
    "MINIGRAD_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",  # sizes the thread pool of XLA, which JAX uses
)
ON_CPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}


LONG_ROW, LONG_QUICK_ROW = 30.0, 2.0  # seconds
failures: list[str] = []  # what went wrong in this run; the command then ends with status 1


class WorkerError(RuntimeError):
    """A request that failed; the message is what the worker said."""


class Worker:
    """A process that serves one framework on `threads` threads, with JSON requests and answers."""

    def __init__(
        self,
        framework: str,
        threads: int,
        device: str = "cpu",
        python: str | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        self.framework = framework
        self.threads = threads
        environment = dict(os.environ, KERAS_BACKEND="tensorflow", TF_CPP_MIN_LOG_LEVEL="3")
        environment |= variables or {}
        environment |= dict.fromkeys(THREAD_VARIABLES, str(threads))
        if device == "cpu":
            environment |= ON_CPU
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in close()
        command = [python or sys.executable, "-m", "benchmarks.worker", framework, device]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        hello = self._answer()
        self.versions: dict[str, str] = hello.get("versions", {})
        # why the framework cannot be served, if it cannot
        self.missing: str | None = hello.get("missing")

    def ask(self, **request: Any) -> dict[str, Any]:
        """The answer to a request; raises WorkerError with the worker's output if it failed."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise WorkerError(f"{self.framework} at {request}:\n{answer['error']}")
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise WorkerError(f"the {self.framework} worker died:\n{self.log.read()[-2000:]}")
        return json.loads(line)

    def close(self) -> None:
        """End the process: it exits at the end of its input."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


class Burner:
    """Inside a `with` block, a process that keeps one core busy, if `burns`."""

    def __init__(self, burns: bool) -> None:
        command = [sys.executable, "-c", "while True: pass"]
        self.process = subprocess.Popen(command) if burns else None

    def __enter__(self) -> Burner:
        return self

    def __exit__(self, *_: Any) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def attempt(worker: Worker, **request: Any) -> dict[str, Any] | None:
    """worker.ask; a failure is shown and noted, and the answer is None."""
    try:
        return worker.ask(**request)
    except WorkerError as failure:
        failures.append(str(failure))
        print(f"failed: {failure}", flush=True)
        return None


def measure_in_turns(
    workers: Iterable[Worker], suite: str, row: str, rounds: int, seconds: float
) -> list[dict[str, Any]]:
    """In every round `seconds` of each variant of a row, from every worker.

    Returns one record per worker and variant, in seconds. A worker that fails is left out of the
    row; the others go on. A row that has taken LONG_ROW gets no further round after its second,
    and if there are but two rounds, none after its first.
    """
    active = list(workers)
    samples: dict[tuple[Worker, str], list[float]] = {}
    first: dict[tuple[Worker, str], float] = {}
    start = time.monotonic()
    least, patience = (2, LONG_ROW) if rounds > 2 else (1, LONG_QUICK_ROW)
    for done in range(rounds):
        if done >= least and time.monotonic() - start > patience:
            break
        for worker in list(active):
            answer = attempt(worker, suite=suite, row=row, seconds=seconds)
            if answer is None:
                active.remove(worker)
                continue
            for variant, times in answer["samples"].items():
                samples.setdefault((worker, variant), []).extend(times)
                first.setdefault((worker, variant), answer["first"][variant])
    for worker in active:
        worker.ask(suite="forget")
    records = []
    for (worker, variant), times in samples.items():
        if worker in active:
            made = record(suite, row, worker.framework, worker.threads, variant, times)
            records.append(dict(made, first=first[worker, variant]))
    return records


def record(
    suite: str, row: str, framework: str, threads: int, variant: str, values: list[float]
) -> dict[str, Any]:
    """The median of what was measured, with its quartiles."""
    quartiles = values * 3
    if len(values) > 1:
        quartiles = statistics.quantiles(values, n=4, method="inclusive")
    return {
        "suite": suite,
        "row": row,
        "framework": framework,
        "threads": threads,
        "variant": variant,
        "median": quartiles[1],
        "quartiles": [quartiles[0], quartiles[2]],
        "samples": len(values),
    }
