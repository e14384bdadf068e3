"""A pytest plugin that records which lines of minigrad each test runs, and how long it takes.

Used as `pytest -p tests.code_mutation.line_recorder` with the folder to write to in LINES_FOLDER.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]
recorder = coverage.Coverage(data_file=None, include=[f"{ROOT}/minigrad/*"], config_file=False)
seconds: dict[str, float] = {}


def pytest_configure(config):
    recorder.start()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    recorder.switch_context(item.nodeid)
    start = time.perf_counter()
    yield
    seconds[item.nodeid] = time.perf_counter() - start
    recorder.switch_context("")


def pytest_sessionfinish(session):
    recorder.stop()
    if seconds:
        name = os.environ.get("PYTEST_XDIST_WORKER", "main")
        path = Path(os.environ["LINES_FOLDER"]) / f"{name}.json"
        path.write_text(json.dumps({"seconds": seconds, "lines": tests_by_line()}))


def tests_by_line() -> dict[str, dict[int, list[str]]]:
    """For each file, the tests that run each of its lines."""
    data = recorder.get_data()
    return {
        os.path.relpath(name, ROOT): {
            line: [test for test in tests if test]
            for line, tests in data.contexts_by_lineno(name).items()
        }
        for name in data.measured_files()
    }
