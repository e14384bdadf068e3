"""Products of vectors and matrices beside matmul; inverses, determinants and linear equations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..backend import backend
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import multiply, sum_to
from .matmul import dot
from .shapes import expand_dims, moveaxis, squeeze, stack, swapaxes
from .statistics import norm  # noqa: F401 - at its home in Keras

# ---- products ------------------------------------------------------------------------------------


@composite
def vdot(a: TensorLike, b: TensorLike) -> TensorLike:
    """The product of two vectors, as which arrays of more axes count.

    Args:
        a: Tensor or array.
        b: Tensor or array of as many elements.

    Example:
        >>> vdot(np.array([[1, 2], [3, 4]]), np.array([[1, 0], [0, 1]]))
        array(5)
    """
    return dot(a.reshape(-1), b.reshape(-1))


@composite
def kron(a: TensorLike, b: TensorLike) -> TensorLike:
    """Every element of a times all of b, laid out in blocks.

    Args:
        a: Tensor or array.
        b: Tensor or array; of fewer axes than a, or of more, axes of length 1 stand in front.

    Shape:
        (m, n), (p, q) -> (m p, n q)

    Example:
        >>> kron(np.array([[1, 2]]), np.array([[1], [1]]))
        array([[1, 2],
               [1, 2]])
    """
    ndim = max(a.ndim, b.ndim)
    m, p = ((1,) * (ndim - x.ndim) + tuple(x.shape) for x in (a, b))
    outer_axes = a.reshape([n for length in m for n in (length, 1)])
    inner_axes = b.reshape([n for length in p for n in (1, length)])
    return multiply(outer_axes, inner_axes).reshape([i * j for i, j in zip(m, p)])


@composite
def cross(
    a: TensorLike,
    b: TensorLike,
    *,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> TensorLike:
    """The vectors at right angles to a and b, as long as the area between them: a x b.

    Args:
        a: Vectors of three elements.
        b: Vectors of three elements, which broadcast with a.
        axisa: The axis of a vector in a.
        axisb: The axis of a vector in b.
        axisc: The axis of a vector in the result.
        axis: One axis in place of the three.

    Raises:
        ValueError: If the vectors do not have three elements.

    Example:
        >>> cross(np.array([1, 0, 0]), np.array([0, 1, 0]))
        array([0, 0, 1])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    u, v = moveaxis(a, source=axisa, destination=-1), moveaxis(b, source=axisb, destination=-1)
    if not u.shape[-1:] == v.shape[-1:] == (3,):
        raise ValueError(
            f"the vectors of shapes {a.shape} and {b.shape} must have three elements along their "
            "axis"
        )
    parts = []
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        parts.append(u[..., j] * v[..., k] - u[..., k] * v[..., j])
    return moveaxis(stack(parts, axis=-1), source=-1, destination=axisc)


# ---- inverses ------------------------------------------------------------------------------------


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
    xp = backend(a)
    stacks = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])  # which CuPy's solve does not
    a, b = (xp.broadcast_to(m, stacks + m.shape[-2:]) for m in (a, b))
    return xp.linalg.solve(a, b)


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
