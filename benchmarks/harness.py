"""The parent's side: workers, one framework at one thread count each, asked in turns.

Two threaded libraries in one process disturb each other, so each framework has processes of its own. They all stay alive
but only one computes at a time, and every round asks all of them once: a slow spell of the machine hits them alike.
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
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "NPROC",
)  # NPROC sizes XLA's pool, that is JAX's
ON_CPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}


LONG = 30.0  # seconds
failures: list[str] = []  # what went wrong in this run; the command then ends with status 1


class WorkerError(RuntimeError):
    """A request that failed; the message is what the worker said."""


class Worker:
    """A process that serves one framework with `threads` threads, and answers JSON with JSON, line by line."""

    def __init__(
        self,
        framework: str,
        threads: int,
        device: str = "cpu",
        python: str | None = None,
        variables: dict[str, str] | None = None,
    ) -> None:
        self.framework, self.threads = framework, threads
        environment = {
            **os.environ,
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            **(variables or {}),
            **dict.fromkeys(THREAD_VARIABLES, str(threads)),
            **(ON_CPU if device == "cpu" else {}),
        }
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
        self.missing: str | None = hello.get(
            "missing"
        )  # why the framework cannot be served, if it cannot

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request, wait for the answer; raises WorkerError with the worker's last words if it died or failed."""
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
        """End the process: it leaves when its input does."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def attempt(worker: Worker, **request: Any) -> dict[str, Any] | None:
    """worker.ask; a failure is shown and noted, and the answer is None."""
    try:
        return worker.ask(**request)
    except WorkerError as failure:
        failures.append(str(failure))
        print(f"failed: {failure}", flush=True)
        return None


def in_turns(
    workers: Iterable[Worker], stage: str, row: str, rounds: int, seconds: float
) -> list[dict[str, Any]]:
    """Ask every worker in every round for `seconds` of each variant of a row: one record a worker and variant, in seconds.

    A worker that fails is left out of the row; the others go on. A row that has taken LONG gets no further round after its second.
    """
    workers = list(workers)
    samples: dict[tuple[Worker, str], list[float]] = {}
    first: dict[tuple[Worker, str], float] = {}
    start = time.monotonic()
    for done in range(rounds):
        if done > 1 and time.monotonic() - start > LONG:
            break
        for worker in list(workers):
            answer = attempt(worker, stage=stage, row=row, seconds=seconds)
            if answer is None:
                workers.remove(worker)
                continue
            for variant, times in answer["samples"].items():
                samples.setdefault((worker, variant), []).extend(times)
                first.setdefault((worker, variant), answer["first"][variant])
    for worker in workers:
        worker.ask(stage="forget")
    return [
        dict(record(stage, row, w.framework, w.threads, variant, times), first=first[w, variant])
        for (w, variant), times in samples.items()
        if w in workers
    ]


def record(
    stage: str, row: str, framework: str, threads: int, variant: str, values: list[float]
) -> dict[str, Any]:
    """The median of what was measured, with its quartiles."""
    low, middle, high = (
        statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    )
    return {
        "stage": stage,
        "row": row,
        "framework": framework,
        "threads": threads,
        "variant": variant,
        "median": middle,
        "quartiles": [low, high],
        "samples": len(values),
    }
