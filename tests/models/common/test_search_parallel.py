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


# ---- one database --------------------------------------------------------------------------------

PROCESS = """
import os, sys
from models.common import search
from tests.models.common.test_search import SPACE, objective

storage, deadly, trials = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
calls = []

def perhaps_killed(config, callbacks):
    calls.append(config)
    if len(calls) == deadly:
        os._exit(9)
    objective(config, callbacks)

study = search.open_study(storage, "toy", {})
search.run_search(perhaps_killed, SPACE, study, trials, "random", verbose=0)
"""


def start(storage, deadly, trials):
    """A process that searches, and dies in this trial of its own; 0: it does not."""
    command = [sys.executable, "-c", PROCESS, storage, str(deadly), str(trials)]
    return subprocess.Popen(command, cwd=ROOT)


def test_a_process_that_dies_loses_its_running_trial_alone(tmp_path):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    assert start(storage, 4, 6).wait() == 9
    study = search.open_study(storage, "toy", {})
    assert [trial.number for trial in search.finished_trials(study)] == [0, 1, 2]
    search.run_search(toy.objective, toy.SPACE, study, 6, "random", verbose=0)
    assert [trial.number for trial in search.finished_trials(study)] == [0, 1, 2, 4, 5, 6]


def test_two_processes_share_a_database(tmp_path):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    processes = [start(storage, 0, 30), start(storage, 0, 30)]
    assert [process.wait() for process in processes] == [0, 0]
    study = search.open_study(storage, "toy", {})
    trials = search.finished_trials(study)
    assert len(trials) in (30, 31)  # each may end the one that it runs
    assert len({repr(trial.params) for trial in trials}) == len(trials) == len(study.trials)
