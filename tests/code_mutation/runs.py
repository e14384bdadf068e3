"""Which tests reach a line, and whether one of them notices a mutant."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from .mutants import Mutant

ROOT = Path(__file__).resolve().parents[2]
TREE = ["minigrad", "models", "tests", "tutorials", "benchmarks", "docs"]
FILES = [
    "conftest.py",
    "setup.cfg",
    "pyproject.toml",
    "README.md",
    "README.zh-CN.md",
    "CHANGELOG.md",
    "Makefile",
]
# these read the text of the code, or measure the machine; a mutant proves nothing to them
LEFT_OUT = (
    "test_style",
    "test_architecture",
    "test_reading_path",
    "code_mutation",
    "test_benchmarks",
)
FIRST_SECONDS = 15.0  # of tests in a first run; most mutants are noticed there
MEMORY = 8 * 2**30  # bytes of address space of a run


class LineMap:
    """Which tests run which lines, as `line_recorder` wrote it.

    Args:
        folder: The folder with its files.
    """

    def __init__(self, folder: Path) -> None:
        self.seconds: dict[str, float] = {}
        self.by_line: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.by_file: dict[str, set[str]] = defaultdict(set)
        for path in sorted(folder.glob("*.json")):
            record = json.loads(path.read_text())
            wanted = {t: s for t, s in record["seconds"].items() if not is_left_out(t)}
            self.seconds |= wanted
            for name, tests_by_line in record["lines"].items():
                for line, tests in tests_by_line.items():
                    found = wanted.keys() & tests
                    self.by_line[name, int(line)] |= found
                    self.by_file[name] |= found

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that reach the mutant, the likeliest first.

        Those that run its line; else its function; of what runs on import or in another process,
        all tests of its file, or of its package.
        """
        found = self.by_line[mutant.path, mutant.line]
        first, last = mutant.span
        if not mutant.scope or not found:
            lines = range(first + 1, last + 1)
            found = set().union(*(self.by_line[mutant.path, line] for line in lines))
            home = f"tests/{mutant.package.split('/')[1]}"
            found = found or self.by_file[mutant.path] or self.tests_at(home)
        stem = Path(mutant.path).stem

        def order(test: str) -> tuple[bool, float, str]:
            home = test.split("::")[0]
            mirrors = home == mutant.path or Path(home).stem == f"test_{stem}"
            return not mirrors, self.seconds[test], test

        return sorted(found, key=order)

    def tests_at(self, home: str) -> set[str]:
        """The tests of a folder or a file."""
        return {test for test in self.seconds if test.startswith((f"{home}/", f"{home}.py"))}


def is_left_out(test: str) -> bool:
    """True for a test that is not run on mutants."""
    return any(name in test for name in LEFT_OUT)


def record_lines(folder: Path) -> None:
    """Run the suite and write to `folder` which test runs which line."""
    plugin = ["-p", "tests.code_mutation.line_recorder"]
    # an interrupt that strikes in the recorder leaves its lock locked
    chosen = ["-m", "not parity", "-k", "not interrupt"]
    command = [sys.executable, "-m", "pytest", "-n", "2", *chosen, *plugin]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "LINES_FOLDER": str(folder)}, check=True)


# ---- running -------------------------------------------------------------------------------------


def copy_tree(folder: Path) -> None:
    """A copy of the repository that mutants are written into."""
    ignored = shutil.ignore_patterns("_build", "__pycache__")
    for name in TREE:
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in FILES:
        shutil.copy2(ROOT / name, folder / name)


def import_libraries() -> None:
    """Import once what every run needs; a run is a fork of this process."""
    import hypothesis  # noqa: F401
    import matplotlib.pyplot  # noqa: F401
    import pytest  # noqa: F401
    import safetensors.numpy  # noqa: F401
    import scipy.special  # noqa: F401
    import sklearn.datasets  # noqa: F401
    import sklearn.metrics  # noqa: F401
    import tqdm  # noqa: F401


