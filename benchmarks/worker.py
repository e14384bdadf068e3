"""The child's side: `python -m benchmarks.worker FRAMEWORK DEVICE` builds and times training steps.

It reads one JSON request per line from standard input and answers with one line; whatever a library
prints goes to standard error. A suite has `steps(framework, row, device)`, which returns a function
per variant.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

MODULES = {
    "minigrad": ["minigrad", "numpy"],
    "numpy": ["numpy"],
    "torch": ["torch"],
    "keras": ["keras", "tensorflow"],
    "jax": ["jax"],
}
CHUNK = 0.004  # seconds of work between two readings of the clock
WARM_STEPS, WARM_SECONDS = 12, 0.3
LONG_STEP = 0.1  # seconds; memory that went cold does not show in it

Timer = Callable[[Callable[[], Any], int], float]  # timer(step, n): seconds of n steps


def clock(framework: str, device: str) -> Timer:
    """A function that runs a step n times and returns the seconds taken; by events on a GPU."""
    if device == "cuda":
        return _event_clock(framework)
    finish: Callable[[Any], Any] = lambda result: None
    if framework == "jax":
        # JAX returns before it has computed
        finish = importlib.import_module("jax").block_until_ready

    def timed(step: Callable[[], Any], n: int) -> float:
        start = time.perf_counter()
        for _ in range(n):
            result = step()
        finish(result)
        return time.perf_counter() - start

    return timed


def _event_clock(framework: str) -> Timer:
    if framework == "torch":
        cuda: Any = importlib.import_module("torch").cuda
        event = lambda: cuda.Event(enable_timing=True)
        elapsed = lambda start, end: start.elapsed_time(end)
    else:
        cuda = importlib.import_module("cupy").cuda
        event = cuda.Event
        elapsed = cuda.get_elapsed_time

    def timed(step: Callable[[], Any], n: int) -> float:
        start, end = event(), event()
        start.record()
        for _ in range(n):
            step()
        end.record()
        end.synchronize()
        return elapsed(start, end) / 1000

    return timed


class Measured:
    """The variants of a row, built, run once (`first` is how long that took) and warm."""

    def __init__(self, steps: dict[str, Callable[[], Any]], timed: Timer) -> None:
        self.steps = steps
        self.timed = timed
        self.first = {name: timed(step, 1) for name, step in steps.items()}
        self.warm = {name: self._warm(step) for name, step in steps.items()}
        self.repeat = {name: max(1, int(CHUNK / warm)) for name, warm in self.warm.items()}

    def _warm(self, step: Callable[[], Any]) -> float:
        """Run a step until it is captured, or for WARM_SECONDS; the best time."""
        times: list[float] = []
        while len(times) < WARM_STEPS and sum(times) < WARM_SECONDS:
            times.append(self.timed(step, 1))
        return min(times)

    def run(self, seconds: float) -> dict[str, list[float]]:
        """Seconds per step, one sample per chunk, the variants in turns for `seconds` each.

        Each begins with a step that does not count: its memory went cold while other processes ran.
        """
        samples: dict[str, list[float]] = {name: [] for name in self.steps}
        for name, step in self.steps.items():
            if self.warm[name] < LONG_STEP:
                self.timed(step, 1)
        spent = 0.0
        while spent < seconds * len(samples):
            for name, step in self.steps.items():
                took = self.timed(step, self.repeat[name])
                samples[name].append(took / self.repeat[name])
                spent += took
        return samples


def load(framework: str, device: str) -> dict[str, str]:
    """Import a framework; the versions of its modules. RuntimeError if it cannot be served."""
    names = list(MODULES[framework])
    if device == "cuda" and framework in ("minigrad", "numpy"):
        names.append("cupy")
    try:
        modules = [importlib.import_module(name) for name in names]
    except ModuleNotFoundError as cause:
        if cause.name not in names:
            raise
        raise RuntimeError(f"{cause.name} is not installed") from cause
    if device == "cuda" and not modules[-1].cuda.is_available():
        raise RuntimeError(f"{names[-1]} finds no GPU")
    if device == "cuda" and framework == "torch":
        modules[-1].backends.cudnn.allow_tf32 = False  # its convolutions round to 10 bits otherwise
    versions = {m.__name__: str(getattr(m, "__version__", "of this tree")) for m in modules}
    if device == "cuda" and names[-1] == "cupy":
        versions["gpu"] = modules[-1].cuda.runtime.getDeviceProperties(0)["name"].decode()
    if framework == "minigrad" and modules[0].kernels.compiled.is_wanted():
        versions["numba"] = version("numba")
    if "numpy" in versions:
        versions["blas"] = blas()
    return {"python": sys.version.split()[0], **versions}


def blas() -> str:
    """The BLAS of NumPy, and the processor that it computes for: OPENBLAS_CORETYPE may name another
    one, which can halve its speed."""
    from threadpoolctl import threadpool_info  # other frameworks' environments may lack it

    libraries = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = {f"{x['internal_api']} {x.get('architecture', '')}".strip() for x in libraries}
    return ", ".join(sorted(names))


def serve(
    framework: str, device: str, requests: Iterable[str], answer: Callable[[Any], None]
) -> None:
    """Answer requests until there are no more."""
    try:
        answer({"versions": load(framework, device)})
    except RuntimeError as cause:
        return answer({"missing": str(cause)})
    timed = clock(framework, device)
    built: dict[tuple[str, str], Measured] = {}
    for line in requests:
        request = json.loads(line)
        try:
            answer(_respond(request, framework, device, timed, built))
        except Exception:
            answer({"error": traceback.format_exc()})


def _respond(
    request: dict[str, Any], framework: str, device: str, timed: Timer, built: dict[Any, Measured]
) -> dict[str, Any]:
    """Time a row, which is built at its first request, or measure its memory."""
    suite, row = request["suite"], request.get("row")
    if suite == "forget":
        built.clear()
        return {}
    module = importlib.import_module(f"benchmarks.suites.{suite}")
    if suite == "memory":
        return module.peaks(framework, row, device)
    if request.get("count"):
        return _count(module.steps(framework, row, device))
    if (suite, row) not in built:
        built[suite, row] = Measured(module.steps(framework, row, device), timed)
    measured = built[suite, row]
    return {"samples": measured.run(request["seconds"]), "first": measured.first}


def _count(steps: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """The work of a row's first variant, and its ops with their seconds, the slowest first."""
    from .counting import Counter

    step = next(iter(steps.values()))
    step()
    with Counter() as counter:
        step()
    entries = sorted(counter.entries.items(), key=lambda item: -item[1].seconds)
    ops = [{"op": name, **asdict(entry)} for name, entry in entries]
    return {"work": asdict(counter.total.work), "ops": ops}


def main() -> None:
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value: Any) -> None:
        channel.write(json.dumps(value) + "\n")
        channel.flush()

    serve(sys.argv[1], sys.argv[2], sys.stdin, answer)


if __name__ == "__main__":
    main()
