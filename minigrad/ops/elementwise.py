"""Ops that act on each element alone: arithmetic, powers and exponentials, comparisons.

Ops of two arguments broadcast as NumPy does; `sum_to` brings a gradient back to the shape of its
input.
"""

from __future__ import annotations

import math
from typing import Any

from ..backend import Shape, backend, sum_axes
from ..config import as_data
from ..engine.autograd import composite, primitive
from ..engine.dtypes import _astype, accumulates, check_dtype, real
from ..engine.tensor import Tensor, TensorLike

FAR = 100  # beyond it sigmoid, erf and tanh are at their limits
LARGE = 1e18  # beyond it x / (1 + x) is 1; its square is finite

# ---- broadcasting: an adjoint pair ---------------------------------------------------------------


@primitive
def broadcast_to(x: TensorLike, *, shape: Shape) -> TensorLike:
    """x repeated along new axes and axes of length 1 until it has `shape`.

    Args:
        x: Tensor or array.
        shape: The shape of the result.

    Example:
        >>> broadcast_to(np.array([1, 2]), shape=(2, 2))
        array([[1, 2],
               [1, 2]])
    """
    return backend(x).broadcast_to(x, shape)


@accumulates
@primitive
def sum_to(x: TensorLike, *, shape: Shape) -> TensorLike:
    """x summed over the axes along which broadcasting repeats an array of `shape`.

    Args:
        x: Tensor or array.
        shape: The shape of the result, which broadcasts to that of x.

    Example:
        >>> sum_to(np.ones((3, 2)), shape=(2,))
        array([3., 3.])
    """
    if x.shape == shape and x.dtype.kind == "f":
        return x
    extra = x.ndim - len(shape)
    repeated = [extra + i for i, n in enumerate(shape) if n == 1 and x.shape[extra + i] != 1]
    return sum_axes(x, (*range(extra), *repeated), keepdims=True).reshape(shape)


broadcast_to.gradients(lambda g, y, x, shape: sum_to(g, shape=x.shape), needs="x.shape")
sum_to.gradients(lambda g, y, x, shape: broadcast_to(g, shape=x.shape), needs="x.shape")


# ---- comparisons, and what else has no gradient --------------------------------------------------


@primitive
def sign(x: TensorLike) -> TensorLike:
    """-1, 0 or 1, as x is negative, zero or positive; its gradient counts as 0.

    Args:
        x: Tensor or array.

    Example:
        >>> sign(np.array([-2.0, 0.0, 3.0]))
        array([-1.,  0.,  1.])
    """
    return backend(x).sign(x)


sign.gradients(None)


@primitive
def floor(x: TensorLike) -> TensorLike:
    """The largest integer not above x; its gradient counts as 0.

    Args:
        x: Tensor or array.

    Example:
        >>> floor(np.array([-1.5, 1.5]))
        array([-2.,  1.])
    """
    return backend(x).floor(x)


floor.gradients(None)


@primitive
def ceil(x: TensorLike) -> TensorLike:
    """The smallest integer not below x; its gradient counts as 0.

    Args:
        x: Tensor or array.

    Example:
        >>> ceil(np.array([-1.5, 1.5]))
        array([-1.,  2.])
    """
    return backend(x).ceil(x)


ceil.gradients(None)


@real
@primitive
def rint(x: TensorLike) -> TensorLike:
    """The nearest integer, halves to even; its gradient counts as 0.

    Args:
        x: Tensor or array.

    Example:
        >>> rint(np.array([0.5, 1.7]))
        array([0., 2.])
    """
    return backend(x).rint(x)


rint.gradients(None)


@primitive
def round(x: TensorLike, *, decimals: int = 0) -> TensorLike:
    """x to so many decimals, halves to even; integers stay, and the gradient counts as 0.

    Args:
        x: Tensor or array.
        decimals: The number of digits after the point; of a negative number, before it.

    Example:
        >>> round(np.array([1.234, 2.5]), decimals=1)
        array([1.2, 2.5])
    """
    if not hasattr(decimals, "__index__"):
        raise TypeError(f"decimals must be a whole number, not {decimals!r}")
    return x if x.dtype.kind == "b" else backend(x).round(x, decimals)


round.gradients(None)


@primitive
def equal(a: TensorLike, b: TensorLike) -> TensorLike:
    """a == b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> equal(np.array([1, 2, 3]), 2)
        array([False,  True, False])
    """
    return a == b


equal.gradients(None)


@primitive
def not_equal(a: TensorLike, b: TensorLike) -> TensorLike:
    """a != b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> not_equal(np.array([1, 2, 3]), 2)
        array([ True, False,  True])
    """
    return a != b


