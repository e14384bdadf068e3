"""Activations and their gradients in one pass over memory."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import Array
from ...ops.elementwise import FAR
from .functions import exp, expm1, log1p_exp, maximum, minimum, normal_cdf, sigmoid, tanh
from .loops import Loop, as_carray, block_bounds, count_blocks, inlined, loop, run_blocks

PASS = 16  # the work of one exponential, in multiplications
SLOPE = 2 * math.sqrt(2 / math.pi)  # of GELU's tanh form, as a sigmoid
CUBE = 0.044715
DENSITY = 1 / math.sqrt(2 * math.pi)  # of the normal distribution at 0


def _filled(kernel: Loop, *arrays: Array, work: int = PASS, settings: tuple[Any, ...] = ()) -> Any:
    """A new array like the first, which a loop over (*arrays, new array, *settings) fills."""
    x = arrays[0]
    if x.dtype.char not in "fd" or not x.size:
        return NotImplemented
    y = np.empty(x.shape, x.dtype)
    flat = [as_carray(array).reshape(-1) for array in (*arrays, y)]
    kernel(work * x.size, *flat, *settings)
    return y


def _gradient(
    kernel: Loop, g: Array, x: Array, *, work: int = PASS, settings: tuple[Any, ...] = ()
) -> Any:
    """_filled for a gradient, which must have the dtype and shape of what it is the gradient of."""
    if g.dtype != x.dtype or g.shape != x.shape:
        return NotImplemented
    return _filled(kernel, g, x, work=work, settings=settings)


# ---- gelu ----------------------------------------------------------------------------------------


@inlined
def _gelu(block, x, y, approximate, far, slope, cube):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    if approximate:
        for i in range(x.size):
            z = minimum(maximum(x[i], -far), far)
            y[i] = maximum(x[i], -far) * sigmoid(slope * (z + cube * z * z * z))
    else:
        for i in range(x.size):
            y[i] = maximum(x[i], -far) * normal_cdf(x[i])


@loop("T[::1], T[::1], b1")
def _run_gelu(pool, x, y, approximate):
    T = x.dtype.type
    arguments = x, y, approximate, T(FAR), T(SLOPE), T(CUBE)
    run_blocks(pool, count_blocks(x.size), _gelu, arguments)


@inlined
def _gelu_grad(block, g, x, y, approximate, far, slope, cube, density):
    start, stop = block_bounds(block, x.size)
    g, x, y = g[start:stop], x[start:stop], y[start:stop]
    one = far / far
    half, cube_slope = density / (density + density), cube + cube + cube
    if approximate:
        for i in range(x.size):
            z = minimum(maximum(x[i], -far), far)
            cdf = sigmoid(slope * (z + cube * z * z * z))
            y[i] = g[i] * (cdf + z * cdf * (one - cdf) * slope * (one + cube_slope * z * z))
    else:
        for i in range(x.size):
            z = minimum(maximum(x[i], -far), far)
            y[i] = g[i] * (normal_cdf(z) + z * density * exp(-half * z * z))


@loop("T[::1], T[::1], T[::1], b1")
def _run_gelu_grad(pool, g, x, y, approximate):
    T = x.dtype.type
    arguments = g, x, y, approximate, T(FAR), T(SLOPE), T(CUBE), T(DENSITY)
    run_blocks(pool, count_blocks(x.size), _gelu_grad, arguments)


def gelu_forward(x: Array, *, approximate: bool = False) -> Any:
    """gelu(x); its backward reads x alone."""
    y = _filled(_run_gelu, x, settings=(approximate,))
    return y if y is NotImplemented else (y, ())


def gelu_backward(g: Array, residuals: Any, x: Array, *, approximate: bool = False) -> Any:
    """g times the derivative."""
    return (_filled(_run_gelu_grad, g, x, settings=(approximate,)),)


# ---- silu ----------------------------------------------------------------------------------------


@inlined
def _silu(block, x, y, far):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = maximum(x[i], -far) * sigmoid(x[i])


@loop("T[::1], T[::1]")
def _run_silu(pool, x, y):
    run_blocks(pool, count_blocks(x.size), _silu, (x, y, x.dtype.type(FAR)))


@inlined
def _silu_grad(block, g, x, y, far):
    start, stop = block_bounds(block, x.size)
    g, x, y = g[start:stop], x[start:stop], y[start:stop]
    one = far / far
    for i in range(x.size):
        gate = sigmoid(x[i])
        z = minimum(maximum(x[i], -far), far)
        y[i] = g[i] * gate * (one + z * (one - gate))


@loop("T[::1], T[::1], T[::1]")
def _run_silu_grad(pool, g, x, y):
    run_blocks(pool, count_blocks(x.size), _silu_grad, (g, x, y, x.dtype.type(FAR)))


def silu_forward(x: Array) -> Any:
    """silu(x); its backward reads x alone."""
    y = _filled(_run_silu, x)
    return y if y is NotImplemented else (y, ())


def silu_backward(g: Array, residuals: Any, x: Array) -> Any:
    """g times the derivative."""
    return (_filled(_run_silu_grad, g, x),)


# ---- curves, and their gradients as ops of their own ---------------------------------------------


@inlined
def _sigmoid(block, x, y):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = sigmoid(x[i])


@loop("T[::1], T[::1]")
def _run_sigmoid(pool, x, y):
    run_blocks(pool, count_blocks(x.size), _sigmoid, (x, y))


def sigmoid_forward(x: Array) -> Any:
    """1 / (1 + exp(-x))."""
    return _filled(_run_sigmoid, x)


@inlined
def _sigmoid_grad(block, g, y, d):
    start, stop = block_bounds(block, y.size)
    g, y, d = g[start:stop], y[start:stop], d[start:stop]
    one = y.dtype.type(1)
    for i in range(y.size):
        d[i] = g[i] * (y[i] * (one - y[i]))


@loop("T[::1], T[::1], T[::1]")
def _run_sigmoid_grad(pool, g, y, d):
    run_blocks(pool, count_blocks(y.size), _sigmoid_grad, (g, y, d))


def sigmoid_grad(g: Array, y: Array) -> Any:
    """g * y * (1 - y), y the sigmoid."""
    return _gradient(_run_sigmoid_grad, g, y, work=2)


@inlined
def _tanh(block, x, y):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = tanh(x[i])


@loop("T[::1], T[::1]")
def _run_tanh(pool, x, y):
    run_blocks(pool, count_blocks(x.size), _tanh, (x, y))


def tanh_forward(x: Array) -> Any:
    """The hyperbolic tangent."""
    return _filled(_run_tanh, x)


@inlined
def _tanh_grad(block, g, y, d):
    start, stop = block_bounds(block, y.size)
    g, y, d = g[start:stop], y[start:stop], d[start:stop]
    one = y.dtype.type(1)
    for i in range(y.size):
        d[i] = g[i] * (one - y[i] * y[i])


@loop("T[::1], T[::1], T[::1]")
def _run_tanh_grad(pool, g, y, d):
    run_blocks(pool, count_blocks(y.size), _tanh_grad, (g, y, d))


def tanh_grad(g: Array, y: Array) -> Any:
    """g * (1 - y**2), y the hyperbolic tangent."""
    return _gradient(_run_tanh_grad, g, y, work=2)


@inlined
def _softplus(block, x, y, zero):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = maximum(x[i], zero) + log1p_exp(x[i])


@loop("T[::1], T[::1]")
def _run_softplus(pool, x, y):
    run_blocks(pool, count_blocks(x.size), _softplus, (x, y, x.dtype.type(0)))


def softplus_forward(x: Array) -> Any:
    """log(1 + exp(x))."""
    return _filled(_run_softplus, x)


@inlined
def _softplus_grad(block, g, x, d):
    start, stop = block_bounds(block, x.size)
    g, x, d = g[start:stop], x[start:stop], d[start:stop]
    for i in range(x.size):
        d[i] = g[i] * sigmoid(x[i])


@loop("T[::1], T[::1], T[::1]")
def _run_softplus_grad(pool, g, x, d):
    run_blocks(pool, count_blocks(x.size), _softplus_grad, (g, x, d))


def softplus_grad(g: Array, x: Array) -> Any:
    """g * sigmoid(x)."""
    return _gradient(_run_softplus_grad, g, x)


@inlined
def _elu(block, x, y, alpha, zero):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        below = alpha * expm1(x[i])
        y[i] = x[i] if x[i] > zero else below


@loop("T[::1], T[::1], f8")
def _run_elu(pool, x, y, alpha):
    T = x.dtype.type
    run_blocks(pool, count_blocks(x.size), _elu, (x, y, T(alpha), T(0)))


def elu_forward(x: Array, *, alpha: float = 1.0) -> Any:
    """x where positive, alpha * (exp(x) - 1) elsewhere."""
    return _filled(_run_elu, x, settings=(alpha,))


@inlined
def _elu_grad(block, g, x, d, alpha, zero):
    start, stop = block_bounds(block, x.size)
    g, x, d = g[start:stop], x[start:stop], d[start:stop]
    for i in range(x.size):
        below = g[i] * (alpha * exp(minimum(x[i], zero)))
        d[i] = g[i] if x[i] > zero else below


@loop("T[::1], T[::1], T[::1], f8")
def _run_elu_grad(pool, g, x, d, alpha):
    T = x.dtype.type
    run_blocks(pool, count_blocks(x.size), _elu_grad, (g, x, d, T(alpha), T(0)))


def elu_grad(g: Array, x: Array, *, alpha: float) -> Any:
    """g where x is positive, g * alpha * exp(x) elsewhere."""
    return _gradient(_run_elu_grad, g, x, settings=(alpha,))


@inlined
def _mish(block, x, y, far, zero):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    for i in range(x.size):
        y[i] = maximum(x[i], -far) * tanh(maximum(x[i], zero) + log1p_exp(x[i]))


@loop("T[::1], T[::1]")
def _run_mish(pool, x, y):
    T = x.dtype.type
    run_blocks(pool, count_blocks(x.size), _mish, (x, y, T(FAR), T(0)))


def mish_forward(x: Array) -> Any:
    """x * tanh(log(1 + exp(x)))."""
    return _filled(_run_mish, x)


@inlined
def _mish_grad(block, g, x, d, far, zero):
    start, stop = block_bounds(block, x.size)
    g, x, d = g[start:stop], x[start:stop], d[start:stop]
    one = far / far
    for i in range(x.size):
        gate = tanh(maximum(x[i], zero) + log1p_exp(x[i]))
        z = minimum(maximum(x[i], -far), far)
        d[i] = g[i] * (gate + z * ((one - gate * gate) * sigmoid(x[i])))


@loop("T[::1], T[::1], T[::1]")
def _run_mish_grad(pool, g, x, d):
    T = x.dtype.type
    run_blocks(pool, count_blocks(x.size), _mish_grad, (g, x, d, T(FAR), T(0)))


def mish_grad(g: Array, x: Array) -> Any:
    """g times the derivative."""
    return _gradient(_run_mish_grad, g, x)
