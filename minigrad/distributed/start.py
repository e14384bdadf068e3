"""The beginning of a training of several processes, and threads that stand for them."""

from __future__ import annotations

import copy
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..arguments import explains_arguments
from ..config import _set, settings
from ..generators import generator, use_generator
from .communicators import Board, MPICommunicator, ThreadCommunicator
from .gradients import BUCKET_BYTES
from .group import TIMEOUT, ProcessGroup, process_group


@explains_arguments
def initialize(timeout: float = TIMEOUT, bucket_bytes: int = BUCKET_BYTES) -> ProcessGroup:
    """Join the processes that `mpiexec` has started, from here on and in every thread.

    A process that ends with an exception ends all of them.

    Args:
        timeout: Seconds that a process waits for the others, before it ends all of them.
        bucket_bytes: The size from which gradients that are there are added up while backward
            goes on.

    Raises:
        ImportError: If mpi4py is not installed.
        RuntimeError: If no mpiexec has started this process.
    """
    group = ProcessGroup(MPICommunicator(), timeout, bucket_bytes)
    _set("process_group", group)
    before = sys.excepthook

    def end_all(
        kind: type[BaseException], error: BaseException, place: TracebackType | None
    ) -> None:
        before(kind, error, place)
        group.communicator.abort(
            f"minigrad.distributed: process {group.rank} of {group.size} has failed with "
            f"{kind.__name__}: all are ended; the last checkpoint is whole"
        )

    sys.excepthook = end_all
    return group


def rank() -> int:
    """The number of this process among those that train together, from 0.

    Example:
        >>> rank()
        0
    """
    return 0 if settings.process_group is None else int(settings.process_group.rank)


def size() -> int:
    """The number of processes that train together.

    Example:
        >>> size()
        1
    """
    return 1 if settings.process_group is None else int(settings.process_group.size)


@explains_arguments
def run_threads(
    function: Callable[[], Any], n: int, timeout: float = TIMEOUT, bucket_bytes: int = BUCKET_BYTES
) -> list[Any]:
    """What a function returns in each of n threads that stand for processes.

    To see what several processes would compute, without MPI. Each thread has a copy of the
    generator of `minigrad.seed`; the function must not call that again.

    Args:
        function: A function without arguments, which may ask for `rank()` and `size()`.
        n: The number of threads.
        timeout: Seconds that a thread waits for the others.
        bucket_bytes: As in `initialize`.

    Raises:
        RuntimeError: If one of them fails; the cause is its exception.

    Example:
        >>> run_threads(rank, 3)
        [0, 1, 2]
    """
    board = Board(n)
    generators = [copy.deepcopy(generator()) for _ in range(n)]
    outer = vars(settings).copy()
    results: list[Any] = [None] * n
    failures: list[tuple[int, BaseException]] = []

    def run(i: int) -> None:
        vars(settings).update(outer)
        group = ProcessGroup(ThreadCommunicator(board, i), timeout, bucket_bytes)
        try:
            with process_group(group), use_generator(generators[i]):
                results[i] = function()
        except BaseException as error:
            failures.append((i, error))
            with board.lock:
                board.failure = board.failure or f"process {i} of {n} has failed: {error}"

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        i, error = failures[0]
        text = "".join(traceback.format_exception_only(error)).strip()
        raise RuntimeError(f"process {i} of {n} has failed with {text}") from error
    return results
