"""Activation functions."""
from __future__ import annotations

import math

from ..autograd import primitive
from ..backend import backend
from ..tensor import Tensor
from .elementwise import absolute, clip, erf, exp, minimum, square, tanh, where


@primitive
def _sigmoid(x):
    return backend(x).tanh(x * 0.5) * 0.5 + 0.5


_sigmoid.gradients(lambda g, y, x: g * (y * (1 - y)), needs="y")


def sigmoid(x):
    """1 / (1 + exp(-x)), computed as (1 + tanh(x / 2)) / 2, which no x overflows."""
    y = _sigmoid(x)
    if isinstance(y, Tensor):
        y.logits = "sigmoid", x         # a loss on y is computed from these, which lose nothing to rounding
    return y


def _log1p_exp(x):
    """log(1 + exp(-|x|)) of an array: logaddexp is ten times slower."""
    xp = backend(x)
    return xp.log1p(xp.exp(-abs(x)))


@primitive
def log_sigmoid(x):
    """log(sigmoid(x)) = -softplus(-x), exact where sigmoid rounds to 0 or 1."""
    return backend(x).minimum(x, 0) - _log1p_exp(x)


log_sigmoid.gradients(lambda g, y, x: g * sigmoid(-x), needs="x")


@primitive
def softplus(x):
    """log(1 + exp(x)), computed as max(x, 0) + log(1 + exp(-|x|)), which no x overflows."""
    return backend(x).maximum(x, 0) + _log1p_exp(x)


softplus.gradients(lambda g, y, x: g * sigmoid(x), needs="x")


@primitive
def relu(x):
    """max(x, 0); the gradient at 0 is 0."""
    xp = backend(x)
    return xp.maximum(x, xp.zeros(x.shape[1:], x.dtype))    # NumPy is up to twice as fast with zeros as with one zero


relu.gradients(lambda g, y, x: g * (y > 0), needs="y")


@primitive
def leaky_relu(x, *, negative_slope=0.2):
    """x where positive, negative_slope * x elsewhere (Maas et al. 2013)."""
    return backend(x).where(x > 0, x, x * negative_slope)


leaky_relu.gradients(lambda g, y, x, negative_slope=0.2: where(x > 0, g, g * negative_slope), needs="x")


@primitive
def elu(x, *, alpha=1.0):
    """x where positive, alpha * (exp(x) - 1) elsewhere (arXiv:1511.07289)."""
    xp = backend(x)
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


elu.gradients(lambda g, y, x, alpha=1.0: where(x > 0, g, g * (alpha * exp(minimum(x, 0)))), needs="x")


def selu(x):
    """1.0507 * elu(x, alpha=1.6733), whose activations keep mean 0 and variance 1 (arXiv:1706.02515)."""
    return 1.0507009873554805 * elu(x, alpha=1.6732632423543772)


def gelu(x, *, approximate=False):
    """x * P(standard normal <= x); `approximate` uses tanh instead of erf (arXiv:1606.08415)."""
    if approximate:
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


def silu(x):
    """x * sigmoid(x), also called swish (arXiv:1710.05941)."""
    return x * sigmoid(x)


def mish(x):
    """x * tanh(softplus(x)) (arXiv:1908.08681)."""
    return x * tanh(softplus(x))


@primitive
def softsign(x):
    """x / (1 + |x|)"""
    return x / (1 + abs(x))


softsign.gradients(lambda g, y, x: g / square(1 + absolute(x)), needs="x")


def relu6(x):
    """min(max(x, 0), 6)"""
    return clip(x, min=0, max=6)


def hard_sigmoid(x):
    """relu6(x + 3) / 6, straight lines in place of sigmoid's curve."""
    return relu6(x + 3) / 6


def hard_tanh(x):
    """x limited to [-1, 1]."""
    return clip(x, min=-1, max=1)


def hard_silu(x):
    """x * hard_sigmoid(x), also called hard swish (arXiv:1905.02244)."""
    return x * hard_sigmoid(x)


swish, hard_swish = silu, hard_silu
