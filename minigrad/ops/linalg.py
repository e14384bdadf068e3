"""Inverses, determinants and systems of linear equations, of a matrix or of many at once."""

from __future__ import annotations

from typing import Any

from ..backend import backend
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import sum_to
from .shapes import expand_dims, squeeze, swapaxes


def _check_square(x: Any) -> None:
    """Raise ValueError unless x is a matrix, or several, of as many rows as columns."""
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(
            f"expected a square matrix (..., n, n), and shape {x.shape} is none: as many rows as "
            "columns have an inverse"
        )


def _turned(x: Any) -> Any:
    """The transposed matrices."""
    return swapaxes(x, axis1=-1, axis2=-2)


@real
@primitive
def inv(x: TensorLike) -> TensorLike:
    """The inverse of a matrix: x @ inv(x) is the identity.

    Args:
        x: Tensor or array.

    Shape:
        (..., n, n) -> (..., n, n)

    Raises:
        ValueError: If x is not square, or singular.

    Example:
        >>> inv(np.array([[2.0, 0.0], [0.0, 4.0]]))
        array([[0.5 , 0.  ],
               [0.  , 0.25]])
    """
    _check_square(x)
    return backend(x).linalg.inv(x)


inv.gradients(lambda g, y, x: -_turned(y) @ g @ _turned(y), needs="y")


@real
@primitive
def det(x: TensorLike) -> TensorLike:
    """The determinant of a matrix; its gradient needs one that is not singular.

    Args:
        x: Tensor or array.

    Shape:
        (..., n, n) -> (...)

    Raises:
        ValueError: If x is not square.

    Example:
        >>> det(np.array([[1.0, 2.0], [3.0, 4.0]])).round(3)
        np.float64(-2.0)
    """
    _check_square(x)
    return backend(x).linalg.det(x)


det.gradients(lambda g, y, x: (g * y)[..., None, None] * _turned(inv(x)), needs="y x")


@primitive
def _solve(a: TensorLike, b: TensorLike) -> TensorLike:
    """x with a @ x = b, for the columns of matrices."""
    return backend(a).linalg.solve(a, b)


_solve.gradients(
    lambda g, y, a, b: sum_to(-_solve(_turned(a), g) @ _turned(y), shape=a.shape),
    lambda g, y, a, b: sum_to(_solve(_turned(a), g), shape=b.shape),
    needs="y a b.shape",
)


@composite
@real
def solve(a: TensorLike, b: TensorLike) -> TensorLike:
    """x with a @ x = b.

    Args:
        a: A square matrix, or several.
        b: The right side: a vector for each matrix, or one in each column.

    Shape:
        (..., n, n), (..., n) -> (..., n), or (..., n, n), (..., n, m) -> (..., n, m)

    Raises:
        ValueError: If the shapes do not fit, or a is singular.

    Example:
        >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([1.0, 2.0]))
        array([0.5, 0.5])
    """
    _check_square(a)
    is_vector = b.ndim == a.ndim - 1
    columns = expand_dims(b, axis=-1) if is_vector else b
    if columns.ndim < 2 or columns.shape[-2] != a.shape[-1]:
        raise ValueError(
            f"a of shape {a.shape} needs a right side of {a.shape[-1]} rows, (..., n) or "
            f"(..., n, m), not of shape {b.shape}"
        )
    x = _solve(a, columns)
    return squeeze(x, axis=-1) if is_vector else x
