"""Activation functions."""

from __future__ import annotations

import math

from ..backend import backend, cache_blocks, device_name, special_functions
from ..engine.autograd import fused, primitive
from ..engine.tensor import Tensor
from .elementwise import absolute, clip, erf, exp, minimum, square, tanh, where

STRETCH = 1 << 16  # elements at a time
TINY = 1e-30  # a divisor at least so large; what is smaller counts as 0


@primitive
def _sigmoid(x):
    return backend(x).tanh(x * 0.5) * 0.5 + 0.5


_sigmoid.gradients(lambda g, y, x: g * (y * (1 - y)), needs="y")


def sigmoid(x):
    """1 / (1 + exp(-x)), computed as (1 + tanh(x / 2)) / 2, which no x overflows."""
    y = _sigmoid(x)
    if isinstance(y, Tensor):
        y.logits = (
            "sigmoid",
            x,
        )  # a loss on y is computed from these, which lose nothing to rounding
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
    return xp.maximum(
        x, xp.zeros(x.shape[1:], x.dtype)
    )  # NumPy is up to twice as fast with zeros as with one zero


relu.gradients(lambda g, y, x: g * (y > 0), needs="y")


@primitive
def leaky_relu(x, *, negative_slope=0.2):
    """x where positive, negative_slope * x elsewhere (Maas et al. 2013)."""
    return backend(x).where(x > 0, x, x * negative_slope)


leaky_relu.gradients(
    lambda g, y, x, negative_slope=0.2: where(x > 0, g, g * negative_slope), needs="x"
)


@primitive
def elu(x, *, alpha=1.0):
    """x where positive, alpha * (exp(x) - 1) elsewhere (arXiv:1511.07289)."""
    xp = backend(x)
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


elu.gradients(
    lambda g, y, x, alpha=1.0: where(x > 0, g, g * (alpha * exp(minimum(x, 0)))), needs="x"
)


def selu(x):
    """1.0507 * elu(x, alpha=1.6733), whose activations keep mean 0 and variance 1 (arXiv:1706.02515)."""
    return 1.0507009873554805 * elu(x, alpha=1.6732632423543772)


def gelu_definition(x, *, approximate=False):
    """x * P(standard normal <= x); `approximate` uses tanh instead of erf (arXiv:1606.08415)."""
    if approximate:
        return 0.5 * x * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)))
    return 0.5 * x * (1 + erf(x * math.sqrt(0.5)))


# erfc(z) = t exp(-z**2 + polynomial(t)), t = 2 / (2 + z), z >= 0, to 1.2e-7 of itself (Press et al., Numerical Recipes, section 6.2)
ERFC = (
    -1.26551223,
    1.00002368,
    0.37409196,
    0.09678418,
    -0.18628806,
    0.27886807,
    -1.13520398,
    1.48851587,
    -0.82215223,
    0.17087277,
)


def _normal_below(x):
    """P(standard normal <= x) of an array; much float32 on a CPU by the fit above, several times faster than erf."""
    if device_name(x) != "cpu" or x.dtype != "float32" or x.size < 1024:
        return (special_functions(x).erf(x * math.sqrt(0.5)) + 1) * 0.5
    xp = backend(x)
    z = abs(x)
    z *= math.sqrt(0.5)
    t = 2 / (2 + z)
    y = t * ERFC[-1]
    for c in ERFC[-2:0:-1]:
        y += c
        y *= t
    y += ERFC[0]
    z *= z
    y -= z
    xp.exp(y, out=y)
    y *= t
    y *= 0.5  # what lies beyond |x|
    y -= x > 0
    return abs(y)


def _tanh_below(x):
    """(1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)), u = sqrt(2 / pi) * (x + 0.044715 * x**3), of an array; exp is faster than tanh."""
    xp, c = backend(x), -2 * math.sqrt(2 / math.pi)
    y = x * x
    y *= 0.044715 * c
    y += c
    y *= x
    xp.minimum(y, 80, out=y)  # exp(80) + 1 is finite, its inverse as good as 0
    xp.exp(y, out=y)
    y += 1
    return xp.divide(1, y, out=y)


def _below(x, approximate):
    return _tanh_below(x) if approximate else _normal_below(x)


def _gelu_slope(x, p, approximate):
    """The derivative of gelu at an array: p + x * p', p = _below(x)."""
    slope = x * x
    if approximate:
        slope *= 3 * 0.044715
        slope += 1
        slope *= p * (1 - p)
        slope *= 2 * math.sqrt(2 / math.pi)
    else:
        slope *= -0.5
        backend(x).exp(slope, out=slope)
        slope *= 1 / math.sqrt(2 * math.pi)
    slope *= x
    slope += p
    return slope


def _in_stretches(f, *xs):
    """f(*xs) element by element, in runs that stay in the cache of a CPU while several operations work on them."""
    shape, xs = xs[0].shape, [x.reshape(-1) for x in xs]
    if device_name(xs[0]) != "cpu" or xs[0].size <= STRETCH:
        return f(*xs).reshape(shape)
    y = backend(xs[0]).empty(xs[0].size, xs[0].dtype)
    for run in cache_blocks(y, STRETCH):
        y[run] = f(*(x[run] for x in xs))
    return y.reshape(shape)


@fused(gelu_definition)
def gelu(x, *, approximate=False):
    """gelu_definition, a stretch at a time; backward has the probabilities from x and y = x * p."""
    y = _in_stretches(lambda x: x * _below(x, approximate), x)
    return y, y


@gelu.backward
def _(g, y, x, approximate=False):
    def pull(x, y, g):
        xp = backend(x)
        p = xp.maximum(abs(y), TINY / 2) / xp.maximum(abs(x), TINY)  # at 0 it is 1/2
        return g * _gelu_slope(x, p, approximate)

    return (_in_stretches(pull, x, y, g),)


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
