"""Steps of optimizers on a GPU: one kernel over all parameters of a dtype, end to end.

Each function changes p and its state in place by one step, as the `update` of the optimizer of its
name does, and first multiplies p by `shrink`. Arrays that it does not take give NotImplemented.
"""

from __future__ import annotations

from typing import Any

from ...backend import Array
from .launch import REALS, launch_elements


def _step(kernel: str, arrays: tuple[Array, ...], *numbers: float) -> Any:
    """Launch a kernel over arrays of one length, if all are contiguous and of one dtype."""
    p, *others = (a for a in arrays if a is not None)
    are_alike = all(a.dtype == p.dtype and a.flags.c_contiguous for a in others)
    if p.dtype not in REALS or not are_alike:
        return NotImplemented
    launch_elements(kernel, p.size, (*arrays, *numbers, p.size))
    return None


def sgd_update(
    p: Array, g: Array, *state: Array, shrink: float, rate: float, momentum: float, nesterov: bool
) -> Any:
    """p -= rate * g, or the step with momentum."""
    v = state[0] if state else None
    return _step("sgd", (p, g, v), float(shrink), float(rate), float(momentum), nesterov)


def adam_update(
    p: Array,
    g: Array,
    m: Array,
    v: Array,
    *state: Array,
    shrink: float,
    beta_1: float,
    beta_2: float,
    alpha: float,
    floor: float,
) -> Any:
    """One step of Adam; with a third state array of AMSGrad."""
    arrays = p, g, m, v, state[0] if state else None
    numbers = shrink, 1 - beta_1, 1 - beta_2, alpha, floor
    return _step("adam", arrays, *map(float, numbers))


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
    numbers = shrink, 1 - beta_1, beta_2, alpha, epsilon
    return _step("adamax", (p, g, m, u), *map(float, numbers))


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
    numbers = shrink, 1 - beta_1, 1 - beta_2, rate * by_m, rate * by_g, by_v, epsilon
    return _step("nadam", (p, g, m, v), *map(float, numbers))


def lion_update(
    p: Array, g: Array, m: Array, *, shrink: float, rate: float, beta_1: float, beta_2: float
) -> Any:
    """One step of Lion."""
    numbers = shrink, rate, 1 - beta_1, 1 - beta_2
    return _step("lion", (p, g, m), *map(float, numbers))


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
    m = state[0] if centered else None
    velocity = state[-1] if momentum else None
    numbers = shrink, rate, 1 - rho, momentum, epsilon
    return _step("rmsprop", (p, g, v, m, velocity), *map(float, numbers))


def adagrad_update(
    p: Array, g: Array, a: Array, *, shrink: float, rate: float, epsilon: float
) -> Any:
    """One step of Adagrad."""
    return _step("adagrad", (p, g, a), float(shrink), float(rate), float(epsilon))


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
    numbers = shrink, rate, 1 - rho, epsilon
    return _step("adadelta", (p, g, a, d), *map(float, numbers))