not_equal.gradients(None)


@primitive
def less(a: TensorLike, b: TensorLike) -> TensorLike:
    """a < b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> less(np.array([1, 2, 3]), 2)
        array([ True, False, False])
    """
    return a < b


less.gradients(None)


@primitive
def less_equal(a: TensorLike, b: TensorLike) -> TensorLike:
    """a <= b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> less_equal(np.array([1, 2, 3]), 2)
        array([ True,  True, False])
    """
    return a <= b


less_equal.gradients(None)


@primitive
def greater(a: TensorLike, b: TensorLike) -> TensorLike:
    """a > b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> greater(np.array([1, 2, 3]), 2)
        array([False, False,  True])
    """
    return a > b


greater.gradients(None)


@primitive
def greater_equal(a: TensorLike, b: TensorLike) -> TensorLike:
    """a >= b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> greater_equal(np.array([1, 2, 3]), 2)
        array([False,  True,  True])
    """
    return a >= b


greater_equal.gradients(None)


@primitive
def logical_and(a: TensorLike, b: TensorLike) -> TensorLike:
    """a and b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> logical_and(np.array([True, False]), True)
        array([ True, False])
    """
    return _module(a, b).logical_and(a, b)


logical_and.gradients(None)


@primitive
def logical_or(a: TensorLike, b: TensorLike) -> TensorLike:
    """a or b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> logical_or(np.array([True, False]), False)
        array([ True, False])
    """
    return _module(a, b).logical_or(a, b)


logical_or.gradients(None)


@primitive
def logical_not(x: TensorLike) -> TensorLike:
    """not x, element by element.

    Args:
        x: Tensor or array.

    Example:
        >>> logical_not(np.array([True, False]))
        array([False,  True])
    """
    return backend(x).logical_not(x)


logical_not.gradients(None)


@primitive
def isnan(x: TensorLike) -> TensorLike:
    """True where x is not a number.

    Args:
        x: Tensor or array.

    Example:
        >>> isnan(np.array([1.0, np.nan]))
        array([False,  True])
    """
    return backend(x).isnan(x)


isnan.gradients(None)


@primitive
def isfinite(x: TensorLike) -> TensorLike:
    """True where x is neither infinite nor NaN.

    Args:
        x: Tensor or array.

    Example:
        >>> isfinite(np.array([1.0, np.inf]))
        array([ True, False])
    """
    return backend(x).isfinite(x)


isfinite.gradients(None)


def _shape(x: Any) -> Shape:
    return getattr(x, "shape", ())


def _module(a: Any, b: Any) -> Any:
    """The array module of the one that is an array with axes."""
    return backend(a if _shape(a) else b)


@primitive
def where(condition: TensorLike, a: TensorLike, b: TensorLike) -> TensorLike:
    """a where the condition holds, b elsewhere.

    Args:
        condition: Tensor or array of bools.
        a: Tensor, array or number.
        b: What broadcasts with a and the condition.

    Example:
        >>> where(np.array([True, False]), 1.0, 2.0)
        array([1., 2.], dtype=float32)
    """
    return backend(condition).where(condition, a, b)


where.gradients(
    None,
    lambda g, y, c, a, b: sum_to(where(c, g, 0), shape=_shape(a)),
    lambda g, y, c, a, b: sum_to(where(c, 0, g), shape=_shape(b)),
    needs="condition a.shape b.shape",
)


# ---- arithmetic ----------------------------------------------------------------------------------


@primitive(kernel="add")
def add(a: TensorLike, b: TensorLike) -> TensorLike:
    """a + b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> add(np.array([1, 2]), 3)
        array([4, 5])
    """
    return a + b


add.gradients(
    lambda g, y, a, b: sum_to(g, shape=a.shape),
    lambda g, y, a, b: sum_to(g, shape=b.shape),
    needs="a.shape b.shape",
)


@primitive
def subtract(a: TensorLike, b: TensorLike) -> TensorLike:
    """a - b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> subtract(np.array([1, 2]), 3)
        array([-2, -1])
    """
    return a - b


subtract.gradients(
    lambda g, y, a, b: sum_to(g, shape=a.shape),
    lambda g, y, a, b: sum_to(-g, shape=b.shape),
    needs="a.shape b.shape",
)


@primitive
def multiply(a: TensorLike, b: TensorLike) -> TensorLike:
    """a * b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> multiply(np.array([1, 2]), 3)
        array([3, 6])
    """
    return a * b


