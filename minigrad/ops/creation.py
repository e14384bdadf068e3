"""Ops that make arrays: copies, constants, ranges.

What is made from a Tensor or array is of its kind. `arange`, `linspace` and `eye` are given
numbers, so they make an array, as every op does: on the current device, in the default dtype where
it is floating. `Tensor(eye(3))` makes a Tensor of it.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend import Array, backend
from ..config import device_module, settings
from ..engine.autograd import composite, primitive
from ..engine.dtypes import check_dtype
from ..engine.tensor import TensorLike
from .shapes import whole_number


@primitive
def copy(x: TensorLike) -> TensorLike:
    """x in memory of its own.

    Args:
        x: Tensor or array.

    Example:
        >>> copy(np.array([1, 2]))
        array([1, 2])
    """
    return x.copy()


copy.gradients(lambda g, y, x: g, needs="")


def _number(x: Any, what: str) -> Any:
    """x as a number of Python's. Raises TypeError for what is none."""
    if getattr(x, "ndim", None) == 0:
        x = x.item()
    if not isinstance(x, (int, float)):
        raise TypeError(f"{what} must be a number, not {type(x).__name__}")
    return x


@primitive
def _full_like(x: TensorLike, *, value: float, dtype: Any) -> TensorLike:
    dtype = x.dtype if dtype is None else dtype
    check_dtype(dtype)
    return backend(x).full(x.shape, value, dtype)


_full_like.gradients(None)


@composite
def full_like(x: TensorLike, fill_value: float, *, dtype: Any = None) -> TensorLike:
    """One number, as often as x has elements.

    Args:
        x: Tensor or array, whose shape and device the result has.
        fill_value: The number.
        dtype: The dtype of the result; None for that of x.

    Raises:
        TypeError: If fill_value is no number.

    Example:
        >>> full_like(np.ones((2, 2)), 7.0)
        array([[7., 7.],
               [7., 7.]])
    """
    return _full_like(x, value=_number(fill_value, "fill_value"), dtype=dtype)


@composite
def zeros_like(x: TensorLike, *, dtype: Any = None) -> TensorLike:
    """Zeros, as many as x has elements.

    Args:
        x: Tensor or array, whose shape and device the result has.
        dtype: The dtype of the result; None for that of x.

    Example:
        >>> zeros_like(np.array([1.5, 2.5]))
        array([0., 0.])
    """
    return _full_like(x, value=0, dtype=dtype)


@composite
def ones_like(x: TensorLike, *, dtype: Any = None) -> TensorLike:
    """Ones, as many as x has elements.

    Args:
        x: Tensor or array, whose shape and device the result has.
        dtype: The dtype of the result; None for that of x.

    Example:
        >>> ones_like(np.array([1.5, 2.5]), dtype="int64")
        array([1, 1])
    """
    return _full_like(x, value=1, dtype=dtype)


# ---- from numbers --------------------------------------------------------------------------------


def _in_dtype(values: Array, dtype: Any) -> Array:
    """The values in `dtype`; for None floating ones are of the default dtype."""
    if dtype is None:
        dtype = settings.default_dtype if values.dtype.kind == "f" else values.dtype
    check_dtype(dtype)
    return values.astype(dtype)


@composite
def arange(start: float, stop: float | None = None, step: float = 1, *, dtype: Any = None) -> Array:
    """The numbers from start up to stop, stop excluded, `step` apart.

    Args:
        start: The first number; where it stands alone it is `stop`, and the first number is 0.
        stop: What the numbers do not reach.
        step: The difference of neighbors.
        dtype: The dtype of the result; None for integers if start, stop and step are such.

    Raises:
        ValueError: If step is 0, or something is infinite.

    Example:
        >>> arange(3)
        array([0, 1, 2])
        >>> arange(1, 2, 0.5)
        array([1. , 1.5], dtype=float32)
    """
    first, end = (0, start) if stop is None else (start, stop)
    first, end, step = _number(first, "start"), _number(end, "stop"), _number(step, "step")
    if not step or not math.isfinite(first + end + step):
        raise ValueError(f"from {first} to {end} there is no finite number of steps of {step}")
    return _in_dtype(device_module().arange(first, end, step), dtype)


@composite
def linspace(
    start: float,
    stop: float,
    num: int = 50,
    *,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
) -> Any:
    """Numbers at equal distances from start to stop.

    Args:
        start: The first number.
        stop: The last number.
        num: The number of numbers.
        endpoint: False leaves stop out, and the distances are those of num + 1 numbers.
        retstep: True returns (numbers, their distance).
        dtype: The dtype of the result; None for the default one.

    Raises:
        ValueError: If num is negative.

    Example:
        >>> linspace(0, 1, 5)
        array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """
    if whole_number(num, "num") < 0:
        raise ValueError(f"num must be at least 0, not {num}")
    first, last = _number(start, "start"), _number(stop, "stop")
    y = _in_dtype(device_module().linspace(first, last, num, endpoint=endpoint), dtype)
    steps = num - 1 if endpoint else num
    return (y, (last - first) / steps if steps > 0 else math.nan) if retstep else y


@composite
def eye(N: int, M: int | None = None, *, k: int = 0, dtype: Any = None) -> Array:
    """A matrix with ones on a diagonal and zeros elsewhere: the identity matrix.

    Args:
        N: The number of rows.
        M: The number of columns; None for N.
        k: The diagonal: 0 the main one, 1 the one above it.
        dtype: The dtype of the result; None for the default one.

    Raises:
        ValueError: If N or M is negative.

    Example:
        >>> eye(2)
        array([[1., 0.],
               [0., 1.]], dtype=float32)
    """
    rows, columns = _matrix_size(N, M)
    return _in_dtype(device_module().eye(rows, columns, k=whole_number(k, "k")), dtype)


def _matrix_size(N: Any, M: Any) -> tuple[int, int]:
    """(rows, columns) of a matrix, M of None for N; ValueError for numbers below 0."""
    rows = whole_number(N, "N")
    columns = rows if M is None else whole_number(M, "M")
    if min(rows, columns) < 0:
        raise ValueError(f"there is no matrix of {rows} x {columns}: give numbers of at least 0")
    return rows, columns
