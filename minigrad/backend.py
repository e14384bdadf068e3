"""NumPy or CuPy: which array module, which device, which dtype, and one seed for everything drawn at random."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from typing import Any, Iterator

import numpy as np

# Python's numbers have neither dtype nor device: they follow the arrays they meet
SCALARS = {int, float, bool, type(None)}
FLOAT64 = np.dtype("float64")
Array = Any  # numpy.ndarray or cupy.ndarray; one code serves both, so type checkers cannot tell


# ---- which module computes -----------------------------------------------------------------------------------------

_modules: dict[type, Any] = dict.fromkeys((np.ndarray, np.float32, np.float64, float, int), np)


_devices: dict[str, Any] = {"cpu": np}


def backend(x: Any) -> Any:
    """The array module that owns `x`: NumPy for host arrays and Python numbers, CuPy for arrays on a GPU."""
    return _modules.get(x.__class__) or _find_module(x)


def _find_module(x: Any) -> Any:
    kind = type(x)
    if hasattr(x, "_array"):  # a Tensor: the array it holds
        return backend(x._array)
    if kind.__module__.partition(".")[0] == "cupy":
        _modules[kind] = load_module("cuda")
        return _modules[kind]
    return np


def register_device(name: str, module: Any, array_type: type) -> None:
    """Make `module` (NumPy's interface over `array_type`) selectable as `minigrad.device(name)`."""
    _devices[name], _modules[array_type] = module, module


def load_module(name: str) -> Any:
    """The array module of the device called `name`; a missing GPU is explained."""
    if name in _devices:
        return _devices[name]
    if name != "cuda":
        raise ValueError(
            f"unknown device {name!r}: choose one of {', '.join(sorted({*_devices, 'cuda'}))}"
        )
    try:
        import cupy
    except ImportError as cause:
        raise RuntimeError(
            "device 'cuda' needs CuPy: pip install 'minigrad[cuda12x]' (or cuda13x, as `nvidia-smi` says)"
        ) from cause
    if not cupy.cuda.is_available():
        raise RuntimeError(
            "device 'cuda': CuPy is installed but finds no GPU; check that `nvidia-smi` lists one"
        )
    register_device("cuda", cupy, cupy.ndarray)
    return cupy


def device_name(x: Any) -> str:
    """The device `x` lives on, "cpu" or "cuda"."""
    module = backend(x)
    return next(name for name, known in _devices.items() if known is module)


def to_cpu(x: Any) -> np.ndarray:
    """`x` as a NumPy array; waits for the device and copies where `x` lives on one."""
    return x.get() if hasattr(x, "get") and hasattr(x, "dtype") else np.asarray(x)


def to_gpu(x: Any) -> Array:
    """`x` as a CuPy array on the current GPU."""
    module = load_module("cuda")
    return x if backend(x) is module and hasattr(x, "dtype") else module.asarray(to_cpu(x))


def scatter_add(target: Array, index: Any, values: Array) -> None:
    """target[index] += values in place, where an index that repeats adds each of its values."""
    xp = backend(target)
    if xp is np:
        rows = index[0] if isinstance(index, tuple) and len(index) == 1 else index
        if getattr(rows, "size", 0) >= 64 and target.ndim > 1 and rows.dtype.kind in "iu":
            _add_rows(target, rows, values)
        else:
            np.add.at(target, index, values)
    elif hasattr(xp, "scatter_add"):
        xp.scatter_add(target, index, values)
    else:
        import cupyx

        cupyx.scatter_add(target, index, values)


def _add_rows(target: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """scatter_add for whole rows: a sparse matrix of ones sums those of one target, ten times as fast as np.add.at."""
    from scipy.sparse import csr_matrix

    count, width = rows.size, target[0].size
    named, place = np.unique(rows.reshape(-1) % len(target), return_inverse=True)
    ones = csr_matrix(
        (np.ones(count, target.dtype), (place, np.arange(count))), (len(named), count)
    )
    values = np.broadcast_to(values, (*rows.shape, *target.shape[1:])).reshape(count, width)
    target[named] += (ones @ values).reshape(len(named), *target.shape[1:])


def overflow_allowed() -> Any:
    """`with overflow_allowed():` NumPy does not warn of results that are infinite; CuPy never does."""
    return np.errstate(over="ignore")


def special_functions(x: Array) -> Any:
    """The module of special functions (erf) for the device of `x`: SciPy's or CuPy's."""
    xp = backend(x)
    if xp is np:
        import scipy.special as functions
    elif hasattr(xp, "special"):
        return xp.special
    else:
        import cupyx.scipy.special as functions
    return functions


# ---- memory --------------------------------------------------------------------------------------------------------


@cache
def tune_malloc(most: int = 1 << 29) -> bool:
    """Let the C library keep up to `most` bytes of freed memory for the arrays to come; False where it cannot.

    glibc gives large blocks back to the system at once, and each training step then pays a page fault for every 4 kB of its
    activations and gradients: a fifth of the time of an MLP 784-1024-1024-10. Whoever sets MALLOC_TRIM_THRESHOLD_ decides himself.
    """
    if not sys.platform.startswith("linux") or "MALLOC_TRIM_THRESHOLD_" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    m_trim_threshold, m_mmap_threshold = -1, -3  # malloc.h; the second takes 32 MB at the most
    return (
        mallopt is not None
        and bool(mallopt(m_trim_threshold, most))
        and bool(mallopt(m_mmap_threshold, 1 << 25))
    )


def chunks(n: int, size: int) -> Iterator[slice]:
    """Slices that cut `n` rows into runs of `size`, the last one shorter where it must be."""
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def cache_blocks(x: Array, elements: int, least: int = 1) -> Iterator[slice]:
    """Slices of the rows of `x`, of about so many elements each and at least `least` rows; on a GPU, all rows in one.

    What several operations work on in turn then stays in the cache of a processor.
    """
    rows = len(x) if device_name(x) != "cpu" else max(least, elements * len(x) // max(1, x.size))
    return chunks(len(x), max(1, rows))
