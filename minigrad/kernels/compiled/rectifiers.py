"""ReLU, its leaky form, and their gradients in one pass."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...backend import Array
from .loops import as_carray, block_bounds, count_blocks, inlined, loop, run_blocks


@inlined
def _rectify(block, x, y, slope):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    zero = slope - slope
    for i in range(x.size):
        y[i] = x[i] if x[i] > zero or x[i] != x[i] else slope * x[i]


@loop("T[::1], T[::1], f8")
def _run_rectify(pool, x, y, slope):
    run_blocks(pool, count_blocks(x.size), _rectify, (x, y, x.dtype.type(slope)))


@inlined
def _keep_positive(block, x, y):
    start, stop = block_bounds(block, x.size)
    x, y = x[start:stop], y[start:stop]
    zero = x.dtype.type(0)
    for i in range(x.size):
        y[i] = x[i] if x[i] > zero or x[i] != x[i] else zero


@loop("T[::1], T[::1]")
def _run_keep_positive(pool, x, y):
    run_blocks(pool, count_blocks(x.size), _keep_positive, (x, y))


@inlined
def _scale_by_sign(block, g, x, y, slope):
    start, stop = block_bounds(block, x.size)
    g, x, y = g[start:stop], x[start:stop], y[start:stop]
    zero, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.size):
        y[i] = g[i] * (one if x[i] > zero else slope)


@loop("T[::1], T[::1], T[::1], f8")
def _run_scale_by_sign(pool, g, x, y, slope):
    run_blocks(pool, count_blocks(x.size), _scale_by_sign, (g, x, y, x.dtype.type(slope)))


def relu_forward(x: Array) -> Any:
    """max(x, 0)."""
    if x.dtype.char not in "fd":
        return NotImplemented
    y = np.empty(x.shape, x.dtype)
    _run_keep_positive(x.size, as_carray(x).reshape(-1), y.reshape(-1))
    return y


def leaky_relu_forward(x: Array, *, negative_slope: float) -> Any:
    """x where positive, negative_slope * x elsewhere."""
    if x.dtype.char not in "fd":
        return NotImplemented
    y = np.empty(x.shape, x.dtype)
    _run_rectify(x.size, as_carray(x).reshape(-1), y.reshape(-1), negative_slope)
    return y


def leaky_relu_grad(g: Array, y: Array, *, negative_slope: float) -> Any:
    """g where y is positive, negative_slope * g elsewhere."""
    if y.dtype.char not in "fd" or g.dtype != y.dtype or g.shape != y.shape:
        return NotImplemented
    d = np.empty(y.shape, y.dtype)
    arrays = [as_carray(a).reshape(-1) for a in (g, y, d)]
    _run_scale_by_sign(2 * y.size, *arrays, negative_slope)
    return d


def relu_grad(g: Array, y: Array) -> Any:
    """g where y is positive, 0 elsewhere."""
    return leaky_relu_grad(g, y, negative_slope=0.0)
