"""Logarithms, powers and roots beside those of `elementwise`."""

from __future__ import annotations

import math
from typing import Any

from ..backend import backend
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import _module, absolute, exp, reciprocal, sqrt, sum_to, where


@real
@primitive
def log2(x: TensorLike) -> TensorLike:
    """The logarithm to base 2, exact for powers of 2.

    Args:
        x: Tensor or array.

    Example:
        >>> log2(np.array([1.0, 8.0]))
        array([0., 3.])
    """
    return backend(x).log2(x)


@real
@primitive
def log10(x: TensorLike) -> TensorLike:
    """The logarithm to base 10.

    Args:
        x: Tensor or array.

    Example:
        >>> log10(np.array([1.0, 1000.0]))
        array([0., 3.])
    """
    return backend(x).log10(x)


@real
@primitive
def exp2(x: TensorLike) -> TensorLike:
    """2 ** x

    Args:
        x: Tensor or array.

    Example:
        >>> exp2(np.array([-1.0, 3.0]))
        array([0.5, 8. ])
    """
    return backend(x).exp2(x)


log2.gradients(lambda g, y, x: g / (x * math.log(2)), needs="x")
log10.gradients(lambda g, y, x: g / (x * math.log(10)), needs="x")
exp2.gradients(lambda g, y, x: g * (y * math.log(2)), needs="y")


@real
@primitive
def logaddexp(a: TensorLike, b: TensorLike) -> TensorLike:
    """log(exp(a) + exp(b)), which does not overflow.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> logaddexp(np.array([1.0, 1000.0]), np.array([1.0, 0.0])).round(3)
        array([   1.693, 1000.   ])
    """
    return _module(a, b).logaddexp(a, b)


def _part(a: Any, y: Any) -> Any:
    """exp(a) as a part of exp(y); 0 where both are 0."""
    return exp(a - where(y == -math.inf, 0, y))


logaddexp.gradients(
    lambda g, y, a, b: sum_to(g * _part(a, y), shape=a.shape),
    lambda g, y, a, b: sum_to(g * _part(b, y), shape=b.shape),
    needs="y a b",
)


@composite
def rsqrt(x: TensorLike) -> TensorLike:
    """1 / sqrt(x)

    Args:
        x: Tensor or array.

    Example:
        >>> rsqrt(np.array([4.0, 16.0]))
        array([0.5 , 0.25])
    """
    return reciprocal(sqrt(x))


@real
@primitive
def hypot(a: TensorLike, b: TensorLike) -> TensorLike:
    """sqrt(a * a + b * b), which does not overflow; where it is 0 its gradient counts as 0.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> hypot(np.array([3.0, 0.0]), 4.0)
        array([5., 4.])
    """
    return _module(a, b).hypot(a, b)


hypot.gradients(
    lambda g, y, a, b: sum_to(g * (a / where(y == 0, 1, y)), shape=a.shape),
    lambda g, y, a, b: sum_to(g * (b / where(y == 0, 1, y)), shape=b.shape),
    needs="y a b",
)


@real
@primitive
def cbrt(x: TensorLike) -> TensorLike:
    """The cube root, of negative numbers too.

    Args:
        x: Tensor or array.

    Example:
        >>> cbrt(np.array([-8.0, 27.0]))
        array([-2.,  3.])
    """
    return backend(x).cbrt(x)


cbrt.gradients(lambda g, y, x: g / (3 * y * y), needs="y")


@composite
@real
def fabs(x: TensorLike) -> TensorLike:
    """|x| as a real number, of integers too.

    Args:
        x: Tensor or array.

    Example:
        >>> fabs(np.array([-1, 2]))
        array([1., 2.], dtype=float32)
    """
    return absolute(x)


@composite
@real
def logaddexp2(a: TensorLike, b: TensorLike) -> TensorLike:
    """log2(2 ** a + 2 ** b), which does not overflow.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> logaddexp2(np.array([1.0, 2000.0]), np.array([1.0, 0.0]))
        array([   2., 2000.])
    """
    return logaddexp(a * math.log(2), b * math.log(2)) / math.log(2)
