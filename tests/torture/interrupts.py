"""Ctrl-C at random moments: after each, everything is as before and training goes on."""

from __future__ import annotations

import gc
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import minigrad
from minigrad import Sequential
from minigrad.config import settings
from minigrad.data import Dataset
from minigrad.layers import BatchNormalization, Dense, Dropout, is_training

X = np.random.default_rng(0).standard_normal((32, 4)).astype("float32")
Y = X[:, :1]


def network() -> Sequential:
    model = Sequential(Dense(4, "relu", input_shape=(4,)), BatchNormalization(), Dropout(0.1))
    model.add(Dense(1))
    model.compile("adam", "mse", metrics=["mae"])
    return model


def scopes(model: Sequential) -> None:
    with minigrad.default_dtype("float64"), minigrad.no_grad(), minigrad.training():
        model(X)


def prefetch(model: Sequential) -> None:
    model.fit(Dataset(X, Y, batch_size=4, transform=lambda *parts: parts), epochs=2, verbose=0)


WORK: dict[str, Callable[[Sequential], Any]] = {
    "fit": lambda model: model.fit(X, Y, 8, 2, 0, validation_split=0.25),
    "train_on_batch": lambda model: [model.train_on_batch(X, Y) for _ in range(4)],
    "evaluate": lambda model: model.evaluate(X, Y, batch_size=4),
    "predict": lambda model: model.predict(X, batch_size=4),
    "prefetch": prefetch,
    "scopes": scopes,
}


@contextmanager
def no_garbage_of_others() -> Iterator[None]:
    """Free it before: an interrupt that strikes in a Python callback of it is lost.

    So is one that strikes in a callback of the collector, such as hypothesis has.
    """
    gc.collect()
    gc.freeze()
    callbacks, gc.callbacks[:] = gc.callbacks[:], []
    try:
        yield
    finally:
        gc.callbacks[:] = callbacks
        gc.unfreeze()


class Interrupter:
    """Raises KeyboardInterrupt once in the main thread, a given time from now."""

    armed = fired = False

    def __enter__(self) -> Interrupter:
        self.before = signal.signal(signal.SIGALRM, self._fire)
        return self

    def __exit__(self, *_: object) -> None:
        self.armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.before)

    def _fire(self, *_: object) -> None:
        if self.armed:
            self.armed, self.fired = False, True
            raise KeyboardInterrupt

    def run(self, work: Callable[[], Any], seconds: float) -> bool:
        """Run `work`; True if the interrupt came through, or came too late."""
        self.fired = False
        try:
            self.armed = True
            signal.setitimer(signal.ITIMER_REAL, seconds)
            work()
            self.armed = False
        except KeyboardInterrupt:
            return True
        finally:
            self.armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)
        return not self.fired


def now() -> list[Any]:
    """The settings of this thread, as far as an interrupt could leave them changed."""
    names = ("device", "default_dtype", "use_kernels", "recording", "training", "generator")
    values = [getattr(settings, name) for name in names]
    return [*values, is_training(), dict(settings.trainable_at_compile), settings.observer]


def run(count: int, seed: int) -> list[str]:
    """Interrupt `count` pieces of work; returns the faults."""
    chance = random.Random(seed)
    faults: list[str] = []
    swallowed: list[str] = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda found: swallowed.append(str(found.object))
    model, before, threads = network(), now(), threading.active_count()
    lengths = {name: _seconds(work, model) for name, work in WORK.items()}
    try:
        with no_garbage_of_others(), Interrupter() as interrupter:
            for i in range(count):
                name = chance.choice(list(WORK))
                after = chance.uniform(1e-5, lengths[name])
                came = interrupter.run(lambda name=name: WORK[name](model), after)  # type: ignore[misc]
                problems = _problems(model, before, threads)
                if not came or swallowed:
                    problems.append(f"swallowed in {swallowed}")
                swallowed.clear()
                faults += [f"{i}: {name} after {after * 1e3:.2f} ms: {p}" for p in problems]
                if problems:
                    _restore_settings()
                    model = network()
    finally:
        sys.unraisablehook = hook
    return faults


def _seconds(work: Callable[[Sequential], Any], model: Sequential) -> float:
    """The duration of a piece of work, once it is warm."""
    work(model)
    start = time.perf_counter()
    work(model)
    return time.perf_counter() - start


def _problems(model: Sequential, before: list[Any], threads: int) -> list[str]:
    """What an interrupt has left behind."""
    problems = []
    if now() != before:
        problems.append(f"settings are {now()}")
    deadline = time.monotonic() + 2
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.001)
    if threading.active_count() > threads:
        problems.append(f"threads left: {[t.name for t in threading.enumerate()]}")
    try:
        loss = model.train_on_batch(X, Y)[0]
        if not np.isfinite(loss):
            problems.append(f"the loss is {loss}")
    except Exception as error:  # any at all is a fault
        problems.append(f"trains no more: {error!r}")
    return problems


def _restore_settings() -> None:
    """So that one fault is counted once."""
    vars(settings).clear()
