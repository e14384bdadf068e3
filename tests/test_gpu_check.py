"""The check on a GPU: its parts hold every test with a device, and one that fails ends no other."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from . import gpu_check
from .conftest import has_gpu

ROOT = gpu_check.ROOT


def test_every_test_with_a_device_belongs_to_a_part():
    paths = [ROOT / path for paths in gpu_check.TESTS.values() for path in paths]
    for path in paths:
        assert path.exists()
    for file in (ROOT / "tests").rglob("test_*.py"):
        tests = [line for line in file.read_text().splitlines() if line.startswith("def test_")]
        if any("device)" in line or "device," in line or "xp)" in line for line in tests):
            assert any(path == file or path in file.parents for path in paths), file


def test_a_part_that_fails_or_hangs_ends_no_other(tmp_path, capsys):
    def part(name, code):
        return gpu_check.Part(name, [sys.executable, "-c", code])

    hangs = "import time; print('slow', flush=True); time.sleep(60)"
    every = [
        part("breaks", "print('FAILED tests/a.py::test_b - no'); raise SystemExit(1)"),
        part("hangs", hangs),
        part("works", "print('3 passed')"),
    ]
    results = gpu_check.check(every, 3 / 60, tmp_path)
    assert [r["result"] for r in results] == ["failed", "out of time", "passed"]
    assert results[0]["failures"] == ["tests/a.py::test_b"]
    assert results[2]["last_line"] == "3 passed"
    assert json.loads((tmp_path / "gpu-check.json").read_text()) == results
    shown = capsys.readouterr().out
    assert "tests/a.py::test_b" in shown and "out of time" in shown
    assert (tmp_path / "hangs.log").read_text() == "slow\n"


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
