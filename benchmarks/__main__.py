"""python -m benchmarks [--list] [--only SUITE] [--rows WORDS] [--quick] [--device cuda] ..."""

from __future__ import annotations

import argparse
import importlib
import itertools
import os
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import report
from .harness import ROOT, Burner, Worker, attempt, failures, measure_in_turns, record
from .limits import Speeds, Work, limit
from .suites import probe

SUITES = (
    "overhead",
    "kernels",
    "convolutions",
    "embeddings",
    "models",
    "generative",
    "scaling",
    "fit",
    "estimators",
    "busy",
    "memory",
)
ON_GPU = ("minigrad", "numpy", "torch")  # numpy: the baseline in CuPy
# suites that try every thread count; the others run on one thread
THREADED = ("kernels", "models", "generative", "fit")

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
    "estimators": 0.01,
    "busy": 0.2,
}


def parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        "python -m benchmarks", description="Time and memory of minigrad beside other frameworks."
    )
    p.add_argument("--list", action="store_true", help="print the suites and their rows, and stop")
    p.add_argument(
        "--only", choices=SUITES, action="append", help="only this suite (may be repeated)"
    )
    p.add_argument(
        "--rows",
        nargs="+",
        default=[],
        metavar="WORD",
        help="only rows whose name contains all of these, whatever the case",
    )
    p.add_argument("--frameworks", help="only these, with commas: minigrad,numpy,torch,jax,keras")
    p.add_argument(
        "--quick",
        action="store_true",
        help="two short rounds on one thread; saved only if --out is given",
    )
    p.add_argument(
        "--profile",
        action="store_true",
        help="also print where a step of minigrad spends its time, op by op",
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


def rows_of(suite: str, words: Iterable[str] = ()) -> list[str]:
    """The rows of a suite whose name contains all words, whatever the case."""
    module = importlib.import_module(f"benchmarks.suites.{suite}")
    wanted = " ".join(words).lower().split()
    return [row for row in module.ROWS if all(word in row.lower() for word in wanted)]


def print_rows(suites: Iterable[str], words: Iterable[str] = ()) -> None:
    """Each suite with its rows below it."""
    for suite in suites:
        print(suite, *(f"  {row}" for row in rows_of(suite, words)), sep="\n")


class Run:
    """The workers of one run, started when first needed, and what they measured."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.workers: dict[tuple[str, int], Worker | None] = {}
        self.records: list[report.Record] = []
        self.versions: dict[str, dict[str, str]] = {}
        self.missing: dict[str, str] = {}
        self.measured_speeds: dict[int, Speeds] = {}

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
        slow = getattr(module, "SLOW", []) if self.options.quick and not self.options.rows else []
        if slow:
            rows = [row for row in rows if row not in slow]
            print(f"left out of a quick run, unless --rows names them: {', '.join(slow)}")
        if suite == "memory":
            return self.measure_memory(module, rows)
        if suite == "busy":
            return self.measure_busy(module, rows)
        workers = self.pool(suite, module) if rows else []
        seconds = SECONDS[suite] * (0.2 if self.options.quick else 1)
        for row in rows:
            made = measure_in_turns(workers, suite, row, self.options.rounds, seconds)
            if suite in report.LIMITED and self.options.device == "cpu":
                self.add_limits(workers, suite, row, made)
            self.records += made

    def add_limits(
        self, workers: list[Worker], suite: str, row: str, made: list[report.Record]
    ) -> None:
        """Give the records of a row what the machine allows at their thread counts."""
        ours = next((worker for worker in workers if worker.framework == "minigrad"), None)
        counted = ours and attempt(ours, suite=suite, row=row, count=True)
        if counted:
            for r in made:
                r["limit"] = limit(Work(**counted["work"]), self.speeds(r["threads"]))
            if self.options.profile:
                print(report.profile(row, counted["ops"], self.speeds(ours.threads)), flush=True)

    def speeds(self, threads: int) -> Speeds:
        """The machine's speeds on so many threads, measured when first asked for."""
        if threads not in self.measured_speeds:
            with Worker("numpy", threads) as worker:
                records = measure_in_turns([worker], "probe", probe.ROWS[0], 3, 0.05)
            # the lower quartile: what the machine can do when left alone
            seconds = {r["variant"]: r["quartiles"][0] for r in records}
            self.measured_speeds[threads] = Speeds.of(seconds, threads)
        return self.measured_speeds[threads]

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

    def measure_busy(self, module: Any, rows: list[str]) -> None:
        """A step on all threads, in turns alone and while another process keeps one core busy."""
        threads = os.cpu_count() or 1
        workers = [w for f in module.FRAMEWORKS if (w := self.start(f, threads))]
        seconds = SECONDS["busy"] * (0.2 if self.options.quick else 1)
        for row in rows:
            for worker in workers:
                samples: dict[str, list[float]] = {}
                for _ in range(self.options.rounds):
                    for variant in module.VARIANTS:
                        with Burner(variant == "busy"):
                            answer = attempt(worker, suite="busy", row=row, seconds=seconds)
                        times = answer["samples"]["step"] if answer else []
                        samples.setdefault(variant, []).extend(times)
                for variant, times in samples.items():
                    if times:
                        made = record("busy", row, worker.framework, threads, variant, times)
                        self.records.append(made)
                worker.ask(suite="forget")
        for worker in workers:
            worker.close()

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
        speeds={threads: asdict(speeds) for threads, speeds in run.measured_speeds.items()},
        left_out=run.missing,
    )
    report.picture(folder / f"{name}.png", judged)


def main(argv: list[str] | None = None) -> int:
    """Measure, print, save; status 1 if something could not be measured that should have been."""
    options = arguments(argv)
    suites = [s for s in SUITES if not options.only or s in options.only]
    if options.device == "cuda" and "fit" in suites:
        suites.remove("fit")  # it compares with Keras, which is measured on the CPU
    if not any(rows_of(suite, options.rows) for suite in suites):
        print(f"no row has {' '.join(options.rows)!r} in its name; there are:")
        print_rows(suites)
        return 2
    if options.list:
        print_rows(suites, options.rows)
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
