"""python -m benchmarks [--only STAGE] [--quick] [--device cuda] [--python NAME=PATH] [--out DIR]"""

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
from .harness import ROOT, Worker, attempt, failures, in_turns, record

STAGES = ("overhead", "kernels", "convolutions", "embeddings", "models", "scaling", "fit", "memory")
ON_GPU = ("minigrad", "numpy", "torch")  # numpy: CuPy by hand
# of each variant in a round; a fit runs once
SECONDS = {
    "overhead": 0.25,
    "kernels": 0.05,
    "convolutions": 0.2,
    "embeddings": 0.2,
    "models": 0.2,
    "scaling": 0.1,
    "fit": 0.01,
}


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m benchmarks", description="Time and memory of minigrad beside other frameworks."
    )
    parser.add_argument(
        "--only", choices=STAGES, action="append", help="measure this stage only (may be repeated)"
    )
    parser.add_argument("--rows", default="", help="only rows whose name contains this")
    parser.add_argument(
        "--frameworks", help="only these, with commas: minigrad,numpy,torch,jax,keras"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="two short rounds, one thread; saved only if --out is given",
    )
    parser.add_argument(
        "--device", choices=("cpu", "cuda"), default="cpu", help="cuda times with events"
    )
    parser.add_argument(
        "--threads",
        default="1,2",
        help="thread counts to try in training steps; the better one counts",
    )
    parser.add_argument(
        "--python",
        action="append",
        default=[],
        metavar="NAME=PATH",
        help="the interpreter that serves a framework, e.g. keras=/env/bin/python (also MINIGRAD_BENCH_PYTHON, "
        "with commas)",
    )
    parser.add_argument(
        "--out", type=Path, help="where the JSON and the picture go (benchmarks/results)"
    )
    options = parser.parse_args(argv)
    pairs = [
        pair
        for pair in (*os.environ.get("MINIGRAD_BENCH_PYTHON", "").split(","), *options.python)
        if pair
    ]
    options.python = dict(pair.split("=", 1) for pair in pairs)
    options.threads = (
        [1]
        if options.quick or options.device == "cuda"
        else [int(n) for n in options.threads.split(",")]
    )
    options.rounds = 2 if options.quick else 5
    options.frameworks = options.frameworks and options.frameworks.split(",")
    return options


class Run:
    """The workers of one run, started when first needed, and what they measured."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.workers: dict[tuple[str, int], Worker | None] = {}
        self.records: list[report.Record] = []
        self.versions: dict[str, dict[str, str]] = {}
        self.missing: dict[str, str] = {}

    def start(self, framework: str, threads: int, **variables: str) -> Worker | None:
        """A new worker, or None for a framework that cannot be served, which is said once."""
        if (
            framework in self.missing
            or self.options.frameworks
            and framework not in self.options.frameworks
        ):
            return None
        worker = Worker(
            framework, threads, self.options.device, self.options.python.get(framework), variables
        )
        if worker.missing:
            self.missing[framework] = worker.missing
            print(f"left out: {framework} ({worker.missing})", flush=True)
            worker.close()
            return None
        self.versions[framework] = worker.versions
        return worker

    def pool(self, stage: str, module: Any) -> list[Worker]:
        """The stage's workers: every framework at each thread count; what an op or a kernel costs is measured on one thread."""
        frameworks = [f for f in module.FRAMEWORKS if self.options.device == "cpu" or f in ON_GPU]
        keys = list(
            itertools.product(
                frameworks, self.options.threads if stage in ("models", "fit") else [1]
            )
        )
        for key in keys:
            if key not in self.workers:
                self.workers[key] = self.start(*key)
        return [worker for key in keys if (worker := self.workers[key])]

    def stage(self, stage: str) -> None:
        module = importlib.import_module(f"benchmarks.suites.{stage}")
        rows = [row for row in module.ROWS if self.options.rows in row]
        if stage == "memory":
            return self.memory(module, rows)
        workers = self.pool(stage, module)
        for row in rows:
            seconds = SECONDS[stage] * (0.2 if self.options.quick else 1)
            self.records += in_turns(workers, stage, row, self.options.rounds, seconds)

    def memory(self, module: Any, rows: list[str]) -> None:
        """Each figure from a process of its own."""
        for row, framework in itertools.product(rows, module.FRAMEWORKS):
            samples: dict[str, list[float]] = {}
            for _ in range(1 if self.options.quick else 2):
                worker = self.start(framework, 1, **module.ALLOCATOR)
                if worker is None:
                    break
                with worker:
                    answer = attempt(worker, stage="memory", row=row) or {"samples": {}}
                for variant, peak in answer["samples"].items():
                    samples.setdefault(variant, []).append(peak)
            self.records += [
                record("memory", row, framework, 1, variant, values)
                for variant, values in samples.items()
            ]


def main(argv: list[str] | None = None) -> int:
    """Measure, print, save; the exit status is 1 if something could not be measured that should have been."""
    options = arguments(argv)
    stages = [s for s in STAGES if not options.only or s in options.only]
    if options.device == "cuda" and "fit" in stages:
        stages.remove("fit")  # its partner, Keras, is measured on the CPU
    run, start = Run(options), time.perf_counter()
    try:
        for stage in stages:
            print(f"measuring {stage} ...", flush=True)
            run.stage(stage)
    finally:
        for worker in filter(None, run.workers.values()):
            worker.close()
    judged = report.judge(run.records)
    if not judged:
        print("nothing was measured")
        return 1
    print("\n" + report.table(judged))
    bars = [r["met"] for r in judged if r["met"] is not None]
    print(f"\n{sum(bars)} of {len(bars)} bars met, {time.perf_counter() - start:.0f} s")
    if busy := sum(report.spread(r) > 0.2 for r in judged):
        print(f"{busy} figures spread by more than 20%: was the machine busy with something else?")
    if options.quick and not options.out:
        return bool(failures)
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
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
