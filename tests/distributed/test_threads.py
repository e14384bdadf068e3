"""What holds among processes, in threads that stand for them: no MPI is needed."""

import math
import sys
import time
import types

import numpy as np
import pytest

import minigrad
from minigrad import distributed
from minigrad.distributed.communicators import launch_line
from minigrad.generators import use_generator
from models.common import runner

from .checks import CHECKS, TOLERANCE, classifier, largest_difference, values
from .train import train

# OpenBLAS computes with what lies beyond small matrices, and NumPy 2.4 warns of what that leads to:
# the products themselves are right
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in dot:RuntimeWarning")
PROCESSES = {"few_models": 2, "buckets": 2}


@pytest.mark.parametrize("name", CHECKS)
def test_checks(name):
    distributed.run_threads(CHECKS[name], PROCESSES.get(name, 2 + len(name) % 2), timeout=20)


def test_a_run_goes_on_with_another_number_of_processes(tmp_path):
    """The checkpoint holds what all share, and the order of rows depends on the seed alone."""
    one, many = tmp_path / "one", tmp_path / "many"
    one.mkdir()
    many.mkdir()
    with use_generator(1):
        alone = values(train(one))
    for n, epochs in ((2, 1), (1, 2), (3, 4)):
        with use_generator(1):
            found = distributed.run_threads(lambda e=epochs: values(train(many, epochs=e)), n)
        assert all(largest_difference(found[0], other) == 0 for other in found)
    assert largest_difference(alone, found[0]) < TOLERANCE
    assert (one / "log.csv").read_text().count("\n") == (many / "log.csv").read_text().count("\n")


