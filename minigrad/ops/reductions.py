"""Ops that reduce axes, and the softmax family built on them."""

from __future__ import annotations

import math

from ..backend import backend
from ..engine.autograd import primitive
from .elementwise import broadcast_to, sqrt, square, where
from .shapes import concatenate

# ---- helpers -------------------------------------------------------------------------------------------------------


def _axes(axis, ndim):
    """`axis` (None, an int or a tuple) as a tuple of axes from 0."""
    axis = tuple(range(ndim)) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(a % ndim if ndim else a for a in axis)


def _kept(shape, axis):
    """The shape of a reduction over `axis` with keepdims."""
    axes = _axes(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _spread(g, x, axis):
    """The gradient of a reduction, with the reduced axes as 1s, ready to broadcast against x."""
    return g.reshape(_kept(x.shape, axis))


def _count(shape, axis):
    return math.prod(shape[a] for a in _axes(axis, len(shape)))


# ---- sums ----------------------------------------------------------------------------------------------------------


@primitive
def sum(x, *, axis=None, keepdims=False):
    """The sum over `axis` (all by default)."""
    return x.sum(axis, keepdims=keepdims)


sum.gradients(
    lambda g, y, x, axis=None, keepdims=False: broadcast_to(_spread(g, x, axis), shape=x.shape),
    needs="x.shape",
)


@primitive
def mean(x, *, axis=None, keepdims=False):
    """The mean over `axis` (all by default)."""
    return x.mean(axis, keepdims=keepdims)


mean.gradients(
    lambda g, y, x, axis=None, keepdims=False: broadcast_to(
        _spread(g, x, axis) / _count(x.shape, axis), shape=x.shape
    ),
    needs="x.shape",
)


def var(x, *, axis=None, keepdims=False, ddof=0):
    """The variance over `axis`: the mean squared distance from the mean (divided by n - ddof)."""
    n = _count(x.shape, axis)
    return sum(square(x - mean(x, axis=axis, keepdims=True)), axis=axis, keepdims=keepdims) / (
        n - ddof
    )


def std(x, *, axis=None, keepdims=False, ddof=0):
    """The standard deviation, sqrt(var)."""
    return sqrt(var(x, axis=axis, keepdims=keepdims, ddof=ddof))


@primitive
def cumsum(x, *, axis=None):
    """Running sums along `axis` (over the flattened array by default)."""
    return x.cumsum(axis)


def _cumsum_rule(g, y, x, axis=None):
    total = sum(
        g, axis=axis, keepdims=axis is not None
    )  # what comes at or after an element: total - sum before it
    return (total - cumsum(g, axis=axis) + g).reshape(x.shape)


cumsum.gradients(_cumsum_rule, needs="x.shape")


@primitive
def prod(x, *, axis=None, keepdims=False):
    """The product over `axis` (all by default); its gradient is right where factors are 0."""
    return x.prod(axis, keepdims=keepdims)


def _prod_rule(g, y, x, axis=None, keepdims=False):
    """g times the product of all the other factors, found without dividing by a factor that may be 0."""
    zero = x == 0
    zeros = sum(zero, axis=axis, keepdims=True)
    safe = where(zero, 1, x)  # one zero: only that factor has a gradient
    others = prod(safe, axis=axis, keepdims=True) / safe
    if not zeros.any():
        return _spread(g, x, axis) * others
    return _spread(g, x, axis) * _others_with_zeros(x, axis)


def _others_with_zeros(x, axis):
    """For each element the product of the others along `axis`, by products from the left and from the right."""
    axes = _axes(axis, x.ndim)
    order = tuple(i for i in range(x.ndim) if i not in axes) + axes
    flat = x.transpose(order).reshape((-1, _count(x.shape, axis)))
    left, right = [1], [1]
    for i in range(flat.shape[1] - 1):
        left.append(left[-1] * flat[:, i : i + 1])
        right.append(right[-1] * flat[:, flat.shape[1] - 1 - i : flat.shape[1] - i])
    columns = (
        [a * b for a, b in zip(left, reversed(right))] if flat.shape[1] > 1 else [flat * 0 + 1]
    )
    shape = tuple(x.shape[i] for i in order)
    return (
        concatenate(columns, axis=1)
        .reshape(shape)
        .transpose(tuple(order.index(i) for i in range(x.ndim)))
    )


prod.gradients(_prod_rule, needs="x")


# ---- extremes ------------------------------------------------------------------------------------------------------


def _first_hit(x, y, axis):
    """1 at the first element along `axis` that equals the extreme, 0 elsewhere: ties give the gradient to one place."""
    x, y = getattr(x, "_array", x), getattr(y, "_array", y)
    axes = _axes(axis, x.ndim)
    order = tuple(i for i in range(x.ndim) if i not in axes) + axes
    hit = (x == y.reshape(_kept(x.shape, axis))).transpose(order)
    flat = hit.reshape((-1, _count(x.shape, axis)))
    first = flat & (flat.cumsum(1) == 1)
    return first.reshape(hit.shape).transpose(tuple(order.index(i) for i in range(x.ndim))).copy()


@primitive
def max(x, *, axis=None, keepdims=False):
    """The largest element over `axis`; among equals the first has the gradient."""
    return x.max(axis, keepdims=keepdims)


@primitive
def min(x, *, axis=None, keepdims=False):
    """The smallest element over `axis`; among equals the first has the gradient."""
    return x.min(axis, keepdims=keepdims)


def _extreme_rule(g, y, x, axis=None, keepdims=False):
    return where(_first_hit(x, y, axis), _spread(g, x, axis), 0)


max.gradients(_extreme_rule, needs="y x")


min.gradients(_extreme_rule, needs="y x")


@primitive
def argmax(x, *, axis=None):
    """The index of the (first) largest element along `axis`."""
    return x.argmax(axis)


@primitive
def argmin(x, *, axis=None):
    """The index of the (first) smallest element along `axis`."""
    return x.argmin(axis)


@primitive
def any(x, *, axis=None, keepdims=False):
    """True where some element along `axis` is not zero."""
    return backend(x).any(x, axis, keepdims=keepdims)


@primitive
def all(x, *, axis=None, keepdims=False):
    """True where every element along `axis` is not zero."""
    return backend(x).all(x, axis, keepdims=keepdims)


for _op in (argmax, argmin, any, all):
    _op.gradients(None)
