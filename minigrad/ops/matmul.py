"""Matrix products."""

from __future__ import annotations

from ..backend import backend
from ..engine.autograd import fused, primitive
from .activations import relu
from .elementwise import sum_to


def _t(x):
    """The last two axes exchanged."""
    return x.swapaxes(-1, -2)


@primitive
def _matmul(a, b):
    return a @ b


_matmul.gradients(
    lambda g, y, a, b: sum_to(g @ _t(b), shape=a.shape),
    lambda g, y, a, b: sum_to(_t(a) @ g, shape=b.shape),
    needs="a b",
)


def matmul(a, b):
    """Matrix product of the last two axes; leading axes broadcast, and a vector counts as a row or a column, as in NumPy."""
    if not getattr(a, "ndim", 0) or not getattr(b, "ndim", 0):
        raise ValueError(
            f"matmul needs arrays of one axis or more, got shapes {getattr(a, 'shape', ())} and "
            f"{getattr(b, 'shape', ())}: a scalar is multiplied with *"
        )
    if a.ndim >= 2 and b.ndim >= 2:
        return _matmul(a, b)
    y = _matmul(a.reshape((1,) * (2 - a.ndim) + a.shape), b.reshape(b.shape + (1,) * (2 - b.ndim)))
    shape = y.shape
    return y.reshape(
        shape[:-2] + (shape[-2:-1] if a.ndim > 1 else ()) + (shape[-1:] if b.ndim > 1 else ())
    )


def _rows(x):
    """All leading axes as one."""
    return x if x.ndim == 2 else x.reshape((-1, x.shape[-1]))


@primitive
def linear(x, w, b):
    """x @ w + b over the last axis of x: (..., in), (in, out), (out,) -> (..., out)."""
    y = _rows(x) @ w
    y += b
    return y if x.ndim == 2 else y.reshape(x.shape[:-1] + y.shape[-1:])


def _total(g):
    """The sum over all rows; over many as a product with ones, which is several times faster."""
    return g.sum(0) if len(g) < 128 else backend(g).ones(len(g), g.dtype) @ g


linear.gradients(
    lambda g, y, x, w, b: g @ _t(w),
    lambda g, y, x, w, b: _t(_rows(x)) @ _rows(g),
    lambda g, y, x, w, b: _total(_rows(g)),
    needs="x w",
)


def linear_relu_definition(x, w, b):
    """relu(x @ w + b) over the last axis of x."""
    return relu(linear(x, w, b))


@fused(linear_relu_definition)
def linear_relu(x, w, b):
    """linear_relu_definition in one array."""
    y = linear.forward(x, w, b)
    xp = backend(y)
    xp.maximum(y, xp.zeros(y.shape[1:], y.dtype), out=y)
    return y, y


@linear_relu.backward
def _(g, y, x, w, b):
    g = g * (y > 0)
    return (lambda: g @ _t(w)), (lambda: _t(_rows(x)) @ _rows(g)), (lambda: _total(_rows(g)))


def dot(a, b):
    """The product of two matrices or vectors: matmul, except that a scalar multiplies."""
    return matmul(a, b) if getattr(a, "ndim", 0) and getattr(b, "ndim", 0) else a * b


def outer(a, b):
    """The products of every element of a with every element of b: (m,), (n,) -> (m, n)."""
    return a.reshape((-1, 1)) * b.reshape((1, -1))