def test_the_first_process_writes_and_shows(tmp_path, capsys):
    def run():
        model = classifier()
        model.compile("sgd", "mse")
        model.fit(np.ones((4, 6)), np.ones((4, 3)), verbose=2)
        model.save_weights(tmp_path / f"{distributed.rank()}.safetensors")
        model.save(tmp_path / f"{distributed.rank()}.minigrad")

    distributed.run_threads(run, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.minigrad", "0.safetensors"]
    assert capsys.readouterr().out.count("epoch 1/1") == 1


def test_one_that_goes_another_way_ends_all_with_a_message():
    def run():
        if distributed.rank() == 1:
            return
        minigrad.ops.sum_over_processes(np.ones(2))

    with pytest.raises(RuntimeError, match="process 0 of 2 has waited 0.05 s for a sum.*timeout="):
        distributed.run_threads(run, 2, timeout=0.05)
    with pytest.raises(RuntimeError, match="add up different arrays"):
        distributed.run_threads(
            lambda: minigrad.ops.sum_over_processes(np.ones(distributed.rank() + 1)), 2
        )


def test_one_that_fails_ends_all():
    def run():
        if distributed.rank() == 1:
            time.sleep(0.02)
            raise ValueError("out of paper")
        minigrad.ops.sum_over_processes(np.ones(2))

    with pytest.raises(RuntimeError, match="process . of 2 has failed with .*out of paper"):
        distributed.run_threads(run, 2, timeout=20)


# ---- the beginning -------------------------------------------------------------------------------


def test_without_mpi(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(ImportError, match=r"pip install mpi4py mpich.*'\.\[distributed\]'"):
        distributed.initialize()
    assert runner.main(["mlp", "--distributed"]) == 2
    assert "pip install mpi4py mpich" in capsys.readouterr().err
    assert distributed.size() == 1


class FakeMPI:
    """mpi4py's MPI with one process that notes what it is asked for."""

    IN_PLACE, SUM = "in place", "sum"

    def __init__(self):
        self.calls = []
        self.COMM_WORLD = self
        self.rank, self.size = 0, 1

    def Iallreduce(self, send, receive, op):  # noqa: N802
        self.calls.append((send, receive.tolist(), op))
        return types.SimpleNamespace(Test=lambda: True)

    def Abort(self, status):  # noqa: N802
        self.calls.append(status)


@pytest.fixture
def mpi(monkeypatch):
    fake = FakeMPI()
    monkeypatch.setitem(sys.modules, "mpi4py", types.SimpleNamespace(MPI=fake))
    for name in distributed.communicators.LAUNCHERS:
        monkeypatch.delenv(name, raising=False)
    return fake


def test_outside_of_mpiexec(mpi, monkeypatch):
    monkeypatch.setattr(sys, "orig_argv", ["python3", "-m", "models", "mlp", "--distributed"])
    with pytest.raises(RuntimeError, match="mpiexec -n 2 python -m models mlp --distributed"):
        distributed.initialize()
    assert launch_line(4) == "mpiexec -n 4 python -m models mlp --distributed"


def test_under_mpiexec(mpi, monkeypatch, capsys):
    monkeypatch.setenv("PMI_RANK", "0")
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    group = distributed.initialize(timeout=5)
    assert minigrad.config.settings.process_group is group
    assert group.sum(np.array([2.0])).tolist() == [2.0]
    assert mpi.calls == [("in place", [2.0], "sum")]
    sys.excepthook(ValueError, ValueError("out of paper"), None)
    assert mpi.calls[-1] == 1
    text = capsys.readouterr().err
    assert "out of paper" in text and "process 0 of 1 has failed with ValueError" in text


# ---- GPUs ----------------------------------------------------------------------------------------


class FakeCuPy(types.SimpleNamespace):
    """The part of CuPy that sums of arrays on GPUs need; it notes what it is asked for."""

    def __init__(self):
        calls = self.calls = []
        event = lambda: types.SimpleNamespace(  # noqa: E731
            record=lambda stream=None: calls.append(("record", stream and stream.ptr)), done=True
        )
        stream = lambda non_blocking: types.SimpleNamespace(  # noqa: E731
            ptr=77, wait_event=lambda event: calls.append("wait")
        )

        class Communicator:
            def __init__(self, *arguments):
                calls.append(arguments)

            def allReduce(self, *arguments):  # noqa: N802
                calls.append(arguments)

        nccl = types.SimpleNamespace(
            available=True,
            get_unique_id=lambda: "id",
            NcclCommunicator=Communicator,
            NCCL_FLOAT32="f4",
            NCCL_FLOAT64="f8",
            NCCL_INT64="i8",
            NCCL_SUM="sum",
        )
        super().__init__(cuda=types.SimpleNamespace(nccl=nccl, Event=event, Stream=stream))


def test_sums_between_gpus(monkeypatch):
    """Not run on a GPU: the calls, in the order that NCCL documents."""
    cupy = FakeCuPy()
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setitem(sys.modules, "cupy.cuda", cupy.cuda)
    communicator = distributed.NCCLCommunicator(1, 2, lambda given: given or "id of the first")
    array = types.SimpleNamespace(
        data=types.SimpleNamespace(ptr=5), size=6, dtype=np.dtype("float32")
    )
    assert communicator.start_sum(array).Test()
    assert cupy.calls == [
        (2, "id of the first", 1),
        ("record", None),  # what has computed the array
        "wait",
        (5, 5, 6, "f4", "sum", 77),
        ("record", 77),
    ]
    cupy.cuda.nccl.available = False
    with pytest.raises(RuntimeError, match="install_library"):
        distributed.NCCLCommunicator(0, 1, lambda given: given)


# ---- the model of the cost -----------------------------------------------------------------------


def test_the_cost_of_many_machines():
    network = {"latency": 1e-5, "bandwidth": 1e9}
    assert distributed.step_time(0.1, 1e8, 1, **network) == 0.1
    alone = distributed.all_reduce_time(1e8, 2, **network)
    assert math.isclose(alone, 0.1 + 2e-5)
    many = [distributed.step_time(0.1, 1e8, n, **network) for n in (2, 8, 64)]
    assert many == sorted(many) and many[-1] < 0.1 + 2 * 0.1 + 64 * 6e-5
    hidden = distributed.step_time(0.3, 1e8, 2, overlap=0.5, messages=0, **network)
    assert hidden == 0.3
    with pytest.raises(ValueError, match="processes must be 1 or more"):
        distributed.step_time(0.1, 1e8, 0, **network)
