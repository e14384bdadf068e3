"""diff: the first step at which two runs part."""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from ..arguments import explains_arguments
from .recording import Run, Step
from .values import Value


class Difference(NamedTuple):
    """Where two runs part.

    Attributes:
        step: The number of the first step that differs; None if none does.
        reason: What differs there.
        first: That step of the first run, or None.
        second: That step of the second run, or None.
    """

    step: int | None
    reason: str
    first: Step | None
    second: Step | None

    def __bool__(self) -> bool:
        return self.step is not None

    def __str__(self) -> str:
        return self.reason


@explains_arguments
def diff(run1: Run, run2: Run, rtol: float = 0.0, atol: float = 0.0) -> Difference:
    """Find the first step at which two runs part: another op, another shape, other numbers.

    Args:
        run1: A run.
        run2: Another.
        rtol: Relative difference of numbers that does not count.
        atol: Absolute difference of numbers that does not count.

    Raises:
        TypeError: If one of them is not a run.

    Example:
        >>> def steps(rate):
        ...     w = minigrad.Tensor([1.0, 2.0], requires_grad=True)
        ...     with minigrad.record() as run:
        ...         minigrad.sum(minigrad.tanh(w * rate)).backward()
        ...     return run
        >>> print(diff(steps(0.5), steps(0.6)))
        step 0, multiply: input 1 differs by up to 0.1 (0.5 and 0.6)
        >>> print(diff(steps(0.5), steps(0.5)))
        both runs of 6 steps are equal
    """
    for run in (run1, run2):
        if not isinstance(run, Run):
            raise TypeError(
                f"diff compares two runs that `with minigrad.record() as run:` has made, "
                f"got {type(run).__name__}"
            )
    for i, (a, b) in enumerate(zip_longest(run1.steps, run2.steps)):
        if a is None or b is None:
            longer = a if b is None else b
            which, other = ("second", "first") if b is None else ("first", "second")
            reason = f"step {i}: the {which} run has ended, the {other} goes on with {longer.name}"
            return Difference(i, reason, a, b)
        reason = _reason(a, b, rtol, atol)
        if reason:
            return Difference(i, f"step {i}, {a.name}: {reason}", a, b)
    return Difference(None, f"both runs of {len(run1)} steps are equal", None, None)


def _reason(a: Step, b: Step, rtol: float, atol: float) -> str:
    if (a.kind, a.name) != (b.kind, b.name):
        return f"the second run has {b.kind} {b.name} here, the first {a.kind} {a.name}"
    for label, x, y in zip(_labels(a), a.values(), b.values()):
        found = _value_reason(x, y, rtol, atol)
        if found:
            return f"{label} {found}"
    if repr(a.settings) != repr(b.settings):
        return f"its settings are {a.settings} and {b.settings}"
    return ""


def _labels(step: Step) -> list[str]:
    """What the values of a step are called."""
    labels = [f"input {i}" for i in range(len(step.inputs))]
    labels += ["the output"] if step.output is not None else []
    labels += ["the gradient that arrives"] if step.incoming is not None else []
    for leaving in step.leaving:
        labels += [f"the gradient of input {leaving.input}" for v in leaving[1:] if v is not None]
    return labels


def _value_reason(x: Value, y: Value, rtol: float, atol: float) -> str:
    a, b = x.array, y.array
    if a.shape != b.shape or a.dtype != b.dtype:
        return (
            f"is {a.dtype}{list(a.shape)} in the first run, {b.dtype}{list(b.shape)} in the second"
        )
    if np.allclose(a, b, rtol, atol, equal_nan=True):
        return ""
    wide_a, wide_b = a.astype("float64"), b.astype("float64")
    with np.errstate(invalid="ignore"):
        distance = np.nan_to_num(abs(wide_a - wide_b), nan=np.inf)
    at = np.unravel_index(int(distance.argmax()), a.shape)
    place = f" at {[int(i) for i in at]}" if a.ndim else ""
    return f"differs by up to {distance[at]:.6g}{place} ({a[at]:.6g} and {b[at]:.6g})"
