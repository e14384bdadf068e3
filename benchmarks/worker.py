"""The child's side: `python -m benchmarks.worker FRAMEWORK DEVICE` builds training steps and times them, on request.

It reads one JSON request a line from standard input and answers with one line; whatever a library prints goes to
standard error. A stage module gives `steps(framework, row, device)`: a dictionary of functions, one a variant.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from typing import Any

MODULES = {
    "minigrad": ["minigrad", "numpy"],
    "numpy": ["numpy"],
    "torch": ["torch"],
    "keras": ["keras", "tensorflow"],
    "jax": ["jax"],
}
CHUNK = 0.004  # seconds of work between two looks at the clock


def clock(framework: str, device: str) -> Callable[[Callable[[], Any], int], float]:
    """A function that runs a step n times and gives the seconds taken, all work done; on a GPU by its events."""
    if device == "cuda":
        return _event_clock(framework)
    finish: Callable[[Any], Any] = lambda result: None
    if framework == "jax":
        finish = importlib.import_module(
            "jax"
        ).block_until_ready  # JAX returns before it has computed

    def timed(step: Callable[[], Any], n: int) -> float:
        start = time.perf_counter()
        for _ in range(n):
            result = step()
        finish(result)
        return time.perf_counter() - start

    return timed


def _event_clock(framework: str) -> Callable[[Callable[[], Any], int], float]:
    if framework == "torch":
        cuda: Any = importlib.import_module("torch").cuda
        event, elapsed = lambda: cuda.Event(enable_timing=True), lambda a, b: a.elapsed_time(b)
    else:
        cuda = importlib.import_module("cupy").cuda
        event, elapsed = cuda.Event, cuda.get_elapsed_time

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

    def __init__(self, steps: dict[str, Callable[[], Any]], timed: Callable[..., float]) -> None:
        self.steps, self.timed = steps, timed
        self.first = {name: timed(step, 1) for name, step in steps.items()}
        self.repeat = {name: max(1, int(CHUNK / self._warm(step))) for name, step in steps.items()}

    def _warm(self, step: Callable[[], Any]) -> float:
        """Run a step a few times; the best time."""
        times: list[float] = []
        while len(times) < 5 and sum(times) < 0.05:
            times.append(self.timed(step, 1))
        return min(times)

    def run(self, seconds: float) -> dict[str, list[float]]:
        """Seconds a step, one sample a chunk, the variants in turns until each has had about its `seconds`.

        Each begins with a step that does not count: while other processes had their turns, this one's memory went cold.
        """
        samples: dict[str, list[float]] = {name: [] for name in self.steps}
        for step in self.steps.values():
            self.timed(step, 1)
        spent = 0.0
        while spent < seconds * len(samples):
            for name, step in self.steps.items():
                took = self.timed(step, self.repeat[name])
                samples[name].append(took / self.repeat[name])
                spent += took
        return samples


def load(framework: str, device: str) -> dict[str, str]:
    """Import a framework and give the versions of what it stands on; raises RuntimeError if it cannot be served."""
    names = MODULES[framework] + ["cupy"] * (
        device == "cuda" and framework in ("minigrad", "numpy")
    )
    try:
        modules = [importlib.import_module(name) for name in names]
    except ModuleNotFoundError as cause:
        if cause.name not in names:
            raise
        raise RuntimeError(f"{cause.name} is not installed") from cause
    if device == "cuda" and not modules[-1].cuda.is_available():
        raise RuntimeError(f"{names[-1]} finds no GPU")
    versions = {m.__name__: str(getattr(m, "__version__", "of this tree")) for m in modules}
    if device == "cuda" and names[-1] == "cupy":
        versions["gpu"] = modules[-1].cuda.runtime.getDeviceProperties(0)["name"].decode()
    return {"python": sys.version.split()[0], **versions}


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
        stage, row = request["stage"], request.get("row")
        try:
            if stage == "forget":
                built.clear()
                answer({})
                continue
            module = importlib.import_module(f"benchmarks.suites.{stage}")
            if stage == "memory":
                answer(module.peaks(framework, row, device))
                continue
            if (stage, row) not in built:
                built[stage, row] = Measured(module.steps(framework, row, device), timed)
            measured = built[stage, row]
            answer({"samples": measured.run(request["seconds"]), "first": measured.first})
        except Exception:
            answer({"error": traceback.format_exc()})


def main() -> None:
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value: Any) -> None:
        channel.write(json.dumps(value) + "\n")
        channel.flush()

    serve(sys.argv[1], sys.argv[2], sys.stdin, answer)


if __name__ == "__main__":
    main()
