"""Questions about values that `elementwise` leaves out: infinite, close, one of two."""

from __future__ import annotations

import math

from ..backend import backend, largest_finite
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import _module, isnan, sum_to, where
from .reductions import all


@primitive
def logical_xor(a: TensorLike, b: TensorLike) -> TensorLike:
    """True where one of a and b is true and the other is not.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> logical_xor(np.array([True, False]), True)
        array([False,  True])
    """
    return _module(a, b).logical_xor(a, b)


@primitive
def isinf(x: TensorLike) -> TensorLike:
    """True where x is infinite, of either sign.

    Args:
        x: Tensor or array.

    Example:
        >>> isinf(np.array([1.0, -np.inf, np.nan]))
        array([False,  True, False])
    """
    return backend(x).isinf(x)


@primitive
def isclose(
    a: TensorLike, b: TensorLike, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorLike:
    """True where |a - b| <= atol + rtol * |b|.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a, the value that is expected.
        rtol: The tolerance relative to b.
        atol: The tolerance that does not depend on b.
        equal_nan: True lets NaN be close to NaN.

    Example:
        >>> isclose(np.array([1.0, 1.1]), 1.0)
        array([ True, False])
    """
    return _module(a, b).isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan)


for _op in (logical_xor, isinf, isclose):
    _op.gradients(None)


@composite
def allclose(
    a: TensorLike, b: TensorLike, *, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorLike:
    """True if a and b are close everywhere; see `isclose`.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a, the value that is expected.
        rtol: The tolerance relative to b.
        atol: The tolerance that does not depend on b.
        equal_nan: True lets NaN be close to NaN.

    Example:
        >>> bool(allclose(np.array([1.0, 2.0]), np.array([1.0, 2.1])))
        False
    """
    return all(isclose(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan))


@composite
def nan_to_num(
    x: TensorLike, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> TensorLike:
    """x with numbers in place of NaN and infinity, where the gradient is 0.

    Args:
        x: Tensor or array.
        nan: What stands for NaN.
        posinf: What stands for infinity; None for the largest number of the dtype.
        neginf: What stands for -infinity; None for the smallest number of the dtype.

    Example:
        >>> nan_to_num(np.array([1.0, np.nan, np.inf]), posinf=9.0)
        array([1., 0., 9.])
    """
    if x.dtype.kind != "f":
        return x
    largest = largest_finite(x.dtype)
    is_high, is_low = x == math.inf, x == -math.inf
    y = where(isnan(x), nan, x)
    y = where(is_high, largest if posinf is None else posinf, y)
    return where(is_low, -largest if neginf is None else neginf, y)


@primitive
def signbit(x: TensorLike) -> TensorLike:
    """True where the sign of x is minus, that of -0.0 too.

    Args:
        x: Tensor or array.

    Example:
        >>> signbit(np.array([-0.0, 1.0, -2.0]))
        array([ True, False,  True])
    """
    return backend(x).signbit(x)


signbit.gradients(None)


@real
@primitive
def heaviside(a: TensorLike, b: TensorLike) -> TensorLike:
    """The step function: 0 for negative a, 1 for positive a, and b where a is 0.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> heaviside(np.array([-1.0, 0.0, 2.0]), 0.5)
        array([0. , 0.5, 1. ])
    """
    return _module(a, b).heaviside(a, b)


heaviside.gradients(None, lambda g, y, a, b: sum_to(g * (a == 0), shape=b.shape), needs="a b.shape")


@primitive
def fmax(a: TensorLike, b: TensorLike) -> TensorLike:
    """The larger of a and b, and of NaN and a number the number.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> fmax(np.array([np.nan, 1.0]), np.array([2.0, 3.0]))
        array([2., 3.])
    """
    return _module(a, b).fmax(a, b)


fmax.gradients(
    lambda g, y, a, b: sum_to(where((a >= b) | (b != b), g, 0), shape=a.shape),
    lambda g, y, a, b: sum_to(where((a >= b) | (b != b), 0, g), shape=b.shape),
    needs="a b",
)


@primitive
def fmin(a: TensorLike, b: TensorLike) -> TensorLike:
    """The smaller of a and b, and of NaN and a number the number.

    Args:
        a: Tensor, array or number.
        b: What broadcasts with a.

    Example:
        >>> fmin(np.array([np.nan, 1.0]), np.array([2.0, 3.0]))
        array([2., 1.])
    """
    return _module(a, b).fmin(a, b)


fmin.gradients(
    lambda g, y, a, b: sum_to(where((a <= b) | (b != b), g, 0), shape=a.shape),
    lambda g, y, a, b: sum_to(where((a <= b) | (b != b), 0, g), shape=b.shape),
    needs="a b",
)
