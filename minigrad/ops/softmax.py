"""The softmax family."""

from __future__ import annotations

import math
from typing import Any

from ..backend import backend, largest_finite
from ..engine.autograd import composite, fused, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike, remember_logits
from .elementwise import clip, exp, minimum
from .reductions import expand_reduced, max, sum
from .shapes import array_axis, normalize_axes


@real
@primitive
def logsumexp(x: TensorLike, *, axis: Any = None, keepdims: bool = False) -> TensorLike:
    """log(sum(exp(x))) over `axis`, shifted by the maximum so that nothing overflows.

    Args:
        x: Tensor or array.
        axis: Axis or axes; None for all.
        keepdims: True keeps the reduced axes with length 1.

    Example:
        >>> logsumexp(np.array([1000.0, 1000.0])).round(3)
        np.float64(1000.693)
    """
    xp = backend(x)
    axes = normalize_axes(axis, x.ndim)
    if not x.size:
        return _log_of_nothing(x, axes, keepdims)
    largest = x.max(axes, keepdims=True)
    finite = xp.isfinite(largest)  # a row of -inf gives -inf, not NaN
    total = xp.exp(x - _finite(largest)).sum(axes, keepdims=True)
    y = xp.log(xp.where(finite, total, 1)) + largest
    return y if keepdims else y.squeeze(axes)


def _log_of_nothing(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """log(0) for each sum over no elements."""
    y = x.sum(axes, keepdims=keepdims)
    return backend(x).full(y.shape, -math.inf, x.dtype)


def _finite(x: Any) -> Any:
    """x with the largest number in place of infinity, from which any other can be subtracted."""
    largest = largest_finite(x.dtype)
    return clip(x, min=-largest, max=largest)


def _logsumexp_rule(g: Any, y: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    logarithms = x - expand_reduced(_finite(y), x, axis)
    probabilities = exp(minimum(logarithms, 0))
    return expand_reduced(g, x, axis) * probabilities


logsumexp.gradients(_logsumexp_rule, needs="y x")


@real
@fused(kernel="softmax")
def _softmax(x: TensorLike, *, axis: Any = -1) -> TensorLike:
    if not x.size:
        return exp(x)
    e = exp(x - max(x, axis=axis, keepdims=True))
    return e / sum(e, axis=axis, keepdims=True)


@composite
def softmax(x: TensorLike, *, axis: Any = -1) -> TensorLike:
    """exp(x) / sum(exp(x)) over `axis`: positive numbers that add up to 1.

    Args:
        x: Tensor or array.
        axis: The axis that is normalized, or several; None for all.

    Example:
        >>> softmax(np.array([0.0, 0.0]))
        array([0.5, 0.5])
    """
    y = _softmax(x, axis=axis)
    if axis in (-1, y.ndim - 1):
        remember_logits(y, "softmax", x)
    return y


@real
@primitive(kernel="log_softmax")
def log_softmax(x: TensorLike, *, axis: Any = -1) -> TensorLike:
    """x - logsumexp(x) over `axis`: the logarithm of softmax, exact where softmax rounds to 0.

    Args:
        x: Tensor or array.
        axis: The axis that is normalized, or several; None for all.

    Example:
        >>> log_softmax(np.array([0.0, 0.0])).round(3)
        array([-0.693, -0.693])
    """
    xp = backend(x)
    axis = array_axis(axis, x.ndim)
    if not x.size:
        return x
    y = x - x.max(axis, keepdims=True)
    total = xp.exp(y).sum(axis, keepdims=True)
    return y - xp.log(total)


log_softmax.gradients(
    lambda g, y, x, axis=-1: g - exp(y) * sum(g, axis=axis, keepdims=True), needs="y"
)