multiply.gradients(
    lambda g, y, a, b: sum_to(g * b, shape=a.shape),
    lambda g, y, a, b: sum_to(g * a, shape=b.shape),
    needs="a:b b:a",
)


@real
@primitive
def divide(a: TensorLike, b: TensorLike) -> TensorLike:
    """a / b, element by element.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> divide(np.array([1, 2]), 2)
        array([0.5, 1. ], dtype=float32)
    """
    return a / b


divide.gradients(
    lambda g, y, a, b: sum_to(g / b, shape=a.shape),
    lambda g, y, a, b: sum_to(-g * y / b, shape=b.shape),
    needs="y b a.shape",
)


@accumulates
@primitive
def power(a: TensorLike, b: TensorLike) -> TensorLike:
    """a ** b, element by element; the gradient for b counts 0 ** b as constant where b >= 0.

    Integers to a negative power are real.

    Args:
        a: Tensor, array or number; above 0 where b has a gradient.
        b: The exponent, which broadcasts with a.

    Example:
        >>> power(np.array([2, 3]), 2)
        array([4, 9])
    """
    if _is_integral(a) and _is_integral(b) and backend(b).any(b < 0):
        b = b * 1.0
    return a**b


def _is_integral(x: Any) -> bool:
    return x.dtype.kind in "iub" if hasattr(x, "dtype") else isinstance(x, int)


def _power_derivative(a: Any, b: Any) -> Any:
    """b * a ** (b - 1), and 0 where b is 0, even at a = 0."""
    if not hasattr(b, "shape"):
        return b * a ** (b - 1) if b != 0 else a * 0
    return b * a ** where((b == 0) & (a == 0), 1, b - 1)


def _log_or_zero(a: Any, b: Any) -> Any:
    """log(a), and 0 where a is 0 and b is not negative."""
    if hasattr(a, "shape"):
        return log(where((a == 0) & (b >= 0), 1, a))
    if a == 0:
        return where(b < 0, -math.inf, 0.0)
    return math.log(a) if a > 0 else math.nan


power.gradients(
    lambda g, y, a, b: sum_to(g * _power_derivative(a, b), shape=a.shape),
    lambda g, y, a, b: sum_to(g * y * _log_or_zero(a, b), shape=b.shape),
    needs="y a b",
)


@primitive
def negative(x: TensorLike) -> TensorLike:
    """-x, element by element.

    Args:
        x: Tensor or array.

    Example:
        >>> negative(np.array([1, -2]))
        array([-1,  2])
    """
    return -x


negative.gradients(lambda g, y, x: -g, needs="")


@primitive
def square(x: TensorLike) -> TensorLike:
    """x * x, element by element.

    Args:
        x: Tensor or array.

    Example:
        >>> square(np.array([1, -2]))
        array([1, 4])
    """
    return backend(x).square(x)


square.gradients(lambda g, y, x: g * (2 * x), needs="x")


@real
@primitive
def sqrt(x: TensorLike) -> TensorLike:
    """The square root.

    Args:
        x: Tensor or array.

    Example:
        >>> sqrt(np.array([4.0, 9.0]))
        array([2., 3.])
    """
    return backend(x).sqrt(x)


sqrt.gradients(lambda g, y, x: g / (2 * y), needs="y")


@real
@primitive
def reciprocal(x: TensorLike) -> TensorLike:
    """1 / x, element by element.

    Args:
        x: Tensor or array.

    Example:
        >>> reciprocal(np.array([2.0, 4.0]))
        array([0.5 , 0.25])
    """
    return 1 / x


reciprocal.gradients(lambda g, y, x: -g * y * y, needs="y")


@primitive
def absolute(x: TensorLike) -> TensorLike:
    """|x|, element by element; the gradient at 0 is 0.

    Args:
        x: Tensor or array.

    Example:
        >>> absolute(np.array([-1.5, 2.0]))
        array([1.5, 2. ])
    """
    return backend(x).absolute(x)


absolute.gradients(lambda g, y, x: g * sign(x), needs="x")


@composite
def abs(x: TensorLike) -> TensorLike:
    """`absolute` under its short name.

    Args:
        x: Tensor or array.

    Example:
        >>> minigrad.ops.abs(np.array([-1.5, 2.0]))
        array([1.5, 2. ])
    """
    return absolute(x)


@primitive
def maximum(a: TensorLike, b: TensorLike) -> TensorLike:
    """The larger of a and b; where they are equal the whole gradient goes to a.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> maximum(np.array([0, 2]), 1)
        array([1, 2])
    """
    return _module(a, b).maximum(a, b)


