"""Each gradient that leaves a step, against differences of that step alone.

    s(x) = sum(g * op(x))
    (s(x + h e) - s(x - h e)) / 2h

g is the gradient that arrived, e each element of x, or one random direction.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..config import use_kernels
from .values import MOST_STATED, Value

if TYPE_CHECKING:
    from .recording import Leaving, Step

DISTANCES = 1e-4, 1e-6  # of a nudge, relative to the element; a kink may lie within the first
TOLERANCE = {"float16": 2e-2, "float32": 2e-4, "float64": 1e-6}


class Check(NamedTuple):
    """What differences say of a gradient.

    Attributes:
        verdict: "right", "wrong", "kink" where there is no slope, or "open" if it was not checked.
        text: Why, in words.
        slopes: The slope of each element by differences; empty if only a direction was checked.
    """

    verdict: str
    text: str
    slopes: list[float]


def check_gradient(step: Step, leaving: Leaving) -> Check:
    """Check one gradient that left a step.

    Args:
        step: The step back.
        leaving: The gradient.
    """
    forward, op = step.forward, step.op
    if forward is None or op is None or step.incoming is None:
        return Check("open", "the call was not recorded", [])
    inputs = [_given(value) for value in forward.inputs]
    x = inputs[leaving.input]
    if not x.size:
        return Check("right", "it has no elements", [])
    weights = _as_float64(step.incoming.array)

    def s(moved: np.ndarray) -> np.ndarray:
        arrays = [moved if i == leaving.input else a for i, a in enumerate(inputs)]
        return weights * np.asarray(op(*arrays, **forward.settings), "float64")

    gradient = leaving.value.array
    largest = max([1.0, *(_largest(a) for a in inputs if _is_floating(a))])
    # by which the sums of a rule, in the precision of the run, may miss a sum that is nearly 0
    rounding = 8 * float(np.finfo(gradient.dtype).eps) * float(np.linalg.norm(weights)) * largest
    try:
        with use_kernels(False), np.errstate(all="ignore"):
            return _compare(s, x, _as_float64(gradient), TOLERANCE[gradient.dtype.name], rounding)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return Check("open", f"the op refuses nudged inputs: {error}", [])


def _given(value: Value) -> Any:
    """What an op was given, arrays in float64."""
    return _as_float64(value.array) if value.is_number else value.argument


def _is_floating(a: Any) -> bool:
    return isinstance(a, np.ndarray) and a.dtype.kind == "f" and a.size > 0


def _largest(a: np.ndarray) -> float:
    return float(abs(a[np.isfinite(a)]).max(initial=0.0))


def _as_float64(array: np.ndarray) -> np.ndarray:
    return array.astype("float64") if array.dtype.kind == "f" else array


def _compare(
    s: Any, x: np.ndarray, gradient: np.ndarray, tolerance: float, rounding: float
) -> Check:
    if not np.isfinite(gradient).all():
        return Check("open", "the gradient is not finite", [])
    if x.size <= MOST_STATED:
        directions = list(np.eye(x.size).reshape(x.size, *x.shape))
    else:
        rng = np.random.default_rng(0)
        directions = [rng.choice([-1.0, 1.0], x.shape)]
    # of many elements at once, the errors of each add up
    allowed = [rounding * math.sqrt(abs(u).sum()) for u in directions]
    verdicts = [_along(s, x, gradient, u, tolerance, a) for u, a in zip(directions, allowed)]
    slopes = [slope for _, slope in verdicts] if x.size <= MOST_STATED else []
    for verdict in ("wrong", "kink"):
        for i, (found, slope) in enumerate(verdicts):
            if found == verdict:
                return Check(verdict, _text(verdict, i, slope, gradient, directions[i]), slopes)
    if slopes:
        return Check("right", "each element agrees with its nudge", slopes)
    return Check("right", "a nudge of all elements at once agrees", [])


def _along(
    s: Any, x: np.ndarray, gradient: np.ndarray, u: np.ndarray, tolerance: float, rounding: float
) -> tuple[str, float]:
    """(verdict, slope by differences) along the direction u."""
    size_of_x = np.where(np.isfinite(x), np.maximum(1.0, abs(x)), 0.0)
    move = u * size_of_x  # each element by a part of itself
    analytic = float((gradient * move).sum())
    scale = float(abs(gradient * move).sum()) + float(abs(gradient).max())
    allowed = tolerance * scale + rounding * float(abs(move).max())
    middle, slope = s(x), math.nan
    size = float(abs(middle[np.isfinite(middle)]).sum())
    for h in DISTANCES:
        above, below = s(x + h * move), s(x - h * move)
        slope = _rise(below, above) / (2 * h)
        noise = 4e-16 * size / h
        if abs(slope - analytic) <= allowed + noise:
            return "right", slope / _length(move, u)
        right, left = _rise(middle, above) / h, _rise(below, middle) / h
    is_between = (
        min(left, right) - tolerance * scale <= analytic <= max(left, right) + (tolerance * scale)
    )
    has_kink = abs(right - left) > 1e-3 * (abs(right) + abs(left)) + noise
    return ("kink" if has_kink and is_between else "wrong"), slope / _length(move, u)


def _rise(low: np.ndarray, high: np.ndarray) -> float:
    """The sum of high - low; an infinity or a NaN that stays what it was has not risen."""
    stays = (low == high) | (np.isnan(low) & np.isnan(high))
    return float(np.where(stays, 0.0, high - low).sum())


def _length(move: np.ndarray, u: np.ndarray) -> float:
    """By what a slope along `move` is divided to be the slope of the one element in u."""
    return float(abs(move).sum()) if abs(u).sum() == 1 and move.any() else 1.0


def _text(verdict: str, i: int, slope: float, gradient: np.ndarray, u: np.ndarray) -> str:
    analytic = float((gradient * u).sum())
    where = "along a random direction" if abs(u).sum() > 1 else f"for element {i}"
    if verdict == "kink":
        return f"there is a kink {where}: no one slope, {analytic:.6g} lies between both sides"
    return f"{where} the rule says {analytic:.6g}, a nudge says {slope:.6g}"
