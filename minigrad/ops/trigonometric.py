"""Trigonometric and hyperbolic functions, and the error function."""

from __future__ import annotations

import math
from typing import Any

from ..backend import backend, special_functions
from ..engine.autograd import composite, primitive
from ..engine.dtypes import real
from ..engine.tensor import TensorLike
from .elementwise import (
    FAR,
    LARGE,
    _module,
    absolute,
    clip,
    exp,
    minimum,
    sqrt,
    square,
    sum_to,
    where,
)
from .powers import hypot


@real
@primitive
def sin(x: TensorLike) -> TensorLike:
    """The sine of x radians.

    Args:
        x: Tensor or array.

    Example:
        >>> sin(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.841])
    """
    return backend(x).sin(x)


@real
@primitive
def cos(x: TensorLike) -> TensorLike:
    """The cosine of x radians.

    Args:
        x: Tensor or array.

    Example:
        >>> cos(np.array([0.0, 1.0])).round(3)
        array([1.  , 0.54])
    """
    return backend(x).cos(x)


sin.gradients(lambda g, y, x: g * cos(x), needs="x")
cos.gradients(lambda g, y, x: -g * sin(x), needs="x")


@real
@primitive
def tan(x: TensorLike) -> TensorLike:
    """The tangent of x radians.

    Args:
        x: Tensor or array.

    Example:
        >>> tan(np.array([0.0, 1.0])).round(3)
        array([0.   , 1.557])
    """
    return backend(x).tan(x)


tan.gradients(lambda g, y, x: g * (1 + y * y), needs="y")


@real
@primitive
def arcsin(x: TensorLike) -> TensorLike:
    """The angle whose sine is x, in radians.

    Args:
        x: Tensor or array.

    Example:
        >>> arcsin(np.array([0.0, 1.0])).round(3)
        array([0.   , 1.571])
    """
    return backend(x).arcsin(x)


arcsin.gradients(lambda g, y, x: g / sqrt(1 - x * x), needs="x")


@real
@primitive
def arccos(x: TensorLike) -> TensorLike:
    """The angle whose cosine is x, in radians.

    Args:
        x: Tensor or array.

    Example:
        >>> arccos(np.array([0.0, 1.0])).round(3)
        array([1.571, 0.   ])
    """
    return backend(x).arccos(x)


arccos.gradients(lambda g, y, x: -g / sqrt(1 - x * x), needs="x")


@real
@primitive
def arctan(x: TensorLike) -> TensorLike:
    """The angle whose tangent is x, in radians.

    Args:
        x: Tensor or array.

    Example:
        >>> arctan(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.785])
    """
    return backend(x).arctan(x)


arctan.gradients(lambda g, y, x: g / (1 + square(minimum(absolute(x), LARGE))), needs="x")


@real
@primitive
def arctan2(a: TensorLike, b: TensorLike) -> TensorLike:
    """The angle of the point (b, a) in radians, from -pi to pi; at (0, 0) its gradient counts as 0.

    Args:
        a: Tensor, array or number: the coordinate upwards.
        b: What broadcasts with a: the coordinate to the right.

    Example:
        >>> arctan2(np.array([1.0, 0.0]), np.array([1.0, -1.0])).round(3)
        array([0.785, 3.142])
    """
    return _module(a, b).arctan2(a, b)


def _over_square(x: Any, a: Any, b: Any) -> Any:
    """x / (a * a + b * b), and 0 at the origin."""
    radius = hypot(a, b)
    safe = where(radius == 0, 1, radius)
    return x / safe / safe


arctan2.gradients(
    lambda g, y, a, b: sum_to(g * _over_square(b, a, b), shape=a.shape),
    lambda g, y, a, b: sum_to(-g * _over_square(a, a, b), shape=b.shape),
    needs="a b",
)


@real
@primitive
def sinh(x: TensorLike) -> TensorLike:
    """The hyperbolic sine.

    Args:
        x: Tensor or array.

    Example:
        >>> sinh(np.array([0.0, 1.0])).round(3)
        array([0.   , 1.175])
    """
    return backend(x).sinh(x)


@real
@primitive
def cosh(x: TensorLike) -> TensorLike:
    """The hyperbolic cosine.

    Args:
        x: Tensor or array.

    Example:
        >>> cosh(np.array([0.0, 1.0])).round(3)
        array([1.   , 1.543])
    """
    return backend(x).cosh(x)


