"""Matrix products."""

from __future__ import annotations

from ..backend import Shape, sum_axes
from ..engine.autograd import composite, fused, primitive
from ..engine.dtypes import accumulates, real
from ..engine.tensor import TensorLike
from .activations import relu
from .elementwise import broadcast_to, multiply, sum_to
from .shapes import merge_rows


@accumulates
@primitive(kernel="matmul")
def _matmul(a: TensorLike, b: TensorLike) -> TensorLike:
    return a @ b


_matmul.gradients(
    lambda g, y, a, b: sum_to(_matmul(g, b.swapaxes(-1, -2)), shape=a.shape),
    lambda g, y, a, b: sum_to(_matmul(a.swapaxes(-1, -2), g), shape=b.shape),
    needs="a:b b:a",
)


@composite
def matmul(a: TensorLike, b: TensorLike) -> TensorLike:
    """Matrix product of the last two axes; a vector counts as a row or a column.

    Args:
        a: Tensor or array of one axis or more.
        b: Tensor or array of one axis or more; leading axes broadcast with those of a.

    Shape:
        (..., n, k), (..., k, m) -> (..., n, m)

    Raises:
        ValueError: If shapes do not fit, or a or b is a number.

    Example:
        >>> matmul(np.array([[1, 2], [3, 4]]), np.array([1, 1]))
        array([3, 7])
    """
    if not (getattr(a, "ndim", 0) and getattr(b, "ndim", 0)):
        raise ValueError("both need at least one axis: a scalar is multiplied with *")
    if a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        raise ValueError(_inner_axes_differ(a.shape, b.shape))
    return _matmul(a, b) if a.ndim > 1 and b.ndim > 1 else _matmul_vectors(a, b)


def _inner_axes_differ(a: Shape, b: Shape) -> str:
    """What does not fit, and the transposes that would."""
    inner = b[-2:][0]
    fitting = []
    if len(b) > 1 and a[-1] == b[-1]:
        fitting.append("b.swapaxes(-1, -2)")
    if len(a) > 1 and a[-2] == inner:
        fitting.append("a.swapaxes(-1, -2)")
    hint = f"; {' or '.join(fitting)} fits" if fitting else ""
    which = "last but one axis" if len(b) > 1 else "axis"
    return (
        f"the last axis of a, shape {a}, must be as long as the {which} of b, shape {b}: "
        f"{a[-1]} is not {inner}{hint}"
    )


def _matmul_vectors(a: TensorLike, b: TensorLike) -> TensorLike:
    """matmul where a is a row or b a column, or both; the result is without their axes."""
    rows = a if a.ndim > 1 else a.reshape((1, -1))
    columns = b if b.ndim > 1 else b.reshape((-1, 1))
    y = _matmul(rows, columns)
    *leading, n, m = y.shape
    if a.ndim > 1:
        leading.append(n)
    if b.ndim > 1:
        leading.append(m)
    return y.reshape(tuple(leading))


@real
@primitive(kernel="linear")
def linear(x: TensorLike, w: TensorLike, b: TensorLike) -> TensorLike:
    """x @ w + b over the last axis of x.

    Args:
        x: Tensor or array.
        w: The kernel.
        b: The bias.

    Shape:
        (..., in), (in, out), (out,) -> (..., out)

    Example:
        >>> linear(np.array([[1.0, 2.0]]), np.array([[1.0], [1.0]]), np.array([0.5]))
        array([[3.5]])
    """
    return x @ w + b


@accumulates
@primitive(kernel="row_sums")
def row_sums(x: TensorLike) -> TensorLike:
    """x summed over all axes but the last."""
    return sum_axes(x, tuple(range(x.ndim - 1)))


row_sums.gradients(lambda g, y, x: broadcast_to(g, shape=x.shape), needs="x.shape")

linear.gradients(
    lambda g, y, x, w, b: _matmul(merge_rows(g), w.T).reshape(x.shape),
    lambda g, y, x, w, b: _matmul(merge_rows(x).T, merge_rows(g)),
    lambda g, y, x, w, b: row_sums(g),
    needs="x:w w:x",
)


@real
@fused(kernel="linear_relu")
def linear_relu(x: TensorLike, w: TensorLike, b: TensorLike) -> TensorLike:
    """relu(x @ w + b) over the last axis of x.

    Args:
        x: Tensor or array.
        w: The kernel.
        b: The bias.

    Shape:
        (..., in), (in, out), (out,) -> (..., out)

    Example:
        >>> linear_relu(np.array([[1.0, -2.0]]), np.array([[1.0], [1.0]]), np.array([0.5]))
        array([[0.]])
    """
    return relu(linear(x, w, b))


@composite
def dot(a: TensorLike, b: TensorLike) -> TensorLike:
    """The product of two matrices or vectors: matmul, except that a scalar multiplies.

    Args:
        a: Tensor, array or number.
        b: Tensor, array or number.

    Example:
        >>> dot(np.array([1, 2]), np.array([3, 4]))
        array(11)
    """
    is_product = getattr(a, "ndim", 0) and getattr(b, "ndim", 0)
    return matmul(a, b) if is_product else multiply(a, b)


@composite
def outer(a: TensorLike, b: TensorLike) -> TensorLike:
    """The products of every element of a with every element of b.

    Args:
        a: Tensor or array, which is flattened.
        b: Tensor or array, which is flattened.

    Shape:
        (m,), (n,) -> (m, n)

    Example:
        >>> outer(np.array([1, 2]), np.array([3, 4]))
        array([[3, 4],
               [6, 8]])
    """
    column = a.reshape((-1, 1))
    row = b.reshape((1, -1))
    return multiply(column, row)
