"""Activation functions."""

from __future__ import annotations

import math
from typing import Any

from ..backend import backend
from ..engine.autograd import composite, fused, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike, remember_logits
from .elementwise import FAR, LARGE, absolute, clip, exp, maximum, minimum, square, where
from .trigonometric import erf, tanh

# ---- sigmoid and its relatives -------------------------------------------------------------------


@real
@primitive(kernel="sigmoid")
def _sigmoid(x: TensorLike) -> TensorLike:
    return backend(x).tanh(x * 0.5) * 0.5 + 0.5


@primitive(kernel="sigmoid_grad")
def sigmoid_grad(grad_output: TensorLike, y: TensorLike) -> TensorLike:
    """The gradient of sigmoid, whose output is y."""
    return grad_output * (y * (1 - y))


_sigmoid.gradients(lambda g, y, x: sigmoid_grad(g, y), needs="y")
sigmoid_grad.gradients(
    lambda g, output, grad_output, y: sigmoid_grad(g, y),
    lambda g, output, grad_output, y: g * grad_output * (1 - 2 * y),
    needs="grad_output y",
)


@composite
def sigmoid(x: TensorLike) -> TensorLike:
    """1 / (1 + exp(-x)), computed as (1 + tanh(x / 2)) / 2, which no x overflows.

    Args:
        x: Tensor or array.

    Example:
        >>> sigmoid(np.array([0.0, 1.0])).round(3)
        array([0.5  , 0.731])
    """
    y = _sigmoid(x)
    remember_logits(y, "sigmoid", x)
    return y


def _log1p_exp(x: Any) -> Any:
    """log(1 + exp(-|x|)) of an array, ten times faster than logaddexp."""
    xp = backend(x)
    return xp.log1p(xp.exp(-abs(x)))


@real
@primitive
def log_sigmoid(x: TensorLike) -> TensorLike:
    """log(sigmoid(x)) = -softplus(-x), exact where sigmoid rounds to 0 or 1.

    Args:
        x: Tensor or array.

    Example:
        >>> log_sigmoid(np.array([-100.0, 0.0])).round(3)
        array([-100.   ,   -0.693])
    """
    return backend(x).minimum(x, 0) - _log1p_exp(x)


log_sigmoid.gradients(lambda g, y, x: g * sigmoid(-x), needs="x")


@real
@primitive(kernel="softplus")
def softplus(x: TensorLike) -> TensorLike:
    """log(1 + exp(x)), computed as max(x, 0) + log(1 + exp(-|x|)), which no x overflows.

    Args:
        x: Tensor or array.

    Example:
        >>> softplus(np.array([0.0, 100.0])).round(3)
        array([  0.693, 100.   ])
    """
    return backend(x).maximum(x, 0) + _log1p_exp(x)


@primitive(kernel="softplus_grad")
def softplus_grad(grad_output: TensorLike, x: TensorLike) -> TensorLike:
    """The gradient of softplus at x."""
    return grad_output * sigmoid(x)


softplus.gradients(lambda g, y, x: softplus_grad(g, x), needs="x")
softplus_grad.gradients(
    lambda g, output, grad_output, x: softplus_grad(g, x),
    lambda g, output, grad_output, x: sigmoid_grad(g * grad_output, sigmoid(x)),
    needs="grad_output x",
)


# ---- relu and its relatives ----------------------------------------------------------------------


@primitive(kernel="relu")
def relu(x: TensorLike) -> TensorLike:
    """max(x, 0); the gradient at 0 is 0.

    Args:
        x: Tensor or array.

    Example:
        >>> relu(np.array([-1.0, 2.0]))
        array([0., 2.])
    """
    return backend(x).maximum(x, 0)


@primitive(kernel="relu_grad")
def relu_grad(grad_output: TensorLike, y: TensorLike) -> TensorLike:
    """The gradient of relu, whose output is y: grad_output where y is positive, 0 elsewhere."""
    return grad_output * (y > 0)


relu.gradients(lambda g, y, x: relu_grad(g, y), needs="y")
relu_grad.gradients(lambda g, output, grad_output, y: relu_grad(g, y), None, needs="y")


@real
@primitive(kernel="leaky_relu")
def _leaky_relu(x: TensorLike, *, negative_slope: float) -> TensorLike:
    """leaky_relu with a slope from 0 on: x and the output have one sign."""
    xp = backend(x)
    if 0 < negative_slope <= 1:  # a maximum takes a tenth of the time of a choice by sign
        return xp.maximum(x, x * negative_slope)
    return xp.maximum(x, 0) + negative_slope * xp.minimum(x, 0)