maximum.gradients(
    lambda g, y, a, b: sum_to(where(a >= b, g, 0), shape=a.shape),
    lambda g, y, a, b: sum_to(where(a >= b, 0, g), shape=b.shape),
    needs="a b",
)


@primitive
def minimum(a: TensorLike, b: TensorLike) -> TensorLike:
    """The smaller of a and b; where they are equal the whole gradient goes to a.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> minimum(np.array([1, 2]), 1)
        array([1, 1])
    """
    return _module(a, b).minimum(a, b)


minimum.gradients(
    lambda g, y, a, b: sum_to(where(a <= b, g, 0), shape=a.shape),
    lambda g, y, a, b: sum_to(where(a <= b, 0, g), shape=b.shape),
    needs="a b",
)


@primitive
def _clip(x: TensorLike, *, min: float | None, max: float | None) -> TensorLike:
    return backend(x).clip(x, min, max)


def _between(x: Any, low: Any, high: Any) -> Any:
    above = x >= (-math.inf if low is None else low)
    return above & (x <= (math.inf if high is None else high))


_clip.gradients(lambda g, y, x, min, max: where(_between(x, min, max), g, 0), needs="x")


@composite
def clip(x: TensorLike, *, min: Any = None, max: Any = None) -> TensorLike:
    """x limited to [min, max]; outside it the gradient is 0, at a limit it goes to x.

    Args:
        x: Tensor or array.
        min: The lower limit, a number or an array that broadcasts with x; None for none. A Tensor
            has the gradient of the elements that it replaces.
        max: The upper limit, as min.

    Example:
        >>> clip(np.array([-2, 0, 5]), min=-1, max=1)
        array([-1,  0,  1])
    """
    if _is_number(min) and _is_number(max):
        return _clip(x, min=min, max=max)
    if min is not None:
        x = maximum(x, min)
    return x if max is None else minimum(x, max)


def _is_number(limit: Any) -> bool:
    return limit is None or isinstance(limit, (int, float))


# ---- exponentials --------------------------------------------------------------------------------


@real
@primitive
def exp(x: TensorLike) -> TensorLike:
    """e ** x

    Args:
        x: Tensor or array.

    Example:
        >>> exp(np.array([0.0, 1.0])).round(3)
        array([1.   , 2.718])
    """
    return backend(x).exp(x)


exp.gradients(lambda g, y, x: g * y, needs="y")


@real
@primitive
def expm1(x: TensorLike) -> TensorLike:
    """e ** x - 1, exact near 0.

    Args:
        x: Tensor or array.

    Example:
        >>> expm1(np.array([0.0, 1.0])).round(3)
        array([0.   , 1.718])
    """
    return backend(x).expm1(x)


expm1.gradients(lambda g, y, x: g * (y + 1), needs="y")


@real
@primitive
def log(x: TensorLike) -> TensorLike:
    """The natural logarithm.

    Args:
        x: Tensor or array.

    Example:
        >>> log(np.array([1.0, 2.0])).round(3)
        array([0.   , 0.693])
    """
    return backend(x).log(x)


log.gradients(lambda g, y, x: g / x, needs="x")


@real
@primitive
def log1p(x: TensorLike) -> TensorLike:
    """log(1 + x), exact near 0.

    Args:
        x: Tensor or array.

    Example:
        >>> log1p(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.693])
    """
    return backend(x).log1p(x)


log1p.gradients(lambda g, y, x: g / (1 + x), needs="x")


# ---- dtype ---------------------------------------------------------------------------------------


@composite
def astype(x: TensorLike, *, dtype: Any) -> TensorLike:
    """x in another dtype; the gradient has the dtype of x, and does not pass through integers.

    Args:
        x: Tensor or array.
        dtype: The dtype of the result.

    Raises:
        TypeError: If it is no dtype of numbers.

    Example:
        >>> astype(np.array([1.7, -1.7]), dtype="int64")
        array([ 1, -1])
    """
    check_dtype(dtype)
    y = _astype(x, dtype=dtype)
    return y.detach() if isinstance(y, Tensor) and y.dtype.kind != "f" else y


@composite
def cast(x: TensorLike, dtype: Any) -> TensorLike:
    """`astype` under Keras's name; x may also be numbers or lists.

    Args:
        x: Tensor, array, numbers or lists.
        dtype: The dtype of the result.

    Raises:
        TypeError: If it is no dtype of numbers.

    Example:
        >>> cast([True, False], "float32")
        array([1., 0.], dtype=float32)
    """
    return astype(x if hasattr(x, "dtype") else as_data(x), dtype=dtype)
