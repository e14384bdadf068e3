"""A small sample of each run, and faults made on purpose, which each must find."""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("needs fork, signals and limits of memory", allow_module_level=True)

import numpy as np

from minigrad import ops
from minigrad.config import settings

from . import files, interrupts, kills, values
from .children import run_limited


@pytest.fixture(autouse=True)
def settings_as_before():
    yield
    vars(settings).clear()


def test_no_kill_leaves_a_file_half():
    assert kills.run(12, seed=1) == []


def test_a_writer_that_is_not_atomic_is_found(monkeypatch):
    def save(path, n):
        path.write_bytes(b"[" + b"%d, " % n * 200_000 + b"%d]" % n)

    monkeypatch.setattr(kills, "KINDS", {"json": (save, kills.load_json)})
    assert kills.run(30, seed=1)


def test_no_damaged_file_does_harm():
    assert files.run(2 * len(files.FORMATS), seed=1) == []


def test_a_reader_that_trusts_its_file_is_found(monkeypatch):
    def load(folder):
        return Path(folder / "v.json").read_bytes().decode()[90000]

    formats = {"characters": (files.FORMATS["characters"][0], lambda folder: None)}
    monkeypatch.setattr(files, "FORMATS", formats)
    monkeypatch.setattr(files, "_attempt", lambda folder, _: load(folder))
    assert "IndexError" in files.run(1, seed=1)[0]


def test_children_that_hang_crash_or_take_memory():
    assert run_limited(lambda: "fine") == "fine"
    assert run_limited(lambda: str(time.sleep(9)), seconds=1) == "hangs"
    assert run_limited(lambda: str(os.abort())) == "is killed by SIGABRT"
    assert "MemoryError" in run_limited(lambda: str(len(bytearray(1 << 33))))


@pytest.mark.parametrize("name", interrupts.WORK)
def test_no_interrupt_does_harm(name, monkeypatch):
    monkeypatch.setattr(interrupts, "WORK", {name: interrupts.WORK[name]})
    assert interrupts.run(20, seed=1) == []


def test_what_an_interrupt_may_leave_is_found(monkeypatch):
    def swallow(model):
        try:
            time.sleep(0.005)
        except KeyboardInterrupt:
            time.sleep(0.001)

    def leave(model):
        settings.training = True
        time.sleep(0.005)
        del settings.training

    monkeypatch.setattr(interrupts, "WORK", {"swallow": swallow})
    assert "swallowed" in interrupts.run(2, seed=1)[0]
    monkeypatch.setattr(interrupts, "WORK", {"leave": leave})
    assert "settings are" in interrupts.run(2, seed=1)[0]


def test_callbacks_of_the_collector_swallow_no_interrupt(monkeypatch):
    monkeypatch.setattr(interrupts, "WORK", {"collect": lambda model: gc.collect()})
    slow = lambda *_: time.sleep(0.005)  # noqa: E731
    gc.callbacks.append(slow)
    try:
        assert interrupts.run(3, seed=1) == []
        assert slow in gc.callbacks
    finally:
        gc.callbacks.remove(slow)


def test_no_extreme_value_does_harm():
    assert values.run(200, seed=1) == []


def test_a_limit_that_is_wrong_is_found(monkeypatch):
    case = values.OPS["tanh"][0]
    assert values.call_op("tanh", case, np.inf, "float32") == ""
    monkeypatch.setattr(ops, "tanh", lambda x: ops.exp(x))
    assert values.call_op("tanh", case, np.inf, "float32") == "is [inf], tends to 1"
