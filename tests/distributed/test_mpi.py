"""The same among processes: `make distributed-test` has mpi4py and an MPI."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import minigrad
from minigrad.training.saving import load_safetensors

from .checks import CHECKS, MODELS, OVER_THE_BATCH, RELATIVE_TOLERANCE, TOLERANCE
from .train import train

ROOT = Path(__file__).resolve().parents[2]
MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("mpi4py") is None or MPIEXEC is None,
    reason="needs mpi4py and mpiexec: pip install -e '.[distributed]'",
)


def mpiexec(n, *words):
    """What so many processes print, and their exit status."""
    command = [MPIEXEC, "-n", str(n), sys.executable, "-m", *map(str, words)]
    variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    options = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": 120}
    return subprocess.run(command, env=variables, check=False, **options)


def test_all_checks_and_every_model_of_the_registry():
    run = mpiexec(2, "tests.distributed.checks")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.split("\n")
    assert [line for line in lines if line in CHECKS] == list(CHECKS)
    found = dict(re.findall(r"^(.+): (\S+)$", run.stdout, flags=re.MULTILINE))
    names = {name.partition(", ")[2] for name in found}
    assert names == MODELS.keys() - OVER_THE_BATCH
    for name, difference in found.items():
        is_equal = float(difference) < RELATIVE_TOLERANCE
        assert is_equal is not name.startswith("with batch norm"), (name, difference)


@pytest.mark.parametrize(
    "end, message",
    [
        ("kill", "signal 9"),  # mpiexec notices and says so
        ("hang", "process 0 of 2 has waited 3 s for a sum"),
        ("raise", "process 1 of 2 has failed with ValueError: all are ended"),
    ],
)
def test_one_that_ends_ends_all_and_nothing_is_lost(tmp_path, end, message):
    start = time.monotonic()
    run = mpiexec(2, "tests.distributed.train", tmp_path, end)
    assert run.returncode != 0 and time.monotonic() - start < 30
    assert message in (run.stdout if end == "kill" else run.stderr)
    assert (tmp_path / "latest.safetensors").exists()
    assert not (tmp_path / "weights.safetensors").exists()
    assert not list(tmp_path.glob("*.part"))
    if end == "kill":
        assert_goes_on(tmp_path)


def assert_goes_on(folder):
    """The same command goes on, with another number of processes, to the weights of one."""
    run = mpiexec(3, "tests.distributed.train", folder, "")
    assert run.returncode == 0, run.stderr
    (folder / "alone").mkdir()
    minigrad.seed(1)
    train(folder / "alone")
    folders = (folder / "alone", folder)
    one, many = (load_safetensors(path / "weights.safetensors")[0] for path in folders)
    assert all(abs(one[name] - many[name]).max() < TOLERANCE for name in one)
    lines = (folder / "log.csv").read_text().split()
    assert [line.partition(",")[0] for line in lines] == ["epoch", "0", "1", "2", "3"]


def test_the_command(tmp_path):
    out = tmp_path / "run"
    words = ["models", "mlp", "--distributed", "--epochs", "1", "--out"]
    run = mpiexec(2, *words, out)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("trained in") == 1  # one process prints
    assert {"metrics.json", "weights.safetensors"} <= {path.name for path in out.iterdir()}
    alone = subprocess.run(
        [sys.executable, "-m", *words, out], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert alone.returncode == 2
    assert "mpiexec -n 2 python -m models mlp --distributed --epochs 1" in alone.stderr
