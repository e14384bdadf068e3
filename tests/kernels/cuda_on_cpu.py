"""CUDA kernels on a CPU: their source compiled as C++ behind cuda_on_cpu.hpp, called by ctypes.

`function_of` stands in for that of `minigrad.kernels.cuda.launch`, with arrays of NumPy or of the
strict device. What a GPU would not notice is refused: an argument of another type than the kernel's,
an array that is not contiguous, a block of too many threads, threads that wait for ever.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from minigrad.kernels.cuda import launch

SHIM = Path(__file__).with_suffix(".hpp")
# the types of a kernel are REAL: an arithmetic of double in one of float is an error
FLAGS = "-std=c++17 -O0 -shared -fPIC -Wall -Werror -Wdouble-promotion -Wno-unknown-pragmas"
MOST_THREADS = 1024  # of a block, on every GPU
MOST_BLOCKS = 2**31 - 1, 65535, 65535


def compiler() -> str | None:
    """The C++ compiler, or None where there is none; fibers are Linux's."""
    return shutil.which("g++") if sys.platform == "linux" else None


def text_of(real: str, index: str) -> str:
    """C++ of all kernels: compiling them together takes half the time."""
    files = sorted(set(launch.kernel_files().values()))
    source = launch.source(files, real, index)
    meeting = set(re.findall(r"^ROW_KERNEL (\w+)\(", source, re.MULTILINE))
    doors = [
        f"CALLABLE({kernel}, {str(kernel in meeting).lower()})"
        for kernel in launch.KERNEL.findall(source)
    ]
    return "\n".join([f'#include "{SHIM}"', source, *doors])


@cache
def library(real: str, index: str) -> ctypes.CDLL:
    """All kernels, compiled; kept in the folder for temporary files under a hash of the text."""
    text = text_of(real, index)
    key = hashlib.sha256((text + SHIM.read_text() + FLAGS).encode()).hexdigest()[:20]
    built = Path(tempfile.gettempdir(), f"minigrad-{key}.so")
    if not built.exists():
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder, "kernels.so")
            command = [compiler(), *FLAGS.split(), "-x", "c++", "-", "-o", str(made)]
            subprocess.run(command, input=text, text=True, check=True)
            shutil.copy(made, f"{built}.{os.getpid()}")
            os.replace(f"{built}.{os.getpid()}", built)
    return ctypes.CDLL(str(built))


def function_of(kernel: str, real: str, index: str):
    """function(grid, block, args) of a kernel."""
    module = library(real, index)
    types_of = getattr(module, f"types_of_{kernel}")
    types_of.restype = ctypes.c_char_p
    types = types_of().decode().split()
    run = getattr(module, f"run_{kernel}")
    run.restype = ctypes.c_bool

    def function(grid, block, args):
        assert len(args) == len(types), f"{kernel} takes {len(types)} arguments, got {len(args)}"
        given = [
            on_host(a, t, f"argument {i} of {kernel}") for i, (a, t) in enumerate(zip(args, types))
        ]
        grid, block = ((*size, 1, 1)[:3] for size in (grid, block))
        assert all(0 < n <= most for n, most in zip(grid, MOST_BLOCKS)), grid
        assert 0 < np.prod(block) <= MOST_THREADS, block
        pointers = (ctypes.c_void_p * len(given))(*(a.ctypes.data for a in given))
        ok = run((ctypes.c_uint * 6)(*map(int, (*grid, *block))), pointers)
        assert ok, f"threads of {kernel} wait for ever"

    return function


def on_host(a, type_code: str, what: str) -> np.ndarray:
    """Memory that holds the argument: a number, or the address of an array's numbers."""
    host = getattr(a, "_host", a)
    if type_code.startswith("*"):
        if isinstance(host, np.uint64):
            assert host == 0, f"{what} is an array or nothing"
            return np.zeros(1, "u8")
        assert isinstance(host, np.ndarray), f"{what} is an array, not {host!r}"
        assert host.flags.c_contiguous, f"{what} is not contiguous"
        address = np.array([host.ctypes.data], "u8")
    else:
        assert isinstance(host, np.generic), f"{what} is a number with a dtype, not {host!r}"
        address = np.array([host])
    assert host.dtype.str[1:] == type_code.strip("*"), f"{what} is {type_code}, got {host.dtype}"
    return address
