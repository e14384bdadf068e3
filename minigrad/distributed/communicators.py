"""What carries arrays between processes: MPI, NCCL between GPUs, and threads of one process.

A communicator has a rank, a size, and one operation: `start_sum(array)` begins to add up an array
in place over all processes and returns a request, whose `Test()` is True once it is done.
"""

from __future__ import annotations

import os
import shlex
import sys
import threading
import time
from typing import Any, Protocol

from ..arguments import ExplainsArguments
from ..backend import Array, backend

LAUNCHERS = ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "MPI_LOCALRANKID")


class Request(Protocol):
    """A sum that has begun."""

    def Test(self) -> bool:  # noqa: N802 - as in mpi4py
        """True once it is done."""


class Communicator(Protocol):
    """What a ProcessGroup needs.

    Attributes:
        rank: The number of this process.
        size: The number of processes.
    """

    rank: int
    size: int

    def start_sum(self, array: Array) -> Request:
        """Begin to replace the array by the sum over all processes.

        Args:
            array: Contiguous numbers, of the same shape and dtype in each.
        """

    def abort(self, message: str) -> None:
        """End all processes.

        Args:
            message: Why, for stderr.
        """


def launch_line(n: int = 2) -> str:
    """The command line of this process, for n of them.

    Args:
        n: The number of processes.
    """
    words = sys.orig_argv[1:] or ["train.py"]
    return f"mpiexec -n {n} {shlex.join(['python', *words])}"


# ---- MPI -----------------------------------------------------------------------------------------


class MPICommunicator(metaclass=ExplainsArguments):
    """Processes that `mpiexec` has started; arrays on GPUs go by NCCL.

    Raises:
        ImportError: If mpi4py is not installed.
        RuntimeError: If no mpiexec has started this process.

    References:
        Dalcin & Fang 2021, doi:10.1109/MCSE.2021.3083216 (mpi4py).
    """

    def __init__(self) -> None:
        try:
            from mpi4py import MPI
        except (ImportError, RuntimeError) as cause:
            raise ImportError(
                "many processes need mpi4py and an MPI: pip install mpi4py mpich, or from a clone "
                "pip install -e '.[distributed]'"
            ) from cause
        self.mpi = MPI
        self.world = MPI.COMM_WORLD
        self.rank: int = self.world.rank
        self.size: int = self.world.size
        self.nccl: Any = None
        if self.size == 1 and not any(name in os.environ for name in LAUNCHERS):
            raise RuntimeError(
                f"no mpiexec has started this process: for two of them, write\n    {launch_line()}"
            )

    def start_sum(self, array: Array) -> Request:
        """Begin to replace the array by the sum over all processes.

        Args:
            array: Contiguous numbers, of the same shape and dtype in each.
        """
        if backend(array).__name__ != "numpy":
            return self._nccl().start_sum(array)
        request: Request = self.world.Iallreduce(self.mpi.IN_PLACE, array, self.mpi.SUM)
        return request

    def _nccl(self) -> Any:
        """The communicator between the GPUs, made when the first array lies on one."""
        if self.nccl is None:
            self.nccl = NCCLCommunicator(self.rank, self.size, self.world.bcast)
        return self.nccl

    def abort(self, message: str) -> None:
        """End all processes.

        Args:
            message: Why, for stderr.
        """
        print(message, file=sys.stderr, flush=True)
        sys.stdout.flush()
        time.sleep(0.1)  # what the launcher passes on has to leave before it is killed
        self.world.Abort(1)


# ---- NCCL ----------------------------------------------------------------------------------------


