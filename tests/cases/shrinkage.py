"""SHRINKAGE: the cases of activation functions that cut, shrink or gate."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import scipy.special

from .base import Array, Case, between_kinks, case, nonzero, normal, start_drawing, transposed
from .families import unary, varied

start_drawing(23)


def celu(x: Array, alpha: float = 1.0) -> Array:
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def glu(x: Array, axis: int = -1) -> Array:
    a, b = np.split(x, 2, axis)
    return np.asarray(a * scipy.special.expit(b))


def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    return np.where(abs(x) > threshold, x, 0)


def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    return np.asarray(np.sign(x) * np.maximum(abs(x) - threshold, 0))


def cut(x: Array, threshold: float, default_value: float) -> Array:
    return np.where(x > threshold, x, default_value)


def sparse_plus(x: Array) -> Array:
    return np.where(x < -1, 0, np.where(x < 1, (x + 1) ** 2 / 4, x))


def squareplus(x: Array, b: float = 4) -> Array:
    return np.asarray((x + np.sqrt(x**2 + b)) / 2)


def sparsemax(x: Array, axis: int = -1) -> Array:
    """The t of each row by bisection: the sum of max(x - t, 0) falls from above 1 to 0."""
    if not x.size:
        return x
    high = x.max(axis, keepdims=True)
    low = high - 1
    for _ in range(60):
        middle = (low + high) / 2
        is_large = np.maximum(x - middle, 0).sum(axis, keepdims=True) > 1
        low, high = np.where(is_large, middle, low), np.where(is_large, high, middle)
    return np.asarray(np.maximum(x - low, 0))


def spread(*shape: int) -> Array:
    """Scores of which about half stay in a sparsemax, none near its edge."""
    return np.asarray(np.resize([0.1, 0.65, -0.9, 0.3, 0.95, -0.2], shape) + 0.01 * normal(*shape))


on_axis: Any = partial(case, expect=sparsemax)
SHRINKAGE: dict[str, list[Case]] = {
    "celu": unary(celu) + varied(celu, (3, 4), "alpha", 0.3, 2.5, draw=nonzero),
    "glu": [
        case(normal(3, 4), expect=glu),
        case(normal(4, 3), expect=glu, axis=0),
        case(normal(0, 2), expect=glu),
        case(transposed(normal, 2, 4), expect=glu),
        case(normal(2, 2, 3), expect=glu, axis=1),
    ],
    "threshold": unary(cut, between_kinks, threshold=0.5, default_value=2.0),
    "hard_shrink": unary(hard_shrink, between_kinks)
    + varied(hard_shrink, (7,), "threshold", 0.0, 3.0, draw=between_kinks),
    "soft_shrink": unary(soft_shrink, between_kinks)
    + varied(soft_shrink, (7,), "threshold", 0.0, 3.0, draw=between_kinks),
    "tanh_shrink": unary(lambda x: x - np.tanh(x), normal),
    "squareplus": unary(squareplus, normal) + varied(squareplus, (3, 4), "b", 1, 0.25),
    "sparse_plus": unary(sparse_plus, between_kinks),
    "sparse_sigmoid": unary(lambda x: np.clip((x + 1) / 2, 0, 1), between_kinks),
    "sparsemax": [
        on_axis(spread(3, 6)),
        on_axis(spread(5)),
        on_axis(spread(1)),
        on_axis(spread(6, 2), axis=0),
        on_axis(spread(2, 5, 3), axis=1),
        on_axis(transposed(spread, 2, 6)),
        on_axis(np.array([[5.0, 1.0, 0.0], [0.2, 0.2, 0.2]])),
    ],
}
