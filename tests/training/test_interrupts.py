"""Ctrl-C at any place of a training: it arrives, and leaves no mode, lock or thread behind."""

from __future__ import annotations

import contextlib
import random
import signal
import sys
import threading
import time

import numpy as np
import pytest

import minigrad
from minigrad import Sequential, config
from minigrad.data import Dataset
from minigrad.engine.graph import ledger
from minigrad.layers import Dense, Dropout
from minigrad.training import capture

from ..conftest import DEFAULTS
from ..torture.interrupts import no_garbage_of_others


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    monkeypatch.setattr(capture, "WARM_UP", 0)  # so that captured steps are interrupted, too
    with no_garbage_of_others():
        ledger._forget_freed()  # of other tests: lines of its loop would be counted here
        yield


X = np.random.default_rng(0).standard_normal((24, 3)).astype(np.float32)
Y = np.arange(24) % 2


def build():
    minigrad.seed(1)
    model = Sequential(Dense(4, "relu", input_shape=(3,)), Dropout(0.5), Dense(2))
    model.compile("adam", "mse", metrics=["mae"])
    return model


def jitter(x, *rest):
    return (x + minigrad.random.generator().normal(size=x.shape).astype(np.float32), *rest)


def fit(model):
    data = Dataset(X, np.eye(2)[Y], batch_size=8, transform=jitter)
    model.fit(data, epochs=2, verbose=0, validation_data=data)


ACTIONS = {
    "fit": fit,
    "fit_arrays": lambda model: model.fit(
        X, np.eye(2)[Y], batch_size=8, verbose=0, validation_split=0.5
    ),
    "train_on_batch": lambda model: model.train_on_batch(X, np.eye(2)[Y]),
    "evaluate": lambda model: model.evaluate(Dataset(X, np.eye(2)[Y], batch_size=8)),
    "predict": lambda model: model.predict(Dataset(X, batch_size=8)),
}


def visible():
    return {name: getattr(config.settings, name) for name in DEFAULTS}


def own_threads():
    """The threads of fit; helpers of compiled loops are those of the process."""
    names = [t.name for t in threading.enumerate() if t.name.startswith("minigrad")]
    return [name for name in names if not name.startswith("minigrad helper")]


def assert_nothing_left(before):
    assert visible() == before
    deadline = time.monotonic() + 10
    while own_threads() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert not own_threads()


class Interrupter:
    """Raises KeyboardInterrupt before the k-th line that runs inside of the package."""

    def __init__(self, k=None):
        self.k = k
        self.lines = 0

    def __enter__(self):
        sys.settrace(self.call)

    def __exit__(self, *_):
        sys.settrace(None)

    def call(self, frame, event, _):
        inside = frame.f_globals.get("__name__", "").startswith(("minigrad", "contextlib"))
        return self.line if inside else None

    def line(self, frame, event, _):
        if event == "line":
            self.lines += 1
            if self.lines == self.k:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self.line


@pytest.mark.parametrize("name", ACTIONS)
def test_an_interrupt_at_a_line_leaves_nothing_behind(name):
    action = ACTIONS[name]
    action(build())  # caches of the first run
    model, count = build(), Interrupter()
    with count:
        action(model)
    draw = random.Random(0)
    lines = sorted(draw.sample(range(1, count.lines + 1), min(60, count.lines)))
    before, raised = visible(), 0
    for k in lines:
        model, interrupter = build(), Interrupter(k)  # whose first steps are watched and recorded
        try:
            with interrupter:
                action(model)
            # a run may have a few lines less: clocks and caches decide over some
            assert interrupter.lines < k, "the interrupt was swallowed"
        except KeyboardInterrupt:
            raised += 1
        assert_nothing_left(before)
    assert raised > 0.9 * len(lines)
    model.fit(X, np.eye(2)[Y], verbose=0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs the timers of POSIX")
@pytest.mark.parametrize("name", ["fit", "train_on_batch"])
def test_an_interrupt_at_a_time_arrives_and_leaves_nothing_behind(name, monkeypatch):
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lost.append)
    model = build()
    action = ACTIONS[name]
    draw = random.Random(0)
    before = visible()

    def interrupt(signum, frame):
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(60):
            with contextlib.suppress(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, draw.uniform(1e-4, 2e-2))
                end = time.monotonic() + 10
                while time.monotonic() < end and not lost:
                    action(model)
                pytest.fail(f"the interrupt did not arrive; lost in {[i.object for i in lost]}")
            assert_nothing_left(before)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    assert not lost
