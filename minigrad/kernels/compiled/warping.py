"""Images under affine maps: each pixel of the result blends the four around its place."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...backend import Array
from .loops import as_carray, inlined, loop, run_blocks

CONSTANT, NEAREST, REFLECT, WRAP = range(4)
MODES = {"constant": CONSTANT, "nearest": NEAREST, "reflect": REFLECT, "wrap": WRAP}
OUTSIDE = -1  # the index of a pixel beyond the image


@inlined
def _into_range(place, size, mode):
    """An equivalent place in -1..size."""
    if mode == CONSTANT:
        return min(max(place, -1.0), float(size))
    if mode == WRAP:
        return place - size * math.floor(place / size)
    if mode == REFLECT:
        distance, period = abs(place + 0.5), 2.0 * size
        distance -= period * math.floor(distance / period)
        place = min(distance, period - distance) - 0.5
    return min(max(place, 0.0), size - 1.0)


@inlined
def _pixel(index, size, mode):
    """The pixel that an index stands for, or OUTSIDE."""
    if mode == WRAP:
        return index if index < size else index % size
    if mode == CONSTANT:
        return index if 0 <= index < size else OUTSIDE
    return min(index, size - 1)


@inlined
def _neighbors(place, size, mode):
    """The pixels before and after a place, and how far it lies between them."""
    if not 0 <= place < size - 1:
        place = _into_range(place, size, mode)
    first = int(math.floor(place))
    return _pixel(first, size, mode), _pixel(first + 1, size, mode), place - first


@inlined
def _place(along, i, j, height, width):
    """Where pixel (i, j) of the result lies in the image; maps count from its center."""
    r, c = i - (height - 1) / 2, j - (width - 1) / 2
    row = along[0, 0] * r + along[0, 1] * c + along[0, 2]
    column = along[1, 0] * r + along[1, 1] * c + along[1, 2]
    return row + (height - 1) / 2, column + (width - 1) / 2


@inlined
def _value(x, row, column, channel, fill):
    return x[row, column, channel] if row != OUTSIDE and column != OUTSIDE else fill


@inlined
def _add(y, row, column, channel, value):
    if row != OUTSIDE and column != OUTSIDE:
        y[row, column, channel] += value


@inlined
def _warp(image, x, maps, fill, mode, y):
    x, y, along = x[image], y[image], maps[image]
    height, width, channels = x.shape
    number = x.dtype.type
    for i in range(height):
        for j in range(width):
            row, column = _place(along, i, j, height, width)
            top, bottom, below = _neighbors(row, height, mode)
            left, right, beside = _neighbors(column, width, mode)
            down, over = number(below), number(beside)
            for k in range(channels):
                upper, end = _value(x, top, left, k, fill), _value(x, top, right, k, fill)
                upper += (end - upper) * over
                lower, end = _value(x, bottom, left, k, fill), _value(x, bottom, right, k, fill)
                lower += (end - lower) * over
                y[i, j, k] = upper + (lower - upper) * down


@inlined
def _warp_grad(image, g, maps, mode, y):
    g, y, along = g[image], y[image], maps[image]
    height, width, channels = g.shape
    number = g.dtype.type
    for i in range(height):
        for j in range(width):
            row, column = _place(along, i, j, height, width)
            top, bottom, below = _neighbors(row, height, mode)
            left, right, beside = _neighbors(column, width, mode)
            for k in range(channels):
                value = g[i, j, k]
                _add(y, top, left, k, value * number((1 - below) * (1 - beside)))
                _add(y, top, right, k, value * number((1 - below) * beside))
                _add(y, bottom, left, k, value * number(below * (1 - beside)))
                _add(y, bottom, right, k, value * number(below * beside))


@loop("T[:, :, :, ::1], f8[:, :, ::1], f8, i8, T[:, :, :, ::1]")
def _run_warp(pool, x, maps, fill, mode, y):
    run_blocks(pool, len(x), _warp, (x, maps, x.dtype.type(fill), mode, y))


@loop("T[:, :, :, ::1], f8[:, :, ::1], i8, T[:, :, :, ::1]")
def _run_warp_grad(pool, g, maps, mode, y):
    run_blocks(pool, len(g), _warp_grad, (g, maps, mode, y))


def _finite_maps(x: Array, maps: Any, fill_mode: str, interpolation: str) -> Any:
    """The maps as the loops take them; None for what they do not take."""
    if x.dtype.char not in "fd" or interpolation != "bilinear" or fill_mode not in MODES:
        return None
    found = as_carray(np.asarray(getattr(maps, "_array", maps), np.float64))
    is_one_each = found.shape == (len(x), 2, 3) and x.size > 0
    return found if is_one_each and np.isfinite(found).all() else None


def warp_affine_forward(
    x: Array,
    *,
    maps: Any,
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    interpolation: str = "bilinear",
) -> Any:
    """Rotated, zoomed and shifted images, one image per block."""
    places = _finite_maps(x, maps, fill_mode, interpolation)
    if places is None:
        return NotImplemented
    y = np.empty(x.shape, x.dtype)
    _run_warp(8 * x.size, as_carray(x), places, float(fill_value), MODES[fill_mode], y)
    return y


def warp_affine_grad(
    grad_output: Array, *, maps: Any, fill_mode: str = "reflect", interpolation: str = "bilinear"
) -> Any:
    """The gradient: each pixel of the result is added to the four that it blends."""
    places = _finite_maps(grad_output, maps, fill_mode, interpolation)
    if places is None:
        return NotImplemented
    y = np.zeros(grad_output.shape, grad_output.dtype)
    _run_warp_grad(8 * y.size, as_carray(grad_output), places, MODES[fill_mode], y)
    return y