class NCCLCommunicator(metaclass=ExplainsArguments):
    """Sums of arrays on GPUs, on a stream of their own, so that backward goes on meanwhile.

    Args:
        rank: The number of this process.
        size: The number of processes.
        broadcast: Function that returns what the first process calls it with.

    Raises:
        RuntimeError: If CuPy comes without NCCL.

    References:
        docs.nvidia.com/deeplearning/nccl, and docs.cupy.dev/en/stable/reference/distributed.html
    """

    def __init__(self, rank: int, size: int, broadcast: Any) -> None:
        import cupy
        from cupy.cuda import nccl

        if not getattr(nccl, "available", True):
            raise RuntimeError(
                "arrays on several GPUs need NCCL: "
                "python -m cupyx.tools.install_library --library nccl --cuda 12.x"
            )
        self.cupy = cupy
        self.library = nccl
        unique_id = broadcast(nccl.get_unique_id() if rank == 0 else None)
        self.communicator = nccl.NcclCommunicator(size, unique_id, rank)
        self.stream = cupy.cuda.Stream(non_blocking=True)

    def start_sum(self, array: Array) -> Request:
        """Begin to replace the array by the sum over all processes.

        Args:
            array: Contiguous numbers, of the same shape and dtype in each.
        """
        kinds = {
            "float32": self.library.NCCL_FLOAT32,
            "float64": self.library.NCCL_FLOAT64,
            "int64": self.library.NCCL_INT64,
        }
        written = self.cupy.cuda.Event()
        written.record()  # on the stream that has computed the array
        self.stream.wait_event(written)
        address = array.data.ptr
        kind = kinds[array.dtype.name]
        self.communicator.allReduce(
            address, address, array.size, kind, self.library.NCCL_SUM, self.stream.ptr
        )
        done = self.cupy.cuda.Event()
        done.record(self.stream)
        return _EventRequest(done)


class _EventRequest:
    """A request that ends with an event of a stream."""

    def __init__(self, event: Any) -> None:
        self.event = event

    def Test(self) -> bool:  # noqa: N802
        return bool(self.event.done)


# ---- threads -------------------------------------------------------------------------------------


class Board(metaclass=ExplainsArguments):
    """Where the threads of one process leave the arrays that they add up.

    Args:
        size: The number of threads.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.lock = threading.Lock()
        self.sums: dict[int, dict[int, Array]] = {}  # by the number of the sum and by rank
        self.taken: dict[int, int] = {}
        self.failure: str | None = None


class ThreadCommunicator(metaclass=ExplainsArguments):
    """A rank among threads of one process: for tests, and to try things out without MPI.

    Args:
        board: What the threads share.
        rank: The number of this one.

    Example:
        >>> board = Board(1)
        >>> array = np.array([1.0, 2.0])
        >>> ThreadCommunicator(board, 0).start_sum(array).Test(), array.tolist()
        (True, [1.0, 2.0])
    """

    def __init__(self, board: Board, rank: int) -> None:
        self.board = board
        self.rank = rank
        self.size = board.size
        self.count = 0

    def start_sum(self, array: Array) -> Request:
        """Begin to replace the array by the sum over all threads.

        Args:
            array: Numbers, of the same shape and dtype in each.
        """
        number, self.count = self.count, self.count + 1
        with self.board.lock:
            self.board.sums.setdefault(number, {})[self.rank] = array.copy()
        return _ThreadRequest(self.board, number, array)

    def abort(self, message: str) -> None:
        """Have the other threads end with an error.

        Args:
            message: Why.
        """
        with self.board.lock:
            self.board.failure = self.board.failure or message
        raise RuntimeError(message)


class _ThreadRequest:
    """A sum among threads, added up in the order of the ranks."""

    def __init__(self, board: Board, number: int, array: Array) -> None:
        self.board = board
        self.number = number
        self.array = array
        self.is_done = False

    def Test(self) -> bool:  # noqa: N802
        board, number = self.board, self.number
        with board.lock:
            if self.is_done:
                return True
            if board.failure is not None:
                raise RuntimeError(board.failure)
            parts = board.sums[number]
            is_waiting = len(parts) < board.size
        if is_waiting:
            time.sleep(1e-5)  # for the others
            return False
        with board.lock:
            shapes = {(a.shape, a.dtype.name) for a in parts.values()}
            if len(shapes) > 1:
                raise RuntimeError(f"processes add up different arrays: {sorted(shapes)}")
            self.array[...] = sum(parts[rank] for rank in range(1, board.size)) + parts[0]
            self.is_done = True
            board.taken[number] = board.taken.get(number, 0) + 1
            if board.taken[number] == board.size:
                del board.sums[number], board.taken[number]
        return True
