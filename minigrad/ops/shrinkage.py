"""Activation functions that cut, shrink or gate what comes in."""

from __future__ import annotations

import math
from typing import Any

from ..backend import backend
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .activations import elu, relu, sigmoid
from .elementwise import absolute, clip, square, where
from .powers import hypot
from .reductions import sum
from .shapes import split
from .trigonometric import tanh


@composite
@real
def celu(x: TensorLike, *, alpha: float = 1.0) -> TensorLike:
    """x where positive, alpha * (exp(x / alpha) - 1) elsewhere: smooth for every alpha.

    Args:
        x: Tensor or array.
        alpha: The limit for x to minus infinity is -alpha.

    References:
        Barron 2017, arXiv:1704.07483.

    Example:
        >>> celu(np.array([-1.0, 2.0]), alpha=2.0).round(3)
        array([-0.787,  2.   ])
    """
    return alpha * elu(x / alpha)


@composite
@real
def glu(x: TensorLike, *, axis: int = -1) -> TensorLike:
    """The first half of x along an axis, times sigmoid of the second half.

    Args:
        x: Tensor or array.
        axis: The axis, of even length, that is halved.

    References:
        Dauphin et al. 2016, arXiv:1612.08083.

    Example:
        >>> glu(np.array([1.0, 2.0, 0.0, 9.0])).round(3)
        array([0.5, 2. ])
    """
    a, b = split(x, indices_or_sections=2, axis=axis)
    return a * sigmoid(b)


@composite
@real
def threshold(x: TensorLike, *, threshold: float, default_value: float) -> TensorLike:
    """x where it is above the threshold, default_value elsewhere.

    Args:
        x: Tensor or array.
        threshold: The largest x that is replaced.
        default_value: What replaces it.

    Example:
        >>> threshold(np.array([-1.0, 2.0]), threshold=0.0, default_value=5.0)
        array([5., 2.])
    """
    return where(x > threshold, x, default_value)


@composite
@real
def hard_shrink(x: TensorLike, *, threshold: float = 0.5) -> TensorLike:
    """x where |x| is above the threshold, 0 elsewhere.

    Args:
        x: Tensor or array.
        threshold: The largest |x| that becomes 0.

    Example:
        >>> hard_shrink(np.array([-1.0, 0.3, 2.0]))
        array([-1.,  0.,  2.])
    """
    return where(absolute(x) > threshold, x, 0)


@composite
@real
def soft_shrink(x: TensorLike, *, threshold: float = 0.5) -> TensorLike:
    """x moved toward 0 by the threshold, and 0 where |x| is below it.

    Args:
        x: Tensor or array.
        threshold: How far x is moved.

    Example:
        >>> soft_shrink(np.array([-1.0, 0.3, 2.0]))
        array([-0.5,  0. ,  1.5])
    """
    return relu(x - threshold) - relu(-x - threshold)


@composite
@real
def tanh_shrink(x: TensorLike) -> TensorLike:
    """x - tanh(x).

    Args:
        x: Tensor or array.

    Example:
        >>> tanh_shrink(np.array([-1.0, 0.0, 2.0])).round(3)
        array([-0.238,  0.   ,  1.036])
    """
    return x - tanh(x)


@composite
@real
def squareplus(x: TensorLike, *, b: float = 4) -> TensorLike:
    """(x + sqrt(x**2 + b)) / 2, a softplus without exponentials.

    Args:
        x: Tensor or array.
        b: How wide the bend at 0 is, 0 for relu.

    References:
        Barron 2021, arXiv:2112.11687.

    Example:
        >>> squareplus(np.array([-1.0, 0.0, 2.0])).round(3)
        array([0.618, 1.   , 2.414])
    """
    return (x + hypot(x, math.sqrt(b))) / 2


@composite
@real
def sparse_plus(x: TensorLike) -> TensorLike:
    """0 up to -1, (x + 1)**2 / 4 up to 1, then x: the softplus of sparsemax.

    Args:
        x: Tensor or array.

    References:
        Martins & Astudillo 2016, arXiv:1602.02068.

    Example:
        >>> sparse_plus(np.array([-2.0, 0.0, 3.0]))
        array([0.  , 0.25, 3.  ])
    """
    return square(clip(x + 1, min=0, max=2)) / 4 + relu(x - 1)


@composite
@real
def sparse_sigmoid(x: TensorLike) -> TensorLike:
    """(x + 1) / 2 limited to [0, 1]: the slope of sparse_plus.

    Args:
        x: Tensor or array.

    Example:
        >>> sparse_sigmoid(np.array([-2.0, 0.0, 3.0]))
        array([0. , 0.5, 1. ])
    """
    return clip((x + 1) / 2, min=0, max=1)


@composite
@real
def sparsemax(x: TensorLike, *, axis: int = -1) -> TensorLike:
    """The point of the simplex (parts >= 0 that add up to 1) that is nearest to x.

    A softmax that gives zeros: max(x - t, 0), where t makes the sum 1.

    Args:
        x: Tensor or array.
        axis: The axis whose elements add up to 1.

    References:
        Martins & Astudillo 2016, arXiv:1602.02068, algorithm 1.

    Example:
        >>> sparsemax(np.array([0.0, 1.0, 1.5]))
        array([0.  , 0.25, 0.75])
    """
    support = _support(x, axis=axis)
    inside = sum(where(support > 0, x, 0), axis=axis, keepdims=True)
    t = (inside - 1) / sum(support, axis=axis, keepdims=True)
    return where(support > 0, x - t, 0)


@primitive
def _support(x: TensorLike, *, axis: int) -> Any:
    """1 where sparsemax is positive, 0 elsewhere: a constant to the gradient."""
    xp = backend(x)
    last = xp.moveaxis(x, axis, -1)
    falling = -xp.sort(-last, axis=-1)
    ranks = xp.arange(1, last.shape[-1] + 1, dtype=x.dtype)
    holds = 1 + ranks * falling > xp.cumsum(falling, axis=-1)
    size = holds.sum(-1, keepdims=True)
    smallest = xp.take_along_axis(falling, size - 1, axis=-1)
    return xp.moveaxis(last >= smallest, -1, axis).astype(x.dtype)


_support.gradients(None)
