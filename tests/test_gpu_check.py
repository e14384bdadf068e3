"""The check on a GPU: its parts hold every test with a device, and one that fails ends no other."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from . import gpu_check
from .conftest import has_gpu, needs_posix

ROOT = gpu_check.ROOT


def test_every_test_with_a_device_belongs_to_a_part():
    paths = [ROOT / path for _, paths in gpu_check.TESTS.values() for path in paths]
    for path in paths:
        assert path.exists()
    for file in (ROOT / "tests").rglob("test_*.py"):
        tests = [line for line in file.read_text().splitlines() if line.startswith("def test_")]
        if any("device)" in line or "device," in line or "xp)" in line for line in tests):
            assert any(path == file or path in file.parents for path in paths), file


HANGS = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


@needs_posix
def test_a_part_that_fails_or_hangs_ends_no_other(tmp_path, capsys, monkeypatch):
    """The one that hangs hears no signal and has a child; both are gone when the next part runs."""
    monkeypatch.setattr(gpu_check, "GRACE", 0.1)

    def part(name, code, minutes=1.0):
        return gpu_check.Part(name, [sys.executable, "-c", code], minutes)

    every = [
        part("breaks", "print('FAILED tests/a.py::test_b - no'); raise SystemExit(1)"),
        part("Hangs", HANGS, 0.1),
        part("works", "print('3 passed')"),
    ]
    results = gpu_check.check(every, 3 / 60, tmp_path)
    assert [r["result"] for r in results] == ["failed", "out of time", "passed"]
    assert results[0]["failures"] == ["tests/a.py::test_b"]
    assert results[2]["last_line"] == "3 passed"
    written = json.loads((tmp_path / "gpu-check.json").read_text())
    assert written["parts"] == results and written["machine"]["numpy"] == np.__version__
    shown = capsys.readouterr().out
    text = (tmp_path / "gpu-check.txt").read_text()
    for part in (shown, text):
        assert "tests/a.py::test_b" in part and "out of time" in part and "3 passed" in part
    words = ["ps", "-o", "stat=", "-p", (tmp_path / "hangs.log").read_text().strip()]
    state = subprocess.run(words, capture_output=True, text=True).stdout.strip()
    assert state[:1] in ("", "Z")  # Z: dead, and nobody has asked for its status


def test_parts_have_minutes_of_their_own(tmp_path, monkeypatch):
    """And those that earlier parts left, but none of later ones."""
    given = []
    monkeypatch.setattr(gpu_check.time, "monotonic", lambda: 60.0 * len(given))
    result = {"part": "", "result": "passed", "seconds": 0, "failures": [], "last_line": ""}
    monkeypatch.setattr(gpu_check, "run", lambda p, seconds, out: given.append(seconds) or result)
    parts = [gpu_check.Part("", [], minutes) for minutes in (2.0, 1.0, 1.0)]
    gpu_check.check(parts, 8, tmp_path)
    assert given == [240, 300, 360]
    assert sum(part.minutes for part in gpu_check.parts(tmp_path)) == pytest.approx(8)


@pytest.mark.skipif(has_gpu(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(capsys, tmp_path):
    assert gpu_check.main(["--out", str(tmp_path / "none")]) == 3
    assert "no GPU" in capsys.readouterr().out and not (tmp_path / "none").exists()


def test_benchmarks_know_the_suites_of_the_parts():
    for part in gpu_check.parts(ROOT):
        if "benchmarks" in part.command:
            words = [*part.command[: part.command.index("--out")], "--list"]
            listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
            assert len(listed.stdout.splitlines()) > 3
