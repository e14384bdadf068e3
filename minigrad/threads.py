"""How many threads compute: one number for compiled loops and for the matrix products of BLAS.

It is what `set_num_threads` says, else MINIGRAD_NUM_THREADS, else OMP_NUM_THREADS, else the number
of processors that this process may use. Compiled loops cut their work by its shape, never by the
number of threads, so that every number of threads gives the same bits.

NumPy and SciPy each bring a copy of BLAS with threads of its own. Two pools of threads on the same
processors wait for each other, so a compiled loop holds BLAS at one thread while it runs. A step of
a model does so from beginning to end: threads of BLAS wait for more work in a circle, for 20 ms.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from itertools import product
from typing import Any

from .arguments import explains_arguments
from .config import settings

MOST = 64  # threads; more than one process has use for
_chosen: int | None = None  # what set_num_threads said


def get_num_threads() -> int:
    """The number of threads that compute.

    Example:
        >>> get_num_threads() >= 1
        True
    """
    return _chosen or _default()


@explains_arguments
def set_num_threads(n: int) -> None:
    """Compute on n threads from here on, in the whole process.

    With compiled loops (the extra `fast`) results do not depend on it: the same bits come from
    every number of threads. The matrix products of NumPy and SciPy, which do all the work without
    loops, get the same number where they are threaded, and may then round the last bit otherwise.

    Args:
        n: Number of threads, from 1 to 64. More threads than processors are slower, not wrong.

    Raises:
        ValueError: If n is not an integer in that range.

    Example:
        >>> before = get_num_threads()
        >>> set_num_threads(1)
        >>> get_num_threads()
        1
        >>> set_num_threads(before)
    """
    global _chosen
    if isinstance(n, bool) or not hasattr(n, "__index__") or not 1 <= n <= MOST:
        raise ValueError(f"set_num_threads takes a number from 1 to {MOST}, got {n!r}")
    _chosen = int(n)
    for library in _blas_libraries():
        if _inside:
            _before[library] = _chosen  # given when it is given back
        else:
            library.set_num_threads(_chosen)


@cache
def _default() -> int:
    """What the environment says, else the number of processors of this process."""
    for name in ("MINIGRAD_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "").partition(",")[0]
        if text.strip().isdigit() and int(text) > 0:
            return min(int(text), MOST)
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), MOST)
    return min(os.cpu_count() or 1, MOST)


class _Blas:
    """A copy of BLAS in this process: how many threads it has.

    OpenBLAS is asked itself, which takes a microsecond where threadpoolctl takes ten.

    Args:
        controller: What threadpoolctl knows of it.
    """

    def __init__(self, controller: Any) -> None:
        self._controller = controller
        self.get_num_threads: Callable[[], int] = controller.get_num_threads
        self.set_num_threads: Callable[[int], Any] = self._set_by_controller
        for prefix, suffix in product(("", "scipy_"), ("", "64_", "_64")):
            get = getattr(controller.dynlib, f"{prefix}openblas_get_num_threads{suffix}", None)
            put = getattr(controller.dynlib, f"{prefix}openblas_set_num_threads{suffix}", None)
            if get and put and getattr(controller, "threading_layer", "") != "openmp":
                self.get_num_threads, self.set_num_threads = get, put

    def _set_by_controller(self, n: int) -> None:
        """threadpoolctl lets one Python thread do so, unless it is told."""
        let_others = getattr(self._controller, "clear_controlling_thread", None)
        if let_others is not None:
            let_others(force=True)
        self._controller.set_num_threads(n)
        if let_others is not None:
            let_others(force=True)


@cache
def _blas_libraries() -> list[_Blas]:
    """The copies of BLAS in this process, NumPy's and SciPy's, as threadpoolctl finds them."""
    import scipy.linalg.cython_blas  # noqa: F401 - loads SciPy's, which compiled loops call
    from threadpoolctl import ThreadpoolController

    controllers = ThreadpoolController().lib_controllers
    return [_Blas(library) for library in controllers if library.user_api == "blas"]


_inside: set[int] = set()  # the Python threads that hold BLAS
_before: dict[_Blas, int] = {}  # what is given back


class single_threaded_blas:
    """`with single_threaded_blas():` BLAS computes on one thread; afterwards as before.

    Python threads may be inside at once: the first to enter holds it, the last to leave gives it
    back. There is no lock, which an interrupt might leave closed.
    """

    def __enter__(self) -> None:
        self._is_outermost = threading.get_ident() not in _inside
        if self._is_outermost:
            for library in _blas_libraries():
                n = library.get_num_threads()
                if n != 1:
                    _before[library] = n
                    library.set_num_threads(1)
            _inside.add(threading.get_ident())

    def __exit__(self, *_: Any) -> None:
        if self._is_outermost:
            _inside.discard(threading.get_ident())
            while _before and not _inside:
                library, n = _before.popitem()
                library.set_num_threads(n)


has_loops = False  # True once compiled loops are in the kernel table
_nothing = nullcontext()


def blas_of_a_step() -> AbstractContextManager[None]:
    """`with blas_of_a_step():` BLAS at one thread if compiled loops may run, else as it is."""
    return single_threaded_blas() if has_loops and settings.use_kernels is True else _nothing