def run_tests(tree: Path, tests: list[str], limit: float) -> int:
    """The exit status of these tests in `tree`, in a fork; -1 after `limit` seconds."""
    arguments = tree / "tests.txt"
    arguments.write_text("\n".join(tests))
    child = os.fork()
    if child == 0:
        os.setsid()
        os._exit(_run_in_child(tree, arguments))
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return -1


def _run_in_child(tree: Path, arguments: Path) -> int:
    """pytest in the fork, with the modules of `tree` in place of those imported here."""
    import pytest

    log = os.open(tree / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    os.chdir(tree)
    for name in list(sys.modules):
        if name.split(".")[0] in TREE:
            del sys.modules[name]
    sys.path.insert(0, str(tree))
    os.environ["PYTHONPATH"] = str(tree)
    status = 3
    with contextlib.suppress(BaseException):
        plain = ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"]
        status = pytest.main(["-x", "-q", "--no-header", *plain, f"@{arguments}"])
    return int(status)


class Runner:
    """Runs the tests of mutants, one after the other, in a copy of the repository.

    Args:
        line_map: Says which tests reach a mutant.
        tree: The copy.
    """

    def __init__(self, line_map: LineMap, tree: Path) -> None:
        self.line_map = line_map
        self.tree = tree

    def outcome(self, mutant: Mutant) -> str:
        """ "noticed", "missed", or "unreached" if no test runs its line."""
        tests = self.line_map.tests_of(mutant)
        if not tests:
            return "unreached"
        path = self.tree / mutant.path
        source = path.read_bytes()
        times = path.stat().st_mtime_ns
        path.write_bytes(mutant.apply(source))
        os.utime(path, ns=(times + 5 * 10**9, times + 5 * 10**9))  # its .pyc is not for this one
        try:
            first, rest = self.split(tests)
            for part in (first, rest):
                limit = 60 + 5 * sum(self.line_map.seconds[test] for test in part)
                if part and run_tests(self.tree, part, limit) != 0:
                    return "noticed"
            return "missed"
        finally:
            path.write_bytes(source)
            os.utime(path, ns=(times, times))

    def split(self, tests: list[str]) -> tuple[list[str], list[str]]:
        """The tests of the first run, and the others."""
        total = 0.0
        for i, test in enumerate(tests):
            total += self.line_map.seconds[test]
            if total > FIRST_SECONDS or i == 80:
                return tests[: max(i, 1)], tests[max(i, 1) :]
        return tests, []


def work(folder: Path, share: slice, todo: multiprocessing.Queue, done: multiprocessing.Queue):
    """A worker: outcomes of mutants until None comes, after its share of the tests has passed."""
    import_libraries()
    line_map = LineMap(folder)
    with tempfile.TemporaryDirectory() as name:
        tree = Path(name).resolve()
        copy_tree(tree)
        tests = sorted(line_map.seconds)[share]
        if run_tests(tree, tests, 3600) != 0:
            done.put((tree / "log.txt").read_text())
            return
        runner = Runner(line_map, tree)
        for mutant in iter(todo.get, None):
            done.put((mutant, runner.outcome(mutant)))


def outcomes(mutants: Iterable[Mutant], folder: Path, workers: int) -> Iterator[tuple[Mutant, str]]:
    """(mutant, outcome) as they come, from several processes.

    Raises:
        RuntimeError: If a test fails on the code as it is.
    """
    context = multiprocessing.get_context("spawn")
    todo, done = context.Queue(), context.Queue()
    listed = list(mutants)
    for mutant in listed:
        todo.put(mutant)
    processes = []  # not daemons: some tests start processes of their own
    for i in range(workers):
        todo.put(None)
        arguments = folder, slice(i, None, workers), todo, done
        processes.append(context.Process(target=work, args=arguments))
        processes[-1].start()
    try:
        for _ in listed:
            result = done.get()
            if isinstance(result, str):
                raise RuntimeError(f"a test fails on the code as it is:\n{result}")
            yield result
    finally:
        for process in processes:
            process.terminate()
