"""python -m benchmarks [--list] [--only SUITE] [--quick] [--device cuda] [--out FOLDER] ..."""

from __future__ import annotations

import argparse
import importlib
import itertools
import os
import sys
import time
from pathlib import Path
from typing import Any

from . import report
from .harness import ROOT, Worker, attempt, failures, measure_in_turns, record

SUITES = (
    "overhead",
    "kernels",
    "convolutions",
    "embeddings",
    "models",
    "generative",
    "scaling",
    "fit",
    "memory",
)
ON_GPU = ("minigrad", "numpy", "torch")  # numpy: the baseline in CuPy
THREADED = (
    "models",
    "generative",
    "fit",
)  # suites that try every thread count; the others run on one thread

# seconds of each variant in a round; a fit runs once
SECONDS = {
    "overhead": 0.25,
    "kernels": 0.05,
    "convolutions": 0.2,
    "embeddings": 0.2,
    "models": 0.2,
    "generative": 0.2,
    "scaling": 0.1,
    "fit": 0.01,
}


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        "python -m benchmarks", description="Time and memory of minigrad beside other frameworks."
    )
    p.add_argument("--list", action="store_true", help="print the suites and their rows, and stop")
    p.add_argument(
        "--only", choices=SUITES, action="append", help="only this suite (may be repeated)"
    )
    p.add_argument("--rows", default="", help="only rows whose name contains this")
    p.add_argument("--frameworks", help="only these, with commas: minigrad,numpy,torch,jax,keras")
    p.add_argument(
        "--quick",
        action="store_true",
        help="two short rounds on one thread; saved only if --out is given",
    )
    p.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="cuda is timed with events"
    )
    p.add_argument(
        "--threads",
        default="1,2",
        help="thread counts to try in training steps; the better one counts",
    )
    p.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="the interpreter that serves a framework, e.g. keras=/env/bin/python "
        "(also MINIGRAD_BENCH_PYTHON, with commas)",
    )
    p.add_argument(
        "--out", type=Path, help="folder of the JSON file and pictures (benchmarks/results)"
    )
    return p


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    """The options of the command line, with the environment's interpreters."""
    options = parser().parse_args(argv)
    pairs = [*os.environ.get("MINIGRAD_BENCH_PYTHON", "").split(","), *options.python]
    options.python = dict(pair.split("=", 1) for pair in pairs if pair)
    if options.quick or options.device == "cuda":
        options.threads = [1]
    else:
        options.threads = [int(n) for n in options.threads.split(",")]
    options.rounds = 2 if options.quick else 5
    options.frameworks = options.frameworks and options.frameworks.split(",")
    return options


def rows_of(suite: str, text: str = "") -> list[str]:
    """The rows of a suite whose name contains `text`."""
    module = importlib.import_module(f"benchmarks.suites.{suite}")
    return [row for row in module.ROWS if text in row]


class Run:
    """The workers of one run, started when first needed, and what they measured."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.workers: dict[tuple[str, int], Worker | None] = {}
        self.records: list[report.Record] = []
        self.versions: dict[str, dict[str, str]] = {}
        self.missing: dict[str, str] = {}

    def start(self, framework: str, threads: int, **variables: str) -> Worker | None:
        """A new worker, or None for a framework that cannot be served, which is printed once."""
        options = self.options
        excluded = options.frameworks and framework not in options.frameworks
        if excluded or framework in self.missing:
            return None
        python = options.python.get(framework)
        worker = Worker(framework, threads, options.device, python, variables)
        if worker.missing:
            self.missing[framework] = worker.missing
            print(f"left out: {framework} ({worker.missing})", flush=True)
            worker.close()
            return None
        self.versions[framework] = worker.versions
        return worker

    def pool(self, suite: str, module: Any) -> list[Worker]:
        """The suite's workers: every framework, at each thread count if the suite is threaded."""
        frameworks = [f for f in module.FRAMEWORKS if self.options.device == "cpu" or f in ON_GPU]
        threads = self.options.threads if suite in THREADED else [1]
        keys = list(itertools.product(frameworks, threads))
        for key in keys:
            if key not in self.workers:
                self.workers[key] = self.start(*key)
        return [worker for key in keys if (worker := self.workers[key])]

    def measure(self, suite: str) -> None:
        """Measure all rows of a suite."""
        module = importlib.import_module(f"benchmarks.suites.{suite}")
        rows = rows_of(suite, self.options.rows)
        if suite == "memory":
            return self.measure_memory(module, rows)
        workers = self.pool(suite, module)
        seconds = SECONDS[suite] * (0.2 if self.options.quick else 1)
        for row in rows:
            self.records += measure_in_turns(workers, suite, row, self.options.rounds, seconds)

    def measure_memory(self, module: Any, rows: list[str]) -> None:
        """Each figure from a process of its own."""
        for row, framework in itertools.product(rows, module.FRAMEWORKS):
            samples: dict[str, list[float]] = {}
            for _ in range(1 if self.options.quick else 2):
                worker = self.start(framework, 1, **module.ALLOCATOR)
                if worker is None:
                    break
                with worker:
                    answer = attempt(worker, suite="memory", row=row) or {"samples": {}}
                for variant, peak in answer["samples"].items():
                    samples.setdefault(variant, []).append(peak)
            for variant, peaks in samples.items():
                self.records.append(record("memory", row, framework, 1, variant, peaks))

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers.values():
            if worker:
                worker.close()


def save(run: Run, judged: list[report.Record]) -> None:
    """The JSON file and the pictures of a run."""
    options = run.options
    folder = options.out or ROOT / "benchmarks" / "results"
    folder.mkdir(parents=True, exist_ok=True)
    name = "-".join([options.device, *(options.only or [])])
    report.save(
        folder / f"{name}.json",
        judged,
        run.records,
        device=options.device,
        threads=options.threads,
        rounds=options.rounds,
        versions=run.versions,
        left_out=run.missing,
    )
    report.picture(folder / f"{name}.png", judged)


def main(argv: list[str] | None = None) -> int:
    """Measure, print, save; status 1 if something could not be measured that should have been."""
    options = arguments(argv)
    suites = [s for s in SUITES if not options.only or s in options.only]
    if options.device == "cuda" and "fit" in suites:
        suites.remove("fit")  # it compares with Keras, which is measured on the CPU
    if options.list:
        for suite in suites:
            print(suite, *(f"  {row}" for row in rows_of(suite, options.rows)), sep="\n")
        return 0
    run, start = Run(options), time.perf_counter()
    try:
        for suite in suites:
            print(f"measuring {suite} ...", flush=True)
            run.measure(suite)
    finally:
        run.close()
    judged = report.judge(run.records)
    if not judged:
        print("nothing was measured")
        return 1
    print("\n" + report.table(judged))
    met = [r["met"] for r in judged if r["met"] is not None]
    print(f"\n{sum(met)} of {len(met)} targets met, {time.perf_counter() - start:.0f} s")
    if busy := sum(report.spread(r) > 0.2 for r in judged):
        print(f"{busy} figures spread by more than 20%: was the machine busy with something else?")
    if options.out or not options.quick:
        save(run, judged)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
