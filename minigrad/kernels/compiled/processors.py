"""On which processors helpers run: not on that of the thread that they help, on Linux.

A scheduler likes to put a thread where the one is that wakes it, even if another processor is idle.
The two then share one until it looks again, which takes milliseconds: more than a step.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numba
import numpy as np
from numba import types

WORDS = 16  # of 64 bits each, one for every processor that a system of this size may have


def allowed() -> np.ndarray:
    """A bit for each processor that this process may use; none where that cannot be said.

    Example:
        >>> allowed().shape
        (16,)
    """
    words = np.zeros(WORDS, np.uint64)
    if sys.platform == "linux":
        for i in os.sched_getaffinity(0):
            if i < 64 * WORDS:
                words[i // 64] |= np.uint64(1 << i % 64)
    return words.view(np.int64)


if sys.platform == "linux":
    _processor = types.ExternalFunction("sched_getcpu", types.int32())
    _set_affinity = types.ExternalFunction(
        "sched_setaffinity", types.int32(types.int32, types.uint64, types.int64)
    )

    @numba.njit
    def processor() -> int:
        """The number of the processor that this thread runs on; -1 where it is not known."""
        here = _processor()
        return here if here < 64 * WORDS else -1

    @numba.njit
    def keep_off(thread: int, here: int, words: Any, room: Any) -> None:
        """Move a thread from a processor to any other one that it may use.

        Args:
            thread: The system's number of the thread.
            here: The number of the processor.
            words: The processors that the thread may use otherwise, a bit for each.
            room: As many words, which are written to.
        """
        room[:] = words
        room[here // 64] &= ~(1 << here % 64)
        _set_affinity(thread, 8 * WORDS, room.ctypes.data)  # may fail: then all is as it was

else:

    @numba.njit
    def processor() -> int:
        """Not known here."""
        return -1

    @numba.njit
    def keep_off(thread: int, here: int, words: Any, room: Any) -> None:
        """Not possible here."""