sinh.gradients(lambda g, y, x: g * cosh(x), needs="x")
cosh.gradients(lambda g, y, x: g * sinh(x), needs="x")


@real
@primitive(kernel="tanh")
def tanh(x: TensorLike) -> TensorLike:
    """The hyperbolic tangent.

    Args:
        x: Tensor or array.

    Example:
        >>> tanh(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.762])
    """
    return backend(x).tanh(x)


@primitive(kernel="tanh_grad")
def tanh_grad(grad_output: TensorLike, y: TensorLike) -> TensorLike:
    """The gradient of tanh, whose output is y."""
    return grad_output * (1 - y * y)


tanh.gradients(lambda g, y, x: tanh_grad(g, y), needs="y")
tanh_grad.gradients(
    lambda g, output, grad_output, y: tanh_grad(g, y),
    lambda g, output, grad_output, y: g * grad_output * (-2 * y),
    needs="grad_output y",
)


@real
@primitive
def arcsinh(x: TensorLike) -> TensorLike:
    """The number whose hyperbolic sine is x.

    Args:
        x: Tensor or array.

    Example:
        >>> arcsinh(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.881])
    """
    return backend(x).arcsinh(x)


@real
@primitive
def arccosh(x: TensorLike) -> TensorLike:
    """The number of at least 0 whose hyperbolic cosine is x.

    Args:
        x: Tensor or array.

    Example:
        >>> arccosh(np.array([1.0, 2.0])).round(3)
        array([0.   , 1.317])
    """
    return backend(x).arccosh(x)


@real
@primitive
def arctanh(x: TensorLike) -> TensorLike:
    """The number whose hyperbolic tangent is x.

    Args:
        x: Tensor or array.

    Example:
        >>> arctanh(np.array([0.0, 0.5])).round(3)
        array([0.   , 0.549])
    """
    return backend(x).arctanh(x)


arcsinh.gradients(lambda g, y, x: g / hypot(x, 1.0), needs="x")
arccosh.gradients(lambda g, y, x: g / (sqrt(x - 1) * sqrt(x + 1)), needs="x")
arctanh.gradients(lambda g, y, x: g / (1 - x * x), needs="x")


@real
@primitive
def erf(x: TensorLike) -> TensorLike:
    """The error function, 2 / sqrt(pi) * integral of exp(-t**2) from 0 to x.

    Args:
        x: Tensor or array.

    Example:
        >>> erf(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.843])
    """
    return special_functions(x).erf(x)


def _erf_rule(g: Any, y: Any, x: Any) -> Any:
    bounded = clip(x, min=-FAR, max=FAR)
    return g * (2 / math.sqrt(math.pi)) * exp(-bounded * bounded)


erf.gradients(_erf_rule, needs="x")


@real
@primitive
def erfc(x: TensorLike) -> TensorLike:
    """1 - erf(x), exact where erf rounds to 1.

    Args:
        x: Tensor or array.

    Example:
        >>> erfc(np.array([0.0, 1.0])).round(3)
        array([1.   , 0.157])
    """
    return special_functions(x).erfc(x)


erfc.gradients(lambda g, y, x: -_erf_rule(g, y, x), needs="x")


SMALL = 0.01  # below it a few terms of a series are exact


@composite
@real
def sinc(x: TensorLike) -> TensorLike:
    """sin(pi x) / (pi x), and 1 at 0.

    Args:
        x: Tensor or array.

    Example:
        >>> sinc(np.array([0.0, 0.5])).round(3)
        array([1.   , 0.637])
    """
    angle = x * math.pi
    is_small = absolute(x) < SMALL
    t = square(where(is_small, angle, 0))
    series = 1 - t / 6 * (1 - t / 20 * (1 - t / 42))
    other = where(is_small, 1, angle)
    return where(is_small, series, sin(other) / other)


@composite
@real
def deg2rad(x: TensorLike) -> TensorLike:
    """Degrees as radians.

    Args:
        x: Tensor or array.

    Example:
        >>> deg2rad(np.array([180.0])).round(3)
        array([3.142])
    """
    return x * (math.pi / 180)


@composite
@real
def rad2deg(x: TensorLike) -> TensorLike:
    """Radians as degrees.

    Args:
        x: Tensor or array.

    Example:
        >>> rad2deg(np.array([np.pi]))
        array([180.])
    """
    return x * (180 / math.pi)
