"""Each gradient that leaves a step, against differences of that step alone.

s(x) = sum(g * op(x))       g is the gradient that arrived
(s(x + h e) - s(x - h e)) / 2h      along each element e, or along one random direction
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..config import use_kernels
from .values import MOST_STATED

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
    forward = step.forward
    if forward is None or step.incoming is None:
        return Check("open", "the call was not recorded", [])
    inputs: list[Any] = [_as_float64(value.array) for value in forward.inputs]
    x = inputs[leaving.input]
    if not x.size:
        return Check("right", "it has no elements", [])
    weights = _as_float64(step.incoming.array)

    def s(moved: np.ndarray) -> float:
        arrays = [moved if i == leaving.input else a for i, a in enumerate(inputs)]
        y = np.asarray(step.op(*arrays, **forward.settings), "float64")  # type: ignore[misc]
        return float((weights * y).sum())

    gradient = leaving.value.array
    largest = max([1.0, *(float(abs(a).max()) for a in inputs if a.size and a.dtype.kind == "f")])
    # by which the sums of a rule, in the precision of the run, may miss a sum that is nearly 0
    rounding = 8 * float(np.finfo(gradient.dtype).eps) * float(np.linalg.norm(weights)) * largest
    try:
        with use_kernels(False), np.errstate(all="ignore"):
            return _compare(s, x, _as_float64(gradient), TOLERANCE[gradient.dtype.name], rounding)
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return Check("open", f"the op refuses nudged inputs: {error}", [])


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
    analytic = float((gradient * u).sum())
    scale = float(abs(gradient * u).sum()) + float(abs(gradient).max())
    allowed = tolerance * scale + rounding
    middle, slope = s(x), math.nan
    for distance in DISTANCES:
        h = distance * max(1.0, float(abs(x * u).max()))
        above, below = s(x + h * u), s(x - h * u)
        slope = (above - below) / (2 * h)
        noise = 4e-16 * (abs(middle) + abs(above)) / h
        if abs(slope - analytic) <= allowed + noise:
            return "right", slope
        right, left = (above - middle) / h, (middle - below) / h
    is_between = (
        min(left, right) - tolerance * scale <= analytic <= max(left, right) + (tolerance * scale)
    )
    has_kink = abs(right - left) > 1e-3 * (abs(right) + abs(left)) + noise
    return ("kink" if has_kink and is_between else "wrong"), slope


def _text(verdict: str, i: int, slope: float, gradient: np.ndarray, u: np.ndarray) -> str:
    analytic = float((gradient * u).sum())
    where = "along a random direction" if abs(u).sum() > 1 else f"for element {i}"
    if verdict == "kink":
        return f"there is a kink {where}: no one slope, {analytic:.6g} lies between both sides"
    return f"{where} the rule says {analytic:.6g}, a nudge says {slope:.6g}"
