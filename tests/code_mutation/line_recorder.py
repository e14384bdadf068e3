"""A pytest plugin that records which lines of minigrad each test runs, and how long it takes.

Used as `pytest -p tests.code_mutation.line_recorder` with the folder to write to in LINES_FOLDER.
Needs coverage (the extra `mutation`), which a suite that only collects this file does not.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


class LineRecorder:
    """What the plugin does during a run of the suite."""

    def __init__(self):
        import coverage

        only = [f"{ROOT}/minigrad/*"]
        self.coverage = coverage.Coverage(data_file=None, include=only, config_file=False)
        self.coverage.start()
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item):
        if sys.gettrace() is None:  # the test before has traced by itself
            self.coverage.stop()
            self.coverage.start()
        self.coverage.switch_context(item.nodeid)
        start = time.perf_counter()
        yield
        self.seconds[item.nodeid] = time.perf_counter() - start
        self.coverage.switch_context("")

    def pytest_sessionfinish(self, session):
        self.coverage.stop()
        if self.seconds:
            name = os.environ.get("PYTEST_XDIST_WORKER", "main")
            path = Path(os.environ["LINES_FOLDER"]) / f"{name}.json"
            lines = tests_by_line(self.coverage.get_data())
            path.write_text(json.dumps({"seconds": self.seconds, "lines": lines}))


def pytest_configure(config):
    config.pluginmanager.register(LineRecorder())


def tests_by_line(data) -> dict[str, dict[int, list[str]]]:
    """For each file, the tests that run each of its lines."""
    return {
        os.path.relpath(name, ROOT): {
            line: [test for test in tests if test]
            for line, tests in data.contexts_by_lineno(name).items()
        }
        for name in data.measured_files()
    }
