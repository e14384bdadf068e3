"""CUDA kernels: their sources, compiled for one type of numbers at the first launch, and the launch.

A kernel stands in a .cu file under its name. It is launched on CuPy's current stream, and nothing
here waits for the device.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache, wraps
from pathlib import Path
from typing import Any

import numpy as np

from ...backend import FLOAT32, FLOAT64, Array, backend
from ...ops.windows import Window

FOLDER = Path(__file__).parent
KERNEL = re.compile(r"^(?:ROW_)?KERNEL (\w+)\(", re.MULTILINE)
OPTIONS = ("-std=c++14",)
REALS = {FLOAT32: "float", FLOAT64: "double"}
INDICES = {False: ("int", np.int32), True: ("long long", np.int64)}
MANY_ELEMENTS = 1 << 30  # of an array: from so many on indices have 64 bits
NULL = np.uint64(0)

# ---- sources -------------------------------------------------------------------------------------


@cache
def kernel_files() -> dict[str, str]:
    """The file of each kernel, by name."""
    files = sorted(FOLDER.glob("*.cu"))
    return {name: file.name for file in files for name in KERNEL.findall(file.read_text())}


def source(files: Sequence[str], real: str, index: str) -> str:
    """The text to compile: files of kernels, for one type of numbers and one of indices."""
    texts = [(FOLDER / name).read_text() for name in ("common.cuh", *files)]
    return "\n".join([f"#define REAL {real}", f"#define INDEX {index}", *texts])


@cache
def _module(file: str, real: str, index: str) -> Any:
    import cupy

    return cupy.RawModule(code=source([file], real, index), options=OPTIONS)


@cache
def function_of(kernel: str, real: str, index: str) -> Callable[..., Any]:
    """function(grid, block, args) of a kernel, compiled if this is the first of its file."""
    return _module(kernel_files()[kernel], real, index).get_function(kernel)


# ---- launches ------------------------------------------------------------------------------------


def launch(kernel: str, grid: tuple[int, ...], block: tuple[int, ...], args: Sequence[Any]) -> None:
    """Launch a kernel on the current stream.

    Args:
        kernel: Its name.
        grid: The number of blocks along each axis; a launch of none does nothing.
        block: The number of threads of a block along each axis.
        args: Its arguments: arrays, contiguous and the floating ones of one dtype, that of the
            first; None for no array; integers and floats.
    """
    if 0 in grid:
        return
    is_huge = any(a.size >= MANY_ELEMENTS for a in args if hasattr(a, "size"))
    index, integer = INDICES[is_huge]
    dtype = args[0].dtype
    numbers = {int: integer, bool: integer, float: dtype.type, type(None): _null}
    converted = [numbers[a.__class__](a) if a.__class__ in numbers else a for a in args]
    function_of(kernel, REALS[dtype], index)(grid, block, tuple(converted))


def _null(none: None) -> np.uint64:
    """The address of no array."""
    return NULL


THREADS = 256  # per block
WARP = 32  # threads that share instructions, and sums without memory between them
LONG_ROW = 1024  # elements: more are summed by a whole block


def launch_elements(kernel: str, n: int, args: Sequence[Any]) -> None:
    """Launch a kernel with one thread for each of n elements."""
    launch(kernel, (-(-n // THREADS),), (THREADS,), args)


def launch_rows(kernel: str, rows: int, length: int, args: Sequence[Any]) -> None:
    """Launch a kernel whose threads each take some of the elements of a row, and do not meet."""
    across = min(WARP, 1 << max(0, (length - 1) // 4).bit_length())
    down = THREADS // across
    launch(kernel, (-(-rows // down),), (across, down), args)


def launch_row_sums(kernel: str, rows: int, length: int, args: Sequence[Any]) -> None:
    """Launch a ROW_KERNEL: a warp for each row, or a block where rows are long."""
    across, down = (THREADS, 1) if length > LONG_ROW else (WARP, 4)
    launch(kernel, (-(-rows // down),), (across, down), args)


@cache
def window_args(window: Window) -> tuple[int, ...]:
    """What WINDOW stands for in a kernel."""
    first_pads = window.pads[0][0], window.pads[1][0]
    moves = *window.kernel, *window.strides, *window.dilation, *first_pads
    return tuple(map(int, (*window.image_size, *moves, *window.output_shape)))


# ---- arrays that kernels take --------------------------------------------------------------------


def contiguous(x: Array) -> Array:
    """x, or a copy that lies in memory in the order of its indices."""
    return x if x.flags.c_contiguous else backend(x).ascontiguousarray(x)


def real_dtype(arrays: Sequence[Any]) -> Any:
    """The dtype of the floating arrays if CUDA kernels take them, else None.

    They take arrays, not empty, that are all float32 or all float64.
    """
    given = [a for a in arrays if a is not None]
    if not all(getattr(a, "size", 0) for a in given):
        return None
    found = {a.dtype for a in given if a.dtype.kind == "f"}
    is_one = len(found) == 1 and given[0].dtype in REALS
    return found.pop() if is_one else None


def on_reals(otherwise: Callable[..., Any], backward: bool = False) -> Callable[..., Any]:
    """Make a kernel of arrays of float32 or float64 one of all arrays.

    Args:
        otherwise: What runs on other arrays: the kernel for any device.
        backward: True for a kernel that is given g and residuals before the arrays.
    """

    def decorate(kernel: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(kernel)
        def chosen(*args: Any, **settings: Any) -> Any:
            dtype = real_dtype(args[2:] if backward else args)
            if dtype is None:
                return otherwise(*args, **settings)
            if backward and args[0].dtype != dtype:
                args = (args[0].astype(dtype), *args[1:])
            return kernel(*args, **settings)

        return chosen

    return decorate
