"""Loops compiled by Numba: for float32 and float64, run on all threads, kept on disk.

    @inlined
    def _scale(block, x, y, factor):
        start, stop = block_bounds(block, x.size)
        part, result = x[start:stop], y[start:stop]
        for i in range(part.size):
            result[i] = factor * part[i]

    @loop("T[::1], T[::1], f8")
    def scale(pool, x, y, factor):
        run_blocks(pool, count_blocks(x.size), _scale, (x, y, x.dtype.type(factor)))

    scale(x.size, x, y, 0.5)        # first the work, about the number of multiplications

`run_blocks` cuts work into blocks by its shape alone; partial sums of blocks are added in their
order, after it. So the bits are the same for every number of threads. T is the dtype of the first
array, float32 or float64; a number is turned into it once, before the blocks: one float64 in a
formula makes all of it float64.

Blocks borrow their arrays: nobody counts the uses of parts of them, which all threads would do in
one place. Memory that a block makes is counted; `lend(function, arguments)` runs what takes parts
of it in an inner loop.

Compiled code is kept under $MINIGRAD_HOME (or ~/.minigrad), in a folder named by the text of these
files and the versions of Numba, NumPy and Python: what is found there fits. A file that cannot be
read is thrown away and made again.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core import caching, types
from numba.core.errors import NumbaError

from ... import threads
from ...backend import Array
from ...utils.files import home_dir
from . import LoopError, pool
from .pool import NO_POOL, lend, run_blocks

__all__ = ["as_carray", "block_bounds", "count_blocks", "inlined", "lend", "loop", "run_blocks"]

PARALLEL_WORK = 1 << 17  # multiplications; sharing fewer with another thread gives nothing
BLOCK = 1 << 13  # elements per block of an elementwise loop
ROWS_BLOCK = 1 << 13  # and in the rows of a block
LEAST_COPY = 1 << 16  # elements that several threads copy faster than one
DTYPES = {"f": types.float32, "d": types.float64}

# the compiler may reorder the sums of a block, but NaN and infinities stay what they are
FAST_MATH = {"reassoc", "contract", "arcp", "nsz", "afn"}
OPTIONS: dict[str, Any] = {"fastmath": FAST_MATH, "error_model": "numpy"}


# ---- what loops are written with -----------------------------------------------------------------


def inlined(function: Callable[..., Any]) -> Any:
    """A function that loops call; it becomes part of them.

    Args:
        function: The function, in the part of Python that Numba compiles.
    """
    return numba.njit(function, **OPTIONS)


@inlined
def count_blocks(size: int) -> int:
    """The number of blocks of `size` elements."""
    return (size + BLOCK - 1) // BLOCK


@inlined
def block_bounds(block: int, size: int) -> tuple[int, int]:
    """The first element of a block, and the one behind its last."""
    return block * BLOCK, min(size, (block + 1) * BLOCK)


# ---- a loop --------------------------------------------------------------------------------------


class Loop:
    """A function that Numba compiles when it is first called, once per dtype.

    Args:
        function: The function; its first argument is what `run_blocks` gets.
        signature: The types of the other arguments, with T for the dtype: "T[:, ::1], f8, i8".
    """

    all: list[Loop] = []

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.function = function
        self.signature = signature
        self.name = function.__name__.strip("_")
        self.__doc__ = function.__doc__
        self._compiled: dict[str, Any] = {}
        Loop.all.append(self)

    def __call__(self, work: int, *args: Any) -> Any:
        """Run on one thread, or on several if there is work for them.

        Args:
            work: About the number of multiplications.
            *args: The arguments of the function behind the pool; the first is an array.
        """
        dtype = args[0].dtype.char
        compiled = self._compiled.get(dtype) or self.compile(dtype)
        if work <= PARALLEL_WORK or threads.get_num_threads() == 1:
            return compiled(NO_POOL, *args)
        return pool.pool.run(compiled, args, compiled_serve(), work)

    def compile(self, dtype: str) -> Any:
        """The compiled function, from disk if it was compiled before.

        Args:
            dtype: "f" for float32, "d" for float64.

        Raises:
            LoopError: If Numba cannot compile it.
        """
        with _compiling:
            if dtype not in self._compiled:
                self._compiled[dtype] = compile_function(
                    self.function, (types.int64[::1], *self._types(DTYPES[dtype]))
                )
            return self._compiled[dtype]

    def _types(self, element: Any) -> Any:
        names = {"T": element, "f8": types.float64, "f4": types.float32, "b1": types.boolean}
        names |= {"i8": types.int64, "i4": types.int32, "u1": types.uint8, "u8": types.uint64}
        return eval(f"({self.signature},)", {"__builtins__": {}}, names)


def loop(signature: str) -> Callable[[Callable[..., Any]], Loop]:
    """Decorate a function that Numba compiles.

    Args:
        signature: The types of its arguments: T is the dtype of the first array, f8, i8 and b1 are
            numbers and booleans; "T[:, ::1]" is an array of two axes in C order.
    """
    return lambda function: Loop(function, signature)


def as_carray(x: Array) -> Array:
    """x as loops take it: in C order, aligned and writable; a copy if it is not so.

    Args:
        x: The array.
    """
    if x.flags.carray:
        return x
    if x.size < LEAST_COPY or x.dtype.char not in DTYPES or not _has_rows(x):
        return np.require(x, requirements=("C", "A", "W"))
    y, step = np.empty(x.shape, x.dtype), x.strides[-2] // x.itemsize
    rows = y.reshape(-1, x.shape[-1])
    span = (len(rows) - 1) * step + x.shape[-1]
    memory = np.lib.stride_tricks.as_strided(x, (span,), (x.itemsize,))
    _run_copy_rows(4 * x.size, as_writable(memory), rows, step)
    return y


def as_writable(x: Array) -> Array:
    """x, or a copy where a loop would not take it: not to be written to.

    Args:
        x: The array.
    """
    return x if x.flags.writeable and x.flags.aligned else x.copy()


def _has_rows(x: Array) -> bool:
    """True for parts of the rows of an array in C order."""
    axes = zip(x.strides, x.shape[1:-1], x.strides[1:])
    is_even = all(outer == n * inner for outer, n, inner in axes)
    step = x.strides[-2] if x.ndim > 1 else 0
    return x.strides[-1] == x.itemsize and step > 0 == step % x.itemsize and is_even


@inlined
def _copy_rows(block, x, y, step, rows):
    """Some rows of y are those of x, which begin so many numbers apart."""
    for i in range(block * rows, min(len(y), (block + 1) * rows)):
        source, target = x[i * step : i * step + y.shape[1]], y[i]
        for j in range(target.size):
            target[j] = source[j]


@loop("T[::1], T[:, ::1], i8")
def _run_copy_rows(pool, x, y, step):
    rows = max(1, ROWS_BLOCK // y.shape[1])
    run_blocks(pool, (len(y) + rows - 1) // rows, _copy_rows, (x, y, step, rows))


# ---- compiling and running -----------------------------------------------------------------------

_compiling = threading.RLock()


def compile_function(function: Callable[..., Any], signature: tuple[Any, ...]) -> Any:
    """Compile a function for arguments of these types, or load what was compiled before.

    Args:
        function: The function.
        signature: Numba's types of its arguments.

    Raises:
        LoopError: If Numba cannot compile it.
    """
    dispatcher = numba.njit(function, nogil=True, **OPTIONS)
    file = Path(function.__code__.co_filename)
    if file.parent == Path(__file__).parent and cache_folder(file.stem) is not None:
        dispatcher._cache = _Cache(function)
    try:
        dispatcher.compile(signature)
    except NumbaError as cause:
        raise LoopError(f"{function.__name__}: {cause}") from cause
    dispatcher.disable_compile()
    return dispatcher


@cache
def compiled_serve() -> Any:
    """What helpers run: `pool.serve`, compiled."""
    with _compiling:
        return compile_function(pool.serve, (types.int64[::1], types.int64))


# ---- the cache on disk ---------------------------------------------------------------------------


@cache
def fingerprint(module: str) -> str:
    """What the compiled code of a file here depends on: its text, Numba, NumPy, Python.

    Args:
        module: The name of the file, without its ending.
    """
    digest = hashlib.sha256()
    for name in sorted(_texts(module)):
        digest.update(_text(name).encode())
    versions = numba.__version__, np.__version__, sys.version, sorted(FAST_MATH)
    digest.update(repr(versions).encode())
    return digest.hexdigest()[:16]


def _texts(module: str) -> set[str]:
    """A file and those beside it that it imports, directly or not."""
    found: set[str] = set()
    waiting = {module}
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= set(re.findall(r"^from \.(\w+) import", _text(name), re.M)) - found
    return found


@cache
def _text(module: str) -> str:
    return Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")


@cache
def cache_folder(module: str) -> Path | None:
    """Where compiled code of a file is kept; None where only others, or others too, can write.

    Args:
        module: The name of the file, without its ending.
    """
    folder = home_dir() / "kernels" / f"{module}-{fingerprint(module)}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder if _is_private(folder) else None
    except OSError:
        return None


def _is_private(folder: Path) -> bool:
    """True if the folder can be written to by this user and by nobody else."""
    if not os.access(folder, os.W_OK):
        return False
    if not hasattr(os, "getuid"):
        return True
    about = folder.stat()
    others = stat.S_IWGRP | stat.S_IWOTH
    return about.st_uid == os.getuid() and not about.st_mode & others


class _Locator(caching._CacheLocator):
    """Says that a function is kept in the folder of compiled code."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._module = Path(function.__code__.co_filename).stem
        self._py_file = function.__code__.co_filename  # for Numba's warnings

    def get_cache_path(self) -> str:
        return str(cache_folder(self._module))

    def get_source_stamp(self) -> str:
        return fingerprint(self._module)

    def get_disambiguator(self) -> str:
        return str(self._function.__code__.co_firstlineno)

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> _Locator:
        return cls(py_func)


class _Files(caching.CompileResultCacheImpl):
    """Keeps functions that name others: Numba notes addresses of these, which nothing reads."""

    _locator_classes = [_Locator]

    def check_cachable(self, cres: Any) -> bool:
        return True


class _Cache(caching.FunctionCache):
    """Numba's cache in our folder. What cannot be read is thrown away, what cannot be kept is not."""

    _impl_class = _Files

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            found = super().load_overload(sig, target_context)
        except Exception:  # whatever a damaged pickle raises
            self._throw_away()
            found = None
        if found is None:
            announce()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)
        except OSError:  # a full disk: compiled again in the next process
            self._throw_away()

    def _throw_away(self) -> None:
        for path in Path(self.cache_path).glob(f"{self._impl.filename_base}*"):
            path.unlink(missing_ok=True)


_quiet = False


def be_quiet() -> None:
    """Say nothing when loops are compiled."""
    global _quiet
    _quiet = True


def announce() -> None:
    """Say once, in one line, that loops are being compiled."""
    if not _quiet:
        be_quiet()
        print(
            "minigrad compiles its loops for this processor, seconds for each, once: "
            "`python -m minigrad.kernels --compile` makes them all now",
            file=sys.stderr,
            flush=True,
        )
