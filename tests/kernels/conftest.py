"""Compiled loops are tested where Numba is installed."""

from __future__ import annotations

import pytest

from minigrad import threads
from minigrad.kernels import compiled

collect_ignore_glob = [] if compiled.is_wanted() else ["test_compiled*.py"]


@pytest.fixture
def everything_compiled(monkeypatch):
    """Arrays of any size run through compiled loops, on as many threads as `set_threads` says."""
    from minigrad.kernels.compiled import loops, matmul, pool, pooling

    for row in compiled.ROWS:
        monkeypatch.setattr(row, "least", 0)
    monkeypatch.setattr(loops, "PARALLEL_WORK", -1)
    monkeypatch.setattr(pool, "WAKING_WORK", -1)
    monkeypatch.setattr(matmul, "LEAST_WORK", 0)
    monkeypatch.setattr(matmul, "LEAST_COLUMNS", 0)
    monkeypatch.setattr(pooling, "FEW_CHANNELS", 0)
    monkeypatch.setattr(threads, "_chosen", 2)


@pytest.fixture
def set_threads(monkeypatch):
    """set_threads(n): compute on n threads until the test ends."""
    return lambda n: monkeypatch.setattr(threads, "_chosen", n)