@primitive(kernel="leaky_relu_grad")
def leaky_relu_grad(grad_output: TensorLike, y: TensorLike, *, negative_slope: float) -> TensorLike:
    """The gradient of leaky_relu, whose output is y: its factor is negative_slope where y <= 0."""
    is_positive = (y > 0).astype(y.dtype)
    if 0 <= negative_slope <= 1:
        return grad_output * backend(y).maximum(is_positive, negative_slope)
    return grad_output * (is_positive + negative_slope * (1 - is_positive))


# the output is read, not x: where a convolution or a product follows, it keeps that one anyway
_leaky_relu.gradients(
    lambda g, y, x, negative_slope: leaky_relu_grad(g, y, negative_slope=negative_slope), needs="y"
)
leaky_relu_grad.gradients(
    lambda g, output, grad_output, y, negative_slope: leaky_relu_grad(
        g, y, negative_slope=negative_slope
    ),
    None,
    needs="y",
)


@composite
@real
def leaky_relu(x: TensorLike, *, negative_slope: float = 0.2) -> TensorLike:
    """x where positive, negative_slope * x elsewhere.

    Args:
        x: Tensor or array.
        negative_slope: The slope for negative x.

    References:
        Maas et al. 2013, "Rectifier Nonlinearities Improve Neural Network Acoustic Models".

    Example:
        >>> leaky_relu(np.array([-1.0, 2.0]))
        array([-0.2,  2. ])
    """
    if negative_slope >= 0:
        return _leaky_relu(x, negative_slope=negative_slope)
    return maximum(x, 0.0) + negative_slope * minimum(x, 0.0)


@real
@primitive(kernel="elu")
def elu(x: TensorLike, *, alpha: float = 1.0) -> TensorLike:
    """x where positive, alpha * (exp(x) - 1) elsewhere.

    Args:
        x: Tensor or array.
        alpha: The limit for x to minus infinity is -alpha.

    References:
        Clevert et al. 2015, arXiv:1511.07289.

    Example:
        >>> elu(np.array([-1.0, 2.0])).round(3)
        array([-0.632,  2.   ])
    """
    xp = backend(x)
    return xp.where(x > 0, x, alpha * xp.expm1(xp.minimum(x, 0)))


@primitive(kernel="elu_grad")
def elu_grad(grad_output: TensorLike, x: TensorLike, *, alpha: float) -> TensorLike:
    """The gradient of elu at x: its factor is alpha * exp(x) where x <= 0."""
    xp = backend(x)
    return xp.where(x > 0, grad_output, grad_output * (alpha * xp.exp(xp.minimum(x, 0))))


elu.gradients(lambda g, y, x, alpha=1.0: elu_grad(g, x, alpha=alpha), needs="x")
elu_grad.gradients(
    lambda g, output, grad_output, x, alpha: elu_grad(g, x, alpha=alpha),
    lambda g, output, grad_output, x, alpha: where(
        x > 0, 0, g * grad_output * (alpha * exp(minimum(x, 0)))
    ),
    needs="grad_output x",
)


@composite
@real
def selu(x: TensorLike) -> TensorLike:
    """1.0507 * elu(x, alpha=1.6733), whose activations keep mean 0 and variance 1.

    Args:
        x: Tensor or array.

    References:
        Klambauer et al. 2017, arXiv:1706.02515.

    Example:
        >>> selu(np.array([-1.0, 2.0])).round(3)
        array([-1.111,  2.101])
    """
    return 1.0507009873554805 * elu(x, alpha=1.6732632423543772)


# ---- products with a gate ------------------------------------------------------------------------


@real
@fused(kernel="gelu")
def gelu(x: TensorLike, *, approximate: bool = False) -> TensorLike:
    """x * P(standard normal <= x).

    Args:
        x: Tensor or array.
        approximate: True uses tanh instead of erf.

    References:
        Hendrycks & Gimpel 2016, arXiv:1606.08415.

    Example:
        >>> gelu(np.array([-1.0, 2.0])).round(3)
        array([-0.159,  1.954])
    """
    z = clip(x, min=-FAR, max=FAR)
    if approximate:
        y = 0.5 * z * (1 + tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)))
    else:
        y = 0.5 * z * (1 + erf(z * math.sqrt(0.5)))
    return where(x > FAR, x, y)


@real
@fused(kernel="silu")
def _silu(x: TensorLike) -> TensorLike:
    z = clip(x, min=-FAR, max=FAR)
    return where(x > FAR, x, z * sigmoid(z))


