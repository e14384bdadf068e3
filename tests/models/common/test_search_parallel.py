"""A search on several processes: joblib's, those of a Dask cluster, two on one database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from joblib import parallel_config

from models.common import search
from models.common.search_spaces import TASKS

from . import test_search as toy

ROOT = Path(__file__).parents[3]
TRAINING = search.Training("mlp", epochs=1)
SPACE = TASKS["mlp"].space


@pytest.fixture(autouse=True)
def quick_processes(monkeypatch):
    """Other processes compile no loops."""
    monkeypatch.setenv("MINIGRAD_KERNELS", "numpy")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def check(study, trials):
    """All trials have a score, and random search has the draws of a single process."""
    finished = search.finished_trials(study)
    assert len(finished) == len(study.trials) == trials
    alone = search.open_study(None, "alone", {})
    expected = [search.draw(alone, SPACE, "random", 0)[1] for _ in range(trials)]
    assert [trial.params for trial in finished] == expected


def test_two_processes_of_joblib():
    study = search.open_study(None, "toy", {})
    search.run_search(TRAINING, SPACE, study, 4, "random", jobs=2, verbose=0)
    check(study, 4)
    best = study.best_trial
    again = search.run_trial(TRAINING, 0, best.params, None, False)
    assert again.scores == best.intermediate_values


KILLED = """
import os, sys
from models.common import search
from tests.models.common.test_search import SPACE, objective

calls = []

def killed(config, callbacks):
    calls.append(config)
    if len(calls) == 4:
        os._exit(9)
    objective(config, callbacks)

search.run_search(killed, SPACE, search.open_study(sys.argv[1], "toy", {}), 6, verbose=0)
"""


def test_a_process_that_dies_loses_its_running_trial_alone(tmp_path):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    command = [sys.executable, "-c", KILLED, storage]
    assert subprocess.run(command, cwd=ROOT).returncode == 9
    study = search.open_study(storage, "toy", {})
    assert [trial.number for trial in search.finished_trials(study)] == [0, 1, 2]
    search.run_search(toy.objective, toy.SPACE, study, 6, verbose=0)
    assert [trial.number for trial in search.finished_trials(study)] == [0, 1, 2, 4, 5, 6]


@pytest.mark.slow
def test_a_dask_cluster_of_two_processes():
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    )
    study = search.open_study(None, "toy", {})
    with cluster, distributed.Client(cluster) as client:
        with parallel_config(backend="dask"):
            search.run_search(TRAINING, SPACE, study, 4, "random", jobs=-1, verbose=0)
        streams = client.run(os.getpid)
        assert len(set(streams.values())) == 2 and os.getpid() not in streams.values()
    check(study, 4)


@pytest.mark.slow
def test_two_commands_on_one_database(tmp_path):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    words = ["search", "mlp", "--trials", "6", "--epochs", "1", "--method", "random"]
    command = [sys.executable, "-m", "models", *words, "--storage", storage, "--out"]
    processes = [
        subprocess.Popen(
            [*command, str(tmp_path / name)], cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        for name in ("first", "second")
    ]
    errors = [process.communicate(timeout=300)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    study = search.open_study(storage, "mlp-random", {})
    numbers = [trial.number for trial in search.finished_trials(study)]
    assert len(numbers) in (6, 7)  # each may end the one that it runs
    check(study, len(numbers))
    assert (tmp_path / "first" / "best.json").exists()
