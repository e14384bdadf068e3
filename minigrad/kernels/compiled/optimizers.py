"""Updates of optimizers in one pass over parameters, gradient and state.

Each function changes p and its state in place by one step, as the `update` of the optimizer of its
name does. `shrink` is what p is multiplied by first: the weight decay.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from .loops import Loop, block_bounds, count_blocks, inlined, loop, run_blocks

PASS = 4  # the work of one element, in multiplications


def _step(kernel: Loop, p: Array, g: Array, *more: Any) -> Any:
    """Run a loop over p if all arrays are alike, in C order, and float32 or float64."""
    if p.dtype.char not in "fd" or p.dtype != g.dtype or not g.flags.c_contiguous:
        return NotImplemented
    kernel(PASS * p.size, p, g, *more)
    return None


# ---- gradient descent ----------------------------------------------------------------------------


@inlined
def _sgd(block, p, g, shrink, rate):
    start, stop = block_bounds(block, p.size)
    p, g = p[start:stop], g[start:stop]
    for i in range(p.size):
        p[i] = shrink * p[i] - rate * g[i]


@loop("T[::1], T[::1], f8, f8")
def _run_sgd(pool, p, g, shrink, rate):
    T = p.dtype.type
    run_blocks(pool, count_blocks(p.size), _sgd, (p, g, T(shrink), T(rate)))


@inlined
def _momentum(block, p, g, v, shrink, rate, momentum, nesterov):
    start, stop = block_bounds(block, p.size)
    p, g, v = p[start:stop], g[start:stop], v[start:stop]
    for i in range(p.size):
        step = -rate * g[i]
        v[i] = momentum * v[i] + step
        ahead = step + momentum * v[i] if nesterov else v[i]
        p[i] = shrink * p[i] + ahead


@loop("T[::1], T[::1], T[::1], f8, f8, f8, b1")
def _run_momentum(pool, p, g, v, shrink, rate, momentum, nesterov):
    T = p.dtype.type
    numbers = T(shrink), T(rate), T(momentum), nesterov
    run_blocks(pool, count_blocks(p.size), _momentum, (p, g, v, *numbers))


def sgd_update(
    p: Array, g: Array, *v: Array, shrink: float, rate: float, momentum: float, nesterov: bool
) -> Any:
    """p -= rate * g, or the step with momentum."""
    if not v:
        return _step(_run_sgd, p, g, shrink, rate)
    return _step(_run_momentum, p, g, *v, shrink, rate, momentum, nesterov)


# ---- Adam and its kin ----------------------------------------------------------------------------


@inlined
def _adam(block, p, g, m, v, shrink, keep_1, keep_2, alpha, floor):
    start, stop = block_bounds(block, p.size)
    p, g, m, v = p[start:stop], g[start:stop], m[start:stop], v[start:stop]
    for i in range(p.size):
        m[i] += keep_1 * (g[i] - m[i])
        v[i] += keep_2 * (g[i] * g[i] - v[i])
        p[i] = shrink * p[i] - alpha * (m[i] / (np.sqrt(v[i]) + floor))


@loop("T[::1], T[::1], T[::1], T[::1], f8, f8, f8, f8, f8")
def _run_adam(pool, p, g, m, v, shrink, beta_1, beta_2, alpha, floor):
    T = p.dtype.type
    numbers = T(shrink), T(1 - beta_1), T(1 - beta_2), T(alpha), T(floor)
    run_blocks(pool, count_blocks(p.size), _adam, (p, g, m, v, *numbers))


@inlined
def _amsgrad(block, p, g, m, v, v_max, shrink, keep_1, keep_2, alpha, floor):
    start, stop = block_bounds(block, p.size)
    p, g, m = p[start:stop], g[start:stop], m[start:stop]
    v, v_max = v[start:stop], v_max[start:stop]
    for i in range(p.size):
        m[i] += keep_1 * (g[i] - m[i])
        v[i] += keep_2 * (g[i] * g[i] - v[i])
        if not v[i] <= v_max[i]:  # a NaN is kept
            v_max[i] = v[i]
        p[i] = shrink * p[i] - alpha * (m[i] / (np.sqrt(v_max[i]) + floor))


@loop("T[::1], T[::1], T[::1], T[::1], T[::1], f8, f8, f8, f8, f8")
def _run_amsgrad(pool, p, g, m, v, v_max, shrink, beta_1, beta_2, alpha, floor):
    T = p.dtype.type
    numbers = T(shrink), T(1 - beta_1), T(1 - beta_2), T(alpha), T(floor)
    run_blocks(pool, count_blocks(p.size), _amsgrad, (p, g, m, v, v_max, *numbers))


def adam_update(
    p: Array,
    g: Array,
    *state: Array,
    shrink: float,
    beta_1: float,
    beta_2: float,
    alpha: float,
    floor: float,
) -> Any:
    """One step of Adam; with a third state array of AMSGrad."""
    kernel = _run_adam if len(state) == 2 else _run_amsgrad
    return _step(kernel, p, g, *state, shrink, beta_1, beta_2, alpha, floor)


@inlined
def _adamax(block, p, g, m, u, shrink, keep_1, beta_2, alpha, epsilon):
    start, stop = block_bounds(block, p.size)
    p, g, m, u = p[start:stop], g[start:stop], m[start:stop], u[start:stop]
    for i in range(p.size):
        m[i] += keep_1 * (g[i] - m[i])
        size = abs(g[i])
        u[i] *= beta_2
        if not size <= u[i]:
            u[i] = size
        p[i] = shrink * p[i] - alpha * (m[i] / (u[i] + epsilon))


@loop("T[::1], T[::1], T[::1], T[::1], f8, f8, f8, f8, f8")
def _run_adamax(pool, p, g, m, u, shrink, beta_1, beta_2, alpha, epsilon):
    T = p.dtype.type
    numbers = T(shrink), T(1 - beta_1), T(beta_2), T(alpha), T(epsilon)
    run_blocks(pool, count_blocks(p.size), _adamax, (p, g, m, u, *numbers))


def adamax_update(
    p: Array,
    g: Array,
    m: Array,
    u: Array,
    *,
    shrink: float,
    beta_1: float,
    beta_2: float,
    alpha: float,
    epsilon: float,
) -> Any:
    """One step of Adamax."""
    return _step(_run_adamax, p, g, m, u, shrink, beta_1, beta_2, alpha, epsilon)


@inlined
def _nadam(block, p, g, m, v, shrink, keep_1, keep_2, by_m, by_g, by_v, epsilon):
    start, stop = block_bounds(block, p.size)
    p, g, m, v = p[start:stop], g[start:stop], m[start:stop], v[start:stop]
    for i in range(p.size):
        m[i] += keep_1 * (g[i] - m[i])
        v[i] += keep_2 * (g[i] * g[i] - v[i])
        step = (by_m * m[i] + by_g * g[i]) / (np.sqrt(v[i] * by_v) + epsilon)
        p[i] = shrink * p[i] - step


@loop("T[::1], T[::1], T[::1], T[::1], f8, f8, f8, f8, f8, f8, f8")
def _run_nadam(pool, p, g, m, v, shrink, beta_1, beta_2, by_m, by_g, by_v, epsilon):
    T = p.dtype.type
    means = T(shrink), T(1 - beta_1), T(1 - beta_2)
    factors = T(by_m), T(by_g), T(by_v), T(epsilon)
    run_blocks(pool, count_blocks(p.size), _nadam, (p, g, m, v, *means, *factors))


def nadam_update(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    *,
    shrink: float,
    rate: float,
    beta_1: float,
    beta_2: float,
    by_m: float,
    by_g: float,
    by_v: float,
    epsilon: float,
) -> Any:
    """One step of Nadam."""
    factors = rate * by_m, rate * by_g, by_v, epsilon
    return _step(_run_nadam, p, g, m, v, shrink, beta_1, beta_2, *factors)


@inlined
def _lion(block, p, g, m, shrink, rate, keep_1, keep_2):
    start, stop = block_bounds(block, p.size)
    p, g, m = p[start:stop], g[start:stop], m[start:stop]
    for i in range(p.size):
        p[i] = shrink * p[i] - rate * np.sign(m[i] + keep_1 * (g[i] - m[i]))
        m[i] += keep_2 * (g[i] - m[i])


@loop("T[::1], T[::1], T[::1], f8, f8, f8, f8")
def _run_lion(pool, p, g, m, shrink, rate, beta_1, beta_2):
    T = p.dtype.type
    numbers = T(shrink), T(rate), T(1 - beta_1), T(1 - beta_2)
    run_blocks(pool, count_blocks(p.size), _lion, (p, g, m, *numbers))


def lion_update(
    p: Array, g: Array, m: Array, *, shrink: float, rate: float, beta_1: float, beta_2: float
) -> Any:
    """One step of Lion."""
    return _step(_run_lion, p, g, m, shrink, rate, beta_1, beta_2)


# ---- sums and means of squared gradients ---------------------------------------------------------


@inlined
def _rmsprop(block, p, g, v, m, velocity, shrink, rate, keep, momentum, epsilon):
    start, stop = block_bounds(block, p.size)
    p, g, v = p[start:stop], g[start:stop], v[start:stop]
    for i in range(p.size):
        v[i] += keep * (g[i] * g[i] - v[i])
        variance = v[i]
        if m.size > 0:
            m[start + i] += keep * (g[i] - m[start + i])
            variance -= m[start + i] * m[start + i]
            if variance < 0:  # by rounding
                variance *= 0
        step = rate * g[i] / np.sqrt(variance + epsilon)
        if velocity.size > 0:
            velocity[start + i] = momentum * velocity[start + i] + step
            step = velocity[start + i]
        p[i] = shrink * p[i] - step


@loop("T[::1], T[::1], T[::1], T[::1], T[::1], f8, f8, f8, f8, f8")
def _run_rmsprop(pool, p, g, v, m, velocity, shrink, rate, rho, momentum, epsilon):
    T = p.dtype.type
    numbers = T(shrink), T(rate), T(1 - rho), T(momentum), T(epsilon)
    run_blocks(pool, count_blocks(p.size), _rmsprop, (p, g, v, m, velocity, *numbers))


def rmsprop_update(
    p: Array,
    g: Array,
    v: Array,
    *state: Array,
    shrink: float,
    rate: float,
    rho: float,
    momentum: float,
    epsilon: float,
    centered: bool,
) -> Any:
    """One step of RMSprop, also with the variance and with momentum."""
    none = np.empty(0, p.dtype)
    m = state[0] if centered else none
    velocity = state[-1] if momentum else none
    return _step(_run_rmsprop, p, g, v, m, velocity, shrink, rate, rho, momentum, epsilon)


@inlined
def _adagrad(block, p, g, a, shrink, rate, epsilon):
    start, stop = block_bounds(block, p.size)
    p, g, a = p[start:stop], g[start:stop], a[start:stop]
    for i in range(p.size):
        a[i] += g[i] * g[i]
        p[i] = shrink * p[i] - rate * g[i] / np.sqrt(a[i] + epsilon)


@loop("T[::1], T[::1], T[::1], f8, f8, f8")
def _run_adagrad(pool, p, g, a, shrink, rate, epsilon):
    T = p.dtype.type
    numbers = T(shrink), T(rate), T(epsilon)
    run_blocks(pool, count_blocks(p.size), _adagrad, (p, g, a, *numbers))


def adagrad_update(
    p: Array, g: Array, a: Array, *, shrink: float, rate: float, epsilon: float
) -> Any:
    """One step of Adagrad."""
    return _step(_run_adagrad, p, g, a, shrink, rate, epsilon)


@inlined
def _adadelta(block, p, g, a, d, shrink, rate, keep, epsilon):
    start, stop = block_bounds(block, p.size)
    p, g, a, d = p[start:stop], g[start:stop], a[start:stop], d[start:stop]
    for i in range(p.size):
        a[i] += keep * (g[i] * g[i] - a[i])
        step = g[i] * np.sqrt(d[i] + epsilon) / np.sqrt(a[i] + epsilon)
        p[i] = shrink * p[i] - rate * step
        d[i] += keep * (step * step - d[i])


@loop("T[::1], T[::1], T[::1], T[::1], f8, f8, f8, f8")
def _run_adadelta(pool, p, g, a, d, shrink, rate, rho, epsilon):
    T = p.dtype.type
    numbers = T(shrink), T(rate), T(1 - rho), T(epsilon)
    run_blocks(pool, count_blocks(p.size), _adadelta, (p, g, a, d, *numbers))


def adadelta_update(
    p: Array,
    g: Array,
    a: Array,
    d: Array,
    *,
    shrink: float,
    rate: float,
    rho: float,
    epsilon: float,
) -> Any:
    """One step of Adadelta."""
    return _step(_run_adadelta, p, g, a, d, shrink, rate, rho, epsilon)
