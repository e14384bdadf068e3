"""Whole quotients and remainders, with NumPy's signs: a == b * floor(a / b) + a % b."""

from __future__ import annotations

from ..backend import backend
from ..engine.autograd import composite, primitive
from ..engine.tensor import TensorLike
from .elementwise import sum_to


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
