"""NumPy or CuPy: which module computes with an array, transfers between devices, and memory."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from .arguments import explains_arguments

Array = Any  # numpy.ndarray or cupy.ndarray: one code serves both, so type checkers cannot tell
Shape = tuple[int, ...]
Axis = int | tuple[int, ...] | None  # None: all
# without dtype and device: they follow the arrays they meet
SCALARS = {int, float, bool, type(None)}
FLOAT16, FLOAT32, FLOAT64 = map(np.dtype, ("float16", "float32", "float64"))


# ---- which module computes -----------------------------------------------------------------------

_modules: dict[type, Any] = dict.fromkeys((np.ndarray, np.float32, np.float64, float, int), np)
_devices: dict[str, Any] = {"cpu": np}
_device_names: dict[Any, str] = {np: "cpu"}


def backend(x: Any) -> Any:
    """The array module of x: NumPy for host arrays and Python numbers, CuPy for arrays on a GPU.

    Args:
        x: Array, Tensor or number.

    Example:
        >>> backend(np.ones(2)).__name__
        'numpy'
    """
    return _modules.get(x.__class__) or _find_module(x)


def _find_module(x: Any) -> Any:
    if hasattr(x, "_array"):  # a Tensor: the array it holds
        return backend(x._array)
    return _module_of_type(type(x))


def _module_of_type(array_type: type) -> Any:
    """The module of a class of arrays; NumPy for what is no array."""
    if array_type not in _modules and array_type.__module__.partition(".")[0] == "cupy":
        _modules[array_type] = load_module("cuda")
    return _modules.get(array_type, np)


def register_device(name: str, module: Any, array_type: type) -> None:
    """Make a device that `minigrad.device(name)` selects.

    Args:
        name: The name of the device.
        module: A module with NumPy's interface.
        array_type: The class of its arrays.
    """
    _devices[name], _modules[array_type] = module, module
    _device_names[module] = name


def load_module(name: str) -> Any:
    """The array module of a device.

    Args:
        name: "cpu", "cuda" or a device that was registered.

    Raises:
        ValueError: If there is no device of that name.
        RuntimeError: If CuPy is not installed or finds no GPU.

    Example:
        >>> load_module("cpu").__name__
        'numpy'
    """
    if name in _devices:
        return _devices[name]
    if name != "cuda":
        known = ", ".join(sorted({*_devices, "cuda"}))
        raise ValueError(f"unknown device {name!r}: choose one of {known}")
    return _load_cupy()


def _load_cupy() -> Any:
    """CuPy, as the module of the device "cuda"; RuntimeError where it cannot run."""
    try:
        import cupy
    except ImportError as cause:
        raise RuntimeError(
            "device 'cuda' needs CuPy: pip install cupy-cuda12x (or cuda13x, as `nvidia-smi` says)"
        ) from cause
    if not cupy.cuda.is_available():
        raise RuntimeError(
            "device 'cuda': CuPy is installed but finds no GPU; check that `nvidia-smi` lists one"
        )
    register_device("cuda", cupy, cupy.ndarray)
    return cupy


def device_name(x: Any) -> str:
    """The device that holds x, "cpu" or "cuda".

    Args:
        x: Array, Tensor or number.

    Example:
        >>> device_name(np.ones(2))
        'cpu'
    """
    return _device_names[backend(x)]


def device_of_type(array_type: type) -> str:
    """The name of the device that holds arrays of a class.

    Args:
        array_type: A class of arrays.

    Example:
        >>> device_of_type(np.ndarray)
        'cpu'
    """
    return _device_names[_module_of_type(array_type)]


# ---- transfers -----------------------------------------------------------------------------------


@explains_arguments
def to_cpu(x: Any) -> np.ndarray:
    """x as a NumPy array; a copy only if it is on another device.

    Args:
        x: Array or numbers.

    Example:
        >>> to_cpu([1, 2])
        array([1, 2])
    """
    return x.get() if hasattr(x, "get") and hasattr(x, "dtype") else np.asarray(x)


@explains_arguments
def to_gpu(x: Any) -> Array:
    """x as a CuPy array on the current GPU; a copy only if it is not there yet.

    Args:
        x: Array or numbers.

    Raises:
        RuntimeError: If CuPy is not installed or finds no GPU.
    """
    return transfer(x, "cuda")


def transfer(x: Any, device: str) -> Array:
    """x as an array on a device; the same object if it is there already.

    Args:
        x: An array or a list.
        device: The name of the device.

    Example:
        >>> transfer([1, 2], "cpu")
        array([1, 2])
    """
    module = load_module(device)
    is_there = backend(x) is module and hasattr(x, "dtype")
    return x if is_there else module.asarray(to_cpu(x))


# ---- what NumPy and CuPy do differently ----------------------------------------------------------

MANY_ROWS = 64  # from so many on, scatter_add sums rows by a sparse matrix


def scatter_add(target: Array, index: Any, values: Array) -> None:
    """target[index] += values in place, where an index that repeats adds each of its values.

    Args:
        target: The array that is written to.
        index: As in target[index].
        values: An array that broadcasts to target[index].

    Example:
        >>> counts = np.zeros(3)
        >>> scatter_add(counts, np.array([0, 2, 2]), np.ones(3))
        >>> counts
        array([1., 0., 2.])
    """
    xp = backend(target)
    if xp is np:
        rows = index[0] if isinstance(index, tuple) and len(index) == 1 else index
        are_many = getattr(rows, "size", 0) >= MANY_ROWS and target.ndim > 1
        if are_many and rows.dtype.kind in "iu":
            _add_rows(target, rows, values)
        else:
            np.add.at(target, index, values)
    else:
        _add_in_order(target, index, values)


def _add_rows(target: np.ndarray, rows: np.ndarray, values: np.ndarray) -> None:
    """scatter_add of rows: a sparse matrix of ones sums those of one target."""
    from scipy.sparse import csr_matrix

    count, width = rows.size, target[0].size
    distinct, position = np.unique(rows.reshape(-1) % len(target), return_inverse=True)
    coordinates = position, np.arange(count)
    ones = csr_matrix((np.ones(count, target.dtype), coordinates), (len(distinct), count))
    matrix = np.broadcast_to(values, (*rows.shape, *target.shape[1:])).reshape(count, width)
    target[distinct] += (ones @ matrix).reshape(len(distinct), *target.shape[1:])


def _add_in_order(target: Array, index: Any, values: Array) -> None:
    """scatter_add on a GPU: equal sums in every run, which add.at, by atomics, does not give.

    Sorted, the values of one row are neighbors; each pass adds to every sum the one `step` rows on,
    so that it spans twice as many.
    """
    xp = backend(target)
    rows, flat = index, target
    if isinstance(index, tuple):
        rows = index[0] if len(index) == 1 else None
    if rows is None:
        rows = xp.arange(target.size).reshape(target.shape)[index]
        flat = target.reshape(-1)
    values = xp.broadcast_to(values, (*rows.shape, *flat.shape[1:]))
    rows = rows.reshape(-1) % max(1, len(flat))
    order = xp.argsort(rows)
    rows, sums = rows[order], values.reshape(len(rows), *flat.shape[1:])[order]
    step = 1
    while step < len(rows):
        equal = rows[step:] == rows[:-step]
        if not equal.any():
            break
        equal = equal.reshape((-1, *[1] * (sums.ndim - 1)))
        sums[:-step] += xp.where(equal, sums[step:], 0)
        step *= 2
    is_first = xp.concatenate([xp.ones(min(1, len(rows)), bool), rows[1:] != rows[:-1]])
    flat[rows[is_first]] += sums[is_first]


def overflow_allowed() -> Any:
    """`with overflow_allowed():` NumPy does not warn of infinite results; CuPy never does.

    Example:
        >>> with overflow_allowed():
        ...     bool(np.isinf(np.exp(np.float32(100))))
        True
    """
    return np.errstate(over="ignore")


def special_functions(x: Array) -> Any:
    """The module with erf for the device of x: SciPy's or CuPy's.

    Args:
        x: Array.

    Example:
        >>> x = np.zeros(2)
        >>> special_functions(x).erf(x)
        array([0., 0.])
    """
    xp = backend(x)
    if xp is np:
        import scipy.special as functions
    elif hasattr(xp, "special"):
        return xp.special
    else:
        import cupyx.scipy.special as functions
    return functions


# ---- sums that keep their digits -----------------------------------------------------------------

SUM_BLOCK = 256  # so many rows are added up one after another


def sum_rows(x: Array) -> Array:
    """x summed over the last axis but one, block by block, each block as a product with ones.

    NumPy adds row after row: of 262,144 it loses three digits of float32, and takes longer.

    Args:
        x: Array of two axes or more.

    Example:
        >>> sum_rows(np.ones((1000, 2)))
        array([1000., 1000.])
    """
    *leading, n, width = x.shape
    if backend(x) is not np and not leading and x.dtype in (FLOAT32, FLOAT64):
        # a GPU takes a hundred times as long for x.sum(0) of many rows
        return ones_vector(backend(x), 1 << max(0, n - 1).bit_length(), x.dtype)[:n].dot(x)
    if n < SUM_BLOCK:
        return x.sum(-2)
    whole = n // SUM_BLOCK * SUM_BLOCK
    blocks = x[..., :whole, :].reshape((*leading, whole // SUM_BLOCK, SUM_BLOCK, width))
    if x.strides[-1] == x.itemsize:
        sums = (backend(x).ones((1, SUM_BLOCK), x.dtype) @ blocks)[..., 0, :]
    else:
        sums = blocks.sum(-2)
    if whole < n:
        rest = x[..., whole:, :].sum(-2, keepdims=True)
        sums = backend(x).concatenate([sums, rest], -2)
    return sum_rows(sums)


@cache
def ones_vector(module: Any, n: int, dtype: Any) -> Array:
    """n ones, kept for the next call, so not to be written to: x.dot(ones) sums short rows fast.

    Args:
        module: NumPy or CuPy.
        n: Length, one of few.
        dtype: The dtype of the ones.

    Example:
        >>> ones_vector(np, 2, np.dtype("float64"))
        array([1., 1.])
    """
    return module.ones(n, dtype)


def filled(shape: Shape, value: float, like: Array) -> Array:
    """An array of one value, in the dtype of another if that holds it, else in a wider one.

    Args:
        shape: Of the result.
        value: The value of the elements.
        like: The other array.

    Example:
        >>> filled((2,), 1.0, like=np.zeros(3, "int8"))
        array([1, 1], dtype=int8)
    """
    kind = like.dtype.kind
    if kind == "b" and value in (0, 1):
        value = bool(value)
    elif kind in "iu" and value % 1 == 0:
        value = int(value)
    xp = backend(like)
    return xp.full(shape, value, xp.result_type(like, value))


def sum_axes(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """x.sum(axis), of many elements in the order that keeps the most digits.

    Args:
        x: Array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> sum_axes(np.ones((1000, 2)), 0)
        array([1000., 1000.])
    """
    few = x.size < 4 * SUM_BLOCK
    return x.sum(axis, keepdims=keepdims) if few else _sum_many(x, axis, keepdims)


def _sum_many(x: Array, axis: Axis, keepdims: bool) -> Array:
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    is_leading = sorted(axes) == [*range(len(axes))] and 0 < len(axes) < x.ndim
    if x.dtype.kind != "f" or (backend(x) is not np and not is_leading):
        return x.sum(axis, keepdims=keepdims)  # a GPU adds up in a tree
    lengths = [1 if i in axes else n for i, n in enumerate(x.shape)]
    if x.flags.c_contiguous and axes and max(axes) - min(axes) == len(axes) - 1:
        x = x.reshape((*x.shape[: min(axes)], -1, *x.shape[max(axes) + 1 :]))
        axes = (min(axes),)
    for a in sorted(axes, reverse=True):
        x = _sum_axis(x, a)
    return x.reshape(lengths) if keepdims else x


def _sum_axis(x: Array, axis: int) -> Array:
    """x.sum(axis); NumPy adds up pairwise along the axis that is contiguous in memory."""
    stride = abs(x.strides[axis])
    if x.shape[axis] < SUM_BLOCK or all(stride <= abs(s) for s in x.strides):
        return x.sum(axis)
    return sum_rows(np.moveaxis(x, axis, -2))


def mean_axes(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """x.mean(axis), with the digits of sum_axes.

    Args:
        x: Array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> mean_axes(np.ones((1000, 2)), 0)
        array([1., 1.])
    """
    if x.size < 4 * SUM_BLOCK or x.dtype not in (FLOAT32, FLOAT64):
        return x.mean(axis, keepdims=keepdims)
    y = sum_axes(x, axis, keepdims)
    return y / (x.size // y.size)


def largest_finite(dtype: Any) -> float:
    """The largest number of a floating dtype.

    Args:
        dtype: A floating dtype.

    Example:
        >>> largest_finite("float16")
        65504.0
    """
    return float(np.finfo(dtype).max)


# ---- memory --------------------------------------------------------------------------------------

M_TRIM_THRESHOLD = -1  # malloc.h
M_MMAP_THRESHOLD = -3
MAX_MMAP_THRESHOLD = 1 << 25  # the most that glibc allows


@cache
def tune_malloc(limit: int = 1 << 29) -> bool:
    """Let the C library keep freed memory for the arrays to come; True if it does.

    glibc gives large blocks back to the system at once, and each training step then pays a page
    fault for every 4 kB of its activations and gradients: a fifth of the time of an MLP
    784-1024-1024-10.
    Nothing changes where MALLOC_TRIM_THRESHOLD_ is set, or without glibc.

    Args:
        limit: The number of freed bytes to keep at most.
    """
    if not sys.platform.startswith("linux") or "MALLOC_TRIM_THRESHOLD_" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is None or not mallopt(M_TRIM_THRESHOLD, limit):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, MAX_MMAP_THRESHOLD))


# ---- blocks of rows ------------------------------------------------------------------------------


def chunks(n: int, size: int) -> Iterator[slice]:
    """Slices that cut n rows into chunks.

    Args:
        n: The number of rows.
        size: The number of rows per chunk; the last one may have fewer.

    Example:
        >>> list(chunks(5, 3))
        [slice(0, 3, None), slice(3, 5, None)]
    """
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def cache_blocks(x: Array, elements: int, least: int = 1) -> Iterator[slice]:
    """Slices of the rows of x that stay in the processor's cache during several passes.

    On a GPU all rows are one block.

    Args:
        x: Array.
        elements: The number of elements per block, about.
        least: The smallest number of rows per block.

    Example:
        >>> list(cache_blocks(np.ones((5, 4)), elements=12))
        [slice(0, 3, None), slice(3, 5, None)]
    """
    n = len(x)
    if device_name(x) != "cpu":
        return chunks(n, max(1, n))
    return chunks(n, max(1, least, elements * n // max(1, x.size)))


# ---- Keras's names for settings ------------------------------------------------------------------

NAMES = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_keras_tensor",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
    "to_cpu",
    "to_gpu",
]


def __getattr__(name: str) -> Any:
    """What Keras keeps here stands in modules that import this one."""
    instead = import_module(".utils.instead", __package__)
    return instead.explain_missing("backend", NAMES)(name)
