"""Ops that make arrays: copies, constants, ranges.

What is made from a Tensor or array is of its kind. `zeros`, `arange`, `eye` and the like are given
numbers, so they make an array, as every op does: on the current device, in the default dtype where
it is floating. `Tensor(eye(3))` makes a Tensor of it.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend import Array, backend, to_cpu
from ..config import as_data, device_module, settings
from ..engine.autograd import composite, primitive
from ..engine.dtypes import check_dtype
from ..engine.tensor import TensorLike
from .elementwise import astype
from .shapes import are_several, whole_number


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


@composite
def empty_like(x: TensorLike, *, dtype: Any = None) -> TensorLike:
    """Zeros, as many as x has elements: what nobody has set is left to no chance.

    Args:
        x: Tensor or array, whose shape and device the result has.
        dtype: The dtype of the result; None for that of x.

    Example:
        >>> empty_like(np.array([1.5, 2.5])).shape
        (2,)
    """
    return _full_like(x, value=0, dtype=dtype)


# ---- from numbers --------------------------------------------------------------------------------


def _in_dtype(values: Array, dtype: Any) -> Array:
    """The values in `dtype`; for None floating ones are of the default dtype."""
    if dtype is None:
        dtype = settings.default_dtype if values.dtype.kind == "f" else values.dtype
    check_dtype(dtype)
    return values.astype(dtype)


def as_shape(shape: Any) -> tuple[int, ...]:
    """A shape as a tuple of ints.

    Args:
        shape: A whole number, or several in a tuple, a list or an array.

    Raises:
        TypeError: If one is not a whole number.
        ValueError: If one is negative.
    """
    several = to_cpu(getattr(shape, "_array", shape)) if are_several(shape) else [shape]
    lengths = tuple(whole_number(n, "a length") for n in several)
    if min(lengths, default=0) < 0:
        raise ValueError(f"the lengths of a shape must be at least 0, not {lengths}")
    return lengths


@composite
def full(shape: Any, fill_value: float, *, dtype: Any = None) -> Array:
    """An array of one number.

    Args:
        shape: The lengths of its axes: a number or several.
        fill_value: The number.
        dtype: The dtype of the result; None for the default one.

    Raises:
        TypeError: If a length is no whole number, or fill_value no number.

    Example:
        >>> full((2, 2), 7)
        array([[7., 7.],
               [7., 7.]], dtype=float32)
    """
    dtype = settings.default_dtype if dtype is None else dtype
    check_dtype(dtype)
    return device_module().full(as_shape(shape), _number(fill_value, "fill_value"), dtype)


@composite
def zeros(shape: Any, *, dtype: Any = None) -> Array:
    """An array of zeros.

    Args:
        shape: The lengths of its axes: a number or several.
        dtype: The dtype of the result; None for the default one.

    Raises:
        TypeError: If a length is no whole number.

    Example:
        >>> zeros((2, 3))
        array([[0., 0., 0.],
               [0., 0., 0.]], dtype=float32)
    """
    return full(shape, 0, dtype=dtype)


@composite
def ones(shape: Any, *, dtype: Any = None) -> Array:
    """An array of ones.

    Args:
        shape: The lengths of its axes: a number or several.
        dtype: The dtype of the result; None for the default one.

    Raises:
        TypeError: If a length is no whole number.

    Example:
        >>> ones((2, 3))
        array([[1., 1., 1.],
               [1., 1., 1.]], dtype=float32)
    """
    return full(shape, 1, dtype=dtype)


@composite
def empty(shape: Any, *, dtype: Any = None) -> Array:
    """An array of zeros: what nobody has set is left to no chance.

    Args:
        shape: The lengths of its axes: a number or several.
        dtype: The dtype of the result; None for the default one.

    Raises:
        TypeError: If a length is no whole number.

    Example:
        >>> empty((2, 3)).shape
        (2, 3)
    """
    return full(shape, 0, dtype=dtype)


@composite
def array(x: Any, *, dtype: Any = None) -> TensorLike:
    """The values in an array of their own on the current device; of a Tensor a Tensor.

    Args:
        x: Numbers, lists, an array or a Tensor.
        dtype: The dtype of the result; None for that of x, floating numbers in the default one.

    Example:
        >>> array([[1, 2], [3, 4]], dtype="float32")
        array([[1., 2.],
               [3., 4.]], dtype=float32)
    """
    values = x if hasattr(x, "dtype") else as_data(x)
    return copy(values) if dtype is None else astype(values, dtype=dtype)


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
def logspace(
    start: float,
    stop: float,
    num: int = 50,
    *,
    endpoint: bool = True,
    base: float = 10,
    dtype: Any = None,
) -> Array:
    """Numbers at equal ratios, from base ** start to base ** stop.

    Args:
        start: The exponent of the first number.
        stop: The exponent of the last number.
        num: The number of numbers.
        endpoint: False leaves the last one out.
        base: What the exponents belong to.
        dtype: The dtype of the result; None for the default one.

    Raises:
        ValueError: If num is negative.

    Example:
        >>> logspace(0, 2, 3)
        array([  1.,  10., 100.], dtype=float32)
    """
    exponents = linspace(start, stop, num, endpoint=endpoint, dtype="float64")
    return _in_dtype(_number(base, "base") ** exponents, dtype)


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


@composite
def identity(n: int, *, dtype: Any = None) -> Array:
    """The square matrix with ones on the main diagonal and zeros elsewhere.

    Args:
        n: The number of rows.
        dtype: The dtype of the result; None for the default one.

    Raises:
        ValueError: If n is negative.

    Example:
        >>> identity(2)
        array([[1., 0.],
               [0., 1.]], dtype=float32)
    """
    return eye(n, dtype=dtype)


@composite
def tri(N: int, M: int | None = None, *, k: int = 0, dtype: Any = None) -> Array:
    """A matrix with ones on a diagonal and below it, and zeros above.

    Args:
        N: The number of rows.
        M: The number of columns; None for N.
        k: The diagonal: 0 the main one, 1 the one above it.
        dtype: The dtype of the result; None for the default one.

    Raises:
        ValueError: If N or M is negative.

    Example:
        >>> tri(2)
        array([[1., 0.],
               [1., 1.]], dtype=float32)
    """
    rows, columns = _matrix_size(N, M)
    ones = device_module().tri(rows, columns, whole_number(k, "k"), float)
    return _in_dtype(ones, dtype)
