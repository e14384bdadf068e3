"""Quotients: whole ones and remainders with NumPy's signs, a == b * floor(a / b) + a % b."""

from __future__ import annotations

from ..backend import backend
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import _module, divide, square, sum_to


@primitive
def trunc(x: TensorLike) -> TensorLike:
    """x without its fraction, the nearest integer towards 0; its gradient counts as 0.

    Args:
        x: Tensor or array.

    Example:
        >>> trunc(np.array([-1.5, 1.5]))
        array([-1.,  1.])
    """
    return backend(x).trunc(x)


trunc.gradients(None)


@primitive
def floor_divide(a: TensorLike, b: TensorLike) -> TensorLike:
    """a // b, the largest integer not above a / b; its gradient counts as 0.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> floor_divide(np.array([7, -7]), 2)
        array([ 3, -4])
    """
    return a // b


floor_divide.gradients(None)


@primitive
def remainder(a: TensorLike, b: TensorLike) -> TensorLike:
    """a % b, which has the sign of b: a - b * floor(a / b).

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> remainder(np.array([7, -7]), 2)
        array([1, 1])
    """
    return a % b


remainder.gradients(
    lambda g, y, a, b: sum_to(g, shape=a.shape),
    lambda g, y, a, b: sum_to(-g * floor_divide(a, b), shape=b.shape),
    needs="a b",
)


@composite
def mod(a: TensorLike, b: TensorLike) -> TensorLike:
    """`remainder` under its short name.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> mod(np.array([7, -7]), 2)
        array([1, 1])
    """
    return remainder(a, b)


def floor_and_remainder(a: TensorLike, b: TensorLike) -> tuple[TensorLike, TensorLike]:
    """(a // b, a % b), as Python's divmod gives them."""
    return floor_divide(a, b), remainder(a, b)


@composite
def true_divide(a: TensorLike, b: TensorLike) -> TensorLike:
    """`divide` under its longer name.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> true_divide(np.array([1, 2]), 2)
        array([0.5, 1. ], dtype=float32)
    """
    return divide(a, b)


@real
@primitive
def divide_no_nan(a: TensorLike, b: TensorLike) -> TensorLike:
    """a / b, and 0 where b is 0.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> divide_no_nan(np.array([1.0, 2.0]), np.array([0.0, 4.0]))
        array([0. , 0.5])
    """
    xp = _module(a, b)
    is_zero = b == 0
    return xp.where(xp.asarray(is_zero), 0, a / (b + is_zero))


divide_no_nan.gradients(
    lambda g, y, a, b: sum_to(g * (b != 0) / (b + (b == 0)), shape=a.shape),
    lambda g, y, a, b: sum_to(-g * a * (b != 0) / square(b + (b == 0)), shape=b.shape),
    needs="a b",
)