@composite
def silu(x: TensorLike) -> TensorLike:
    """x * sigmoid(x), also called swish.

    Args:
        x: Tensor or array.

    References:
        Ramachandran et al. 2017, arXiv:1710.05941.

    Example:
        >>> silu(np.array([-1.0, 2.0])).round(3)
        array([-0.269,  1.762])
    """
    return _silu(x)


@real
@primitive(kernel="mish")
def mish(x: TensorLike) -> TensorLike:
    """x * tanh(softplus(x)).

    Args:
        x: Tensor or array.

    References:
        Misra 2019, arXiv:1908.08681.

    Example:
        >>> mish(np.array([-1.0, 2.0])).round(3)
        array([-0.303,  1.944])
    """
    return backend(x).maximum(x, -FAR) * tanh(softplus(x))


@primitive(kernel="mish_grad")
def mish_grad(grad_output: TensorLike, x: TensorLike) -> TensorLike:
    """The gradient of mish at x: its factor is t + x * (1 - t**2) * sigmoid(x), t the tanh."""
    gate = tanh(softplus(x))
    slope = (1 - gate * gate) * sigmoid(x)
    return grad_output * (gate + backend(x).clip(x, -FAR, FAR) * slope)


def _mish_curvature_rule(g: Any, output: Any, grad_output: Any, x: Any) -> Any:
    gate, z, s = tanh(softplus(x)), clip(x, min=-FAR, max=FAR), sigmoid(x)
    curvature = (1 - gate * gate) * s * (2 + z * (1 - s - 2 * gate * s))
    return g * grad_output * curvature


mish.gradients(lambda g, y, x: mish_grad(g, x), needs="x")
mish_grad.gradients(
    lambda g, output, grad_output, x: mish_grad(g, x), _mish_curvature_rule, needs="grad_output x"
)


# ---- rational and piecewise linear functions -----------------------------------------------------


@real
@primitive
def softsign(x: TensorLike) -> TensorLike:
    """x / (1 + |x|).

    Args:
        x: Tensor or array.

    Example:
        >>> softsign(np.array([-1.0, 3.0]))
        array([-0.5 ,  0.75])
    """
    bounded = backend(x).clip(x, -LARGE, LARGE)
    return bounded / (1 + abs(bounded))


def _softsign_rule(g: Any, y: Any, x: Any) -> Any:
    magnitude = minimum(absolute(x), LARGE)
    return g / square(1 + magnitude)


softsign.gradients(_softsign_rule, needs="x")


@primitive
def _saturate(x: TensorLike, *, min: float, max: float) -> TensorLike:
    """clip whose gradient at the limits is 0, like relu's."""
    return backend(x).clip(x, min, max)


_saturate.gradients(lambda g, y, x, min, max: where((x > min) & (x < max), g, 0), needs="x")


@composite
def relu6(x: TensorLike) -> TensorLike:
    """min(max(x, 0), 6); the gradient at 0 and at 6 is 0.

    Args:
        x: Tensor or array.

    Example:
        >>> relu6(np.array([-1.0, 2.0, 9.0]))
        array([0., 2., 6.])
    """
    return _saturate(x, min=0, max=6)


@composite
@real
def hard_sigmoid(x: TensorLike) -> TensorLike:
    """relu6(x + 3) / 6, straight lines in place of sigmoid's curve, with its kinks.

    Args:
        x: Tensor or array.

    Example:
        >>> hard_sigmoid(np.array([-4.0, 0.0, 4.0]))
        array([0. , 0.5, 1. ])
    """
    return relu6(x + 3) / 6


@composite
def hard_tanh(x: TensorLike) -> TensorLike:
    """x limited to [-1, 1]; the gradient at -1 and at 1 is 0.

    Args:
        x: Tensor or array.

    Example:
        >>> hard_tanh(np.array([-4.0, 0.5, 4.0]))
        array([-1. ,  0.5,  1. ])
    """
    return _saturate(x, min=-1, max=1)


@composite
@real
def hard_silu(x: TensorLike) -> TensorLike:
    """x * hard_sigmoid(x), also called hard swish.

    Args:
        x: Tensor or array.

    References:
        Howard et al. 2019, arXiv:1905.02244.

    Example:
        >>> hard_silu(np.array([-4.0, 0.0, 4.0]))
        array([-0.,  0.,  4.])
    """
    return maximum(x, -3) * hard_sigmoid(x)


swish = silu
hard_swish = hard_silu
