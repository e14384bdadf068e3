"""The softmax family."""

from __future__ import annotations

from ..backend import backend
from ..engine.autograd import fused, primitive
from ..engine.tensor import Tensor
from .elementwise import exp
from .reductions import _spread, max, sum

# ---- softmax -------------------------------------------------------------------------------------------------------


@primitive
def logsumexp(x, *, axis=-1, keepdims=False):
    """log(sum(exp(x))) over `axis`, shifted by the maximum so that nothing overflows; -inf for a row of -inf."""
    xp = backend(x)
    top = x.max(axis, keepdims=True)
    finite = xp.isfinite(top)
    total = xp.exp(x - xp.where(finite, top, 0)).sum(axis, keepdims=True)
    y = xp.log(xp.where(finite, total, 1)) + top
    return y if keepdims else y.squeeze(axis)


logsumexp.gradients(
    lambda g, y, x, axis=-1, keepdims=False: _spread(g, x, axis) * exp(x - _spread(y, x, axis)),
    needs="y x",
)


def softmax_definition(x, *, axis=-1):
    """exp(x) / sum(exp(x)) over `axis`."""
    e = exp(x - max(x, axis=axis, keepdims=True))
    return e / sum(e, axis=axis, keepdims=True)


@fused(softmax_definition)
def softmax_kernel(x, *, axis=-1):
    """softmax_definition in place."""
    y = x - x.max(axis, keepdims=True)
    backend(x).exp(y, out=y)
    y /= y.sum(axis, keepdims=True)
    return y, y


@softmax_kernel.backward
def _(g, y, x, axis=-1):
    gx = g * y
    gx -= y * gx.sum(axis, keepdims=True)
    return (gx,)


def softmax(x, *, axis=-1):
    """exp(x) / sum(exp(x)) over `axis`: positive numbers that add up to 1."""
    y = softmax_kernel(x, axis=axis)
    if isinstance(y, Tensor) and axis in (-1, y.ndim - 1):
        y.logits = (
            "softmax",
            x,
        )  # a loss on y is computed from these, which lose nothing to rounding
    return y


@primitive
def log_softmax(x, *, axis=-1):
    """x - logsumexp(x) over `axis`: the logarithm of softmax, exact where softmax rounds to 0."""
    y = x - x.max(axis, keepdims=True)
    return y - backend(x).log(backend(x).exp(y).sum(axis, keepdims=True))


log_softmax.gradients(
    lambda g, y, x, axis=-1: g - exp(y) * sum(g, axis=axis, keepdims=True), needs="y"
)
